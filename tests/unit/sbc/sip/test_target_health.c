/* sbc/sip/target_health.c: who rests, for how long, and who is tried (RFC 3263 4.3). */
#include "sbc/sip/target_health.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "base/clock.h"
#include "base/mem.h"

static struct target_health *health;
static struct addr addrs[4];

static int begin(void **state)
{
	char text[32];

	(void)state;
	clock_fake(1000000, 1800000000);
	for (int i = 0; i < 4; i++) {
		snprintf(text, sizeof(text), "192.0.2.%d:5061", i + 1);
		if (addr_parse(&addrs[i], text))
			return -1;
	}
	return target_health_new(&health, "acme") == OK ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	target_health_free(&health);
	clock_real();
	return 0;
}

static size_t pick(uint32_t tried, bool rested_tried)
{
	return target_health_pick(health, addrs, 4, tried, rested_tried);
}

/* How long it rests, in steps of 100 ms. */
static uint64_t rest_ms(const struct addr *a)
{
	uint64_t ms = 0;

	for (; target_health_rests(health, a); ms += 100)
		clock_fake_advance(100);
	return ms;
}

static void in_order_while_all_are_well(void **state)
{
	(void)state;
	assert_int_equal(pick(0, false), 0);
	assert_int_equal(pick(1, false), 1);
	assert_int_equal(pick(7, false), 3);
	assert_int_equal(pick(15, false), 4);
	assert_int_equal(target_health_pick(NULL, addrs, 4, 1, false), 1);
	assert_int_equal(target_health_pick(health, addrs, 0, 0, false), 0);
}

static void one_that_failed_rests_and_poisons_nobody(void **state)
{
	struct addr other_port = addrs[0];

	(void)state;
	target_health_failed(health, &addrs[0], 0, "refused");
	assert_true(target_health_rests(health, &addrs[0]));
	addr_set_port(&other_port, 5062);
	assert_false(target_health_rests(health, &other_port));
	assert_int_equal(pick(0, false), 1);
	/* It comes last. */
	assert_int_equal(pick(14, false), 0);
	target_health_well(health, &addrs[0]);
	assert_int_equal(pick(0, false), 0);
	target_health_well(health, &addrs[0]);
}

/* 5 s, then twice as long each time to 5 min, a quarter more or less. */
static void rests_grow(void **state)
{
	uint64_t base = TARGET_REST_MS;

	(void)state;
	for (int i = 0; i < 12; i++) {
		uint64_t ms;

		target_health_failed(health, &addrs[0], 0, "no answer");
		ms = rest_ms(&addrs[0]);
		assert_in_range(ms, base * 3 / 4, base * 5 / 4 + 100);
		base = base * 2 < TARGET_REST_MAX_MS ? base * 2 : TARGET_REST_MAX_MS;
	}
	target_health_well(health, &addrs[0]);
	target_health_failed(health, &addrs[0], 0, "no answer");
	assert_in_range(rest_ms(&addrs[0]), 3700, 6400);
}

static void rests_differ(void **state)
{
	unsigned longer = 0;

	(void)state;
	for (int i = 0; i < 50; i++) {
		target_health_failed(health, &addrs[0], 0, "no answer");
		longer += rest_ms(&addrs[0]) > TARGET_REST_MS;
		target_health_well(health, &addrs[0]);
	}
	assert_in_range(longer, 5, 45);
}

/* Ten calls that were under way when it broke. */
static void failures_together_are_one(void **state)
{
	(void)state;
	for (int i = 0; i < 10; i++)
		target_health_failed(health, &addrs[0], 0, "reset");
	assert_in_range(rest_ms(&addrs[0]), 3700, 6400);
}

/* RFC 3261 21.5.4 */
static void retry_after_is_kept(void **state)
{
	(void)state;
	target_health_failed(health, &addrs[0], 60, "503");
	assert_in_range(rest_ms(&addrs[0]), 60000, 60000);
	target_health_failed(health, &addrs[1], 4000000000, "503");
	assert_in_range(rest_ms(&addrs[1]), TARGET_REST_MAX_MS, TARGET_REST_MAX_MS);
}

static void when_all_rest_the_longest_is_tried_once(void **state)
{
	static const size_t order[] = { 2, 0, 3, 1 };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		target_health_failed(health, &addrs[order[i]], 120, "503");
		clock_fake_advance(1000);
	}
	assert_int_equal(pick(0, false), 2);
	assert_int_equal(pick(4, false), 0);
	assert_int_equal(pick(4, true), 4);
}

static void the_table_is_bounded(void **state)
{
	struct addr a = addrs[0];

	(void)state;
	for (unsigned i = 0; i <= TARGET_HEALTH_ADDRS; i++) {
		addr_set_port(&a, (uint16_t)(6000 + i));
		target_health_failed(health, &a, 300, "503");
		clock_fake_advance(10);
	}
	assert_true(target_health_rests(health, &a));
	addr_set_port(&a, 6000); /* longest ago: forgotten */
	assert_false(target_health_rests(health, &a));
	addr_set_port(&a, 6001);
	assert_true(target_health_rests(health, &a));
}

static void nobody_keeps_it(void **state)
{
	struct target_health *none = NULL;

	(void)state;
	target_health_failed(NULL, &addrs[0], 0, "refused");
	target_health_well(NULL, &addrs[0]);
	assert_false(target_health_rests(NULL, &addrs[0]));
	target_health_free(&none);
	mem_fail_nth(1);
	assert_int_equal(target_health_new(&none, "acme"), ERR_NOMEM);
	mem_fail_nth(0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(in_order_while_all_are_well),
		                            TEST(one_that_failed_rests_and_poisons_nobody),
		                            TEST(rests_grow),
		                            TEST(rests_differ),
		                            TEST(failures_together_are_one),
		                            TEST(retry_after_is_kept),
		                            TEST(when_all_rest_the_longest_is_tried_once),
		                            TEST(the_table_is_bounded),
		                            TEST(nobody_keeps_it) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
