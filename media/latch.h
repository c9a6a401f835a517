/* Where packets of one port may come from, and where ours go. The address in a peer's SDP may lie
 * behind a NAT (RFC 4961, RFC 7362 4), and whoever sprays packets over our ports must not come into
 * a call. The worker of the stream. */
#ifndef MEDIA_LATCH_H
#define MEDIA_LATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/addr.h"
#include "media/rtp.h"

/* For so long after a move may a new source still follow one that we knew before: packets that were
 * under way when the peer moved must not tie us to where it was. */
#define LATCH_SETTLE_MS 2000
/* So long must a source be silent before another one may take its place without a move. */
#define LATCH_QUIET_MS 200
/* So many packets in a row, with at most so many missing between two, prove a host that nobody
 * spoke of. */
#define LATCH_PROOF     4
#define LATCH_PROOF_GAP 4
#define LATCH_DOUBTED   4 /* such hosts that are kept in mind */

enum source_rule {
	SOURCE_STRICT,  /* only where SDP says; of RTCP, the host */
	SOURCE_LATCH,   /* the first good one, which gives way to what SDP says and, with SRTP, to
	                   one that authenticates once it is silent; of the networks, where there
	                   are any, unless SDP or signalling names it */
	SOURCE_NETWORK, /* whoever is in the networks or SDP's subnet, one after the other */
};

/* Of a realm; outlives its latches. */
struct latch_cfg {
	enum source_rule rule;
	const struct addr_net *networks; /* with NETWORK besides SDP's /24 or /64 */
	size_t nnetworks;
};

/* A host that nobody spoke of, and what it sent last. */
struct latch_doubt {
	struct addr from;
	uint32_t ssrc;
	uint16_t seq;
	unsigned proofs;
	uint64_t at_ms;
};

struct latch {
	const struct latch_cfg *cfg;
	bool rtcp;            /* a strict port takes RTCP from any port of the host */
	bool mute;            /* the peer wants nothing: port 0, or 0.0.0.0 (RFC 3264 5.1, 8.4) */
	bool off;             /* port 0: not even what holds the way open */
	bool opaque;          /* its packets are no RTP, and prove nothing of a stranger */
	struct addr told;     /* by SDP; the last one that could be sent to */
	struct addr source;   /* learned; unset: none yet */
	struct addr previous; /* learned before the last move */
	struct addr host;     /* where the peer's signalling comes from; unset: not known */
	uint64_t settle_until_ms;
	uint64_t good_ms;            /* when source sent last */
	struct latch_doubt *doubted; /* LATCH_DOUBTED of them, borrowed; NULL: of RTCP */
};

enum latch_verdict { LATCH_KNOWN, LATCH_LEARNED, LATCH_REFUSED };

/* Zeroed by the caller before the first use, as doubted is, which RTP's has and RTCP's has not. */
void latch_init(struct latch *l, const struct latch_cfg *cfg, struct latch_doubt *doubted);
/* SDP says told. A changed address lets it learn anew; the same one, or none, changes nothing. True
 * when what was learned is forgotten. */
bool latch_tell(struct latch *l, const struct addr *told, uint64_t now_ms);
/* What else is known of the peer. opaque: its packets are no RTP. host: where its signalling comes
 * from, which is where a NAT shows its media from as well (RFC 7362 5): a host that opaque packets
 * and reports may come from though SDP does not name it. */
void latch_know(struct latch *l, bool opaque, const struct addr *host);
/* Whether a packet from there may come in at all. rtp_source: where RTP of the same side comes from
 * (NULL or unset: unknown, or this is its latch): RTCP must share its host. vouched: SRTP will
 * judge it. */
bool latch_admits(const struct latch *l, const struct addr *from, const struct addr *rtp_source,
                  bool vouched, uint64_t now_ms);
/* An admitted packet is well formed, and authentic where it is vouched for. header: of RTP, else
 * NULL. */
enum latch_verdict latch_learn(struct latch *l, const struct addr *from, bool vouched,
                               const struct rtp_header *header, uint64_t now_ms);
/* Whether a packet from there is the peer's, without learning from it. */
bool latch_expects(const struct latch *l, const struct addr *from);
/* Lets it learn again without a move. */
void latch_forget(struct latch *l);
/* Where to send; NULL: nowhere. */
const struct addr *latch_target(const struct latch *l);
/* Where it would be but for 0.0.0.0; NULL: nowhere. */
const struct addr *latch_way(const struct latch *l);

#endif
