/* An answer to what a side was offered (RFC 3264 6, RFC 4568 5.1.2). Signalling thread. */
#include <string.h>
#include "base/mem.h"
#include "sbc/b2bua/offer_internal.h"

/* Whether an answer for a line is of what the side was offered; NULL: it is. */
static const char *judge_answered(const struct offer *o, size_t i, const struct sdp_media *m,
                                  struct line_place *place)
{
	enum media_side side = offer_asked(o);
	const struct line *line = &o->next.lines[i];
	const struct line_side *s = &line->sides[side];
	const struct slots *slots = &o->next.slots[side];
	bool plain = slots->all[slots->used[i]].proto == SDP_RTP;
	bool secure = s->seeded && (!plain || s->place.avp);
	const char *why = line_judge(&o->cfg.sides[side], m, place);

	if (why)
		return why;
	if (place->opaque != line->opaque)
		return "the answer has another protocol";
	if (line->opaque)
		return NULL;
	if (place->avp && !secure) { /* nobody asked for its keys */
		mem_wipe(&place->key, sizeof(place->key));
		place->avp = false;
	}
	if (place->key.suite == SRTP_NONE)
		return plain ? NULL : "RTP without encryption where SRTP was offered";
	if (!secure)
		return "SRTP where RTP was offered";
	return line_offered(line, side, &o->cfg.sides[side], place->key.suite)
	           ? NULL
	           : "the answer has a suite that was not offered";
}

/* RFC 3261 13.3.1.3 wants 488 of who can have no SRTP, after which it is called once more. Who
 * answers instead has picked up: to ring it again, or to leave it in silence while it is offered
 * something else, would be worse than to let it choose at once. */
static const char *why_none(const struct offer_side *side)
{
	if (side->srtp == SRTP_OFFERED && !side->both && !side->plain)
		return "the answer takes none of the media, which SRTP was offered for; with "
		       "srtp: offered-both it may take RTP";
	return "the answer takes none of the media";
}

static enum err judge_answer(struct offer *o, struct sdp *sdp, struct offer_problem *problem)
{
	enum media_side side = offer_asked(o);
	struct slots *slots = &o->next.slots[side];
	bool any = false, wanted = false;

	if (sdp_nmedia(sdp) != slots->n)
		return offer_problem_is(problem, 488,
		                        "the answer has another number of media lines");
	slots_fold(slots, &o->cfg.sides[side], sdp);
	for (size_t i = 0; i < o->next.nlines; i++) {
		const struct sdp_media *m = i < sdp_nmedia(sdp) ? sdp_media_at(sdp, i) : NULL;
		struct line *line = &o->next.lines[i];
		struct line_place place;
		const char *why;

		line->taken = line->carried && m && !m->rejected && slots->all[slots->used[i]].open;
		wanted = wanted || line->carried;
		if (!line->taken)
			continue;
		why = judge_answered(o, i, m, &place);
		if (why)
			return offer_problem_is(problem, 488, why);
		place.mux = place.mux && line->sides[side].mux;
		line_place(line, side, &place);
		line->sides[side].said = m->formats;
		if (place.key.suite != SRTP_NONE)
			line_make_key(line, side);
		mem_wipe(&place, sizeof(place));
		any = true;
	}
	if (any || !wanted || o->now.nlines)
		return OK;
	return offer_problem_is(problem, 488, why_none(&o->cfg.sides[side]));
}

enum err offer_answer(struct offer *o, const char *sdp, size_t len, struct buf *out,
                      struct offer_problem *problem)
{
	struct sdp *in = NULL;
	enum err err;

	if (o->exchange == EXCHANGE_NONE) {
		offer_problem_is(problem, 500, "an answer without an offer");
		return ERR_NOT_NOW;
	}
	offer_problem_is(problem, 500, "out of memory");
	err = sdp_read(&in, sdp, len);
	if (err == ERR_SYNTAX || err == ERR_LIMIT)
		offer_problem_is(problem, 502, "malformed SDP in the answer");
	if (!err)
		err = judge_answer(o, in, problem);
	if (!err && !o->invented && out)
		err = offer_tell(o, o->from, in, out);
	if (!err)
		err = offer_agree(o);
	if (!err)
		err = offer_keep_said(o, offer_asked(o), sdp, len);
	sdp_free(&in);
	return err;
}
