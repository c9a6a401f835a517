/* The media engine: realms with their port ranges, and the workers that carry the packets. Knows no
 * SIP. Signalling thread; the workers are its own. */
#ifndef MEDIA_MEDIA_H
#define MEDIA_MEDIA_H

#include <stdbool.h>
#include <stddef.h>
#include "base/addr.h"
#include "base/err.h"
#include "base/loop.h"
#include "media/latch.h"

struct media;
struct media_realm;

#define MEDIA_FULL_PERCENT 80

struct media_realm_cfg {
	const char *name;
	struct addr address;          /* bound */
	uint16_t port_low, port_high; /* inclusive; RTP even, RTCP the odd one above */
	uint8_t dscp;                 /* of what we send */
	unsigned timeout_ms;          /* without a packet, until a call is dead; 0: never */
	unsigned keepalive_ms;  /* without a packet to a peer, until one of ours goes; 0: 15 s */
	struct latch_cfg latch; /* its networks outlive the media */
};

/* workers: threads; at least one is started. gather_ms: so long may packets wait for others while
 * many come; 0: not at all. */
MUST_USE enum err media_new(struct media **out, struct loop *loop, unsigned workers,
                            unsigned gather_ms);
/* Waits for the workers; all anchors must have been closed. */
void media_free(struct media **mediap);

/* Owned by media. Copies cfg. ERR_SYNTAX: no port pair in the range. */
MUST_USE enum err media_add_realm(struct media *media, const struct media_realm_cfg *cfg,
                                  struct media_realm **out);
/* Has the workers look for what they were told, and takes back what they are done with; whether
 * there is more to take. A timer does it as long as there is; a test that turns the clock may do it
 * itself. */
bool media_sweep(struct media *media);
/* Port pairs now in use, and how many there are. Closed anchors give theirs back when their worker
 * has let go, some tens of milliseconds after anchor_close. */
size_t media_realm_used(const struct media_realm *realm);
/* Whether more than MEDIA_FULL_PERCENT of them are in use. */
bool media_realm_is_nearly_full(const struct media_realm *realm);
size_t media_realm_size(const struct media_realm *realm);

#endif
