/* How transfers begin: a REFER, or an INVITE with Replaces. Who may ask for one, whom it is about,
 * and what is offered first. Signalling thread. */
#include <string.h>
#include "base/log.h"
#include "base/mem.h"
#include "sbc/b2bua/admission.h"
#include "sbc/b2bua/refer_to.h"
#include "sbc/b2bua/transfer_internal.h"
#include "sbc/b2bua/transfer_sdp.h"

static enum media_side side_of(const struct call *call, const struct party *p)
{
	return p == &call->caller ? SIDE_CALLER : SIDE_CALLEE;
}

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

/* The call that is asked for, with who stays. */
static enum err make_next(struct transfer *t)
{
	enum err err = call_new(&t->next, t->call->border);

	if (err)
		return err;
	t->next->transfer = t;
	t->next->emergency = t->call->emergency || (t->other && t->other->emergency);
	party_copy(&t->next->caller, t->stays);
	return OK;
}

static void drop_next(struct transfer *t)
{
	if (t->next)
		t->next->transfer = NULL;
	call_free(&t->next);
}

static enum err call_target_of(struct transfer *t, const struct refer_to *to,
                               struct call_refusal *refusal)
{
	enum err err = make_next(t);

	if (err)
		return err;
	err = border_route(t->referrer, to->user, t->next);
	if (err) {
		call_refuse(refusal, err == ERR_NOMEM ? 500 : 404, err_text(err));
		return err;
	}
	err = open_session(t);
	if (!err)
		err = call_set_up(t->next, refusal);
	if (!err)
		call_event(t->next, EV_REFER, NULL);
	return err;
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

static enum err ask_other(struct transfer *t, struct call_refusal *refusal)
{
	enum err err = make_next(t);

	if (err)
		return err;
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

/* That of a call that rings can be replaced in the place of who began it alone (RFC 3891 3). */
static bool will_stand(const struct call *call, const struct party *replaced)
{
	return replaced == &call->caller &&
	       (call->state == CALL_CALLING || call->state == CALL_RINGING ||
	        call->state == CALL_ANSWERED);
}

/* The dialog that is named must be one of who asks: nobody disposes of the calls of others. What
 * rings is joined once it is answered (RFC 5589 7.6). */
static enum err take_other(struct transfer *t, const struct replaces *r,
                           struct call_refusal *refusal)
{
	struct call *other = replaces_find(t->call->border, r, &t->replaced);

	if (!other || other == t->call || !party_same(&t->replaced->who, &t->referrer->who)) {
		call_refuse(refusal, 481, "no such dialog of who asks");
		return ERR_NOT_FOUND;
	}
	if (r->early_only) { /* what we join stands (RFC 3891 3) */
		call_refuse(refusal, 486, "it is only to be joined while it rings");
		return ERR_REFUSED;
	}
	if (other->transfer || (other->state != CALL_UP && !will_stand(other, t->replaced))) {
		call_refuse(refusal, 491, "the other call does not stand");
		return ERR_NOT_NOW;
	}
	t->other = other;
	other->transfer = t;
	t->target = call_other(other, t->replaced);
	if (other->state == CALL_UP)
		return ask_other(t, refusal);
	t->state = TRANSFER_WAITING;
	return OK;
}

void transfer_on_up(struct call *other)
{
	struct transfer *t = other->transfer;
	struct call_refusal refusal = { .status = 500 };

	if (!t || t->state != TRANSFER_WAITING)
		return;
	if (ask_other(t, &refusal) == OK) {
		transfer_ask(t);
		return;
	}
	drop_next(t);
	transfer_fail(t, refusal.status);
}

static enum err transfer_start(struct call *call, struct leg *leg, const struct refer_to *to,
                               struct transfer **out, struct call_refusal *refusal)
{
	struct transfer *t = mem_zalloc(sizeof(*t));
	enum err err;

	if (!t)
		return ERR_NOMEM;
	t->call = call;
	t->referrer = call_party(call, leg);
	t->stays = call_other(call, t->referrer);
	t->says_who = to->says_who;
	t->notify.on_told = transfer_on_told;
	t->notify.arg = t;
	call->transfer = t;
	err = to->has_replaces ? take_other(t, &to->replaces, refusal)
	                       : call_target_of(t, to, refusal);
	if (!err) {
		*out = t;
		return OK;
	}
	drop_next(t);
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

	next->emergency = call->emergency;
	party_copy(&next->caller, call_other(call, replaced));
	buf_init(&out, MESSAGE_MAX);
	if (t) {
		*t = (struct transfer){
			.state = TRANSFER_JOINING,
			.call = call,
			.referrer = replaced,
			.stays = call_other(call, replaced),
			.next = next,
			.takes_over = true,
			.notify = { .silent = true, .on_told = transfer_on_told, .arg = t }
		};
		call->transfer = next->transfer = t;
		err = admission_in_place(next, &next->callee, replaced, &refusal);
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
		transfer_ask(t);
		return;
	}
	if (t)
		transfer_free(t);
	leg_reject(next->callee.leg, problem.status, NULL);
	call_event(next, EV_UNREFERRED, NULL);
	call_check_gone(next);
}

/* Who may ask that; toll fraud begins here. */
static bool is_allowed(struct call *call, const struct leg *leg)
{
	const struct party *from = call_party(call, leg), *to = call_other(call, from);

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
	LOG(LOG_INFO, KV("call", call->id), KV("event", "transfer"),
	    KV("next", t->next ? t->next->id : NULL),
	    KV("how", to.has_replaces ? "attended" : "blind"),
	    KV("number", t->other ? t->target->number : t->next->callee.number));
	if (transfer_notify_open(&t->notify, leg, txn))
		t->notify.silent = true;
	transfer_notify_say(&t->notify, 100, false);
	if (t->state == TRANSFER_ASKING)
		transfer_ask(t);
}
