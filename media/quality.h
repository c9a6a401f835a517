/* Loss and jitter of one RTP stream as received (RFC 3550 A.1, A.3, A.8). One thread at a time. */
#ifndef MEDIA_QUALITY_H
#define MEDIA_QUALITY_H

#include <stdbool.h>
#include <stdint.h>
#include "media/rtp.h"

struct quality {
	bool started;
	uint32_t ssrc;
	uint16_t max_seq;
	uint32_t cycles; /* wraps of seq, shifted by 16 */
	uint32_t base_seq;
	uint64_t received;    /* since base_seq */
	uint64_t lost_before; /* of sources before this one */
	uint32_t transit;     /* in timestamp units */
	uint32_t jitter_x16;  /* timestamp units times 16 */
	uint32_t clock_hz;
	uint32_t timestamp;    /* of the packet before */
	uint32_t expected_bad; /* the seq that would confirm a jump (RFC 3550 A.1: bad_seq) */
};

/* arrival_us: clock_mono_us() when it came. A new SSRC starts a new source and keeps the loss so
 * far. */
void quality_received(struct quality *q, const struct rtp_header *header, uint64_t arrival_us);
uint64_t quality_lost(const struct quality *q);
uint32_t quality_jitter_us(const struct quality *q);

#endif
