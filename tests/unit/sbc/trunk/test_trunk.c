/* sbc/trunk/trunk.c: targets, slots, and how a trunk fares. */
#include "sbc/trunk/trunk.h"

#include "tests/unit/sbc/trunk/rig.h"

static struct loop *loop;
static struct trunks *trunks;

static int begin(void **state)
{
	rig_begin(state);
	clock_fake(1000000, 1800000000);
	lab_log_clear();
	if (loop_new(&loop) || trunks_new(&trunks, &rig.cfg, loop, rig.why))
		return -1;
	return 0;
}

static int end(void **state)
{
	UNUSED(state);
	trunks_free(&trunks);
	assert_null(trunks);
	loop_free(&loop);
	clock_real();
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, begin, end)

static void test_find(void **state)
{
	UNUSED(state);
	assert_int_equal(trunks_count(trunks), NTRUNKS);
	for (size_t i = 0; i < NTRUNKS; i++) {
		struct trunk *t = trunks_at(trunks, i);

		assert_ptr_equal(trunk_config(t), &rig.trunks[i]);
		assert_ptr_equal(trunk_find(trunks, rig.trunks[i].name), t);
	}
	assert_null(trunk_find(trunks, "acm"));
	assert_null(trunk_find(trunks, ""));
	assert_null(trunk_find(trunks, NULL));
	assert_non_null(trunks_realm_tls(trunks, &rig.realms[OUTSIDE]).standard);
	assert_null(trunks_realm_tls(trunks, &rig.realms[INSIDE]).standard);
}

static void test_slots(void **state)
{
	struct trunk *t = trunks_at(trunks, ACME);
	struct trunk_stats stats;

	UNUSED(state);
	assert_int_equal(trunk_take_slot(t, true, false), OK);
	assert_int_equal(trunk_take_slot(t, false, false), OK);
	assert_int_equal(trunk_take_slot(t, true, false), ERR_LIMIT);
	assert_int_equal(trunk_take_slot(t, false, false), ERR_LIMIT);
	trunk_stats(t, &stats);
	assert_int_equal(stats.calls, 2);
	assert_int_equal(stats.max_calls, 2);
	assert_int_equal(stats.calls_out, 1);
	assert_int_equal(stats.calls_in, 1);
	/* One trunk's calls are no other's. */
	trunk_stats(trunks_at(trunks, UMBRELLA), &stats);
	assert_int_equal(stats.calls, 0);
	trunk_free_slot(t);
	assert_int_equal(trunk_take_slot(t, false, false), OK);
	trunk_free_slot(t);
	trunk_free_slot(t);
	trunk_stats(t, &stats);
	assert_int_equal(stats.calls, 0);
	assert_int_equal(stats.calls_in, 2);
}

/* The state is the last report's; since tells when it became so, not when it was last heard. */
static void test_state(void **state)
{
	static const struct {
		const char *why;
		enum trunk_state state;
		int64_t since_s;
		uint64_t failed;
		const char *error;
	} steps[] = {
		{ NULL, TRUNK_UP, 1800000001, 0, NULL },
		{ NULL, TRUNK_UP, 1800000001, 0, NULL },
		{ "no way", TRUNK_DOWN, 1800000003, 1, "no way" },
		{ "still none", TRUNK_DOWN, 1800000003, 2, "still none" },
		{ NULL, TRUNK_UP, 1800000005, 2, "still none" },
	};
	struct trunk *t = trunks_at(trunks, ACME);
	struct trunk_stats stats;

	UNUSED(state);
	trunk_stats(t, &stats);
	assert_int_equal(stats.state, TRUNK_UNKNOWN);
	assert_true(stats.since_s == 1800000000);
	assert_null(stats.last_error);
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		clock_fake_advance(1000);
		trunk_report(t, steps[i].why);
		trunk_stats(t, &stats);
		assert_int_equal(stats.state, steps[i].state);
		assert_true(stats.since_s == steps[i].since_s);
		assert_true(stats.failed == steps[i].failed);
		if (steps[i].error)
			assert_string_equal(stats.last_error, steps[i].error);
		else
			assert_null(stats.last_error);
	}
	trunk_stats(trunks_at(trunks, UMBRELLA), &stats);
	assert_int_equal(stats.state, TRUNK_UNKNOWN);
}

static void test_log(void **state)
{
	struct trunk *t = trunks_at(trunks, ACME);

	UNUSED(state);
	trunk_report(t, "no way");
	assert_has(lab.log, "error trunk=acme event=down why=\"no way\"");
	lab_log_clear();
	trunk_report(t, "no way");
	assert_string_equal(lab.log, ""); /* one line a change */
	trunk_report(t, NULL);
	assert_has(lab.log, "info trunk=acme event=up");
}

static void test_long_reason(void **state)
{
	char why[2 * CERT_WHY_MAX];
	struct trunk_stats stats;

	UNUSED(state);
	memset(why, 'w', sizeof(why) - 1);
	why[sizeof(why) - 1] = '\0';
	trunk_report(trunks_at(trunks, ACME), why);
	trunk_stats(trunks_at(trunks, ACME), &stats);
	assert_int_equal(strlen(stats.last_error), CERT_WHY_MAX - 1);
}

/* The name that is asked for is the one that is verified and named in the handshake. */
static void test_target(void **state)
{
	const struct stack_limits limits = { .transactions = 10, .connections = 10 };
	struct target acme, umbrella;
	struct sip_realm *realm;
	struct stack *stack;

	UNUSED(state);
	rig.trunks[UMBRELLA].port = 5062;
	assert_int_equal(stack_new(&stack, NULL, loop_timers(loop), &limits), OK);
	assert_int_equal(stack_add_realm(stack, &rig.realms[OUTSIDE], NULL, &realm, rig.why), OK);
	trunk_target(trunks_at(trunks, ACME), stack, &acme);
	trunk_target(trunks_at(trunks, UMBRELLA), stack, &umbrella);
	assert_ptr_equal(acme.realm, realm);
	assert_int_equal(acme.transport, TRANSPORT_TLS);
	assert_string_equal(acme.host, "acme.lab");
	assert_string_equal(acme.sni, "acme.lab");
	assert_int_equal(acme.port, 0);
	assert_true(acme.srv);
	assert_int_equal(acme.connect_timeout_ms, 1234);
	assert_ptr_equal(acme.resolver, trunks_system_resolver(trunks));
	assert_non_null(acme.tls);
	assert_non_null(umbrella.tls);
	assert_ptr_not_equal(acme.tls, umbrella.tls);
	assert_int_equal(umbrella.port, 5062);
	stack_free(&stack);
}

static void test_own_resolver(void **state)
{
	struct trunks *with = NULL;
	const struct stack_limits limits = { .transactions = 10, .connections = 10 };
	struct target acme, umbrella;
	struct stack *stack;
	struct addr dns;

	UNUSED(state);
	assert_int_equal(addr_parse(&dns, "127.0.0.1:53"), OK);
	rig.trunks[ACME].resolvers = &dns;
	rig.trunks[ACME].nresolvers = 1;
	assert_int_equal(trunks_new(&with, &rig.cfg, loop, rig.why), OK);
	assert_int_equal(stack_new(&stack, NULL, loop_timers(loop), &limits), OK);
	trunk_target(trunks_at(with, ACME), stack, &acme);
	trunk_target(trunks_at(with, UMBRELLA), stack, &umbrella);
	assert_ptr_not_equal(acme.resolver, trunks_system_resolver(with));
	assert_ptr_equal(umbrella.resolver, trunks_system_resolver(with));
	stack_free(&stack);
	trunks_free(&with);
}

static void test_bad_trust(void **state)
{
	struct trunks *none = NULL;

	UNUSED(state);
	rig_path(2, "absent.pem");
	assert_int_not_equal(trunks_new(&none, &rig.cfg, loop, rig.why), OK);
	assert_null(none);
	assert_has(rig.why, "absent.pem");
}

static void test_state_names(void **state)
{
	UNUSED(state);
	assert_string_equal(trunk_state_name(TRUNK_UNKNOWN), "unknown");
	assert_string_equal(trunk_state_name(TRUNK_UP), "up");
	assert_string_equal(trunk_state_name(TRUNK_DOWN), "down");
}

static void starved(void *arg)
{
	struct trunks *ts = NULL;

	UNUSED(arg);
	if (trunks_new(&ts, &rig.cfg, loop, rig.why)) {
		assert_true(mem_has_failed());
		assert_null(ts);
		assert_true(rig.why[0]);
	}
	trunks_free(&ts);
}

static void test_no_memory(void **state)
{
	struct addr dns;

	UNUSED(state);
	assert_int_equal(addr_parse(&dns, "127.0.0.1:53"), OK);
	rig.trunks[ACME].resolvers = &dns;
	rig.trunks[ACME].nresolvers = 1;
	assert_true(each_allocation_fails(starved, NULL) >= 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(find),        TEST(slots),     TEST(state),        TEST(log),
		TEST(long_reason), TEST(target),    TEST(own_resolver), TEST(bad_trust),
		TEST(state_names), TEST(no_memory),
	};

	return cmocka_run_group_tests(tests, rig_open, rig_close);
}
