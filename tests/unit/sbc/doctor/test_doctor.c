/* A whole examination, with a name server that denies everything. */
#include "rig.h"

#include "sbc/doctor/doctor.h"

static struct report report;
static unsigned asked; /* the trunk's own resolver, so often */

/* The question itself as an answer: there is no such name (RFC 1035 4.1.1). */
static size_t deny(void *arg, const struct dns_exchange_cfg *cfg, const uint8_t *query, size_t len,
                   uint8_t out[DNS_FAKE_MAX])
{
	(void)arg;
	asked += addr_same_host(&cfg->server, &rig.trunk.resolvers[0]);
	memcpy(out, query, len);
	out[2] = 0x81;
	out[3] = 0x83;
	return len;
}

static enum err examine(void)
{
	static char name[] = "us", missing[] = "/nowhere/us.pem";
	const struct config_trunk *trunks[] = { &rig.trunk };
	struct config_identity us = { .name = name, .certificate = missing, .key = missing };
	struct config cfg = { .identities = &us,
		              .nidentities = 1,
		              .realms = &rig.realm,
		              .nrealms = 1,
		              .trunks = &rig.trunk,
		              .ntrunks = 1 };

	rig.realm.identity = &us;

	return doctor_examine(&cfg, trunks, 1, &rig.exam, &report);
}

static int begin(void **state)
{
	static struct addr server;

	rig_begin(state);
	server = rig_addr("192.0.2.53");
	rig.trunk.resolvers = &server;
	rig.trunk.nresolvers = 1;
	rig.exam.when_s = clock_wall_s();
	log_capture(lab_on_log, NULL);
	lab_log_clear();
	dns_exchange_fake(deny, NULL);
	return 0;
}

static int end(void **state)
{
	(void)state;
	dns_exchange_fake(NULL, NULL);
	log_capture(NULL, NULL);
	return 0;
}

static void demands_get_their_lines_in_order(void **state)
{
	static char first[] = "WBX-10", second[] = "WBX-99", third[] = "CLO-06",
	            fourth[] = "WBX-05";
	char *demands[] = { first, second, third, fourth };

	(void)state;
	rig.trunk.demands = demands;
	rig.trunk.ndemands = ARRAY_LEN(demands);
	assert_int_equal(examine(), OK);
	assert_int_equal(report.nfindings, 4);
	assert_string_equal(report.findings[0].id, "WBX-10");
	assert_int_equal(report.findings[0].verdict, VERDICT_FAIL);
	assert_has(report.findings[0].what, "neither an SRV record");
	assert_int_equal(report.findings[1].verdict, VERDICT_SKIP);
	assert_has(report.findings[1].what, "no check");
	assert_int_equal(report.findings[2].verdict, VERDICT_OK);
	assert_int_equal(report.findings[3].verdict, VERDICT_FAIL);
	assert_has(report.findings[3].what, "/nowhere/us.pem: cannot be opened");
	doctor_free_reports(&report, 1);
}

static void without_demands_the_general_ones(void **state)
{
	(void)state;
	assert_int_equal(examine(), OK);
	assert_true(report.nfindings > 5);
	doctor_free_reports(&report, 1);
}

/* CLO-06: servers of other domains are not asked for this one, so how they fare is no matter. */
static void limited_resolvers_are_left_alone(void **state)
{
	static char theirs[] = "elsewhere.lab", ours[] = "provider.lab";
	char *domains[] = { theirs };

	(void)state;
	rig.trunk.resolver_domains = domains;
	rig.trunk.nresolver_domains = 1;
	asked = 0;
	assert_int_equal(examine(), OK);
	assert_int_equal(asked, 0);
	doctor_free_reports(&report, 1);
	domains[0] = ours;
	assert_int_equal(examine(), OK);
	assert_true(asked > 0);
	doctor_free_reports(&report, 1);
}

static void starved(void *arg)
{
	unsigned *told = arg;

	if (examine())
		return;
	for (size_t i = 0; i < report.nfindings; i++)
		*told += strstr(report.findings[i].what, "memory") != NULL;
	doctor_free_reports(&report, 1);
}

static void every_allocation_may_fail(void **state)
{
	unsigned told = 0;

	(void)state;
	assert_true(each_allocation_fails(starved, &told) > 20);
	assert_true(told > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(demands_get_their_lines_in_order, begin, end),
		cmocka_unit_test_setup_teardown(without_demands_the_general_ones, begin, end),
		cmocka_unit_test_setup_teardown(limited_resolvers_are_left_alone, begin, end),
		cmocka_unit_test_setup_teardown(every_allocation_may_fail, begin, end),
	};

	/* The machine's roots are read for each examination, and are of no interest here. */
	setenv("SSL_CERT_FILE", "/dev/null", 1);
	setenv("SSL_CERT_DIR", "/nonexistent", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
