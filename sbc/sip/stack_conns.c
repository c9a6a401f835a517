/* The stack's stream connections: accepted, made, shared, watched (RFC 3261 18.1.1). Signalling
 * thread. */
#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "base/log.h"
#include "sbc/sip/sip_realm.h"
#include "sbc/sip/stack_internal.h"

#define NO_TCP_MS (5 * 60 * 1000)
#define REOPEN_MS 5000 /* for the connection that an answer waits for */

static void keep(struct stack *stack, struct conn *c)
{
	TAILQ_INSERT_TAIL(&stack->conns, c, link);
	stack->nconns++;
}

static void tell_watchers(struct stack *stack, struct conn *c, enum err err, const char *why)
{
	struct conn_watcher *w;

	/* A call may add or end watchers: begin anew after each. */
	for (;;) {
		TAILQ_FOREACH (w, &stack->watchers, link) {
			if (w->conn == c)
				break;
		}
		if (!w)
			return;
		conn_unwatch(w);
		w->fn(w->arg, c, err, why);
	}
}

static void on_message(void *arg, struct conn *c, const struct addr *peer, const char *data,
                       size_t len)
{
	if (c->transport != TRANSPORT_UDP)
		stack_care_heard(c);
	c->brought = true;
	stack_on_message(arg, c, peer, data, len);
}

/* Whoever can reach the port can cause the lines of a connection that proved nothing. */
static bool is_told(const struct conn *c, struct log_limit *limit, unsigned *suppressed)
{
	*suppressed = 0;
	return c->trunk || !c->accepted || log_limit_admits(limit, suppressed);
}

static void on_open(void *arg, struct conn *c)
{
	struct stack *stack = arg;
	char peer[ADDR_TEXT_MAX];
	unsigned suppressed;

	if (c->tls && is_told(c, &stack->opened, &suppressed))
		LOG(LOG_INFO, KV("event", "tls-up"), KV("trunk", c->trunk),
		    KV("peer", addr_text(&c->peer, peer, sizeof(peer))),
		    KV("version", c->tls_version), KV("verified", c->verified_name),
		    KV("side", c->accepted ? "accepted" : "connected"),
		    KVN_LAST("suppressed", suppressed));
	stack_care_begin(stack, c);
	tell_watchers(stack, c, OK, NULL);
}

static void on_closed(void *arg, struct conn *c, enum err err, const char *why)
{
	struct stack *stack = arg;
	char peer[ADDR_TEXT_MAX];
	unsigned suppressed;
	bool failed = err == ERR_TLS || err == ERR_SYNTAX || err == ERR_LIMIT;

	if (is_told(c, &stack->closed, &suppressed))
		LOG(failed ? LOG_WARN : LOG_INFO, KV("event", "closed"),
		    KV("over", transport_name(c->transport)), KV("trunk", c->trunk),
		    KV("peer", addr_text(&c->peer, peer, sizeof(peer))),
		    KV("side", c->accepted ? "accepted" : "connected"), KV("why", why),
		    KVN_LAST("suppressed", suppressed));
	timer_stop(&c->care);
	timer_stop(&c->drain);
	TAILQ_REMOVE(&stack->conns, c, link);
	stack->nconns--;
	client_txns_on_conn_closed(stack, c, err, why);
	tell_watchers(stack, c, err ? err : ERR_CLOSED, why);
	conn_unref(&c);
}

/* peer has more than its share, counting those that are not accepted where ours is set. */
static bool has_too_many(const struct stack *stack, const struct addr *peer, bool ours)
{
	const struct conn *c;
	size_t n = 0;

	TAILQ_FOREACH (c, &stack->conns, link)
		n += (c->accepted || ours) && addr_same_host(&c->peer, peer);
	return stack->limits.connections_per_source && n > stack->limits.connections_per_source;
}

/* The last eighth is for those that we make: who fills the rest must not keep us from a trunk. */
static bool has_room_for_accepted(const struct stack *stack)
{
	size_t limit = stack->limits.connections;

	return stack->nconns <= limit - limit / 8;
}

static void on_accepted(void *arg, struct conn *c)
{
	struct stack *stack = arg;

	keep(stack, c);
	if (!sip_realm_admits(c->realm, &c->peer))
		conn_close(c, ERR_REFUSED, "not in the realm's networks");
	else if (!has_room_for_accepted(stack))
		conn_close(c, ERR_LIMIT, "too many connections");
	else if (has_too_many(stack, &c->peer, false))
		conn_close(c, ERR_LIMIT, "too many connections from this address");
}

void stack_set_opener(struct stack *stack, const struct conn_opener *opener)
{
	stack->opener = opener;
}

void stack_conns_init(struct stack *stack)
{
	static const struct conn_opener sockets = { conn_udp_open, conn_listen, conn_connect };

	stack->opener = &sockets;
	stack->conn_handler = (struct conn_handler){ .on_message = on_message,
		                                     .on_open = on_open,
		                                     .on_closed = on_closed,
		                                     .on_accepted = on_accepted,
		                                     .on_unreadable = stack_on_unreadable,
		                                     .on_pong = stack_care_pong,
		                                     .arg = stack };
}

const struct conn_handler *stack_conn_handler(struct stack *stack)
{
	return &stack->conn_handler;
}

void stack_conns_end(struct stack *stack)
{
	struct conn *c;

	while ((c = TAILQ_FIRST(&stack->conns)))
		conn_close(c, ERR_CLOSED, "we stop");
}

void stack_note_alias(struct conn *c, const struct message *request)
{
	unsigned port;

	if (!c->accepted || !c->trunk || c->transport != TRANSPORT_TLS)
		return;
	port = message_alias_port(request);
	if (port) /* it stays so: an ACK need not say it again */
		c->alias_port = port;
}

/* RFC 5923: a connection that came in leads to peer too, where it comes from there, asked for that,
 * and proved the very trunk that a connection of ours under tls would have to prove. */
static bool is_alias(const struct conn *c, const struct addr *peer, const struct tls_context *tls)
{
	const char *trunk = tls ? tls_context_trunk(tls) : NULL;

	return c->state == CONN_OPEN && trunk && c->trunk && strcmp(c->trunk, trunk) == 0 &&
	       c->alias_port == addr_port(peer) && addr_same_host(&c->peer, peer);
}

enum err stack_connect(struct stack *stack, const struct stack_way *way, struct conn **out)
{
	struct conn_connect_cfg connect = { .loop = stack->loop,
		                            .peer = *way->peer,
		                            .tls = way->tls,
		                            .sni = way->sni,
		                            .timeout_ms = way->timeout_ms,
		                            .handler = &stack->conn_handler,
		                            .realm = way->realm };
	struct conn *c;
	enum err err;

	TAILQ_FOREACH (c, &stack->conns, link) {
		if (c->realm == way->realm && !c->doubted && !c->retired &&
		    (c->accepted ? is_alias(c, way->peer, way->tls)
		                 : c->tls == way->tls && addr_equal(&c->peer, way->peer))) {
			*out = conn_ref(c);
			return OK;
		}
	}
	if (!stack->loop)
		return ERR_UNSUPPORTED;
	if (stack->nconns >= stack->limits.connections)
		return ERR_LIMIT;
	if (way->from)
		connect.local = *way->from;
	else
		sip_realm_leave_from(way->realm, way->tls ? TRANSPORT_TLS : TRANSPORT_TCP,
		                     way->peer, &connect.local);
	err = stack->opener->connect(&c, &connect);
	if (err)
		return err;
	keep(stack, c);
	*out = conn_ref(c);
	return OK;
}

static struct conn *find_proven(const struct stack *stack, const struct conn *gone)
{
	struct conn *c;

	TAILQ_FOREACH (c, &stack->conns, link) {
		if (gone->trunk && c->state == CONN_OPEN && c->realm == gone->realm && c->trunk &&
		    strcmp(c->trunk, gone->trunk) == 0 && addr_same_host(&c->peer, &gone->peer))
			return c;
	}
	return NULL;
}

enum err stack_reopen(struct stack *stack, const struct conn *gone, const struct addr *to,
                      struct conn **out)
{
	const struct stack_way way = {
		.realm = gone->realm, .peer = to, .from = &gone->local, .timeout_ms = REOPEN_MS
	};
	struct conn *c;

	if (gone->transport == TRANSPORT_TCP) {
		/* Who names a port each time must not have us fill the table. */
		if (has_too_many(stack, to, true))
			return ERR_LIMIT;
		return stack_connect(stack, &way, out);
	}
	c = find_proven(stack, gone);
	if (!c)
		return ERR_CLOSED;
	*out = conn_ref(c);
	return OK;
}

void stack_note_no_tcp(struct stack *stack, const struct addr *peer)
{
	size_t i = stack->next_no_tcp;

	stack->next_no_tcp = (i + 1) % NO_TCP_MAX;
	stack->no_tcp[i].peer = *peer;
	stack->no_tcp[i].until_ms = clock_mono_ms() + NO_TCP_MS;
}

bool stack_has_no_tcp(const struct stack *stack, const struct addr *peer)
{
	uint64_t now_ms = clock_mono_ms();

	for (size_t i = 0; i < NO_TCP_MAX; i++) {
		if (stack->no_tcp[i].until_ms > now_ms && addr_equal(&stack->no_tcp[i].peer, peer))
			return true;
	}
	return false;
}

void stack_watch(struct stack *stack, struct conn_watcher *w, struct conn *c,
                 void (*fn)(void *, struct conn *, enum err, const char *), void *arg)
{
	*w = (struct conn_watcher){ .stack = stack, .conn = c, .fn = fn, .arg = arg };
	TAILQ_INSERT_TAIL(&stack->watchers, w, link);
}

void conn_unwatch(struct conn_watcher *w)
{
	if (w->stack)
		TAILQ_REMOVE(&w->stack->watchers, w, link);
	w->stack = NULL;
}
