/* The refreshes that a leg owes its session (RFC 4028 7.4, 10): by UPDATE where the peer allows
 * that, else by a re-INVITE that says what we said before. Signalling thread. */
#include "base/log.h"
#include "base/random.h"
#include "sbc/b2bua/leg_internal.h"

#define AGAIN_MS 10000 /* after an answer that says nothing of when */

void leg_lose(struct leg *leg, const char *why)
{
	LOG(LOG_WARN, KV("call-id", leg_call_id(leg)), KV("event", "session-lost"), KV("why", why));
	if (leg->state == LEG_CALLING)
		leg_cancel(leg);
	else if (leg->state == LEG_WAITING)
		leg_reject(leg, 487, NULL);
	else
		leg_bye(leg);
	leg_tell(leg, LEG_LOST, NULL, why);
}

/* 0: it does not say, or later than anybody waits. */
static unsigned retry_after_ms(const struct message *m)
{
	uint32_t s = message_number(m, "Retry-After");

	return s > 0 && s <= 32 ? s * 1000 : 0;
}

unsigned leg_again_ms(const struct leg *leg, const struct message *refusal)
{
	unsigned status = message_status(refusal);

	if (status == 500)
		return retry_after_ms(refusal);
	if (status != 491)
		return 0;
	/* Who made the Call-ID waits longer; in steps of 10 ms. */
	return dialog_is_ours(leg->fork->dialog) ? 2100 + 10 * random_below(191)
	                                         : 10 + 10 * random_below(200);
}

void leg_refresh_refused(struct leg *leg, const struct message *m, enum leg_asking as)
{
	bool update = as == REFRESHING_UPDATE;
	unsigned ms = retry_after_ms(m);

	if (!leg->session.interval_s)
		return;
	if (message_status(m) == 491) {
		session_timer_retry(&leg->session, leg_again_ms(leg, m));
		return;
	}
	LOG(LOG_INFO, KV("call-id", leg_call_id(leg)), KV("event", "refresh"),
	    KVN("code", message_status(m)), KV("result", "tried again"));
	leg->peer_updates = leg->peer_updates && !update;
	session_timer_retry(&leg->session, update ? 0 : ms ? ms : AGAIN_MS);
}

static void on_due(void *arg)
{
	struct leg *leg = arg;
	const char *ours = leg->fork->said.ours;
	enum err err = ERR_NOT_NOW;

	if (leg->state != LEG_STANDING || !leg->session.interval_s)
		return;
	if (leg->peer_updates)
		err = leg_ask(leg, REFRESHING_UPDATE, NULL);
	else if (ours)
		err = leg_ask(leg, REFRESHING_INVITE, ours);
	if (err)
		session_timer_retry(&leg->session, AGAIN_MS);
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
