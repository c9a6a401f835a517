/* Call pickup, and the end of an attended transfer that somebody else carries out. Signalling
 * thread. */
#include "sbc/b2bua/pickup.h"

#include <string.h>
#include "base/clock.h"
#include "base/log.h"
#include "sbc/b2bua/admission.h"
#include "sbc/b2bua/extensions.h"
#include "sbc/b2bua/names.h"
#include "sbc/b2bua/replaces.h"
#include "sbc/b2bua/said.h"
#include "sbc/b2bua/transfer.h"

/* Phones of one realm may take each other's calls; a trunk its own alone. */
static bool is_allowed(const struct party *from, const struct party *replaced)
{
	return from->who.kind == PARTY_TRUNK
	           ? party_same(&from->who, &replaced->who)
	           : replaced->who.kind == PARTY_PHONE && from->realm == replaced->realm;
}

struct meeting {
	struct buf to_caller, to_picker;
	struct offer_meeting of;
};

static void meeting_open(struct meeting *m, const struct leg *caller, const struct leg *picker)
{
	buf_init(&m->to_caller, MESSAGE_MAX);
	buf_init(&m->to_picker, MESSAGE_MAX);
	m->of = (struct offer_meeting){ .called = leg_peer_sdp(caller),
		                        .picked = leg_peer_sdp(picker),
		                        .to_caller = &m->to_caller,
		                        .to_picker = &m->to_picker };
}

static void meeting_close(struct meeting *m)
{
	buf_wipe(&m->to_caller);
	buf_wipe(&m->to_picker);
}

static enum err meet(struct offer *o, const struct meeting *m, struct offer_problem *problem)
{
	return m->of.called && m->of.picked ? offer_meet(o, &m->of, problem) : ERR_NOMEM;
}

/* Tries it beside the call, for what rings is left only for somebody who can take it. */
static enum err try_session(const struct call *call, const struct party *picker,
                            struct offer_problem *problem)
{
	struct meeting m;
	struct offer *trial = NULL;
	enum err err = call_try_offer(call, picker, &trial);

	meeting_open(&m, call->caller.leg, picker->leg);
	if (!err)
		err = meet(trial, &m, problem);
	offer_close(&trial);
	meeting_close(&m);
	return err;
}

static enum err answer_both(struct call *call, struct offer_problem *problem)
{
	struct leg *caller = call->caller.leg, *picker = call->callee.leg;
	struct meeting m;
	enum err err = call_new_offer(call);

	meeting_open(&m, caller, picker);
	if (!err)
		err = meet(call->offer, &m, problem);
	if (!err)
		err = leg_answer(picker, m.to_picker.data);
	if (!err)
		err = leg_answer(caller, m.to_caller.data);
	if (!err)
		offer_settle(call->offer);
	meeting_close(&m);
	return err;
}

/* The one that rings is left, as one that does not answer is. */
static void take_place(struct call *call, struct party *picker)
{
	struct offer_problem problem = { .status = 500, .why = "out of memory" };
	const struct call_news news = { .why = problem.why };

	targets_leave(call, "SIP;cause=200;text=\"Call completed elsewhere\"");
	party_move(call, &call->callee, picker);
	LOG(LOG_INFO, KV("call", call->id), KV("event", "picked-up"),
	    KV("by", party_name(&call->callee.who)));
	if (answer_both(call, &problem)) {
		if (leg_received_invite(call->callee.leg))
			leg_reject(call->callee.leg, problem.status, NULL);
		leg_bye(call->callee.leg);
		call_event(call, EV_CALLEE_FAIL, &news);
	} else {
		call_event(call, EV_PICKED_UP, NULL);
	}
	call_check_gone(call);
}

static void pick_up(struct call *call, struct server_txn *txn, const struct party *from)
{
	struct offer_problem problem = { .status = 500, .why = "out of memory" };
	struct call_refusal refusal = { .status = 500 };
	struct party picker = { 0 };

	party_set(&picker, &from->who, from->number);
	picker.id = from->id;
	if (admission_in_place(call, &picker, &call->callee, &refusal) ||
	    call_take_leg(call, &picker, txn))
		server_txn_reply(txn, refusal.status, NULL, NULL);
	else if (try_session(call, &picker, &problem))
		leg_reject(picker.leg, problem.status, NULL);
	else
		take_place(call, &picker);
	party_clear(&picker);
}

static bool can_pick_up(const struct call *call, const struct message *invite)
{
	size_t len;

	return call->exchange == EX_FIRST && leg_may_say(call->caller.leg) &&
	       leg_peer_sdp(call->caller.leg) && said_sdp(invite, &len);
}

static unsigned replace(struct call *call, struct party *replaced, struct server_txn *txn,
                        const struct party *from, bool early_only)
{
	const struct message *invite = server_txn_request(txn);
	struct call *next;
	size_t len;

	if ((call->state == CALL_CALLING || call->state == CALL_RINGING) &&
	    replaced == &call->callee) {
		if (!can_pick_up(call, invite))
			return 488;
		pick_up(call, txn, from);
		return 0;
	}
	if (call->state != CALL_UP)
		return 481; /* RFC 3891 3: an early dialog that we did not begin */
	if (early_only)
		return 486;
	if (call->transfer || !said_sdp(invite, &len))
		return call->transfer ? 491 : 488;
	if (call_new(&next, call->border))
		return 500;
	party_set(&next->callee, &from->who, from->number);
	next->callee.id = from->id;
	if (call_take_leg(next, &next->callee, txn)) {
		call_free(&next);
		return 500;
	}
	transfer_take_over(call, replaced, next);
	return 0;
}

/* The party whose leg has the dialog that a Join names; NULL: none of a call that stands. */
static const struct party *joined(struct border *b, const struct replaces *r, struct call **call)
{
	struct party *p;

	*call = replaces_find(b, r, &p);
	return *call && (*call)->state == CALL_UP ? p : NULL;
}

/* RFC 3911: we mix nothing. Whether it may go on to the other end, as a call; 0: it may. */
static unsigned judge_join(struct border *b, const char *value, const struct party *from)
{
	const struct party *p;
	struct replaces r;
	struct call *call;

	if (!replaces_read(value, &r))
		return 400;
	p = joined(b, &r, &call);
	return !p ? 481 : is_allowed(from, p) ? 0 : 403;
}

enum err pickup_add_join(struct call *call, const struct message *received, struct message *invite)
{
	const char *value = message_header(received, "Join", 0);
	const struct party *p, *other = NULL;
	char dialog[3 * REPLACES_MAX];
	struct call *stands;
	struct replaces r;

	if (!value)
		return OK;
	p = replaces_read(value, &r) ? joined(call->border, &r, &stands) : NULL;
	if (p)
		other = call_other(stands, p);
	if (!other || !other->leg || !party_same(&other->who, &call->callee.who) ||
	    leg_replaces(other->leg, dialog, sizeof(dialog)))
		return ERR_NOT_FOUND;
	message_put(invite, "Join", dialog);
	if (extension_in(received, "Require", "join"))
		message_put(invite, "Require", "join");
	return OK;
}

bool pickup_on_invite(struct border *b, struct server_txn *txn, const struct party *from)
{
	const struct message *invite = server_txn_request(txn);
	const char *value = message_header(invite, "Replaces", 0),
	           *join = message_header(invite, "Join", 0);
	struct party *replaced;
	struct replaces r;
	struct call *call;
	unsigned status;

	if (!value && !join)
		return false;
	if (join) { /* RFC 3911 4: not with Replaces */
		status = value ? 400 : judge_join(b, join, from);
		if (!status)
			return false;
	} else if (!replaces_read(value, &r))
		status = 400;
	else if (!(call = replaces_find(b, &r, &replaced)))
		status = 481;
	else if (!is_allowed(from, replaced))
		status = 403;
	else
		status = replace(call, replaced, txn, from, r.early_only);
	if (status)
		server_txn_reply(txn, status, NULL, NULL);
	return true;
}
