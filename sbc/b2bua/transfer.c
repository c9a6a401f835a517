/* Carries out transfers. Signalling thread.
 *
 * The call that is asked for is a call of its own from the beginning: the party that stays, without
 * its leg yet, and the target. The target is offered what the party that stays said of its session
 * last. When it answers, the party that stays is offered the target's session, and when it takes
 * that, its leg moves over. Until then the old call is as it was; after that it has the referrer's
 * leg alone, which hears of it and hangs up. */
#include "sbc/b2bua/transfer.h"

#include <stdio.h>
#include <string.h>
#include "base/mem.h"
#include "sbc/b2bua/admission.h"
#include "sbc/b2bua/names.h"
#include "sbc/b2bua/refer_to.h"
#include "sbc/b2bua/transfer_notify.h"
#include "sbc/b2bua/transfer_sdp.h"

#define AGAIN_MS    500 /* another offer is under way */
#define AGAIN_TIMES 20
#define HANG_UP_MS  2000 /* after the last NOTIFY: most who asked hang up by themselves */

enum transfer_state {
	TRANSFER_CALLING, /* blind: the target rings */
	TRANSFER_ASKING,  /* attended: the target is offered the session of who stays */
	TRANSFER_JOINING, /* who stays is offered the target's */
	TRANSFER_DONE,    /* or failed; who asked is yet to hear of it, or to hang up */
};

struct transfer {
	enum transfer_state state;
	struct call *call;              /* in which it was asked */
	struct party *referrer, *stays; /* of call */
	struct call *next;              /* that it makes; NULL: done, or no more */
	struct call *other;             /* attended: between target and replaced; NULL: done */
	struct party *target, *replaced;
	bool takes_over; /* the target called: its INVITE waits */
	bool left;       /* who asked has hung up already */
	bool asked;      /* an offer of ours has no answer yet */
	char *offer;     /* for whom the state says */
	struct transfer_notify notify;
	struct timer timer;
	unsigned tries;
};

static struct party *other_party(struct call *call, const struct party *p)
{
	return p == &call->caller ? &call->callee : &call->caller;
}

static enum media_side side_of(const struct call *call, const struct party *p)
{
	return p == &call->caller ? SIDE_CALLER : SIDE_CALLEE;
}

static void unlink_others(struct transfer *t)
{
	timer_stop(&t->timer);
	if (t->other)
		t->other->transfer = NULL;
	if (t->next)
		t->next->transfer = NULL;
	t->other = t->next = NULL;
}

static void transfer_free(struct transfer *t)
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

/* Who asked has heard the last of it, or will not. */
static void on_told(void *arg)
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

/* The call goes on as it was, unless nobody is there any more. */
static void fail(struct transfer *t, unsigned status)
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

static void on_again(void *arg);

/* The offer goes to whom the state says. */
static void ask(struct transfer *t)
{
	struct leg *leg = t->state == TRANSFER_ASKING ? t->target->leg : t->stays->leg;
	enum err err = leg_change(leg, METHOD_INVITE, t->offer);

	t->asked = !err;
	if (err == ERR_NOT_NOW && t->tries++ < AGAIN_TIMES)
		start_timer(t, AGAIN_MS, on_again);
	else if (err)
		fail(t, 500);
}

static void on_again(void *arg)
{
	ask(arg);
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
	t->tries = 0;
	if (turn_round(t, leg_peer_sdp(target)))
		fail(t, 488);
	else
		ask(t);
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
		fail(t, 488);
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
static void on_refused(struct transfer *t, const struct message *m)
{
	unsigned status = m ? message_status(m) : 480;

	t->asked = false;
	if (status == 491 && t->tries++ < AGAIN_TIMES)
		start_timer(t, AGAIN_MS, on_again);
	else
		fail(t, status);
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
		return true;
	}
	if (t->asked && is_asked(t, leg) && (event == LEG_CHANGED || event == LEG_REFUSED)) {
		if (event == LEG_CHANGED)
			on_changed(t);
		else
			on_refused(t, m);
		return true;
	}
	if (call == t->next && event == LEG_CANCEL) {
		fail(t, 487);
		return true;
	}
	/* No sessions that change while another is made of them. */
	if ((event == LEG_OFFER || event == LEG_FETCH) &&
	    (call == t->next || t->state != TRANSFER_CALLING)) {
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
		fail(t, status);
		return;
	}
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
		fail(t, 481);
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

/* --- the beginning --- */

/* As from, but for its leg and its trunk's slot. */
static void party_copy(struct party *to, const struct party *from)
{
	to->who = from->who;
	to->realm = from->realm;
	to->id = from->id;
	memcpy(to->number, from->number, sizeof(to->number));
}

/* What the target is offered: the session of who stays. Those whose dialogs move hear of it under
 * the origin that they know. */
static enum err open_session(struct transfer *t)
{
	const char *said = leg_peer_sdp(t->stays->leg);
	struct buf live;
	enum err err;

	buf_init(&live, MESSAGE_MAX);
	transfer_sdp_live(said ? said : "", &live);
	err = said ? buf_take(&live, &t->next->said) : ERR_NOT_NOW;
	buf_wipe(&live);
	if (!err)
		err = call_new_offer(t->next);
	if (!err)
		err = offer_continue(t->next->offer, SIDE_CALLER, t->call->offer,
		                     side_of(t->call, t->stays));
	if (!err && t->other)
		err = offer_continue(t->next->offer, SIDE_CALLEE, t->other->offer,
		                     side_of(t->other, t->target));
	return err;
}

static enum err call_target_of(struct transfer *t, const struct refer_to *to,
                               struct call_refusal *refusal)
{
	enum err err = border_route(t->referrer, to->user, t->next);

	if (err) {
		call_refuse(refusal, err == ERR_NOT_FOUND ? 404 : 500, err_text(err));
		return err;
	}
	err = open_session(t);
	if (!err)
		err = call_set_up(t->next, refusal);
	if (!err)
		call_event(t->next, EV_REFER, NULL);
	return err;
}

static bool same_party(const struct party *a, const struct party *b)
{
	return a->who.kind == b->who.kind &&
	       (a->who.kind == PARTY_TRUNK ? a->who.trunk == b->who.trunk
	                                   : a->who.phone == b->who.phone);
}

static enum err offer_target(struct transfer *t, struct call_refusal *refusal)
{
	const char *said = t->next->said;
	struct offer_problem problem;
	struct buf out;
	enum err err;

	buf_init(&out, MESSAGE_MAX);
	err = offer_make(t->next->offer, SIDE_CALLER, said, strlen(said), &out, &problem);
	if (err)
		call_refuse(refusal, problem.status, problem.why);
	else
		err = buf_take(&out, &t->offer);
	buf_wipe(&out);
	return err;
}

/* The dialog that is named must be one of who asks: nobody disposes of the calls of others. */
static enum err take_other(struct transfer *t, const struct replaces *r,
                           struct call_refusal *refusal)
{
	struct call *other = replaces_find(t->call->border, r, &t->replaced);
	enum err err;

	if (!other || other == t->call || !same_party(t->replaced, t->referrer)) {
		call_refuse(refusal, 481, "no such dialog of who asks");
		return ERR_NOT_FOUND;
	}
	if (other->state != CALL_UP || other->transfer) {
		call_refuse(refusal, 491, "the other call does not stand");
		return ERR_NOT_NOW;
	}
	t->other = other;
	other->transfer = t;
	t->target = other_party(other, t->replaced);
	party_copy(&t->next->callee, t->target);
	err = open_session(t);
	if (!err)
		err = offer_target(t, refusal);
	if (err)
		return err;
	call_event(t->next, EV_ASK, NULL);
	t->state = TRANSFER_ASKING;
	return OK;
}

static enum err transfer_start(struct call *call, struct leg *leg, const struct refer_to *to,
                               struct transfer **out, struct call_refusal *refusal)
{
	struct transfer *t = mem_zalloc(sizeof(*t));
	enum err err;

	if (!t)
		return ERR_NOMEM;
	t->call = call;
	t->referrer = leg == call->caller.leg ? &call->caller : &call->callee;
	t->stays = other_party(call, t->referrer);
	t->notify.on_told = on_told;
	t->notify.arg = t;
	call->transfer = t;
	err = call_new(&t->next, call->border);
	if (!err) {
		t->next->transfer = t;
		party_copy(&t->next->caller, t->stays);
		err = to->has_replaces ? take_other(t, &to->replaces, refusal)
		                       : call_target_of(t, to, refusal);
	}
	if (!err) {
		*out = t;
		return OK;
	}
	if (t->next)
		t->next->transfer = NULL;
	call_free(&t->next);
	transfer_free(t);
	return err;
}

void transfer_take_over(struct call *call, struct party *replaced, struct call *next)
{
	struct transfer *t = mem_zalloc(sizeof(*t));
	struct offer_problem problem = { .status = 500, .why = "out of memory" };
	const char *said = leg_peer_sdp(next->callee.leg);
	struct call_refusal refusal;
	struct buf out;
	enum err err = ERR_NOMEM;

	party_copy(&next->caller, other_party(call, replaced));
	buf_init(&out, MESSAGE_MAX);
	if (t) {
		*t =
		    (struct transfer){ .state = TRANSFER_JOINING,
			               .call = call,
			               .referrer = replaced,
			               .stays = other_party(call, replaced),
			               .next = next,
			               .takes_over = true,
			               .notify = { .silent = true, .on_told = on_told, .arg = t } };
		call->transfer = next->transfer = t;
		err = admission_of_party(next, &next->callee, &refusal);
		if (err)
			problem.status = refusal.status;
	}
	if (!err)
		err = said ? call_new_offer(next) : ERR_NOMEM;
	if (!err)
		err =
		    offer_continue(next->offer, SIDE_CALLER, call->offer, side_of(call, t->stays));
	if (!err)
		err = offer_make(next->offer, SIDE_CALLEE, said, strlen(said), &out, &problem);
	if (!err)
		err = buf_take(&out, &t->offer);
	buf_wipe(&out);
	call_event(next, EV_ASK, NULL);
	if (!err) {
		ask(t);
		return;
	}
	if (t)
		transfer_free(t);
	leg_reject(next->callee.leg, problem.status, NULL);
	call_event(next, EV_UNREFERRED, NULL);
	call_check_gone(next);
}

/* Who may ask that; toll fraud begins here. */
static bool is_allowed(const struct call *call, const struct leg *leg)
{
	const struct party *from = leg == call->caller.leg ? &call->caller : &call->callee;
	const struct party *to = from == &call->caller ? &call->callee : &call->caller;

	if (from->who.kind == PARTY_TRUNK)
		return from->who.trunk->transfer_from_trunk == YES;
	return from->realm->transfer == TRANSFER_CARRY_OUT &&
	       (to->who.kind == PARTY_PHONE || to->who.trunk->transfer != TRANSFER_REFUSE);
}

void transfer_on_refer(struct call *call, struct leg *leg, struct server_txn *txn,
                       const struct message *refer)
{
	struct call_refusal refusal = { .status = 500 };
	struct transfer *t = NULL;
	struct refer_to to;
	unsigned status = refer_to_read(refer, &to);

	if (!status && !is_allowed(call, leg))
		status = 403;
	if (!status && (call->state != CALL_UP || call->transfer))
		status = 491;
	if (!status && transfer_start(call, leg, &to, &t, &refusal))
		status = refusal.status == 503 ? 500 : refusal.status;
	if (status) {
		server_txn_reply(txn, status, NULL, NULL);
		return;
	}
	LOG(LOG_INFO, KV("call", call->id), KV("event", "transfer"), KV("next", t->next->id),
	    KV("how", to.has_replaces ? "attended" : "blind"),
	    KV("number", t->next->callee.number));
	if (transfer_notify_open(&t->notify, leg, txn))
		t->notify.silent = true;
	transfer_notify_say(&t->notify, 100, false);
	if (t->state == TRANSFER_ASKING)
		ask(t);
}
