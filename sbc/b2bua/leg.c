/* A leg: the user agent's part of RFC 3261 12 to 15 for one dialog: its life, its end, and what the
 * peer asks within it. Signalling thread. */
#include "sbc/b2bua/leg.h"

#include <string.h>
#include "base/log.h"
#include "base/mem.h"
#include "sbc/b2bua/extensions.h"
#include "sbc/b2bua/leg_internal.h"

bool leg_leaves(const struct leg *leg)
{
	return leg->state == LEG_LEAVING || leg->state == LEG_HANGING_UP || leg->state == LEG_OVER;
}

void leg_set_state(struct leg *leg, enum leg_state state)
{
	leg->state = state;
	if (!leg_leaves(leg))
		return;
	session_timer_stop(&leg->session);
	timer_stop(&leg->patience);
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
	timer_stop(&leg->patience);
	session_timer_stop(&leg->session);
	reliable_close(&leg->reliable);
	server_txn_detach(&leg->invited);
	server_txn_detach(&leg->theirs);
	leg_requests_free(leg);
	mem_wipe_text(&leg->offered);
	mem_free(leg->leaving_because);
	for (size_t i = 0; i < leg->nforks; i++) {
		dialog_free(&leg->forks[i].dialog);
		said_free(&leg->forks[i].said);
	}
	flow_clear(&leg->first_flow);
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
	leg->fork = leg->forks;
	leg->nforks = 1;
	LIST_INIT(&leg->requests);
	*out = leg;
	return OK;
}

enum err leg_make_response(struct leg *leg, const struct server_txn *txn, unsigned status,
                           struct message **out)
{
	const struct message *request = server_txn_request(txn);
	enum method method = message_method(request);
	enum err err = message_new_response(out, request, &server_txn_flow(txn)->peer, status, NULL,
	                                    dialog_local_tag(leg->fork->dialog));

	if (err || status >= 300)
		return err;
	if (method == METHOD_INVITE || method == METHOD_UPDATE)
		message_join(*out, "Contact", "<", dialog_contact(leg->fork->dialog), ">", NULL);
	leg_add_abilities(leg, *out);
	return OK;
}

void leg_dress(struct leg *leg, struct message *m)
{
	if (leg->handler.on_send)
		leg->handler.on_send(leg->handler.arg, leg, m);
}

void leg_add_abilities(const struct leg *leg, struct message *m)
{
	message_put(m, "Allow", LEG_ALLOW);
	message_join(m, "Supported", leg->no_prack ? "" : "100rel, ",
	             leg->session.cfg.expires_s > 0 ? "timer, " : "", "replaces", NULL);
}

void leg_note_allow(struct leg *leg, const struct message *m)
{
	if (!message_header(m, "Allow", 0))
		return;
	leg->peer_updates = extension_in(m, "Allow", "UPDATE");
	leg_pass_note_allow(leg, m);
}

struct leg_fork *leg_fork_of(struct leg *leg, const struct message *m)
{
	const struct dialog *dlg = dialog_of(leg->fork->dialog, m);

	for (size_t i = 0; dlg && i < leg->nforks; i++) {
		if (leg->forks[i].dialog == dlg)
			return &leg->forks[i];
	}
	return NULL;
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
	enum err err = dialog_request(leg->fork->dialog, "BYE", &bye);

	if (err)
		return err;
	if (reason)
		message_put(bye, "Reason", reason);
	err = leg_request_send(NULL, leg, leg->fork->dialog, bye, &handler);
	message_free(&bye);
	return err;
}

static void on_late_gone(void *arg)
{
	struct leg *leg = arg;

	leg_set_state(leg, LEG_OVER);
	leg_tell(leg, LEG_GONE, NULL, "no BYE was sent");
}

void leg_bye(struct leg *leg)
{
	leg_bye_because(leg, NULL);
}

void leg_bye_because(struct leg *leg, const char *reason)
{
	enum err err;

	if (leg->answer_held) { /* there is nothing to hang up yet */
		leg_reject(leg, 480, NULL);
		timer_start(stack_timers(leg->env->stack), &leg->late, 0, on_late_gone, leg);
		return;
	}
	if (leg->state != LEG_STANDING && leg->state != LEG_UNACKED && leg->state != LEG_LEAVING)
		return;
	if (leg->invited)
		server_txn_acked(leg->invited); /* no more copies of a 2xx that we take back */
	leg_drop_asked(leg);
	leg_drop_held(leg);
	leg_set_state(leg, LEG_HANGING_UP);
	err = send_bye(leg, reason);
	if (!err)
		return;
	LOG(LOG_WARN, KV("call-id", leg_call_id(leg)), KV("event", "bye"),
	    KV("result", err_text(err)));
	timer_start(stack_timers(leg->env->stack), &leg->late, 0, on_late_gone, leg);
}

void leg_bye_after_ack(struct leg *leg, const char *reason)
{
	if (leg->state != LEG_UNACKED) {
		leg_bye(leg);
		return;
	}
	leg_drop_asked(leg);
	leg->leaving_because = reason ? mem_strdup(reason) : NULL;
	leg_set_state(leg, LEG_LEAVING);
}

void leg_leave(struct leg *leg)
{
	leg_bye_because(leg, leg->leaving_because);
}

static void on_bye(struct leg *leg, struct server_txn *txn, const struct message *request)
{
	server_txn_reply(txn, 200, NULL, NULL);
	if (leg->state == LEG_OVER)
		return;
	leg_uas_on_bye(leg);
	leg_drop_asked(leg);
	leg_requests_free(leg);
	timer_stop(&leg->late);
	leg_set_state(leg, LEG_OVER);
	leg_tell(leg, LEG_BYE, request, NULL);
}

static void reply_with_allow(struct leg *leg, struct server_txn *txn, unsigned status)
{
	struct message *m;

	if (leg_make_response(leg, txn, status, &m))
		return;
	if (status >= 300)
		message_put(m, "Allow", LEG_ALLOW);
	if (server_txn_respond(txn, m))
		LOG(LOG_WARN, KV("call-id", leg_call_id(leg)), KVN("code", status),
		    KV("result", "could not be sent"));
	message_free(&m);
}

static void on_other(struct leg *leg, struct server_txn *txn, const struct message *request)
{
	if (leg_leaves(leg))
		server_txn_reply(txn, 481, NULL, NULL);
	else if (!leg->handler.on_request ||
	         !leg->handler.on_request(leg->handler.arg, leg, txn, request))
		reply_with_allow(leg, txn, 405);
}

void leg_on_request(struct leg *leg, struct server_txn *txn, const struct message *request)
{
	struct leg_fork *fork = leg_fork_of(leg, request);
	enum err err;

	/* A fork that did not get the call is over (13.2.2.4). */
	if (!fork || (fork != leg->fork && leg->state != LEG_CALLING)) {
		server_txn_reply(txn, 481, NULL, NULL);
		return;
	}
	err = dialog_on_request(fork->dialog, request, server_txn_flow(txn));
	if (err) {
		dialog_refuse(txn, err);
		return;
	}
	switch (message_method(request)) {
	case METHOD_BYE:
		on_bye(leg, txn, request);
		return;
	case METHOD_INVITE:
		leg_on_reinvite(leg, txn, request);
		return;
	case METHOD_PRACK:
		leg_on_prack(leg, txn, request);
		return;
	case METHOD_UPDATE:
		leg_on_update(leg, fork, txn, request);
		return;
	case METHOD_OPTIONS:
		reply_with_allow(leg, txn, 200);
		return;
	case METHOD_ACK:
	case METHOD_CANCEL:
	case METHOD_REGISTER:
		reply_with_allow(leg, txn, 405);
		return;
	case METHOD_OTHER:
		on_other(leg, txn, request);
		return;
	}
}

bool leg_is_gone(const struct leg *leg)
{
	return leg->state == LEG_OVER || leg->state == LEG_NEW;
}

const char *leg_peer_sdp(const struct leg *leg)
{
	return leg->fork->said.theirs;
}

bool leg_said(const struct leg *leg, const char *sdp)
{
	const char *ours = leg->fork->said.ours;

	return ours && strcmp(ours, sdp) == 0;
}

bool leg_agreed(const struct leg *leg)
{
	return leg->fork->said.turn == SAID_AGREED;
}

const char *leg_call_id(const struct leg *leg)
{
	return dialog_call_id(leg->fork->dialog);
}

const struct flow *leg_flow(const struct leg *leg)
{
	return dialog_flow(leg->fork->dialog);
}
