/* The lab's session descriptions (RFC 3264, 4568). Signalling thread. */
#include "sbc/lab/session.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/mem.h"
#include "base/random.h"
#include "sbc/sip/sdp.h"

/* The first key of the stream that is of a suite that we have; NULL: none. */
static const struct sdp_crypto *find_crypto(const struct sdp_media *m)
{
	for (size_t i = 0; i < m->ncrypto; i++) {
		enum srtp_suite suite = srtp_suite_from_name(m->crypto[i].suite);

		if (suite != SRTP_NONE && m->crypto[i].key_len == srtp_key_len(suite) &&
		    !m->crypto[i].mki_len)
			return &m->crypto[i];
	}
	return NULL;
}

/* The key of a stream that we can take; NULL: we cannot. */
static const struct sdp_crypto *usable(const struct sdp_media *m)
{
	if (m->rejected || strcasecmp(m->kind, "audio") != 0 || m->proto != SDP_SRTP ||
	    !addr_is_set(&m->rtp))
		return NULL;
	return find_crypto(m);
}

static void agree(struct session *out, const struct sdp_media *m, const struct sdp_crypto *theirs,
                  struct sdp_crypto *ours)
{
	out->peer = m->rtp;
	out->suite = srtp_suite_from_name(theirs->suite);
	memcpy(out->in.bytes, theirs->key, theirs->key_len);
	srtp_key_generate(&out->out);
	/* The answer repeats the tag (RFC 4568 5.1.2) with a key of its own. */
	*ours = *theirs;
	memcpy(ours->key, out->out.bytes, ours->key_len);
}

enum err session_answer(struct session *out, const char *offer, size_t len, const struct addr *ours,
                        struct buf *answer)
{
	struct sdp_out_media media[SDP_MEDIA_MAX] = { 0 };
	struct sdp_out with = { .addr = *ours, .media = media };
	struct session session = { .suite = SRTP_NONE };
	struct sdp_crypto crypto = { 0 };
	struct sdp *sdp;
	enum err err = sdp_read(&sdp, offer, len);

	if (err)
		return err;
	with.nmedia = sdp_nmedia(sdp);
	with.session_id = with.version = 1U + random_below(UINT32_MAX);
	for (size_t i = 0; i < with.nmedia; i++) {
		const struct sdp_media *m = sdp_media_at(sdp, i);
		const struct sdp_crypto *theirs = usable(m);

		media[i] = (struct sdp_out_media){ .rejected = true,
			                           .port = addr_port(ours),
			                           .proto = SDP_OTHER };
		if (session.suite != SRTP_NONE || !theirs)
			continue;
		agree(&session, m, theirs, &crypto);
		media[i].rejected = false;
		media[i].proto = SDP_SRTP;
		media[i].crypto = &crypto;
		media[i].ncrypto = 1;
	}
	err = session.suite == SRTP_NONE ? ERR_UNSUPPORTED : sdp_write(sdp, &with, answer);
	if (!err)
		*out = session;
	sdp_free(&sdp);
	mem_wipe(&crypto, sizeof(crypto));
	session_wipe(&session);
	return err;
}

void session_wipe(struct session *s)
{
	mem_wipe(s, sizeof(*s));
}

enum err session_offer(const struct addr *ours, struct buf *offer)
{
	char host[ADDR_TEXT_MAX];
	const char *family = ours->sa.sa_family == AF_INET6 ? "IP6" : "IP4";
	unsigned id = 1U + random_below(UINT32_MAX);

	addr_host(ours, host, sizeof(host));
	buf_printf(offer,
	           "v=0\r\no=- %u %u IN %s %s\r\ns=-\r\nc=IN %s %s\r\nt=0 0\r\n"
	           "m=audio %u RTP/AVP %d %d\r\n"
	           "a=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n"
	           "a=ptime:%d\r\na=sendrecv\r\n",
	           id, id, family, host, family, host, addr_port(ours), G711_PCMA, G711_PCMU,
	           TONE_FRAME_MS);
	return buf_err(offer);
}

/* The first format of the first audio m-line: "m=audio 6000 RTP/AVP 8 0"; -1: none. */
static int first_format(const char *text, size_t len)
{
	char *copy = mem_strndup(text, len), *at, *end;
	int format = -1;

	at = copy ? strstr(copy, "m=audio ") : NULL;
	for (unsigned spaces = 0; at && spaces < 3; spaces++) {
		at = strchr(at, ' ');
		at += at != NULL;
	}
	if (at) {
		long value = strtol(at, &end, 10);

		if (end > at && value >= 0 && value <= 127)
			format = (int)value;
	}
	mem_free(copy);
	return format;
}

enum err session_read_answer(const char *answer, size_t len, struct addr *peer, enum g711 *law)
{
	const struct sdp_media *m;
	struct sdp *sdp;
	enum err err = sdp_read(&sdp, answer, len);
	int format;

	if (err)
		return err;
	err = ERR_UNSUPPORTED;
	m = sdp_nmedia(sdp) == 1 ? sdp_media_at(sdp, 0) : NULL;
	format = first_format(answer, len);
	if (m && !m->rejected && m->proto == SDP_RTP && addr_is_set(&m->rtp) &&
	    (format == G711_PCMA || format == G711_PCMU)) {
		*peer = m->rtp;
		*law = (enum g711)format;
		err = OK;
	}
	sdp_free(&sdp);
	return err;
}
