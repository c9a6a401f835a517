/* Offer and answer across the border (RFC 3264, 4568). A session is what stands; an exchange works
 * on a copy of it, which becomes the session or is thrown away. A stream lives as long as one of
 * the two has a line for it. Signalling thread. */
#include "sbc/b2bua/offer.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "sbc/b2bua/offer_codecs.h"
#include "sbc/b2bua/offer_internal.h"

/* What we offer when nobody has said anything yet. */
static const char invention[] = "v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"
                                "m=audio 9 RTP/AVP 8 0 101\r\na=rtpmap:101 telephone-event/8000\r\n"
                                "a=fmtp:101 0-15\r\n";

enum err offer_problem_is(struct offer_problem *p, unsigned status, const char *why)
{
	p->status = status;
	text_copy(p->why, sizeof(p->why), why);
	return ERR_REFUSED;
}

static enum media_side other(enum media_side side)
{
	return side == SIDE_CALLER ? SIDE_CALLEE : SIDE_CALLER;
}

static void session_clear(struct session *s)
{
	mem_wipe(s->lines, s->nlines * sizeof(*s->lines));
	mem_free(s->lines);
	for (int side = 0; side < MEDIA_NSIDES; side++)
		mem_wipe_text(&s->said[side]);
	memset(s, 0, sizeof(*s));
}

enum err offer_new(struct offer **out, const struct offer_cfg *cfg)
{
	struct offer *o = mem_zalloc(sizeof(*o));

	if (!o)
		return ERR_NOMEM;
	o->cfg = *cfg;
	for (int side = 0; side < MEDIA_NSIDES; side++)
		voice_open(&o->voices[side]);
	*out = o;
	return OK;
}

/* The first one that is carried as RTP; NULL: none. */
static const struct line *first_line(const struct offer *o)
{
	const struct session *s = o->exchange == EXCHANGE_NONE ? &o->now : &o->next;

	for (size_t i = 0; i < s->nlines; i++) {
		if (s->lines[i].carried && !s->lines[i].opaque)
			return &s->lines[i];
	}
	return NULL;
}

enum err offer_continue(struct offer *o, enum media_side side, const struct offer *was,
                        enum media_side was_side)
{
	const struct line *line = first_line(was);
	const struct line_place *place = line ? &line->sides[was_side].place : NULL;

	o->now.slots[side] = was->now.slots[was_side];
	o->cfg.sides[side].plain =
	    place && addr_is_set(&place->rtp) && place->key.suite == SRTP_NONE;
	return voice_continue(&o->voices[side], &was->voices[was_side]);
}

void offer_close(struct offer **op)
{
	struct offer *o = *op;

	if (!o)
		return;
	anchor_close(&o->anchor);
	session_clear(&o->now);
	session_clear(&o->next);
	for (int side = 0; side < MEDIA_NSIDES; side++)
		voice_close(&o->voices[side]);
	mem_wipe(o, sizeof(*o));
	mem_free(o);
	*op = NULL;
}

static bool has_stream(const struct session *s, unsigned stream)
{
	for (size_t i = 0; i < s->nlines; i++) {
		if (s->lines[i].carried && s->lines[i].stream == stream)
			return true;
	}
	return false;
}

static void drop_streams(struct offer *o)
{
	for (unsigned i = 0; o->anchor && i < anchor_nstreams(o->anchor); i++) {
		if (!has_stream(&o->now, i) && !has_stream(&o->next, i))
			anchor_drop(o->anchor, i);
	}
}

enum err offer_tell(struct offer *o, enum media_side side, const struct sdp *in, struct buf *out)
{
	struct sdp_crypto crypto[SDP_MEDIA_MAX][SDP_CRYPTO_MAX];
	struct sdp_out_media media[SDP_MEDIA_MAX], all[SDP_MEDIA_MAX];
	struct sdp_types types[SDP_MEDIA_MAX];
	struct slots *slots = &o->next.slots[side];
	bool offers = side != o->from && !o->met, beside[SDP_MEDIA_MAX];
	uint8_t of[SDP_MEDIA_MAX];
	struct sdp_out with = { .addr = o->cfg.sides[side].shown, .media = all, .of = of };
	enum err err;

	for (size_t i = slots->nlines; offers && i < o->next.nlines; i++)
		slots_open(slots, line_is_twofold(&o->next.lines[i], side, &o->cfg.sides[side]),
		           o->next.nlines - i - 1);
	for (size_t i = 0; i < slots->nlines; i++) {
		struct line *line = &o->next.lines[i];

		beside[i] = offers && line_is_twofold(line, side, &o->cfg.sides[side]);
		line_write(line, side, &o->cfg.sides[side], offers, o->anchor, crypto[i],
		           &media[i]);
		if (o->met && i < sdp_nmedia(o->met))
			media[i].like = sdp_media_at(o->met, i);
		media[i].feedback = line->feedback;
		media[i].written = &line->sides[side].told;
		media[i].ptime_ms = o->cfg.sides[side].ptime_ms;
		if (!line->taken || i >= sdp_nmedia(in) || sdp_media_at(in, i)->rejected)
			media[i].rejected = true;
		else if (codecs_for(line, side, &o->cfg.sides[side].codecs, sdp_media_at(in, i),
		                    offers, &types[i]))
			media[i].types = &types[i];
		if (side == o->from) {
			media[i].proto = line->proto;
			continue;
		}
		media[i].codecs[0] = o->cfg.sides[o->from].codecs;
		media[i].codecs[1] = o->cfg.sides[side].codecs;
		media[i].both_laws =
		    codecs_want_both_laws(o->cfg.sides) && !(media[i].types && types[i].turns);
	}
	slots_write(slots, media, beside, offers, all, of);
	with.nmedia = slots->n;
	err = voice_say(&o->voices[side], in, &with, out);
	mem_wipe(crypto, slots->nlines * sizeof(*crypto));
	return err;
}

enum err offer_keep_said(struct offer *o, enum media_side side, const char *sdp, size_t len)
{
	mem_wipe_text(&o->next.said[side]);
	o->next.said[side] = mem_zalloc(len + 1);
	if (!o->next.said[side])
		return ERR_NOMEM;
	memcpy(o->next.said[side], sdp, len);
	return OK;
}

enum err offer_open_exchange(struct offer *o, size_t nlines)
{
	const struct session *was = o->exchange == EXCHANGE_NONE ? &o->now : &o->next;
	struct line *lines;

	if (nlines < was->nlines)
		nlines = was->nlines;
	for (int side = 0; side < MEDIA_NSIDES; side++) {
		if (nlines < was->slots[side].nlines)
			nlines = was->slots[side].nlines;
	}
	lines = mem_zalloc((nlines ? nlines : 1) * sizeof(*lines));
	if (!lines)
		return ERR_NOMEM;
	if (was->nlines)
		memcpy(lines, was->lines, was->nlines * sizeof(*lines));
	for (int side = 0; o->exchange == EXCHANGE_NONE && side < MEDIA_NSIDES; side++)
		o->next.slots[side] = o->now.slots[side];
	mem_wipe(o->next.lines, o->next.nlines * sizeof(*lines));
	mem_free(o->next.lines);
	o->next.lines = lines;
	o->next.nlines = nlines;
	o->exchange = EXCHANGE_OFFERED;
	return OK;
}

static void leave_line(struct line *line)
{
	line->carried = line->taken = false;
	for (int side = 0; side < MEDIA_NSIDES; side++)
		line_forget(line, (enum media_side)side);
}

/* An offered line that we carry: its stream, where it is new, and the keys of both sides. */
static enum err carry(struct offer *o, struct line *line, struct offer_problem *problem)
{
	enum err err = OK;

	if (!o->anchor)
		err = anchor_open(&o->anchor, o->cfg.media, o->cfg.id,
		                  o->cfg.sides[SIDE_CALLER].media, o->cfg.sides[SIDE_CALLEE].media);
	if (!err && !line->carried)
		err = anchor_add(o->anchor, &line->stream);
	if (err) {
		offer_problem_is(problem, err == ERR_LIMIT ? 503 : 500,
		                 err == ERR_LIMIT ? "no media port left"
		                                  : "no media port can be opened");
		return err;
	}
	line->carried = line->taken = true;
	for (int side = 0; side < MEDIA_NSIDES; side++) {
		if (line_wants_key(line, (enum media_side)side, &o->cfg.sides[side],
		                   side == (int)o->from && !o->invented))
			line_make_key(line, (enum media_side)side);
		else
			line_drop_key(line, (enum media_side)side);
	}
	return OK;
}

/* Listening to the offerer begins at once where the stream is new: early media may come back before
 * an answer is whole. */
static enum err take_line(struct offer *o, size_t i, const struct line_place *place,
                          const struct sdp_formats *formats, struct offer_problem *problem)
{
	struct line *line = &o->next.lines[i];
	enum err err;

	/* From speech to fax, or back: the old stream goes on until that is agreed. */
	if (line->carried && line->opaque != place->opaque)
		leave_line(line);
	line->opaque = place->opaque;
	line_place(line, o->from, place);
	if (formats)
		line->sides[o->from].said = *formats;
	line->sides[o->from].mux = place->mux;
	line->sides[other(o->from)].mux = place->mux || line->sides[other(o->from)].place.mux;
	err = carry(o, line, problem);
	return err || has_stream(&o->now, line->stream) ? err
	                                                : line_apply(line, o->from, o->anchor);
}

static enum err take_offer(struct offer *o, const struct sdp *sdp, struct offer_problem *problem)
{
	const char *why = NULL, *first_why = NULL;
	bool any = false;

	for (size_t i = 0; i < o->next.nlines; i++) {
		const struct sdp_media *m = i < sdp_nmedia(sdp) ? sdp_media_at(sdp, i) : NULL;
		struct line_place place = o->next.lines[i].sides[o->from].place;
		enum err err;

		why = NULL;
		if (m) {
			o->next.lines[i].proto = m->proto;
			o->next.lines[i].feedback = m->feedback;
			o->next.lines[i].nests = m->nests;
		}
		if (m && !m->rejected && !o->invented)
			why = line_judge(&o->cfg.sides[o->from], m, &place);
		if (m && !m->rejected && !why)
			why = line_may_go(&o->cfg.sides[other(o->from)], m);
		if (m && !m->rejected && !why)
			why = codecs_judge(o->cfg.sides, o->from, sdp, i);
		first_why = first_why ? first_why : why;
		if (!m || m->rejected || why) {
			leave_line(&o->next.lines[i]);
			continue;
		}
		err = take_line(o, i, &place, o->invented ? NULL : &m->formats, problem);
		mem_wipe(&place, sizeof(place));
		if (err)
			return err;
		any = true;
	}
	if (!any && first_why)
		return offer_problem_is(problem, 488, first_why);
	return any || o->now.nlines ? OK : offer_problem_is(problem, 488, "no media");
}

static enum err exchange(struct offer *o, struct sdp *in, struct buf *out,
                         struct offer_problem *problem)
{
	struct slots slots = o->now.slots[o->from];
	enum err err;

	if (sdp_nmedia(in) < slots.n)
		return offer_problem_is(problem, 488,
		                        "the offer has fewer media lines than before");
	slots_take(&slots, in);
	slots_fold(&slots, &o->cfg.sides[o->from], in);
	err = offer_open_exchange(o, slots.nlines);
	if (err)
		return err;
	if (!o->invented)
		o->next.slots[o->from] = slots;
	err = take_offer(o, in, problem);
	/* Without what the offers before this one had opened. */
	drop_streams(o);
	return err || !out ? err : offer_tell(o, other(o->from), in, out);
}

static enum err begin(struct offer *o, enum media_side side, bool invented,
                      struct offer_problem *problem)
{
	if (o->exchange != EXCHANGE_NONE && (o->from != side || o->invented != invented)) {
		offer_problem_is(problem, 491, "the other side's offer is under way");
		return ERR_NOT_NOW;
	}
	o->from = side;
	o->invented = invented;
	offer_problem_is(problem, 500, "out of memory");
	return OK;
}

enum err offer_make(struct offer *o, enum media_side side, const char *sdp, size_t len,
                    struct buf *out, struct offer_problem *problem)
{
	struct sdp *in = NULL;
	enum err err = begin(o, side, false, problem);

	if (err)
		return err;
	err = sdp_read(&in, sdp, len);
	if (err == ERR_SYNTAX || err == ERR_LIMIT)
		offer_problem_is(problem, err == ERR_LIMIT ? 488 : 400,
		                 err == ERR_LIMIT ? "too many media lines" : "malformed SDP");
	if (!err)
		err = exchange(o, in, out, problem);
	if (!err)
		err = offer_keep_said(o, side, sdp, len);
	sdp_free(&in);
	if (err)
		offer_drop(o);
	return err;
}

enum err offer_invent(struct offer *o, enum media_side side, struct buf *out,
                      struct offer_problem *problem)
{
	const char *said = o->now.said[other(side)];
	struct sdp *in = NULL;
	enum err err = begin(o, other(side), true, problem);

	if (err)
		return err;
	if (!said)
		said = invention;
	err = sdp_read(&in, said, strlen(said));
	if (!err)
		err = exchange(o, in, out, problem);
	sdp_free(&in);
	if (err)
		offer_drop(o);
	return err;
}

static enum err map_line(struct offer *o, const struct line *line, enum media_side side)
{
	struct payload_map map;

	codecs_map(line, side, &map);
	return anchor_map(o->anchor, line->stream, side, &map);
}

static enum err apply(struct offer *o, struct session *s)
{
	for (size_t i = 0; i < s->nlines; i++) {
		struct line *line = &s->lines[i];

		for (int side = 0; line->carried && line->taken && side < MEDIA_NSIDES; side++) {
			enum err err = line_apply(line, (enum media_side)side, o->anchor);

			if (!err)
				err = map_line(o, line, (enum media_side)side);
			if (err)
				return err;
		}
	}
	return OK;
}

enum err offer_agree(struct offer *o)
{
	for (size_t i = 0; i < o->next.nlines; i++)
		codecs_agree(&o->next.lines[i]);
	o->exchange = EXCHANGE_ANSWERED;
	return apply(o, &o->next);
}

void offer_settle(struct offer *o)
{
	if (o->exchange != EXCHANGE_ANSWERED)
		return;
	for (int side = 0; side < MEDIA_NSIDES; side++) {
		if (!o->next.said[side]) {
			o->next.said[side] = o->now.said[side];
			o->now.said[side] = NULL;
		}
	}
	for (size_t i = 0; i < o->next.nlines; i++) {
		if (!o->next.lines[i].taken)
			leave_line(&o->next.lines[i]);
		line_settle(&o->next.lines[i], NULL);
	}
	if (o->anchor)
		anchor_settle(o->anchor);
	session_clear(&o->now);
	o->now = o->next;
	memset(&o->next, 0, sizeof(o->next));
	o->exchange = EXCHANGE_NONE;
	drop_streams(o);
}

/* Says again what stood before an answer that did not last. */
static void put_back(struct offer *o)
{
	for (size_t i = 0; i < o->now.nlines; i++) {
		if (o->next.lines[i].stream == o->now.lines[i].stream)
			line_settle(&o->now.lines[i], &o->next.lines[i]);
		for (int side = 0; side < MEDIA_NSIDES; side++)
			o->now.lines[i].sides[side].placed = false;
	}
	if (apply(o, &o->now))
		LOG(LOG_ERROR, KV("call", o->cfg.id), KV("event", "session"),
		    KV("result", "the media of before could not be put back"));
	if (o->anchor)
		anchor_settle(o->anchor);
}

void offer_drop(struct offer *o)
{
	bool answered = o->exchange == EXCHANGE_ANSWERED;

	if (answered)
		put_back(o);
	session_clear(&o->next);
	o->exchange = EXCHANGE_NONE;
	drop_streams(o);
}

void offer_take_back(struct offer *o)
{
	if (o->exchange == EXCHANGE_OFFERED)
		voice_take_back(&o->voices[other(o->from)]);
	offer_drop(o);
}

static void session_forget(struct session *s, enum media_side side)
{
	s->slots[side] = (struct slots){ 0 };
	mem_wipe_text(&s->said[side]);
	for (size_t i = 0; i < s->nlines; i++)
		line_forget(&s->lines[i], side);
}

enum err offer_replace(struct offer *o, enum media_side side, const struct offer_side *cfg)
{
	if (o->exchange != EXCHANGE_NONE && o->from == side)
		offer_drop(o);
	o->cfg.sides[side] = *cfg;
	voice_open(&o->voices[side]);
	session_forget(&o->now, side);
	session_forget(&o->next, side);
	return o->anchor ? anchor_renew(o->anchor, side, cfg->media) : OK;
}

void offer_note_host(struct offer *o, enum media_side side, const struct addr *host)
{
	o->cfg.sides[side].host = *host;
}

bool offer_is_open(const struct offer *o)
{
	return o->exchange != EXCHANGE_NONE;
}

enum srtp_suite offer_suite(const struct offer *o, enum media_side side)
{
	const struct line *line = first_line(o);

	return line ? line->sides[side].place.key.suite : SRTP_NONE;
}

struct anchor *offer_anchor(const struct offer *o)
{
	return o->anchor;
}
