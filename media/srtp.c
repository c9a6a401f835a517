/* SRTP and SRTCP on libsrtp2, which keeps roll-over counters and replay lists; this file is its
 * only user. A session belongs to one thread at a time. RFC 3711, RFC 4568, RFC 6188,
 * RFC 7714. */
#include "media/srtp.h"

/* From here on the short names are the library's. */
#undef srtp_protect
#undef srtp_unprotect
#include <assert.h>
#include <srtp2/srtp.h>
#include <string.h>
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "media/srtp_evp.h"

#define REPLAY_WINDOW   1024 /* packets; RFC 3711 3.3.2 wants 64, a video frame alone can be more */
#define SRTCP_INDEX_LEN 4    /* RFC 3711 3.4 */

/* The library has its oldest one by another name alone. */
#undef srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80
static void srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(srtp_crypto_policy_t *policy)
{
	srtp_crypto_policy_set_rtp_default(policy);
}

/* What a crypto suite is to SDP and to the library: one row each. */
static const struct suite {
	const char *name;
	size_t key_len; /* octets of master key and master salt */
	size_t tag_len; /* octets that SRTP adds; SRTCP adds rtcp_tag_len and its index */
	size_t rtcp_tag_len;
	void (*set_rtp)(srtp_crypto_policy_t *policy);
	void (*set_rtcp)(srtp_crypto_policy_t *policy);
} suites[] = {
	[SRTP_NONE] = { .name = "none" },
#define SHA1_80(name, key_len, cipher)                                         \
	[SRTP_##name##_HMAC_SHA1_80] = { #name "_HMAC_SHA1_80",                \
		                         key_len,                              \
		                         10,                                   \
		                         10,                                   \
		                         srtp_crypto_policy_set_##cipher##_80, \
		                         srtp_crypto_policy_set_##cipher##_80 }
/* SRTCP has the long tag all the same (RFC 4568 6.2.2, RFC 6188 3). */
#define SHA1_32(name, key_len, cipher)                                         \
	[SRTP_##name##_HMAC_SHA1_32] = { #name "_HMAC_SHA1_32",                \
		                         key_len,                              \
		                         4,                                    \
		                         10,                                   \
		                         srtp_crypto_policy_set_##cipher##_32, \
		                         srtp_crypto_policy_set_##cipher##_80 }
	SHA1_80(AES_CM_128, 30, aes_cm_128_hmac_sha1),
	SHA1_32(AES_CM_128, 30, aes_cm_128_hmac_sha1),
	SHA1_80(AES_256_CM, 46, aes_cm_256_hmac_sha1),
	SHA1_32(AES_256_CM, 46, aes_cm_256_hmac_sha1),
	SHA1_80(AES_CM_256, 46, aes_cm_256_hmac_sha1),
	SHA1_32(AES_CM_256, 46, aes_cm_256_hmac_sha1),
	[SRTP_GCM_128] = { "AEAD_AES_128_GCM", 28, 16, 16,
	                   srtp_crypto_policy_set_aes_gcm_128_16_auth,
	                   srtp_crypto_policy_set_aes_gcm_128_16_auth },
	[SRTP_GCM_256] = { "AEAD_AES_256_GCM", 44, 16, 16,
	                   srtp_crypto_policy_set_aes_gcm_256_16_auth,
	                   srtp_crypto_policy_set_aes_gcm_256_16_auth },
};

struct srtp_session {
	srtp_t context;
	const struct suite *suite;
	size_t mki_len;
	unsigned nssrcs;
	uint32_t ssrcs[SRTP_SSRCS_MAX]; /* that the library keeps a stream for */
};

static unsigned opened; /* signalling thread */

const char *srtp_suite_name(enum srtp_suite suite)
{
	return suites[suite].name;
}

enum srtp_suite srtp_suite_from_name(const char *name)
{
	for (size_t i = SRTP_NONE + 1; i < ARRAY_LEN(suites); i++) {
		if (strcmp(suites[i].name, name) == 0)
			return (enum srtp_suite)i;
	}
	return SRTP_NONE;
}

/* The library looks for it in SRTCP where SRTP's tag would be. */
bool srtp_suite_has_long_tags(enum srtp_suite suite)
{
	return suites[suite].tag_len == suites[suite].rtcp_tag_len;
}

size_t srtp_key_len(enum srtp_suite suite)
{
	return suites[suite].key_len;
}

void srtp_key_generate(struct srtp_key *key)
{
	memset(key, 0, sizeof(*key));
	random_bytes(key->bytes, sizeof(key->bytes));
}

void srtp_key_derive(const struct srtp_key *seed, enum srtp_suite suite, struct srtp_key *out)
{
	uint8_t hash[SRTP_EVP_HASH_LEN];

	memset(out, 0, sizeof(*out));
	srtp_evp_hash(seed->bytes, sizeof(seed->bytes), suites[suite].name, hash);
	memcpy(out->bytes, hash, sizeof(out->bytes));
	mem_wipe(hash, sizeof(hash));
}

enum err srtp_library_open(void)
{
	if (opened == 0 && srtp_init() != srtp_err_status_ok)
		return ERR_UNSUPPORTED; /* its self tests failed */
	if (opened == 0 && srtp_evp_install())
		LOG(LOG_WARN, KV("event", "srtp"), KV("reason", "OpenSSL cannot serve libsrtp2"),
		    KV("result", "slower SRTP"));
	opened++;
	return OK;
}

void srtp_library_close(void)
{
	assert(opened > 0);
	if (--opened > 0)
		return;
	srtp_shutdown();
	srtp_evp_remove();
}

enum err srtp_session_new(struct srtp_session **out, enum srtp_suite suite,
                          const struct srtp_key *key, bool outbound)
{
	struct srtp_key copy = *key; /* the library wants it writable */
	struct srtp_session *s;
	srtp_master_key_t master = { .key = copy.bytes,
		                     .mki_id = copy.mki,
		                     .mki_size = copy.mki_len };
	srtp_master_key_t *masters[] = { &master };
	srtp_policy_t policy = { .keys = masters,
		                 .num_master_keys = 1,
		                 .window_size = REPLAY_WINDOW };
	srtp_err_status_t status;

	if (suite == SRTP_NONE || (key->mki_len && !srtp_suite_has_long_tags(suite))) {
		mem_wipe(&copy, sizeof(copy));
		return ERR_UNSUPPORTED;
	}
	s = mem_zalloc(sizeof(*s));
	if (!s) {
		mem_wipe(&copy, sizeof(copy));
		return ERR_NOMEM;
	}
	s->suite = &suites[suite];
	s->mki_len = key->mki_len;
	s->suite->set_rtp(&policy.rtp);
	s->suite->set_rtcp(&policy.rtcp);
	policy.ssrc.type = outbound ? ssrc_any_outbound : ssrc_any_inbound;
	status = srtp_create(&s->context, &policy);
	mem_wipe(&copy, sizeof(copy));
	if (status != srtp_err_status_ok) {
		mem_free(s);
		return status == srtp_err_status_alloc_fail ? ERR_NOMEM : ERR_UNSUPPORTED;
	}
	*out = s;
	return OK;
}

void srtp_session_free(struct srtp_session **sp)
{
	if (!*sp)
		return;
	srtp_dealloc((*sp)->context); /* zeroes its keys */
	mem_free(*sp);
	*sp = NULL;
}

static enum err to_err(srtp_err_status_t status)
{
	/* The library's enum is not ours to list in full. */
	if (status == srtp_err_status_ok)
		return OK;
	if (status == srtp_err_status_auth_fail)
		return ERR_AUTH;
	if (status == srtp_err_status_replay_fail || status == srtp_err_status_replay_old ||
	    status == srtp_err_status_pkt_idx_old)
		return ERR_EXISTS;
	if (status == srtp_err_status_alloc_fail)
		return ERR_NOMEM;
	if (status == srtp_err_status_key_expired || status == srtp_err_status_pkt_idx_adv)
		return ERR_LIMIT;
	return ERR_SYNTAX;
}

/* The source is at octet 8 in RTP and at octet 4 in RTCP. */
static uint32_t ssrc_of(const uint8_t *packet, bool rtcp)
{
	uint32_t ssrc;

	memcpy(&ssrc, packet + (rtcp ? 4 : 8), sizeof(ssrc));
	return ssrc;
}

static bool knows(const struct srtp_session *s, uint32_t ssrc)
{
	for (unsigned i = s->nssrcs; i > 0; i--) {
		if (s->ssrcs[i - 1] == ssrc)
			return true;
	}
	return false;
}

/* The library would keep a stream for every source that a peer thinks up. Dropping old ones for new
 * would forget their roll-over counters and use key stream twice, so new ones are refused. */
static enum err admit(const struct srtp_session *s, uint32_t ssrc)
{
	return s->nssrcs == SRTP_SSRCS_MAX && !knows(s, ssrc) ? ERR_LIMIT : OK;
}

static void remember(struct srtp_session *s, uint32_t ssrc)
{
	if (!knows(s, ssrc))
		s->ssrcs[s->nssrcs++] = ssrc;
}

static bool has_header(size_t len, bool rtcp)
{
	return len >= (rtcp ? 8 : 12) && len <= INT16_MAX;
}

enum err srtp_session_protect(struct srtp_session *s, uint8_t *packet, size_t *len, size_t size,
                              bool rtcp)
{
	size_t grows =
	    (rtcp ? s->suite->rtcp_tag_len + SRTCP_INDEX_LEN : s->suite->tag_len) + s->mki_len;
	int n = (int)*len;
	srtp_err_status_t status;
	uint32_t ssrc;

	if (!has_header(*len, rtcp))
		return ERR_SYNTAX;
	if (*len > size || size - *len < grows)
		return ERR_LIMIT;
	ssrc = ssrc_of(packet, rtcp);
	if (admit(s, ssrc))
		return ERR_LIMIT;
	/* A refused packet has left a stream behind as well. */
	remember(s, ssrc);
	status = rtcp ? srtp_protect_rtcp_mki(s->context, packet, &n, s->mki_len > 0, 0)
	              : srtp_protect_mki(s->context, packet, &n, s->mki_len > 0, 0);
	if (status != srtp_err_status_ok)
		return to_err(status);
	*len = (size_t)n;
	return OK;
}

enum err srtp_session_unprotect(struct srtp_session *s, uint8_t *packet, size_t *len, bool rtcp)
{
	int n = (int)*len;
	srtp_err_status_t status;
	uint32_t ssrc;

	if (!has_header(*len, rtcp))
		return ERR_SYNTAX;
	ssrc = ssrc_of(packet, rtcp);
	if (admit(s, ssrc))
		return ERR_LIMIT;
	status = rtcp ? srtp_unprotect_rtcp_mki(s->context, packet, &n, s->mki_len > 0)
	              : srtp_unprotect_mki(s->context, packet, &n, s->mki_len > 0);
	if (status != srtp_err_status_ok)
		return to_err(status);
	remember(s, ssrc); /* only now: an outsider's sources cost nothing */
	*len = (size_t)n;
	return OK;
}
