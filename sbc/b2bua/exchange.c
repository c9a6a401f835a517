/* The session of a call as a table: state x event -> action, next state. An empty cell is logged
 * and ignored; an offer that meets one is refused with 491 (RFC 3261 14.2). Signalling thread. */
#include "sbc/b2bua/exchange.h"

#include <stdlib.h>
#include <string.h>
#include "base/log.h"
#include "base/mem.h"
#include "sbc/b2bua/call_internal.h"
#include "sbc/b2bua/said.h"

/* What happened, at which side, and what it says of the session (NULL: nothing). */
struct exchange_news {
	enum media_side side;
	const struct message *message;
	const char *sdp;
	size_t len;
};

struct exchange_action {
	const char *says;
	/* After an error the state is as before. */
	enum err (*run)(struct call *call, const struct exchange_news *news,
	                struct offer_problem *problem);
};

struct exchange_rule {
	const struct exchange_action *action;
	enum exchange_state next;
};

static const char *const state_names[EX_NSTATES] = { "first", "rest", "passed", "fetching",
	                                             "proposed" };
static const char *const event_names[XE_NEVENTS] = { "progress", "early-offer", "answer",
	                                             "offer",    "fetch",       "changed",
	                                             "refused",  "answered",    "withdrawn" };

static enum err exchange_event(struct call *call, enum exchange_event event,
                               const struct exchange_news *news, struct offer_problem *problem);

static struct leg *leg_at(const struct call *call, enum media_side side)
{
	return side == SIDE_CALLER ? call->caller.leg : call->callee.leg;
}

static enum media_side other(enum media_side side)
{
	return side == SIDE_CALLER ? SIDE_CALLEE : SIDE_CALLER;
}

static struct leg *asker(const struct call *call)
{
	return leg_at(call, call->asker);
}

static struct leg *asked(const struct call *call)
{
	return leg_at(call, other(call->asker));
}

static enum err problem_is(struct offer_problem *p, enum err err, unsigned status, const char *why)
{
	p->status = status;
	snprintf(p->why, sizeof(p->why), "%s", why);
	return err;
}

static void close_text(struct buf *text)
{
	if (text->data)
		mem_wipe(text->data, text->len);
	buf_free(text);
}

static void keep(char **at, char *text)
{
	if (*at)
		mem_wipe(*at, strlen(*at));
	mem_free(*at);
	*at = text;
}

/* --- before the call stands --- */

/* The caller's session description out of the callee's: made once of each. */
static enum err take_answer(struct call *call, const char *sdp, struct offer_problem *problem)
{
	struct buf out;
	char *answer = NULL;
	enum err err;

	if (call->heard && call->answer_sdp && strcmp(call->heard, sdp) == 0)
		return OK;
	buf_init(&out, MESSAGE_MAX);
	err = offer_answer(call->offer, sdp, strlen(sdp), &out, problem);
	if (!err)
		err = buf_take(&out, &answer);
	close_text(&out);
	if (err)
		return err;
	keep(&call->answer_sdp, answer);
	keep(&call->heard, mem_strdup(sdp));
	return OK;
}

static enum err pass_progress(struct call *call, const struct exchange_news *news, const char *sdp)
{
	return leg_progress(call->caller.leg, message_status(news->message), sdp);
}

/* 180 stays 180; 183 and the like go as they are, with early media where there is some: that of the
 * fork which spoke of it last. */
static enum err act_early(struct call *call, const struct exchange_news *news,
                          struct offer_problem *problem)
{
	const char *sdp = news->sdp ? leg_peer_sdp(call->callee.leg) : NULL;

	if (sdp && take_answer(call, sdp, problem)) {
		LOG(LOG_WARN, KV("call", call->id), KV("event", "early-media"),
		    KV("why", problem->why));
		sdp = NULL;
	}
	return pass_progress(call, news, sdp ? call->answer_sdp : NULL);
}

static enum err act_ring(struct call *call, const struct exchange_news *news,
                         struct offer_problem *problem)
{
	(void)problem;
	return pass_progress(call, news, NULL);
}

/* The callee's offer as the caller is to read it. */
static enum err offer_of_callee(struct call *call, struct buf *out, struct offer_problem *problem)
{
	const char *sdp = leg_peer_sdp(call->callee.leg);

	if (!sdp)
		return problem_is(problem, ERR_SYNTAX, 502, "the callee's answer has no SDP");
	return offer_make(call->offer, SIDE_CALLEE, sdp, strlen(sdp), out, problem);
}

static enum err act_propose_early(struct call *call, const struct exchange_news *news,
                                  struct offer_problem *problem)
{
	struct buf out;
	enum err err;

	buf_init(&out, MESSAGE_MAX);
	err = offer_of_callee(call, &out, problem);
	if (!err)
		err = pass_progress(call, news, out.data);
	close_text(&out);
	return err;
}

static enum err act_propose_answer(struct call *call, const struct exchange_news *news,
                                   struct offer_problem *problem)
{
	struct buf out;
	enum err err;

	(void)news;
	buf_init(&out, MESSAGE_MAX);
	err = offer_of_callee(call, &out, problem);
	if (!err)
		err = leg_answer(call->caller.leg, out.data);
	close_text(&out);
	return err;
}

/* Not what another fork may have said before (RFC 3261 13.2.2.4). */
static enum err act_first_answer(struct call *call, const struct exchange_news *news,
                                 struct offer_problem *problem)
{
	const char *sdp = leg_peer_sdp(call->callee.leg);
	enum err err;

	(void)news;
	if (!sdp)
		return problem_is(problem, ERR_SYNTAX, 502, "the callee's answer has no SDP");
	err = take_answer(call, sdp, problem);
	if (!err)
		err = leg_answer(call->caller.leg, call->answer_sdp);
	if (!err)
		offer_settle(call->offer);
	return err;
}

static enum err act_bare_answer(struct call *call, const struct exchange_news *news,
                                struct offer_problem *problem)
{
	(void)news;
	(void)problem;
	return leg_answer(call->caller.leg, NULL);
}

/* --- changes --- */

static const char not_ready[] = "the other side is not ready for an offer";

/* Offers what news has to the other side, unless that would hear nothing new: then the asker is
 * answered with what the other side said before. */
static enum err pass(struct call *call, const struct exchange_news *news, enum method like,
                     struct offer_problem *problem)
{
	struct leg *to = leg_at(call, other(news->side));
	const char *said = leg_peer_sdp(to);
	struct buf out;
	enum err err;

	call->asker = news->side;
	buf_init(&out, MESSAGE_MAX);
	err = offer_make(call->offer, news->side, news->sdp, news->len, &out, problem);
	if (!err && said && leg_said(to, out.data)) {
		const struct exchange_news same = { .side = other(news->side),
			                            .sdp = said,
			                            .len = strlen(said) };

		err = exchange_event(call, XE_CHANGED, &same, problem);
	} else if (!err) {
		err = leg_change(to, like, out.data);
		if (err == ERR_NOT_NOW)
			problem_is(problem, err, 491, not_ready);
	}
	if (err)
		offer_drop(call->offer);
	close_text(&out);
	return err;
}

static enum err act_pass(struct call *call, const struct exchange_news *news,
                         struct offer_problem *problem)
{
	return pass(call, news, message_method(news->message), problem);
}

/* Who offers has the first answer for good; the other side must as well (RFC 3311 5.1). */
static enum err act_pass_early(struct call *call, const struct exchange_news *news,
                               struct offer_problem *problem)
{
	if (!leg_agreed(leg_at(call, other(news->side))))
		return problem_is(problem, ERR_NOT_NOW, 491, not_ready);
	offer_settle(call->offer);
	return act_pass(call, news, problem);
}

static enum err act_fetch(struct call *call, const struct exchange_news *news,
                          struct offer_problem *problem)
{
	enum err err;

	call->asker = news->side;
	err = leg_change(asked(call), METHOD_INVITE, NULL);
	if (err == ERR_NOT_NOW)
		problem_is(problem, err, 491, not_ready);
	return err;
}

static enum err act_settle(struct call *call, const struct exchange_news *news,
                           struct offer_problem *problem)
{
	struct buf out;
	enum err err;

	buf_init(&out, MESSAGE_MAX);
	err = offer_answer(call->offer, news->sdp, news->len, &out, problem);
	if (!err)
		offer_settle(call->offer);
	if (!err && leg_accept(asker(call), out.data))
		LOG(LOG_WARN, KV("call", call->id), KV("event", "session"),
		    KV("result", "nobody waits for the answer to a change"));
	close_text(&out);
	return err;
}

static enum err act_propose(struct call *call, const struct exchange_news *news,
                            struct offer_problem *problem)
{
	struct buf out;
	enum err err;

	buf_init(&out, MESSAGE_MAX);
	err = offer_make(call->offer, news->side, news->sdp, news->len, &out, problem);
	if (!err)
		err = leg_accept(asker(call), out.data);
	close_text(&out);
	return err;
}

static enum err act_confirm(struct call *call, const struct exchange_news *news,
                            struct offer_problem *problem)
{
	struct buf out;
	enum err err;

	if (!news->sdp)
		return problem_is(problem, ERR_SYNTAX, 488, "an offer of ours was not answered");
	buf_init(&out, MESSAGE_MAX);
	err = offer_answer(call->offer, news->sdp, news->len, &out, problem);
	if (!err)
		offer_settle(call->offer);
	if (!err)
		err = leg_confirm(asked(call), out.data);
	close_text(&out);
	return err;
}

/* What speaks of the change; the rest is of no use to who asked. */
static unsigned map_status(unsigned status)
{
	switch (status) {
	case 401:
	case 407:
		return 403;
	case 422: /* of our session timer */
	case 503:
		return 500;
	default:
		return status >= 300 && status < 400 ? 488 : status;
	}
}

static enum err act_refuse(struct call *call, const struct exchange_news *news,
                           struct offer_problem *problem)
{
	const struct message *m = news->message;
	const char *after = m ? message_header(m, "Retry-After", 0) : NULL;
	unsigned long s = after ? strtoul(after, NULL, 10) : 0;

	(void)problem;
	offer_drop(call->offer);
	leg_refuse(asker(call), m ? map_status(message_status(m)) : 500,
	           s < 3600 ? (unsigned)s : 3600);
	return OK;
}

static enum err act_withdraw(struct call *call, const struct exchange_news *news,
                             struct offer_problem *problem)
{
	(void)news;
	(void)problem;
	leg_cancel_change(asked(call));
	return OK;
}

/* --- the table --- */

static const struct exchange_action early = {
	"Passes it on, with the answer to the caller's offer where the callee gave one.", act_early
};
static const struct exchange_action ring = { "Passes it on, without a session.", act_ring };
static const struct exchange_action propose_early = {
	"Passes it on reliably, with the callee's offer.", act_propose_early
};
static const struct exchange_action first_answer = {
	"Answers the caller's INVITE and offer with the callee's answer, which is final.",
	act_first_answer
};
static const struct exchange_action bare_answer = {
	"Answers the caller's INVITE, whose session was agreed on before or is being changed.",
	act_bare_answer
};
static const struct exchange_action propose_answer = {
	"Answers the caller's INVITE with the callee's offer.", act_propose_answer
};
static const struct exchange_action pass_on = {
	"Offers it to the other side; answers it here if that would hear nothing new.", act_pass
};
static const struct exchange_action pass_early = { "The same, once the first answer is certain.",
	                                           act_pass_early };
static const struct exchange_action fetch = { "Asks the other side for an offer.", act_fetch };
static const struct exchange_action settle = {
	"Answers who offered with the other side's answer, which is final.", act_settle
};
static const struct exchange_action propose = { "Answers who asked with the other side's offer.",
	                                        act_propose };
static const struct exchange_action confirm = {
	"Answers the other side's offer, by the ACK or PRACK that waited for it.", act_confirm
};
static const struct exchange_action refuse = {
	"The session stays as it was, and who asked hears why.", act_refuse
};
static const struct exchange_action withdraw = { "Takes the other side's INVITE back.",
	                                         act_withdraw };

static const struct exchange_rule rules[EX_NSTATES][XE_NEVENTS] = {
	[EX_FIRST] = {
		[XE_PROGRESS] = { &early, EX_FIRST },
		[XE_ANSWER] = { &first_answer, EX_REST },
		[XE_OFFER] = { &pass_early, EX_PASSED },
	},
	[EX_REST] = {
		[XE_PROGRESS] = { &ring, EX_REST },
		[XE_ANSWER] = { &bare_answer, EX_REST },
		[XE_OFFER] = { &pass_on, EX_PASSED },
		[XE_FETCH] = { &fetch, EX_FETCHING },
	},
	[EX_PASSED] = {
		[XE_PROGRESS] = { &ring, EX_PASSED },
		[XE_ANSWER] = { &bare_answer, EX_PASSED },
		[XE_CHANGED] = { &settle, EX_REST },
		[XE_REFUSED] = { &refuse, EX_REST },
		[XE_WITHDRAWN] = { &withdraw, EX_PASSED },
	},
	[EX_FETCHING] = {
		[XE_PROGRESS] = { &ring, EX_FETCHING },
		[XE_EARLY_OFFER] = { &propose_early, EX_PROPOSED },
		[XE_ANSWER] = { &propose_answer, EX_PROPOSED },
		[XE_CHANGED] = { &propose, EX_PROPOSED },
		[XE_REFUSED] = { &refuse, EX_REST },
		[XE_WITHDRAWN] = { &withdraw, EX_FETCHING },
	},
	[EX_PROPOSED] = {
		[XE_PROGRESS] = { &ring, EX_PROPOSED },
		[XE_EARLY_OFFER] = { &ring, EX_PROPOSED },
		[XE_ANSWER] = { &bare_answer, EX_PROPOSED },
		[XE_ANSWERED] = { &confirm, EX_REST },
	},
};

static enum err exchange_event(struct call *call, enum exchange_event event,
                               const struct exchange_news *news, struct offer_problem *problem)
{
	enum exchange_state was = call->exchange;
	const struct exchange_rule *rule = &rules[was][event];
	enum err err;

	*problem =
	    (struct offer_problem){ .status = 500, .why = "the session could not be carried" };
	if (!rule->action) {
		LOG(LOG_DEBUG, KV("call", call->id), KV("session", state_names[was]),
		    KV("event", event_names[event]), KV("result", "ignored"));
		return problem_is(problem, ERR_NOT_NOW, 491, "another offer is under way");
	}
	call->exchange = rule->next;
	err = rule->action->run(call, news, problem);
	if (err)
		call->exchange = was;
	else if (call->exchange != was)
		LOG(LOG_DEBUG, KV("call", call->id), KV("event", event_names[event]),
		    KV("session", state_names[call->exchange]));
	return err;
}

static struct exchange_news news_of(enum media_side side, const struct message *m)
{
	struct exchange_news news = { .side = side, .message = m };

	if (m)
		news.sdp = said_sdp(m, &news.len);
	return news;
}

void exchange_progress(struct call *call, const struct message *m)
{
	const struct exchange_news news = news_of(SIDE_CALLEE, m);
	struct offer_problem problem;

	if (exchange_event(call, leg_holds_offer(call->callee.leg) ? XE_EARLY_OFFER : XE_PROGRESS,
	                   &news, &problem))
		LOG(LOG_WARN, KV("call", call->id), KV("event", "progress"),
		    KV("result", "could not be passed on"));
}

enum err exchange_answer(struct call *call, struct offer_problem *problem)
{
	const struct exchange_news news = { .side = SIDE_CALLEE };

	return exchange_event(call, XE_ANSWER, &news, problem);
}

/* One side has agreed to what the other cannot have. */
static void disagree(struct call *call, const struct offer_problem *problem)
{
	const struct call_news news = { .why = problem->why };

	call_event(call, EV_DISAGREED, &news);
}

void exchange_on_leg(struct call *call, enum media_side side, enum leg_event event,
                     const struct message *m, const char *why)
{
	static const enum exchange_event events[LEG_GONE + 1] = {
		[LEG_OFFER] = XE_OFFER,       [LEG_FETCH] = XE_FETCH,
		[LEG_CHANGED] = XE_CHANGED,   [LEG_REFUSED] = XE_REFUSED,
		[LEG_ANSWERED] = XE_ANSWERED, [LEG_WITHDRAWN] = XE_WITHDRAWN,
	};
	const struct exchange_news news = news_of(side, m);
	struct offer_problem problem;
	enum err err = exchange_event(call, events[event], &news, &problem);

	if (!err)
		return;
	LOG(LOG_INFO, KV("call", call->id), KV("event", event_names[events[event]]),
	    KV("side", side == SIDE_CALLER ? "caller" : "callee"),
	    KV("why", why ? why : problem.why));
	if (event == LEG_OFFER || event == LEG_FETCH)
		leg_refuse(leg_at(call, side), problem.status, 0);
	else if (event == LEG_CHANGED || event == LEG_ANSWERED)
		disagree(call, &problem);
}
