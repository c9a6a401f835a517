/* Offer and answer across the border (RFC 3264, 4568). Each m-line that we carry is one stream of
 * the anchor; each side has keys of its own, never passed through. An SRTP side takes SRTP and
 * nothing else. Signalling thread. */
#include "sbc/b2bua/offer.h"

#include <stdio.h>
#include <string.h>
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "sbc/sip/sdp.h"

/* What we say with, towards one side of one stream. */
struct side_keys {
	struct sdp_crypto ours; /* tag and suite agreed, or offered by us */
	bool made;
};

struct line {
	bool carried;
	unsigned stream; /* of the anchor */
	struct side_keys keys[MEDIA_NSIDES];
	struct sdp_crypto theirs[MEDIA_NSIDES]; /* key_len 0: none */
};

struct offer {
	struct offer_cfg cfg;
	struct anchor *anchor;
	struct line lines[SDP_MEDIA_MAX];
	size_t nlines;
	uint64_t session_id[MEDIA_NSIDES];
};

static enum err problem_is(struct offer_problem *p, unsigned status, const char *why)
{
	p->status = status;
	snprintf(p->why, sizeof(p->why), "%s", why);
	return ERR_REFUSED;
}

static const struct offer_side *side_of(const struct offer *o, enum media_side side)
{
	return side == SIDE_CALLER ? &o->cfg.caller : &o->cfg.callee;
}

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

/* Whether a side's description of a line fits the side's rule; keeps its key. NULL: it fits; else
 * why not. */
static const char *accept_line(const struct offer_side *side, const struct sdp_media *m,
                               struct sdp_crypto *key)
{
	const struct sdp_crypto *crypto;

	memset(key, 0, sizeof(*key));
	if (m->proto == SDP_OTHER)
		return "a media protocol that is not carried";
	if (!addr_is_set(&m->rtp))
		return "no usable media address";
	if (m->rtp.sa.sa_family != side->realm->media_advertise.sa.sa_family)
		return "a media address of the other IP version than this side's";
	if (side->srtp == SRTP_OFF)
		return m->proto == SDP_RTP ? NULL : "SRTP where this side is set to RTP";
	if (m->proto != SDP_SRTP)
		return "RTP without encryption where SRTP is required";
	crypto = choose_crypto(m);
	if (!crypto)
		return m->has_keys_elsewhere ? "DTLS keys where SDES keys are needed"
		                             : "no crypto line with a suite that we have";
	*key = *crypto;
	return NULL;
}

/* Our key towards a side, made once; tag and suite are the peer's where it offered, else ours. */
static void make_key(struct line *line, enum media_side side, const struct sdp_crypto *theirs)
{
	struct sdp_crypto *ours = &line->keys[side].ours;
	enum srtp_suite suite =
	    theirs->key_len ? srtp_suite_from_name(theirs->suite) : SRTP_AES_CM_128_HMAC_SHA1_80;
	struct srtp_key key;

	if (line->keys[side].made)
		return;
	srtp_key_generate(&key);
	ours->tag = theirs->key_len ? theirs->tag : 1;
	ours->key_len = srtp_key_len(suite);
	snprintf(ours->suite, sizeof(ours->suite), "%s", srtp_suite_name(suite));
	memcpy(ours->key, key.bytes, ours->key_len);
	line->keys[side].made = true;
	mem_wipe(&key, sizeof(key));
}

static enum err set_remote(struct offer *o, struct line *line, enum media_side side,
                           const struct sdp_media *m)
{
	struct stream_remote remote = { .rtp = m->rtp, .rtcp = m->rtcp };
	enum err err;

	if (side_of(o, side)->srtp != SRTP_OFF) {
		remote.suite = srtp_suite_from_name(line->theirs[side].suite);
		memcpy(remote.recv_key.bytes, line->theirs[side].key, line->theirs[side].key_len);
		memcpy(remote.send_key.bytes, line->keys[side].ours.key,
		       line->keys[side].ours.key_len);
	}
	err = anchor_set_remote(o->anchor, line->stream, side, &remote);
	mem_wipe(&remote, sizeof(remote));
	return err;
}

/* Writes in for the other side: every carried line ours, the rest rejected in its place. */
static enum err write_for(struct offer *o, enum media_side side, const struct sdp *in,
                          struct buf *out)
{
	struct sdp_out_media media[SDP_MEDIA_MAX];
	struct sdp_out with = { .session_id = o->session_id[side],
		                .version = o->session_id[side],
		                .addr = side_of(o, side)->realm->media_advertise,
		                .media = media,
		                .nmedia = sdp_nmedia(in) };

	memset(media, 0, sizeof(media));
	for (size_t i = 0; i < with.nmedia; i++) {
		const struct line *line = &o->lines[i];
		bool secure = side_of(o, side)->srtp != SRTP_OFF;

		media[i].rejected = !line->carried || sdp_media_at(in, i)->rejected;
		media[i].proto = SDP_OTHER;
		if (!line->carried)
			continue;
		media[i].port = addr_port(anchor_local(o->anchor, line->stream, side));
		media[i].proto = secure ? SDP_SRTP : SDP_RTP;
		media[i].crypto = secure ? &line->keys[side].ours : NULL;
	}
	return sdp_write(in, &with, out);
}

static enum err open_anchor(struct offer *o, unsigned nstreams, struct offer_problem *problem)
{
	enum err err = anchor_open(&o->anchor, o->cfg.media, o->cfg.id, o->cfg.caller.media,
	                           o->cfg.callee.media, nstreams);

	if (!err)
		return OK;
	problem_is(problem, err == ERR_LIMIT ? 503 : 500,
	           err == ERR_LIMIT ? "no media port left" : "no media port can be opened");
	return err;
}

static enum err take_offer(struct offer *o, const struct sdp *sdp, struct offer_problem *problem)
{
	const char *why = NULL, *first_why = "no media";
	unsigned nstreams = 0;

	o->nlines = sdp_nmedia(sdp);
	for (size_t i = 0; i < o->nlines; i++) {
		const struct sdp_media *m = sdp_media_at(sdp, i);
		struct line *line = &o->lines[i];

		if (m->rejected)
			continue;
		why = accept_line(&o->cfg.caller, m, &line->theirs[SIDE_CALLER]);
		if (why) {
			first_why = nstreams ? first_why : why;
			continue;
		}
		line->carried = true;
		line->stream = nstreams++;
		if (o->cfg.caller.srtp != SRTP_OFF)
			make_key(line, SIDE_CALLER, &line->theirs[SIDE_CALLER]);
		if (o->cfg.callee.srtp != SRTP_OFF)
			make_key(line, SIDE_CALLEE, &line->theirs[SIDE_CALLEE]);
	}
	if (nstreams == 0)
		return problem_is(problem, 488, first_why);
	return open_anchor(o, nstreams, problem);
}

/* Listening to the caller begins at once: early media may come back before an answer is whole. */
static enum err start_caller(struct offer *o, const struct sdp *sdp)
{
	for (size_t i = 0; i < o->nlines; i++) {
		enum err err = o->lines[i].carried
		                   ? set_remote(o, &o->lines[i], SIDE_CALLER, sdp_media_at(sdp, i))
		                   : OK;

		if (err)
			return err;
	}
	return OK;
}

enum err offer_open(struct offer **out, const struct offer_cfg *cfg, const char *sdp, size_t len,
                    struct buf *to_callee, struct offer_problem *problem)
{
	struct offer *o = mem_zalloc(sizeof(*o));
	struct sdp *in = NULL;
	enum err err;

	problem_is(problem, 500, "out of memory");
	if (!o)
		return ERR_NOMEM;
	o->cfg = *cfg;
	random_bytes(o->session_id, sizeof(o->session_id));
	for (int side = 0; side < MEDIA_NSIDES; side++)
		o->session_id[side] >>=
		    2; /* RFC 3264 5: a signed 64 bit number, with room to rise */
	err = sdp_read(&in, sdp, len);
	if (err == ERR_SYNTAX || err == ERR_LIMIT)
		problem_is(problem, err == ERR_LIMIT ? 488 : 400,
		           err == ERR_LIMIT ? "too many media lines" : "malformed SDP");
	if (!err)
		err = take_offer(o, in, problem);
	if (!err)
		err = start_caller(o, in);
	if (!err)
		err = write_for(o, SIDE_CALLEE, in, to_callee);
	sdp_free(&in);
	if (err)
		offer_close(&o);
	else
		*out = o;
	return err;
}

static enum err take_answer(struct offer *o, const struct sdp *sdp, struct offer_problem *problem)
{
	bool any = false;

	if (sdp_nmedia(sdp) != o->nlines)
		return problem_is(problem, 488, "the answer has another number of media lines");
	for (size_t i = 0; i < o->nlines; i++) {
		const struct sdp_media *m = sdp_media_at(sdp, i);
		struct line *line = &o->lines[i];
		const char *why;
		enum err err;

		if (!line->carried || m->rejected)
			continue;
		why = accept_line(&o->cfg.callee, m, &line->theirs[SIDE_CALLEE]);
		if (why)
			return problem_is(problem, 488, why);
		err = set_remote(o, line, SIDE_CALLEE, m);
		if (err)
			return err;
		any = true;
	}
	return any ? OK : problem_is(problem, 488, "the answer takes none of the media");
}

enum err offer_answer(struct offer *o, const char *sdp, size_t len, struct buf *to_caller,
                      struct offer_problem *problem)
{
	struct sdp *in = NULL;
	enum err err;

	problem_is(problem, 500, "out of memory");
	err = sdp_read(&in, sdp, len);
	if (err == ERR_SYNTAX || err == ERR_LIMIT)
		problem_is(problem, 502, "malformed SDP in the answer");
	if (!err)
		err = take_answer(o, in, problem);
	if (!err)
		err = write_for(o, SIDE_CALLER, in, to_caller);
	sdp_free(&in);
	return err;
}

void offer_close(struct offer **op)
{
	struct offer *o = *op;

	if (!o)
		return;
	anchor_close(&o->anchor);
	mem_wipe(o, sizeof(*o));
	mem_free(o);
	*op = NULL;
}

const struct anchor *offer_anchor(const struct offer *o)
{
	return o->anchor;
}
