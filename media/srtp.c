/* SRTP and SRTCP on libsrtp2, which keeps roll-over counters and replay lists; this file is its
 * only user. A session belongs to one thread at a time. RFC 3711, RFC 4568, RFC 6188,
 * RFC 7714. */
#include "media/srtp.h"

/* From here on the short names are the library's. */
#undef srtp_protect
#undef srtp_unprotect
#include <arpa/inet.h>
#include <assert.h>
#include <srtp2/srtp.h>
#include <stdalign.h>
#include <string.h>
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "media/rtp.h"
#include "media/srtp_evp.h"

#define REPLAY_WINDOW   1024 /* packets; RFC 3711 3.3.2 wants 64, a video frame alone can be more */
#define SRTCP_INDEX_LEN 4    /* RFC 3711 3.4 */
#define ROC_AHEAD       64   /* wraps of seq: a day of speech, an hour of video */
#define LOOK_EVERY      256  /* failures */

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
	struct srtp_key key;
	bool looks; /* for the counter of the next packet that fails */
	unsigned failed;
	/* As they stand in packets. */
	unsigned nssrcs, nspent;
	uint32_t
	    ssrcs[SRTP_SSRCS_MAX]; /* that the library keeps a stream for; used last: the last */
	uint32_t *spent; /* outbound: SRTP_SPENT_MAX that it kept one for; NULL: none yet */
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

/* The first time all SSRCs, then the one. */
static srtp_err_status_t add_stream(struct srtp_session *s, srtp_ssrc_t ssrc)
{
	srtp_master_key_t master = { .key = s->key.bytes,
		                     .mki_id = s->key.mki,
		                     .mki_size = s->key.mki_len };
	srtp_master_key_t *masters[] = { &master };
	srtp_policy_t policy = {
		.ssrc = ssrc, .keys = masters, .num_master_keys = 1, .window_size = REPLAY_WINDOW
	};

	s->suite->set_rtp(&policy.rtp);
	s->suite->set_rtcp(&policy.rtcp);
	return s->context ? srtp_add_stream(s->context, &policy)
	                  : srtp_create(&s->context, &policy);
}

enum err srtp_session_new(struct srtp_session **out, enum srtp_suite suite,
                          const struct srtp_key *key, bool outbound)
{
	srtp_ssrc_t any = { .type = outbound ? ssrc_any_outbound : ssrc_any_inbound };
	struct srtp_session *s;
	srtp_err_status_t status;

	if (suite == SRTP_NONE || (key->mki_len && !srtp_suite_has_long_tags(suite)))
		return ERR_UNSUPPORTED;
	s = mem_zalloc(sizeof(*s));
	if (!s)
		return ERR_NOMEM;
	s->suite = &suites[suite];
	s->key = *key;
	status = add_stream(s, any);
	if (status != srtp_err_status_ok) {
		mem_wipe(s, sizeof(*s));
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
	mem_free((*sp)->spent);
	mem_wipe(*sp, sizeof(**sp));
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

static bool is_among(const uint32_t *ssrcs, unsigned n, uint32_t ssrc)
{
	while (n > 0 && ssrcs[n - 1] != ssrc)
		n--;
	return n > 0;
}

/* The library would keep a stream for every source that a peer thinks up. */
static void drop_oldest(struct srtp_session *s)
{
	/* Of one that was refused at once it has none. */
	(void)srtp_remove_stream(s->context, s->ssrcs[0]);
	s->nssrcs--;
	memmove(&s->ssrcs[0], &s->ssrcs[1], s->nssrcs * sizeof(s->ssrcs[0]));
}

/* The library has a stream for it, which was used just now. */
static void remember(struct srtp_session *s, uint32_t ssrc)
{
	unsigned i = s->nssrcs;

	while (i > 0 && s->ssrcs[i - 1] != ssrc)
		i--;
	if (i == 0) {
		if (s->nssrcs == SRTP_SSRCS_MAX)
			drop_oldest(s);
		s->ssrcs[s->nssrcs++] = ssrc;
		return;
	}
	memmove(&s->ssrcs[i - 1], &s->ssrcs[i], (s->nssrcs - i) * sizeof(ssrc));
	s->ssrcs[s->nssrcs - 1] = ssrc;
}

/* A stream that is dropped takes its roll-over counter along: its source must not come again, or
 * the key stream would be used twice. */
static enum err admit(struct srtp_session *s, uint32_t ssrc)
{
	if (is_among(s->ssrcs, s->nssrcs, ssrc))
		return OK;
	if (is_among(s->spent, s->nspent, ssrc))
		return ERR_LIMIT;
	if (s->nssrcs < SRTP_SSRCS_MAX)
		return OK;
	if (s->nspent == SRTP_SPENT_MAX)
		return ERR_LIMIT;
	if (!s->spent)
		s->spent = mem_zalloc(SRTP_SPENT_MAX * sizeof(*s->spent));
	if (!s->spent)
		return ERR_NOMEM;
	s->spent[s->nspent++] = s->ssrcs[0];
	return OK;
}

static bool has_header(size_t len, bool rtcp)
{
	return len >= (rtcp ? 8 : 12) && len <= INT16_MAX;
}

enum err srtp_session_protect(struct srtp_session *s, uint8_t *packet, size_t *len, size_t size,
                              bool rtcp)
{
	size_t grows =
	    (rtcp ? s->suite->rtcp_tag_len + SRTCP_INDEX_LEN : s->suite->tag_len) + s->key.mki_len;
	int n = (int)*len;
	srtp_err_status_t status;
	uint32_t ssrc;
	enum err err;

	if (!has_header(*len, rtcp))
		return ERR_SYNTAX;
	if (*len > size || size - *len < grows)
		return ERR_LIMIT;
	ssrc = ssrc_of(packet, rtcp);
	err = admit(s, ssrc);
	if (err)
		return err;
	/* A refused packet has left a stream behind as well. */
	remember(s, ssrc);
	status = rtcp ? srtp_protect_rtcp_mki(s->context, packet, &n, s->key.mki_len > 0, 0)
	              : srtp_protect_mki(s->context, packet, &n, s->key.mki_len > 0, 0);
	if (status != srtp_err_status_ok)
		return to_err(status);
	*len = (size_t)n;
	return OK;
}

static srtp_err_status_t unprotect(struct srtp_session *s, uint8_t *packet, int *n, bool rtcp)
{
	return rtcp ? srtp_unprotect_rtcp_mki(s->context, packet, n, s->key.mki_len > 0)
	            : srtp_unprotect_mki(s->context, packet, n, s->key.mki_len > 0);
}

static bool is_ahead(struct srtp_session *s, uint32_t ssrc, uint32_t roc, const uint8_t *copy,
                     uint8_t *packet, int *n)
{
	const int was = *n;

	for (uint32_t i = 1; i <= ROC_AHEAD; i++) {
		memcpy(packet, copy, (size_t)was);
		*n = was;
		if (srtp_set_stream_roc(s->context, ntohl(ssrc), roc + i) == srtp_err_status_ok &&
		    unprotect(s, packet, n, false) == srtp_err_status_ok)
			return true;
	}
	(void)srtp_set_stream_roc(s->context, ntohl(ssrc), 0); /* none waits to be set */
	return false;
}

/* A source that we do not know may be past a wrap: its key was in use behind another anchor, its
 * counter went on under a new key (RFC 3711 3.3.1; it begins at 0 by RFC 4568 7.1.4), or we forgot
 * it for others. One that we know may have lost a great deal. Never back: what is behind was heard.
 */
static bool look_ahead(struct srtp_session *s, const uint8_t *copy, uint8_t *packet, int *n)
{
	const uint32_t ssrc = ssrc_of(copy, false);
	bool known = is_among(s->ssrcs, s->nssrcs, ssrc);
	uint32_t roc = 0;

	if (known)
		(void)srtp_get_stream_roc(s->context, ntohl(ssrc), &roc);
	else if (add_stream(s, (srtp_ssrc_t){ ssrc_specific, ntohl(ssrc) }) != srtp_err_status_ok)
		return false;
	if (is_ahead(s, ssrc, roc, copy, packet, n))
		return true;
	if (!known)
		(void)srtp_remove_stream(s->context, ssrc);
	return false;
}

/* What fails may be left in pieces, so a failure has the next packet copied, and that one's brings
 * the counter: not each time, for looking costs the time of ROC_AHEAD packets. */
static srtp_err_status_t unprotect_looking(struct srtp_session *s, uint8_t *packet, int *n)
{
	alignas(8) uint8_t copy[RTP_PACKET_MAX];
	const int was = *n;
	srtp_err_status_t status;

	s->looks = false;
	if (was > RTP_PACKET_MAX)
		return unprotect(s, packet, n, false);
	memcpy(copy, packet, (size_t)was);
	status = unprotect(s, packet, n, false);
	if (status != srtp_err_status_auth_fail)
		return status;
	*n = was;
	return look_ahead(s, copy, packet, n) ? srtp_err_status_ok : status;
}

static void note_failure(struct srtp_session *s)
{
	s->failed++;
	s->looks = s->failed < LOOK_EVERY ? (s->failed & (s->failed - 1)) == 0
	                                  : s->failed % LOOK_EVERY == 0;
}

enum err srtp_session_unprotect(struct srtp_session *s, uint8_t *packet, size_t *len, bool rtcp)
{
	int n = (int)*len;
	srtp_err_status_t status;
	uint32_t ssrc;

	if (!has_header(*len, rtcp))
		return ERR_SYNTAX;
	ssrc = ssrc_of(packet, rtcp);
	status =
	    s->looks && !rtcp ? unprotect_looking(s, packet, &n) : unprotect(s, packet, &n, rtcp);
	if (status == srtp_err_status_auth_fail && !rtcp)
		note_failure(s);
	if (status != srtp_err_status_ok)
		return to_err(status);
	remember(s, ssrc); /* only now: an outsider's sources cost nothing */
	*len = (size_t)n;
	return OK;
}
