/* Free pairs are in one of two places: rested, from where any is drawn by chance, and a ring of
 * those that rest, oldest first. Signalling thread. RFC 3550 11. */
#include "media/port_pool.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/mark.h"
#include "base/mem.h"
#include "base/random.h"

#define PRIORITY       6            /* the highest without privileges; socket(7) */
#define RECEIVE_BUFFER (128 * 1024) /* octets: over half a second of a video stream */

struct resting {
	uint64_t since_ms;
	uint16_t port;
};

struct port_pool {
	struct addr address;
	uint8_t dscp;
	size_t size, used;
	uint16_t *rested;
	size_t nrested;
	struct resting *ring; /* size entries */
	size_t oldest, nresting;
};

enum err port_pool_new(struct port_pool **out, const struct addr *address, uint16_t low,
                       uint16_t high, uint8_t dscp)
{
	unsigned port = low < 2 ? 2 : (low + 1U) & ~1U;
	struct port_pool *pool;

	if (port + 1 > high)
		return ERR_SYNTAX;
	pool = mem_zalloc(sizeof(*pool));
	if (!pool)
		return ERR_NOMEM;
	pool->address = *address;
	pool->dscp = dscp;
	pool->size = (high - port + 1) / 2;
	pool->rested = mem_array(NULL, pool->size, sizeof(*pool->rested));
	pool->ring = mem_array(NULL, pool->size, sizeof(*pool->ring));
	if (!pool->rested || !pool->ring) {
		port_pool_free(&pool);
		return ERR_NOMEM;
	}
	for (; pool->nrested < pool->size; port += 2)
		pool->rested[pool->nrested++] = (uint16_t)port;
	*out = pool;
	return OK;
}

void port_pool_free(struct port_pool **poolp)
{
	struct port_pool *pool = *poolp;

	if (!pool)
		return;
	assert(pool->used == 0);
	mem_free(pool->rested);
	mem_free(pool->ring);
	mem_free(pool);
	*poolp = NULL;
}

static uint16_t wake_oldest(struct port_pool *pool)
{
	uint16_t port = pool->ring[pool->oldest].port;

	pool->oldest = (pool->oldest + 1) % pool->size;
	pool->nresting--;
	return port;
}

static void lay_to_rest(struct port_pool *pool, uint16_t port)
{
	size_t at = (pool->oldest + pool->nresting) % pool->size;

	assert(pool->nresting < pool->size);
	pool->ring[at] = (struct resting){ clock_mono_ms(), port };
	pool->nresting++;
}

/* One that has rested, by chance; else the one that rested longest. false: none. */
static bool draw(struct port_pool *pool, uint16_t *port)
{
	uint64_t now_ms = clock_mono_ms();
	uint32_t at;

	while (pool->nresting && pool->ring[pool->oldest].since_ms + PORT_REST_MS <= now_ms)
		pool->rested[pool->nrested++] = wake_oldest(pool);
	if (pool->nrested) {
		at = random_below((uint32_t)pool->nrested);
		*port = pool->rested[at];
		pool->rested[at] = pool->rested[--pool->nrested];
		return true;
	}
	if (!pool->nresting)
		return false;
	*port = wake_oldest(pool);
	return true;
}

/* What a socket of ours is like: its marks and buffer are wishes, its address is not. Reports need
 * no more room than the system gives, and many a peer has no port for them: nobody asks what ICMP
 * says of those. */
static void dress(int fd, int family, uint8_t dscp, bool rtcp)
{
	const int size = RECEIVE_BUFFER, on = 1;

	if (family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (!rtcp) {
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
		if (family == AF_INET6)
			setsockopt(fd, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof(on));
		else
			setsockopt(fd, IPPROTO_IP, IP_RECVERR, &on, sizeof(on));
	}
	mark_socket(fd, family, dscp, PRIORITY);
}

/* -1 and errno when the system refuses. */
static int bind_port(const struct port_pool *pool, uint16_t port, bool rtcp)
{
	struct addr local = pool->address;
	int fd = socket(local.sa.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int saved;

	if (fd < 0)
		return -1;
	dress(fd, local.sa.sa_family, pool->dscp, rtcp);
	addr_set_port(&local, port);
	if (bind(fd, &local.sa, addr_len(&local)) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

static enum err bind_pair(const struct port_pool *pool, uint16_t port, struct port_pair *out)
{
	struct port_pair pair = { .port = port,
		                  .rtp_fd = bind_port(pool, port, false),
		                  .rtcp_fd = -1 };
	int saved;

	if (pair.rtp_fd >= 0)
		pair.rtcp_fd = bind_port(pool, (uint16_t)(port + 1), true);
	if (pair.rtcp_fd >= 0) {
		*out = pair;
		return OK;
	}
	saved = errno;
	if (pair.rtp_fd >= 0)
		close(pair.rtp_fd);
	if (saved == EADDRINUSE)
		return ERR_EXISTS;
	if (saved == EMFILE || saved == ENFILE || saved == ENOBUFS || saved == ENOMEM)
		return ERR_LIMIT;
	return ERR_IO;
}

enum err port_pool_take(struct port_pool *pool, struct port_pair *out)
{
	enum err err = ERR_LIMIT;
	uint16_t port;

	for (unsigned i = 0; i < PORT_TRIES && i < pool->size && draw(pool, &port); i++) {
		err = bind_pair(pool, port, out);
		if (!err) {
			pool->used++;
			return OK;
		}
		lay_to_rest(pool, port);
		if (err != ERR_EXISTS)
			return err;
	}
	return ERR_LIMIT;
}

void port_pool_release(struct port_pool *pool, uint16_t port)
{
	assert(pool->used > 0);
	pool->used--;
	lay_to_rest(pool, port);
}

size_t port_pool_used(const struct port_pool *pool)
{
	return pool->used;
}

size_t port_pool_size(const struct port_pool *pool)
{
	return pool->size;
}
