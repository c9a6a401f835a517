/* What the peer asks of a session: re-INVITE (RFC 3261 14.2), UPDATE (RFC 3311 5.2), PRACK (RFC
 * 3262 5). What changes nothing is answered here with what we said before; the rest waits for the
 * leg's owner. Signalling thread. */
#include <stdio.h>
#include <string.h>
#include "sbc/b2bua/bodies.h"
#include "sbc/b2bua/leg_internal.h"

/* Another offer is under way: the peer may come back (RFC 3261 14.2, RFC 3311 5.2). */
static void ask_later(struct server_txn *txn)
{
	server_txn_reply_later(txn, 500, 0, 10);
}

static void forget(struct leg *leg)
{
	server_txn_detach(&leg->theirs);
	leg->asked = ASKED_NOTHING;
}

static void on_cancel(void *arg, const struct message *cancel)
{
	struct leg *leg = arg;

	leg_tell(leg, LEG_WITHDRAWN, cancel, NULL);
}

static void on_no_ack(void *arg)
{
	leg_lose(arg, "a change of the session was not confirmed with an ACK");
}

static void on_end(void *arg)
{
	struct leg *leg = arg;
	bool waited = leg->asked == ASKED_WAITS;

	leg->theirs = NULL;
	leg->asked = ASKED_NOTHING;
	if (!waited)
		return;
	leg->asked_fork->said.turn = SAID_AGREED;
	leg_tell(leg, LEG_WITHDRAWN, NULL, "it waited too long for an answer");
}

static void follow(struct leg *leg, struct leg_fork *fork, struct server_txn *txn,
                   enum leg_asked asked)
{
	const struct server_txn_handler handler = {
		.on_cancel = on_cancel, .on_no_ack = on_no_ack, .on_end = on_end, .arg = leg
	};

	leg->asked = asked;
	leg->asked_fork = fork;
	leg->theirs = txn;
	server_txn_set_handler(txn, &handler);
}

static enum err make_answer(struct leg *leg, struct server_txn *txn, const char *sdp,
                            struct message **out)
{
	const struct message *request = server_txn_request(txn);
	enum err err = leg_make_response(leg, txn, 200, out);

	if (err)
		return err;
	if (sdp)
		message_set_body(*out, "application/sdp", sdp, strlen(sdp));
	/* Early dialogs have no timer yet (RFC 4028 3). */
	if (message_method(request) != METHOD_PRACK && leg->state == LEG_STANDING)
		session_timer_answer(&leg->session, request, *out);
	return OK;
}

/* 2xx; that of a re-INVITE is sent again until its ACK. */
static enum err answer(struct leg *leg, struct leg_fork *fork, struct server_txn *txn,
                       const char *sdp)
{
	const struct message *request = server_txn_request(txn);
	enum method method = message_method(request);
	struct message *m;
	enum err err = method == METHOD_PRACK ? OK : dialog_take_target(fork->dialog, request);

	if (!err)
		err = make_answer(leg, txn, sdp, &m);
	if (err)
		return err;
	leg_dress(leg, m);
	err = server_txn_respond(txn, m);
	message_free(&m);
	if (!err && method == METHOD_INVITE)
		follow(leg, fork, txn, ASKED_UNACKED);
	return err;
}

/* What changes something waits for leg_accept or leg_refuse. */
static void take_request(struct leg *leg, struct leg_fork *fork, struct server_txn *txn)
{
	const struct message *request = server_txn_request(txn);
	size_t len;
	bool offers = said_sdp(request, &len) != NULL;
	bool fetches = !offers && message_method(request) == METHOD_INVITE;

	if (fetches || (offers && !said_before(&fork->said, request))) {
		follow(leg, fork, txn, ASKED_WAITS);
		if (offers)
			fork->said.turn = SAID_THEIRS;
		leg_tell(leg, offers ? LEG_OFFER : LEG_FETCH, request, NULL);
		return;
	}
	if (answer(leg, fork, txn, offers ? fork->said.ours : NULL))
		server_txn_reply(txn, 500, NULL, NULL);
}

enum err leg_accept(struct leg *leg, const char *sdp)
{
	struct server_txn *txn = leg->theirs;
	struct said *said;
	enum method method;
	enum err err;

	if (leg->asked != ASKED_WAITS)
		return ERR_NOT_NOW;
	said = &leg->asked_fork->said;
	if (!sdp)
		sdp = said->ours;
	if (!sdp)
		return ERR_NOT_NOW;
	method = message_method(server_txn_request(txn));
	err = answer(leg, leg->asked_fork, txn, sdp);
	if (err) {
		leg_refuse(leg, 500, 0);
		return err;
	}
	said_keep_ours(said, sdp, strlen(sdp));
	said_keep_theirs(said, server_txn_request(txn));
	said->turn = said->turn == SAID_THEIRS ? SAID_AGREED : SAID_OURS;
	if (method != METHOD_INVITE)
		forget(leg);
	return OK;
}

void leg_refuse(struct leg *leg, unsigned status, unsigned retry_after_s)
{
	char seconds[16];

	if (leg->asked != ASKED_WAITS)
		return;
	leg->asked_fork->said.turn = SAID_AGREED;
	leg->asked = ASKED_NOTHING;
	snprintf(seconds, sizeof(seconds), "%u", retry_after_s);
	if (retry_after_s)
		server_txn_reply_with(leg->theirs, status, "Retry-After", seconds);
	else
		server_txn_reply(leg->theirs, status, NULL, NULL);
	server_txn_detach(&leg->theirs);
}

void leg_drop_asked(struct leg *leg)
{
	if (leg->asked == ASKED_WAITS)
		leg_refuse(leg, 487, 0);
	else if (leg->asked == ASKED_UNACKED)
		server_txn_acked(leg->theirs); /* no more copies */
	forget(leg);
}

const struct message *leg_asked(const struct leg *leg)
{
	return leg->asked == ASKED_WAITS ? server_txn_request(leg->theirs) : NULL;
}

bool leg_reinvite_acked(struct leg *leg, const struct message *ack)
{
	struct said *said;

	/* A copy of an earlier one is none. */
	if (leg->asked != ASKED_UNACKED ||
	    message_cseq(ack) != message_cseq(server_txn_request(leg->theirs)))
		return false;
	said = &leg->asked_fork->said;
	server_txn_acked(leg->theirs);
	forget(leg);
	/* Of ours that is under way none has an offer: theirs would not have been taken. */
	if (said->turn == SAID_OURS) {
		said_keep_theirs(said, ack);
		said->turn = SAID_AGREED;
		leg_tell(leg, LEG_ANSWERED, ack, NULL);
	} else {
		leg_tell(leg, LEG_FREE, ack, NULL);
	}
	return true;
}

/* A body that cannot be read is no request without an offer. */
static bool refuses_body(struct server_txn *txn, const struct message *request)
{
	unsigned status = bodies_call_problem(request);

	if (status)
		server_txn_reply_with(txn, status, "Accept", BODIES_CALL_ACCEPT);
	return status != 0;
}

static bool invite_is_out(const struct leg *leg)
{
	return leg->asking == REFRESHING_INVITE || leg->asking == CHANGING_INVITE ||
	       leg->asking == FETCHING_INVITE;
}

/* RFC 5407 3.1.5: who asks for more has our 2xx, and its ACK was lost. One that was to bring an
 * answer is not done without. */
static bool has_lost_ack(struct leg *leg, const struct message *request)
{
	if (leg->fork->said.turn != SAID_AGREED)
		return false;
	leg_uas_confirmed(leg);
	leg_tell(leg, LEG_ACK, request, NULL);
	return leg->state == LEG_STANDING;
}

void leg_on_reinvite(struct leg *leg, struct server_txn *txn, const struct message *request)
{
	switch (leg->state) {
	case LEG_WAITING:
		ask_later(txn);
		return;
	case LEG_CALLING:
		server_txn_reply(txn, 491, NULL, NULL);
		return;
	case LEG_UNACKED:
		if (has_lost_ack(leg, request))
			break;
		server_txn_reply(txn, 491, NULL, NULL);
		return;
	case LEG_NEW:
	case LEG_LEAVING:
	case LEG_HANGING_UP:
	case LEG_OVER:
		server_txn_reply(txn, 481, NULL, NULL);
		return;
	case LEG_STANDING:
		break;
	}
	if (leg->asked == ASKED_UNACKED && leg->fork->said.turn == SAID_AGREED) {
		leg_drop_asked(leg);
		leg_tell(leg, LEG_FREE, request, NULL);
		if (leg->state != LEG_STANDING) {
			server_txn_reply(txn, 481, NULL, NULL);
			return;
		}
	}
	if (invite_is_out(leg) || leg->held.fork || leg->fork->said.turn == SAID_OURS)
		server_txn_reply(txn, 491, NULL, NULL);
	else if (leg->asked == ASKED_WAITS)
		ask_later(txn);
	else if (!dialog_contact_is_good(request))
		server_txn_reply(txn, 400, "Missing Or Unusable Contact", NULL);
	else if (!refuses_body(txn, request) &&
	         !session_timer_refuses(&leg->session.cfg, txn, request))
		take_request(leg, leg->fork, txn);
}

/* RFC 3311 5.2: whether an offer in an UPDATE can be taken now; one that cannot is answered. */
static bool may_offer(const struct leg *leg, const struct leg_fork *fork, struct server_txn *txn)
{
	switch (fork->said.turn) {
	case SAID_THEIRS: /* has no answer yet; that of our INVITE's answer gets it by leg_confirm
	                   */
		ask_later(txn);
		return false;
	case SAID_NOTHING:
	case SAID_OURS:
		server_txn_reply(txn, 491, NULL, NULL);
		return false;
	case SAID_AGREED:
		break;
	}
	if (invite_is_out(leg))
		server_txn_reply(txn, 491, NULL, NULL);
	else if (leg->asked != ASKED_NOTHING)
		ask_later(txn);
	else
		return true;
	return false;
}

void leg_on_offer(struct leg *leg, struct leg_fork *fork, struct server_txn *txn)
{
	size_t len;

	if (!said_sdp(server_txn_request(txn), &len) || may_offer(leg, fork, txn))
		take_request(leg, fork, txn);
}

void leg_on_update(struct leg *leg, struct leg_fork *fork, struct server_txn *txn,
                   const struct message *request)
{
	if (leg_leaves(leg))
		server_txn_reply(txn, 481, NULL, NULL);
	else if (message_header(request, "Contact", 0) && !dialog_contact_is_good(request))
		server_txn_reply(txn, 400, "Unusable Contact", NULL);
	else if (!refuses_body(txn, request) &&
	         !session_timer_refuses(&leg->session.cfg, txn, request))
		leg_on_offer(leg, fork, txn);
}
