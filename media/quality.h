/* Loss, order and jitter of one RTP stream as received (RFC 3550 A.1, A.3, A.8), the digits in it
 * (RFC 4733), and what all that is worth to an ear (ITU-T G.107). One thread at a time. */
#ifndef MEDIA_QUALITY_H
#define MEDIA_QUALITY_H

#include <stdbool.h>
#include <stdint.h>
#include "media/rtp.h"

struct stream_stats;

struct quality {
	bool started;
	uint32_t ssrc;
	uint16_t max_seq;
	uint32_t cycles; /* wraps of seq, shifted by 16 */
	uint32_t base_seq;
	uint64_t received;    /* since base_seq */
	uint64_t lost_before; /* of sources before this one */
	uint64_t reordered;   /* came behind a later one */
	uint64_t events;      /* telephone-events that began */
	uint32_t event_at;    /* the timestamp of the last one; valid when events */
	uint8_t event_type;   /* their payload type; 0: none */
	/* Clock rates of RTP_NDYNAMIC types from RTP_DYNAMIC on, 0: not known. NULL: none is.
	 * Borrowed. */
	const uint8_t *clock_khz;
	uint8_t payload_type;                          /* of the last packet that is no event */
	uint64_t reported_expected, reported_received; /* when a report was made last */
	uint32_t transit;                              /* in timestamp units */
	uint32_t jitter_x16;                           /* timestamp units times 16 */
	uint32_t clock_hz;     /* of the last packet that is no event; 0: not known */
	uint32_t timestamp;    /* of the packet before */
	uint32_t expected_bad; /* the seq that would confirm a jump (RFC 3550 A.1: bad_seq) */
};

/* arrival_us: clock_mono_us() when it came. A new SSRC starts a new source and keeps the loss so
 * far. */
void quality_received(struct quality *q, const struct rtp_header *header, uint64_t arrival_us);
uint64_t quality_lost(const struct quality *q);
/* For a report block (RFC 3550 6.4.1); fraction is since the last call. */
struct quality_report {
	uint32_t ssrc, highest_seq, jitter;
	int32_t lost;     /* 24 bits */
	uint8_t fraction; /* of 256 */
};
/* False: nothing came yet. */
bool quality_report(struct quality *q, struct quality_report *out);
/* 0: none, or the clock rate is not known. */
uint32_t quality_jitter_us(const struct quality *q);
/* Mean opinion score times 100, 100 to 450, of what a side sent, as it came here (G.107 simplified,
 * G.113 for the codecs): a round trip that is not known is taken for none. 0: nothing came. */
unsigned quality_mos(const struct stream_stats *stats);

#endif
