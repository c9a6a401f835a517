/* One m-line. Each side has keys of its own, never passed through; an SRTP side takes SRTP and
 * nothing else (RFC 4568). Signalling thread. */
#include "sbc/b2bua/offer_line.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "base/mem.h"

/* The first of the peer's crypto lines whose suite we have; NULL: none. */
static const struct sdp_crypto *choose_crypto(const struct sdp_media *m)
{
	for (size_t i = 0; i < m->ncrypto; i++) {
		enum srtp_suite suite = srtp_suite_from_name(m->crypto[i].suite);

		if (suite != SRTP_NONE && m->crypto[i].key_len == srtp_key_len(suite))
			return &m->crypto[i];
	}
	return NULL;
}

/* Screens, their control and far cameras are Webex's (WBX-17); a fax is as secret as a call. */
static const char *const plain_media[] = { "UDP/BFCP", "UDP/UDT/IX" };

static bool is_among(const char *name, char *const *names, size_t n)
{
	while (n > 0 && strcasecmp(name, names[n - 1]) != 0)
		n--;
	return n > 0;
}

static bool goes_plain(const struct offer_side *side, const char *transport)
{
	if (side->nplain_media)
		return is_among(transport, side->plain_media, side->nplain_media);
	for (size_t i = 0; i < ARRAY_LEN(plain_media); i++) {
		if (strcasecmp(transport, plain_media[i]) == 0)
			return true;
	}
	return false;
}

const char *line_may_go(const struct offer_side *side, const struct sdp_media *m)
{
	if (m->proto == SDP_OTHER)
		return "a media protocol that is not carried";
	if (m->proto == SDP_DATAGRAM && side->srtp != SRTP_OFF && !goes_plain(side, m->transport))
		return "media without encryption where SRTP is required";
	return NULL;
}

const char *line_judge(const struct offer_side *side, const struct sdp_media *m,
                       struct line_place *place)
{
	const struct sdp_crypto *crypto;
	const char *why = line_may_go(side, m);

	memset(place, 0, sizeof(*place));
	if (why)
		return why;
	if (!addr_is_set(&m->rtp))
		return "no usable media address";
	if (m->rtp.sa.sa_family != side->realm->media_advertise.sa.sa_family &&
	    !addr_is_any(&m->rtp))
		return "a media address of the other IP version than this side's";
	place->rtp = m->rtp;
	place->rtcp = m->rtcp;
	place->primer_type = m->comfort_noise ? 13 : m->unused_type;
	place->idle = !m->sends;
	place->event_type = m->event_type;
	place->mux = m->mux;
	place->opaque = m->proto == SDP_DATAGRAM;
	if (place->opaque)
		return NULL;
	if (side->srtp == SRTP_OFF)
		return m->proto == SDP_RTP ? NULL : "SRTP where this side is set to RTP";
	if (m->proto != SDP_SRTP)
		return "RTP without encryption where SRTP is required";
	crypto = choose_crypto(m);
	if (!crypto)
		return m->has_keys_elsewhere ? "DTLS keys where SDES keys are needed"
		                             : "no crypto line with a suite that we have";
	place->key.tag = crypto->tag;
	place->key.suite = srtp_suite_from_name(crypto->suite);
	memcpy(place->key.key.bytes, crypto->key, crypto->key_len);
	return NULL;
}

void line_place(struct line *line, enum media_side side, const struct line_place *place)
{
	struct line_side *s = &line->sides[side];

	if (memcmp(&s->place, place, sizeof(*place)) == 0)
		return;
	s->place = *place;
	s->placed = false;
}

void line_make_key(struct line *line, enum media_side side)
{
	const struct offer_key *theirs = &line->sides[side].place.key;
	struct offer_key *ours = &line->sides[side].ours;
	enum srtp_suite suite = theirs->suite != SRTP_NONE ? theirs->suite
	                        : ours->suite != SRTP_NONE ? ours->suite
	                                                   : SRTP_AES_CM_128_HMAC_SHA1_80;

	if (ours->suite != suite) {
		ours->suite = suite;
		ours->tag = 1;
		srtp_key_generate(&ours->key);
		line->sides[side].placed = false;
	}
	if (theirs->suite != SRTP_NONE)
		ours->tag = theirs->tag;
}

enum err line_apply(struct line *line, enum media_side side, struct anchor *anchor)
{
	struct line_side *s = &line->sides[side];
	struct stream_remote remote = { .rtp = s->place.rtp,
		                        .rtcp = s->place.rtcp,
		                        .primer_type = s->place.primer_type,
		                        .idle = s->place.idle,
		                        .event_type = s->place.event_type,
		                        .rtcp_mux = s->place.mux,
		                        .opaque = s->place.opaque };
	enum err err;

	if (s->placed || !addr_is_set(&s->place.rtp))
		return OK;
	remote.suite = s->place.key.suite;
	if (remote.suite != SRTP_NONE) {
		remote.recv_key = s->place.key.key;
		remote.send_key = s->ours.key;
	}
	err = anchor_set_remote(anchor, line->stream, side, &remote);
	mem_wipe(&remote, sizeof(remote));
	s->placed = !err;
	return err;
}

void line_write(const struct line *line, enum media_side side, const struct anchor *anchor,
                struct sdp_crypto *crypto, struct sdp_out_media *out)
{
	const struct offer_key *ours = &line->sides[side].ours;

	*out = (struct sdp_out_media){ .rejected = true, .proto = SDP_OTHER };
	if (!line->carried)
		return;
	out->rejected = false;
	out->port = addr_port(anchor_local(anchor, line->stream, side));
	out->mux = line->sides[side].mux;
	out->proto = line->opaque ? SDP_DATAGRAM : ours->suite != SRTP_NONE ? SDP_SRTP : SDP_RTP;
	if (ours->suite == SRTP_NONE)
		return;
	crypto->tag = ours->tag;
	crypto->key_len = srtp_key_len(ours->suite);
	snprintf(crypto->suite, sizeof(crypto->suite), "%s", srtp_suite_name(ours->suite));
	memcpy(crypto->key, ours->key.bytes, crypto->key_len);
	out->crypto = crypto;
}

void line_forget(struct line *line, enum media_side side)
{
	mem_wipe(&line->sides[side], sizeof(line->sides[side]));
}
