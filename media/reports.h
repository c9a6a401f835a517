/* What RTCP tells about a side and is told to it: the time there and back, and reports of our own
 * where the other side sends none. The worker of the stream. */
#ifndef MEDIA_REPORTS_H
#define MEDIA_REPORTS_H

#include <stddef.h>
#include <stdint.h>
#include "media/quality.h"
#include "media/rtcp.h"
#include "media/rtp.h"

/* So long must a side have sent no RTCP until we report in its stead. */
#define REPORTS_QUIET_MS 12000
/* And so often we do (RFC 3550 6.2). */
#define REPORTS_EVERY_MS 5000

/* Of one side. Zeroed to begin with. */
struct reports {
	uint32_t to_middle,
	    from_middle;         /* the middle of the NTP time in the last SR to it, from it */
	uint64_t to_us, from_us; /* clock_mono_us() then; 0: none */
	uint64_t heard_ms;       /* when RTCP came from it last; 0: never */
	/* Of the RTP that went to it. */
	uint32_t ssrc, timestamp, clock_hz; /* clock_hz 0: not known */
	uint64_t packets, octets, at_ms;    /* of that ssrc; packets 0: none went */
	struct rtcp_name name;              /* that RTCP to it showed */
};

/* Good RTCP came from the side, which says that. Gives the time from us to it and back in us; 0: it
 * tells none. */
uint32_t reports_came(struct reports *r, const struct rtcp_said *said, uint64_t now_us);
/* RTCP goes to the side, which says that. */
void reports_go(struct reports *r, const struct rtcp_said *said, uint64_t now_us);
/* RTP goes to it. */
static inline void reports_rtp_goes(struct reports *r, const struct rtp_header *h,
                                    uint32_t clock_hz, uint64_t now_ms)
{
	if (r->ssrc != h->ssrc) /* RFC 3550 6.4.1 */
		r->packets = r->octets = 0;
	r->ssrc = h->ssrc;
	r->timestamp = h->timestamp;
	r->clock_hz = clock_hz;
	r->at_ms = now_ms;
	r->packets++;
	r->octets += h->payload_len;
}
/* Writes a report that goes to the side, in place of the other one's: of what the side sent, and as
 * the sender of what went to it. own_ssrc: where nothing went yet. Gives its length, at most
 * RTCP_REPORT_MAX. */
size_t reports_write(struct reports *r, struct quality *came, uint32_t own_ssrc, uint8_t *packet,
                     uint64_t now_us, uint64_t wall_us);

#endif
