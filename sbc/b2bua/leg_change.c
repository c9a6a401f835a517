/* What the peer asks of a session: re-INVITE (RFC 3261 14.2) and UPDATE (RFC 3311 5.2). One that
 * changes it is refused, and it stays as it is. Signalling thread. */
#include <stdio.h>
#include <string.h>
#include "base/random.h"
#include "sbc/b2bua/leg_internal.h"

/* Another offer is under way: the peer may come back (RFC 3261 14.2, RFC 3311 5.2). */
static void ask_later(struct server_txn *txn)
{
	char seconds[16];

	snprintf(seconds, sizeof(seconds), "%u", random_below(11));
	server_txn_reply_with(txn, 500, "Retry-After", seconds);
}

static enum err make_answer(struct leg *leg, const struct leg_fork *fork, struct server_txn *txn,
                            struct message **out)
{
	const struct message *request = server_txn_request(txn);
	size_t len;
	enum err err = leg_make_response(leg, txn, 200, out);

	if (err)
		return err;
	if (refresh_sdp(request, &len))
		message_set_body(*out, "application/sdp", fork->said.ours, strlen(fork->said.ours));
	/* Early dialogs have no timer yet (RFC 4028 3). */
	if (message_method(request) != METHOD_PRACK && leg->state == LEG_STANDING)
		session_timer_answer(&leg->session, request, *out);
	return OK;
}

void leg_answer_offer(struct leg *leg, struct leg_fork *fork, struct server_txn *txn)
{
	const struct message *request = server_txn_request(txn);
	enum method method = message_method(request);
	struct message *m;
	size_t len;
	enum err err;

	/* An INVITE without an offer asks for ours, and its ACK answers: that is not had here. */
	if ((refresh_sdp(request, &len) || method == METHOD_INVITE) &&
	    !refresh_is_one(&fork->said, request)) {
		server_txn_reply(txn, 488, NULL, NULL);
		return;
	}
	err = method == METHOD_PRACK ? OK : dialog_take_target(fork->dialog, request);
	if (!err)
		err = make_answer(leg, fork, txn, &m);
	if (!err) {
		err = method == METHOD_INVITE ? refresh_answer(&fork->said, txn, m)
		                              : server_txn_respond(txn, m);
		message_free(&m);
	}
	if (err)
		server_txn_reply(txn, 500, NULL, NULL);
}

void leg_on_reinvite(struct leg *leg, struct server_txn *txn, const struct message *request)
{
	switch (leg->state) {
	case LEG_WAITING:
		ask_later(txn);
		return;
	case LEG_CALLING:
	case LEG_UNACKED:
		server_txn_reply(txn, 491, NULL, NULL);
		return;
	case LEG_NEW:
	case LEG_HANGING_UP:
	case LEG_OVER:
		server_txn_reply(txn, 481, NULL, NULL);
		return;
	case LEG_STANDING:
		break;
	}
	if (leg->refreshing == REFRESHING_INVITE)
		server_txn_reply(txn, 491, NULL, NULL);
	else if (leg->fork->said.txn)
		ask_later(txn);
	else if (!dialog_contact_is_good(request))
		server_txn_reply(txn, 400, "Missing Or Unusable Contact", NULL);
	else if (!session_timer_refuses(&leg->session.cfg, txn, request))
		leg_answer_offer(leg, leg->fork, txn);
}

void leg_on_update(struct leg *leg, struct leg_fork *fork, struct server_txn *txn,
                   const struct message *request)
{
	size_t len;
	bool offers = refresh_sdp(request, &len) != NULL;

	if (leg->state == LEG_HANGING_UP || leg->state == LEG_OVER)
		server_txn_reply(txn, 481, NULL, NULL);
	else if (message_header(request, "Contact", 0) && !dialog_contact_is_good(request))
		server_txn_reply(txn, 400, "Unusable Contact", NULL);
	else if (session_timer_refuses(&leg->session.cfg, txn, request))
		return;
	else if (offers && !fork->said.agreed && !dialog_is_ours(fork->dialog))
		ask_later(txn); /* their first offer has no answer yet */
	else if (offers && (!fork->said.agreed || leg->refreshing == REFRESHING_INVITE))
		server_txn_reply(txn, 491, NULL, NULL); /* ours has none */
	else
		leg_answer_offer(leg, fork, txn);
}
