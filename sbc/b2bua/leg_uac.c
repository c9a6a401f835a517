/* A leg as the caller's user agent: our INVITE and what answers it (RFC 3261 13.2). Signalling
 * thread. */
#include <assert.h>
#include "base/log.h"
#include "sbc/b2bua/leg_internal.h"

enum err leg_new_uac(struct leg **out, const struct leg_env *env, const struct leg_uac_cfg *cfg,
                     const struct leg_handler *handler)
{
	struct leg *leg;
	struct dialog_uac_cfg dialog = { .from = cfg->from,
		                         .to = cfg->to,
		                         .request_uri = cfg->request_uri,
		                         .contact = cfg->contact };
	enum err err = leg_new(&leg, env, handler, cfg->target);

	if (err)
		return err;
	dialog.owner = leg;
	err = dialog_new_uac(&leg->dialog, env->dialogs, &dialog);
	if (err) {
		leg_free(&leg);
		return err;
	}
	if (cfg->flow)
		flow_copy(&leg->first_flow, cfg->flow);
	*out = leg;
	return OK;
}

enum err leg_invite(struct leg *leg, struct message **out)
{
	enum err err = dialog_request(leg->dialog, "INVITE", out);

	if (!err)
		message_add(*out, "Allow", "%s", LEG_ALLOW);
	return err;
}

static void send_ack(struct leg *leg, struct dialog *dialog)
{
	struct message *ack;
	enum err err = dialog_request(dialog, "ACK", &ack);

	if (!err) {
		if (leg->invite)
			credentials_copy(leg_request_message(leg->invite), ack);
		err = stack_send(leg->env->stack, ack, dialog_flow(dialog));
		message_free(&ack);
	}
	if (err)
		LOG(LOG_WARN, KV("call-id", leg_call_id(leg)), KV("event", "ack"),
		    KV("result", err_text(err)));
}

/* Two answered one INVITE: the second is confirmed and told that it was too late (13.2.2.4). */
static void hang_up_fork(struct leg *leg, const struct message *m, const struct flow *flow)
{
	static const struct client_txn_handler nobody;
	struct message *bye;
	struct client_txn *txn;
	struct dialog *fork;
	enum err err = dialog_new_fork(&fork, leg->dialog, m, flow);

	if (err)
		goto done;
	send_ack(leg, fork);
	err = dialog_request(fork, "BYE", &bye);
	if (!err) {
		credentials_add(leg->target.credentials, bye, false);
		err = client_txn_start(&txn, leg->env->stack, bye, flow, &nobody);
		message_free(&bye);
	}
	dialog_free(&fork);
done:
	LOG(LOG_INFO, KV("call-id", leg_call_id(leg)), KV("event", "second-answer"),
	    KV("result", err ? err_text(err) : "hung up"));
}

static void on_2xx(struct leg *leg, const struct message *m, const struct flow *flow)
{
	enum err err;

	if (leg->state != LEG_CALLING) {
		if (dialog_is_of(leg->dialog, m))
			send_ack(leg, leg->dialog); /* a copy: the ACK was lost (13.2.2.4) */
		else
			hang_up_fork(leg, m, flow);
		return;
	}
	err = dialog_on_answer(leg->dialog, m, flow);
	if (err) {
		leg_set_state(leg, LEG_OVER);
		leg_tell(leg, LEG_FAIL, NULL, err_text(err));
		return;
	}
	refresh_keep_theirs(&leg->refresh, m);
	leg_set_state(leg, LEG_STANDING);
	send_ack(leg, leg->dialog);
	leg_tell(leg, LEG_ANSWER, m, NULL);
}

static void on_response(struct leg *leg, const struct message *m, const struct flow *flow)
{
	unsigned status = message_status(m);

	if (leg->state == LEG_OVER)
		return;
	if (status >= 200 && status < 300) {
		on_2xx(leg, m, flow);
		return;
	}
	if (leg->state != LEG_CALLING)
		return;
	if (status < 200) {
		refresh_keep_theirs(&leg->refresh, m);
		if (dialog_on_answer(leg->dialog, m, flow) == OK)
			leg_tell(leg, LEG_PROGRESS, m, NULL);
		return;
	}
	leg_set_state(leg, LEG_OVER);
	leg_tell(leg, LEG_FAIL, m, NULL);
}

static void on_fail(struct leg *leg, const char *why)
{
	leg_set_state(leg, LEG_OVER);
	leg_tell(leg, LEG_FAIL, NULL, why);
}

enum err leg_send(struct leg *leg, struct message *invite)
{
	static const struct leg_request_handler handler = { on_response, on_fail, NULL };
	const char *sdp;
	size_t len;
	enum err err;

	assert(leg->state == LEG_NEW);
	sdp = message_body(invite, &len);
	refresh_keep_ours(&leg->refresh, sdp, len);
	err = leg_request_send(&leg->invite, leg, leg->dialog, invite, &handler);
	leg_set_state(leg, err ? LEG_OVER : LEG_CALLING);
	return err;
}

void leg_cancel(struct leg *leg)
{
	if (leg->state == LEG_CALLING)
		leg_request_cancel(leg->invite);
}
