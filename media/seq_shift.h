/* The numbers of RTP packets that go out as SRTP. A source that begins its numbers anew under its
 * SSRC, as phones do after a hold, would have a key stream used twice (RFC 3711 9.1): nothing of it
 * would be sent for as long as it took to get there last time. So its packets go on with the
 * numbers that follow those that went. One thread at a time. */
#ifndef MEDIA_SEQ_SHIFT_H
#define MEDIA_SEQ_SHIFT_H

#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"
#include "media/quality.h"
#include "media/rtp.h"

/* Of the last source alone. Zeroed: none. */
struct seq_shift {
	bool started;
	uint32_t ssrc;
	uint16_t by;
	uint16_t last; /* the highest that went */
};

/* Sets the number to send. False: it is not to be sent, for it may be a stray one, after which
 * those that follow would be behind. */
MUST_USE bool seq_shift(struct seq_shift *s, const struct rtp_header *header,
                        enum quality_seq of_source, uint16_t *out);

#endif
