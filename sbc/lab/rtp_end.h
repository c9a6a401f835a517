/* One end of an RTP stream: a port pair, SRTP where there are keys, and what was counted.
 * Signalling thread; it is a lab's, so packets and messages share it. */
#ifndef SBC_LAB_RTP_END_H
#define SBC_LAB_RTP_END_H

#include <stddef.h>
#include <stdint.h>
#include "base/addr.h"
#include "base/err.h"
#include "base/loop.h"
#include "media/port_pool.h"
#include "media/quality.h"
#include "media/rtp.h"
#include "media/srtp.h"

struct rtp_end;

struct rtp_end_cfg {
	struct loop *loop;
	struct port_pool *ports; /* outlives it */
	struct addr address;     /* that the ports are at */
	/* A packet that is well. Borrows payload. */
	void (*on_rtp)(void *arg, const struct rtp_header *header, const uint8_t *payload);
	void *arg;
};

struct rtp_end_stats {
	uint64_t sent, received;
	uint64_t refused; /* no RTP, from a stranger, replayed, or its tag was wrong */
	uint64_t lost;    /* of those that came in, by sequence numbers */
	uint32_t jitter_us;
};

/* Takes a port pair. srtp_library_open was called. */
MUST_USE enum err rtp_end_new(struct rtp_end **out, const struct rtp_end_cfg *cfg);
void rtp_end_free(struct rtp_end **ep);                          /* NULL is fine */
void rtp_end_address(const struct rtp_end *e, struct addr *out); /* for SDP */

/* Where packets go, and come from; before that none does. With SRTP a packet that is authentic
 * moves it: the peer may be behind a NAT. */
void rtp_end_aim(struct rtp_end *e, const struct addr *peer);
/* The keys: in, what the peer protects with; out, what we do. */
MUST_USE enum err rtp_end_protect(struct rtp_end *e, enum srtp_suite suite,
                                  const struct srtp_key *in, const struct srtp_key *out);
/* header's SSRC becomes one of ours, another for each: sources that are echoed number their packets
 * by themselves. Lost silently when it cannot be sent, as packets are. */
void rtp_end_send(struct rtp_end *e, const struct rtp_header *header, const uint8_t *payload,
                  size_t len);
void rtp_end_stats(const struct rtp_end *e, struct rtp_end_stats *out);

#endif
