/* What is done when a session is offered, answered, refused. Signalling thread. */
#include <string.h>
#include "base/log.h"
#include "base/mem.h"
#include "sbc/b2bua/exchange_internal.h"
#include "sbc/b2bua/said.h"

static enum media_side other(enum media_side side)
{
	return side == SIDE_CALLER ? SIDE_CALLEE : SIDE_CALLER;
}

static struct leg *asker(const struct call *call)
{
	return exchange_leg(call, call->asker);
}

static struct leg *asked(const struct call *call)
{
	return exchange_leg(call, other(call->asker));
}

void exchange_forget(struct call *call)
{
	mem_wipe_text(&call->heard);
	mem_wipe_text(&call->answer_sdp);
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
	buf_wipe(&out);
	if (err)
		return err;
	exchange_forget(call);
	call->answer_sdp = answer;
	call->heard = mem_strdup(sdp);
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

/* NULL: there was no memory for it. */
static void keep_proposed(struct call *call, const char *sdp)
{
	exchange_forget(call);
	call->heard = sdp ? mem_strdup(sdp) : NULL;
}

/* Whether the callee's leg waits for the answer to an offer that the caller has not heard: another
 * fork has answered than the one that spoke first. */
static bool is_owed(const struct call *call)
{
	const char *offers = leg_peer_sdp(call->callee.leg);

	return leg_holds_offer(call->callee.leg) && call->heard && offers &&
	       strcmp(call->heard, offers) != 0;
}

static void owe_fork(struct call *call)
{
	call->exchange = EX_OWED;
	call->owes[SIDE_CALLEE] = true;
}

/* The callee's offer as the caller is to read it. */
static enum err offer_of_callee(struct call *call, struct buf *out, struct offer_problem *problem)
{
	const char *sdp = leg_peer_sdp(call->callee.leg);

	if (!sdp)
		return exchange_problem(problem, ERR_SYNTAX, 502, "the callee's answer has no SDP");
	keep_proposed(call, sdp);
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
	buf_wipe(&out);
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
	buf_wipe(&out);
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
		return exchange_problem(problem, ERR_SYNTAX, 502, "the callee's answer has no SDP");
	err = take_answer(call, sdp, problem);
	if (!err)
		err = leg_answer(call->caller.leg, call->answer_sdp);
	if (err)
		return err;
	offer_settle(call->offer);
	exchange_forget(call);
	return OK;
}

static enum err act_bare_answer(struct call *call, const struct exchange_news *news,
                                struct offer_problem *problem)
{
	(void)news;
	if (call->exchange == EX_PASSED && is_owed(call))
		return exchange_problem(problem, ERR_NOT_NOW, 500, "two forks want two sessions");
	if (call->exchange == EX_REST && is_owed(call))
		owe_fork(call);
	return leg_answer(call->caller.leg, NULL);
}

static enum err act_show_answer(struct call *call, const struct exchange_news *news,
                                struct offer_problem *problem)
{
	const char *sdp = leg_peer_sdp(call->callee.leg);
	enum err err;

	if (!sdp)
		return exchange_problem(problem, ERR_SYNTAX, 502, "the callee's answer has no SDP");
	err = offer_answer(call->offer, sdp, strlen(sdp), NULL, problem);
	if (err)
		return err;
	offer_settle(call->offer);
	return act_propose_answer(call, news, problem);
}

/* --- changes --- */

static const char not_ready[] = "the other side is not ready for an offer";
static const char no_update[] = "the other side takes no UPDATE, and the call is not answered";

enum err exchange_pass(struct call *call, const struct exchange_news *news, enum method like,
                       struct offer_problem *problem)
{
	struct leg *to = exchange_leg(call, other(news->side));
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
			exchange_problem(problem, err, 491, not_ready);
		else if (err == ERR_UNSUPPORTED)
			exchange_problem(problem, err, 488, no_update);
	}
	if (err)
		offer_take_back(call->offer);
	buf_wipe(&out);
	return err;
}

static enum err act_pass(struct call *call, const struct exchange_news *news,
                         struct offer_problem *problem)
{
	return exchange_pass(call, news, message_method(news->message), problem);
}

/* RFC 3261 14.2 has 491 for what meets an offer of ours in the same dialog, and nothing of that is
 * under way here: what waits for an ACK at the other end waits with it. */
static enum err or_hold(struct call *call, enum err err)
{
	if (err != ERR_NOT_NOW || !leg_is_busy(asked(call)))
		return err;
	call->exchange = EX_HELD;
	return OK;
}

static enum err act_pass_or_hold(struct call *call, const struct exchange_news *news,
                                 struct offer_problem *problem)
{
	return or_hold(call, act_pass(call, news, problem));
}

/* Who offers has the first answer for good; the other side must as well (RFC 3311 5.1). */
static enum err act_pass_early(struct call *call, const struct exchange_news *news,
                               struct offer_problem *problem)
{
	if (!leg_agreed(exchange_leg(call, other(news->side))))
		return exchange_problem(problem, ERR_NOT_NOW, 491, not_ready);
	offer_settle(call->offer);
	return act_pass(call, news, problem);
}

static enum err act_fetch(struct call *call, const struct exchange_news *news,
                          struct offer_problem *problem)
{
	enum err err;

	call->asker = news->side;
	if (exchange_invents(call, other(news->side))) {
		call->exchange = EX_SHOWN;
		return leg_accept(asker(call), NULL);
	}
	err = leg_change(asked(call), METHOD_INVITE, NULL);
	if (err == ERR_NOT_NOW)
		exchange_problem(problem, err, 491, not_ready);
	return err;
}

static enum err act_fetch_or_hold(struct call *call, const struct exchange_news *news,
                                  struct offer_problem *problem)
{
	return or_hold(call, act_fetch(call, news, problem));
}

/* Whoever waits hears of what goes wrong, and nobody else. */
static enum err act_release(struct call *call, const struct exchange_news *news,
                            struct offer_problem *problem)
{
	struct exchange_news held = { .side = call->asker, .message = leg_asked(asker(call)) };
	enum err err = ERR_NOT_NOW;

	(void)news;
	if (held.message)
		held.sdp = said_sdp(held.message, &held.len);
	if (!held.sdp)
		call->exchange = EX_FETCHING;
	if (held.message)
		err = held.sdp ? act_pass_or_hold(call, &held, problem)
		               : act_fetch_or_hold(call, &held, problem);
	if (err) {
		leg_refuse(asker(call), problem->status, 0);
		call->exchange = EX_REST;
	}
	return OK;
}

static enum err act_let_go(struct call *call, const struct exchange_news *news,
                           struct offer_problem *problem)
{
	(void)news;
	(void)problem;
	leg_refuse(asker(call), 487, 0);
	return OK;
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
	call->tries = 0;
	if (!err && leg_holds_offer(asker(call)))
		err = leg_confirm(asker(call), out.data);
	else if (!err && leg_accept(asker(call), out.data))
		LOG(LOG_DEBUG, KV("call", call->id), KV("event", "session"),
		    KV("result", "nobody waits for the answer to a change"));
	buf_wipe(&out);
	return err;
}

static enum err act_propose(struct call *call, const struct exchange_news *news,
                            struct offer_problem *problem)
{
	struct buf out;
	enum err err;

	buf_init(&out, MESSAGE_MAX);
	keep_proposed(call, leg_peer_sdp(asked(call)));
	err = offer_make(call->offer, news->side, news->sdp, news->len, &out, problem);
	if (!err)
		err = leg_accept(asker(call), out.data);
	buf_wipe(&out);
	if (err == ERR_NOT_NOW) { /* nobody waits for it */
		offer_drop(call->offer);
		call->exchange = EX_REST;
		err = leg_confirm(asked(call), NULL);
	}
	return err;
}

static enum err act_confirm(struct call *call, const struct exchange_news *news,
                            struct offer_problem *problem)
{
	struct buf out;
	enum err err;

	if (!news->sdp)
		return exchange_problem(problem, ERR_SYNTAX, 488,
		                        "an offer of ours was not answered");
	buf_init(&out, MESSAGE_MAX);
	err = offer_answer(call->offer, news->sdp, news->len, &out, problem);
	if (!err)
		offer_settle(call->offer);
	if (!err && call->asker == SIDE_CALLER && is_owed(call))
		owe_fork(call);
	else if (!err)
		err = leg_confirm(asked(call), out.data);
	buf_wipe(&out);
	return err;
}

static enum err act_refuse(struct call *call, const struct exchange_news *news,
                           struct offer_problem *problem)
{
	const struct message *m = news->message;
	const struct party *p = call->asker == SIDE_CALLER ? &call->caller : &call->callee;
	enum crossing way = p->trunk ? CROSSING_OUT : CROSSING_IN;
	uint32_t s = m ? message_number(m, "Retry-After") : 0;

	(void)problem;
	offer_drop(call->offer);
	leg_refuse(asker(call), m ? failure_status_of_change(message_status(m), way) : 500,
	           s < 3600 ? s : 3600);
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

const struct exchange_action exchange_early = {
	"Passes it on, with the answer to the caller's offer where the callee gave one.", act_early
};
const struct exchange_action exchange_ring = { "Passes it on, without a session.", act_ring };
const struct exchange_action exchange_propose_early = {
	"Passes it on reliably, with the callee's offer.", act_propose_early
};
const struct exchange_action exchange_first_answer = {
	"Answers the caller's INVITE and offer with the callee's answer, which is final.",
	act_first_answer
};
const struct exchange_action exchange_bare_answer = {
	"Answers the caller's INVITE, whose session was agreed on before or is being changed.",
	act_bare_answer
};
const struct exchange_action exchange_propose_answer = {
	"Answers the caller's INVITE with the callee's offer.", act_propose_answer
};
const struct exchange_action exchange_show_answer = {
	"Answers the caller's INVITE with an offer made of the callee's answer.", act_show_answer
};
const struct exchange_action exchange_pass_or_hold = {
	"Offers it to the other side, when no ACK or answer to a refresh is to come from there any more; answers it here if that would hear nothing new.",
	act_pass_or_hold
};
const struct exchange_action exchange_fetch_or_hold = {
	"Asks the other side for an offer; one that refuses that is spared, and what we said last is offered. It waits as well.",
	act_fetch_or_hold
};
const struct exchange_action exchange_release = { "What waited is offered, or asked for, now.",
	                                          act_release };
const struct exchange_action exchange_let_go = { "487: nobody wants that any more.", act_let_go };
const struct exchange_action exchange_pass_early = {
	"Offers it to the other side, which has the first answer for certain.", act_pass_early
};
const struct exchange_action exchange_settle = {
	"Answers who offered with the other side's answer, which is final.", act_settle
};
const struct exchange_action exchange_propose = { "Answers who asked with the other side's offer.",
	                                          act_propose };
const struct exchange_action exchange_confirm = {
	"Answers the other side's offer, by the ACK or PRACK that waited for it.", act_confirm
};
const struct exchange_action exchange_refuse = {
	"The session stays as it was, and who asked hears why.", act_refuse
};
const struct exchange_action exchange_withdraw = { "Takes the other side's INVITE back.",
	                                           act_withdraw };
