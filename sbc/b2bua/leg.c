/* A leg: the user agent's part of RFC 3261 13 to 15 for one dialog. Signalling thread. */
#include "sbc/b2bua/leg.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include "base/log.h"
#include "base/mem.h"
#include "sbc/b2bua/refresh.h"

enum leg_state {
	LEG_NEW,        /* ours: nothing sent yet */
	LEG_CALLING,    /* ours: INVITE is out */
	LEG_WAITING,    /* theirs: INVITE waits for an answer */
	LEG_UNACKED,    /* theirs: 2xx is out */
	LEG_STANDING,   /* the dialog is confirmed */
	LEG_HANGING_UP, /* BYE is out */
	LEG_OVER,
};

struct leg {
	enum leg_state state;
	const struct leg_env *env;
	struct leg_handler handler;
	struct dialog *dialog;
	struct server_txn *invited; /* theirs: until it ends */
	struct request *request;    /* ours: INVITE, then BYE */
	struct message *bye;
	struct target target; /* when the flow of the dialog is gone */
	struct flow first_flow;
	struct refresh refresh;
	struct timer late; /* tells of a BYE that could not be sent, outside of leg_bye */
};

static void set_state(struct leg *leg, enum leg_state state)
{
	leg->state = state;
}

static void tell(struct leg *leg, enum leg_event event, const struct message *m, const char *why)
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
	request_free(&leg->request);
	message_free(&leg->bye);
	dialog_free(&leg->dialog);
	flow_clear(&leg->first_flow);
	refresh_free(&leg->refresh);
	mem_free(leg);
	*lp = NULL;
}

static struct leg *leg_new(const struct leg_env *env, const struct leg_handler *handler)
{
	struct leg *leg = mem_zalloc(sizeof(*leg));

	if (!leg)
		return NULL;
	leg->env = env;
	leg->handler = *handler;
	return leg;
}

/* --- the callee's side --- */

static void on_cancel(void *arg)
{
	struct leg *leg = arg;

	tell(leg, LEG_CANCEL, server_txn_request(leg->invited), NULL);
}

static void on_no_ack(void *arg)
{
	struct leg *leg = arg;

	/* The dialog stands all the same (13.3.1.4): it wants a BYE. */
	set_state(leg, LEG_STANDING);
	tell(leg, LEG_NO_ACK, NULL, "the caller did not confirm the call with an ACK");
}

static void on_invite_end(void *arg)
{
	struct leg *leg = arg;

	leg->invited = NULL;
}

enum err leg_new_uas(struct leg **out, const struct leg_env *env, struct server_txn *txn,
                     const char *contact, const struct target *target,
                     const struct leg_handler *handler)
{
	struct server_txn_handler txn_handler = { .on_cancel = on_cancel,
		                                  .on_no_ack = on_no_ack,
		                                  .on_end = on_invite_end };
	struct leg *leg = leg_new(env, handler);
	enum err err;

	if (!leg)
		return ERR_NOMEM;
	err = dialog_new_uas(&leg->dialog, env->dialogs, server_txn_request(txn),
	                     server_txn_flow(txn), contact, leg);
	if (err) {
		leg_free(&leg);
		return err;
	}
	refresh_keep_theirs(&leg->refresh, server_txn_request(txn));
	leg->invited = txn;
	leg->target = *target;
	txn_handler.arg = leg;
	server_txn_set_handler(txn, &txn_handler);
	set_state(leg, LEG_WAITING);
	*out = leg;
	return OK;
}

static enum err make_answer(struct leg *leg, unsigned status, const char *phrase, const char *sdp,
                            struct message **out)
{
	enum err err = message_new_response(out, server_txn_request(leg->invited),
	                                    &server_txn_flow(leg->invited)->peer, status, phrase,
	                                    dialog_local_tag(leg->dialog));

	if (err)
		return err;
	if (status < 300) {
		message_add(*out, "Contact", "<%s>", dialog_contact(leg->dialog));
		message_add(*out, "Allow", "%s", LEG_ALLOW);
	}
	if (sdp)
		message_set_body(*out, "application/sdp", sdp, strlen(sdp));
	return OK;
}

enum err leg_progress(struct leg *leg, unsigned status, const char *phrase, const char *sdp)
{
	struct message *m;
	enum err err;

	if (leg->state != LEG_WAITING || !leg->invited)
		return ERR_NOT_NOW;
	err = make_answer(leg, status, phrase, sdp, &m);
	if (err)
		return err;
	err = server_txn_respond(leg->invited, m);
	message_free(&m);
	if (!err)
		refresh_keep_ours(&leg->refresh, sdp, sdp ? strlen(sdp) : 0);
	return err;
}

enum err leg_answer(struct leg *leg, const char *sdp)
{
	enum err err = leg_progress(leg, 200, NULL, sdp);

	if (!err)
		set_state(leg, LEG_UNACKED);
	return err;
}

/* A Warning whose text may hold a peer's words: none of them ends the quoted string (20.43). */
static void add_warning(struct message *m, const char *why)
{
	char text[256];

	snprintf(text, sizeof(text), "%s", why);
	for (char *p = text; *p; p++) {
		if (*p == '"' || *p == '\\' || (unsigned char)*p < ' ')
			*p = '\'';
	}
	message_add(m, "Warning", "399 trunkgate \"%s\"", text);
}

void leg_reject(struct leg *leg, unsigned status, const char *phrase, const char *why)
{
	struct message *m;
	enum err err = ERR_NOT_NOW;

	if (leg->state == LEG_WAITING && leg->invited) {
		err = make_answer(leg, status, phrase, NULL, &m);
		if (!err) {
			if (why)
				add_warning(m, why);
			err = server_txn_respond(leg->invited, m);
			message_free(&m);
		}
		if (err)
			server_txn_reply(leg->invited, status, phrase,
			                 dialog_local_tag(leg->dialog));
	}
	server_txn_detach(&leg->invited);
	set_state(leg, LEG_OVER);
}

void leg_on_ack(struct leg *leg, const struct message *ack, const struct flow *flow)
{
	if (dialog_on_request(leg->dialog, ack, flow) || refresh_acked(&leg->refresh) ||
	    leg->state != LEG_UNACKED)
		return;
	if (leg->invited)
		server_txn_acked(leg->invited);
	set_state(leg, LEG_STANDING);
	tell(leg, LEG_ACK, ack, NULL);
}

/* --- the caller's side --- */

enum err leg_new_uac(struct leg **out, const struct leg_env *env, const struct leg_uac_cfg *cfg,
                     const struct leg_handler *handler)
{
	struct leg *leg = leg_new(env, handler);
	struct dialog_uac_cfg dialog = { .from = cfg->from,
		                         .to = cfg->to,
		                         .request_uri = cfg->request_uri,
		                         .contact = cfg->contact,
		                         .owner = leg };
	enum err err;

	if (!leg)
		return ERR_NOMEM;
	err = dialog_new_uac(&leg->dialog, env->dialogs, &dialog);
	if (err) {
		leg_free(&leg);
		return err;
	}
	leg->target = *cfg->target;
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
		set_state(leg, LEG_OVER);
		tell(leg, LEG_FAIL, NULL, err_text(err));
		return;
	}
	refresh_keep_theirs(&leg->refresh, m);
	set_state(leg, LEG_STANDING);
	send_ack(leg, leg->dialog);
	tell(leg, LEG_ANSWER, m, NULL);
}

static void on_invite_response(void *arg, const struct message *m, const struct flow *flow)
{
	struct leg *leg = arg;
	unsigned status = message_status(m);

	if (status == 100 || leg->state == LEG_OVER)
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
			tell(leg, LEG_PROGRESS, m, NULL);
		return;
	}
	set_state(leg, LEG_OVER);
	tell(leg, LEG_FAIL, m, NULL);
}

static void on_invite_fail(void *arg, enum err err, const char *why)
{
	struct leg *leg = arg;

	(void)err;
	set_state(leg, LEG_OVER);
	tell(leg, LEG_FAIL, NULL, why);
}

enum err leg_send(struct leg *leg, struct message *invite)
{
	struct request_handler handler = { .on_response = on_invite_response,
		                           .on_fail = on_invite_fail,
		                           .arg = leg };
	const char *sdp;
	size_t len;
	enum err err;

	assert(leg->state == LEG_NEW);
	sdp = message_body(invite, &len);
	refresh_keep_ours(&leg->refresh, sdp, len);
	err = request_start(&leg->request, leg->env->stack, invite, &leg->target, &leg->first_flow,
	                    &handler);
	set_state(leg, err ? LEG_OVER : LEG_CALLING);
	return err;
}

void leg_cancel(struct leg *leg)
{
	if (leg->state == LEG_CALLING)
		request_cancel(leg->request);
}

/* --- both --- */

static void on_bye_response(void *arg, const struct message *m, const struct flow *flow)
{
	struct leg *leg = arg;

	(void)flow;
	if (message_status(m) < 200)
		return;
	set_state(leg, LEG_OVER);
	tell(leg, LEG_GONE, m, NULL);
}

static void on_bye_fail(void *arg, enum err err, const char *why)
{
	struct leg *leg = arg;

	(void)err;
	LOG(LOG_WARN, KV("call-id", leg_call_id(leg)), KV("event", "bye"), KV("result", why));
	set_state(leg, LEG_OVER);
	tell(leg, LEG_GONE, NULL, why);
}

/* Where a BYE goes once the flow of the dialog is gone: to the peer's Contact, under the rules of
 * the trunk. */
static void aim(struct leg *leg, struct target *out)
{
	struct uri hop;

	*out = leg->target;
	if (!dialog_next_hop(leg->dialog, &hop))
		return;
	out->host = hop.host;
	out->port = hop.port;
	out->srv = !hop.port && leg->target.srv;
	if (!out->tls)
		out->transport = hop.has_transport && hop.transport == TRANSPORT_TCP
		                     ? TRANSPORT_TCP
		                     : TRANSPORT_UDP;
}

static enum err send_bye(struct leg *leg, const char *reason)
{
	struct request_handler handler = { .on_response = on_bye_response,
		                           .on_fail = on_bye_fail,
		                           .arg = leg };
	struct target target;
	enum err err;

	request_free(&leg->request);
	message_free(&leg->bye);
	err = dialog_request(leg->dialog, "BYE", &leg->bye);
	if (err)
		return err;
	if (reason)
		message_add(leg->bye, "Reason", "%s", reason);
	aim(leg, &target);
	return request_start(&leg->request, leg->env->stack, leg->bye, &target,
	                     dialog_flow(leg->dialog), &handler);
}

static void on_late_gone(void *arg)
{
	struct leg *leg = arg;

	set_state(leg, LEG_OVER);
	tell(leg, LEG_GONE, NULL, "the BYE could not be sent");
}

void leg_bye(struct leg *leg, const char *reason)
{
	enum err err;

	if (leg->state != LEG_STANDING && leg->state != LEG_UNACKED)
		return;
	if (leg->invited)
		server_txn_acked(leg->invited); /* no more copies of a 2xx that we take back */
	set_state(leg, LEG_HANGING_UP);
	err = send_bye(leg, reason);
	if (!err)
		return;
	LOG(LOG_WARN, KV("call-id", leg_call_id(leg)), KV("event", "bye"),
	    KV("result", err_text(err)));
	timer_start(stack_timers(leg->env->stack), &leg->late, 0, on_late_gone, leg);
}

static void on_bye(struct leg *leg, struct server_txn *txn, const struct message *request)
{
	bool waiting = leg->state == LEG_WAITING;

	server_txn_reply(txn, 200, NULL, NULL);
	if (leg->state == LEG_OVER)
		return;
	if (leg->invited) {
		server_txn_acked(leg->invited);
		if (waiting) /* 15.1.2: an INVITE that still waits gets 487 */
			server_txn_reply(leg->invited, 487, NULL, dialog_local_tag(leg->dialog));
	}
	server_txn_detach(&leg->invited);
	request_free(&leg->request);
	timer_stop(&leg->late);
	set_state(leg, LEG_OVER);
	tell(leg, LEG_BYE, request, NULL);
}

static void reply_with_allow(struct leg *leg, struct server_txn *txn, unsigned status)
{
	struct message *m;

	if (message_new_response(&m, server_txn_request(txn), &server_txn_flow(txn)->peer, status,
	                         NULL, dialog_local_tag(leg->dialog)))
		return;
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

const struct message *leg_received_invite(const struct leg *leg)
{
	return leg->invited && leg->state == LEG_WAITING ? server_txn_request(leg->invited) : NULL;
}
