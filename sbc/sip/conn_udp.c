/* A UDP socket of a realm (RFC 3261 18.1.1, 18.2.1). Signalling thread. */
#include <errno.h>
#include <netinet/ip.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "sbc/sip/conn.h"
#include "sbc/sip/conn_socket.h"
#include "sbc/sip/message.h"

/* Datagrams in one go, so that one busy socket does not starve the rest of the loop. */
#define BATCH 32
/* A burst of calls must fit while the loop is elsewhere. */
#define BUFFER_OCTETS (4 * 1024 * 1024)

struct conn_udp {
	struct conn conn; /* first */
	struct io *io;
	int fd;
};

static enum err udp_send(struct conn *c, const struct addr *peer, const char *data, size_t len)
{
	struct conn_udp *u = (struct conn_udp *)(void *)c;

	/* UDP loses what does not fit now; the transaction sends it again. */
	if (sendto(u->fd, data, len, MSG_NOSIGNAL, &peer->sa, addr_len(peer)) >= 0)
		return OK;
	return errno == EAGAIN || errno == ECONNREFUSED || errno == ENOBUFS ? OK : ERR_IO;
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

static void on_readable(void *arg, int events)
{
	static char data[MESSAGE_MAX + 1];
	struct conn_udp *u = arg;
	struct conn *c = conn_ref(&u->conn);

	(void)events;
	for (int i = 0; i < BATCH && c->state == CONN_OPEN; i++) {
		struct sockaddr_storage from;
		socklen_t from_len = sizeof(from);
		struct addr peer;
		ssize_t n =
		    recvfrom(u->fd, data, sizeof(data), 0, (struct sockaddr *)&from, &from_len);

		if (n < 0)
			break;
		if (addr_from_sockaddr(&peer, (struct sockaddr *)&from, from_len))
			continue;
		/* Keepalives of NAT: a few CRLFs or zeroes. */
		if (n <= 4)
			continue;
		c->handler->on_message(c->handler->arg, c, &peer, data, (size_t)n);
	}
	conn_unref(&c);
}

enum err conn_udp_open(struct conn **out, struct loop *loop, const struct addr *local,
                       const struct conn_handler *handler, struct sip_realm *realm)
{
	struct conn_udp *u = mem_zalloc(sizeof(*u));
	int buffer = BUFFER_OCTETS;
	enum err err;

	if (!u)
		return ERR_NOMEM;
	u->conn = (struct conn){ .ops = &udp_ops,
		                 .handler = handler,
		                 .realm = realm,
		                 .refs = 1,
		                 .transport = TRANSPORT_UDP,
		                 .state = CONN_OPEN };
	err = socket_open(&u->fd, SOCK_DGRAM, local, &u->conn.local);
	if (err)
		goto fail;
	setsockopt(u->fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer));
	setsockopt(u->fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof(buffer));
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
