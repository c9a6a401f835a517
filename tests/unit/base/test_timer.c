/* base/timer.c */
#include "base/timer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include "base/clock.h"

#define MANY 500

static struct timers *set;
static struct timer timers[MANY];
static uint64_t due[MANY], last_ms;
static unsigned rang[MANY];

static int open_set(void **state)
{
	(void)state;
	clock_fake(1000, 0);
	return timers_new(&set) == OK ? 0 : -1;
}

static int close_set(void **state)
{
	(void)state;
	timers_free(&set);
	clock_real();
	return 0;
}

static void on_ring(void *arg)
{
	size_t i = (size_t)(struct timer *)arg - (size_t)timers;

	i /= sizeof(timers[0]);
	rang[i]++;
	assert_true(due[i] >= last_ms && due[i] <= clock_mono_ms());
	last_ms = due[i];
}

static void start(size_t i, uint64_t in_ms)
{
	due[i] = clock_mono_ms() + in_ms;
	timer_start(set, &timers[i], in_ms, on_ring, &timers[i]);
}

/* All in order, those stopped never, those moved at their new time. */
static void test_order(void **state)
{
	(void)state;
	srand(1);
	for (size_t i = 0; i < MANY; i++)
		start(i, 1 + (uint64_t)rand() % 1000);
	for (size_t i = 0; i < MANY; i += 3)
		timer_stop(&timers[i]);
	for (size_t i = 1; i < MANY; i += 3)
		start(i, 1 + (uint64_t)rand() % 2000);
	for (int i = 0; i < 2100; i++) {
		clock_fake_advance(1);
		timers_run(set);
	}
	for (size_t i = 0; i < MANY; i++) {
		assert_int_equal(rang[i], i % 3 ? 1 : 0);
		assert_false(timer_running(&timers[i]));
	}
	assert_int_equal(timers_next_ms(set), UINT64_MAX);
}

static void test_next(void **state)
{
	(void)state;
	last_ms = 0;
	start(0, 50);
	start(1, 20);
	assert_int_equal(timers_next_ms(set), 20);
	assert_true(timer_running(&timers[0]));
	clock_fake_advance(30);
	assert_int_equal(timers_next_ms(set), 0);
	timers_run(set);
	assert_int_equal(timers_next_ms(set), 20);
	timer_stop(&timers[0]);
	timer_stop(&timers[0]);
	assert_int_equal(timers_next_ms(set), UINT64_MAX);
}

static void on_again(void *arg)
{
	unsigned *count = arg;

	if (++*count < 3)
		timer_start(set, &timers[2], 0, on_again, count);
	timer_stop(&timers[3]);
}

static void count_up(void *arg)
{
	++*(unsigned *)arg;
}

static void test_next_run(void **state)
{
	unsigned count = 0;

	(void)state;
	timer_start_next(set, &timers[0], count_up, &count);
	assert_int_equal(timers_next_ms(set), 0);
	assert_int_equal(count, 0);
	timers_run(set);
	assert_int_equal(count, 1);
	assert_int_equal(timers_next_ms(set), UINT64_MAX);
}

/* A timer that starts itself with 0 waits for the next millisecond; one stopped by another, due at
 * the same time, stays silent. */
static void test_from_within(void **state)
{
	unsigned count = 0, rang_before = rang[3];

	(void)state;
	timer_start(set, &timers[2], 5, on_again, &count);
	start(3, 6);
	clock_fake_advance(6);
	timers_run(set);
	assert_int_equal(count, 1);
	assert_int_equal(rang[3], rang_before);
	clock_fake_advance(1);
	timers_run(set);
	assert_int_equal(count, 2);
	clock_fake_advance(1);
	timers_run(set);
	assert_int_equal(count, 3);
}

/* The loop may be late for a lazy one, and whenever it wakes takes what is due. */
static void test_lazy(void **state)
{
	unsigned count[3] = { 0 };

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		timer_start_lazy(set, &timers[i], 10 * i, count_up, &count[i]);
	assert_int_equal(timers_next_ms(set), 1 + TIMER_LAZY_MS);
	timer_start(set, &timers[3], 15, count_up, &count[0]);
	assert_int_equal(timers_next_ms(set), 15);
	clock_fake_advance(15);
	timers_run(set);
	assert_int_equal(count[0], 2);
	assert_int_equal(count[1], 1);
	assert_int_equal(timers_next_ms(set), 5 + TIMER_LAZY_MS);
	clock_fake_advance(4 + TIMER_LAZY_MS);
	assert_int_equal(timers_next_ms(set), 1);
	timer_start(set, &timers[2], 7, count_up, &count[2]); /* no more */
	assert_int_equal(timers_next_ms(set), 7);
	timer_start_lazy(set, &timers[2], 7, count_up, &count[2]);
	timer_stop(&timers[2]);
	assert_int_equal(timers_next_ms(set), UINT64_MAX);
	assert_int_equal(count[2], 0);
}

static void test_free_stops(void **state)
{
	(void)state;
	start(0, 50);
	timer_start_lazy(set, &timers[1], 50, count_up, NULL);
	timers_free(&set);
	assert_false(timer_running(&timers[0]));
	assert_false(timer_running(&timers[1]));
	assert_int_equal(timers_new(&set), OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),    cmocka_unit_test(test_next),
		cmocka_unit_test(test_next_run), cmocka_unit_test(test_from_within),
		cmocka_unit_test(test_lazy),     cmocka_unit_test(test_free_stops)
	};

	return cmocka_run_group_tests(tests, open_set, close_set);
}
