/* One m-line. Each side has keys of its own, never passed through; an SRTP side takes SRTP and
 * nothing else (RFC 4568). Signalling thread. */
#include "sbc/b2bua/offer_line.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "base/mem.h"

/* The suites that a side may have: those of its list, else those with long tags. */
static bool may_have(const struct offer_side *side, enum srtp_suite suite)
{
	if (!side->nsuites)
		return srtp_suite_has_long_tags(suite);
	for (size_t i = 0; i < side->nsuites; i++) {
		if (side->suites[i] + 1 == suite)
			return true;
	}
	return false;
}

/* The first of the peer's crypto lines that we can honour; NULL: none. */
static const struct sdp_crypto *choose_crypto(const struct offer_side *side,
                                              const struct sdp_media *m)
{
	for (size_t i = 0; i < m->ncrypto; i++) {
		const struct sdp_crypto *c = &m->crypto[i];
		enum srtp_suite suite = srtp_suite_from_name(c->suite);

		if (suite != SRTP_NONE && c->key_len == srtp_key_len(suite) &&
		    may_have(side, suite) && (!c->mki_len || srtp_suite_has_long_tags(suite)))
			return c;
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
	if (m->proto == SDP_DATAGRAM && side->srtp == SRTP_REQUIRED &&
	    !goes_plain(side, m->transport))
		return "media without encryption where SRTP is required";
	return NULL;
}

void line_clocks(const struct sdp_formats *formats, uint8_t clock_khz[RTP_NDYNAMIC])
{
	for (size_t i = 0; i < formats->n; i++) {
		if (formats->list[i].type >= RTP_DYNAMIC)
			clock_khz[formats->list[i].type - RTP_DYNAMIC] = formats->list[i].clock_khz;
	}
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
	if (m->rtp.sa.sa_family != side->shown.sa.sa_family && !addr_is_any(&m->rtp))
		return "a media address of the other IP version than this side's";
	place->rtp = m->rtp;
	place->rtcp = m->rtcp;
	place->host = side->host;
	if (addr_is_set(&place->host))
		addr_set_port(&place->host, 0);
	place->primer_type = m->comfort_noise ? RTP_COMFORT_NOISE : m->unused_type;
	place->idle = !m->sends;
	place->event_type = m->event_type;
	line_clocks(&m->formats, place->clock_khz);
	place->mux = m->mux;
	place->opaque = m->proto == SDP_DATAGRAM;
	if (place->opaque)
		return NULL;
	if (side->srtp == SRTP_OFF)
		return m->proto == SDP_RTP ? NULL : "SRTP where this side is set to RTP";
	if (m->proto != SDP_SRTP && side->srtp != SRTP_OFFERED)
		return "RTP without encryption where SRTP is required";
	crypto = choose_crypto(side, m);
	place->avp = crypto && m->proto == SDP_RTP;
	if (!crypto && m->proto == SDP_RTP)
		return NULL;
	if (!crypto)
		return m->has_keys_elsewhere ? "DTLS keys where SDES keys are needed"
		                             : "no crypto line with a suite that we have";
	place->key.tag = crypto->tag;
	place->key.suite = srtp_suite_from_name(crypto->suite);
	memcpy(place->key.key.bytes, crypto->key, crypto->key_len);
	memcpy(place->key.key.mki, crypto->mki, crypto->mki_len);
	place->key.key.mki_len = (uint8_t)crypto->mki_len;
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

bool line_wants_key(const struct line *line, enum media_side side, const struct offer_side *cfg,
                    bool offered)
{
	const struct line_side *s = &line->sides[side];

	if (line->opaque || cfg->srtp != SRTP_OFFERED)
		return !line->opaque && cfg->srtp == SRTP_REQUIRED;
	if (offered)
		return s->place.key.suite != SRTP_NONE;
	return addr_is_set(&s->place.rtp) ? s->seeded : !cfg->plain;
}

bool line_is_twofold(const struct line *line, enum media_side side, const struct offer_side *cfg)
{
	const struct line_side *s = &line->sides[side];

	return cfg->both && line->carried && s->seeded && !addr_is_set(&s->place.rtp);
}

void line_drop_key(struct line *line, enum media_side side)
{
	struct line_side *s = &line->sides[side];

	mem_wipe(&s->ours, sizeof(s->ours));
	mem_wipe(&s->agreed, sizeof(s->agreed));
	s->seeded = false;
	s->used = 0;
}

void line_make_key(struct line *line, enum media_side side)
{
	const struct offer_key *theirs = &line->sides[side].place.key;
	struct line_side *s = &line->sides[side];

	if (!s->seeded) {
		srtp_key_generate(&s->ours.key);
		s->seeded = true;
	}
	if (theirs->suite == SRTP_NONE)
		return;
	s->ours.suite = theirs->suite;
	s->ours.tag = theirs->tag;
}

/* A side's key of ours for a suite. */
static void make_key(const struct line_side *s, enum srtp_suite suite, struct srtp_key *out)
{
	if (s->agreed.suite == suite)
		*out = s->agreed.key;
	else
		srtp_key_derive(&s->ours.key, suite, out);
}

static void settle_keys(struct line_side *s)
{
	enum srtp_suite suite = s->ours.suite;

	if (suite == SRTP_NONE)
		return;
	make_key(s, suite, &s->agreed.key);
	s->agreed.suite = suite;
	if (s->used & ~(1U << suite)) {
		srtp_key_generate(&s->ours.key);
		s->used = 1U << suite;
	}
}

void line_settle(struct line *line, const struct line *tried)
{
	for (int side = 0; side < MEDIA_NSIDES; side++) {
		struct line_side *s = &line->sides[side];

		if (tried)
			s->used |= tried->sides[side].used;
		/* Of what it was offered it took RTP. */
		if (addr_is_set(&s->place.rtp) && s->place.key.suite == SRTP_NONE)
			line_drop_key(line, (enum media_side)side);
		settle_keys(s);
	}
}

enum err line_apply(struct line *line, enum media_side side, struct anchor *anchor)
{
	struct line_side *s = &line->sides[side];
	struct stream_remote remote = { .rtp = s->place.rtp,
		                        .rtcp = s->place.rtcp,
		                        .host = s->place.host,
		                        .primer_type = s->place.primer_type,
		                        .idle = s->place.idle,
		                        .event_type = s->place.event_type,
		                        .rtcp_mux = s->place.mux,
		                        .opaque = s->place.opaque };
	enum err err;

	if (s->placed || !addr_is_set(&s->place.rtp))
		return OK;
	memcpy(remote.clock_khz, s->place.clock_khz, sizeof(remote.clock_khz));
	remote.suite = s->place.key.suite;
	if (remote.suite != SRTP_NONE) {
		remote.recv_key = s->place.key.key;
		make_key(s, remote.suite, &remote.send_key);
		s->used |= 1U << remote.suite;
	}
	err = anchor_set_remote(anchor, line->stream, side, &remote);
	mem_wipe(&remote, sizeof(remote));
	s->placed = !err;
	return err;
}

/* What we offer; the one that serves already is among them. Gives their number. */
static size_t list_suites(const struct line_side *s, const struct offer_side *cfg,
                          enum srtp_suite list[SDP_CRYPTO_MAX])
{
	bool among = s->ours.suite == SRTP_NONE;
	size_t n = 0;

	for (; n < cfg->nsuites && n < SDP_CRYPTO_MAX - 1; n++)
		list[n] = (enum srtp_suite)(cfg->suites[n] + 1);
	if (n == 0)
		list[n++] = SRTP_AES_CM_128_HMAC_SHA1_80;
	for (size_t i = 0; i < n; i++)
		among = among || list[i] == s->ours.suite;
	if (!among)
		list[n++] = s->ours.suite;
	return n;
}

bool line_offered(const struct line *line, enum media_side side, const struct offer_side *cfg,
                  enum srtp_suite suite)
{
	enum srtp_suite list[SDP_CRYPTO_MAX];
	size_t n = list_suites(&line->sides[side], cfg, list);

	while (n > 0 && list[n - 1] != suite)
		n--;
	return n > 0;
}

static void write_crypto(const struct line_side *s, enum srtp_suite suite, unsigned tag,
                         struct sdp_crypto *out)
{
	struct srtp_key key;

	make_key(s, suite, &key);
	memset(out, 0, sizeof(*out));
	out->tag = tag;
	out->key_len = srtp_key_len(suite);
	snprintf(out->suite, sizeof(out->suite), "%s", srtp_suite_name(suite));
	memcpy(out->key, key.bytes, out->key_len);
	mem_wipe(&key, sizeof(key));
}

void line_write(const struct line *line, enum media_side side, const struct offer_side *cfg,
                bool offers, const struct anchor *anchor, struct sdp_crypto *crypto,
                struct sdp_out_media *out)
{
	const struct line_side *s = &line->sides[side];
	enum srtp_suite list[SDP_CRYPTO_MAX];

	*out = (struct sdp_out_media){ .rejected = true, .proto = SDP_OTHER };
	if (!line->carried)
		return;
	out->rejected = false;
	out->port = addr_port(anchor_local(anchor, line->stream, side));
	out->mux = s->mux;
	out->proto = line->opaque ? SDP_DATAGRAM : s->seeded && !s->place.avp ? SDP_SRTP : SDP_RTP;
	if (!s->seeded)
		return;
	out->crypto = crypto;
	if (!offers) {
		write_crypto(s, s->ours.suite, s->ours.tag, crypto);
		out->ncrypto = 1;
		return;
	}
	out->ncrypto = list_suites(s, cfg, list);
	for (size_t i = 0; i < out->ncrypto; i++)
		write_crypto(s, list[i], (unsigned)i + 1, &crypto[i]);
}

void line_forget(struct line *line, enum media_side side)
{
	mem_wipe(&line->sides[side], sizeof(line->sides[side]));
}
