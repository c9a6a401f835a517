/* The packet path: what a worker does with a datagram of a stream that it owns. No allocation, no
 * lock and no callback per packet (libsrtp2 allocates at the first packet of a source). Signalling
 * fills a stream in before it hands it over, reads its counters at any time, and touches nothing
 * else of it until the worker lets go. */
#ifndef MEDIA_RELAY_H
#define MEDIA_RELAY_H

#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include "base/addr.h"
#include "base/timer.h"
#include "media/anchor.h"
#include "media/counters.h"
#include "media/latch.h"
#include "media/payload.h"
#include "media/primer.h"
#include "media/quality.h"
#include "media/reports.h"
#include "media/seq_shift.h"
#include "media/sessions.h"
#include "media/srtp.h"

struct relay_stream;

/* A socket. */
struct relay_port {
	int fd;
	bool rtcp; /* the odd one */
	enum media_side side;
	struct relay_stream *stream;
	uint64_t waking; /* of its worker, when something waited here last */
	struct latch latch;
};

struct relay_side {
	struct relay_port rtp, rtcp;
	struct latch_doubt doubted[LATCH_DOUBTED]; /* of rtp */
	bool told;                                 /* signalling said where it is */
	bool mux;                                  /* RFC 5761 */
	bool opaque;                               /* no RTP */
	struct sessions in, out;
	struct payload_map *map; /* of what it sends; NULL: everything stays. Owned */
	struct quality quality;
	struct seq_shift shift;          /* of what it sends */
	uint8_t clock_khz[RTP_NDYNAMIC]; /* of quality */
	struct primer primer;
	struct reports reports;
	struct counters count;
	bool warned_auth, warned_stranger, warned_unsent;
	unsigned
	    repeated; /* packets in a row that SRTP does not send, for their numbers were used */
};

struct relay_stream {
	const char *call; /* its id, for the log */
	unsigned index;
	uint64_t name_key;     /* of rtcp_hide_names */
	struct timers *timers; /* the worker's; NULL: it does not carry the stream yet */
	struct timer prime;
	struct relay_side sides[MEDIA_NSIDES];
};

/* What signalling says of one side. */
struct relay_change {
	enum media_side side;
	struct addr rtp, rtcp, host; /* host: of its signalling; unset: not known */
	bool mux;
	bool opaque;
	uint8_t primer_type, event_type; /* these four as in struct stream_remote */
	uint8_t clock_khz[RTP_NDYNAMIC];
	bool idle;
	unsigned keepalive_ms; /* see struct media_realm_cfg */
	struct sessions_change in, out;
	bool remap;              /* nothing of the above, but: */
	struct payload_map *map; /* this one; afterwards the old one */
	bool renew;              /* nothing of the above, but a new peer behind new sockets */
	int rtp_fd, rtcp_fd;     /* these; the old ones afterwards */
	const struct latch_cfg *latch;
};

/* Before the hand-over. */
void relay_init(struct relay_stream *s, const char *call, unsigned index);
void relay_init_side(struct relay_stream *s, enum media_side side, int rtp_fd, int rtcp_fd,
                     const struct latch_cfg *latch);

/* The worker. The sessions that were replaced are in change afterwards: they stay the caller's. */
void relay_apply(struct relay_stream *s, struct relay_change *change);
/* The worker. Sends a packet that relay.c does not know of; what it holds is changed, and size is
 * its room. OK: its number is used, sent or not, for SRTP takes none twice (RFC 3711 3.3.2).
 * ERR_NOT_FOUND: there is nowhere to send it. Others: SRTP refuses it. */
enum err relay_send_own(struct relay_side *to, uint8_t *packet, size_t len, size_t size, bool rtcp);
/* The worker. Whether a good packet came from that side since then. */
bool relay_heard(const struct relay_side *side, uint64_t since_ms);
/* A datagram on its way through. Each step is for many at a time: the code of the one before is no
 * longer in the processor's cache afterwards. */
struct relay_packet {
	struct relay_port *port; /* by which it came */
	int fd;                  /* that one's socket then */
	struct addr from;
	size_t len;
	/* By relay_treat; NULL: it goes nowhere. */
	struct relay_side *out;
	int out_fd;
	struct addr to;
	size_t octets; /* without what SRTP added */
	bool rtcp;
	alignas(8) uint8_t data[RTP_PACKET_MAX + SRTP_TRAILER_MAX];
};

/* The worker. False: nothing waits there. */
bool relay_receive(struct relay_packet *p, struct relay_port *port);
/* The worker. now_us: clock_mono_us() after it was received. */
void relay_treat(struct relay_packet *p, uint64_t now_us);
/* The worker. Sends it to where relay_treat said. */
void relay_send(struct relay_packet *p);
/* The worker. Counts and takes away the ICMP errors that wait at a socket. */
void relay_read_errors(struct relay_port *port);

/* Any thread. */
void relay_stats(const struct relay_stream *s, enum media_side side, struct stream_stats *out);

#endif
