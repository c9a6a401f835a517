/* base/random.c */
#include "base/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

static void test_below(void **state)
{
	unsigned hits[7] = { 0 };

	(void)state;
	for (int i = 0; i < 70000; i++) {
		uint32_t n = random_below(7);

		assert_true(n < 7);
		hits[n]++;
	}
	/* 10000 each; the deviation is 93: this fails once in many universes. */
	for (int i = 0; i < 7; i++)
		assert_in_range(hits[i], 9300, 10700);
	assert_int_equal(random_below(1), 0);
	assert_true(random_below(UINT32_MAX) < UINT32_MAX);
}

static void test_token(void **state)
{
	char a[101], b[101];

	(void)state;
	random_token(a, 100);
	random_token(b, 100);
	assert_int_equal(strlen(a), 100);
	assert_int_equal(strspn(a, "abcdefghijklmnopqrstuvwxyz234567"), 100);
	assert_string_not_equal(a, b);
	random_token(a, 0);
	assert_string_equal(a, "");
}

static void test_bytes(void **state)
{
	uint8_t a[4096] = { 0 }, b[4096] = { 0 };
	unsigned ones = 0;

	(void)state;
	random_bytes(a, sizeof(a));
	for (size_t i = 0; i < sizeof(b); i += 8)
		random_bytes(b + i, 8);
	assert_memory_not_equal(a, b, sizeof(a));
	for (size_t i = 0; i < sizeof(b); i++)
		ones += (unsigned)__builtin_popcount(a[i]) + (unsigned)__builtin_popcount(b[i]);
	assert_in_range(ones, 32768 - 1300, 32768 + 1300);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_below),
		                            cmocka_unit_test(test_token),
		                            cmocka_unit_test(test_bytes) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
