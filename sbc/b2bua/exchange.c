/* The session of a call as a table: state x event -> action, next state. An empty cell is logged
 * and ignored; an offer that meets one is refused with 491 (RFC 3261 14.2). Signalling thread. */
#include "sbc/b2bua/exchange.h"

#include <stdio.h>
#include "base/log.h"
#include "sbc/b2bua/exchange_internal.h"
#include "sbc/b2bua/said.h"
#include "sbc/b2bua/state_table.h"

struct exchange_rule {
	const struct exchange_action *action;
	enum exchange_state next;
};

static const char *const state_names[EX_NSTATES] = { "first",    "rest",     "passed",   "held",
	                                             "fetching", "proposed", "invented", "shown",
	                                             "owed",     "told" };
static const char *const event_names[XE_NEVENTS] = {
	"progress", "early-offer", "answer", "offer", "fetch", "changed", "refused",
	"answered", "withdrawn",   "moved",  "free",  "up",    "again"
};

struct leg *exchange_leg(const struct call *call, enum media_side side)
{
	return side == SIDE_CALLER ? call->caller.leg : call->callee.leg;
}

enum err exchange_problem(struct offer_problem *problem, enum err err, unsigned status,
                          const char *why)
{
	problem->status = status;
	snprintf(problem->why, sizeof(problem->why), "%s", why);
	return err;
}

static const struct exchange_rule rules[EX_NSTATES][XE_NEVENTS] = {
	[EX_FIRST] = {
		[XE_PROGRESS] = { &exchange_early, EX_FIRST },
		[XE_ANSWER] = { &exchange_first_answer, EX_REST },
		[XE_OFFER] = { &exchange_pass_early, EX_PASSED },
	},
	[EX_REST] = {
		[XE_PROGRESS] = { &exchange_ring, EX_REST },
		[XE_ANSWER] = { &exchange_bare_answer, EX_REST },
		[XE_OFFER] = { &exchange_pass_or_hold, EX_PASSED },
		[XE_FETCH] = { &exchange_fetch_or_hold, EX_FETCHING },
		[XE_MOVED] = { &exchange_tell_moved, EX_TOLD },
	},
	[EX_PASSED] = {
		[XE_PROGRESS] = { &exchange_ring, EX_PASSED },
		[XE_ANSWER] = { &exchange_bare_answer, EX_PASSED },
		[XE_CHANGED] = { &exchange_settle, EX_REST },
		[XE_REFUSED] = { &exchange_refuse, EX_REST },
		[XE_WITHDRAWN] = { &exchange_withdraw, EX_PASSED },
		[XE_MOVED] = { &exchange_note_moved, EX_PASSED },
	},
	[EX_HELD] = {
		[XE_WITHDRAWN] = { &exchange_let_go, EX_REST },
		[XE_MOVED] = { &exchange_note_moved, EX_HELD },
		[XE_FREE] = { &exchange_release, EX_PASSED },
		[XE_UP] = { &exchange_release, EX_PASSED },
	},
	[EX_FETCHING] = {
		[XE_PROGRESS] = { &exchange_ring, EX_FETCHING },
		[XE_EARLY_OFFER] = { &exchange_propose_early, EX_PROPOSED },
		[XE_ANSWER] = { &exchange_propose_answer, EX_PROPOSED },
		[XE_CHANGED] = { &exchange_propose, EX_PROPOSED },
		[XE_REFUSED] = { &exchange_refuse, EX_REST },
		[XE_WITHDRAWN] = { &exchange_withdraw, EX_FETCHING },
		[XE_MOVED] = { &exchange_note_moved, EX_FETCHING },
	},
	[EX_PROPOSED] = {
		[XE_PROGRESS] = { &exchange_ring, EX_PROPOSED },
		[XE_EARLY_OFFER] = { &exchange_ring, EX_PROPOSED },
		[XE_ANSWER] = { &exchange_bare_answer, EX_PROPOSED },
		[XE_ANSWERED] = { &exchange_confirm, EX_REST },
		[XE_MOVED] = { &exchange_note_moved, EX_PROPOSED },
	},
	[EX_INVENTED] = {
		[XE_PROGRESS] = { &exchange_ring, EX_INVENTED },
		[XE_ANSWER] = { &exchange_show_answer, EX_SHOWN },
	},
	[EX_SHOWN] = {
		[XE_ANSWERED] = { &exchange_take_answer, EX_TOLD },
		[XE_MOVED] = { &exchange_note_moved, EX_SHOWN },
	},
	[EX_OWED] = {
		[XE_OFFER] = { &exchange_pass_or_hold, EX_PASSED },
		[XE_FETCH] = { &exchange_fetch_or_hold, EX_FETCHING },
		[XE_MOVED] = { &exchange_note_moved, EX_OWED },
		[XE_UP] = { &exchange_tell_fork, EX_TOLD },
		[XE_AGAIN] = { &exchange_tell, EX_TOLD },
	},
	[EX_TOLD] = {
		[XE_CHANGED] = { &exchange_settle, EX_REST },
		[XE_REFUSED] = { &exchange_put_off, EX_OWED },
		[XE_MOVED] = { &exchange_note_moved, EX_TOLD },
	},
};

static void note_host(struct call *call, enum media_side side)
{
	const struct leg *leg = exchange_leg(call, side);
	const struct flow *flow = leg ? leg_flow(leg) : NULL;

	if (call->offer && flow && flow->conn)
		offer_note_host(call->offer, side, &flow->peer);
}

enum err exchange_event(struct call *call, enum exchange_event event,
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
		return exchange_problem(problem, ERR_NOT_NOW, 491, "another offer is under way");
	}
	call->exchange = rule->next;
	note_host(call, news->side);
	err = rule->action->run(call, news, problem);
	if (err) /* an early offer settles the first answer even where nothing comes of itself */
		call->exchange = was == EX_FIRST && !offer_is_open(call->offer) ? EX_REST : was;
	else if (call->exchange != was)
		LOG(LOG_DEBUG, KV("call", call->id), KV("event", event_names[event]),
		    KV("session", state_names[call->exchange]));
	exchange_on_rest(call);
	return err;
}

static struct exchange_news news_of(enum media_side side, const struct message *m)
{
	struct exchange_news news = { .side = side, .message = m };

	if (m)
		news.sdp = said_sdp(m, &news.len);
	return news;
}

bool exchange_invents(const struct call *call, enum media_side side)
{
	const struct party *p = side == SIDE_CALLER ? &call->caller : &call->callee;

	return p->trunk && p->who.trunk->delayed_offer == DELAYED_INVENT;
}

void exchange_begin(struct call *call, bool offers)
{
	if (call->caller.leg) /* of a transfer's call it is elsewhere yet */
		leg_refuse(call->caller.leg, 491, 0);
	call->exchange = offers                                ? EX_FIRST
	                 : exchange_invents(call, SIDE_CALLEE) ? EX_INVENTED
	                                                       : EX_FETCHING;
	call->asker = SIDE_CALLER;
	exchange_forget(call);
	exchange_owe_nothing(call);
}

/* Whether who stays has yet to say something to the exchange, which then ends it. */
static bool stays_speaks(const struct call *call, enum media_side gone)
{
	switch (call->exchange) {
	case EX_PASSED:
	case EX_TOLD:
	case EX_FETCHING:
		return call->asker == gone;
	case EX_PROPOSED:
	case EX_SHOWN:
		return call->asker != gone;
	case EX_FIRST:
	case EX_REST:
	case EX_HELD:
	case EX_INVENTED:
	case EX_OWED:
	case EX_NSTATES:
		return false;
	}
	return false;
}

void exchange_leave(struct call *call, enum media_side gone)
{
	struct leg *stays = exchange_leg(call, gone == SIDE_CALLER ? SIDE_CALLEE : SIDE_CALLER);

	if (stays_speaks(call, gone))
		return;
	offer_drop(call->offer);
	leg_refuse(stays, 491, 0);
	if (leg_holds_offer(stays) && leg_confirm(stays, NULL))
		LOG(LOG_WARN, KV("call", call->id), KV("event", "session"),
		    KV("result", "an offer could not be answered"));
	exchange_owe_nothing(call);
	call->exchange = EX_REST;
}

void exchange_join(struct call *call)
{
	call->exchange = EX_REST;
	exchange_on_rest(call);
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

void exchange_disagree(struct call *call, const struct offer_problem *problem)
{
	const struct call_news news = { .why = problem->why };

	call_event(call, EV_DISAGREED, &news);
}

void exchange_up(struct call *call)
{
	const struct exchange_news news = { .side = SIDE_CALLER };
	struct offer_problem problem;

	if ((call->exchange == EX_OWED || call->exchange == EX_HELD) &&
	    exchange_event(call, XE_UP, &news, &problem))
		exchange_disagree(call, &problem);
}

void exchange_on_leg(struct call *call, enum media_side side, enum leg_event event,
                     const struct message *m, const char *why)
{
	static const enum exchange_event events[LEG_GONE + 1] = {
		[LEG_OFFER] = XE_OFFER,       [LEG_FETCH] = XE_FETCH,
		[LEG_CHANGED] = XE_CHANGED,   [LEG_REFUSED] = XE_REFUSED,
		[LEG_ANSWERED] = XE_ANSWERED, [LEG_WITHDRAWN] = XE_WITHDRAWN,
		[LEG_MOVED] = XE_MOVED,       [LEG_FREE] = XE_FREE,
	};
	const struct exchange_news news = news_of(side, m);
	struct offer_problem problem;
	enum err err;

	if (event == LEG_FREE && call->exchange != EX_HELD)
		return; /* nothing waited for that */
	/* The other end has gone to another call, or is yet to come from one. */
	if (!call->caller.leg || !call->callee.leg)
		err = exchange_problem(&problem, ERR_NOT_NOW, 491, "there is no other side");
	else
		err = exchange_event(call, events[event], &news, &problem);
	if (!err)
		return;
	LOG(LOG_INFO, KV("call", call->id), KV("event", event_names[events[event]]),
	    KV("side", side == SIDE_CALLER ? "caller" : "callee"),
	    KV("why", why ? why : problem.why));
	if (event == LEG_OFFER || event == LEG_FETCH)
		leg_refuse(exchange_leg(call, side), problem.status, 0);
	else if (event == LEG_CHANGED || event == LEG_ANSWERED ||
	         ((event == LEG_MOVED || event == LEG_REFUSED) && err != ERR_NOT_NOW))
		exchange_disagree(call, &problem);
}

static bool cell(size_t state, size_t event, const char **says, size_t *next)
{
	const struct exchange_rule *rule = &rules[state][event];

	if (!rule->action)
		return false;
	*says = rule->action->says;
	*next = rule->next;
	return true;
}

const struct state_table exchange_states = {
	.title = "The session of a call",
	.states = state_names,
	.nstates = EX_NSTATES,
	.events = event_names,
	.nevents = XE_NEVENTS,
	.cell = cell,
};
