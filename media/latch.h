/* Where packets of one port may come from, and where ours go. A realm that latches learns the
 * peer's address from its first good packet, since the one in its SDP may lie behind a NAT (RFC
 * 4961, RFC 7362 4); one that does not takes packets only from where the SDP says. The worker of
 * the stream. */
#ifndef MEDIA_LATCH_H
#define MEDIA_LATCH_H

#include <stdbool.h>
#include <stdint.h>
#include "base/addr.h"

/* For so long after a move may a new source still follow one that we knew before: packets that were
 * under way when the peer moved must not tie us to where it was. */
#define LATCH_SETTLE_MS 2000

struct latch {
	bool learns;          /* the realm's latch= */
	bool rtcp;            /* a strict port takes RTCP from any port of the host */
	bool mute;            /* the peer wants nothing: port 0, or 0.0.0.0 (RFC 3264 5.1, 8.4) */
	bool off;             /* port 0: not even what holds the way open */
	struct addr told;     /* by SDP; the last one that could be sent to */
	struct addr source;   /* learned; unset: none yet */
	struct addr previous; /* learned before the last move */
	uint64_t settle_until_ms;
};

/* Zeroed by the caller before the first use. */
void latch_init(struct latch *l, bool learns, bool rtcp);
/* SDP says told. A changed address lets it learn anew; the same one, or none, changes nothing. True
 * when what was learned is forgotten. */
bool latch_tell(struct latch *l, const struct addr *told, uint64_t now_ms);
/* Whether a packet from there may come in at all. rtp_source: where RTP of the same side comes from
 * (NULL or unset: unknown, or this is its latch): RTCP must share its host. */
bool latch_admits(const struct latch *l, const struct addr *from, const struct addr *rtp_source,
                  uint64_t now_ms);
/* An admitted packet proved good. True when it taught us the source just now. */
bool latch_learn(struct latch *l, const struct addr *from);
/* Lets it learn again without a move. */
void latch_forget(struct latch *l);
/* Where to send; NULL: nowhere. */
const struct addr *latch_target(const struct latch *l);
/* Where it would be but for 0.0.0.0; NULL: nowhere. */
const struct addr *latch_way(const struct latch *l);

#endif
