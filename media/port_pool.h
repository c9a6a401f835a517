/* The port pairs of a realm: RTP on the even port, RTCP on the odd one above (RFC 3550 11). In
 * random order (an outsider does not guess the next call's ports), and a pair that was in use rests
 * before it serves again, since its old peer may still be sending. Signalling thread. */
#ifndef MEDIA_PORT_POOL_H
#define MEDIA_PORT_POOL_H

#include <stddef.h>
#include <stdint.h>
#include "base/addr.h"
#include "base/err.h"

struct port_pool;

#define DSCP_EF 46 /* RFC 3246 */

/* Two bound, non-blocking sockets, marked with the pool's DSCP; RTP's tells the ICMP errors that
 * its packets met. The caller owns and closes them. */
struct port_pair {
	uint16_t port; /* RTP's; RTCP's is the next */
	int rtp_fd, rtcp_fd;
};

/* 64 times T1: so long may a peer that did not hear our BYE go on (RFC 3261 17.1.2.2). */
#define PORT_REST_MS 32000
/* So many pairs that others on this machine hold are skipped before we give up. */
#define PORT_TRIES 32

/* address: its port is ignored. low and high are inclusive. ERR_SYNTAX: no pair in between. */
MUST_USE enum err port_pool_new(struct port_pool **out, const struct addr *address, uint16_t low,
                                uint16_t high, uint8_t dscp);
void port_pool_free(struct port_pool **poolp); /* all pairs must be back */

/* Binds a pair. ERR_LIMIT: none is left, or the process has no descriptor left; ERR_IO: the address
 * cannot be bound. When all free pairs are resting, the one that rested longest. */
MUST_USE enum err port_pool_take(struct port_pool *pool, struct port_pair *out);
/* Gives back a port whose sockets are closed. */
void port_pool_release(struct port_pool *pool, uint16_t port);

size_t port_pool_used(const struct port_pool *pool);
size_t port_pool_size(const struct port_pool *pool);

#endif
