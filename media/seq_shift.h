/* The numbers of RTP packets that go out as SRTP. A source that begins its numbers anew under its
 * SSRC, as phones do after a hold, would have a key stream used twice (RFC 3711 9.1): nothing of it
 * would be sent for as long as it took to get there last time. So its packets go on with the
 * numbers that follow those that went. One thread at a time. */
#ifndef MEDIA_SEQ_SHIFT_H
#define MEDIA_SEQ_SHIFT_H

#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"
#include "media/rtp.h"

#define SEQ_SHIFT_SOURCES 4 /* at a time: speech, its events, and what comes next */

/* Zeroed: nothing was sent. */
struct seq_shift {
	struct seq_source {
		bool started;
		uint32_t ssrc;
		uint16_t by;
		uint16_t last; /* the highest that went */
		bool jumped;
		uint16_t confirms;    /* jumped: the seq that would show that it was meant */
	} sources[SEQ_SHIFT_SOURCES]; /* the one that was heard last first */
};

/* Sets the number to send. False: it is not to be sent, for it is far from those before, and may be
 * a stray one after which those that follow would be behind (RFC 3550 A.1). */
MUST_USE bool seq_shift(struct seq_shift *s, const struct rtp_header *header, uint16_t *out);

#endif
