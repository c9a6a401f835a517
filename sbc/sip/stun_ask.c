/* A binding transaction over UDP. Owner of its socket. Signalling thread. RFC 8489 6.2.1, 6.3. */
#include "sbc/sip/stun_ask.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/mem.h"
#include "base/random.h"

#define BIND_TRIES   16
#define DATAGRAM_MAX 1500
#define READS_A_TURN 16 /* of datagrams that are no answer */

struct stun_ask {
	struct stun_ask_cfg cfg;
	uint8_t id[STUN_ID_LEN], request[STUN_REQUEST_LEN];
	unsigned sent; /* requests */
	int fd;        /* -1: none */
	struct io *io;
	struct timer timer;
};

static struct {
	size_t (*fn)(void *, const struct stun_ask_cfg *, const uint8_t *, uint8_t *);
	void *arg;
} fake;

void stun_ask_fake(size_t (*fn)(void *, const struct stun_ask_cfg *, const uint8_t *,
                                uint8_t[STUN_FAKE_MAX]),
                   void *arg)
{
	fake.fn = fn;
	fake.arg = arg;
}

/* The last that happens: the caller frees a in it. */
static void tell(struct stun_ask *a, const struct addr *seen, const char *why)
{
	timer_stop(&a->timer);
	io_free(&a->io);
	a->cfg.fn(a->cfg.arg, seen, why);
}

/* True: it was the answer. What is none is passed over, a broken one too: nobody can tell whose it
 * is (RFC 8489 6.3). */
static bool take(struct stun_ask *a, const uint8_t *data, size_t len)
{
	struct addr seen;
	enum err err = stun_read_response(&seen, a->id, data, len);

	if (err == ERR_REFUSED || err == ERR_SYNTAX)
		return false;
	if (err)
		tell(a, NULL, "the server refuses to say");
	else if (seen.sa.sa_family != a->cfg.local.sa.sa_family || addr_is_any(&seen))
		tell(a, NULL, "the server says what cannot be an address of ours");
	else {
		addr_set_port(&seen, 0);
		tell(a, &seen, NULL);
	}
	return true;
}

static void on_datagram(void *arg, int events)
{
	struct stun_ask *a = arg;
	uint8_t data[DATAGRAM_MAX];

	(void)events;
	for (int i = 0; i < READS_A_TURN; i++) {
		ssize_t len = recv(a->fd, data, sizeof(data), MSG_DONTWAIT);

		if (len < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (len < 0) {
			tell(a, NULL, "nobody listens there (ICMP)");
			return;
		}
		if (take(a, data, (size_t)len))
			return;
	}
}

/* Whether the answer has come with it. */
static bool send_request(struct stun_ask *a)
{
	uint8_t data[STUN_FAKE_MAX];
	size_t len;

	a->sent++;
	if (fake.fn) {
		len = fake.fn(fake.arg, &a->cfg, a->request, data);
		return len > 0 && take(a, data, len);
	}
	/* What cannot go now goes the next time; a hard error shows at the socket. */
	(void)!send(a->fd, a->request, sizeof(a->request), MSG_NOSIGNAL);
	return false;
}

static void on_time(void *arg)
{
	struct stun_ask *a = arg;
	unsigned n = a->sent;

	if (n == STUN_REQUESTS) {
		tell(a, NULL, "the server does not answer");
		return;
	}
	timer_start(loop_timers(a->cfg.loop), &a->timer,
	            n + 1 < STUN_REQUESTS ? (uint64_t)STUN_RTO_MS << n : STUN_RTO_MS * STUN_LAST,
	            on_time, a);
	send_request(a);
}

static bool bind_one(struct stun_ask *a)
{
	const struct stun_ask_cfg *cfg = &a->cfg;
	struct addr local = cfg->local;

	for (int i = 0; i < BIND_TRIES; i++) {
		unsigned port = cfg->port_low + random_below(cfg->port_high - cfg->port_low + 1);

		addr_set_port(&local, (uint16_t)port);
		if (bind(a->fd, &local.sa, addr_len(&local)) == 0)
			return true;
	}
	return false;
}

static enum err open_socket(struct stun_ask *a)
{
	const struct addr *server = &a->cfg.server;

	a->fd = socket(server->sa.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (a->fd < 0 || !bind_one(a) || connect(a->fd, &server->sa, addr_len(server)))
		return ERR_IO;
	return io_new(&a->io, a->cfg.loop, a->fd, IO_READ, on_datagram, a);
}

enum err stun_ask_start(struct stun_ask **out, const struct stun_ask_cfg *cfg)
{
	struct stun_ask *a = mem_zalloc(sizeof(*a));
	enum err err = OK;

	if (!a)
		return ERR_NOMEM;
	a->cfg = *cfg;
	a->fd = -1;
	random_bytes(a->id, sizeof(a->id));
	stun_write_request(a->request, a->id);
	if (!fake.fn)
		err = open_socket(a);
	if (err) {
		stun_ask_free(&a);
		return err;
	}
	timer_start(loop_timers(cfg->loop), &a->timer, 0, on_time, a);
	*out = a;
	return OK;
}

void stun_ask_free(struct stun_ask **ap)
{
	struct stun_ask *a = *ap;

	if (!a)
		return;
	timer_stop(&a->timer);
	io_free(&a->io);
	if (a->fd >= 0)
		close(a->fd);
	mem_free(a);
	*ap = NULL;
}
