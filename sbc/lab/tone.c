/* G.711 (ITU-T G.711, 11/1988), a tone in it, and Goertzel's filter for it. One thread. */
#include "sbc/lab/tone.h"

/* Of the angle between two samples, 2 pi 440 / 8000. */
#define COS_STEP 0.9408807689542255
#define SIN_STEP 0.3387379202452914
/* 440 Hz and 8000 Hz meet again after 11 waves. */
#define TONE_PERIOD    200
#define TONE_AMPLITUDE 8000.0 /* about -12 dBm0 */

#define SILENCE_RMS    100.0 /* below it nothing is heard */
#define PURITY         0.8   /* share of a frame's power that must be the tone's */
#define CATCH_UP       5     /* frames sent at once after a delay */

const char *g711_name(enum g711 law)
{
	return law == G711_PCMA ? "PCMA" : "PCMU";
}

/* The number of the highest bit that is set; value > 0. */
static unsigned highest_bit(unsigned value)
{
	unsigned n = 0;

	while (value >>= 1)
		n++;
	return n;
}

static uint8_t encode_mu(int sample)
{
	unsigned sign = sample < 0 ? 0x80 : 0;
	unsigned size = (unsigned)(sample < 0 ? -sample : sample), exponent;

	size = (size > 32635 ? 32635 : size) + 132;
	exponent = highest_bit(size) - 7;
	return (uint8_t) ~(sign | exponent << 4 | (size >> (exponent + 3) & 15));
}

static uint8_t encode_a(int sample)
{
	unsigned sign = sample < 0 ? 0 : 0x80;
	unsigned size = (unsigned)(sample < 0 ? -sample - 1 : sample) >> 3;
	unsigned exponent = size < 32 ? 0 : highest_bit(size) - 4;
	unsigned mantissa = size >> (exponent ? exponent : 1) & 15;

	return (uint8_t)((sign | exponent << 4 | mantissa) ^ 0x55);
}

uint8_t g711_encode(enum g711 law, int16_t sample)
{
	return law == G711_PCMA ? encode_a(sample) : encode_mu(sample);
}

int16_t g711_decode(enum g711 law, uint8_t code)
{
	unsigned c = law == G711_PCMA ? code ^ 0x55U : (uint8_t)~code;
	unsigned exponent = c >> 4 & 7, mantissa = c & 15;
	int size;

	if (law == G711_PCMU) {
		size = (int)((mantissa * 8 + 132) << exponent) - 132;
		return (int16_t)(c & 0x80 ? -size : size);
	}
	size = (int)(exponent ? (mantissa * 2 + 33) << (exponent - 1) : mantissa * 2 + 1) * 8;
	return (int16_t)(c & 0x80 ? size : -size);
}

/* Each sample follows from the two before: s(n) = 2 cos(step) s(n-1) - s(n-2). */
static const int16_t *wave(void)
{
	static int16_t samples[TONE_PERIOD];
	double before = -SIN_STEP * TONE_AMPLITUDE, now = 0;

	if (samples[1])
		return samples;
	for (unsigned i = 0; i < TONE_PERIOD; i++) {
		double next = 2 * COS_STEP * now - before;

		samples[i] = (int16_t)now;
		before = now;
		now = next;
	}
	return samples;
}

void tone_write(struct tone *tone, enum g711 law, uint8_t *out, size_t n)
{
	const int16_t *samples = wave();

	for (size_t i = 0; i < n; i++) {
		out[i] = g711_encode(law, samples[tone->at]);
		tone->at = (tone->at + 1) % TONE_PERIOD;
	}
}

void ear_hear(struct ear *ear, enum g711 law, const uint8_t *payload, size_t n)
{
	double energy = 0, s = 0, s1 = 0, s2 = 0, tone;

	if (n == 0)
		return;
	for (size_t i = 0; i < n; i++) {
		double x = g711_decode(law, payload[i]);

		energy += x * x;
		s = x + 2 * COS_STEP * s1 - s2;
		s2 = s1;
		s1 = s;
	}
	ear->frames++;
	/* A pure tone of n samples has |X|^2 = n / 2 times its energy. */
	tone = s1 * s1 + s2 * s2 - 2 * COS_STEP * s1 * s2;
	if (energy > SILENCE_RMS * SILENCE_RMS * (double)n &&
	    tone > PURITY * energy * (double)n / 2)
		ear->tonal++;
}

bool ear_has_tone(const struct ear *ear)
{
	return ear->frames > 0 && ear->tonal >= ear->frames - ear->frames / 5;
}

unsigned beat_due(struct beat *beat, uint64_t now_ms, uint64_t *first)
{
	uint64_t due = now_ms < beat->start_ms ? 0 : (now_ms - beat->start_ms) / TONE_FRAME_MS + 1;
	unsigned n;

	*first = beat->n;
	if (due <= beat->n)
		return 0;
	if (due - beat->n > CATCH_UP)
		*first = due - CATCH_UP;
	n = (unsigned)(due - *first);
	beat->n = due;
	return n;
}

uint64_t beat_next_ms(const struct beat *beat, uint64_t now_ms)
{
	uint64_t due = beat->start_ms + beat->n * TONE_FRAME_MS;

	return due > now_ms ? due - now_ms : 0;
}
