/* Stream connections: connect, accept, read frames, queue writes (RFC 3261 18.3, RFC 5626 3.5.1).
 * TCP itself is the plain case; TLS comes in from conn_tls.c. Signalling thread. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "sbc/sip/conn_socket.h"
#include "sbc/sip/conn_stream.h"
#include "sbc/sip/message.h"
#include "sbc/sip/sip_realm.h"

#define OUT_MAX           (256 * 1024) /* octets that wait for a peer that does not read */
#define READ_SIZE         16384
#define ACCEPT_TIMEOUT_MS 10000 /* from TCP's accept to the end of the handshake, by default */
#define BACKLOG           256
#define REST_MS           1000
#define ACCEPT_BATCH      16
#define READ_BATCH        8 /* reads in one go, so that one busy peer does not starve the rest */

static enum stream_result result_of_errno(void)
{
	return errno == EAGAIN || errno == EINTR ? STREAM_WANT_READ : STREAM_FAILED;
}

static enum stream_result tcp_handshake(struct conn_stream *s, char *why)
{
	(void)s;
	(void)why;
	return STREAM_OK;
}

static enum stream_result tcp_read(struct conn_stream *s, char *data, size_t size, size_t *got)
{
	ssize_t n = recv(s->fd, data, size, 0);

	if (n < 0)
		return result_of_errno();
	*got = (size_t)n;
	return n == 0 ? STREAM_EOF : STREAM_OK;
}

static enum stream_result tcp_write(struct conn_stream *s, const char *data, size_t len,
                                    size_t *put)
{
	ssize_t n = send(s->fd, data, len, MSG_NOSIGNAL);

	if (n < 0)
		return result_of_errno() == STREAM_FAILED ? STREAM_FAILED : STREAM_WANT_WRITE;
	*put = (size_t)n;
	return STREAM_OK;
}

static void tcp_close(struct conn_stream *s)
{
	(void)s;
}

static const struct stream_ops stream_tcp_ops = { tcp_handshake, tcp_read, tcp_write, NULL,
	                                          tcp_close };

static void want(struct conn_stream *s, bool write)
{
	if (io_set(s->io, IO_READ | (write || s->out.len > 0 ? IO_WRITE : 0)))
		conn_close(&s->conn, ERR_IO, "the system takes no more interest in sockets");
}

static void flush(struct conn_stream *s)
{
	enum stream_result result = STREAM_OK;
	size_t done = 0, put;

	while (done < s->out.len && result == STREAM_OK) {
		result = s->ops->write(s, s->out.data + done, s->out.len - done, &put);
		if (result == STREAM_OK)
			done += put;
	}
	buf_consume(&s->out, done);
	if (result == STREAM_EOF || result == STREAM_FAILED)
		conn_close(&s->conn, ERR_CLOSED, "the peer closed the connection");
	else
		want(s, false);
}

static enum err stream_send(struct conn *c, const struct addr *peer, const char *data, size_t len)
{
	struct conn_stream *s = (struct conn_stream *)(void *)c;
	enum err err;

	(void)peer;
	buf_add(&s->out, data, len);
	err = buf_err(&s->out);
	if (err) {
		conn_close(c, err, "the peer does not read what we send");
		return err;
	}
	flush(s);
	return c->state == CONN_OPEN ? OK : ERR_CLOSED;
}

static void stream_close(struct conn *c)
{
	struct conn_stream *s = (struct conn_stream *)(void *)c;

	timer_stop(&s->opening);
	s->ops->close(s);
	io_free(&s->io);
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

static void stream_free(struct conn *c)
{
	struct conn_stream *s = (struct conn_stream *)(void *)c;

	buf_free(&s->in);
	buf_free(&s->out);
	mem_free(s);
}

static const struct conn_ops stream_conn_ops = { stream_send, stream_close, stream_free };

/* Hands over all that is whole. False: the connection was closed. */
static bool take_frames(struct conn_stream *s)
{
	struct conn *c = &s->conn;
	const struct frame_limits limits = sip_realm_limits(c->realm);
	size_t done = 0;

	while (c->state == CONN_OPEN) {
		struct frame f = frame_next(s->in.data + done, s->in.len - done, limits, &s->part);

		if (f.kind == FRAME_BAD) {
			if (f.status && c->handler->on_unreadable)
				c->handler->on_unreadable(c->handler->arg, c, &c->peer,
				                          s->in.data + done, f.head, f.status,
				                          f.why);
			conn_close(c, ERR_SYNTAX, f.why);
			return false;
		}
		if (f.kind == FRAME_MORE)
			break;
		if (f.kind == FRAME_PING && conn_send(c, &c->peer, "\r\n", 2) != OK)
			return false;
		if (f.kind == FRAME_SKIP && c->handler->on_pong)
			c->handler->on_pong(c->handler->arg, c);
		if (f.kind == FRAME_MESSAGE)
			c->handler->on_message(c->handler->arg, c, &c->peer, s->in.data + done,
			                       f.len);
		done += f.len;
	}
	buf_consume(&s->in, done);
	if (done > 0) /* what never becomes whole is as nothing */
		c->used_ms = clock_mono_ms();
	return c->state == CONN_OPEN;
}

static void broke(struct conn_stream *s)
{
	char why[CERT_WHY_MAX] = "the connection broke";

	if (s->ops->explain)
		s->ops->explain(s, why);
	conn_close(&s->conn, ERR_CLOSED, why);
}

static void on_readable(struct conn_stream *s)
{
	char data[READ_SIZE];
	enum stream_result result = STREAM_OK;
	size_t got;

	/* READ_SIZE holds the longest TLS record, so OpenSSL keeps nothing back that the socket
	 * does not show. */
	for (int i = 0; i < READ_BATCH; i++) {
		result = s->ops->read(s, data, sizeof(data), &got);
		s->read_wants_write = result == STREAM_WANT_WRITE;
		if (result != STREAM_OK)
			break;
		buf_add(&s->in, data, got);
		if (buf_err(&s->in)) {
			conn_close(&s->conn, buf_err(&s->in), "out of memory");
			return;
		}
		if (!take_frames(s))
			return;
	}
	if (result == STREAM_EOF)
		conn_close(&s->conn, ERR_CLOSED, "the peer closed the connection");
	else if (result == STREAM_FAILED)
		broke(s);
	else
		want(s, s->read_wants_write);
}

static void shake_hands(struct conn_stream *s)
{
	char why[CERT_WHY_MAX] = "the handshake failed";
	struct conn *c = &s->conn;

	switch (s->ops->handshake(s, why)) {
	case STREAM_OK:
		timer_stop(&s->opening);
		c->state = CONN_OPEN;
		c->used_ms = clock_mono_ms();
		want(s, false);
		if (c->state == CONN_OPEN && c->handler->on_open)
			c->handler->on_open(c->handler->arg, c);
		return;
	case STREAM_WANT_READ:
		if (io_set(s->io, IO_READ) == OK)
			return;
		break;
	case STREAM_WANT_WRITE:
		if (io_set(s->io, IO_READ | IO_WRITE) == OK)
			return;
		break;
	case STREAM_WAIT:
		if (io_set(s->io, 0) == OK)
			return;
		break;
	case STREAM_EOF:
	case STREAM_FAILED:
		break;
	}
	conn_close(c, ERR_TLS, why);
}

/* TCP's connect has ended, one way or the other. */
static void on_connected(struct conn_stream *s)
{
	char why[160], peer[ADDR_TEXT_MAX];
	struct sockaddr_storage ss;
	socklen_t len = sizeof(int);
	int error = 0;

	getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &len);
	if (error) {
		snprintf(why, sizeof(why), "%s does not accept: %s",
		         addr_text(&s->conn.peer, peer, sizeof(peer)), strerror(error));
		conn_close(&s->conn, ERR_IO, why);
		return;
	}
	len = sizeof(ss);
	if (getsockname(s->fd, (struct sockaddr *)&ss, &len) == 0 &&
	    addr_from_sockaddr(&s->conn.local, (struct sockaddr *)&ss, len) != OK)
		s->conn.local = (struct addr){ 0 };
	s->connected = true;
	shake_hands(s);
}

static void on_ready(void *arg, int events)
{
	struct conn_stream *s = arg;
	struct conn *c = conn_ref(&s->conn);
	bool was_open = c->state == CONN_OPEN;

	if (!s->connected) {
		on_connected(s);
	} else if (!was_open) {
		shake_hands(s);
	} else {
		if (events & IO_WRITE)
			flush(s);
		if (c->state == CONN_OPEN && ((events & IO_READ) || s->read_wants_write))
			on_readable(s);
	}
	/* TLS may have read the first message together with the end of the handshake. */
	if (!was_open && c->state == CONN_OPEN && s->tls)
		on_readable(s);
	conn_unref(&c);
}

void conn_stream_go_on(void *arg)
{
	on_ready(arg, 0);
}

static void on_opening_timeout(void *arg)
{
	struct conn_stream *s = arg;
	char why[160], peer[ADDR_TEXT_MAX];

	snprintf(why, sizeof(why), "%s: no %s in time",
	         addr_text(&s->conn.peer, peer, sizeof(peer)),
	         s->connected ? "end of the TLS handshake" : "TCP connection");
	conn_close(&s->conn, ERR_TIMEOUT, why);
}

/* A stream on fd, which it owns from now on, also when this fails. */
static enum err stream_new(struct conn_stream **out, int fd, const struct conn_connect_cfg *cfg,
                           bool accepted)
{
	struct conn_stream *s = mem_zalloc(sizeof(*s));
	enum err err;

	if (!s) {
		close(fd);
		return ERR_NOMEM;
	}
	s->conn = (struct conn){ .ops = &stream_conn_ops,
		                 .handler = cfg->handler,
		                 .realm = cfg->realm,
		                 .refs = 1,
		                 .transport = cfg->tls ? TRANSPORT_TLS : TRANSPORT_TCP,
		                 .state = CONN_CONNECTING,
		                 .accepted = accepted,
		                 .tls = cfg->tls,
		                 .local = cfg->local,
		                 .peer = cfg->peer };
	s->ops = &stream_tcp_ops;
	s->loop = cfg->loop;
	s->fd = fd;
	s->connected = accepted;
	buf_init(&s->in, MESSAGE_MAX + READ_SIZE);
	buf_init(&s->out, OUT_MAX);
	err = io_new(&s->io, cfg->loop, fd, accepted ? IO_READ : IO_WRITE, on_ready, s);
	if (!err && cfg->tls)
		err = conn_tls_attach(s, cfg->tls, cfg->sni);
	if (err) {
		stream_close(&s->conn);
		stream_free(&s->conn);
		return err;
	}
	timer_start(loop_timers(cfg->loop), &s->opening, cfg->timeout_ms, on_opening_timeout, s);
	*out = s;
	return OK;
}

enum err conn_connect(struct conn **out, const struct conn_connect_cfg *cfg)
{
	struct addr local = cfg->local;
	struct conn_stream *s;
	int fd;
	enum err err;

	if (local.sa.sa_family != cfg->peer.sa.sa_family) {
		memset(&local, 0, sizeof(local));
		local.sa.sa_family = cfg->peer.sa.sa_family;
	}
	addr_set_port(&local, 0);
	err = socket_open(&fd, SOCK_STREAM, &local, cfg->realm, NULL);
	if (err)
		return err;
	if (connect(fd, &cfg->peer.sa, addr_len(&cfg->peer)) != 0 && errno != EINPROGRESS) {
		close(fd);
		return ERR_IO;
	}
	err = stream_new(&s, fd, cfg, false);
	if (err)
		return err;
	*out = &s->conn;
	return OK;
}

/* A listening socket is a connection that carries nothing: it has a place among the stack's others.
 */
struct conn_listener {
	struct conn conn; /* first */
	struct loop *loop;
	struct io *io;
	struct tls_context *tls;
	struct timer rest; /* while there are no descriptors */
	struct log_limit starved;
	int fd;
};

static enum err listener_send(struct conn *c, const struct addr *peer, const char *data, size_t len)
{
	(void)c;
	(void)peer;
	(void)data;
	(void)len;
	return ERR_UNSUPPORTED;
}

static void listener_close(struct conn *c)
{
	struct conn_listener *l = (struct conn_listener *)(void *)c;

	timer_stop(&l->rest);
	io_free(&l->io);
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
}

static void listener_free(struct conn *c)
{
	mem_free(c);
}

static const struct conn_ops listener_ops = { listener_send, listener_close, listener_free };

static void accept_one(struct conn_listener *l, int fd, const struct sockaddr *from, socklen_t len)
{
	unsigned timeout_ms = sip_realm_config(l->conn.realm)->handshake_timeout_ms;
	struct conn_connect_cfg cfg = { .loop = l->loop,
		                        .local = l->conn.local,
		                        .tls = l->tls,
		                        .timeout_ms = timeout_ms ? timeout_ms : ACCEPT_TIMEOUT_MS,
		                        .handler = l->conn.handler,
		                        .realm = l->conn.realm };
	struct conn_stream *s;
	struct conn *c;

	if (addr_from_sockaddr(&cfg.peer, from, len)) {
		close(fd);
		return;
	}
	socket_tune(fd, SOCK_STREAM, &cfg.local, cfg.realm);
	if (stream_new(&s, fd, &cfg, true))
		return;
	c = conn_ref(&s->conn);
	cfg.handler->on_accepted(cfg.handler->arg, c);
	if (c->state == CONN_CONNECTING)
		shake_hands(s);
	conn_unref(&c);
}

static void on_rested(void *arg)
{
	struct conn_listener *l = arg;

	if (io_set(l->io, IO_READ))
		timer_start(loop_timers(l->loop), &l->rest, REST_MS, on_rested, l);
}

/* The connection that waits stays readable: asking again at once would do nothing else. */
static void rest(struct conn_listener *l)
{
	unsigned suppressed;

	if (log_limit_admits(&l->starved, &suppressed))
		LOG(LOG_ERROR, KV("event", "accept"), KV("result", "no file descriptor left"),
		    KV("do", "raise LimitNOFILE"), KVN_LAST("suppressed", suppressed));
	if (io_set(l->io, 0) == OK)
		timer_start(loop_timers(l->loop), &l->rest, REST_MS, on_rested, l);
}

static void on_acceptable(void *arg, int events)
{
	struct conn_listener *l = arg;

	(void)events;
	for (int i = 0; i < ACCEPT_BATCH; i++) {
		struct sockaddr_storage from;
		socklen_t len = sizeof(from);
		int fd =
		    accept4(l->fd, (struct sockaddr *)&from, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			accept_one(l, fd, (struct sockaddr *)&from, len);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE)
			rest(l);
		return;
	}
}

enum err conn_listen(struct conn **out, struct loop *loop, const struct addr *local,
                     struct tls_context *tls, const struct conn_handler *handler,
                     struct sip_realm *realm)
{
	struct conn_listener *l = mem_zalloc(sizeof(*l));
	enum err err;

	if (!l)
		return ERR_NOMEM;
	l->conn = (struct conn){ .ops = &listener_ops,
		                 .handler = handler,
		                 .realm = realm,
		                 .refs = 1,
		                 .transport = tls ? TRANSPORT_TLS : TRANSPORT_TCP,
		                 .state = CONN_OPEN };
	l->loop = loop;
	l->tls = tls;
	err = socket_open(&l->fd, SOCK_STREAM, local, realm, &l->conn.local);
	if (!err && listen(l->fd, BACKLOG) != 0)
		err = ERR_IO;
	if (!err)
		err = io_new(&l->io, loop, l->fd, IO_READ, on_acceptable, l);
	if (err) {
		int why = errno;

		listener_close(&l->conn);
		mem_free(l);
		errno = why;
		return err;
	}
	*out = &l->conn;
	return OK;
}
