/* The rules between options: routes. */
#include <string.h>
#include "base/mem.h"
#include "config/check.h"

static const void *party_object(const struct config_party *party)
{
	switch (party->kind) {
	case PARTY_REALM:
		return party->realm;
	case PARTY_PHONE:
		return party->phone;
	case PARTY_TRUNK:
		return party->trunk;
	}
	return NULL;
}

static bool same_party(const struct config_party *a, const struct config_party *b)
{
	return a->kind == b->kind && party_object(a) == party_object(b);
}

/* Whether every call from b is one from a. */
static bool from_covers(const struct config_party *a, const struct config_party *b)
{
	return same_party(a, b) ||
	       (a->kind == PARTY_REALM && b->kind == PARTY_PHONE && b->phone->realm == a->realm);
}

/* Whether every number that fits b fits a, as far as that can be told of regular expressions. */
static bool number_covers(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b);

	if (strcmp(a, b) == 0 || strcmp(a, "*") == 0)
		return true;
	if (*a == '/' || *b == '/' || a[la - 1] != '*')
		return false;
	if (b[lb - 1] == '*')
		lb--;
	return lb >= la - 1 && strncmp(a, b, la - 1) == 0;
}

static bool is_among(const struct config_party *party, const struct config_party *list, size_t n)
{
	while (n > 0 && !same_party(party, &list[n - 1]))
		n--;
	return n > 0;
}

/* Calls of who is at both ends go on to the routes behind it. */
static bool all_from_covered(const struct config_route *a, const struct config_route *b)
{
	for (size_t i = 0; i < b->nfrom; i++) {
		size_t k = 0;

		while (k < a->nfrom && (!from_covers(&a->from[k], &b->from[i]) ||
		                        is_among(&a->from[k], a->to, a->nto)))
			k++;
		if (k == a->nfrom)
			return false;
	}
	return true;
}

static bool all_numbers_covered(const struct config_pattern *a, size_t na,
                                const struct config_pattern *b, size_t nb)
{
	for (size_t i = 0; i < nb; i++) {
		size_t k = 0;

		while (k < na && !number_covers(a[k].text, b[i].text))
			k++;
		if (k == na)
			return false;
	}
	return true;
}

/* No methods are calls alone. */
static bool all_methods_covered(const struct config_route *a, const struct config_route *b)
{
	static enum config_method invite = ROUTE_INVITE;
	const enum config_method *ma = a->nmethods ? a->methods : &invite;
	const enum config_method *mb = b->nmethods ? b->methods : &invite;
	size_t na = a->nmethods ? a->nmethods : 1, nb = b->nmethods ? b->nmethods : 1;

	for (size_t i = 0; i < nb; i++) {
		size_t k = 0;

		while (k < na && ma[k] != mb[i])
			k++;
		if (k == na)
			return false;
	}
	return true;
}

/* A route that asks for a caller or an hour leaves some calls to those behind it. */
static bool route_covers(const struct config_route *a, const struct config_route *b)
{
	return a->ncaller == 0 && a->nhours == 0 && all_from_covered(a, b) &&
	       all_methods_covered(a, b) &&
	       all_numbers_covered(a->number, a->nnumber, b->number, b->nnumber);
}

static bool is_whole(const struct config_route *route)
{
	return route->nfrom && route->nto && route->nnumber;
}

static void check_reached(const struct check *ck, size_t i)
{
	const struct config_route *route = &ck->cfg->routes[i];

	for (size_t j = 0; j < i; j++) {
		const struct config_route *before = &ck->cfg->routes[j];

		/* One that was written wrongly may ask for less than it seems to. */
		if (!is_whole(before) || check_written(ck, SECTION_ROUTES, j, "caller") ||
		    check_written(ck, SECTION_ROUTES, j, "hours") || !route_covers(before, route))
			continue;
		check_problem(ck, SECTION_ROUTES, i, NULL,
		              "is never reached: the route in line %u takes all of its calls; put "
		              "it before that one",
		              before->line);
		return;
	}
}

static void check_realm_calls(const struct check *ck, size_t i, const struct config_realm *realm)
{
	for (size_t k = 0; k < ck->cfg->nphones; k++) {
		if (ck->cfg->phones[k].realm == realm || !ck->cfg->phones[k].realm)
			return;
	}
	check_problem(ck, SECTION_ROUTES, i, "from",
	              "realm '%s' has no phones, so no call comes from it; name a phone or trunk",
	              realm->name);
}

static void check_parties(const struct check *ck, size_t i)
{
	const struct config_route *route = &ck->cfg->routes[i];

	for (size_t k = 0; k < route->nto; k++) {
		if (route->to[k].kind == PARTY_TRUNK &&
		    is_among(&route->to[k], route->from, route->nfrom)) {
			check_problem(ck, SECTION_ROUTES, i, "to",
			              "goes back to where the call comes from; name another phone "
			              "or trunk");
			return;
		}
		if (is_among(&route->to[k], route->to, k))
			check_problem(ck, SECTION_ROUTES, i, "to",
			              "has one of them twice; name each once");
	}
	for (size_t j = 0; j < route->nfrom; j++) {
		if (route->from[j].kind == PARTY_REALM)
			check_realm_calls(ck, i, route->from[j].realm);
	}
}

static void check_share(const struct check *ck, size_t i)
{
	const struct config_route *route = &ck->cfg->routes[i];
	unsigned sum = 0;

	for (size_t k = 0; k < route->nshare; k++)
		sum += route->share[k];
	if (route->nshare && route->nshare != route->nto)
		check_problem(ck, SECTION_ROUTES, i, "share",
		              "has %zu for %zu in to:; write one for each", route->nshare,
		              route->nto);
	else if (route->nshare && sum == 0)
		check_problem(ck, SECTION_ROUTES, i, "share",
		              "is 0 for all; one must be more, or leave it out");
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* Whether a trunk that brings numbers into a form reads one as the route meant it. */
static bool reads_alike(enum number_form form, const struct config_dialling *route,
                        const struct config_dialling *trunk)
{
	if (form != NUMBERS_NATIONAL && form != NUMBERS_INTERNATIONAL)
		return true;
	return same_text(route->international_prefix, trunk->international_prefix) &&
	       (form == NUMBERS_INTERNATIONAL ||
	        (same_text(route->country, trunk->country) &&
	         same_text(route->national_prefix, trunk->national_prefix)));
}

/* The trunk reads what the route wrote, and would take a country code for an area's digits. */
static void check_form_of_trunk(const struct check *ck, size_t i, const struct form_option *form,
                                const struct config_trunk *trunk, const char *options)
{
	if (form->form == NUMBERS_PLAIN)
		check_problem(ck, SECTION_ROUTES, i, form->key,
		              "plain is read as a local number by trunk '%s', which has a form of "
		              "its own (%s); write one of the two",
		              trunk->name, options);
	else if (!reads_alike(form->form, &ck->cfg->routes[i].dialling, &trunk->dialling))
		check_problem(
		    ck, SECTION_ROUTES, i, form->key,
		    "is written in another dialling plan than trunk '%s' reads it by "
		    "(%s); write one of the two, or the same country and prefixes for both",
		    trunk->name, options);
}

static void check_number_forms(const struct check *ck, size_t i)
{
	const struct config_route *route = &ck->cfg->routes[i];
	const struct form_option forms[] = { { "called-form", route->called_form },
		                             { "calling-form", route->calling_form } };

	check_forms(ck, SECTION_ROUTES, i, forms, ARRAY_LEN(forms));
	for (size_t k = 0; k < route->nto; k++) {
		const struct config_trunk *trunk = route->to[k].trunk;

		if (route->to[k].kind != PARTY_TRUNK)
			continue;
		if (trunk->numbers_out != NUMBERS_AS_IS)
			check_form_of_trunk(ck, i, &forms[0], trunk, "numbers-out");
		if ((trunk->calling_out == NUMBERS_SAME ? trunk->numbers_out
		                                        : trunk->calling_out) != NUMBERS_AS_IS)
			check_form_of_trunk(ck, i, &forms[1], trunk, "calling-out, numbers-out");
	}
}

void check_routes(const struct check *ck)
{
	for (size_t i = 0; i < ck->cfg->nroutes; i++) {
		if (ck->cfg->routes[i].nfrom == 0 || ck->cfg->routes[i].nto == 0)
			continue;
		check_parties(ck, i);
		check_share(ck, i);
		check_number_forms(ck, i);
		if (ck->cfg->routes[i].nnumber)
			check_reached(ck, i);
	}
}
