/* Loss and jitter as a receiver counts them (RFC 3550 A.1, A.3, A.8; clock rates: RFC 3551 6). One
 * thread at a time. */
#include "media/quality.h"

#define SEQ_MOD      0x10000U
#define MAX_DROPOUT  3000 /* RFC 3550 A.1 */
#define MAX_MISORDER 100  /* RFC 3550 A.1 */
#define NO_SEQ       (SEQ_MOD + 1)
#define JUMP_S       3 /* a timestamp that jumps this far began a new timeline: no jitter */

static uint32_t clock_of(uint8_t payload_type)
{
	switch (payload_type) {
	case 6: /* DVI4 */
		return 16000;
	case 10: /* L16 */
	case 11:
		return 44100;
	case 16: /* DVI4 */
		return 11025;
	case 17:
		return 22050;
	case 14: /* MPA */
	case 25: /* CelB and the other video types */
	case 26:
	case 28:
	case 31:
	case 32:
	case 33:
	case 34:
		return 90000;
	default: /* audio at 8000, and dynamic types, which only signalling knows */
		return 8000;
	}
}

static uint32_t transit_of(const struct quality *q, const struct rtp_header *h, uint64_t arrival_us)
{
	return (uint32_t)(arrival_us * q->clock_hz / 1000000) - h->timestamp;
}

/* The first packet of a source, or of one that began anew. */
static void start(struct quality *q, const struct rtp_header *h, uint64_t arrival_us)
{
	*q = (struct quality){
		.started = true,
		.ssrc = h->ssrc,
		.max_seq = h->seq,
		.base_seq = h->seq,
		.received = 1,
		.lost_before = quality_lost(q),
		.jitter_x16 = q->ssrc == h->ssrc ? q->jitter_x16 : 0,
		.clock_hz = clock_of(h->payload_type),
		.timestamp = h->timestamp,
		.expected_bad = NO_SEQ,
	};
	q->transit = transit_of(q, h, arrival_us);
}

static void update_jitter(struct quality *q, const struct rtp_header *h, uint64_t arrival_us)
{
	uint32_t transit = transit_of(q, h, arrival_us), d = transit - q->transit;

	/* Parts of a frame and repeated telephone-events (RFC 4733) share a timestamp, but were
	 * not sampled when they were sent: they say nothing of the network. */
	if (h->timestamp == q->timestamp)
		return;
	q->timestamp = h->timestamp;
	q->transit = transit;
	if (d > INT32_MAX)
		d = 0U - d;
	if (d > JUMP_S * q->clock_hz)
		return;
	q->jitter_x16 += d - ((q->jitter_x16 + 8) >> 4);
}

void quality_received(struct quality *q, const struct rtp_header *h, uint64_t arrival_us)
{
	uint16_t ahead = (uint16_t)(h->seq - q->max_seq);

	if (!q->started || h->ssrc != q->ssrc) {
		start(q, h, arrival_us);
		return;
	}
	if (ahead < MAX_DROPOUT) {
		if (h->seq < q->max_seq)
			q->cycles += SEQ_MOD;
		q->max_seq = h->seq;
	} else if (ahead <= SEQ_MOD - MAX_MISORDER) {
		if (h->seq == q->expected_bad) {
			start(q, h, arrival_us);
			return;
		}
		q->expected_bad = (h->seq + 1U) & (SEQ_MOD - 1);
		return;
	}
	q->received++;
	update_jitter(q, h, arrival_us);
}

uint64_t quality_lost(const struct quality *q)
{
	uint64_t expected = (uint64_t)q->cycles + q->max_seq - q->base_seq + 1;

	/* Duplicates can make received the greater. */
	if (!q->started || expected <= q->received)
		return q->lost_before;
	return q->lost_before + expected - q->received;
}

uint32_t quality_jitter_us(const struct quality *q)
{
	if (!q->clock_hz)
		return 0;
	return (uint32_t)((uint64_t)q->jitter_x16 * 1000000 / 16 / q->clock_hz);
}
