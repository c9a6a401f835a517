/* The targets of a call. Signalling thread. */
#include "sbc/b2bua/targets.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "base/log.h"
#include "base/mem.h"
#include "sbc/b2bua/admission.h"
#include "sbc/trunk/route.h"

#define TARGETS_MAX 32 /* of one call, whatever redirections add */

void targets_open(struct call *call)
{
	TAILQ_INIT(&call->targets.next);
	TAILQ_INIT(&call->targets.tried);
}

static void free_target(struct call_target_list *list, struct call_target *t)
{
	TAILQ_REMOVE(list, t, link);
	leg_free(&t->leg);
	mem_free(t->host);
	mem_free(t);
}

static void free_list(struct call_target_list *list)
{
	struct call_target *t;

	while ((t = TAILQ_FIRST(list)))
		free_target(list, t);
}

void targets_close(struct call *call)
{
	free_list(&call->targets.next);
	free_list(&call->targets.tried);
}

static bool same_host(const char *a, const char *b)
{
	return a && b ? strcasecmp(a, b) == 0 : a == b;
}

static bool is_listed(const struct call_target_list *list, const struct call_target *target)
{
	const struct call_target *t;

	TAILQ_FOREACH (t, list, link) {
		if (party_same(&t->who, &target->who) && strcmp(t->number, target->number) == 0 &&
		    same_host(t->host, target->host) && t->port == target->port &&
		    t->plain == target->plain && t->bare == target->bare)
			return true;
	}
	return false;
}

static size_t count(const struct call_target_list *list)
{
	const struct call_target *t;
	size_t n = 0;

	TAILQ_FOREACH (t, list, link)
		n++;
	return n;
}

enum err targets_add(struct call *call, const struct call_target *target,
                     struct call_target_list *to)
{
	const struct call_targets *ts = &call->targets;
	size_t listed = to == &ts->next ? 0 : count(to);
	struct call_target *t;

	if (is_listed(&ts->tried, target) || is_listed(to, target) ||
	    count(&ts->tried) + count(&ts->next) + listed >= TARGETS_MAX)
		return OK;
	t = mem_zalloc(sizeof(*t));
	if (!t)
		return ERR_NOMEM;
	*t = *target;
	t->host = target->host ? mem_strdup(target->host) : NULL;
	if (target->host && !t->host) {
		mem_free(t);
		return ERR_NOMEM;
	}
	TAILQ_INSERT_TAIL(to, t, link);
	return OK;
}

enum err targets_add_route(struct call *call, const struct config_route *route, const char *number,
                           struct call_target_list *to)
{
	size_t order[ROUTE_TARGETS_MAX], n = route_order(route, order);
	struct call_target t = { .route = route };
	enum err err = number_by_route(route, NUMBER_CALLED, number, t.number);

	for (size_t i = 0; !err && i < n; i++) {
		t.who = route->to[order[i]];
		err = targets_add(call, &t, to);
	}
	return err;
}

static void take_route(struct call *call, const struct config_route *route)
{
	call->route = route;
	call->emergency = call->emergency || route->emergency == YES;
}

enum err targets_begin(struct call *call, const struct config_route *route, const char *number)
{
	enum err err = targets_add_route(call, route, number, &call->targets.next);

	take_route(call, route);
	if (!err)
		party_set(&call->callee, &TAILQ_FIRST(&call->targets.next)->who,
		          TAILQ_FIRST(&call->targets.next)->number);
	return err;
}

bool targets_take(struct call *call)
{
	struct call_target *t = TAILQ_FIRST(&call->targets.next);

	if (!t)
		return false;
	TAILQ_REMOVE(&call->targets.next, t, link);
	TAILQ_INSERT_TAIL(&call->targets.tried, t, link);
	party_set(&call->callee, &t->who, t->number);
	call->callee.target = t;
	take_route(call, t->route);
	number_shown(t->route, call->caller.number, call->caller.id.shown);
	return true;
}

void targets_leave(struct call *call, const char *reason)
{
	struct call_target *t = TAILQ_LAST(&call->targets.tried, call_target_list);
	struct party *callee = &call->callee;

	pass_end(call);
	t->leg = callee->leg;
	if (t->leg)
		leg_cancel_because(t->leg, reason);
	callee->leg = NULL;
	admission_leave(callee);
	mem_free(callee->call_id);
	callee->call_id = NULL;
	callee->tls[0] = callee->verified[0] = '\0';
	callee->peer = (struct addr){ 0 };
}

/* 408 of one that had rung is the called's own silence. 401 and 407: the trunk does not take who we
 * are. What else is below 500, and 6xx, speaks of the one who is called. */
static bool speaks_of_the_way(unsigned status, bool rang)
{
	switch (status) {
	case 401:
	case 407:
	case 500:
	case 502:
	case 503:
	case 504:
		return true;
	case 408:
		return !rang;
	default:
		return false;
	}
}

bool targets_go_on(struct call *call, const struct message *m)
{
	struct call_target *next;
	unsigned status = m ? message_status(m) : 0;
	bool of_the_way = !m || speaks_of_the_way(status, call->state == CALL_RINGING);

	/* What the caller may have agreed to with the one before cannot be taken back. */
	if ((m && message_is_request(m)) ||
	    (call->exchange != EX_FIRST && call->exchange != EX_FETCHING &&
	     call->exchange != EX_INVENTED))
		return false;
	while ((next = TAILQ_FIRST(&call->targets.next))) {
		if (of_the_way || (next->alternative && status < 600))
			return true;
		free_target(&call->targets.next, next);
	}
	return false;
}

const struct config_party *targets_left(const struct call *call, const struct leg *leg)
{
	const struct call_target *t;

	TAILQ_FOREACH (t, &call->targets.tried, link) {
		if (t->leg == leg)
			return &t->who;
	}
	return NULL;
}

/* What it answered to is left out when it is called once more; gives the log's word for that. NULL:
 * it spoke of something else. */
static const char *spare(struct call_target *again, const struct call *call, unsigned status)
{
	enum srtp_mode srtp = party_srtp(&again->who);

	if (status == 415 && again->has_parts) {
		again->bare = true;
		return "parts-left-out";
	}
	if ((status != 488 && status != 415 && status != 606) || again->plain ||
	    (srtp != SRTP_OFFERED && srtp != SRTP_OFFERED_BOTH) || call->exchange == EX_FETCHING)
		return NULL;
	again->plain = true;
	return "srtp";
}

bool targets_try_again(struct call *call, const struct message *m)
{
	struct call_target_list *list = &call->targets.next;
	struct call_target *last = TAILQ_LAST(list, call_target_list), *added, again;
	const char *spared;

	if (!m || message_is_request(m) || !call->callee.target ||
	    (call->state != CALL_CALLING && call->state != CALL_RINGING &&
	     call->state != CALL_REFERRED) ||
	    (call->exchange != EX_FIRST && call->exchange != EX_FETCHING &&
	     call->exchange != EX_INVENTED))
		return false;
	again = *call->callee.target;
	spared = spare(&again, call, message_status(m));
	if (!spared)
		return false;
	again.leg = NULL;
	again.has_parts = false;
	if (targets_add(call, &again, list))
		return false;
	added = TAILQ_LAST(list, call_target_list);
	if (added == last) /* there are too many */
		return false;
	TAILQ_REMOVE(list, added, link);
	TAILQ_INSERT_HEAD(list, added, link);
	LOG(LOG_INFO, KV("call", call->id), KV("event", spared), KV("to", party_name(&again.who)),
	    KV("why", "it was refused"), KVN("code", message_status(m)),
	    KV("result", "called once more without"));
	return true;
}

bool targets_are_gone(const struct call *call)
{
	const struct call_target *t;

	TAILQ_FOREACH (t, &call->targets.tried, link) {
		if (t->leg && !leg_is_gone(t->leg))
			return false;
	}
	return true;
}

bool targets_on_event(struct call *call, struct leg *leg, enum leg_event event)
{
	if (!targets_left(call, leg))
		return false;
	if (event == LEG_ANSWER) /* it crossed our CANCEL */
		leg_bye(leg);
	else if (event == LEG_OFFER || event == LEG_FETCH)
		leg_refuse(leg, 488, 0);
	return true;
}
