/* G.711, the tone, the ear and the beat. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "base/err.h"
#include "sbc/lab/tone.h"

#define UNUSED(x) ((void)(x))

static const enum g711 laws[] = { G711_PCMA, G711_PCMU };

static void test_known_codes(void **state)
{
	UNUSED(state);
	assert_int_equal(g711_encode(G711_PCMU, 0), 0xff);
	assert_int_equal(g711_encode(G711_PCMA, 0), 0xd5);
	assert_int_equal(g711_encode(G711_PCMA, -1), 0x55);
	assert_int_equal(g711_decode(G711_PCMU, 0x80), 32124);
	assert_int_equal(g711_decode(G711_PCMU, 0x00), -32124);
	assert_int_equal(g711_decode(G711_PCMU, 0xff), 0);
	assert_int_equal(g711_decode(G711_PCMA, 0xaa), 32256);
	assert_int_equal(g711_decode(G711_PCMA, 0x2a), -32256);
	assert_int_equal(g711_decode(G711_PCMA, 0xd5), 8);
	assert_string_equal(g711_name(G711_PCMA), "PCMA");
	assert_string_equal(g711_name(G711_PCMU), "PCMU");
}

/* What is decoded is encoded to the same again; the two zeroes of mu-law are one. */
static void test_every_code_comes_back(void **state)
{
	UNUSED(state);
	for (unsigned code = 0; code < 256; code++) {
		int16_t mu = g711_decode(G711_PCMU, (uint8_t)code);
		int16_t a = g711_decode(G711_PCMA, (uint8_t)code);

		assert_int_equal(g711_encode(G711_PCMU, mu), code == 0x7f ? 0xff : code);
		assert_int_equal(g711_encode(G711_PCMA, a), code);
	}
}

static void test_every_sample_stays_near(void **state)
{
	UNUSED(state);
	for (size_t l = 0; l < ARRAY_LEN(laws); l++) {
		for (int s = INT16_MIN; s <= INT16_MAX; s++) {
			uint8_t code = g711_encode(laws[l], (int16_t)s);
			int off = abs(g711_decode(laws[l], code) - s);

			/* A step is a sixteenth of its segment; the last one is cut. */
			if (off > 16 + abs(s) / 24)
				fail_msg("%s: %d is off by %d", g711_name(laws[l]), s, off);
		}
	}
}

static void play(struct ear *ear, struct tone *tone, enum g711 law, unsigned frames)
{
	uint8_t payload[TONE_FRAME];

	for (unsigned i = 0; i < frames; i++) {
		tone_write(tone, law, payload, sizeof(payload));
		ear_hear(ear, law, payload, sizeof(payload));
	}
}

static void test_tone_is_heard(void **state)
{
	UNUSED(state);
	for (size_t l = 0; l < ARRAY_LEN(laws); l++) {
		struct tone tone = { 0 };
		struct ear ear = { 0 };

		assert_false(ear_has_tone(&ear));
		play(&ear, &tone, laws[l], 1000);
		assert_int_equal(ear.frames, 1000);
		assert_int_equal(ear.tonal, 1000);
		assert_true(ear_has_tone(&ear));
	}
}

/* It goes on where it was, whatever the pieces. */
static void test_tone_has_no_seams(void **state)
{
	uint8_t whole[1000], pieces[1000];
	struct tone a = { 0 }, b = { 0 };
	size_t at = 0;

	UNUSED(state);
	tone_write(&a, G711_PCMU, whole, sizeof(whole));
	for (size_t n = 1; at + n < sizeof(pieces); at += n++)
		tone_write(&b, G711_PCMU, pieces + at, n);
	tone_write(&b, G711_PCMU, pieces + at, sizeof(pieces) - at);
	assert_memory_equal(whole, pieces, sizeof(whole));
}

static void hear_wave(struct ear *ear, unsigned half_period, int16_t amplitude)
{
	uint8_t payload[TONE_FRAME];

	for (unsigned i = 0; i < TONE_FRAME; i++)
		payload[i] =
		    g711_encode(G711_PCMA, (int16_t)(i / half_period % 2 ? amplitude : -amplitude));
	ear_hear(ear, G711_PCMA, payload, sizeof(payload));
}

static void test_other_sounds_are_not_the_tone(void **state)
{
	struct ear ear = { 0 };
	uint8_t noise[TONE_FRAME];

	UNUSED(state);
	hear_wave(&ear, 4, 8000);  /* 1000 Hz */
	hear_wave(&ear, 5, 8000);  /* 800 Hz */
	hear_wave(&ear, 16, 8000); /* 250 Hz */
	hear_wave(&ear, 8, 8);     /* silence */
	srand(1);
	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (uint8_t)rand();
	ear_hear(&ear, G711_PCMA, noise, sizeof(noise));
	ear_hear(&ear, G711_PCMA, noise, 0);
	assert_int_equal(ear.frames, 5);
	assert_int_equal(ear.tonal, 0);
	assert_false(ear_has_tone(&ear));
}

static void test_most_of_it_must_be_the_tone(void **state)
{
	struct tone tone = { 0 };
	struct ear ear = { 0 };

	UNUSED(state);
	play(&ear, &tone, G711_PCMA, 8);
	hear_wave(&ear, 4, 8000);
	hear_wave(&ear, 4, 8000);
	assert_true(ear_has_tone(&ear)); /* 8 of 10 */
	hear_wave(&ear, 4, 8000);
	assert_false(ear_has_tone(&ear));
}

/* Woken a little late each time, it still sends 50 a second. */
static void test_beat_does_not_drift(void **state)
{
	struct beat beat = { .start_ms = 1000 };
	uint64_t now = 1000, first, sent = 0;

	UNUSED(state);
	for (unsigned i = 0; now < 61000; i++) {
		unsigned n = beat_due(&beat, now, &first);

		assert_true(n <= 1);
		assert_int_equal(first, sent);
		sent += n;
		now += beat_next_ms(&beat, now) + i % 7;
	}
	assert_int_equal(sent, 3000);
}

static void test_beat_after_a_delay(void **state)
{
	struct beat beat = { .start_ms = 1000 };
	uint64_t first;

	UNUSED(state);
	assert_int_equal(beat_due(&beat, 999, &first), 0);
	assert_int_equal(beat_next_ms(&beat, 990), 10);
	assert_int_equal(beat_due(&beat, 1000, &first), 1);
	assert_int_equal(beat_due(&beat, 1019, &first), 0);
	assert_int_equal(beat_next_ms(&beat, 1019), 1);
	assert_int_equal(beat_due(&beat, 1065, &first), 3); /* those of 1020, 1040, 1060 */
	assert_int_equal(first, 1);
	/* A whole second passed: most of it is left out. */
	assert_int_equal(beat_due(&beat, 2000, &first), 5);
	assert_int_equal(first, 46);
	assert_int_equal(beat_next_ms(&beat, 2000), 20);
	assert_int_equal(beat_next_ms(&beat, 5000), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_codes),
		cmocka_unit_test(test_every_code_comes_back),
		cmocka_unit_test(test_every_sample_stays_near),
		cmocka_unit_test(test_tone_is_heard),
		cmocka_unit_test(test_tone_has_no_seams),
		cmocka_unit_test(test_other_sounds_are_not_the_tone),
		cmocka_unit_test(test_most_of_it_must_be_the_tone),
		cmocka_unit_test(test_beat_does_not_drift),
		cmocka_unit_test(test_beat_after_a_delay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
