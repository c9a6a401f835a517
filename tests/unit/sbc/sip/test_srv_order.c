/* sbc/sip/srv_order.c: RFC 2782. */
#include "sbc/sip/srv_order.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#define DRAWS 10000

static struct dns_srv srv(unsigned priority, unsigned weight, unsigned port)
{
	return (struct dns_srv){ .priority = (uint16_t)priority,
		                 .weight = (uint16_t)weight,
		                 .port = (uint16_t)port };
}

static void priorities_come_in_order(void **state)
{
	(void)state;
	for (int i = 0; i < 200; i++) {
		struct dns_srv list[] = { srv(30, 65535, 4), srv(10, 0, 1), srv(20, 5, 3),
			                  srv(20, 5, 2), srv(65535, 9, 5) };

		srv_order(list, 5);
		assert_int_equal(list[0].port, 1);
		assert_int_equal(list[1].port + list[2].port, 5);
		assert_int_equal(list[3].port, 4);
		assert_int_equal(list[4].port, 5);
	}
}

/* 60, 30 and 10 of 100: within five deviations (at most 49 of 10,000). */
static void weights_spread(void **state)
{
	unsigned first[3] = { 0 }, second_after_first = 0;

	(void)state;
	for (int i = 0; i < DRAWS; i++) {
		struct dns_srv list[] = { srv(1, 10, 2), srv(1, 60, 0), srv(1, 30, 1) };

		srv_order(list, 3);
		first[list[0].port]++;
		second_after_first += list[0].port == 0 && list[1].port == 1;
	}
	/* RFC 2782 draws from 0 to the sum, both included: who is looked at first has one more
	 * chance. The bounds are five deviations and more away. */
	assert_in_range(first[0], 5941 - 250, 5941 + 250);
	assert_in_range(first[1], 2970 - 250, 2970 + 250);
	assert_in_range(first[2], 1089 - 160, 1089 + 160);
	/* Behind the first the rest is drawn anew: 30 of 41. */
	assert_in_range(second_after_first, 4347 - 250, 4347 + 250);
}

/* "a very small chance": 1 of 101. */
static void no_weight_is_a_small_chance(void **state)
{
	unsigned first = 0;

	(void)state;
	for (int i = 0; i < DRAWS; i++) {
		struct dns_srv list[] = { srv(1, 100, 1), srv(1, 0, 2) };

		srv_order(list, 2);
		first += list[0].port == 2;
	}
	assert_in_range(first, 40, 170);
}

static void all_stay(void **state)
{
	struct dns_srv list[DNS_RECORDS_MAX];
	unsigned seen = 0;

	(void)state;
	for (unsigned i = 0; i < DNS_RECORDS_MAX; i++)
		list[i] = srv(i % 3, i % 5 * 13000, i);
	srv_order(list, DNS_RECORDS_MAX);
	for (unsigned i = 0; i < DNS_RECORDS_MAX; i++)
		seen |= 1U << list[i].port;
	assert_int_equal(seen, 0xffffffff);
	srv_order(list, 0);
	srv_order(list, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(priorities_come_in_order),
		                            cmocka_unit_test(weights_spread),
		                            cmocka_unit_test(no_weight_is_a_small_chance),
		                            cmocka_unit_test(all_stay) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
