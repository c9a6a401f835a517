/* base/clock.c */
#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void test_fake(void **state)
{
	(void)state;
	clock_fake(5000, 1700000000);
	assert_true(clock_is_fake());
	assert_int_equal(clock_mono_ms(), 5000);
	assert_int_equal(clock_wall_s(), 1700000000);
	clock_fake_advance(1500);
	assert_int_equal(clock_mono_ms(), 6500);
	assert_int_equal(clock_mono_us(), 6500000);
	assert_int_equal(clock_wall_s(), 1700000001);
	assert_int_equal(clock_wall_us(), 1700000001500000);
	clock_real();
	assert_false(clock_is_fake());
}

static void test_local(void **state)
{
	struct clock_local at;

	(void)state;
	clock_set_zone("UTC");
	clock_local(1800000000, &at); /* Fri 2027-01-15 08:00 UTC */
	assert_int_equal(at.weekday, 5);
	assert_int_equal(at.minute, 480);
	clock_set_zone("America/New_York");
	clock_local(1800000000 - 4 * 3600, &at);
	assert_int_equal(at.weekday, 4);
	assert_int_equal(at.minute, 23 * 60);
}

static void test_parse_local(void **state)
{
	static const char *const bad[] = { "",
		                           "2027-01-15",
		                           "2027-01-15 08:00x",
		                           "2027-02-30 08:00",
		                           "2027-13-01 08:00",
		                           "2027-01-15 24:00",
		                           "2027-01-15 08:60" };
	int64_t at;

	(void)state;
	clock_set_zone("Europe/Berlin");
	assert_int_equal(clock_parse_local("2027-01-15 09:00", &at), OK);
	assert_int_equal(at, 1800000000);
	assert_int_equal(clock_parse_local("2027-07-14 08:00", &at), OK);
	assert_int_equal(at, 1815544800);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(clock_parse_local(bad[i], &at), ERR_SYNTAX);
}

static void test_real(void **state)
{
	uint64_t a = clock_mono_us(), b = clock_mono_us();

	(void)state;
	assert_true(b >= a);
	assert_true(clock_wall_s() > 1700000000);
	assert_in_range(clock_mono_ms() - b / 1000, 0, 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_fake),
		                            cmocka_unit_test(test_local),
		                            cmocka_unit_test(test_parse_local),
		                            cmocka_unit_test(test_real) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
