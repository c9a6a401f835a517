/* sbc/trunk/limit.c: calls at the same time, and calls a second. */
#include "sbc/trunk/limit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/clock.h"

static void no_limit(void **state)
{
	struct limit l = { 0 };

	(void)state;
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(limit_take(&l, false), OK);
	assert_int_equal(l.calls, 100);
	assert_int_equal(l.refused, 0);
}

static void at_the_same_time(void **state)
{
	struct limit l = { .max_calls = 2 };

	(void)state;
	assert_int_equal(limit_take(&l, false), OK);
	assert_int_equal(limit_take(&l, false), OK);
	assert_int_equal(limit_take(&l, false), ERR_LIMIT);
	assert_int_equal(limit_take(&l, true), OK);
	assert_int_equal(l.calls, 3);
	assert_int_equal(l.refused, 1);
	limit_give(&l);
	assert_int_equal(limit_take(&l, false), ERR_LIMIT);
	limit_give(&l);
	assert_int_equal(limit_take(&l, false), OK);
}

/* A second's calls may come at once; then one each time that its share of a second has gone. */
static void a_second(void **state)
{
	struct limit l = { .rate = { .per_s = 4 } };

	(void)state;
	clock_fake(1000000, 1800000000);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(limit_take(&l, false), OK);
	assert_int_equal(limit_take(&l, false), ERR_LIMIT);
	clock_fake_advance(249);
	assert_int_equal(limit_take(&l, false), ERR_LIMIT);
	clock_fake_advance(1);
	assert_int_equal(limit_take(&l, false), OK);
	assert_int_equal(limit_take(&l, false), ERR_LIMIT);
	clock_fake_advance(3600000);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(limit_take(&l, false), OK);
	assert_int_equal(limit_take(&l, false), ERR_LIMIT);
	assert_int_equal(l.refused, 4);
	clock_real();
}

/* Requests out of calls have a share of their own. */
static void requests(void **state)
{
	struct limit l = limit_of(1, 2);

	(void)state;
	assert_int_equal(l.max_calls, 1);
	assert_int_equal(l.rate.per_s, 2);
	assert_int_equal(limit_take(&l, false), OK);
	assert_int_equal(limit_take(&l, false), ERR_LIMIT);
	assert_int_equal(limit_take_request(&l), OK);
	assert_int_equal(limit_take_request(&l), OK);
	assert_int_equal(limit_take_request(&l), ERR_LIMIT);
	assert_int_equal(l.calls, 1);
	assert_int_equal(l.refused, 2);
}

/* What must come empties the bucket for the others, and is no debt. */
static void a_second_always(void **state)
{
	struct rate r = { .per_s = 2 };

	(void)state;
	clock_fake(1000000, 1800000000);
	for (unsigned i = 0; i < 10; i++)
		assert_true(rate_take(&r, true));
	assert_false(rate_take(&r, false));
	clock_fake_advance(500);
	assert_true(rate_take(&r, false));
	assert_false(rate_take(&r, false));
	clock_real();
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(no_limit), cmocka_unit_test(requests),
		                            cmocka_unit_test(at_the_same_time),
		                            cmocka_unit_test(a_second),
		                            cmocka_unit_test(a_second_always) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
