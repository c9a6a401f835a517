/* What a leg asks of its peer in a session: re-INVITE and UPDATE, to refresh or to change it (RFC
 * 3261 14.1, RFC 3311 5.1). Signalling thread. */
#include <string.h>
#include "base/log.h"
#include "base/mem.h"
#include "sbc/b2bua/leg_internal.h"

#define ANSWER_MS 180000 /* timer C (16.6), which is the user agent's here */

static bool is_update(enum leg_asking as)
{
	return as == REFRESHING_UPDATE || as == CHANGING_UPDATE;
}

static bool is_refresh(enum leg_asking as)
{
	return as == REFRESHING_UPDATE || as == REFRESHING_INVITE;
}

bool leg_turn_is_first(const struct leg *leg, const struct leg_fork *fork)
{
	return !(leg->asking != ASKING_NOTHING && leg->asking_fork == fork) &&
	       !(leg->asked == ASKED_WAITS && leg->asked_fork == fork);
}

static void set_offered(struct leg *leg, char *sdp)
{
	mem_wipe_text(&leg->offered);
	leg->offered = sdp;
}

/* It has its final answer. */
static enum leg_asking done(struct leg *leg)
{
	enum leg_asking as = leg->asking;
	struct said *said = &leg->asking_fork->said;

	timer_stop(&leg->patience);
	leg->asking = ASKING_NOTHING;
	if (as != REFRESHING_UPDATE && said->turn == SAID_OURS)
		said->turn = SAID_AGREED;
	return as;
}

static void refuse(struct leg *leg, enum leg_asking as, const struct message *m, const char *why)
{
	set_offered(leg, NULL);
	if (!is_refresh(as)) {
		leg_tell(leg, LEG_REFUSED, m, why);
	} else if (m) {
		leg_refresh_refused(leg, m, as);
		leg_tell(leg, LEG_FREE, m, NULL);
	}
}

/* RFC 5057 5: these end the dialog. So does no answer, which is as a 408 (RFC 3261 12.2.1.2). */
static bool ends_dialog(const struct leg *leg, unsigned status)
{
	return leg->state == LEG_STANDING && (status == 408 || status == 481);
}

static void on_refused(struct leg *leg, const struct message *m, enum leg_asking as)
{
	unsigned status = message_status(m);
	char why[64];

	if (ends_dialog(leg, status)) {
		snprintf(why, sizeof(why), "a %s of the session was answered %u",
		         is_refresh(as) ? "refresh" : "change", status);
		leg_lose(leg, why);
		return;
	}
	if (as == CHANGING_UPDATE && (status == 405 || status == 501) &&
	    leg->state == LEG_STANDING) {
		char *sdp = leg->offered;
		enum err err;

		leg->offered = NULL;
		leg->peer_updates = false;
		err = leg_ask(leg, CHANGING_INVITE, sdp);
		mem_free(sdp);
		if (!err)
			return;
	}
	refuse(leg, as, m, NULL);
}

/* RFC 3261 14.1: the answer to what we said before may be another one than before. */
static void note_move(struct leg *leg, const struct message *m, enum leg_asking as)
{
	struct said *said = &leg->asking_fork->said;
	size_t len;

	if (as != REFRESHING_INVITE || !said_sdp(m, &len) || said_before(said, m))
		return;
	said_keep_theirs(said, m);
	leg_tell(leg, LEG_MOVED, m, NULL);
}

static void on_agreed(struct leg *leg, const struct message *m, enum leg_asking as)
{
	struct leg_fork *fork = leg->asking_fork;
	size_t len;
	bool has_sdp = said_sdp(m, &len) != NULL;

	leg_note_allow(leg, m);
	if (dialog_take_target(fork->dialog, m))
		LOG(LOG_WARN, KV("call-id", leg_call_id(leg)), KV("event", "refresh"),
		    KV("result", "the peer's new target is lost"));
	if (leg->state == LEG_STANDING)
		session_timer_on_2xx(&leg->session, m);
	fork->acks_answer = false;
	if (as == FETCHING_INVITE && has_sdp) {
		leg_hold(leg, fork, m);
	} else if (!is_update(as)) {
		leg_send_ack(leg, fork, message_cseq(m), leg->ours);
	}
	leg_request_answered(leg->ours);
	if (is_refresh(as)) {
		note_move(leg, m, as);
		leg_tell(leg, LEG_FREE, m, NULL);
		return;
	}
	if (!has_sdp) {
		refuse(leg, as, NULL, "its 2xx has no session description");
		return;
	}
	if (as != FETCHING_INVITE) {
		said_keep_ours(&fork->said, leg->offered, strlen(leg->offered));
		said_keep_theirs(&fork->said, m);
	}
	set_offered(leg, NULL);
	leg_tell(leg, LEG_CHANGED, m, NULL);
}

/* What was sent last is known as long as its first answer may come. */
static bool is_of_earlier(const struct leg *leg, const struct message *m)
{
	const struct message *ours = leg->ours ? leg_request_message(leg->ours) : NULL;

	return leg->earlier && ours && message_cseq(m) != message_cseq(ours);
}

static void on_response(struct leg *leg, const struct message *m, const struct flow *flow)
{
	unsigned status = message_status(m);
	bool invited = message_method(m) == METHOD_INVITE;
	enum leg_asking as;

	if (status < 200)
		return;
	dialog_on_copy(leg->asking_fork->dialog, flow);
	if (is_of_earlier(leg, m)) {
		if (status < 300) /* a copy: that ACK was lost (13.2.2.4) */
			leg_send_ack(leg, leg->asking_fork, message_cseq(m), leg->earlier);
		return;
	}
	if (leg->asking == ASKING_NOTHING || leg_leaves(leg)) {
		/* A copy, or too late. */
		if (invited && status < 300 && !leg->held.fork)
			leg_send_ack(leg, leg->asking_fork, message_cseq(m), leg->ours);
		return;
	}
	as = done(leg);
	if (status >= 300)
		on_refused(leg, m, as);
	else
		on_agreed(leg, m, as);
}

static void on_fail(struct leg *leg, const char *why)
{
	char text[CERT_WHY_MAX + 64];
	enum leg_asking as = done(leg);

	if (leg->state == LEG_STANDING) {
		snprintf(text, sizeof(text), "a %s of the session was not answered: %s",
		         is_refresh(as) ? "refresh" : "change", why);
		leg_lose(leg, text);
	} else if (!leg_leaves(leg)) {
		refuse(leg, as, NULL, why);
	}
}

static void on_no_answer(void *arg)
{
	struct leg *leg = arg;

	leg_request_cancel(leg->ours, NULL);
}

static bool amend(struct leg *leg, const struct message *answer, struct message *next)
{
	return session_timer_raise(&leg->session, answer, next);
}

static enum err make(struct leg *leg, enum leg_asking as, const char *sdp, struct message **out)
{
	enum err err = dialog_request(leg->fork->dialog, is_update(as) ? "UPDATE" : "INVITE", out);

	if (err)
		return err;
	leg_add_abilities(leg, *out);
	if (leg->state == LEG_STANDING)
		session_timer_ask(&leg->session, *out);
	if (sdp)
		message_set_body(*out, "application/sdp", sdp, strlen(sdp));
	return OK;
}

enum err leg_ask(struct leg *leg, enum leg_asking as, const char *sdp)
{
	static const struct leg_request_handler handler = { on_response, on_fail, amend };
	struct said *said = &leg->fork->said;
	struct message *m;
	enum err err;

	/* 14.1: not while theirs is under way; an UPDATE without an offer is in nobody's way. */
	if (leg->asking != ASKING_NOTHING || leg->held.fork ||
	    (as != REFRESHING_UPDATE && (leg->asked != ASKED_NOTHING || said->turn != SAID_AGREED)))
		return ERR_NOT_NOW;
	err = make(leg, as, sdp, &m);
	if (err)
		return err;
	if (!is_refresh(as))
		set_offered(leg, sdp ? mem_strdup(sdp) : NULL);
	if (!is_refresh(as) && sdp && !leg->offered) {
		message_free(&m);
		return ERR_NOMEM;
	}
	leg_request_end(leg->earlier);
	leg->earlier = leg->ours;
	leg->ours = NULL;
	err = leg_request_send(&leg->ours, leg, leg->fork->dialog, m, &handler);
	message_free(&m);
	if (err)
		return err;
	leg->asking = as;
	leg->asking_fork = leg->fork;
	if (!is_update(as))
		timer_start(stack_timers(leg->env->stack), &leg->patience, ANSWER_MS, on_no_answer,
		            leg);
	if (sdp)
		said->turn = SAID_OURS;
	return OK;
}

enum err leg_change(struct leg *leg, enum method like, const char *sdp)
{
	bool early = leg->state == LEG_CALLING || leg->state == LEG_WAITING;
	bool update = sdp && leg->peer_updates && (early || like != METHOD_INVITE);

	if (early && sdp && !leg->peer_updates)
		return ERR_UNSUPPORTED;
	if (leg->state != LEG_STANDING && !(early && update))
		return ERR_NOT_NOW;
	return leg_ask(leg,
	               update ? CHANGING_UPDATE
	               : sdp  ? CHANGING_INVITE
	                      : FETCHING_INVITE,
	               sdp);
}

bool leg_is_busy(const struct leg *leg)
{
	return leg->state == LEG_UNACKED ||
	       (leg->state == LEG_STANDING && !leg->held.fork &&
	        (leg->asked == ASKED_UNACKED || is_refresh(leg->asking)));
}

void leg_cancel_change(struct leg *leg)
{
	if (leg->asking == CHANGING_INVITE || leg->asking == FETCHING_INVITE)
		leg_request_cancel(leg->ours, NULL);
}
