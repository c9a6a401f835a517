/* The scripted network. */
#include "tests/replay/net.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/timer.h"
#include "sbc/sip/sip_realm.h"

#define PEERS_MAX   16
#define MARKERS_MAX 256
#define CONNS_MAX   64

/* One socket, listener or connection; the stack sees the part in front. */
struct wire {
	struct conn conn; /* first */
	struct peer *peer;
	struct timer opening; /* of one that hangs */
	bool connecting;
};

static struct {
	struct loop *loop;
	void (*complain)(const char *what, const char *text);
	struct peer peers[PEERS_MAX];
	size_t npeers;
	char *markers[MARKERS_MAX];
	size_t nmarkers;
	struct wire *wires[CONNS_MAX]; /* that are not freed */
	char *ladder;
	size_t ladder_size;
	FILE *ladder_file;
	uint64_t begun_ms, queue_ms;
	size_t pings;
} net;

void net_init(struct loop *loop, void (*complain)(const char *, const char *))
{
	memset(&net, 0, sizeof(net));
	net.loop = loop;
	net.complain = complain;
	net.begun_ms = clock_mono_ms();
	net.ladder_file = open_memstream(&net.ladder, &net.ladder_size);
}

/* --- peers --- */

struct peer *net_peer(const char *name, bool make)
{
	struct peer *p;

	for (size_t i = 0; i < net.npeers; i++) {
		if (strcmp(net.peers[i].name, name) == 0)
			return &net.peers[i];
	}
	if (!make || net.npeers == PEERS_MAX)
		return NULL;
	p = &net.peers[net.npeers++];
	snprintf(p->name, sizeof(p->name), "%s", name);
	STAILQ_INIT(&p->inbox);
	return p;
}

struct peer *net_next_peer(struct peer *p)
{
	p = p ? p + 1 : net.peers;
	return p < net.peers + net.npeers ? p : NULL;
}

static struct peer *find_peer(enum transport transport, const struct addr *addr)
{
	for (size_t i = 0; i < net.npeers; i++) {
		if (net.peers[i].transport == transport && addr_equal(&net.peers[i].addr, addr))
			return &net.peers[i];
	}
	return NULL;
}

void net_add_marker(const char *text)
{
	for (size_t i = 0; i < net.nmarkers; i++) {
		if (strcmp(net.markers[i], text) == 0)
			return;
	}
	if (*text && net.nmarkers < MARKERS_MAX)
		net.markers[net.nmarkers++] = strdup(text);
}

static void note(const struct peer *p, bool sent, const char *text)
{
	uint64_t ms = clock_mono_ms() - net.begun_ms;

	fprintf(net.ladder_file, "%4llu.%03llu  %-8s %s  %.*s\n", (unsigned long long)(ms / 1000),
	        (unsigned long long)(ms % 1000), p->name, sent ? "-->" : "<--",
	        (int)strcspn(text, "\r"), text);
}

void net_print_ladder(FILE *out)
{
	fflush(net.ladder_file);
	fputs(net.ladder, out);
}

static void check_leak(const struct peer *p, const char *text)
{
	char what[256];

	for (size_t i = 0; p->outside && i < net.nmarkers; i++) {
		if (!strcasestr(text, net.markers[i]))
			continue;
		snprintf(what, sizeof(what), "a message to %s shows \"%s\" of the inside", p->name,
		         net.markers[i]);
		net.complain(what, text);
	}
}

static void deliver(struct peer *p, const char *data, size_t len)
{
	struct letter *l = calloc(1, sizeof(*l));

	l->text = strndup(data, len);
	if (strlen(l->text) != len)
		net.complain("a NUL in what was sent", l->text);
	note(p, false, l->text);
	STAILQ_INSERT_TAIL(&p->inbox, l, link);
	check_leak(p, l->text);
}

char *net_receive(struct peer *p)
{
	struct letter *l = STAILQ_FIRST(&p->inbox);
	char *text;

	if (!l)
		return NULL;
	text = l->text;
	STAILQ_REMOVE_HEAD(&p->inbox, link);
	free(l);
	return text;
}

/* --- connections --- */

static enum err wire_send(struct conn *c, const struct addr *to, const char *data, size_t len)
{
	struct wire *w = (struct wire *)(void *)c;
	struct peer *p = c->transport == TRANSPORT_UDP ? find_peer(TRANSPORT_UDP, to) : w->peer;
	char text[ADDR_TEXT_MAX], what[128];
	struct frame f = frame_next(data, len, (struct frame_limits){ HEAD_MOST, BODY_MOST },
	                            &(struct frame_part){ 0 });

	if (f.kind == FRAME_PING) {
		net.pings += c->transport == TRANSPORT_UDP;
		return OK;
	}
	if (f.kind != FRAME_MESSAGE || f.len != len)
		net.complain("what was sent is not one whole message", data);
	if (p && p->unreachable && c->transport == TRANSPORT_UDP)
		return ERR_IO;
	if (p) {
		deliver(p, data, len);
		return OK;
	}
	snprintf(what, sizeof(what), "a message to %s, where nobody is",
	         addr_text(to, text, sizeof(text)));
	net.complain(what, data);
	return OK;
}

static void wire_close(struct conn *c)
{
	struct wire *w = (struct wire *)(void *)c;

	timer_stop(&w->opening);
	w->connecting = false;
	if (w->peer && w->peer->conn == c)
		w->peer->conn = NULL;
}

static void wire_free(struct conn *c)
{
	for (size_t i = 0; i < CONNS_MAX; i++) {
		if (net.wires[i] && &net.wires[i]->conn == c)
			net.wires[i] = NULL;
	}
	free(c);
}

static const struct conn_ops wire_ops = { wire_send, wire_close, wire_free };

static struct wire *wire_new(enum transport t, const struct addr *local,
                             const struct conn_handler *handler, struct sip_realm *realm)
{
	struct wire *w = calloc(1, sizeof(*w));

	w->conn = (struct conn){ .ops = &wire_ops,
		                 .handler = handler,
		                 .realm = realm,
		                 .refs = 1,
		                 .transport = t,
		                 .state = CONN_OPEN,
		                 .local = *local };
	for (size_t i = 0; i < CONNS_MAX; i++) {
		if (!net.wires[i]) {
			net.wires[i] = w;
			return w;
		}
	}
	abort();
}

static enum err open_udp(struct conn **out, struct loop *loop, const struct addr *local,
                         const struct conn_handler *handler, struct sip_realm *realm)
{
	(void)loop;
	*out = &wire_new(TRANSPORT_UDP, local, handler, realm)->conn;
	return OK;
}

static enum err open_listener(struct conn **out, struct loop *loop, const struct addr *local,
                              struct tls_context *tls, const struct conn_handler *handler,
                              struct sip_realm *realm)
{
	(void)loop;
	*out = &wire_new(tls ? TRANSPORT_TLS : TRANSPORT_TCP, local, handler, realm)->conn;
	return OK;
}

static void on_hung(void *arg)
{
	struct wire *w = arg;

	conn_close(&w->conn, ERR_TIMEOUT, "no TCP connection in time");
}

static enum err open_connection(struct conn **out, const struct conn_connect_cfg *cfg)
{
	enum transport t = cfg->tls ? TRANSPORT_TLS : TRANSPORT_TCP;
	struct peer *p = find_peer(t, &cfg->peer);
	struct wire *w;

	if (!p)
		return ERR_IO;
	w = wire_new(t, &cfg->local, cfg->handler, cfg->realm);
	w->peer = p;
	snprintf(p->named, sizeof(p->named), "%s", cfg->sni ? cfg->sni : "");
	w->conn.peer = cfg->peer;
	w->conn.tls = cfg->tls;
	w->conn.state = CONN_CONNECTING;
	if (p->on_connect == CONNECT_HANGS)
		timer_start(loop_timers(cfg->loop), &w->opening, cfg->timeout_ms, on_hung, w);
	else
		w->connecting = true;
	*out = &w->conn;
	return OK;
}

const struct conn_opener *net_opener(void)
{
	static const struct conn_opener opener = { open_udp, open_listener, open_connection };

	return &opener;
}

static void is_open(struct wire *w)
{
	struct conn *c = &w->conn;

	w->peer->conn = c;
	w->peer->nrest = 0;
	c->state = CONN_OPEN;
	if (c->transport == TRANSPORT_TLS) {
		snprintf(c->tls_version, sizeof(c->tls_version), "TLSv1.3");
		c->trunk = w->peer->trunk[0] ? w->peer->trunk : NULL;
	}
	c->handler->on_open(c->handler->arg, c);
}

static void end_connect(struct wire *w)
{
	w->connecting = false;
	switch (w->peer->on_connect) {
	case CONNECT_OPENS:
		is_open(w);
		return;
	case CONNECT_IS_REFUSED:
		conn_close(&w->conn, ERR_IO, "connection refused");
		return;
	case CONNECT_FAILS_TLS:
		conn_close(&w->conn, ERR_TLS, "the certificate is for another name");
		return;
	case CONNECT_HANGS:
		return;
	}
}

bool net_turn(void)
{
	for (size_t i = 0; i < CONNS_MAX; i++) {
		if (net.wires[i] && net.wires[i]->connecting) {
			end_connect(net.wires[i]);
			return true;
		}
	}
	return false;
}

/* Our socket or listener that p speaks to. */
static struct wire *find_ours(const struct peer *p)
{
	for (size_t i = 0; i < CONNS_MAX; i++) {
		struct wire *w = net.wires[i];

		if (w && !w->peer && w->conn.transport == p->transport &&
		    addr_equal(&w->conn.local, &p->ours))
			return w;
	}
	return NULL;
}

size_t net_pings(void)
{
	size_t n = net.pings;

	net.pings = 0;
	return n;
}

void net_connect(struct peer *p)
{
	struct wire *listener = find_ours(p), *w;
	struct conn *c;

	if (!listener) {
		net.complain("no listener of ours where a peer connects to", p->name);
		return;
	}
	w = wire_new(p->transport, &p->ours, listener->conn.handler, listener->conn.realm);
	w->peer = p;
	w->conn.peer = p->addr;
	addr_set_port(&w->conn.peer, 40000);
	w->conn.accepted = true;
	w->conn.state = CONN_CONNECTING;
	/* Any context will do: it says that TLS stands. */
	w->conn.tls = p->transport == TRANSPORT_TLS ? (const void *)&net : NULL;
	c = conn_ref(&w->conn);
	c->handler->on_accepted(c->handler->arg, c);
	if (c->state == CONN_CONNECTING)
		is_open(w);
	conn_unref(&c);
}

void net_close(struct peer *p)
{
	if (p->conn)
		conn_close(p->conn, ERR_CLOSED, "the peer closed the connection");
}

void net_queue(uint64_t ms)
{
	net.queue_ms = ms;
}

static void say_unreadable(struct conn *c, const struct addr *peer, const char *data,
                           const struct frame *f)
{
	if (f->status)
		c->handler->on_unreadable(c->handler->arg, c, peer, data, f->head, f->status,
		                          f->why);
}

/* As conn_udp.c does. */
static void take_datagram(struct conn *c, const struct addr *peer, const char *data, size_t len)
{
	struct frame f = frame_of_datagram(data, len, sip_realm_limits(c->realm));

	conn_waited(c, net.queue_ms);
	if (f.kind == FRAME_MESSAGE)
		c->handler->on_message(c->handler->arg, c, peer, data, len);
	else
		say_unreadable(c, peer, data, &f);
}

/* As conn_tcp.c does: what is not whole waits for more. */
static void take_stream(struct peer *p, struct conn *c, const char *data, size_t len)
{
	size_t done = 0;

	p->rest = realloc(p->rest, p->nrest + len + 1);
	memcpy(p->rest + p->nrest, data, len);
	p->nrest += len;
	while (c->state == CONN_OPEN) {
		const char *at = p->rest + done;
		struct frame f = frame_next(at, p->nrest - done, sip_realm_limits(c->realm),
		                            &(struct frame_part){ 0 });

		if (f.kind == FRAME_MORE)
			break;
		if (f.kind == FRAME_BAD) {
			say_unreadable(c, &c->peer, at, &f);
			conn_close(c, ERR_SYNTAX, f.why);
		} else if (f.kind == FRAME_SKIP) {
			c->handler->on_pong(c->handler->arg, c);
		} else if (f.kind == FRAME_MESSAGE) {
			c->handler->on_message(c->handler->arg, c, &c->peer, at, f.len);
		}
		done += f.len;
	}
	p->nrest -= done;
	memmove(p->rest, p->rest + done, p->nrest);
}

void net_octets(struct peer *p, const char *data, size_t len)
{
	struct wire *ours = p->transport == TRANSPORT_UDP ? find_ours(p) : NULL;
	struct conn *c;

	if (p->transport != TRANSPORT_UDP && !p->conn)
		net_connect(p);
	c = ours ? &ours->conn : p->conn;
	if (!c) {
		net.complain("no way from this peer to us", p->name);
		return;
	}
	conn_ref(c);
	if (ours)
		take_datagram(c, &p->addr, data, len);
	else
		take_stream(p, c, data, len);
	conn_unref(&c);
}

void net_send(struct peer *p, const char *text)
{
	char *copy = strdup(text);

	note(p, true, copy);
	net_octets(p, copy, strlen(copy));
	free(p->last_sent);
	p->last_sent = copy;
}

void net_end(void)
{
	for (size_t i = 0; i < net.npeers; i++) {
		char *text;

		while ((text = net_receive(&net.peers[i])))
			free(text);
		free(net.peers[i].last_sent);
		free(net.peers[i].rest);
	}
	for (size_t i = 0; i < net.nmarkers; i++)
		free(net.markers[i]);
	fclose(net.ladder_file);
	free(net.ladder);
}
