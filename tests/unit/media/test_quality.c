/* media/quality.c */
#include "media/quality.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>
#include "media/anchor.h"

#define FRAME_US 20000

static void feed(struct quality *q, uint32_t ssrc, uint16_t seq, uint32_t timestamp,
                 uint64_t arrival_us)
{
	const struct rtp_header h = { .seq = seq, .timestamp = timestamp, .ssrc = ssrc };

	quality_received(q, &h, arrival_us);
}

/* n packets of 20 ms, as they should be. */
static void feed_run(struct quality *q, uint32_t ssrc, uint16_t seq, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		feed(q, ssrc, (uint16_t)(seq + i), i * 160, 1000000 + (uint64_t)i * FRAME_US);
}

static void nothing_came(void **state)
{
	struct quality q = { 0 };

	(void)state;
	assert_int_equal(quality_lost(&q), 0);
	assert_int_equal(quality_jitter_us(&q), 0);
}

static void counts_gaps(void **state)
{
	struct quality q = { 0 };

	(void)state;
	feed_run(&q, 1, 100, 10);
	assert_int_equal(quality_lost(&q), 0);
	feed(&q, 1, 113, 0, 0); /* 110 to 112 are missing */
	assert_int_equal(quality_lost(&q), 3);
	feed(&q, 1, 111, 0, 0); /* one was only late */
	assert_int_equal(quality_lost(&q), 2);
}

static void duplicates_do_not_make_it_negative(void **state)
{
	struct quality q = { 0 };

	(void)state;
	feed_run(&q, 1, 5, 3);
	for (unsigned i = 0; i < 5; i++)
		feed(&q, 1, 7, 320, 1040000);
	assert_int_equal(quality_lost(&q), 0);
}

static void survives_wraps(void **state)
{
	struct quality q = { 0 };
	uint32_t seq = 65530;

	(void)state;
	for (unsigned i = 0; i < 3 * 65536; i++) {
		if (i % 1000 != 500)
			feed(&q, 9, (uint16_t)(seq + i), i * 160, (uint64_t)i * FRAME_US);
	}
	assert_int_equal(quality_lost(&q), 197);
	assert_int_equal(q.cycles, 3 << 16);
	assert_int_equal(quality_jitter_us(&q), 0);
}

static void new_source_keeps_the_loss(void **state)
{
	struct quality q = { 0 };

	(void)state;
	feed(&q, 1, 10, 0, 0);
	feed(&q, 1, 15, 0, 0);
	assert_int_equal(quality_lost(&q), 4);
	feed(&q, 2, 40000, 0, 0);
	feed(&q, 2, 40002, 0, 0);
	assert_int_equal(quality_lost(&q), 5);
}

/* RFC 3550 A.1: a great jump counts once a second packet confirms it. */
static void jump_wants_a_witness(void **state)
{
	struct quality q = { 0 };

	(void)state;
	feed_run(&q, 1, 100, 10);
	feed(&q, 1, 30000, 0, 0);
	assert_int_equal(q.max_seq, 109);
	feed(&q, 1, 110, 1600, 1200000);
	assert_int_equal(quality_lost(&q), 0);
	feed(&q, 1, 30000, 0, 0);
	feed(&q, 1, 30001, 0, 0);
	assert_int_equal(q.max_seq, 30001);
	assert_int_equal(quality_lost(&q), 0);
	feed(&q, 1, 30003, 0, 0);
	assert_int_equal(quality_lost(&q), 1);
}

/* RFC 3550 A.8, done again in floating point. */
static void jitter_as_the_rfc_says(void **state)
{
	static const int off_us[] = { 0, 3000, -2000, 10000, 0, 500, 7000, 0, 12000, -5000 };
	struct quality q = { 0 };
	double jitter = 0;

	(void)state;
	for (unsigned i = 0; i < 200; i++) {
		int now = off_us[i % ARRAY_LEN(off_us)];
		int before = i ? off_us[(i - 1) % ARRAY_LEN(off_us)] : now;
		int d = now > before ? now - before : before - now;

		feed(&q, 1, (uint16_t)i, i * 160,
		     (uint64_t)(1000000 + (int64_t)i * FRAME_US + now));
		jitter += (d - jitter) / 16;
	}
	assert_in_range(quality_jitter_us(&q), (uint32_t)jitter - 200, (uint32_t)jitter + 200);
}

static void jitter_knows_the_clock(void **state)
{
	const struct rtp_header a = { .payload_type = 34, .ssrc = 1, .seq = 1 };
	struct rtp_header b = a;
	struct quality q = { 0 };

	(void)state;
	b.seq = 2;
	b.timestamp = 3000; /* a thirtieth of a second at 90000 Hz */
	quality_received(&q, &a, 1000000);
	quality_received(&q, &b, 1000000 + 33333 + 16000);
	assert_int_equal(q.clock_hz, 90000);
	assert_in_range(quality_jitter_us(&q), 980, 1000);
}

static struct quality evenly(const uint8_t *clock_khz, uint8_t type, uint32_t ticks)
{
	struct quality q = { .clock_khz = clock_khz, .event_type = 101 };

	for (uint16_t i = 0; i < 200; i++) {
		struct rtp_header h = {
			.payload_type = type, .ssrc = 1, .seq = i, .timestamp = i * ticks
		};

		if (i == 100) /* a digit, by a clock of its own */
			h.payload_type = 101;
		quality_received(&q, &h, 1000000 + (uint64_t)i * FRAME_US);
	}
	return q;
}

/* What comes evenly has no jitter, by the clock that signalling said (RFC 3551 3). */
static void dynamic_types_have_their_clocks(void **state)
{
	uint8_t clock_khz[RTP_NDYNAMIC] = { [0] = 48, [1] = 90, [101 - RTP_DYNAMIC] = 8 };
	struct rtp_header h = { .ssrc = 1, .seq = 200, .payload_type = 0 };
	struct quality q = evenly(clock_khz, 96, 960);

	(void)state;
	assert_int_equal(q.clock_hz, 48000);
	assert_int_equal(quality_jitter_us(&q), 0);
	/* Another codec, and back; 20 ms late in the end. */
	h.timestamp = 5000;
	quality_received(&q, &h, 1000000 + 200 * FRAME_US);
	assert_int_equal(q.clock_hz, 8000);
	assert_int_equal(quality_jitter_us(&q), 0);
	h.seq++;
	h.timestamp += 160;
	quality_received(&q, &h, 1000000 + 202 * FRAME_US);
	assert_in_range(quality_jitter_us(&q), 1240, 1250);
	h.seq++;
	h.payload_type = 96;
	quality_received(&q, &h, 1000000 + 203 * FRAME_US);
	assert_in_range(quality_jitter_us(&q), 1240, 1250);
	q = evenly(clock_khz, 97, 1800);
	assert_int_equal(quality_jitter_us(&q), 0);
	/* Not known: no number that is false. */
	q = evenly(clock_khz, 98, 960);
	assert_int_equal(quality_jitter_us(&q), 0);
	q = evenly(NULL, 96, 960);
	assert_int_equal(quality_jitter_us(&q), 0);
	assert_int_equal(quality_lost(&q), 0);
}

/* A jump of the same source into another codec: its jitter is the same time. */
static void who_begins_anew_keeps_the_jitter(void **state)
{
	const uint8_t clock_khz[RTP_NDYNAMIC] = { [0] = 48 };
	struct quality q = { .clock_khz = clock_khz };
	struct rtp_header h = { .ssrc = 1, .payload_type = 96 };

	(void)state;
	feed(&q, 1, 1, 0, 1000000);
	feed(&q, 1, 2, 160, 1000000 + 2 * FRAME_US);
	assert_in_range(quality_jitter_us(&q), 1240, 1250);
	for (h.seq = 30000; h.seq <= 30001; h.seq++)
		quality_received(&q, &h, 1000000 + 3 * FRAME_US);
	assert_int_equal(q.max_seq, 30001);
	assert_int_equal(q.clock_hz, 48000);
	assert_in_range(quality_jitter_us(&q), 1240, 1250);
}

static void jitter_leaves_out_what_is_none(void **state)
{
	struct quality q = { 0 };

	(void)state;
	feed_run(&q, 1, 0, 10);
	/* A telephone-event repeats its timestamp. */
	for (unsigned i = 0; i < 10; i++)
		feed(&q, 1, (uint16_t)(10 + i), 1600, 1200000 + (uint64_t)i * FRAME_US);
	assert_int_equal(quality_jitter_us(&q), 0);
	/* A new timeline. */
	feed(&q, 1, 20, 0x80000000, 1400000);
	feed(&q, 1, 21, 0x80000000 + 160, 1420000);
	assert_int_equal(quality_jitter_us(&q), 0);
	assert_int_equal(quality_lost(&q), 0);
}

static void counts_what_came_late(void **state)
{
	struct quality q = { 0 };

	(void)state;
	feed_run(&q, 1, 100, 10);
	feed(&q, 1, 111, 0, 0);
	assert_int_equal(q.reordered, 0);
	feed(&q, 1, 110, 0, 0);
	assert_int_equal(q.reordered, 1);
	feed_run(&q, 2, 1, 2);
	assert_int_equal(q.reordered, 1);
}

/* RFC 4733 2.5.1.2: one event, many packets. */
static void counts_digits(void **state)
{
	struct quality q = { .event_type = 101 };
	struct rtp_header h = { .payload_type = 101, .ssrc = 1 };

	(void)state;
	feed_run(&q, 1, 1, 5);
	for (unsigned digit = 0; digit < 3; digit++) {
		h.timestamp = digit * 1600;
		for (unsigned i = 0; i < 4; i++) {
			h.seq = (uint16_t)(6 + digit * 4 + i);
			quality_received(&q, &h, 0);
		}
	}
	assert_int_equal(q.events, 3);
	assert_int_equal(q.payload_type, 0);
	feed_run(&q, 2, 1, 1);
	assert_int_equal(q.events, 3);
}

static void reports_as_the_rfc_says(void **state)
{
	struct quality_report r;
	struct quality q = { 0 };

	(void)state;
	assert_false(quality_report(&q, &r));
	feed_run(&q, 7, 100, 10);
	assert_true(quality_report(&q, &r));
	assert_int_equal(r.ssrc, 7);
	assert_int_equal(r.highest_seq, 109);
	assert_int_equal(r.fraction, 0);
	assert_int_equal(r.lost, 0);
	feed(&q, 7, 113, 0, 0); /* 3 of 4 are missing */
	assert_true(quality_report(&q, &r));
	assert_int_equal(r.fraction, (3 << 8) / 5);
	assert_int_equal(r.lost, 3);
	feed(&q, 7, 112, 0, 0);
	assert_true(quality_report(&q, &r));
	assert_int_equal(r.fraction, 0);
	assert_int_equal(r.lost, 2);
}

static unsigned mos(uint8_t payload_type, uint64_t packets, uint64_t lost, uint32_t jitter_us,
                    uint32_t round_trip_us)
{
	return quality_mos(&(struct stream_stats){ .payload_type = payload_type,
	                                           .packets_in = packets,
	                                           .lost = lost,
	                                           .jitter_us = jitter_us,
	                                           .round_trip_us = round_trip_us });
}

/* G.107: nothing missing is as good as it gets; G.113's G.711 and G.729. */
static void an_ear_would_say(void **state)
{
	(void)state;
	assert_in_range(mos(0, 1000, 0, 0, 0), 435, 445);
	assert_in_range(mos(18, 1000, 0, 0, 0), 400, 415);
	assert_in_range(mos(0, 950, 50, 0, 0), 360, 400);
	assert_in_range(mos(0, 1000, 0, 0, 800000), 280, 350);
	assert_in_range(mos(0, 100, 900, 0, 0), 100, 130);
	assert_int_equal(mos(0, 0, 0, 0, 0), 0);
	assert_true(mos(0, 1000, 0, 60000, 0) < mos(0, 1000, 0, 0, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_came),
		cmocka_unit_test(counts_what_came_late),
		cmocka_unit_test(counts_digits),
		cmocka_unit_test(reports_as_the_rfc_says),
		cmocka_unit_test(an_ear_would_say),
		cmocka_unit_test(counts_gaps),
		cmocka_unit_test(duplicates_do_not_make_it_negative),
		cmocka_unit_test(survives_wraps),
		cmocka_unit_test(new_source_keeps_the_loss),
		cmocka_unit_test(jump_wants_a_witness),
		cmocka_unit_test(jitter_as_the_rfc_says),
		cmocka_unit_test(jitter_knows_the_clock),
		cmocka_unit_test(dynamic_types_have_their_clocks),
		cmocka_unit_test(who_begins_anew_keeps_the_jitter),
		cmocka_unit_test(jitter_leaves_out_what_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
