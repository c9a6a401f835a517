/* sbc/b2bua/missed.c: E8-11, IPW-06. */
#include "sbc/b2bua/missed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static char out[MISSED_MAX];

static const char *missed(const struct config_trunk *trunk, uint64_t packets, uint64_t lost,
                          uint32_t jitter_us, uint32_t round_trip_us)
{
	const struct stream_stats streams[] = { { .packets_in = 1000 },
		                                { .packets_in = packets, .lost = lost } };
	const struct watch_worst worst = { .jitter_us = jitter_us, .round_trip_us = round_trip_us };

	missed_write(trunk, streams, 2, &worst, out);
	return out;
}

/* IPW-06: the worst stream counts, and what is as promised is none. */
static void what_is_over_is_said(void **state)
{
	const struct config_trunk t = { .max_loss = 15,
		                        .max_jitter_ms = 50,
		                        .max_round_trip_ms = 300 };

	(void)state;
	assert_string_equal(missed(&t, 985, 15, 50000, 300000), "");
	assert_string_equal(missed(&t, 984, 16, 50000, 0), "loss 1.6 %");
	assert_string_equal(missed(&t, 1000, 0, 50100, 0), "jitter 50.1 ms");
	assert_string_equal(missed(&t, 0, 0, 0, 300100), "round trip 300.1 ms");
	assert_string_equal(missed(&t, 0, 10, 61000, 1200000),
	                    "loss 100.0 %, jitter 61.0 ms, round trip 1200.0 ms");
	assert_string_equal(missed(&t, 1, UINT64_MAX / 2, UINT32_MAX, UINT32_MAX),
	                    "loss 100.0 %, jitter 4294967.3 ms, round trip 4294967.3 ms");
}

/* E8-11 promises no loss at all; who promises nothing misses nothing. */
static void none_is_none(void **state)
{
	const struct config_trunk no_loss = { .max_loss = 0 }, nothing = { .max_loss = 1000 };

	(void)state;
	assert_string_equal(missed(&no_loss, 100000, 0, 900000, 900000), "");
	assert_string_equal(missed(&no_loss, 9999, 1, 0, 0), "loss 0.0 %");
	assert_string_equal(missed(&nothing, 1, 999, 900000, 900000), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_over_is_said),
		cmocka_unit_test(none_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
