/* Carries out transfers. Signalling thread.
 *
 * The call that is asked for is a call of its own from the beginning: the party that stays, without
 * its leg yet, and the target. The target is offered what the party that stays said of its session
 * last. When it answers, the party that stays is offered the target's session, and when it takes
 * that, its leg moves over. Until then the old call is as it was; after that it has the referrer's
 * leg alone, which hears of it and hangs up. */
#include <string.h>
#include "base/clock.h"
#include "base/mem.h"
#include "sbc/b2bua/transfer_internal.h"

#define AGAIN_MS 500 /* another offer is under way */
/* As long as an answer is waited for (64 x T1): the other two hear nobody meanwhile, and how often
 * one is asked in that time is as it says (Retry-After, RFC 3261 14.1). */
#define AGAIN_FOR_MS 32000
#define HANG_UP_MS   2000 /* after the last NOTIFY: most who asked hang up by themselves */

static void unlink_others(struct transfer *t)
{
	timer_stop(&t->timer);
	if (t->other)
		t->other->transfer = NULL;
	if (t->next)
		t->next->transfer = NULL;
	t->other = t->next = NULL;
}

void transfer_free(struct transfer *t)
{
	unlink_others(t);
	transfer_notify_close(&t->notify);
	mem_wipe_text(&t->offer);
	t->call->transfer = NULL;
	mem_free(t);
}

static void start_timer(struct transfer *t, unsigned ms, void (*fn)(void *))
{
	timer_start(stack_timers(t->call->border->cfg.stack), &t->timer, ms, fn, t);
}

static void on_hang_up(void *arg)
{
	struct transfer *t = arg;

	leg_bye(t->referrer->leg);
	call_check_gone(t->call);
}

void transfer_on_told(void *arg)
{
	struct transfer *t = arg;

	if (t->call->code)
		start_timer(t, HANG_UP_MS, on_hang_up);
	else
		transfer_free(t);
}

static void drop_next(struct call *next)
{
	if (!next)
		return;
	call_event(next, EV_UNREFERRED, NULL);
	call_check_gone(next);
}

void transfer_fail(struct transfer *t, unsigned status)
{
	struct call *call = t->call, *next = t->next;
	struct leg *stays = t->stays->leg;
	bool over = t->left || (t->state == TRANSFER_JOINING && t->asked);

	LOG(LOG_INFO, KV("call", call->id), KV("event", "transfer"), KVN("code", status),
	    KV("result", "failed"));
	t->state = TRANSFER_DONE;
	unlink_others(t);
	if (t->takes_over && next && leg_received_invite(next->callee.leg))
		leg_reject(next->callee.leg, status, NULL);
	drop_next(next);
	if (!over) {
		transfer_notify_say(&t->notify, status, true);
		return;
	}
	/* It may have taken a session that is no more. */
	transfer_free(t);
	leg_lose(stays, "the transfer failed, and who asked for it is gone");
}

static void join(struct transfer *t)
{
	struct call *call = t->call, *next = t->next, *other = t->other;
	struct party *replaced = t->replaced;

	LOG(LOG_INFO, KV("call", call->id), KV("event", "transfer"), KV("to", next->id),
	    KV("result", "joined"));
	pass_end(call);
	party_move(next, &next->caller, t->stays);
	if (other) {
		pass_end(other);
		party_move(next, &next->callee, t->target);
	}
	t->state = TRANSFER_DONE;
	unlink_others(t);
	call_event(next, EV_JOINED, NULL);
	if (other) {
		call_event(other, EV_TRANSFERRED, NULL);
		leg_bye(replaced->leg);
		call_check_gone(other);
	}
	call_event(call, EV_TRANSFERRED, NULL);
	if (t->takes_over)
		leg_bye(t->referrer->leg);
	else
		transfer_notify_say(&t->notify, 200, true);
	call_check_gone(call);
}

static void on_again(void *arg)
{
	transfer_ask(arg);
}

/* False: it would be too late. */
static bool ask_again(struct transfer *t, unsigned ms)
{
	uint64_t now = clock_mono_ms();

	if (!t->again_until_ms)
		t->again_until_ms = now + AGAIN_FOR_MS;
	if (now + ms > t->again_until_ms)
		return false;
	start_timer(t, ms, on_again);
	return true;
}

void transfer_ask(struct transfer *t)
{
	struct leg *leg = t->state == TRANSFER_ASKING ? t->target->leg : t->stays->leg;
	enum err err = leg_change(leg, METHOD_INVITE, t->offer);

	t->asked = !err;
	if (err && (err != ERR_NOT_NOW || !ask_again(t, AGAIN_MS)))
		transfer_fail(t, 500);
}

/* What was answered last, and what the other side is offered for it. */
static enum err turn_round(struct transfer *t, const char *sdp)
{
	struct offer_problem problem = { .status = 500, .why = "out of memory" };
	struct offer *o = t->next->offer;
	struct buf out;
	enum err err = ERR_SYNTAX;

	mem_wipe_text(&t->offer);
	if (sdp)
		err = offer_answer(o, sdp, strlen(sdp), NULL, &problem);
	buf_init(&out, MESSAGE_MAX);
	if (!err) {
		offer_settle(o);
		err = offer_make(o, SIDE_CALLEE, sdp, strlen(sdp), &out, &problem);
	}
	if (!err)
		err = buf_take(&out, &t->offer);
	if (err)
		LOG(LOG_WARN, KV("call", t->call->id), KV("event", "transfer"),
		    KV("why", problem.why));
	buf_wipe(&out);
	return err;
}

static void on_target_answer(struct transfer *t, const struct leg *target)
{
	t->state = TRANSFER_JOINING;
	t->again_until_ms = 0;
	if (turn_round(t, leg_peer_sdp(target)))
		transfer_fail(t, 488);
	else
		transfer_ask(t);
}

static void on_stays_answer(struct transfer *t)
{
	struct offer_problem problem;
	const char *sdp = leg_peer_sdp(t->stays->leg);
	struct buf out;
	enum err err = ERR_SYNTAX;

	buf_init(&out, MESSAGE_MAX);
	if (sdp)
		err = offer_answer(t->next->offer, sdp, strlen(sdp), &out, &problem);
	if (!err && t->takes_over)
		err = leg_answer(t->next->callee.leg, out.data);
	buf_wipe(&out);
	if (err || t->call->state != CALL_UP || (t->other && t->other->state != CALL_UP)) {
		t->asked = true; /* it is in a session that nobody shares */
		transfer_fail(t, 488);
		return;
	}
	offer_settle(t->next->offer);
	join(t);
}

static void on_changed(struct transfer *t)
{
	t->asked = false;
	if (t->state == TRANSFER_ASKING)
		on_target_answer(t, t->target->leg);
	else
		on_stays_answer(t);
}

/* RFC 3261 14.1: glare is no refusal. */
static void on_refused(struct transfer *t, const struct leg *leg, const struct message *m)
{
	unsigned ms = m ? leg_again_ms(leg, m) : 0;

	t->asked = false;
	if (!ms || !ask_again(t, ms))
		transfer_fail(t, m ? message_status(m) : 480);
}

static bool is_asked(const struct transfer *t, const struct leg *leg)
{
	return (t->state == TRANSFER_ASKING && t->other && leg == t->target->leg) ||
	       (t->state == TRANSFER_JOINING && leg == t->stays->leg);
}

bool transfer_takes(struct call *call, struct leg *leg, enum leg_event event,
                    const struct message *m)
{
	struct transfer *t = call->transfer;

	if (!t || t->state == TRANSFER_DONE)
		return false;
	/* Who asked for a blind transfer may go at once (RFC 5589 6.1). */
	if (call == t->call && leg == t->referrer->leg && event == LEG_BYE) {
		t->left = true;
		pass_end(call);
		exchange_leave(call, leg == call->caller.leg ? SIDE_CALLER : SIDE_CALLEE);
		return true;
	}
	if (t->asked && is_asked(t, leg) && (event == LEG_CHANGED || event == LEG_REFUSED)) {
		if (event == LEG_CHANGED)
			on_changed(t);
		else
			on_refused(t, leg, m);
		return true;
	}
	if (call == t->next && event == LEG_CANCEL) {
		transfer_fail(t, 487);
		return true;
	}
	/* No sessions that change while another is made of them. */
	if ((event == LEG_OFFER || event == LEG_FETCH) &&
	    (call == t->next || t->state == TRANSFER_ASKING || t->state == TRANSFER_JOINING)) {
		leg_refuse(leg, 491, 0);
		return true;
	}
	return false;
}

void transfer_on_target(struct call *next, enum transfer_news news, unsigned status)
{
	struct transfer *t = next->transfer;

	if (!t)
		return;
	switch (news) {
	case TRANSFER_RINGS:
		transfer_notify_say(&t->notify, status, false);
		return;
	case TRANSFER_ANSWERED:
		on_target_answer(t, next->callee.leg);
		return;
	case TRANSFER_FAILED:
		next->transfer = NULL;
		t->next = NULL;
		transfer_fail(t, status);
		return;
	}
}

const struct party *transfer_referrer(const struct call *next)
{
	const struct transfer *t = next->transfer;

	return t && t->next == next && t->says_who ? t->referrer : NULL;
}

void transfer_on_end(struct call *call)
{
	struct transfer *t = call->transfer;
	struct call *next;

	if (!t || t->state == TRANSFER_DONE)
		return;
	if (call == t->call) {
		next = t->next;
		t->state = TRANSFER_DONE;
		unlink_others(t);
		drop_next(next);
	} else if (call == t->other) {
		transfer_fail(t, call->code >= 300 ? call->code : 481);
	} else {
		transfer_on_target(call, TRANSFER_FAILED, 480);
	}
}

void transfer_forget(struct call *call)
{
	struct transfer *t = call->transfer;

	if (!t)
		return;
	if (call == t->call)
		transfer_free(t);
	else if (call == t->other)
		t->other = NULL;
	else
		t->next = NULL;
	call->transfer = NULL;
}
