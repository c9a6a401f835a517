/* sbc/sip/overload.c: how long a queue must stay long, and short. Time stands and is turned. */
#include "sbc/sip/overload.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "base/clock.h"

static struct overload o;

static int begin(void **state)
{
	(void)state;
	clock_fake(1000000, 1700000000);
	o = (struct overload){ 0 };
	return 0;
}

/* A message a millisecond for so long, each waited so long. */
static enum overload_change run(unsigned ms, uint64_t waited_ms)
{
	enum overload_change change = OVERLOAD_SAME;

	for (unsigned i = 0; i < ms && change == OVERLOAD_SAME; i++) {
		clock_fake_advance(1);
		change = overload_note(&o, waited_ms);
	}
	return change;
}

static void begins_after_patience(void **state)
{
	(void)state;
	assert_int_equal(run(OVERLOAD_PATIENCE_MS, OVERLOAD_LATE_MS), OVERLOAD_SAME);
	assert_false(overload_sheds(&o));
	assert_int_equal(run(1, OVERLOAD_LATE_MS), OVERLOAD_BEGINS);
	assert_true(overload_sheds(&o));
	assert_int_equal(run(10, OVERLOAD_LATE_MS), OVERLOAD_SAME);
	assert_true(overload_sheds(&o));
}

static void one_in_time_begins_anew(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(run(OVERLOAD_PATIENCE_MS, 400), OVERLOAD_SAME);
		assert_int_equal(run(1, OVERLOAD_LATE_MS - 1), OVERLOAD_SAME);
		assert_false(overload_sheds(&o));
	}
}

static void takes_what_did_not_wait(void **state)
{
	(void)state;
	run(OVERLOAD_PATIENCE_MS + 1, 20);
	assert_int_equal(overload_note(&o, OVERLOAD_LATE_MS - 1), OVERLOAD_SAME);
	assert_false(overload_sheds(&o));
	assert_int_equal(overload_note(&o, OVERLOAD_LATE_MS), OVERLOAD_SAME);
	assert_true(overload_sheds(&o)); /* without patience */
}

static void ends_when_calm(void **state)
{
	(void)state;
	run(OVERLOAD_PATIENCE_MS + 1, 20);
	o.shed = 7;
	assert_int_equal(run(OVERLOAD_CALM_MS - 1, 0), OVERLOAD_SAME);
	run(1, 20);
	assert_true(overload_sheds(&o));
	assert_int_equal(run(OVERLOAD_CALM_MS - 1, 0), OVERLOAD_SAME);
	assert_int_equal(run(1, 0), OVERLOAD_ENDS);
	assert_int_equal(o.shed, 7);
	assert_int_equal(run(OVERLOAD_PATIENCE_MS, 20), OVERLOAD_SAME);
	assert_false(overload_sheds(&o));
	assert_int_equal(run(1, 20), OVERLOAD_BEGINS);
	assert_int_equal(o.shed, 0);
}

/* Nothing came for long: the first late one is a beginning. */
static void silence_is_no_wait(void **state)
{
	(void)state;
	assert_int_equal(run(1, 0), OVERLOAD_SAME);
	clock_fake_advance(3600000);
	assert_int_equal(run(1, 5000), OVERLOAD_SAME);
	assert_false(overload_sheds(&o));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(begins_after_patience, begin),
		cmocka_unit_test_setup(one_in_time_begins_anew, begin),
		cmocka_unit_test_setup(takes_what_did_not_wait, begin),
		cmocka_unit_test_setup(ends_when_calm, begin),
		cmocka_unit_test_setup(silence_is_no_wait, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
