/* RFC 4028. Signalling thread. */
#include "sbc/b2bua/session_timer.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "sbc/b2bua/extensions.h"

#define LEAST_S 90    /* 4, 5 */
#define MOST_S  86400 /* that a peer's Min-SE can have us ask for */

enum refresher { REFRESHER_OPEN, REFRESHER_UAC, REFRESHER_UAS };

static unsigned larger(unsigned a, unsigned b)
{
	return a > b ? a : b;
}

static enum refresher refresher_in(const struct message *m)
{
	const char *text = message_header(m, "Session-Expires", 0);
	const char *at = text ? strcasestr(text, "refresher=") : NULL;

	if (!at)
		return REFRESHER_OPEN;
	at += strlen("refresher=");
	return strncasecmp(at, "uac", 3) == 0   ? REFRESHER_UAC
	       : strncasecmp(at, "uas", 3) == 0 ? REFRESHER_UAS
	                                        : REFRESHER_OPEN;
}

static bool supports(const struct message *m)
{
	return extension_in(m, "Supported", "timer") || extension_in(m, "Require", "timer");
}

void session_timer_open(struct session_timer *st, const struct session_timer_cfg *cfg,
                        struct timers *timers, void (*on_due)(void *), void (*on_end)(void *),
                        void *arg)
{
	*st = (struct session_timer){ .cfg = *cfg,
		                      .timers = timers,
		                      .asked_s = cfg->expires_s,
		                      .asked_min_s = larger(cfg->min_se_s, LEAST_S),
		                      .on_due = on_due,
		                      .on_end = on_end,
		                      .arg = arg };
}

void session_timer_stop(struct session_timer *st)
{
	timer_stop(&st->due);
	timer_stop(&st->end);
	st->interval_s = 0;
}

/* 10: half of it is the refresher's time; a third of it, or 32 s, is left for the BYE. */
static void start(struct session_timer *st, unsigned interval_s, bool ours)
{
	unsigned left_s = interval_s / 3 < 32 ? interval_s / 3 : 32;

	st->interval_s = interval_s;
	st->ours = ours;
	timer_start(st->timers, &st->end, (uint64_t)(interval_s - left_s) * 1000, st->on_end,
	            st->arg);
	if (ours)
		timer_start(st->timers, &st->due, (uint64_t)interval_s * 500, st->on_due, st->arg);
	else
		timer_stop(&st->due);
}

void session_timer_retry(struct session_timer *st, uint64_t ms)
{
	timer_start(st->timers, &st->due, ms, st->on_due, st->arg);
}

void session_timer_ask(const struct session_timer *st, struct message *request)
{
	unsigned asked_s = st->interval_s ? larger(st->interval_s, st->asked_min_s) : st->asked_s;

	if (!st->cfg.expires_s)
		return;
	/* 7.4: who refreshes goes on doing so. */
	message_add(request, "Session-Expires", "%u%s", asked_s,
	            !st->interval_s ? ""
	            : st->ours      ? ";refresher=uac"
	                            : ";refresher=uas");
	message_add(request, "Min-SE", "%u", st->asked_min_s);
}

void session_timer_on_2xx(struct session_timer *st, const struct message *answer)
{
	unsigned interval_s = message_number(answer, "Session-Expires");

	st->raised = false;
	/* 7.2: without the header the session has no end, and we do not insist. */
	if (!interval_s || !st->cfg.expires_s)
		session_timer_stop(st);
	else
		start(st, larger(interval_s, LEAST_S), refresher_in(answer) != REFRESHER_UAS);
}

bool session_timer_raise(struct session_timer *st, const struct message *answer,
                         struct message *next)
{
	unsigned least_s = message_number(answer, "Min-SE");

	if (message_status(answer) != 422 || st->raised || least_s <= st->asked_min_s ||
	    least_s > MOST_S)
		return false;
	st->raised = true;
	st->asked_min_s = least_s;
	st->asked_s = larger(st->asked_s, least_s);
	message_remove(next, "Session-Expires");
	message_remove(next, "Min-SE");
	session_timer_ask(st, next);
	return true;
}

bool session_timer_refuses(const struct session_timer_cfg *cfg, struct server_txn *txn,
                           const struct message *request)
{
	unsigned asked_s = message_number(request, "Session-Expires");
	unsigned least_s = larger(cfg->min_se_s, LEAST_S);
	char text[16];

	/* 9: who does not know the extension would not know what to do with a 422. */
	if (!cfg->expires_s || !message_header(request, "Session-Expires", 0) ||
	    asked_s >= least_s || !supports(request))
		return false;
	snprintf(text, sizeof(text), "%u", least_s);
	server_txn_reply_with(txn, 422, "Min-SE", text);
	return true;
}

/* 9, table 2. Who asks leaves it to us who refreshes, or does so itself. */
static enum refresher choose(const struct session_timer *st, const struct message *request)
{
	enum refresher asked = refresher_in(request);

	if (!supports(request))
		return REFRESHER_UAS;
	if (asked != REFRESHER_OPEN)
		return asked;
	return st->interval_s && st->ours ? REFRESHER_UAS : REFRESHER_UAC;
}

void session_timer_answer(struct session_timer *st, const struct message *request,
                          struct message *answer)
{
	unsigned asked_s = message_number(request, "Session-Expires");
	unsigned interval_s = larger(st->cfg.expires_s, message_number(request, "Min-SE"));
	enum refresher refresher = choose(st, request);

	if (!st->cfg.expires_s || (!asked_s && !supports(request))) {
		session_timer_stop(st);
		return;
	}
	if (asked_s && asked_s < interval_s)
		interval_s = asked_s;
	interval_s = larger(interval_s, LEAST_S);
	message_add(answer, "Session-Expires", "%u;refresher=%s", interval_s,
	            refresher == REFRESHER_UAC ? "uac" : "uas");
	if (refresher == REFRESHER_UAC)
		message_put(answer, "Require", "timer");
	start(st, interval_s, refresher == REFRESHER_UAS);
}
