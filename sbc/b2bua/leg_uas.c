/* A leg as the callee's user agent: an INVITE that the peer sent and its answers (RFC 3261 13.3,
 * RFC 3262 3). To a peer that can acknowledge them, provisional answers with a session description
 * go reliably, and all others when it requires that. Signalling thread. */
#include <stdio.h>
#include <string.h>
#include "sbc/b2bua/extensions.h"
#include "sbc/b2bua/leg_internal.h"

static void on_cancel(void *arg, const struct message *cancel)
{
	struct leg *leg = arg;

	leg_tell(leg, LEG_CANCEL, cancel, NULL);
}

static void on_no_ack(void *arg)
{
	struct leg *leg = arg;

	if (leg->state == LEG_LEAVING) {
		leg_leave(leg);
		return;
	}
	/* The dialog stands all the same (13.3.1.4): it wants a BYE. */
	leg_set_state(leg, LEG_STANDING);
	leg_tell(leg, LEG_NO_ACK, NULL, "the caller did not confirm the call with an ACK");
}

static void on_invite_end(void *arg)
{
	struct leg *leg = arg;

	reliable_stop(&leg->reliable);
	leg->invited = NULL;
}

static void on_no_prack(void *arg)
{
	static const char why[] = "the caller did not acknowledge a reliable answer with a PRACK";
	struct leg *leg = arg;

	leg_reject(leg, 504, why);
	leg_tell(leg, LEG_LOST, NULL, why);
}

static void take_invite(struct leg *leg, struct server_txn *txn)
{
	const struct server_txn_handler handler = {
		.on_cancel = on_cancel, .on_no_ack = on_no_ack, .on_end = on_invite_end, .arg = leg
	};
	const struct message *invite = server_txn_request(txn);

	said_keep_theirs(&leg->fork->said, invite);
	leg->fork->said.turn = leg->fork->said.theirs ? SAID_THEIRS : SAID_NOTHING;
	if (extension_in(invite, "Require", "100rel"))
		leg->rely = RELY_ALWAYS;
	else if (extension_in(invite, "Supported", "100rel"))
		leg->rely = RELY_WITH_SDP;
	leg_note_allow(leg, invite);
	reliable_open(&leg->reliable, leg->env->stack, txn, on_no_prack, leg);
	leg->invited = txn;
	server_txn_set_handler(txn, &handler);
	leg_set_state(leg, LEG_WAITING);
}

enum err leg_new_uas(struct leg **out, const struct leg_env *env, struct server_txn *txn,
                     const struct leg_uas_cfg *cfg, const struct leg_handler *handler)
{
	struct leg *leg;
	enum err err = leg_new(&leg, env, handler, cfg->target);

	if (err)
		return err;
	leg->phone = cfg->phone;
	err = dialog_new_uas(&leg->fork->dialog, env->dialogs, server_txn_request(txn),
	                     server_txn_flow(txn), cfg->contact, leg);
	if (err) {
		leg_free(&leg);
		return err;
	}
	leg_refresh_open(leg, &cfg->session);
	take_invite(leg, txn);
	*out = leg;
	return OK;
}

bool leg_can_prack(const struct leg *leg)
{
	return leg->rely != RELY_NEVER;
}

/* What an answer to the INVITE may say of the session: one that is sent until it has come is the
 * last (RFC 3262 5, RFC 6337 2.2). An offer must be one of these, or stand in the 2xx. */
static bool may_say(const struct leg *leg, unsigned status)
{
	const struct leg_fork *fork = leg->fork;

	if (reliable_holds_2xx(&leg->reliable) || !leg_turn_is_first(leg, fork))
		return false;
	return fork->said.turn == SAID_THEIRS ||
	       (fork->said.turn == SAID_NOTHING && (status >= 200 || leg_can_prack(leg)));
}

bool leg_may_say(const struct leg *leg)
{
	return may_say(leg, 200);
}

/* It has said it, and that cannot be lost. */
static void turn(struct leg_fork *fork)
{
	fork->said.turn = fork->said.turn == SAID_THEIRS ? SAID_AGREED : SAID_OURS;
}

static enum err make_answer(struct leg *leg, unsigned status, const char *sdp, struct message **out)
{
	enum err err = leg_make_response(leg, leg->invited, status, out);

	if (!err && sdp)
		message_set_body(*out, "application/sdp", sdp, strlen(sdp));
	return err;
}

enum err leg_progress(struct leg *leg, unsigned status, const char *sdp)
{
	struct message *m;
	enum err err;

	if (leg->state != LEG_WAITING || !leg->invited || leg->answer_held)
		return ERR_NOT_NOW;
	if (!may_say(leg, status))
		sdp = NULL;
	err = make_answer(leg, status, sdp, &m);
	if (err)
		return err;
	leg_dress(leg, m);
	err = leg->rely == RELY_ALWAYS || (leg->rely == RELY_WITH_SDP && sdp)
	          ? reliable_send(&leg->reliable, m)
	          : server_txn_respond(leg->invited, m);
	message_free(&m);
	if (err || !sdp)
		return err;
	said_keep_ours(&leg->fork->said, sdp, strlen(sdp));
	if (leg->fork->said.turn == SAID_NOTHING)
		leg->fork->said.turn = SAID_OURS;
	return OK;
}

static enum err send_2xx(struct leg *leg, const char *sdp)
{
	struct message *m;
	bool says = may_say(leg, 200);
	enum err err = make_answer(leg, 200, says ? sdp : NULL, &m);

	if (err)
		return err;
	session_timer_answer(&leg->session, server_txn_request(leg->invited), m);
	leg_dress(leg, m);
	err = server_txn_respond(leg->invited, m);
	message_free(&m);
	if (err)
		return err;
	reliable_stop(&leg->reliable);
	leg->answer_held = false;
	if (says)
		turn(leg->fork);
	leg_set_state(leg, LEG_UNACKED);
	return OK;
}

enum err leg_answer(struct leg *leg, const char *sdp)
{
	struct said *said = &leg->fork->said;

	if (leg->state != LEG_WAITING || !leg->invited || leg->answer_held)
		return ERR_NOT_NOW;
	if (may_say(leg, 200))
		said_keep_ours(said, sdp, sdp ? strlen(sdp) : 0);
	if (!reliable_holds_2xx(&leg->reliable))
		return send_2xx(leg, sdp);
	leg->answer_held = said->ours != NULL;
	return said->ours ? OK : ERR_NOMEM;
}

/* What was answered reliably stood in an answer that the peer has; a PRACK may offer anew, or
 * answers our offer (RFC 3262 5). */
static void take_prack(struct leg *leg, struct server_txn *txn, const struct message *prack,
                       bool had_sdp)
{
	struct said *said = &leg->fork->said;

	if (had_sdp && said->turn == SAID_OURS && leg_turn_is_first(leg, leg->fork)) {
		said_keep_theirs(said, prack);
		said->turn = SAID_AGREED;
		server_txn_reply(txn, 200, NULL, NULL);
		leg_tell(leg, LEG_ANSWERED, prack, NULL);
		return;
	}
	if (had_sdp && said->turn == SAID_THEIRS && leg_turn_is_first(leg, leg->fork))
		said->turn = SAID_AGREED;
	leg_on_offer(leg, leg->fork, txn);
}

void leg_on_prack(struct leg *leg, struct server_txn *txn, const struct message *prack)
{
	bool had_sdp;

	if (!reliable_on_prack(&leg->reliable, prack, &had_sdp)) {
		server_txn_reply(txn, 481, NULL, NULL);
		return;
	}
	take_prack(leg, txn, prack, had_sdp);
	reliable_next(&leg->reliable);
	if (leg->answer_held && !reliable_holds_2xx(&leg->reliable) &&
	    send_2xx(leg, leg->fork->said.ours)) {
		leg_reject(leg, 500, NULL);
		leg_tell(leg, LEG_LOST, NULL, "the answer to the caller could not be sent");
	}
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

void leg_reject(struct leg *leg, unsigned status, const char *why)
{
	leg_reject_with(leg, status, why, NULL, NULL);
}

void leg_reject_with(struct leg *leg, unsigned status, const char *why,
                     void (*add)(void *arg, struct message *m), void *arg)
{
	struct message *m;
	enum err err = ERR_NOT_NOW;

	if (leg->state == LEG_WAITING && leg->invited) {
		err = leg_make_response(leg, leg->invited, status, &m);
		if (!err) {
			if (why)
				add_warning(m, why);
			if (add)
				add(arg, m);
			leg_dress(leg, m);
			err = server_txn_respond(leg->invited, m);
			message_free(&m);
		}
		if (err)
			server_txn_reply(leg->invited, status, NULL,
			                 dialog_local_tag(leg->fork->dialog));
	}
	reliable_stop(&leg->reliable);
	leg_drop_asked(leg);
	leg->answer_held = false;
	server_txn_detach(&leg->invited);
	leg_set_state(leg, LEG_OVER);
}

void leg_uas_confirmed(struct leg *leg)
{
	if (leg->invited)
		server_txn_acked(leg->invited);
	leg_set_state(leg, LEG_STANDING);
}

void leg_on_ack(struct leg *leg, const struct message *ack, const struct flow *flow)
{
	struct leg_fork *fork = leg_fork_of(leg, ack);

	if (!fork || dialog_on_request(fork->dialog, ack, flow) || leg_reinvite_acked(leg, ack))
		return;
	if (leg->state == LEG_LEAVING)
		leg_leave(leg);
	if (leg->state != LEG_UNACKED)
		return;
	leg_uas_confirmed(leg);
	if (fork->said.turn == SAID_OURS && leg_turn_is_first(leg, fork)) {
		said_keep_theirs(&fork->said, ack);
		fork->said.turn = SAID_AGREED;
		leg_tell(leg, LEG_ANSWERED, ack, NULL);
	}
	leg_tell(leg, LEG_ACK, ack, NULL);
}

void leg_uas_on_bye(struct leg *leg)
{
	if (!leg->invited)
		return;
	reliable_stop(&leg->reliable);
	leg->answer_held = false;
	server_txn_acked(leg->invited);
	if (leg->state == LEG_WAITING) /* 15.1.2: an INVITE that still waits gets 487 */
		server_txn_reply(leg->invited, 487, NULL, dialog_local_tag(leg->fork->dialog));
	server_txn_detach(&leg->invited);
}

const struct message *leg_received_invite(const struct leg *leg)
{
	return leg->invited && leg->state == LEG_WAITING ? server_txn_request(leg->invited) : NULL;
}
