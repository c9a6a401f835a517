/* Loss and jitter as a receiver counts them (RFC 3550 A.1, A.3, A.8; clock rates: RFC 3551 6). One
 * thread at a time. */
#include "media/quality.h"

#include "media/anchor.h"

#define SEQ_MOD 0x10000U
#define NO_SEQ  (SEQ_MOD + 1)
#define JUMP_S  3 /* a timestamp that jumps this far began a new timeline: no jitter */

static uint32_t clock_of(const struct quality *q, uint8_t payload_type)
{
	if (payload_type >= RTP_DYNAMIC)
		return q->clock_khz ? q->clock_khz[payload_type - RTP_DYNAMIC] * 1000U : 0;
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
	default:
		return 8000;
	}
}

static uint32_t transit_of(const struct quality *q, const struct rtp_header *h, uint64_t arrival_us)
{
	return (uint32_t)(arrival_us * q->clock_hz / 1000000) - h->timestamp;
}

/* As the source's own clock counts it now. */
static uint32_t jitter_at(const struct quality *q, uint32_t clock_hz)
{
	return q->clock_hz ? (uint32_t)((uint64_t)q->jitter_x16 * clock_hz / q->clock_hz) : 0;
}

/* The first packet of a source, or of one that began anew. */
static void start(struct quality *q, const struct rtp_header *h, uint64_t arrival_us)
{
	uint32_t clock_hz = clock_of(q, h->payload_type);

	*q = (struct quality){
		.started = true,
		.ssrc = h->ssrc,
		.max_seq = h->seq,
		.base_seq = h->seq,
		.received = 1,
		.lost_before = quality_lost(q),
		.reordered = q->reordered,
		.events = q->events,
		.event_at = q->event_at,
		.event_type = q->event_type,
		.clock_khz = q->clock_khz,
		.payload_type = h->payload_type,
		.jitter_x16 = q->ssrc == h->ssrc ? jitter_at(q, clock_hz) : 0,
		.clock_hz = clock_hz,
		.timestamp = h->timestamp,
		.expected_bad = NO_SEQ,
	};
	q->transit = transit_of(q, h, arrival_us);
}

/* Another codec of the same source. Gives whether it has another clock. */
static bool change_clock(struct quality *q, const struct rtp_header *h, uint64_t arrival_us)
{
	uint32_t clock_hz = clock_of(q, h->payload_type);

	if (clock_hz == q->clock_hz)
		return false;
	q->jitter_x16 = jitter_at(q, clock_hz);
	q->clock_hz = clock_hz;
	q->timestamp = h->timestamp;
	q->transit = transit_of(q, h, arrival_us);
	return true;
}

static void update_jitter(struct quality *q, const struct rtp_header *h, uint64_t arrival_us)
{
	uint32_t transit, d;

	/* An event's clock may be another one than speech has. */
	if ((q->event_type && h->payload_type == q->event_type) || change_clock(q, h, arrival_us))
		return;
	transit = transit_of(q, h, arrival_us);
	d = transit - q->transit;
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

/* All packets of an event have its timestamp (RFC 4733 2.5.1.2). */
static void note_event(struct quality *q, const struct rtp_header *h)
{
	if (!q->event_type || h->payload_type != q->event_type) {
		q->payload_type = h->payload_type;
		return;
	}
	if (q->events && q->event_at == h->timestamp)
		return;
	q->events++;
	q->event_at = h->timestamp;
}

void quality_received(struct quality *q, const struct rtp_header *h, uint64_t arrival_us)
{
	uint16_t ahead = (uint16_t)(h->seq - q->max_seq);

	note_event(q, h);
	if (!q->started || h->ssrc != q->ssrc) {
		start(q, h, arrival_us);
		return;
	}
	if (ahead < RTP_MAX_DROPOUT) {
		if (h->seq < q->max_seq)
			q->cycles += SEQ_MOD;
		q->max_seq = h->seq;
	} else if (ahead <= SEQ_MOD - RTP_MAX_MISORDER) {
		if (h->seq == q->expected_bad) {
			start(q, h, arrival_us);
			return;
		}
		q->expected_bad = (h->seq + 1U) & (SEQ_MOD - 1);
		return;
	} else {
		q->reordered++;
	}
	q->received++;
	update_jitter(q, h, arrival_us);
}

static uint64_t expected_of(const struct quality *q)
{
	return (uint64_t)q->cycles + q->max_seq - q->base_seq + 1;
}

uint64_t quality_lost(const struct quality *q)
{
	uint64_t expected = expected_of(q);

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

bool quality_report(struct quality *q, struct quality_report *out)
{
	uint64_t expected = expected_of(q), new_expected, new_received;
	int64_t lost = (int64_t)expected - (int64_t)q->received;

	if (!q->started)
		return false;
	new_expected = expected - q->reported_expected;
	new_received = q->received - q->reported_received;
	q->reported_expected = expected;
	q->reported_received = q->received;
	*out = (struct quality_report){
		.ssrc = q->ssrc,
		.highest_seq = q->cycles + q->max_seq,
		.jitter = q->jitter_x16 >> 4,
		.lost = (int32_t)(lost > 0x7fffff    ? 0x7fffff
		                  : lost < -0x800000 ? -0x800000
		                                     : lost),
	};
	if (new_expected > new_received)
		out->fraction =
		    (uint8_t)(((new_expected - new_received) << 8) / (new_expected + 1));
	return true;
}

unsigned quality_mos(const struct stream_stats *s)
{
	/* G.113 table I.4: what a codec costs, and how it bears loss. */
	double ie = s->payload_type == 18 ? 11 : s->payload_type == 3 ? 20 : 0;
	double bpl = s->payload_type == 18 ? 19 : s->payload_type == 3 ? 10 : 25.1;
	/* One way, with a packet's time and a jitter buffer of twice the jitter. */
	double delay_ms = s->round_trip_us / 2000.0 + 20 + 2 * s->jitter_us / 1000.0;
	double loss = 100.0 * (double)s->lost / (double)(s->packets_in + s->lost + !s->packets_in);
	double r = 93.2 - 0.024 * delay_ms - ie - (95 - ie) * loss / (loss + bpl), mos;

	if (!s->packets_in)
		return 0;
	if (delay_ms > 177.3)
		r -= 0.11 * (delay_ms - 177.3);
	if (r <= 0)
		return 100;
	mos = 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6;
	return (unsigned)((mos < 1 ? 1 : mos > 4.5 ? 4.5 : mos) * 100 + 0.5);
}
