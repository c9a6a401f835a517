/* A realm's sockets, and how it is called outside. Signalling thread. */
#include "sbc/sip/sip_realm.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "base/log.h"
#include "base/mem.h"
#include "sbc/sip/outer.h"

/* Where a realm that no file describes has no own. */
#define MAX_HEAD 16384
#define MAX_BODY 65536

struct sip_realm {
	TAILQ_ENTRY(sip_realm) link;
	struct stack *stack;
	const struct config_realm *cfg;
	struct conn **listeners; /* as cfg->listeners */
	size_t nlisteners;
	struct outer *outer; /* NULL: nobody is asked */
};

static enum err open_listener(struct stack *stack, struct sip_realm *realm,
                              const struct config_listener *l, const struct realm_tls *of_realm,
                              struct conn **out)
{
	struct tls_context *tls = !of_realm   ? NULL
	                          : l->mutual ? of_realm->mutual
	                                      : of_realm->standard;
	const struct conn_handler *handler = stack_conn_handler(stack);

	switch (l->transport) {
	case TRANSPORT_UDP:
		return stack->opener->udp(out, stack->loop, &l->addr, handler, realm);
	case TRANSPORT_TCP:
		return stack->opener->listen(out, stack->loop, &l->addr, NULL, handler, realm);
	case TRANSPORT_TLS:
		return tls ? stack->opener->listen(out, stack->loop, &l->addr, tls, handler, realm)
		           : ERR_TLS;
	}
	return ERR_UNSUPPORTED;
}

static void realm_free(struct sip_realm *realm)
{
	outer_free(&realm->outer);
	for (size_t i = 0; i < realm->nlisteners; i++)
		conn_unref(&realm->listeners[i]);
	mem_free(realm->listeners);
	mem_free(realm);
}

void sip_realms_free(struct stack *stack)
{
	struct sip_realm *realm;

	while ((realm = TAILQ_FIRST(&stack->realms))) {
		TAILQ_REMOVE(&stack->realms, realm, link);
		realm_free(realm);
	}
}

static void explain(const struct config_realm *cfg, const struct config_listener *l, enum err err,
                    int error, char *why)
{
	char text[ADDR_TEXT_MAX];

	snprintf(why, CERT_WHY_MAX, "realm %s: cannot listen on %s:%s: %s", cfg->name,
	         transport_name(l->transport), addr_text(&l->addr, text, sizeof(text)),
	         err == ERR_IO    ? strerror(error)
	         : err == ERR_TLS ? "no identity"
	                          : err_text(err));
}

enum err stack_add_realm(struct stack *stack, const struct config_realm *cfg,
                         const struct realm_tls *tls, struct sip_realm **out, char *why)
{
	struct sip_realm *realm = mem_zalloc(sizeof(*realm));
	enum err err;

	if (!realm)
		return ERR_NOMEM;
	realm->stack = stack;
	realm->cfg = cfg;
	realm->listeners = mem_zalloc((cfg->nlisteners + 1) * sizeof(struct conn *));
	if (!realm->listeners) {
		mem_free(realm);
		return ERR_NOMEM;
	}
	for (size_t i = 0; stack->loop && i < cfg->nlisteners; i++) {
		err = open_listener(stack, realm, &cfg->listeners[i], tls, &realm->listeners[i]);
		if (err) {
			explain(cfg, &cfg->listeners[i], err, errno, why);
			realm_free(realm);
			return err;
		}
		realm->nlisteners++;
	}
	TAILQ_INSERT_TAIL(&stack->realms, realm, link);
	*out = realm;
	return OK;
}

static void on_other_address(void *arg)
{
	struct sip_realm *realm = arg;

	stack_doubt_all(realm->stack, realm);
}

enum err stack_watch_addresses(struct stack *stack, struct resolver *resolver)
{
	struct sip_realm *realm;
	enum err err = OK;

	TAILQ_FOREACH (realm, &stack->realms, link) {
		const struct outer_cfg cfg = { .realm = realm->cfg,
			                       .loop = stack->loop,
			                       .resolver = resolver,
			                       .on_change = on_other_address,
			                       .arg = realm };

		if (!err && *realm->cfg->outer.host)
			err = outer_new(&realm->outer, &cfg);
	}
	return err;
}

const struct outer *sip_realm_outer(const struct sip_realm *realm)
{
	return realm->outer;
}

struct sip_realm *stack_realm(const struct stack *stack, const struct config_realm *cfg)
{
	struct sip_realm *realm;

	TAILQ_FOREACH (realm, &stack->realms, link) {
		if (realm->cfg == cfg)
			return realm;
	}
	return NULL;
}

const struct config_realm *sip_realm_config(const struct sip_realm *realm)
{
	return realm->cfg;
}

static unsigned or_standard(unsigned value, unsigned standard)
{
	return value ? value : standard;
}

struct txn_times txn_times(const struct flow *flow)
{
	const struct config_realm *cfg = flow->conn->realm->cfg;
	struct txn_times times = { .t1_ms = or_standard(cfg->t1_ms, T1_MS),
		                   .t2_ms = or_standard(cfg->t2_ms, T2_MS),
		                   .t4_ms = or_standard(cfg->t4_ms, T4_MS) };

	times.give_up_ms = TIMER_B_T1S * times.t1_ms;
	return times;
}

struct frame_limits sip_realm_limits(const struct sip_realm *realm)
{
	return (struct frame_limits){ .head = or_standard(realm->cfg->max_head, MAX_HEAD),
		                      .body = or_standard(realm->cfg->max_body, MAX_BODY) };
}

bool sip_realm_admits(const struct sip_realm *realm, const struct addr *peer)
{
	for (size_t i = 0; i < realm->cfg->nnetworks; i++) {
		if (addr_in_net(peer, &realm->cfg->networks[i]))
			return true;
	}
	return realm->cfg->nnetworks == 0;
}

/* The first listener of a transport, of that family where family is set. NULL: none. */
static const struct config_listener *find_listener(const struct config_realm *cfg, enum transport t,
                                                   sa_family_t family)
{
	for (size_t i = 0; i < cfg->nlisteners; i++) {
		const struct config_listener *l = &cfg->listeners[i];

		if (l->transport == t && (!family || l->addr.sa.sa_family == family))
			return l;
	}
	return NULL;
}

/* What the realm advertises, is seen at, else own; a literal IPv6 address in brackets. */
static void host_text(const struct sip_realm *realm, const struct addr *own, char *buf, size_t size)
{
	bool seen =
	    realm->outer && realm->cfg->outer.in_uris && addr_is_set(outer_address(realm->outer));
	struct addr numeric;

	if (!realm->cfg->advertise)
		addr_uri_host(seen ? outer_address(realm->outer) : own, buf, size);
	else if (addr_parse(&numeric, realm->cfg->advertise) == OK)
		addr_uri_host(&numeric, buf, size);
	else
		snprintf(buf, size, "%s", realm->cfg->advertise);
}

void sip_realm_leave_from(const struct sip_realm *realm, enum transport t, const struct addr *peer,
                          struct addr *out)
{
	sa_family_t family = peer->sa.sa_family;
	const struct config_listener *l = find_listener(realm->cfg, t, family);

	for (size_t i = 0; !l && i < realm->cfg->nlisteners; i++) {
		if (realm->cfg->listeners[i].addr.sa.sa_family == family)
			l = &realm->cfg->listeners[i];
	}
	if (l)
		*out = l->addr;
}

/* How well peers reach by l what came by c. */
static unsigned fitness(const struct config_listener *l, const struct conn *c)
{
	if (l->addr.sa.sa_family != c->local.sa.sa_family)
		return 0;
	/* 18.2.1: where there is UDP, one looks for TCP too. */
	if (l->transport != c->transport)
		return l->transport == TRANSPORT_UDP && c->transport == TRANSPORT_TCP ? 1 : 0;
	if (!addr_same_host(&l->addr, &c->local))
		return 2;
	return addr_port(&l->addr) == addr_port(&c->local) ? 4 : 3;
}

const struct config_listener *sip_realm_listener_of(const struct conn *c)
{
	const struct config_realm *cfg = c->realm->cfg;
	const struct config_listener *best = NULL;
	unsigned so_far = 0;

	for (size_t i = 0; i < cfg->nlisteners; i++) {
		unsigned fits = fitness(&cfg->listeners[i], c);

		if (fits > so_far) {
			best = &cfg->listeners[i];
			so_far = fits;
		}
	}
	return best;
}

const struct config_listener *sip_realm_listener_for(const struct sip_realm *realm,
                                                     enum transport t, const struct addr *peer)
{
	const struct config_listener *l =
	    peer ? find_listener(realm->cfg, t, peer->sa.sa_family) : NULL;

	return l ? l : find_listener(realm->cfg, t, 0);
}

const char *sip_realm_sent_by(struct conn *c)
{
	const struct config_listener *l;
	char host[256];

	if (c->sent_by[0] && !c->realm->cfg->outer.in_uris)
		return c->sent_by;
	l = sip_realm_listener_of(c);
	/* The port is one that peers can connect to, not the passing one of a connection of ours.
	 */
	host_text(c->realm, &c->local, host, sizeof(host));
	snprintf(c->sent_by, sizeof(c->sent_by), "%s:%u", host,
	         addr_port(l ? &l->addr : &c->local));
	return c->sent_by;
}

void sip_realm_host(const struct sip_realm *realm, const struct config_listener *l, char *buf,
                    size_t size)
{
	static const struct addr none;

	host_text(realm, l ? &l->addr : &none, buf, size);
}

void sip_realm_uri(const struct sip_realm *realm, const struct config_listener *l,
                   enum uri_form form, const char *user, char *buf, size_t size)
{
	enum transport t = l ? l->transport : TRANSPORT_UDP;
	bool sips = t == TRANSPORT_TLS && form == URI_SIPS;
	char host[256];

	sip_realm_host(realm, l, host, sizeof(host));
	snprintf(buf, size, "%s:%s%s%s:%u%s%s", sips ? "sips" : "sip", user, *user ? "@" : "", host,
	         l ? addr_port(&l->addr) : 5060, sips || t == TRANSPORT_UDP ? "" : ";transport=",
	         sips || t == TRANSPORT_UDP ? "" : transport_name(t));
}

struct conn *sip_realm_udp(const struct sip_realm *realm, const struct addr *peer)
{
	for (size_t i = 0; i < realm->nlisteners; i++) {
		struct conn *c = realm->listeners[i];

		if (c->transport == TRANSPORT_UDP && c->local.sa.sa_family == peer->sa.sa_family)
			return c;
	}
	return NULL;
}

enum lookup_families sip_realm_families(const struct sip_realm *realm, enum transport t)
{
	bool four = false, six = false, six_first = false;

	/* A stream leaves from any listener's address, a datagram through its socket. */
	for (size_t i = 0; i < realm->cfg->nlisteners; i++) {
		const struct config_listener *l = &realm->cfg->listeners[i];

		if (t == TRANSPORT_UDP && l->transport != TRANSPORT_UDP)
			continue;
		if (l->addr.sa.sa_family == AF_INET6) {
			six_first = six_first || !four;
			six = true;
		} else {
			four = true;
		}
	}
	if (four && six)
		return six_first ? LOOKUP_V6_FIRST : LOOKUP_V4_FIRST;
	return six ? LOOKUP_V6 : four ? LOOKUP_V4 : LOOKUP_V4_FIRST;
}
