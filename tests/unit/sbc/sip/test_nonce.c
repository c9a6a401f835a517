/* Nonces: signed, short-lived, each count once (RFC 7616 3.3, 5.5). */
#include "sbc/sip/nonce.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "base/clock.h"
#include "tests/unit/alloc.h"

static struct nonces *nonces;

static int setup(void **state)
{
	(void)state;
	clock_fake(1000000, 0);
	return (int)nonces_new(&nonces);
}

static int teardown(void **state)
{
	(void)state;
	nonces_free(&nonces);
	clock_real();
	return 0;
}

static void test_counts_go_up(void **state)
{
	char nonce[NONCE_LEN + 1];

	(void)state;
	nonce_make(nonces, nonce);
	assert_int_equal(strlen(nonce), NONCE_LEN);
	assert_int_equal(nonce_use(nonces, nonce, "00000001"), OK);
	assert_int_equal(nonce_use(nonces, nonce, "00000001"), ERR_TIMEOUT);
	assert_int_equal(nonce_use(nonces, nonce, "0000000a"), OK);
	assert_int_equal(nonce_use(nonces, nonce, "00000009"), ERR_TIMEOUT);
	assert_int_equal(nonce_use(nonces, nonce, "0000000b"), OK);
}

static void test_two_of_a_moment_differ(void **state)
{
	char a[NONCE_LEN + 1], b[NONCE_LEN + 1];

	(void)state;
	nonce_make(nonces, a);
	nonce_make(nonces, b);
	assert_string_not_equal(a, b);
}

static void test_every_character_is_signed(void **state)
{
	char nonce[NONCE_LEN + 1];

	(void)state;
	nonce_make(nonces, nonce);
	for (size_t i = 0; i < NONCE_LEN; i++) {
		char was = nonce[i];

		nonce[i] = was == '0' ? '1' : '0';
		assert_int_equal(nonce_use(nonces, nonce, "1"), ERR_TIMEOUT);
		nonce[i] = was;
	}
	assert_int_equal(nonce_use(nonces, nonce, "1"), OK);
	assert_int_equal(nonce_use(nonces, "", "1"), ERR_TIMEOUT);
}

static void test_age(void **state)
{
	char nonce[NONCE_LEN + 1];

	(void)state;
	nonce_make(nonces, nonce);
	clock_fake_advance(NONCE_LIFE_MS);
	assert_int_equal(nonce_use(nonces, nonce, "1"), OK);
	clock_fake_advance(1);
	assert_int_equal(nonce_use(nonces, nonce, "2"), ERR_TIMEOUT);
	/* None of the future: another's clock signed it, or ours was turned back. */
	nonce_make(nonces, nonce);
	clock_fake(1000, 0);
	assert_int_equal(nonce_use(nonces, nonce, "1"), ERR_TIMEOUT);
}

/* What is forgotten for want of room is stale: never good a second time. */
static void test_room(void **state)
{
	static char kept[NONCES_MAX + 1][NONCE_LEN + 1];

	(void)state;
	for (size_t i = 0; i <= NONCES_MAX; i++) {
		nonce_make(nonces, kept[i]);
		clock_fake_advance(1);
		assert_int_equal(nonce_use(nonces, kept[i], "1"), OK);
	}
	for (size_t i = 0; i <= NONCES_MAX; i++)
		assert_int_equal(nonce_use(nonces, kept[i], "1"), ERR_TIMEOUT);
	/* Only the first was forgotten, the others still count. */
	assert_int_equal(nonce_use(nonces, kept[0], "2"), ERR_TIMEOUT);
	assert_int_equal(nonce_use(nonces, kept[1], "2"), OK);
}

static void use(void *arg)
{
	struct nonces *n;
	char nonce[NONCE_LEN + 1];

	(void)arg;
	if (nonces_new(&n))
		return;
	nonce_make(n, nonce);
	if (nonce_use(n, nonce, "1") == OK)
		assert_int_equal(nonce_use(n, nonce, "1"), ERR_TIMEOUT);
	nonces_free(&n);
}

static void test_no_memory(void **state)
{
	(void)state;
	assert_true(each_allocation_fails(use, NULL) > 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_counts_go_up, setup, teardown),
		cmocka_unit_test_setup_teardown(test_two_of_a_moment_differ, setup, teardown),
		cmocka_unit_test_setup_teardown(test_every_character_is_signed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_age, setup, teardown),
		cmocka_unit_test_setup_teardown(test_room, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_memory, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
