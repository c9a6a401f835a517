/* A UDP socket of a realm (RFC 3261 18.1.1, 18.2.1). Signalling thread. */
#include <ctype.h>
#include <errno.h>
#include <netinet/ip.h>
#include <stdalign.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "sbc/sip/conn.h"
#include "sbc/sip/conn_socket.h"
#include "sbc/sip/sip_realm.h"

/* Datagrams of one call of the system, and such calls in one go: one busy socket does not starve
 * the rest of the loop. */
#define BATCH         8
#define BATCHES       4
#define DATAGRAM_SIZE 65536 /* more than IP carries */
/* A burst of calls must fit while the loop is elsewhere. */
#define BUFFER_OCTETS (4 * 1024 * 1024)

struct conn_udp {
	struct conn conn; /* first */
	struct io *io;
	int fd;
	struct log_limit lost;
};

/* Whether an error speaks of this one datagram, as if it was lost on the way: there is no room for
 * it now, or a rule of this host's firewall drops it (EPERM), perhaps the next one not. Nor are
 * ICMP errors of the peer: of a socket that has many peers nobody knows whose they are. What is
 * left (no route, too long) hits each copy, and is a failure (RFC 3261 18.4). */
static bool is_lost(int error)
{
	switch (error) {
	case EAGAIN:
	case ENOBUFS:
	case ENOMEM:
	case EPERM:
	case EINTR:
	case ECONNREFUSED:
		return true;
	default:
		return false;
	}
}

static void log_lost(struct conn_udp *u, const struct addr *peer, int error)
{
	char text[ADDR_TEXT_MAX];
	unsigned suppressed;

	if (log_limit_admits(&u->lost, &suppressed))
		LOG(LOG_WARN, KV("event", "send"), KV("peer", addr_text(peer, text, sizeof(text))),
		    KV("result", "lost"), KV("why", strerror(error)),
		    KVN_LAST("suppressed", suppressed));
}

static enum err udp_send(struct conn *c, const struct addr *peer, const char *data, size_t len)
{
	struct conn_udp *u = (struct conn_udp *)(void *)c;

	if (sendto(u->fd, data, len, MSG_NOSIGNAL, &peer->sa, addr_len(peer)) >= 0)
		return OK;
	if (!is_lost(errno))
		return ERR_IO;
	log_lost(u, peer, errno);
	return OK;
}

static void udp_close(struct conn *c)
{
	struct conn_udp *u = (struct conn_udp *)(void *)c;

	io_free(&u->io);
	if (u->fd >= 0)
		close(u->fd);
	u->fd = -1;
}

static void udp_free(struct conn *c)
{
	mem_free(c);
}

static const struct conn_ops udp_ops = { udp_send, udp_close, udp_free };

/* Since the kernel had it. */
static uint64_t waited_ms(struct msghdr *m)
{
	uint64_t now_us = clock_wall_us(), came_us;
	struct timespec came;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS)
			continue;
		memcpy(&came, CMSG_DATA(c), sizeof(came));
		came_us = (uint64_t)came.tv_sec * 1000000 + (uint64_t)came.tv_nsec / 1000;
		return now_us > came_us ? (now_us - came_us) / 1000 : 0;
	}
	return 0;
}

/* What phones send to keep their NAT awake is no message and needs no answer (RFC 5626 asks for
 * one to STUN alone, and that of a proxy that offers it): nothing but line breaks, blanks and
 * zeroes, or as short as "jaK", or a STUN request (RFC 5389 6). */
static bool is_keepalive(const char *data, size_t len)
{
	size_t i = 0;

	while (i < len && (data[i] == '\0' || isspace((unsigned char)data[i])))
		i++;
	return len <= 4 || i == len ||
	       (len >= 20 && data[0] == '\0' && memcmp(data + 4, "\x21\x12\xa4\x42", 4) == 0);
}

static void take(struct conn *c, const struct addr *peer, const char *data, size_t len)
{
	struct frame f;

	if (is_keepalive(data, len))
		return;
	f = frame_of_datagram(data, len, sip_realm_limits(c->realm));
	if (f.kind == FRAME_MESSAGE)
		c->handler->on_message(c->handler->arg, c, peer, data, len);
	else if (f.status && c->handler->on_unreadable)
		c->handler->on_unreadable(c->handler->arg, c, peer, data, f.head, f.status, f.why);
}

static struct {
	alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(struct timespec))];
	struct sockaddr_storage from;
	char data[DATAGRAM_SIZE];
} batch[BATCH];

/* Fills the batch: how many came. One call where there is one, and none to learn that there is no
 * more. */
static unsigned receive(const struct conn_udp *u, struct mmsghdr came[BATCH])
{
	struct iovec into[BATCH];
	int n;

	for (size_t i = 0; i < BATCH; i++) {
		into[i] = (struct iovec){ batch[i].data, sizeof(batch[i].data) };
		came[i].msg_hdr = (struct msghdr){ .msg_name = &batch[i].from,
			                           .msg_namelen = sizeof(batch[i].from),
			                           .msg_iov = &into[i],
			                           .msg_iovlen = 1,
			                           .msg_control = batch[i].control,
			                           .msg_controllen = sizeof(batch[i].control) };
	}
	n = recvmmsg(u->fd, came, BATCH, 0, NULL);
	return n < 0 ? 0 : (unsigned)n;
}

static void on_readable(void *arg, int events)
{
	struct mmsghdr came[BATCH];
	struct conn_udp *u = arg;
	struct conn *c = conn_ref(&u->conn);
	unsigned n = BATCH;

	(void)events;
	for (int k = 0; k < BATCHES && n == BATCH && c->state == CONN_OPEN; k++) {
		n = receive(u, came);
		for (unsigned i = 0; i < n && c->state == CONN_OPEN; i++) {
			struct addr peer;

			conn_waited(c, waited_ms(&came[i].msg_hdr));
			if (!addr_from_sockaddr(&peer, came[i].msg_hdr.msg_name,
			                        came[i].msg_hdr.msg_namelen))
				take(c, &peer, batch[i].data, came[i].msg_len);
		}
	}
	conn_unref(&c);
}

enum err conn_udp_open(struct conn **out, struct loop *loop, const struct addr *local,
                       const struct conn_handler *handler, struct sip_realm *realm)
{
	struct conn_udp *u = mem_zalloc(sizeof(*u));
	int buffer = BUFFER_OCTETS, on = 1;
	enum err err;

	if (!u)
		return ERR_NOMEM;
	u->conn = (struct conn){ .ops = &udp_ops,
		                 .handler = handler,
		                 .realm = realm,
		                 .refs = 1,
		                 .transport = TRANSPORT_UDP,
		                 .state = CONN_OPEN };
	err = socket_open(&u->fd, SOCK_DGRAM, local, realm, &u->conn.local);
	if (err)
		goto fail;
	/* Without the privilege no more than net.core.rmem_max. */
	if (setsockopt(u->fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof(buffer)) != 0)
		setsockopt(u->fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer));
	setsockopt(u->fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof(buffer));
	setsockopt(u->fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on));
	err = io_new(&u->io, loop, u->fd, IO_READ, on_readable, u);
	if (err)
		goto fail;
	*out = &u->conn;
	return OK;
fail:
	udp_close(&u->conn);
	mem_free(u);
	return err;
}
