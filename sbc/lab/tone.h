/* A tone of 440 Hz in G.711, the ear that knows it again, and the beat of 20 ms at which it is
 * sent. One thread. */
#ifndef SBC_LAB_TONE_H
#define SBC_LAB_TONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* By their RTP payload types (RFC 3551 6). */
enum g711 { G711_PCMU = 0, G711_PCMA = 8 };

const char *g711_name(enum g711 law); /* as in SDP */
uint8_t g711_encode(enum g711 law, int16_t sample);
int16_t g711_decode(enum g711 law, uint8_t code);

#define TONE_RATE_HZ  8000
#define TONE_HZ       440
#define TONE_FRAME_MS 20
#define TONE_FRAME    (TONE_RATE_HZ / 1000 * TONE_FRAME_MS) /* samples, and octets */

/* Zeroed: at its beginning. */
struct tone {
	unsigned at; /* within TONE_PERIOD */
};

/* The next n samples. */
void tone_write(struct tone *tone, enum g711 law, uint8_t *out, size_t n);

/* What was heard so far; zeroed: nothing. */
struct ear {
	unsigned frames, tonal; /* all; those that are our tone and little else */
};

/* One packet's payload. */
void ear_hear(struct ear *ear, enum g711 law, const uint8_t *payload, size_t n);
/* Most of it was the tone. */
bool ear_has_tone(const struct ear *ear);

/* When the n-th frame is due: by the first one's moment, so that no delay adds up. */
struct beat {
	uint64_t start_ms;
	uint64_t n; /* frames so far, sent or left out */
};

/* Frames that are due now, counted as done; more than a few at once are left out: nobody wants
 * them late. *first: the number of the first of them. */
unsigned beat_due(struct beat *beat, uint64_t now_ms, uint64_t *first);
/* Milliseconds until the next one. */
uint64_t beat_next_ms(const struct beat *beat, uint64_t now_ms);

#endif
