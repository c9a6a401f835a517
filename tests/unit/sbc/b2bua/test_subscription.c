/* sbc/b2bua/subscription.c: who finds room among the subscriptions. */
#include "sbc/b2bua/subscription.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define PARTIES 9

static struct config_phone phones[PARTIES];
static struct border b;

static struct party party_of(size_t i)
{
	return (struct party){ .who = { .kind = PARTY_PHONE, .phone = &phones[i] } };
}

/* As many as there is room for; how many these were. */
static size_t fill(size_t i)
{
	const struct party from = party_of(i);
	size_t n = 0;

	while (has_room(&b, &from)) {
		assert_non_null(sub_new(&b, &from, &from));
		n++;
	}
	return n;
}

static void test_shares(void **state)
{
	(void)state;
	assert_int_equal(fill(0), SUBSCRIPTIONS_OF_ONE);
	for (size_t i = 1; i < PARTIES - 1; i++)
		assert_true(fill(i) > 200);
	/* Whoever comes last finds room all the same. */
	assert_true(fill(PARTIES - 1) > 100);
	assert_true(b.nsubscriptions < SUBSCRIPTIONS_MOST);
	subscriptions_end(&b);
	assert_int_equal(b.nsubscriptions, 0);
	assert_int_equal(fill(PARTIES - 1), SUBSCRIPTIONS_OF_ONE);
	subscriptions_end(&b);
}

static int begin(void **state)
{
	(void)state;
	TAILQ_INIT(&b.subscriptions);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test_setup(test_shares, begin) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
