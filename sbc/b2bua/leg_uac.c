/* A leg as the caller's user agent: our INVITE and what answers it, perhaps from several places
 * (RFC 3261 13.2), provisional answers that want a PRACK among that (RFC 3262 4). Signalling
 * thread. */
#include <assert.h>
#include <string.h>
#include "base/log.h"
#include "sbc/b2bua/extensions.h"
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
	leg->no_prack = cfg->no_prack;
	leg->phone = cfg->phone;
	leg_refresh_open(leg, &cfg->session);
	err = dialog_new_uac(&leg->fork->dialog, env->dialogs, &dialog);
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
	enum err err = dialog_request(leg->fork->dialog, "INVITE", out);

	if (err)
		return err;
	leg_add_abilities(leg, *out);
	session_timer_ask(&leg->session, *out);
	return OK;
}

static struct leg_fork *new_fork(struct leg *leg, const struct message *m, const struct flow *flow)
{
	struct leg_fork *fork = &leg->forks[leg->nforks];
	size_t len = 0;
	const struct message *invite = leg_request_message(leg->invite);
	const char *ours = invite ? said_sdp(invite, &len) : NULL;
	unsigned suppressed;

	if (leg->nforks == LEG_FORKS_MAX ||
	    dialog_new_fork(&fork->dialog, leg->forks[0].dialog, m, flow)) {
		if (log_limit_admits(&leg->unfollowed, &suppressed))
			LOG(LOG_WARN, KV("call-id", leg_call_id(leg)), KV("event", "fork"),
			    KVN("code", message_status(m)), KVN("forks", leg->nforks),
			    KV("result", "not followed"), KVN_LAST("suppressed", suppressed));
		return NULL;
	}
	said_keep_ours(&fork->said, ours, len);
	fork->said.turn = ours ? SAID_OURS : SAID_NOTHING;
	leg->nforks++;
	return fork;
}

/* The dialog that an answer is of, which it may begin (12.1.2). NULL: no room for another. */
static struct leg_fork *fork_of_answer(struct leg *leg, const struct message *m,
                                       const struct flow *flow)
{
	struct leg_fork *fork = leg_fork_of(leg, m);

	if (!fork && dialog_has_peer(leg->forks[0].dialog) && *message_to_tag(m))
		return new_fork(leg, m, flow);
	if (!fork)
		fork = &leg->forks[0];
	return dialog_on_answer(fork->dialog, m, flow) ? NULL : fork;
}

void leg_send_ack(struct leg *leg, const struct leg_fork *fork, uint32_t cseq,
                  const struct leg_request *invite)
{
	struct message *ack;
	enum err err = dialog_ack(fork->dialog, cseq, &ack);

	if (!err) {
		if (invite && leg_request_message(invite))
			credentials_copy(leg_request_message(invite), ack);
		if (fork->acks_answer && fork->said.ours)
			message_set_body(ack, "application/sdp", fork->said.ours,
			                 strlen(fork->said.ours));
		err = stack_send(leg->env->stack, ack, dialog_flow(fork->dialog));
		message_free(&ack);
	}
	if (err)
		LOG(LOG_WARN, KV("call-id", leg_call_id(leg)), KV("event", "ack"),
		    KV("result", err_text(err)));
}

static void on_unheard(struct leg *leg, const struct message *m, const struct flow *flow)
{
	(void)leg;
	(void)m;
	(void)flow;
}

static void on_unheard_fail(struct leg *leg, const char *why)
{
	LOG(LOG_INFO, KV("call-id", leg_call_id(leg)), KV("event", "request"), KV("result", why));
}

/* PRACK, and the BYE to a fork: nothing depends on their answers. */
static const struct leg_request_handler unheard = { on_unheard, on_unheard_fail, NULL };

/* Another one answered before: it is confirmed and told that it was too late (13.2.2.4). */
static void hang_up_fork(struct leg *leg, struct leg_fork *fork, const struct message *m)
{
	struct message *bye;
	enum err err;

	leg_send_ack(leg, fork, message_cseq(m), leg->invite);
	if (fork->hung_up)
		return;
	err = dialog_request(fork->dialog, "BYE", &bye);
	if (!err) {
		err = leg_request_send(NULL, leg, fork->dialog, bye, &unheard);
		message_free(&bye);
	}
	fork->hung_up = !err;
	LOG(LOG_INFO, KV("call-id", leg_call_id(leg)), KV("event", "second-answer"),
	    KV("result", err ? err_text(err) : "hung up"));
}

/* RFC 3262 7.1; 0: it wants no PRACK. */
static uint32_t reliable_number(const struct message *m)
{
	return *message_to_tag(m) && extension_in(m, "Require", "100rel")
	           ? message_number(m, "RSeq")
	           : 0;
}

void leg_hold(struct leg *leg, struct leg_fork *fork, const struct message *answer)
{
	leg->held =
	    (struct leg_held){ .fork = fork,
		               .cseq = message_cseq(answer),
		               .rseq = message_status(answer) < 200 ? reliable_number(answer) : 0 };
	leg->fork = fork; /* what it says is the leg's, whoever rang since */
	fork->said.turn = SAID_THEIRS;
	said_keep_theirs(&fork->said, answer);
}

/* The first 2xx. What it says of the session counts only while that is open (RFC 3261 13.2.1). */
static void on_first_2xx(struct leg *leg, struct leg_fork *fork, const struct message *m)
{
	bool first = leg_turn_is_first(leg, fork);
	size_t len;

	leg->fork = fork;
	if (leg->held.fork != fork) /* that one is over, and what it offered */
		leg->held.fork = NULL;
	leg_note_allow(leg, m);
	leg_set_state(leg, LEG_STANDING);
	session_timer_on_2xx(&leg->session, m);
	if (first && fork->said.turn == SAID_OURS) {
		said_keep_theirs(&fork->said, m);
		fork->said.turn = SAID_AGREED;
	} else if (first && (fork->said.turn == SAID_THEIRS || said_sdp(m, &len)) &&
	           fork->said.turn != SAID_AGREED) {
		leg_hold(leg, fork, m);
	}
	if (!leg->held.fork)
		leg_send_ack(leg, fork, message_cseq(m), leg->invite);
	leg_request_answered(leg->invite);
	leg_tell(leg, LEG_ANSWER, m, NULL);
}

static void on_2xx(struct leg *leg, const struct message *m, const struct flow *flow)
{
	bool late = leg->state != LEG_CALLING;
	struct leg_fork *fork;

	if (late && leg_fork_of(leg, m) == leg->fork) {
		dialog_on_copy(leg->fork->dialog, flow);
		if (!leg->held.fork) /* a copy: the ACK was lost (13.2.2.4) */
			leg_send_ack(leg, leg->fork, message_cseq(m), leg->invite);
		return;
	}
	fork = fork_of_answer(leg, m, flow);
	if (fork && late) {
		hang_up_fork(leg, fork, m);
	} else if (fork) {
		on_first_2xx(leg, fork, m);
	} else if (!late) {
		leg_set_state(leg, LEG_OVER);
		leg_tell(leg, LEG_FAIL, NULL, "the callee's answer begins no dialog");
	}
}

/* For a provisional answer to the INVITE of that CSeq; sdp: our answer to its offer, NULL: it had
 * none. */
static enum err send_prack(struct leg *leg, const struct leg_fork *fork, uint32_t rseq,
                           uint32_t cseq, const char *sdp)
{
	struct message *prack;
	enum err err;

	if (leg_requests_count(leg) > LEG_PRACKS_MAX) /* the INVITE is one of them */
		return ERR_LIMIT;
	err = dialog_request(fork->dialog, "PRACK", &prack);
	if (err)
		return err;
	message_add(prack, "RAck", "%u %u INVITE", rseq, cseq);
	if (sdp)
		message_set_body(prack, "application/sdp", sdp, strlen(sdp));
	err = leg_request_send(NULL, leg, fork->dialog, prack, &unheard);
	message_free(&prack);
	return err;
}

/* One offer alone can be answered before the call is: who made it is followed, and the others only
 * once they have answered the INVITE. */
static bool another_offers(const struct leg *leg, const struct leg_fork *fork)
{
	for (size_t i = 0; i < leg->nforks; i++) {
		if (&leg->forks[i] != fork && leg->forks[i].said.turn != SAID_NOTHING)
			return true;
	}
	return false;
}

/* What comes out of order is as if it had not come: the callee sends it again (RFC 3262 4). An
 * offer waits for our answer, which goes into the PRACK (5). */
static bool acknowledge(struct leg *leg, struct leg_fork *fork, const struct message *m)
{
	uint32_t rseq = reliable_number(m);
	bool first = leg_turn_is_first(leg, fork);
	size_t len;
	bool has_sdp = said_sdp(m, &len) != NULL;

	if (!rseq || leg->no_prack)
		return true;
	if (fork->rseq && rseq != fork->rseq + 1)
		return false;
	if (has_sdp && fork->said.turn == SAID_NOTHING && another_offers(leg, fork))
		return false;
	if (first && has_sdp && fork->said.turn == SAID_NOTHING)
		leg_hold(leg, fork, m);
	else if (send_prack(leg, fork, rseq, message_cseq(m), NULL))
		return false;
	fork->rseq = rseq;
	if (first && has_sdp && fork->said.turn == SAID_OURS) {
		said_keep_theirs(&fork->said, m);
		fork->said.turn = SAID_AGREED;
		leg->fork = fork;
	}
	return true;
}

static void on_provisional(struct leg *leg, const struct message *m, const struct flow *flow)
{
	struct leg_fork *fork = fork_of_answer(leg, m, flow);
	size_t len;

	if (!fork || !acknowledge(leg, fork, m))
		return;
	leg_note_allow(leg, m);
	if (said_sdp(m, &len) && fork->said.turn == SAID_OURS && leg_turn_is_first(leg, fork)) {
		if (!said_before(&fork->said, m))
			leg->fork = fork;
		said_keep_theirs(&fork->said, m);
	}
	leg_tell(leg, LEG_PROGRESS, m, NULL);
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
		on_provisional(leg, m, flow);
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

static bool amend(struct leg *leg, const struct message *answer, struct message *next)
{
	return leg->state == LEG_CALLING && session_timer_raise(&leg->session, answer, next);
}

enum err leg_send(struct leg *leg, struct message *invite)
{
	static const struct leg_request_handler handler = { on_response, on_fail, amend };
	const char *sdp;
	size_t len;
	enum err err;

	assert(leg->state == LEG_NEW);
	sdp = said_sdp(invite, &len);
	said_keep_ours(&leg->fork->said, sdp, len);
	leg->fork->said.turn = sdp ? SAID_OURS : SAID_NOTHING;
	err = leg_request_send(&leg->invite, leg, leg->fork->dialog, invite, &handler);
	leg_set_state(leg, err ? LEG_OVER : LEG_CALLING);
	return err;
}

void leg_cancel(struct leg *leg)
{
	leg_cancel_because(leg, NULL);
}

void leg_cancel_because(struct leg *leg, const char *reason)
{
	if (leg->state == LEG_CALLING)
		leg_request_cancel(leg->invite, reason);
}

bool leg_holds_offer(const struct leg *leg)
{
	return leg->held.fork != NULL;
}

static const struct leg_request *invite_of(const struct leg *leg)
{
	return leg->ours ? leg->ours : leg->invite;
}

enum err leg_confirm(struct leg *leg, const char *sdp)
{
	struct leg_held held = leg->held;

	if (!held.fork)
		return ERR_NOT_NOW;
	leg->held.fork = NULL;
	if (sdp)
		said_keep_ours(&held.fork->said, sdp, strlen(sdp));
	held.fork->said.turn = SAID_AGREED;
	if (held.rseq)
		return send_prack(leg, held.fork, held.rseq, held.cseq, sdp);
	held.fork->acks_answer = true;
	leg_send_ack(leg, held.fork, held.cseq, invite_of(leg));
	return OK;
}

void leg_drop_held(struct leg *leg)
{
	if (leg->held.fork && !leg->held.rseq)
		leg_send_ack(leg, leg->held.fork, leg->held.cseq, invite_of(leg));
	leg->held.fork = NULL;
}
