/* The routes, asked as a call asks them (route_judge), in words. One thread. */
#include "sbc/admin/explain_route.h"

#include "base/clock.h"
#include "sbc/b2bua/caller_id.h"
#include "sbc/b2bua/numbers.h"

static const char *const weekdays[] = { "sun", "mon", "tue", "wed", "thu", "fri", "sat" };

static const char *party_name(const struct config_party *party)
{
	switch (party->kind) {
	case PARTY_REALM:
		return party->realm->name;
	case PARTY_PHONE:
		return party->phone->name;
	case PARTY_TRUNK:
		return party->trunk->name;
	}
	return "?";
}

static const char *comma(size_t i)
{
	return i ? ", " : "";
}

static void print_from(FILE *out, const struct config_route *r)
{
	fputs("it is for calls from ", out);
	for (size_t i = 0; i < r->nfrom; i++)
		fprintf(out, "%s%s%s", comma(i), r->from[i].kind == PARTY_REALM ? "phones of " : "",
		        party_name(&r->from[i]));
}

static void print_patterns(FILE *out, const struct config_pattern *patterns, size_t n)
{
	for (size_t i = 0; i < n; i++)
		fprintf(out, "%s\"%s\"", comma(i), patterns[i].text);
}

static void print_methods(FILE *out, const struct config_route *r)
{
	fputs("it takes ", out);
	for (size_t i = 0; i < r->nmethods; i++)
		fprintf(out, "%s%s", comma(i), config_methods[r->methods[i]]);
	fputs(r->nmethods ? "" : "calls alone (INVITE)", out);
}

static void print_hours(FILE *out, const struct config_route *r)
{
	fputs("it is for", out);
	for (size_t i = 0; i < r->nhours; i++) {
		const struct config_hours *h = &r->hours[i];
		bool first = true;

		fputs(i ? "; " : " ", out);
		for (unsigned day = 0; day < 7; day++) {
			if (h->days & 1U << day) {
				fprintf(out, "%s%s", first ? "" : ",", weekdays[day]);
				first = false;
			}
		}
		fprintf(out, " %02u:%02u-%02u:%02u", h->from / 60, h->from % 60, h->until / 60,
		        h->until % 60);
	}
}

static void print_miss(FILE *out, const struct config_route *r, const struct route_query *q,
                       enum route_miss miss)
{
	switch (miss) {
	case ROUTE_FITS:
		fputs("it fits", out);
		return;
	case MISS_FROM:
		print_from(out, r);
		return;
	case MISS_METHOD:
		print_methods(out, r);
		return;
	case MISS_NUMBER:
		fprintf(out, "%s is not like ", q->called);
		print_patterns(out, r->number, r->nnumber);
		return;
	case MISS_CALLER:
		fprintf(out, "the caller's number '%s' is not like ", q->caller);
		print_patterns(out, r->caller, r->ncaller);
		return;
	case MISS_HOURS:
		print_hours(out, r);
		return;
	case MISS_CIRCLE:
		fprintf(out, "it leads back to %s, for what that hands on alone",
		        party_name(q->from));
		return;
	}
}

/* The call's numbers once the route has written them. */
struct numbers {
	char called[NUMBER_MAX], calling[NUMBER_MAX];
};

/* As they are written there: by the trunk's number rules and forms. */
static void print_numbers(FILE *out, const struct config_party *from, const struct numbers *n,
                          const struct config_trunk *trunk)
{
	char called[NUMBER_MAX], calling[NUMBER_MAX];

	if (number_cross(trunk, TRUNK_OUT, NUMBER_CALLED, n->called, called))
		fputs("by a number that its rules make unusable", out);
	else
		fprintf(out, "as %s, from %s", called,
		        caller_id_number(from, n->calling, trunk, calling));
}

static void print_target(FILE *out, const struct route_query *q, const struct config_party *to,
                         const struct numbers *n, bool emergency)
{
	unsigned max_calls, per_s;

	if (to->kind == PARTY_TRUNK) {
		fprintf(out, "trunk %s, ", to->trunk->name);
		print_numbers(out, q->from, n, to->trunk);
		fputs(": ", out);
		max_calls = to->trunk->max_calls;
		per_s = to->trunk->calls_per_second;
	} else {
		fprintf(out, "phone %s, as %s, from %s, %s: ", to->phone->name, n->called,
		        n->calling,
		        addr_is_set(&to->phone->address) ? "at its address" : "where it registers");
		max_calls = to->phone->max_calls;
		per_s = to->phone->calls_per_second;
	}
	if (emergency) {
		fputs("over every limit", out);
		return;
	}
	fprintf(out, "at most %u calls at the same time", max_calls);
	if (per_s)
		fprintf(out, ", %u a second", per_s);
}

/* With shares the order is another one for each call, so it is told and not drawn. */
static void print_targets(FILE *out, const struct config_route *r, const struct route_query *q,
                          const struct numbers *n)
{
	unsigned sum = 0;

	for (size_t i = 0; i < r->nshare; i++)
		sum += r->share[i];
	fprintf(out, "It goes to%s:\n",
	        sum          ? ", each as the first one as often as said"
	        : r->nto > 1 ? ", in this order"
	                     : "");
	for (size_t i = 0; i < r->nto; i++) {
		fprintf(out, "  %zu. ", i + 1);
		print_target(out, q, &r->to[i], n, r->emergency == YES);
		if (sum)
			fprintf(out, "; first in %u of %u", r->share[i], sum);
		fputs("\n", out);
	}
}

int explain_route(FILE *out, const struct config *cfg, const struct route_query *q)
{
	struct numbers numbers;
	struct clock_local at;

	clock_local(q->at_s, &at);
	fprintf(out, "%s from %s to %s, %s %02u:%02u:\n", q->method ? q->method : "A call",
	        party_name(q->from), q->called, weekdays[at.weekday], at.minute / 60,
	        at.minute % 60);
	for (size_t i = 0; i < cfg->nroutes; i++) {
		const struct config_route *r = &cfg->routes[i];
		enum route_miss miss = route_judge(r, q);

		fprintf(out, "  route %zu (line %u) %s: ", i + 1, r->line,
		        miss == ROUTE_FITS ? "takes it" : "does not");
		print_miss(out, r, q, miss);
		fputs("\n", out);
		if (miss != ROUTE_FITS)
			continue;
		number_shown(r, q->caller, numbers.calling);
		if (number_by_route(r, NUMBER_CALLED, q->called, numbers.called))
			fputs("Its number-rules make the number unusable.\n", out);
		else
			print_targets(out, r, q, &numbers);
		return 0;
	}
	fputs("No route takes it: the caller hears 404.\n", out);
	return 1;
}
