/* Primers: packets of our own that open the way for a peer's media, for many send nothing before
 * they have received something, and that hold it open while nothing else goes there (RFC 6263). The
 * worker of the stream. */
#ifndef MEDIA_PRIMER_H
#define MEDIA_PRIMER_H

#include <stdbool.h>
#include <stdint.h>

struct relay_stream;
struct relay_change;

/* Between two while a side that should send has not been heard; and where nothing was sent, unless
 * its realm says so. */
#define PRIMER_WAIT_MS 200
#define PRIMER_IDLE_MS 15000 /* RFC 6263 6 */
/* So long the former where the stream is no RTP, which may have nothing to say for minutes. */
#define PRIMER_OPAQUE_MS 3000

/* Of one side. Zeroed to begin with. */
struct primer {
	uint8_t type;          /* payload type; 0: RTCP alone */
	bool idle;             /* the peer sends nothing, by its own word */
	unsigned keepalive_ms; /* between two where nothing was sent */
	uint64_t since_ms;     /* it is where it is; 0: it was never said */
	uint64_t sent_ms[2];   /* when RTP, when RTCP went there last; 0: never */
	uint32_t ssrc;         /* ours; 0: not chosen yet */
	uint16_t seq;
};

/* Something went to the side. */
static inline void primer_sent(struct primer *p, bool rtcp, uint64_t now_ms)
{
	p->sent_ms[rtcp] = now_ms;
}

/* After a change of a side was applied; moved: it is elsewhere now. As soon as both sides are
 * known, both are primed. */
void primer_tell(struct relay_stream *s, const struct relay_change *change, bool moved);
/* Before the stream goes. */
void primer_stop(struct relay_stream *s);

#endif
