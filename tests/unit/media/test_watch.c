/* media/watch.c, under a turned clock; the anchor is this test's. */
#include "media/watch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "base/clock.h"
#include "base/log.h"

static struct fake_side {
	bool expected, pauses;
	uint64_t timeout_ms;
	struct stream_stats stats;
	struct watch_side watched;
} sides[MEDIA_NSIDES];

unsigned anchor_nstreams(const struct anchor *a)
{
	(void)a;
	return 1;
}

void anchor_stats(const struct anchor *a, unsigned stream, enum media_side side,
                  struct stream_stats *out)
{
	(void)a;
	assert_int_equal(stream, 0);
	*out = sides[side].stats;
}

struct watch_side *anchor_watched(struct anchor *a, unsigned stream, enum media_side side)
{
	(void)a;
	assert_int_equal(stream, 0);
	return &sides[side].watched;
}

bool anchor_expects(const struct anchor *a, unsigned stream, enum media_side side, bool *pauses)
{
	(void)a;
	(void)stream;
	*pauses = sides[side].pauses;
	return sides[side].expected;
}

uint64_t anchor_timeout_ms(const struct anchor *a, enum media_side side)
{
	(void)a;
	return sides[side].timeout_ms;
}

static struct {
	struct timers *timers;
	struct watch watch;
	unsigned lines, dead;
	enum media_side who;
	char last[256];
} t;

static void hear_line(void *arg, enum log_level level, const char *line)
{
	(void)arg;
	(void)level;
	t.lines++;
	snprintf(t.last, sizeof(t.last), "%s", line);
}

static void on_dead(void *arg, enum media_side side)
{
	(void)arg;
	t.dead++;
	t.who = side;
}

static int begin(void **state)
{
	const struct watch_cfg cfg = { .id = "7f3a",
		                       .parties = { "desk", "acme" },
		                       .on_dead = on_dead };

	(void)state;
	clock_fake(100000, 0);
	memset(&t, 0, sizeof(t));
	memset(sides, 0, sizeof(sides));
	for (int i = 0; i < MEDIA_NSIDES; i++)
		sides[i] = (struct fake_side){ .expected = true, .stats.alive_ms = 100000 };
	log_capture(hear_line, NULL);
	assert_int_equal(timers_new(&t.timers), OK);
	t.watch.cfg = cfg;
	t.watch.cfg.timers = t.timers;
	watch_start(&t.watch, &t.watch.cfg);
	return 0;
}

static int end(void **state)
{
	(void)state;
	watch_stop(&t.watch);
	timers_free(&t.timers);
	log_capture(NULL, NULL);
	clock_real();
	return 0;
}

/* Ten ms at a time; who speaks sends each time. */
static void pass(uint64_t ms, bool caller_speaks, bool callee_speaks)
{
	const bool speaks[MEDIA_NSIDES] = { caller_speaks, callee_speaks };

	for (; ms >= 10; ms -= 10) {
		clock_fake_advance(10);
		for (int i = 0; i < MEDIA_NSIDES; i++) {
			if (!speaks[i])
				continue;
			sides[i].stats.packets_in++;
			sides[i].stats.alive_ms = clock_mono_ms();
		}
		timers_run(t.timers);
	}
}

/* For who judges a call once it is over. */
static void the_worst_is_kept(void **state)
{
	(void)state;
	sides[SIDE_CALLEE].stats.jitter_us = 61000;
	pass(1000, true, true);
	sides[SIDE_CALLEE].stats.jitter_us = 2000;
	sides[SIDE_CALLEE].stats.round_trip_us = 90000;
	pass(1000, true, true);
	assert_int_equal(t.watch.worst[SIDE_CALLEE].jitter_us, 61000);
	assert_int_equal(t.watch.worst[SIDE_CALLEE].round_trip_us, 90000);
	assert_int_equal(t.watch.worst[SIDE_CALLER].jitter_us, 0);
}

static void one_way_is_noticed(void **state)
{
	(void)state;
	pass(10000, true, true);
	assert_int_equal(t.lines, 0);
	pass(3000, true, false);
	assert_int_equal(t.lines, 1);
	assert_non_null(strstr(t.last, "call=7f3a event=one-way stream=0 from=acme result=silent "
	                               "cause=\"nothing arrives\""));
	pass(20000, true, false);
	assert_int_equal(t.lines, 1);
	pass(1000, true, true);
	assert_int_equal(t.lines, 2);
	assert_non_null(strstr(t.last, "result=heard"));
	assert_string_equal(t.watch.silent_because[SIDE_CALLEE], "nothing arrives");
	assert_null(t.watch.silent_because[SIDE_CALLER]);
	assert_int_equal(t.dead, 0);
}

static void the_cause_is_named(void **state)
{
	static const struct {
		size_t counter;
		const char *cause;
	} causes[] = {
		{ offsetof(struct stream_stats, bad_auth),
		  "arrives but fails authentication, or its numbers were used before" },
		{ offsetof(struct stream_stats, bad_source),
		  "arrives from an address that latching" },
		{ offsetof(struct stream_stats, unreachable), "its ICMP says" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(causes); i++) {
		uint64_t *counter =
		    (uint64_t *)(void *)((char *)&sides[SIDE_CALLER].stats + causes[i].counter);

		*counter = 7; /* of before */
		pass(2000, true, true);
		pass(1000, false, true);
		++*counter;
		pass(2000, false, true);
		assert_non_null(strstr(t.last, causes[i].cause));
		assert_non_null(strstr(t.last, "from=desk"));
	}
}

static void pauses_are_granted(void **state)
{
	(void)state;
	sides[SIDE_CALLEE].pauses = true;
	pass(3000, true, false); /* it never began */
	assert_int_equal(t.lines, 1);
	pass(1000, true, true);
	assert_int_equal(t.lines, 2);
	pass(10000, true, false);
	assert_int_equal(t.lines, 2);
	sides[SIDE_CALLER].expected = false; /* held */
	pass(10000, false, true);
	assert_int_equal(t.lines, 2);
	sides[SIDE_CALLER].expected = true;
	pass(1700, false, true);
	assert_int_equal(t.lines, 2);
	pass(1300, false, true);
	assert_int_equal(t.lines, 3);
}

static void a_dead_side_ends_it(void **state)
{
	(void)state;
	sides[SIDE_CALLEE].timeout_ms = 20000;
	pass(10000, false, true);
	sides[SIDE_CALLEE].stats.alive_ms += 5000; /* RTCP */
	pass(24000, true, false);
	assert_int_equal(t.dead, 0);
	pass(2000, true, false);
	assert_int_equal(t.dead, 1);
	assert_int_equal(t.who, SIDE_CALLEE);
	pass(60000, true, false);
	assert_int_equal(t.dead, 1);
}

static void who_is_held_is_not_dead(void **state)
{
	(void)state;
	sides[SIDE_CALLER].timeout_ms = 20000;
	sides[SIDE_CALLER].expected = false;
	pass(60000, false, true);
	assert_int_equal(t.dead, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_worst_is_kept, begin, end),
		cmocka_unit_test_setup_teardown(one_way_is_noticed, begin, end),
		cmocka_unit_test_setup_teardown(the_cause_is_named, begin, end),
		cmocka_unit_test_setup_teardown(pauses_are_granted, begin, end),
		cmocka_unit_test_setup_teardown(a_dead_side_ends_it, begin, end),
		cmocka_unit_test_setup_teardown(who_is_held_is_not_dead, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
