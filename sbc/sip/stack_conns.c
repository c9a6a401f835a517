/* The stack's stream connections: accepted, made, shared, watched (RFC 3261 18.1.1). Signalling
 * thread. */
#include <stdio.h>
#include <string.h>
#include "base/log.h"
#include "sbc/sip/sip_realm.h"
#include "sbc/sip/stack_internal.h"

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
	stack_on_message(arg, c, peer, data, len);
}

static void on_open(void *arg, struct conn *c)
{
	char peer[ADDR_TEXT_MAX];

	if (c->tls)
		LOG(LOG_INFO, KV("event", "tls-up"), KV("trunk", c->trunk),
		    KV("peer", addr_text(&c->peer, peer, sizeof(peer))),
		    KV("version", c->tls_version), KV("verified", c->verified_name),
		    KV("side", c->accepted ? "accepted" : "connected"));
	stack_care_begin(arg, c);
	tell_watchers(arg, c, OK, NULL);
}

static void on_closed(void *arg, struct conn *c, enum err err, const char *why)
{
	struct stack *stack = arg;
	char peer[ADDR_TEXT_MAX];
	unsigned suppressed = 0;
	bool failed = err == ERR_TLS || err == ERR_SYNTAX || err == ERR_LIMIT;

	/* Whoever can reach the port can cause the line of a connection that never stood. */
	if (c->trunk || !c->accepted || log_limit_admits(&stack->closed, &suppressed))
		LOG(failed ? LOG_WARN : LOG_INFO, KV("event", "closed"),
		    KV("over", transport_name(c->transport)), KV("trunk", c->trunk),
		    KV("peer", addr_text(&c->peer, peer, sizeof(peer))),
		    KV("side", c->accepted ? "accepted" : "connected"), KV("why", why),
		    KVN_LAST("suppressed", suppressed));
	timer_stop(&c->care);
	TAILQ_REMOVE(&stack->conns, c, link);
	stack->nconns--;
	client_txns_on_conn_closed(stack, c, err, why);
	tell_watchers(stack, c, err ? err : ERR_CLOSED, why);
	conn_unref(&c);
}

static bool has_too_many(const struct stack *stack, const struct conn *newest)
{
	const struct conn *c;
	size_t n = 0;

	TAILQ_FOREACH (c, &stack->conns, link)
		n += c->accepted && addr_same_host(&c->peer, &newest->peer);
	return stack->limits.connections_per_source && n > stack->limits.connections_per_source;
}

static void on_accepted(void *arg, struct conn *c)
{
	struct stack *stack = arg;

	keep(stack, c);
	if (!sip_realm_admits(c->realm, &c->peer))
		conn_close(c, ERR_REFUSED, "not in the realm's networks");
	else if (stack->nconns > stack->limits.connections)
		conn_close(c, ERR_LIMIT, "too many connections");
	else if (has_too_many(stack, c))
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

enum err stack_connect(struct stack *stack, struct sip_realm *realm, const struct addr *peer,
                       struct tls_context *tls, const char *sni, unsigned timeout_ms,
                       struct conn **out)
{
	const struct config_realm *cfg = sip_realm_config(realm);
	struct conn_connect_cfg connect = { .loop = stack->loop,
		                            .peer = *peer,
		                            .tls = tls,
		                            .sni = sni,
		                            .timeout_ms = timeout_ms,
		                            .handler = &stack->conn_handler,
		                            .realm = realm };
	struct conn *c;
	enum err err;

	TAILQ_FOREACH (c, &stack->conns, link) {
		if (c->realm == realm &&
		    (c->accepted ? is_alias(c, peer, tls)
		                 : c->tls == tls && addr_equal(&c->peer, peer))) {
			*out = conn_ref(c);
			return OK;
		}
	}
	if (!stack->loop)
		return ERR_UNSUPPORTED;
	if (stack->nconns >= stack->limits.connections)
		return ERR_LIMIT;
	for (size_t i = cfg->nlisteners; i-- > 0;) {
		if (cfg->listeners[i].addr.sa.sa_family == peer->sa.sa_family)
			connect.local = cfg->listeners[i].addr;
	}
	err = stack->opener->connect(&c, &connect);
	if (err)
		return err;
	keep(stack, c);
	*out = conn_ref(c);
	return OK;
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
