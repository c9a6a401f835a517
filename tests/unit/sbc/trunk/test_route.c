/* sbc/trunk/route.c: the first route that fits. */
#include "sbc/trunk/route.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/err.h"

static struct config_realm office, lobby;
static struct config_phone desk = { .realm = &office }, gate = { .realm = &office },
                           guest = { .realm = &lobby };
static struct config_trunk acme = { .realm = &lobby }, umbrella = { .realm = &lobby };

static char any[] = "*", german[] = "+49*", berlin[] = "+4930*", hundred[] = "100", none[] = "",
            star[] = "*98*";

#define OF_REALM(r)                                \
	{                                          \
		.kind = PARTY_REALM, .realm = &(r) \
	}
#define OF_PHONE(p)                                \
	{                                          \
		.kind = PARTY_PHONE, .phone = &(p) \
	}
#define OF_TRUNK(t)                                \
	{                                          \
		.kind = PARTY_TRUNK, .trunk = &(t) \
	}

static struct config_route routes[] = {
	{ .from = OF_PHONE(desk), .number = hundred },
	{ .from = OF_REALM(office), .number = berlin },
	{ .from = OF_REALM(office), .number = german },
	{ .from = OF_REALM(office), .number = star },
	{ .from = OF_TRUNK(acme), .number = hundred },
	{ .from = OF_TRUNK(acme), .number = any },
	{ .from = OF_TRUNK(umbrella), .number = none },
	{ .from = OF_PHONE(desk), .number = any },
};

static const struct config cfg = { .routes = routes, .nroutes = sizeof(routes) / sizeof(*routes) };

static const struct config_party from_desk = OF_PHONE(desk), from_gate = OF_PHONE(gate),
                                 from_guest = OF_PHONE(guest), from_acme = OF_TRUNK(acme),
                                 from_umbrella = OF_TRUNK(umbrella);

static void test_each(void **state)
{
	static const struct {
		const struct config_party *from;
		const char *number;
		int route; /* -1: none */
	} cases[] = {
		{ &from_desk, "100", 0 },      { &from_gate, "100", -1 },
		{ &from_desk, "1001", 7 },     { &from_desk, "10", 7 },
		{ &from_gate, "+49301", 1 },   { &from_gate, "+4930", 1 },
		{ &from_gate, "+4989", 2 },    { &from_gate, "+49", 2 },
		{ &from_gate, "+4", -1 },      { &from_gate, "49", -1 },
		{ &from_gate, "*98", 3 },      { &from_gate, "*981", 3 },
		{ &from_gate, "981", -1 },     { &from_desk, "+4930", 1 },
		{ &from_guest, "+4930", -1 },  { &from_guest, "100", -1 },
		{ &from_acme, "100", 4 },      { &from_acme, "101", 5 },
		{ &from_acme, "", 5 },         { &from_umbrella, "", 6 },
		{ &from_umbrella, "100", -1 }, { &from_gate, "", -1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct config_route *r = route_pick(&cfg, cases[i].from, cases[i].number);

		if (r != (cases[i].route < 0 ? NULL : &routes[cases[i].route]))
			fail_msg("case %zu, \"%s\": route %td", i, cases[i].number,
			         r ? r - routes : -1);
	}
}

/* A trunk's realm is no realm of phones: its calls fit no route for one. */
static void test_trunk_is_no_phone(void **state)
{
	struct config_route one = { .from = OF_REALM(lobby), .number = any };
	const struct config c = { .routes = &one, .nroutes = 1 };

	(void)state;
	assert_null(route_pick(&c, &from_acme, "100"));
	assert_ptr_equal(route_pick(&c, &from_guest, "100"), &one);
	assert_null(route_pick(&c, &from_desk, "100"));
}

static void test_no_routes(void **state)
{
	const struct config c = { 0 };

	(void)state;
	assert_null(route_pick(&c, &from_desk, "100"));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_each),
		                            cmocka_unit_test(test_trunk_is_no_phone),
		                            cmocka_unit_test(test_no_routes) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
