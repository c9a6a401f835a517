/* The refreshes that a leg owes its session (RFC 4028 7.4, 10): by UPDATE where the peer allows
 * that, else by a re-INVITE that says what we said before. Signalling thread. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/log.h"
#include "base/random.h"
#include "sbc/b2bua/extensions.h"
#include "sbc/b2bua/leg_internal.h"

#define AGAIN_MS 10000 /* after an answer that says nothing of when */

/* The session is over, and its peer is told, whether it hears that or not. */
void leg_lose(struct leg *leg, const char *why)
{
	LOG(LOG_WARN, KV("call-id", leg_call_id(leg)), KV("event", "session-lost"), KV("why", why));
	leg_bye(leg);
	leg_tell(leg, LEG_LOST, NULL, why);
}

/* RFC 3261 14.1: who made the Call-ID waits longer; in steps of 10 ms. */
static unsigned glare_ms(const struct leg *leg)
{
	return dialog_is_ours(leg->fork->dialog) ? 2100 + 10 * random_below(191)
	                                         : 10 * random_below(201);
}

static unsigned retry_after_ms(const struct message *m)
{
	const char *text = message_header(m, "Retry-After", 0);
	unsigned long s = text ? strtoul(text, NULL, 10) : 0;

	return s > 0 && s <= 32 ? (unsigned)s * 1000 : AGAIN_MS;
}

static void on_refused(struct leg *leg, const struct message *m, enum leg_refreshing by)
{
	char why[128];

	switch (message_status(m)) {
	case 491:
		session_timer_retry(&leg->session, glare_ms(leg));
		return;
	case 408:
	case 481:
		snprintf(why, sizeof(why), "a refresh of the session was answered %u",
		         message_status(m));
		leg_lose(leg, why);
		return;
	default:
		LOG(LOG_INFO, KV("call-id", leg_call_id(leg)), KV("event", "refresh"),
		    KVN("code", message_status(m)), KV("result", "tried again"));
		leg->peer_updates = leg->peer_updates && by != REFRESHING_UPDATE;
		session_timer_retry(&leg->session, by == REFRESHING_UPDATE ? 0 : retry_after_ms(m));
		return;
	}
}

static void on_response(struct leg *leg, const struct message *m, const struct flow *flow)
{
	enum leg_refreshing by = leg->refreshing;
	unsigned status = message_status(m);

	(void)flow;
	if (status < 200)
		return;
	if (status < 300 && message_method(m) == METHOD_INVITE)
		leg_send_ack(leg, leg->fork, m, leg->refresh);
	leg->refreshing = REFRESHING_NOT;
	if (leg->state != LEG_STANDING || by == REFRESHING_NOT)
		return;
	if (status >= 300) {
		on_refused(leg, m, by);
		return;
	}
	leg_note_allow(leg, m);
	if (dialog_take_target(leg->fork->dialog, m))
		LOG(LOG_WARN, KV("call-id", leg_call_id(leg)), KV("event", "refresh"),
		    KV("result", "the peer's new target is lost"));
	session_timer_on_2xx(&leg->session, m);
}

static void on_fail(struct leg *leg, const char *why)
{
	char text[CERT_WHY_MAX + 64];

	leg->refreshing = REFRESHING_NOT;
	if (leg->state != LEG_STANDING)
		return;
	snprintf(text, sizeof(text), "a refresh of the session was not answered: %s", why);
	leg_lose(leg, text);
}

static bool amend(struct leg *leg, const struct message *answer, struct message *next)
{
	return session_timer_raise(&leg->session, answer, next);
}

static enum err make_refresh(struct leg *leg, const char *method, struct message **out)
{
	const char *ours = leg->fork->said.ours;
	enum err err = dialog_request(leg->fork->dialog, method, out);

	if (err)
		return err;
	leg_add_abilities(leg, *out);
	session_timer_ask(&leg->session, *out);
	if (strcmp(method, "INVITE") == 0)
		message_set_body(*out, "application/sdp", ours, strlen(ours));
	return OK;
}

static void send_refresh(struct leg *leg)
{
	static const struct leg_request_handler handler = { on_response, on_fail, amend };
	bool update = leg->peer_updates;
	struct message *m;
	enum err err = ERR_NOT_NOW;

	if (leg->state != LEG_STANDING || leg->refreshing != REFRESHING_NOT ||
	    !leg->session.interval_s)
		return;
	/* 14.1: not while theirs is under way. */
	if (update || (!leg->fork->said.txn && leg->fork->said.ours))
		err = make_refresh(leg, update ? "UPDATE" : "INVITE", &m);
	if (!err) {
		leg_request_end(leg->refresh);
		err = leg_request_send(&leg->refresh, leg, leg->fork->dialog, m, &handler);
		message_free(&m);
	}
	if (err)
		session_timer_retry(&leg->session, AGAIN_MS);
	else
		leg->refreshing = update ? REFRESHING_UPDATE : REFRESHING_INVITE;
}

static void on_due(void *arg)
{
	send_refresh(arg);
}

static void on_end(void *arg)
{
	struct leg *leg = arg;

	if (leg->state == LEG_STANDING)
		leg_lose(leg, leg->session.ours ? "no refresh of the session was accepted in time"
		                                : "the peer did not refresh the session in time");
}

void leg_refresh_open(struct leg *leg, const struct session_timer_cfg *cfg)
{
	session_timer_open(&leg->session, cfg, stack_timers(leg->env->stack), on_due, on_end, leg);
}
