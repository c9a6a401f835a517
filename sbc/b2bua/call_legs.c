/* A call's legs: what they bring becomes the call's events, and who calls us gets one. Signalling
 * thread. */
#include "base/mem.h"
#include "sbc/b2bua/names.h"
#include "sbc/b2bua/redirect.h"
#include "sbc/b2bua/transfer.h"

struct session_timer_cfg call_session(const struct config_realm *realm)
{
	return (struct session_timer_cfg){ .expires_s = realm->session_expires_ms / 1000,
		                           .min_se_s = realm->min_se_ms / 1000 };
}

static void on_failure(struct call *call, const struct call_news *news)
{
	const struct message *m = news->message;

	if (call->callee.trunk && call->state != CALL_CANCELLING)
		trunk_report(call->callee.trunk, m ? NULL : news->why);
	if (m && (call->state == CALL_CALLING || call->state == CALL_RINGING))
		redirect_follow(call, m);
	call_event(call,
	           targets_try_again(call, m) || targets_go_on(call, m) ? EV_CALLEE_NEXT
	                                                                : EV_CALLEE_FAIL,
	           news);
}

static void take_event(struct call *call, enum leg_event event, const struct call_news *news,
                       struct leg *leg)
{
	bool caller = leg == call->caller.leg;

	switch (event) {
	case LEG_PROGRESS:
		call_event(call, EV_CALLEE_PROGRESS, news);
		return;
	case LEG_ANSWER:
		if (call->callee.trunk)
			trunk_report(call->callee.trunk, NULL);
		call->callee.id.withheld = caller_id_hides(news->message);
		call_event(call, EV_CALLEE_ANSWER, news);
		return;
	case LEG_FAIL:
		on_failure(call, news);
		return;
	case LEG_CANCEL:
		if (caller)
			call_event(call, EV_CALLER_CANCEL, news);
		return;
	case LEG_ACK:
		if (caller)
			call_event(call, EV_CALLER_ACK, news);
		else /* it called, to take somebody's place */
			exchange_on_leg(call, SIDE_CALLEE, LEG_FREE, news->message, NULL);
		return;
	case LEG_NO_ACK:
		if (caller)
			call_event(call, EV_CALLER_NO_ACK, news);
		else /* as above */
			leg_lose(leg, news->why);
		return;
	case LEG_BYE:
	case LEG_LOST:
		call_event(call, caller ? EV_CALLER_BYE : EV_CALLEE_BYE, news);
		return;
	case LEG_OFFER:
	case LEG_FETCH:
	case LEG_WITHDRAWN:
	case LEG_CHANGED:
	case LEG_REFUSED:
	case LEG_ANSWERED:
	case LEG_MOVED:
	case LEG_FREE:
		exchange_on_leg(call, caller ? SIDE_CALLER : SIDE_CALLEE, event, news->message,
		                news->why);
		return;
	case LEG_GONE:
		return;
	}
}

static void on_event(void *arg, struct leg *leg, enum leg_event event, const struct message *m,
                     const char *why)
{
	struct call *call = arg;
	const struct call_news news = { .leg = leg, .message = m, .why = why };

	if (!targets_on_event(call, leg, event) && !transfer_takes(call, leg, event, m))
		take_event(call, event, &news, leg);
	call_check_gone(call);
}

struct leg_handler call_leg_handler(struct call *call)
{
	return (struct leg_handler){ .on_event = on_event,
		                     .on_request = pass_on_request,
		                     .on_send = call_on_send,
		                     .arg = call };
}

enum err call_take_leg(struct call *call, struct party *p, struct server_txn *txn)
{
	const struct leg_handler handler = call_leg_handler(call);
	struct target target;
	char contact[URI_MAX_LEN];
	const struct leg_uas_cfg cfg = { .contact = contact,
		                         .target = &target,
		                         .phone = party_phone(&p->who),
		                         .session = call_session(p->realm) };
	enum err err;

	call_target(call->border, p, &target);
	party_contact(p, txn, contact, sizeof(contact));
	err = leg_new_uas(&p->leg, &call->border->env, txn, &cfg, &handler);
	if (err)
		return err;
	p->call_id = mem_strdup(leg_call_id(p->leg));
	call_note_leg(p);
	return OK;
}

void party_move(struct call *call, struct party *to, struct party *from)
{
	const struct leg_handler handler = call_leg_handler(call);
	struct target target;

	*to = *from;
	to->target = NULL; /* of the call that is left */
	from->leg = NULL;
	from->trunk = NULL;
	from->limit = NULL;
	from->call_id = to->call_id ? mem_strdup(to->call_id) : NULL;
	call_target(call->border, to, &target);
	leg_hand_over(to->leg, &handler, &target);
}
