/* Where a request goes: the first route that fits. Any thread; reads the configuration only. */
#include "sbc/trunk/route.h"

#include <stdbool.h>
#include <string.h>
#include "base/clock.h"
#include "base/random.h"

static bool party_fits(const struct config_party *rule, const struct config_party *from)
{
	switch (rule->kind) {
	case PARTY_REALM:
		return from->kind == PARTY_PHONE && from->phone->realm == rule->realm;
	case PARTY_PHONE:
		return from->kind == PARTY_PHONE && from->phone == rule->phone;
	case PARTY_TRUNK:
		return from->kind == PARTY_TRUNK && from->trunk == rule->trunk;
	}
	return false;
}

static bool from_fits(const struct config_route *r, const struct config_party *from)
{
	for (size_t i = 0; i < r->nfrom; i++) {
		if (party_fits(&r->from[i], from))
			return true;
	}
	return false;
}

/* "+49*" fits what begins with +49, "*" all, "100" only 100. */
static bool pattern_fits(const struct config_pattern *pattern, const char *number)
{
	size_t len;

	if (pattern->regex)
		return pattern_matches(pattern->regex, number);
	len = strlen(pattern->text);
	if (len > 0 && pattern->text[len - 1] == '*')
		return strncmp(pattern->text, number, len - 1) == 0;
	return strcmp(pattern->text, number) == 0;
}

static bool number_fits(const struct config_pattern *patterns, size_t n, const char *number)
{
	for (size_t i = 0; i < n; i++) {
		if (pattern_fits(&patterns[i], number))
			return true;
	}
	return false;
}

static bool method_fits(const struct config_route *r, const char *method)
{
	if (r->nmethods == 0)
		return strcmp(method, config_methods[ROUTE_INVITE]) == 0;
	for (size_t i = 0; i < r->nmethods; i++) {
		if (strcmp(method, config_methods[r->methods[i]]) == 0)
			return true;
	}
	return false;
}

/* Past midnight it is the day before that counts. */
static bool hours_hold(const struct config_hours *h, const struct clock_local *at)
{
	bool today = h->days & 1U << at->weekday;
	bool yesterday = h->days & 1U << (at->weekday + 6) % 7;

	if (h->from < h->until)
		return today && at->minute >= h->from && at->minute < h->until;
	return (today && at->minute >= h->from) || (yesterday && at->minute < h->until);
}

static bool hours_fit(const struct config_route *r, int64_t at_s)
{
	struct clock_local at;

	if (r->nhours == 0)
		return true;
	clock_local(at_s, &at);
	for (size_t i = 0; i < r->nhours; i++) {
		if (hours_hold(&r->hours[i], &at))
			return true;
	}
	return false;
}

/* A PBX may send a call on to another of its numbers. What it calls itself would come back to it,
 * and go out again: a route that names it at both ends is not for that. */
static bool leads_back(const struct config_route *r, const struct config_party *from)
{
	bool comes = false, goes = false;

	for (size_t i = 0; i < r->nfrom; i++)
		comes = comes || (r->from[i].kind != PARTY_REALM && party_fits(&r->from[i], from));
	for (size_t i = 0; i < r->nto; i++)
		goes = goes || party_fits(&r->to[i], from);
	return comes && goes;
}

enum route_miss route_judge(const struct config_route *r, const struct route_query *q)
{
	if (!from_fits(r, q->from))
		return MISS_FROM;
	if (!method_fits(r, q->method ? q->method : config_methods[ROUTE_INVITE]))
		return MISS_METHOD;
	if (!number_fits(r->number, r->nnumber, q->called))
		return MISS_NUMBER;
	if (r->ncaller && !number_fits(r->caller, r->ncaller, q->caller))
		return MISS_CALLER;
	if (!hours_fit(r, q->at_s))
		return MISS_HOURS;
	return !q->handed_on && leads_back(r, q->from) ? MISS_CIRCLE : ROUTE_FITS;
}

const struct config_route *route_pick(const struct config *cfg, const struct route_query *q)
{
	for (size_t i = 0; i < cfg->nroutes; i++) {
		if (route_judge(&cfg->routes[i], q) == ROUTE_FITS)
			return &cfg->routes[i];
	}
	return NULL;
}

/* Which of those from first on comes now: by chance as their shares say; the first where none of
 * them has any. */
static size_t draw(const struct config_route *r, const size_t order[], size_t first)
{
	uint32_t sum = 0, at;
	size_t i = first;

	for (size_t k = first; k < r->nto; k++)
		sum += r->share[order[k]];
	if (sum == 0)
		return first;
	at = random_below(sum);
	while (at >= r->share[order[i]])
		at -= r->share[order[i++]];
	return i;
}

size_t route_order(const struct config_route *r, size_t order[ROUTE_TARGETS_MAX])
{
	for (size_t i = 0; i < r->nto; i++)
		order[i] = i;
	for (size_t i = 0; r->nshare && i < r->nto; i++) {
		size_t k = draw(r, order, i), taken = order[k];

		memmove(&order[i + 1], &order[i], (k - i) * sizeof(*order));
		order[i] = taken;
	}
	return r->nto;
}
