/* A leg as the callee's user agent: an INVITE that the peer sent and its answers (RFC 3261 13.3).
 * Signalling thread. */
#include <stdio.h>
#include <string.h>
#include "sbc/b2bua/leg_internal.h"

static void on_cancel(void *arg)
{
	struct leg *leg = arg;

	leg_tell(leg, LEG_CANCEL, server_txn_request(leg->invited), NULL);
}

static void on_no_ack(void *arg)
{
	struct leg *leg = arg;

	/* The dialog stands all the same (13.3.1.4): it wants a BYE. */
	leg_set_state(leg, LEG_STANDING);
	leg_tell(leg, LEG_NO_ACK, NULL, "the caller did not confirm the call with an ACK");
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
	struct leg *leg;
	enum err err = leg_new(&leg, env, handler, target);

	if (err)
		return err;
	err = dialog_new_uas(&leg->dialog, env->dialogs, server_txn_request(txn),
	                     server_txn_flow(txn), contact, leg);
	if (err) {
		leg_free(&leg);
		return err;
	}
	refresh_keep_theirs(&leg->refresh, server_txn_request(txn));
	leg->invited = txn;
	txn_handler.arg = leg;
	server_txn_set_handler(txn, &txn_handler);
	leg_set_state(leg, LEG_WAITING);
	*out = leg;
	return OK;
}

enum err leg_progress(struct leg *leg, unsigned status, const char *phrase, const char *sdp)
{
	struct message *m;
	enum err err;

	if (leg->state != LEG_WAITING || !leg->invited)
		return ERR_NOT_NOW;
	err = leg_make_response(leg, leg->invited, status, phrase, &m);
	if (err)
		return err;
	if (sdp)
		message_set_body(m, "application/sdp", sdp, strlen(sdp));
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
		leg_set_state(leg, LEG_UNACKED);
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
		err = leg_make_response(leg, leg->invited, status, phrase, &m);
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
	leg_set_state(leg, LEG_OVER);
}

void leg_on_ack(struct leg *leg, const struct message *ack, const struct flow *flow)
{
	if (dialog_on_request(leg->dialog, ack, flow) || refresh_acked(&leg->refresh) ||
	    leg->state != LEG_UNACKED)
		return;
	if (leg->invited)
		server_txn_acked(leg->invited);
	leg_set_state(leg, LEG_STANDING);
	leg_tell(leg, LEG_ACK, ack, NULL);
}

void leg_uas_on_bye(struct leg *leg)
{
	if (!leg->invited)
		return;
	server_txn_acked(leg->invited);
	if (leg->state == LEG_WAITING) /* 15.1.2: an INVITE that still waits gets 487 */
		server_txn_reply(leg->invited, 487, NULL, dialog_local_tag(leg->dialog));
	server_txn_detach(&leg->invited);
}

const struct message *leg_received_invite(const struct leg *leg)
{
	return leg->invited && leg->state == LEG_WAITING ? server_txn_request(leg->invited) : NULL;
}
