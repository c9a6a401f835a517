/* Two offers that meet (RFC 3264). What the caller offered is taken as ever; what the other one
 * offered is judged as an offer and stands for the answer, so that each of the two hears an answer.
 * Signalling thread. */
#include <string.h>
#include <strings.h>
#include "base/mem.h"
#include "sbc/b2bua/offer_codecs.h"
#include "sbc/b2bua/offer_internal.h"

/* RFC 4568 5.1.2: of an offer's keys one is taken, and the answer names that. */
static void take_line(struct line *line, const struct offer_side *cfg, const struct sdp_media *m,
                      const struct line_place *place)
{
	line_place(line, SIDE_CALLEE, place);
	line->sides[SIDE_CALLEE].mux = place->mux;
	line->sides[SIDE_CALLEE].said = m->formats;
	if (line_wants_key(line, SIDE_CALLEE, cfg, true))
		line_make_key(line, SIDE_CALLEE);
	else
		line_drop_key(line, SIDE_CALLEE);
}

/* NULL: the line carries what both say; else why it cannot. */
static const char *judge_line(const struct offer *o, const struct sdp *called,
                              const struct sdp *picked, size_t i, struct line_place *place)
{
	const struct sdp_media *m = sdp_media_at(picked, i);
	const char *why = line_judge(&o->cfg.sides[SIDE_CALLEE], m, place);

	if (!why && place->opaque != o->next.lines[i].opaque)
		why = "a line has another protocol than the caller's";
	if (!why)
		why = codecs_judge(o->cfg.sides, SIDE_CALLEE, picked, i);
	if (!why && !codecs_share(&sdp_media_at(called, i)->formats, &m->formats))
		why = "none of its codecs is among the caller's";
	return why;
}

/* Of lines that only one of them has nothing comes; so of those that do not go together. */
static enum err take_lines(struct offer *o, const struct sdp *called, const struct sdp *picked,
                           struct offer_problem *problem)
{
	const char *first_why = "the two have no media in common";
	bool any = false;

	for (size_t i = 0; i < o->next.nlines; i++) {
		struct line *line = &o->next.lines[i];
		struct line_place place;
		const char *why;

		line->taken = false;
		if (i >= sdp_nmedia(called) || i >= sdp_nmedia(picked))
			continue;
		/* RFC 3264 6: line by line. */
		if (strcasecmp(sdp_media_at(called, i)->kind, sdp_media_at(picked, i)->kind) != 0)
			return offer_problem_is(problem, 488, "its lines are not the caller's");
		if (!line->carried || sdp_media_at(picked, i)->rejected)
			continue;
		why = judge_line(o, called, picked, i, &place);
		if (!why) {
			take_line(line, &o->cfg.sides[SIDE_CALLEE], sdp_media_at(picked, i),
			          &place);
			line->taken = any = true;
		} else if (!any) {
			first_why = why;
		}
		mem_wipe(&place, sizeof(place));
	}
	return any ? OK : offer_problem_is(problem, 488, first_why);
}

static enum err read_both(const struct offer_meeting *m, struct sdp **called, struct sdp **picked,
                          struct offer_problem *problem)
{
	enum err err = sdp_read(called, m->called, strlen(m->called));

	if (!err)
		err = sdp_read(picked, m->picked, strlen(m->picked));
	if (err == ERR_SYNTAX || err == ERR_LIMIT)
		return offer_problem_is(problem, err == ERR_LIMIT ? 488 : 400,
		                        err == ERR_LIMIT ? "too many media lines"
		                                         : "malformed SDP");
	return err;
}

static enum err tell_both(struct offer *o, const struct offer_meeting *m, const struct sdp *called,
                          const struct sdp *picked)
{
	enum err err;

	o->met = called;
	err = offer_tell(o, SIDE_CALLER, picked, m->to_caller);
	o->met = picked;
	if (!err)
		err = offer_tell(o, SIDE_CALLEE, called, m->to_picker);
	o->met = NULL;
	return err;
}

enum err offer_meet(struct offer *o, const struct offer_meeting *m, struct offer_problem *problem)
{
	struct sdp *called = NULL, *picked = NULL;
	struct slots slots = { 0 };
	enum err err = offer_make(o, SIDE_CALLER, m->called, strlen(m->called), NULL, problem);

	if (err)
		return err;
	offer_problem_is(problem, 500, "out of memory");
	err = read_both(m, &called, &picked, problem);
	if (!err) {
		slots_fold(&o->next.slots[SIDE_CALLER], &o->cfg.sides[SIDE_CALLER], called);
		slots_take(&slots, picked);
		slots_fold(&slots, &o->cfg.sides[SIDE_CALLEE], picked);
		err = offer_open_exchange(o, slots.nlines);
	}
	o->next.slots[SIDE_CALLEE] = slots;
	if (!err)
		err = take_lines(o, called, picked, problem);
	if (!err)
		err = tell_both(o, m, called, picked);
	if (!err)
		err = offer_agree(o);
	if (!err)
		err = offer_keep_said(o, SIDE_CALLEE, m->picked, strlen(m->picked));
	sdp_free(&called);
	sdp_free(&picked);
	if (err)
		offer_drop(o);
	return err;
}
