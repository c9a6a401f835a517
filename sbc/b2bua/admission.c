/* Limits, and who is let in over them: calls on a route for emergencies. Signalling thread. */
#include "sbc/b2bua/admission.h"

#include <stdio.h>
#include "base/mem.h"
#include "base/random.h"

enum err admission_open(struct border *b)
{
	const struct config *cfg = b->cfg.cfg;

	b->phones = mem_zalloc((cfg->nphones + 1) * sizeof(*b->phones));
	if (!b->phones)
		return ERR_NOMEM;
	for (size_t i = 0; i < cfg->nphones; i++)
		b->phones[i] = limit_of(cfg->phones[i].max_calls, cfg->phones[i].calls_per_second);
	b->rate = b->requests = (struct rate){ .per_s = cfg->calls_per_second };
	return OK;
}

void admission_close(struct border *b)
{
	mem_free(b->phones);
	b->phones = NULL;
}

const struct limit *border_phone_limit(const struct border *b, const struct config_phone *phone)
{
	return &b->phones[phone - b->cfg.cfg->phones];
}

void admission_log(struct border *b, const struct config_party *who, const char *why)
{
	unsigned suppressed;

	if (log_limit_admits(&b->refused, &suppressed))
		LOG(LOG_WARN, KV("event", "refused"), KV("from", party_name(who)), KV("why", why),
		    KVN("calls", b->ncalls), KVN_LAST("suppressed", suppressed));
}

static bool is_of_trunk(const struct call *call, const struct trunk *trunk)
{
	return !trunk || call->caller.trunk == trunk || call->callee.trunk == trunk;
}

/* Makes room for the call by (NULL: one to come) where most others go on: ends the youngest of them
 * that is none of an emergency, of that trunk or (NULL) of all. */
static void preempt(const struct border *b, const struct trunk *trunk, size_t most,
                    const struct call *by)
{
	const struct call_news news = { .why = "ended to make room for an emergency call" };
	struct call *call, *youngest = NULL;
	size_t going_on = 0;

	TAILQ_FOREACH (call, &b->calls, link) {
		if (call == by || call->code || !is_of_trunk(call, trunk))
			continue;
		going_on++;
		if (!call->emergency)
			youngest = call;
	}
	if (going_on < most || !youngest)
		return;
	LOG(LOG_WARN, KV("call", youngest->id), KV("event", "preempted"),
	    KV("trunk", trunk ? trunk_config(trunk)->name : NULL));
	call_event(youngest, EV_SHUTDOWN, &news);
}

const char *admission_of_all(struct border *b, bool emergency)
{
	size_t most = b->cfg.cfg->max_calls;

	if (b->shut)
		return "we stop";
	if (b->ncalls >= most && !emergency)
		return "max-calls is reached";
	if (emergency)
		preempt(b, NULL, most, NULL);
	return rate_take(&b->rate, emergency) ? NULL : "calls-per-second is reached";
}

static void refuse(struct call_refusal *r, enum over_limit how, bool trunk_calls, const char *name)
{
	snprintf(r->why, sizeof(r->why), "%s has as many calls as its limits allow", name);
	r->status = 0;
	r->retry_after_s = 0;
	switch (how) {
	case OVER_LIMIT_AUTO:
		r->status = trunk_calls ? 486 : 480;
		return;
	case OVER_LIMIT_486:
		r->status = 486;
		return;
	case OVER_LIMIT_503:
		r->status = 503;
		r->retry_after_s = 1 + random_below(10);
		return;
	}
}

static enum err take_trunk(struct call *call, struct party *p, bool always)
{
	struct border *b = call->border;
	struct trunk *trunk = trunk_find(b->cfg.trunks, p->who.trunk->name);

	if (call->emergency)
		preempt(b, trunk, p->who.trunk->max_calls, call);
	if (trunk_take_slot(trunk, p == &call->callee, always))
		return ERR_LIMIT;
	p->trunk = trunk;
	return OK;
}

static enum err take_phone(struct call *call, struct party *p, bool always)
{
	struct border *b = call->border;
	struct limit *limit = &b->phones[p->who.phone - b->cfg.cfg->phones];

	if (limit_take(limit, always))
		return ERR_LIMIT;
	p->limit = limit;
	return OK;
}

static enum err take_place(struct call *call, struct party *p, bool always,
                           struct call_refusal *refusal)
{
	bool is_trunk = p->who.kind == PARTY_TRUNK;

	if ((is_trunk ? take_trunk(call, p, always) : take_phone(call, p, always)) == OK)
		return OK;
	refuse(refusal, is_trunk ? p->who.trunk->over_limit : p->who.phone->over_limit,
	       call->caller.who.kind == PARTY_TRUNK, party_name(&p->who));
	return ERR_LIMIT;
}

enum err admission_of_party(struct call *call, struct party *p, struct call_refusal *refusal)
{
	return take_place(call, p, call->emergency, refusal);
}

enum err admission_in_place(struct call *call, struct party *p, const struct party *replaced,
                            struct call_refusal *refusal)
{
	bool same = party_same(&p->who, &replaced->who);

	return take_place(call, p, same || call->emergency, refusal);
}

static enum err take_request(struct border *b, const struct party *p)
{
	return p->who.kind == PARTY_TRUNK
	           ? trunk_take_request(trunk_find(b->cfg.trunks, p->who.trunk->name))
	           : limit_take_request(&b->phones[p->who.phone - b->cfg.cfg->phones]);
}

unsigned admission_of_request(struct border *b, const struct party *from, const struct party *to)
{
	if (take_request(b, from) || take_request(b, to))
		return 500;
	return rate_take(&b->requests, false) ? 0 : 503;
}

void admission_leave(struct party *p)
{
	if (p->trunk)
		trunk_free_slot(p->trunk);
	if (p->limit)
		limit_give(p->limit);
	p->trunk = NULL;
	p->limit = NULL;
}
