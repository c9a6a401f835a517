/* The two ends of a call for the header policy. Signalling thread. */
#include "sbc/b2bua/call_cross.h"

#include "sbc/b2bua/bodies.h"
#include "sbc/b2bua/call_internal.h"
#include "sbc/b2bua/caller_id.h"
#include "sbc/b2bua/diversion.h"
#include "sbc/b2bua/failure_map.h"
#include "sbc/b2bua/names.h"
#include "sbc/b2bua/place.h"
#include "sbc/b2bua/transfer.h"

static struct crossing_ends ends_to(const struct call *call, const struct leg *leg)
{
	const struct config_party *left = targets_left(call, leg);

	if (leg == call->caller.leg)
		return (struct crossing_ends){ &call->callee.who, &call->caller.who };
	return (struct crossing_ends){ &call->caller.who, left ? left : &call->callee.who };
}

/* What the other leg got, for which this one sends something; NULL: it is ours alone. */
static const struct message *cause_of(const struct call *call, const struct leg *leg,
                                      const struct message *m)
{
	const struct call_news *news = call->news;

	if (message_is_request(m) && !*message_to_tag(m))
		return call->caller.leg ? leg_received_invite(call->caller.leg) : NULL;
	return news && news->leg && news->leg != leg ? news->message : NULL;
}

/* What the other side's answer was, in terms of ISDN, where it said nothing of that itself: many a
 * PBX looks at nothing else. */
static void add_cause(const struct message *cause, struct message *m)
{
	unsigned q850 = failure_q850(message_status(cause));

	if (message_status(cause) >= 300 && message_status(m) >= 300 && q850 &&
	    !message_header(cause, "Reason", 0))
		message_add(m, "Reason", "Q.850;cause=%u", q850);
}

static void add_answer(const struct passage *p)
{
	if (message_status(p->to) < 300 && message_status(p->from) < 300)
		caller_id_add_connected(p);
	add_cause(p->from, p->to);
}

static void add_place(const struct passage *p, struct call_target *target)
{
	bool has_parts = (!target || !target->bare) && bodies_cross_call(p);

	if (target)
		target->has_parts = has_parts;
	place_cross(p);
}

static void add_diversions(const struct call *call, const struct passage *p)
{
	struct diversions diversions = { .n = 0 };

	if (!diversions_wanted(p->ends))
		return;
	if (p->from)
		diversions_read(&diversions, p->from, p->ends->from);
	if (*call->targets.diverted)
		diversions_add(&diversions, call->targets.diverted);
	diversions_write(&diversions, p);
}

/* A transfer's INVITE is made of none that came. */
static void add_to_invite(struct call *call, const struct passage *p)
{
	struct call_target *target = call->callee.target;
	const struct party *referrer = transfer_referrer(call);

	caller_id_add(p, &call->caller.id, party_shown(&call->caller));
	if (referrer)
		caller_id_add_referrer(p, &referrer->who, &referrer->id, party_shown(referrer));
	if (p->from && place_may_go(p->ends, p->from, call->emergency))
		add_place(p, target);
	add_diversions(call, p);
}

void call_on_send(void *arg, struct leg *leg, struct message *m)
{
	struct call *call = arg;
	const struct crossing_ends ends = ends_to(call, leg);
	const struct message *cause = cause_of(call, leg, m);
	struct passage p;

	passage_open(&p, cause, m, &ends);
	if (message_is_request(m) && !*message_to_tag(m))
		add_to_invite(call, &p);
	if (cause && !message_is_request(cause) && !message_is_request(m))
		add_answer(&p);
	headers_cross(&p);
}

const char *call_reason(const struct call *call, const struct leg *leg, char out[HEADER_LINE_MAX])
{
	const struct call_news *news = call->news;
	const struct crossing_ends ends = ends_to(call, leg);

	if (!news || !news->message || news->leg == leg)
		return NULL;
	return headers_reason(news->message, &ends, out) ? out : NULL;
}
