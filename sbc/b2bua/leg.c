/* A leg: the user agent's part of RFC 3261 12 to 15 for one dialog: its life, its end, and what the
 * peer asks within it. Signalling thread. */
#include "sbc/b2bua/leg.h"

#include "base/log.h"
#include "base/mem.h"
#include "sbc/b2bua/leg_internal.h"

void leg_set_state(struct leg *leg, enum leg_state state)
{
	leg->state = state;
}

void leg_tell(struct leg *leg, enum leg_event event, const struct message *m, const char *why)
{
	leg->handler.on_event(leg->handler.arg, leg, event, m, why);
}

void leg_free(struct leg **lp)
{
	struct leg *leg = *lp;

	if (!leg)
		return;
	timer_stop(&leg->late);
	server_txn_detach(&leg->invited);
	leg_requests_free(leg);
	dialog_free(&leg->dialog);
	flow_clear(&leg->first_flow);
	refresh_free(&leg->refresh);
	mem_free(leg);
	*lp = NULL;
}

enum err leg_new(struct leg **out, const struct leg_env *env, const struct leg_handler *handler,
                 const struct target *target)
{
	struct leg *leg = mem_zalloc(sizeof(*leg));

	if (!leg)
		return ERR_NOMEM;
	leg->env = env;
	leg->handler = *handler;
	leg->target = *target;
	LIST_INIT(&leg->requests);
	*out = leg;
	return OK;
}

enum err leg_make_response(struct leg *leg, const struct server_txn *txn, unsigned status,
                           const char *phrase, struct message **out)
{
	enum err err =
	    message_new_response(out, server_txn_request(txn), &server_txn_flow(txn)->peer, status,
	                         phrase, dialog_local_tag(leg->dialog));

	if (err || status >= 300)
		return err;
	if (message_method(server_txn_request(txn)) == METHOD_INVITE)
		message_add(*out, "Contact", "<%s>", dialog_contact(leg->dialog));
	message_add(*out, "Allow", "%s", LEG_ALLOW);
	return OK;
}

static void on_bye_response(struct leg *leg, const struct message *m, const struct flow *flow)
{
	(void)flow;
	if (message_status(m) < 200)
		return;
	leg_set_state(leg, LEG_OVER);
	leg_tell(leg, LEG_GONE, m, NULL);
}

static void on_bye_fail(struct leg *leg, const char *why)
{
	LOG(LOG_WARN, KV("call-id", leg_call_id(leg)), KV("event", "bye"), KV("result", why));
	leg_set_state(leg, LEG_OVER);
	leg_tell(leg, LEG_GONE, NULL, why);
}

static enum err send_bye(struct leg *leg, const char *reason)
{
	static const struct leg_request_handler handler = { on_bye_response, on_bye_fail, NULL };
	struct message *bye;
	enum err err = dialog_request(leg->dialog, "BYE", &bye);

	if (err)
		return err;
	if (reason)
		message_add(bye, "Reason", "%s", reason);
	err = leg_request_send(NULL, leg, leg->dialog, bye, &handler);
	message_free(&bye);
	return err;
}

static void on_late_gone(void *arg)
{
	struct leg *leg = arg;

	leg_set_state(leg, LEG_OVER);
	leg_tell(leg, LEG_GONE, NULL, "the BYE could not be sent");
}

void leg_bye(struct leg *leg, const char *reason)
{
	enum err err;

	if (leg->state != LEG_STANDING && leg->state != LEG_UNACKED)
		return;
	if (leg->invited)
		server_txn_acked(leg->invited); /* no more copies of a 2xx that we take back */
	leg_set_state(leg, LEG_HANGING_UP);
	err = send_bye(leg, reason);
	if (!err)
		return;
	LOG(LOG_WARN, KV("call-id", leg_call_id(leg)), KV("event", "bye"),
	    KV("result", err_text(err)));
	timer_start(stack_timers(leg->env->stack), &leg->late, 0, on_late_gone, leg);
}

static void on_bye(struct leg *leg, struct server_txn *txn, const struct message *request)
{
	server_txn_reply(txn, 200, NULL, NULL);
	if (leg->state == LEG_OVER)
		return;
	leg_uas_on_bye(leg);
	leg_requests_free(leg);
	timer_stop(&leg->late);
	leg_set_state(leg, LEG_OVER);
	leg_tell(leg, LEG_BYE, request, NULL);
}

static void reply_with_allow(struct leg *leg, struct server_txn *txn, unsigned status)
{
	struct message *m;

	if (leg_make_response(leg, txn, status, NULL, &m))
		return;
	if (status >= 300)
		message_add(m, "Allow", "%s", LEG_ALLOW);
	if (server_txn_respond(txn, m))
		LOG(LOG_WARN, KV("call-id", leg_call_id(leg)), KVN("code", status),
		    KV("result", "could not be sent"));
	message_free(&m);
}

/* 14.2: a session that cannot be changed stays as it is. */
static void on_reinvite(struct leg *leg, struct server_txn *txn, const struct message *request)
{
	if (leg->state != LEG_STANDING)
		server_txn_reply(txn, 491, NULL, NULL);
	else if (refresh_is_one(&leg->refresh, request))
		refresh_answer(&leg->refresh, txn, dialog_local_tag(leg->dialog),
		               dialog_contact(leg->dialog));
	else
		server_txn_reply(txn, 488, NULL, NULL);
}

void leg_on_request(struct leg *leg, struct server_txn *txn, const struct message *request)
{
	enum err err = dialog_on_request(leg->dialog, request, server_txn_flow(txn));

	if (err) {
		/* 12.2.2: out of order is 500; from somebody else it is as if there were no dialog.
		 */
		server_txn_reply(txn, err == ERR_REFUSED ? 500 : 481,
		                 err == ERR_REFUSED ? "CSeq Out Of Order" : NULL, NULL);
		return;
	}
	switch (message_method(request)) {
	case METHOD_BYE:
		on_bye(leg, txn, request);
		return;
	case METHOD_INVITE:
		on_reinvite(leg, txn, request);
		return;
	case METHOD_OPTIONS:
		reply_with_allow(leg, txn, 200);
		return;
	case METHOD_ACK:
	case METHOD_CANCEL:
	case METHOD_REGISTER:
	case METHOD_OTHER:
		reply_with_allow(leg, txn, 405);
		return;
	}
}

bool leg_is_gone(const struct leg *leg)
{
	return leg->state == LEG_OVER || leg->state == LEG_NEW;
}

const char *leg_call_id(const struct leg *leg)
{
	return dialog_call_id(leg->dialog);
}

const struct flow *leg_flow(const struct leg *leg)
{
	return dialog_flow(leg->dialog);
}
