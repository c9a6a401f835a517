/* media/seq_shift.c */
#include "media/seq_shift.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static struct seq_shift shift;

static int begin(void **state)
{
	(void)state;
	shift = (struct seq_shift){ 0 };
	return 0;
}

/* What goes out; -1: nothing. */
static int number(uint32_t ssrc, uint16_t seq)
{
	const struct rtp_header h = { .ssrc = ssrc, .seq = seq };
	uint16_t out = 0;

	return seq_shift(&shift, &h, &out) ? out : -1;
}

static void stay_as_they_are(void **state)
{
	(void)state;
	assert_int_equal(number(1, 65534), 65534);
	assert_int_equal(number(1, 65535), 65535);
	assert_int_equal(number(1, 0), 0);
	assert_int_equal(number(1, 5), 5); /* some were lost */
	assert_int_equal(number(1, 3), 3); /* or late */
	assert_int_equal(number(1, 3), 3);
	assert_int_equal(number(2, 40000), 40000); /* another source */
}

static void go_on_after_a_new_beginning(void **state)
{
	(void)state;
	assert_int_equal(number(1, 30000), 30000);
	assert_int_equal(number(1, 1000), -1); /* it may be a stray one */
	assert_int_equal(number(1, 1001), 30001);
	assert_int_equal(number(1, 1002), 30002);
	assert_int_equal(number(1, 1005), 30005);
	assert_int_equal(number(1, 1003), 30003); /* late */
	assert_int_equal(number(1, 30001), -1);   /* very late */
	assert_int_equal(number(1, 1006), 30006);
}

static void go_on_after_each(void **state)
{
	int last = 30000;

	(void)state;
	assert_int_equal(number(1, 30000), last);
	for (int i = 0; i < 20; i++) {
		uint16_t at = (uint16_t)(i * 7919 + 500);

		number(1, at);
		assert_true((uint16_t)(number(1, (uint16_t)(at + 1)) - last) < 0x8000);
		last = number(1, (uint16_t)(at + 2));
		assert_int_not_equal(last, -1);
	}
}

/* A phone whose events have an SSRC of their own, and strangers' between them. */
static void sources_are_kept_apart(void **state)
{
	(void)state;
	assert_int_equal(number(1, 30000), 30000);
	assert_int_equal(number(2, 7), 7);
	assert_int_equal(number(1, 1000), -1);
	assert_int_equal(number(2, 8), 8);
	assert_int_equal(number(1, 1001), 30001);
	for (uint32_t ssrc = 2; ssrc <= SEQ_SHIFT_SOURCES; ssrc++)
		assert_int_not_equal(number(ssrc, 9), -1);
	assert_int_equal(number(1, 1002), 30002);
	/* One more than there is room for: who was heard longest ago is forgotten. */
	assert_int_equal(number(99, 5), 5);
	assert_int_equal(number(1, 1003), 30003);
	for (uint32_t ssrc = 100; ssrc < 100 + SEQ_SHIFT_SOURCES; ssrc++)
		assert_int_equal(number(ssrc, 5), 5);
	assert_int_equal(number(1, 1004), 1004);
}

/* One that only says so must not leave those that follow behind. */
static void strays_change_nothing(void **state)
{
	(void)state;
	for (uint16_t seq = 100; seq < 120; seq++) {
		assert_int_equal(number(1, seq), seq);
		assert_int_equal(number(1, (uint16_t)(seq + 20000 + seq * 3)), -1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(stay_as_they_are, begin),
		cmocka_unit_test_setup(go_on_after_a_new_beginning, begin),
		cmocka_unit_test_setup(go_on_after_each, begin),
		cmocka_unit_test_setup(sources_are_kept_apart, begin),
		cmocka_unit_test_setup(strays_change_nothing, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
