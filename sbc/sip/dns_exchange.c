/* One question put to one server. Owner of its socket. Signalling thread. */
#include "sbc/sip/dns_exchange.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/mem.h"

#define LENGTH_LEN   2  /* before a message on TCP; RFC 1035 4.2.2 */
#define READS_A_TURN 16 /* of datagrams that are no answer */

struct dns_exchange {
	struct dns_exchange_cfg cfg;
	struct dns_question question;
	struct dns_reply reply;
	int fd; /* -1: none */
	struct io *io;
	struct timer timeout;
	uint8_t out[LENGTH_LEN + DNS_QUERY_MAX]; /* what is sent */
	size_t out_len, sent;
	uint8_t *in; /* TCP: length and message */
	size_t in_len;
};

static struct {
	size_t (*fn)(void *, const struct dns_exchange_cfg *, const uint8_t *, size_t, uint8_t *);
	void *arg;
} fake;

void dns_exchange_fake(size_t (*fn)(void *, const struct dns_exchange_cfg *, const uint8_t *,
                                    size_t, uint8_t[DNS_FAKE_MAX]),
                       void *arg)
{
	fake.fn = fn;
	fake.arg = arg;
}

/* The last that happens: the caller frees x in it. */
static void tell(struct dns_exchange *x, enum err err)
{
	timer_stop(&x->timeout);
	io_free(&x->io);
	x->cfg.fn(x->cfg.arg, err, err ? NULL : &x->reply);
}

static void on_timeout(void *arg)
{
	tell(arg, ERR_TIMEOUT);
}

/* True: it was the answer, or a broken one, and x is told. A stranger's is passed over. */
static bool take(struct dns_exchange *x, const uint8_t *data, size_t len)
{
	enum err err = dns_reply_read(&x->reply, &x->question, data, len);

	if (err == ERR_REFUSED)
		return false;
	tell(x, err);
	return true;
}

static void on_datagram(void *arg, int events)
{
	struct dns_exchange *x = arg;
	uint8_t data[DNS_UDP_MAX];

	(void)events;
	for (int i = 0; i < READS_A_TURN; i++) {
		ssize_t len = recv(x->fd, data, sizeof(data), MSG_DONTWAIT);

		if (len < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (len < 0) { /* nobody listens there */
			tell(x, ERR_IO);
			return;
		}
		if (take(x, data, (size_t)len))
			return;
	}
}

static void write_some(struct dns_exchange *x)
{
	ssize_t n = send(x->fd, x->out + x->sent, x->out_len - x->sent, MSG_NOSIGNAL);

	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		tell(x, ERR_IO);
		return;
	}
	x->sent += n > 0 ? (size_t)n : 0;
	if (x->sent == x->out_len && io_set(x->io, IO_READ))
		tell(x, ERR_IO);
}

static void read_some(struct dns_exchange *x)
{
	size_t want = LENGTH_LEN;
	ssize_t n;

	if (x->in_len >= LENGTH_LEN)
		want += (size_t)(x->in[0] << 8 | x->in[1]);
	n = recv(x->fd, x->in + x->in_len, want - x->in_len, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		tell(x, ERR_IO);
		return;
	}
	x->in_len += (size_t)n;
	if (x->in_len < LENGTH_LEN)
		return;
	want = LENGTH_LEN + (size_t)(x->in[0] << 8 | x->in[1]);
	if (x->in_len == want && !take(x, x->in + LENGTH_LEN, want - LENGTH_LEN))
		tell(x, ERR_SYNTAX);
}

static void on_stream(void *arg, int events)
{
	struct dns_exchange *x = arg;

	if (events & IO_WRITE && x->sent < x->out_len)
		write_some(x);
	else if (events & IO_READ)
		read_some(x);
}

static enum err open_socket(struct dns_exchange *x)
{
	const struct addr *server = &x->cfg.server;
	int type = (x->cfg.tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK | SOCK_CLOEXEC;

	x->fd = socket(server->sa.sa_family, type, 0);
	if (x->fd < 0)
		return ERR_IO;
	/* Unbound until now: the kernel gives it a free port by chance. */
	if (connect(x->fd, &server->sa, addr_len(server)) && errno != EINPROGRESS)
		return ERR_IO;
	if (x->cfg.tcp)
		return io_new(&x->io, x->cfg.loop, x->fd, IO_READ | IO_WRITE, on_stream, x);
	if (send(x->fd, x->out, x->out_len, MSG_NOSIGNAL) != (ssize_t)x->out_len)
		return ERR_IO;
	return io_new(&x->io, x->cfg.loop, x->fd, IO_READ, on_datagram, x);
}

static void on_fake(void *arg)
{
	struct dns_exchange *x = arg;
	size_t skip = x->cfg.tcp ? LENGTH_LEN : 0, len;
	uint8_t data[DNS_FAKE_MAX];

	timer_start(loop_timers(x->cfg.loop), &x->timeout, x->cfg.timeout_ms, on_timeout, x);
	len = fake.fn(fake.arg, &x->cfg, x->out + skip, x->out_len - skip, data);
	if (len > 0)
		take(x, data, len);
}

static void write_question(struct dns_exchange *x)
{
	size_t skip = x->cfg.tcp ? LENGTH_LEN : 0, len;

	len = dns_question_write(&x->question, x->out + skip);
	x->out_len = skip + len;
	if (skip) {
		x->out[0] = (uint8_t)(len >> 8);
		x->out[1] = (uint8_t)len;
	}
}

enum err dns_exchange_start(struct dns_exchange **out, const struct dns_exchange_cfg *cfg)
{
	struct dns_exchange *x = mem_zalloc(sizeof(*x));
	struct timers *timers = loop_timers(cfg->loop);
	enum err err = OK;

	if (!x)
		return ERR_NOMEM;
	x->fd = -1;
	x->cfg = *cfg;
	x->question = *cfg->question;
	x->cfg.question = &x->question;
	write_question(x);
	if (cfg->tcp) {
		x->in = mem_zalloc(LENGTH_LEN + UINT16_MAX);
		err = x->in ? OK : ERR_NOMEM;
	}
	if (!err && !fake.fn)
		err = open_socket(x);
	if (err) {
		dns_exchange_free(&x);
		return err;
	}
	if (fake.fn)
		timer_start(timers, &x->timeout, 0, on_fake, x);
	else
		timer_start(timers, &x->timeout, cfg->timeout_ms, on_timeout, x);
	*out = x;
	return OK;
}

void dns_exchange_free(struct dns_exchange **xp)
{
	struct dns_exchange *x = *xp;

	if (!x)
		return;
	timer_stop(&x->timeout);
	io_free(&x->io);
	if (x->fd >= 0)
		close(x->fd);
	mem_free(x->in);
	mem_free(x);
	*xp = NULL;
}
