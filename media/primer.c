/* One timer a stream. When it is due it looks at what went to both sides since, so that a stream
 * that is busy costs one look in 15 seconds (or what its realm says). What we send has an SSRC of
 * ours: it is no part of the stream that we relay, whose numbers are its sender's. The worker of
 * the stream. RFC 6263, 3389.
 */
#include "media/primer.h"

#include "base/clock.h"
#include "base/random.h"
#include "media/relay.h"
#include "media/rtp.h"

#define SILENCE_DBOV 127 /* below overload */
#define ROOM         (RTCP_REPORT_MAX + SRTP_TRAILER_MAX)

/* Of the two RTP opens the way, where there is any: reports are not for every 200 ms (RFC
 * 3550 6.2). The other side's reports pass; where it sends none, ours go. */
static uint64_t interval_ms(const struct relay_side *side, const struct relay_side *other,
                            bool rtcp, uint64_t now_ms)
{
	const struct primer *p = &side->primer;
	bool opens = !rtcp || !p->type;

	if (side->opaque)
		opens = now_ms < p->since_ms + PRIMER_OPAQUE_MS;
	if (opens && !p->idle && !relay_heard(side, p->since_ms))
		return PRIMER_WAIT_MS;
	if (rtcp && side->reports.at_ms && now_ms >= other->reports.heard_ms + REPORTS_QUIET_MS)
		return REPORTS_EVERY_MS;
	return p->keepalive_ms;
}

static uint64_t due_ms(const struct relay_side *side, const struct relay_side *other, bool rtcp,
                       uint64_t now_ms)
{
	uint64_t sent_ms = side->primer.sent_ms[rtcp];

	if (rtcp && side->opaque)
		return UINT64_MAX;
	return sent_ms ? sent_ms + interval_ms(side, other, rtcp, now_ms) : 0;
}

/* RFC 3711 3.3.1: seq begins low, so that no early loss can pass over its first wrap. */
static uint32_t ssrc_of(struct primer *p)
{
	if (!p->ssrc) {
		p->ssrc = random_below(UINT32_MAX - 1) + 1;
		p->seq = (uint16_t)random_below(0x8000);
	}
	return p->ssrc;
}

/* Its SSRC made room for others at SRTP: the next packet has another. */
static void note_refusal(struct primer *p, enum err err)
{
	if (err && err != ERR_NOT_FOUND)
		p->ssrc = 0;
}

/* An empty packet (RFC 6263 4.6), or a frame of silence (RFC 6263 4.5). Its timestamp is that of a
 * clock that never stands. What is no RTP gets a datagram of no octets (RFC 6263 4.1): a packet of
 * its own protocol would take a number that the other side's next one has (UDPTL), or be answered
 * to somebody who never asked (BFCP's Hello). */
static void send_rtp(struct relay_side *side, uint64_t now_ms)
{
	struct primer *p = &side->primer;
	struct rtp_header header = { .payload_type = p->type, .timestamp = (uint32_t)(now_ms * 8) };
	uint8_t packet[ROOM];
	size_t len = RTP_HEADER_LEN;
	enum err err;

	if (side->opaque) {
		relay_send_own(side, packet, 0, sizeof(packet), false);
		return;
	}
	if (!p->type)
		return;
	header.ssrc = ssrc_of(p);
	header.seq = p->seq;
	rtp_write(packet, &header);
	if (p->type == RTP_COMFORT_NOISE)
		packet[len++] = SILENCE_DBOV;
	err = relay_send_own(side, packet, len, sizeof(packet), false);
	if (!err)
		p->seq++;
	note_refusal(p, err);
}

static void send_rtcp(struct relay_side *side)
{
	uint8_t packet[ROOM];
	size_t len = reports_write(&side->reports, &side->quality, ssrc_of(&side->primer), packet,
	                           clock_mono_us(), clock_wall_us());
	enum err err = relay_send_own(side, packet, len, sizeof(packet), true);

	if (!side->reports.packets) /* else it is a sender's, who goes on */
		note_refusal(&side->primer, err);
}

/* Sends what is due; gives when the next is. */
static uint64_t prime(struct relay_side *side, const struct relay_side *other, uint64_t now_ms)
{
	struct primer *p = &side->primer;
	uint64_t rtp_ms, rtcp_ms;

	if (due_ms(side, other, false, now_ms) <= now_ms) {
		primer_sent(p, false, now_ms);
		send_rtp(side, now_ms);
	}
	if (due_ms(side, other, true, now_ms) <= now_ms) {
		primer_sent(p, true, now_ms);
		send_rtcp(side);
	}
	rtp_ms = due_ms(side, other, false, now_ms);
	rtcp_ms = due_ms(side, other, true, now_ms);
	return rtp_ms < rtcp_ms ? rtp_ms : rtcp_ms;
}

static void on_time(void *arg)
{
	struct relay_stream *s = arg;
	uint64_t now_ms = clock_mono_ms(), next_ms = UINT64_MAX;

	for (unsigned i = 0; i < MEDIA_NSIDES; i++) {
		uint64_t due = prime(&s->sides[i], &s->sides[!i], now_ms);

		next_ms = due < next_ms ? due : next_ms;
	}
	/* One waking for many: who is not heard yet gets the next one in 200 to 300 ms. */
	timer_start_lazy(s->timers, &s->prime, next_ms - now_ms, on_time, s);
}

void primer_tell(struct relay_stream *s, const struct relay_change *change, bool moved)
{
	struct primer *p = &s->sides[change->side].primer;

	p->type = change->primer_type;
	p->idle = change->idle;
	p->keepalive_ms = change->keepalive_ms ? change->keepalive_ms : PRIMER_IDLE_MS;
	if (moved) {
		p->since_ms = clock_mono_ms();
		p->sent_ms[false] = p->sent_ms[true] = 0;
	}
	if (s->timers && s->sides[SIDE_CALLER].told && s->sides[SIDE_CALLEE].told)
		timer_start_next(s->timers, &s->prime, on_time, s);
	else
		primer_stop(s);
}

void primer_stop(struct relay_stream *s)
{
	timer_stop(&s->prime);
}
