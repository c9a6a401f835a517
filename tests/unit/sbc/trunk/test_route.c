/* sbc/trunk/route.c: the first route that fits, why others do not, and the order of its targets. */
#include "sbc/trunk/route.h"

#include "base/clock.h"
#include "tests/unit/config/world.h"

static const char text[] =
    "identities: { us: { certificate: us.pem, key: us.key } }\n"
    "time-zone: Europe/Berlin\n"
    "realms:\n"
    "  office: { listen: [ \"udp:10.0.0.1\" ] }\n"
    "  lobby: { listen: [ \"udp:10.1.0.1\", \"tls:10.1.0.1\" ], identity: us }\n"
    "phones:\n"
    "  desk: { realm: office, address: 10.0.0.20 }\n"
    "  gate: { realm: office, address: 10.0.0.21 }\n"
    "  guest: { realm: lobby, address: 10.1.0.20 }\n"
    "trunks:\n"
    "  acme: { realm: lobby, domain: a.example }\n"
    "  umbrella: { realm: lobby, domain: b.example }\n"
    "routes:\n"
    "  - { from: desk, number: \"100\", to: gate }\n"
    "  - { from: office, number: \"+4930*\", to: acme }\n"
    "  - { from: office, number: \"+49*\", to: acme }\n"
    "  - { from: office, number: \"*98*\", to: acme }\n"
    "  - { from: acme, number: \"100\", to: desk }\n"
    "  - { from: acme, number: \"*\", to: gate }\n"
    /* 6 */
    "  - { from: [ gate, umbrella ], number: [ \"1\", \"/^2[0-9]{2}$/\" ], to: guest }\n"
    "  - { from: gate, number: \"/7/\", caller: [ \"5*\", \"/^6+$/\" ], to: guest }\n"
    "  - { from: gate, number: \"8\", hours: [ \"mon-fri 08:00-18:00\", \"sat 22:00-02:00\" ], to: guest }\n"
    "  - { from: gate, number: \"8*\", hours: sun, to: guest }\n"
    /* 10 */
    "  - { from: gate, number: \"9\", methods: [ MESSAGE, SUBSCRIBE ], to: guest }\n"
    "  - { from: gate, number: \"9\", to: guest }\n"
    "  - { from: desk, number: \"*\", to: [ gate, acme, umbrella ], share: [ 0, 30, 10 ] }\n"
    "  - { from: guest, number: \"5*\", to: [ acme, umbrella ] }\n"
    /* 14 */
    "  - { from: [ guest, acme ], number: \"6*\", to: [ guest, gate ] }\n"
    "  - { from: lobby, number: \"6*\", to: guest }\n";

static struct config *cfg;
static struct config_party from_desk, from_gate, from_guest, from_acme, from_umbrella;

static int begin(void **state)
{
	char *said;

	world_begin(state);
	said = world_parse(&cfg, text, 0);
	assert_string_equal(said, "");
	free(said);
	clock_set_zone(cfg->time_zone);
	from_desk = (struct config_party){ .kind = PARTY_PHONE, .phone = &cfg->phones[0] };
	from_gate = (struct config_party){ .kind = PARTY_PHONE, .phone = &cfg->phones[1] };
	from_guest = (struct config_party){ .kind = PARTY_PHONE, .phone = &cfg->phones[2] };
	from_acme = (struct config_party){ .kind = PARTY_TRUNK, .trunk = &cfg->trunks[0] };
	from_umbrella = (struct config_party){ .kind = PARTY_TRUNK, .trunk = &cfg->trunks[1] };
	return 0;
}

static int end(void **state)
{
	config_free(&cfg);
	return world_end(state);
}

static int picked(const struct route_query *q)
{
	const struct config_route *r = route_pick(cfg, q);

	return r ? (int)(r - cfg->routes) : -1;
}

static void numbers(void **state)
{
	static const struct {
		const struct config_party *from;
		const char *called;
		int route; /* -1: none */
	} cases[] = {
		{ &from_desk, "100", 0 },       { &from_gate, "100", -1 },
		{ &from_desk, "1001", 12 },     { &from_desk, "10", 12 },
		{ &from_gate, "+49301", 1 },    { &from_gate, "+4930", 1 },
		{ &from_gate, "+4989", 2 },     { &from_gate, "+49", 2 },
		{ &from_gate, "+4", -1 },       { &from_gate, "49", -1 },
		{ &from_gate, "*98", 3 },       { &from_gate, "*981", 3 },
		{ &from_gate, "981", -1 },      { &from_desk, "+4930", 1 },
		{ &from_guest, "+4930", -1 },   { &from_guest, "100", -1 },
		{ &from_acme, "100", 4 },       { &from_acme, "101", 5 },
		{ &from_acme, "", 5 },          { &from_gate, "", -1 },
		{ &from_umbrella, "1", 6 },     { &from_gate, "1", 6 },
		{ &from_gate, "234", 6 },       { &from_gate, "2345", -1 },
		{ &from_umbrella, "1234", -1 }, { &from_umbrella, "299", 6 },
		{ &from_gate, "9", 11 },        { &from_umbrella, "9", -1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct route_query q = { .from = cases[i].from,
			                       .called = cases[i].called,
			                       .caller = "" };

		if (picked(&q) != cases[i].route)
			fail_msg("case %zu, \"%s\": route %d", i, cases[i].called, picked(&q));
	}
}

static void callers(void **state)
{
	static const struct {
		const char *caller;
		int route;
	} cases[] = { { "5", 7 }, { "51", 7 }, { "66", 7 }, { "67", -1 }, { "", -1 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct route_query q = { .from = &from_gate,
			                       .called = "171",
			                       .caller = cases[i].caller };

		assert_int_equal(picked(&q), cases[i].route);
	}
}

/* Berlin is an hour before UTC in January, two in July. */
static void hours(void **state)
{
	static const struct {
		int64_t at_s;
		int route;
	} cases[] = {
		{ 1799996400, 8 },          /* Fri 2027-01-15 07:00 UTC: 08:00 CET */
		{ 1799996400 - 60, -1 },    /* 07:59 */
		{ 1800000000, 8 },          /* 09:00 */
		{ 1800032400 - 60, 8 },     /* 17:59 */
		{ 1800032400, -1 },         /* Fri 18:00 */
		{ 1800133200 - 60, -1 },    /* Sat 21:59 */
		{ 1800133200, 8 },          /* Sat 22:00 */
		{ 1800147600 - 60, 8 },     /* Sun 01:59, of Saturday */
		{ 1800147600, 9 },          /* Sun 02:00 */
		{ 1800147600 - 86400, -1 }, /* Sat 02:00 */
		{ 1815544800, 8 },          /* Wed 2027-07-14 06:00 UTC: 08:00 CEST */
		{ 1815544800 - 60, -1 },
		{ 1815544800 + 10 * 3600 - 60, 8 }, /* 17:59 CEST */
		{ 1815544800 + 10 * 3600, -1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct route_query q = {
			.from = &from_gate, .called = "8", .caller = "", .at_s = cases[i].at_s
		};

		if (picked(&q) != cases[i].route)
			fail_msg("case %zu: route %d", i, picked(&q));
	}
}

static void methods(void **state)
{
	struct route_query q = { .from = &from_gate, .called = "9", .caller = "" };

	(void)state;
	q.method = "MESSAGE";
	assert_int_equal(picked(&q), 10);
	q.method = "SUBSCRIBE";
	assert_int_equal(picked(&q), 10);
	q.method = "PUBLISH";
	assert_int_equal(picked(&q), -1);
	q.method = "INVITE";
	assert_int_equal(picked(&q), 11);
}

static void reasons(void **state)
{
	struct route_query q = { .from = &from_desk, .called = "8", .caller = "" };

	(void)state;
	assert_int_equal(route_judge(&cfg->routes[8], &q), MISS_FROM);
	q.from = &from_gate;
	assert_int_equal(route_judge(&cfg->routes[8], &q), MISS_HOURS);
	assert_int_equal(route_judge(&cfg->routes[7], &q), MISS_NUMBER);
	q.called = "7";
	assert_int_equal(route_judge(&cfg->routes[7], &q), MISS_CALLER);
	q.method = "INFO";
	assert_int_equal(route_judge(&cfg->routes[7], &q), MISS_METHOD);
	q.called = "9";
	q.method = NULL;
	assert_int_equal(route_judge(&cfg->routes[11], &q), ROUTE_FITS);
}

/* What somebody calls does not come back to him by a route that names him; what he hands on may. */
static void circles(void **state)
{
	struct route_query q = { .from = &from_guest, .called = "61", .caller = "" };

	(void)state;
	assert_int_equal(route_judge(&cfg->routes[14], &q), MISS_CIRCLE);
	assert_int_equal(picked(&q), 15);
	q.handed_on = true;
	assert_int_equal(picked(&q), 14);
	q.called = "7";
	assert_int_equal(route_judge(&cfg->routes[14], &q), MISS_NUMBER);
	q = (struct route_query){ .from = &from_acme, .called = "61", .caller = "" };
	assert_int_equal(route_judge(&cfg->routes[14], &q), ROUTE_FITS);
}

static void order_without_share(void **state)
{
	size_t order[ROUTE_TARGETS_MAX];

	(void)state;
	assert_int_equal(route_order(&cfg->routes[13], order), 2);
	assert_int_equal(order[0], 0);
	assert_int_equal(order[1], 1);
}

/* Three of four begin with the one that has 30 of 40; one with 0 comes last always. */
static void order_by_share(void **state)
{
	size_t order[ROUTE_TARGETS_MAX];
	unsigned first[3] = { 0 };

	(void)state;
	for (unsigned i = 0; i < 4000; i++) {
		assert_int_equal(route_order(&cfg->routes[12], order), 3);
		first[order[0]]++;
		assert_int_equal(order[2], 0);
		assert_int_equal(order[0] + order[1], 3);
	}
	assert_int_equal(first[0], 0);
	assert_in_range(first[1], 2800, 3200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers),
		cmocka_unit_test(callers),
		cmocka_unit_test(hours),
		cmocka_unit_test(methods),
		cmocka_unit_test(reasons),
		cmocka_unit_test(circles),
		cmocka_unit_test(order_without_share),
		cmocka_unit_test(order_by_share),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
