/* sbc/admin/explain_route.c: each reason in words, the targets, and the command line. */
#include "sbc/admin/explain_route.h"

#include "base/clock.h"
#include "tests/unit/config/world.h"

static const char text[] =
    "identities: { us: { certificate: us.pem, key: us.key } }\n"
    "time-zone: Europe/Berlin\n"
    "realms:\n"
    "  office: { listen: [ \"udp:10.0.0.1\" ] }\n"
    "  internet: { listen: [ \"tls:10.1.0.1\" ], identity: us }\n"
    "phones:\n"
    "  desk: { realm: office, address: 10.0.0.20 }\n"
    "  soft: { realm: office, password-file: desk.password }\n"
    "trunks:\n"
    "  acme: { realm: internet, domain: a.example, max-calls: 30, calls-per-second: 5 }\n"
    "  backup: { realm: internet, domain: b.example,\n"
    "    number-rules: [ { match: \"^[+](.*)\", replace: '00\\1' } ] }\n"
    "routes:\n"
    "  - { from: [ acme, soft ], number: \"*\", to: desk, emergency: yes }\n"
    "  - { from: office, number: [ \"1*\", \"/^2/\" ], to: acme }\n"
    "  - { from: desk, number: \"+*\", caller: \"5*\", to: acme }\n"
    "  - { from: desk, number: \"+*\", hours: [ \"mon,fri 08:00-18:30\", sat ], to: soft }\n"
    "  - { from: desk, number: \"+*\", methods: [ MESSAGE ], to: soft }\n"
    "  - { from: desk, number: \"+*\", to: [ backup, acme ], share: [ 1, 3 ] }\n"
    "  - { from: desk, number: \"7*\", to: desk }\n"
    "  - { from: desk, number: \"0*\", to: [ backup, soft ], country: \"49\", area: \"30\",\n"
    "      called-form: e164, calling-form: international }\n";

static struct config *cfg;
static struct config_party desk, acme;

static int begin(void **state)
{
	char *said;

	world_begin(state);
	world_file("t.yaml", text, 0644);
	said = world_parse(&cfg, text, 0);
	assert_string_equal(said, "");
	free(said);
	clock_set_zone(cfg->time_zone);
	desk = (struct config_party){ .kind = PARTY_PHONE, .phone = &cfg->phones[0] };
	acme = (struct config_party){ .kind = PARTY_TRUNK, .trunk = &cfg->trunks[0] };
	return 0;
}

static int end(void **state)
{
	config_free(&cfg);
	return world_end(state);
}

static void says(const struct route_query *q, int status, const char *expected)
{
	char *said = NULL;
	size_t size;
	FILE *out = open_memstream(&said, &size);

	assert_int_equal(explain_route(out, cfg, q), status);
	fclose(out);
	assert_string_equal(said, expected);
	free(said);
}

static void each_reason(void **state)
{
	/* Thu 2027-01-14 09:00 in Berlin. */
	struct route_query q = {
		.from = &desk, .called = "+49", .caller = "4", .at_s = 1800000000 - 86400
	};

	(void)state;
	says(
	    &q, 0,
	    "A call from desk to +49, thu 09:00:\n"
	    "  route 1 (line 14) does not: it is for calls from acme, soft\n"
	    "  route 2 (line 15) does not: +49 is not like \"1*\", \"/^2/\"\n"
	    "  route 3 (line 16) does not: the caller's number '4' is not like \"5*\"\n"
	    "  route 4 (line 17) does not: it is for mon,fri 08:00-18:30; sat 00:00-24:00\n"
	    "  route 5 (line 18) does not: it takes MESSAGE\n"
	    "  route 6 (line 19) takes it: it fits\n"
	    "It goes to, each as the first one as often as said:\n"
	    "  1. trunk backup, as 0049, from 4: at most 1000 calls at the same time; first in 1 of 4\n"
	    "  2. trunk acme, as +49, from 4: at most 30 calls at the same time, 5 a second; first in 3 of 4\n");
	q.at_s = 1800000000;
	says(
	    &q, 0,
	    "A call from desk to +49, fri 09:00:\n"
	    "  route 1 (line 14) does not: it is for calls from acme, soft\n"
	    "  route 2 (line 15) does not: +49 is not like \"1*\", \"/^2/\"\n"
	    "  route 3 (line 16) does not: the caller's number '4' is not like \"5*\"\n"
	    "  route 4 (line 17) takes it: it fits\n"
	    "It goes to:\n"
	    "  1. phone soft, as +49, from 4, where it registers: at most 1000 calls at the same time\n");
	q.method = "PUBLISH";
	q.called = "1";
	says(&q, 1,
	     "PUBLISH from desk to 1, fri 09:00:\n"
	     "  route 1 (line 14) does not: it is for calls from acme, soft\n"
	     "  route 2 (line 15) does not: it takes calls alone (INVITE)\n"
	     "  route 3 (line 16) does not: it takes calls alone (INVITE)\n"
	     "  route 4 (line 17) does not: it takes calls alone (INVITE)\n"
	     "  route 5 (line 18) does not: it takes MESSAGE\n"
	     "  route 6 (line 19) does not: it takes calls alone (INVITE)\n"
	     "  route 7 (line 20) does not: it takes calls alone (INVITE)\n"
	     "  route 8 (line 21) does not: it takes calls alone (INVITE)\n"
	     "No route takes it: the caller hears 404.\n");
	q = (struct route_query){ .from = &acme, .called = "1", .caller = "5" };
	says(&q, 0,
	     "A call from acme to 1, thu 01:00:\n"
	     "  route 1 (line 14) takes it: it fits\n"
	     "It goes to:\n"
	     "  1. phone desk, as 1, from 5, at its address: over every limit\n");
}

static void circles_and_forms(void **state)
{
	struct route_query q = { .from = &desk, .called = "7", .caller = "5", .handed_on = true };

	(void)state;
	cfg->routes += 6;
	cfg->nroutes -= 6;
	says(
	    &q, 0,
	    "A call from desk to 7, thu 01:00:\n"
	    "  route 1 (line 20) takes it: it fits\n"
	    "It goes to:\n"
	    "  1. phone desk, as 7, from 5, at its address: at most 1000 calls at the same time\n");
	q.handed_on = false;
	says(&q, 1,
	     "A call from desk to 7, thu 01:00:\n"
	     "  route 1 (line 20) does not: it leads back to desk, for what that hands on alone\n"
	     "  route 2 (line 21) does not: 7 is not like \"0*\"\n"
	     "No route takes it: the caller hears 404.\n");
	/* By the route's forms, then by the rules of the trunk. */
	q.called = "0891234";
	q.caller = "12345";
	says(
	    &q, 0,
	    "A call from desk to 0891234, thu 01:00:\n"
	    "  route 1 (line 20) does not: 0891234 is not like \"7*\"\n"
	    "  route 2 (line 21) takes it: it fits\n"
	    "It goes to, in this order:\n"
	    "  1. trunk backup, as 0049891234, from 00493012345: at most 1000 calls at the same time\n"
	    "  2. phone soft, as +49891234, from 00493012345, where it registers: at most 1000 calls "
	    "at the same time\n");
	cfg->routes -= 6;
	cfg->nroutes += 6;
}

static int run(const char *const words[], int n)
{
	char file[128],
	    *argv[20] = { (char *)(uintptr_t) "trunkgate", (char *)(uintptr_t) "explain-route" };

	snprintf(file, sizeof(file), "%s/t.yaml", world);
	for (int i = 0; i < n; i++)
		argv[2 + i] = (char *)(uintptr_t)words[i];
	return explain_route_main(2 + n, argv, file);
}

static void command_line(void **state)
{
	static const struct {
		int status;
		const char *words[10];
	} cases[] = {
		{ 0, { "--from", "desk", "--to", "+49" } },
		{ 0, { "--to", "+49", "--from", "desk", "--at", "2027-01-15 09:00" } },
		{ 0, { "--from", "acme", "--to", "1", "--caller", "5" } },
		{ 1, { "--from", "desk", "--to", "9" } },
		{ 1, { "--from", "desk", "--to", "9", "--method", "INVITE" } },
		{ 0, { "--handed-on", "--from", "desk", "--to", "+49" } },
		{ 2, { "--from", "desk", "--handed-on", "--to" } },
		{ 2, { "--from", "desk" } },
		{ 2, { "--to", "1" } },
		{ 2, { "--from", "desk", "--to" } },
		{ 2, { "--from", "office", "--to", "1" } },
		{ 2, { "--from", "desk", "--to", "1", "--at", "noon" } },
		{ 2, { "--from", "desk", "--to", "a b" } },
		{ 2, { "--from", "desk", "--to", "1", "--caller", "%" } },
		{ 2, { "--from", "desk", "--to", "1", "--colour", "red" } },
		{ 2, { "--from", "desk", "--to", "1", "--config", "/nonexistent" } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int n = 0;

		while (n < 10 && cases[i].words[n])
			n++;
		if (run(cases[i].words, n) != cases[i].status)
			fail_msg("case %zu", i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(each_reason),
		                            cmocka_unit_test(circles_and_forms),
		                            cmocka_unit_test(command_line) };

	return cmocka_run_group_tests(tests, begin, end);
}
