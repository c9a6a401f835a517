/* What one side has said and the other is yet to be offered, with nobody waiting for the answer:
 * the session of a fork that answered late, what answered an offer of ours, or a refresh.
 * Signalling thread. */
#include <string.h>
#include "base/log.h"
#include "sbc/b2bua/exchange_internal.h"

#define TRIES   20
#define BUSY_MS 2000 /* TRIES of them are more than 64 x T1, after which nothing is in the way */

void exchange_owe_nothing(struct call *call)
{
	timer_stop(&call->again);
	call->owes[SIDE_CALLER] = call->owes[SIDE_CALLEE] = false;
	call->tries = 0;
}

static void on_again(void *arg)
{
	struct call *call = arg;
	const struct exchange_news news = { .side = call->asker };
	struct offer_problem problem;

	if (call->exchange == EX_OWED && call->caller.leg && call->callee.leg &&
	    exchange_event(call, XE_AGAIN, &news, &problem))
		exchange_disagree(call, &problem);
}

static void try_in(struct call *call, unsigned ms)
{
	timer_start(stack_timers(call->border->cfg.stack), &call->again, ms, on_again, call);
}

void exchange_on_rest(struct call *call)
{
	if (call->exchange != EX_REST || !(call->owes[SIDE_CALLER] || call->owes[SIDE_CALLEE]))
		return;
	call->exchange = EX_OWED;
	if (!timer_running(&call->again))
		try_in(call, 0);
}

/* Once more in ms. A callee that waits for an answer cannot be left without. */
static enum err put_off(struct call *call, enum media_side from, unsigned ms,
                        struct offer_problem *problem)
{
	call->owes[from] = true;
	call->exchange = EX_OWED;
	if (call->tries++ < TRIES) {
		try_in(call, ms);
		return OK;
	}
	exchange_owe_nothing(call);
	if (leg_holds_offer(exchange_leg(call, from)))
		return exchange_problem(problem, ERR_REFUSED, 488,
		                        "the caller had no time for the callee's session");
	call->exchange = EX_REST;
	LOG(LOG_WARN, KV("call", call->id), KV("event", "session"),
	    KV("from", from == SIDE_CALLER ? "caller" : "callee"),
	    KV("result", "the other side had no time for it"));
	return OK;
}

/* What that side said last; one that cannot be offered anything now is owed it. */
static enum err tell(struct call *call, enum media_side from, struct offer_problem *problem)
{
	const char *sdp = leg_peer_sdp(exchange_leg(call, from));
	const struct exchange_news news = { .side = from,
		                            .sdp = sdp,
		                            .len = sdp ? strlen(sdp) : 0 };
	enum err err;

	if (!sdp)
		return exchange_problem(problem, ERR_NOMEM, 500, "out of memory");
	timer_stop(&call->again);
	call->owes[from] = false;
	err = exchange_pass(call, &news, METHOD_INVITE, problem);
	return err == ERR_NOT_NOW ? put_off(call, from, BUSY_MS, problem) : err;
}

/* Who waits for our ACK comes first. */
static enum err act_tell(struct call *call, const struct exchange_news *news,
                         struct offer_problem *problem)
{
	(void)news;
	return tell(call, call->owes[SIDE_CALLEE] ? SIDE_CALLEE : SIDE_CALLER, problem);
}

static enum err act_tell_moved(struct call *call, const struct exchange_news *news,
                               struct offer_problem *problem)
{
	return tell(call, news->side, problem);
}

/* The fork that answered has ports and keys of its own. */
static enum err act_tell_fork(struct call *call, const struct exchange_news *news,
                              struct offer_problem *problem)
{
	enum err err = leg_holds_offer(call->callee.leg) ? call_new_offer(call) : OK;

	return err ? err : act_tell(call, news, problem);
}

static enum err act_take_answer(struct call *call, const struct exchange_news *news,
                                struct offer_problem *problem)
{
	enum err err = OK;

	if (!news->sdp)
		return exchange_problem(problem, ERR_SYNTAX, 488,
		                        "an offer of ours was not answered");
	if (offer_is_open(call->offer))
		err = offer_answer(call->offer, news->sdp, news->len, NULL, problem);
	if (err)
		return err;
	offer_settle(call->offer);
	return tell(call, news->side, problem);
}

static enum err act_note_moved(struct call *call, const struct exchange_news *news,
                               struct offer_problem *problem)
{
	(void)problem;
	call->owes[news->side] = true;
	return OK;
}

/* RFC 3261 14.1: glare is no refusal. */
static enum err act_put_off(struct call *call, const struct exchange_news *news,
                            struct offer_problem *problem)
{
	enum media_side to = call->asker == SIDE_CALLER ? SIDE_CALLEE : SIDE_CALLER;
	unsigned ms = news->message ? leg_again_ms(exchange_leg(call, to), news->message) : 0;

	offer_drop(call->offer);
	if (ms)
		return put_off(call, call->asker, ms, problem);
	if (leg_holds_offer(exchange_leg(call, call->asker)))
		return exchange_problem(problem, ERR_REFUSED, 488,
		                        "the caller refused the callee's session");
	call->exchange = EX_REST;
	return OK;
}

const struct exchange_action exchange_take_answer = {
	"Offers the answer to the other side, where that has not the same already.", act_take_answer
};
const struct exchange_action exchange_tell = {
	"Offers it to the other side; one that has no time for it is asked again later.", act_tell
};
const struct exchange_action exchange_tell_moved = {
	"Offers it to the other side, unless that would hear nothing new.", act_tell_moved
};
const struct exchange_action exchange_tell_fork = {
	"Offers the caller what the fork that answered offers.", act_tell_fork
};
const struct exchange_action exchange_note_moved = { "The other side is offered it later.",
	                                             act_note_moved };
const struct exchange_action exchange_put_off = {
	"After 491 it is tried again; otherwise the session stays as it was.", act_put_off
};
