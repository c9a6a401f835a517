/* Connects: to each address of the provider, over TCP alone and with TLS as calls do; and to our
 * own listener as a peer would. RFC 3263 4.2. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "base/mem.h"
#include "sbc/doctor/check_identity.h"
#include "sbc/doctor/check_options.h"
#include "sbc/doctor/check_tls.h"

#define SETTLE_MS                                                                      \
	200 /* and two round trips: a TLS 1.3 peer refuses a certificate after the end \
	     */
#define OWN_MS 5000

static void end(struct probe *b)
{
	struct conn *c = b->conn;

	timer_stop(&b->settle);
	b->conn = NULL;
	if (c)
		conn_close(c, ERR_CLOSED, "the doctor has seen enough");
	conn_unref(&c);
}

static void finish(struct probe *b)
{
	end(b);
	patient_release(b->patient);
}

/* One that stands may serve for more. */
static void on_settled(void *arg)
{
	struct probe *b = arg;

	if (b->kind == PROBE_CLIENT && b->open && !b->refused && options_examine(b, finish))
		return;
	finish(b);
}

static void on_open(void *arg, struct conn *c)
{
	struct probe *b = arg;

	b->open = true;
	b->err = OK;
	b->took_ms = (unsigned)(clock_mono_ms() - b->begun_ms);
	b->cipher = c->tls_cipher;
	b->until_s = c->verified_until_s;
	snprintf(b->version, sizeof(b->version), "%s", c->tls_version);
	snprintf(b->name, sizeof(b->name), "%s", c->verified_name);
	/* Nothing is ended from within the connection's own call. */
	timer_start(loop_timers(b->patient->loop), &b->settle,
	            b->kind == PROBE_CLIENT ? SETTLE_MS + 2 * b->took_ms : 1, on_settled, b);
}

static void on_closed(void *arg, struct conn *c, enum err err, const char *why)
{
	struct probe *b = arg;

	if (b->conn != c) /* we closed it */
		return;
	if (b->patient->options.over == b) { /* it was through, and something is asked over it */
		snprintf(b->patient->options.why, sizeof(b->patient->options.why), "%s", why);
		return;
	}
	b->refused = b->open;
	b->err = b->open ? OK : err;
	b->fault = c->fault;
	snprintf(b->why, sizeof(b->why), "%s", why);
	timer_start(loop_timers(b->patient->loop), &b->settle, 1, on_settled, b);
}

/* What it says is the stack's to understand. */
static void on_message(void *arg, struct conn *c, const struct addr *peer, const char *data,
                       size_t len)
{
	const struct probe *b = arg;
	const struct conn_handler *stack;

	if (!c->realm)
		return;
	stack = stack_conn_handler(b->patient->stack);
	stack->on_message(stack->arg, c, peer, data, len);
}

/* The address that calls leave from. */
static struct addr local_for(const struct patient *p, const struct addr *peer)
{
	const struct config_realm *realm = p->trunk->realm;
	struct addr local = { 0 };

	for (size_t i = realm->nlisteners; i-- > 0;) {
		if (realm->listeners[i].addr.sa.sa_family == peer->sa.sa_family)
			local = realm->listeners[i].addr;
	}
	return local;
}

static void probe(struct patient *p, enum probe_kind kind, const struct addr *peer, bool aside,
                  struct tls_context *tls, const char *sni)
{
	struct probe *b = p->nprobes < PROBES_MAX ? mem_zalloc(sizeof(*b)) : NULL;
	struct conn_connect_cfg cfg = { .loop = p->loop,
		                        .local = local_for(p, peer),
		                        .peer = *peer,
		                        .tls = tls,
		                        .sni = sni,
		                        .realm = kind == PROBE_CLIENT ? p->realm : NULL,
		                        .timeout_ms = kind == PROBE_OWN
		                                          ? OWN_MS
		                                          : p->trunk->connect_timeout_ms };

	if (!b) {
		p->starved = p->starved || p->nprobes < PROBES_MAX;
		return;
	}
	*b = (struct probe){ .patient = p,
		             .kind = kind,
		             .aside = aside,
		             .peer = *peer,
		             .begun_ms = clock_mono_ms(),
		             .handler = { .on_message = on_message,
		                          .on_open = on_open,
		                          .on_closed = on_closed,
		                          .arg = b } };
	p->probes[p->nprobes++] = b;
	cfg.handler = &b->handler;
	b->err = conn_connect(&b->conn, &cfg);
	if (b->err) {
		char text[ADDR_TEXT_MAX];

		snprintf(b->why, sizeof(b->why), "cannot connect from %s: %s",
		         addr_host(&cfg.local, text, sizeof(text)),
		         b->err == ERR_IO ? strerror(errno) : err_text(b->err));
		b->conn = NULL;
		return;
	}
	b->err = ERR_TIMEOUT;
	snprintf(b->why, sizeof(b->why), "no answer in time");
	patient_hold(p);
}

/* --- the provider --- */

static void probe_target(struct patient *p, const struct addr *peer, const struct target *target)
{
	probe(p, PROBE_REACH, peer, false, NULL, NULL);
	if (target->tls)
		probe(p, PROBE_CLIENT, peer, false, target->tls, target->sni);
	for (size_t i = 0; i < p->trunk->nother_ports; i++) {
		struct addr other = *peer;

		addr_set_port(&other, (uint16_t)p->trunk->other_ports[i]);
		if (!addr_equal(&other, peer))
			probe(p, PROBE_REACH, &other, true, NULL, NULL);
	}
}

static void take_target(const struct patient *p, struct target *out)
{
	*out = (struct target){ .host = patient_domain(p),
		                .port = p->trunk->port,
		                .srv = true,
		                .transport = TRANSPORT_TLS };
	if (p->connections)
		trunk_target(p->connections, p->stack, out);
}

static void on_found(void *arg, const struct lookup_result *result)
{
	struct patient *p = arg;
	struct target target;

	p->lookup = NULL;
	p->found = *result;
	take_target(p, &target);
	for (size_t i = 0; i < result->naddrs && i < PROBED_TARGETS_MAX; i++)
		probe_target(p, &result->addrs[i], &target);
	patient_release(p);
}

static void probe_provider(struct patient *p)
{
	struct target target;
	struct lookup_query q;
	enum err err;

	take_target(p, &target);
	q = (struct lookup_query){ .host = target.host,
		                   .port = target.port,
		                   .transport = TRANSPORT_TLS,
		                   .srv = target.srv,
		                   .sips = true,
		                   .naptr = target.naptr,
		                   .families = LOOKUP_V4_FIRST };
	patient_hold(p);
	err = lookup_start(&p->lookup, p->own ? p->own : p->system, &q, on_found, p);
	if (err) {
		snprintf(p->found.why, sizeof(p->found.why), "%s", err_text(err));
		patient_release(p);
	}
}

/* --- our listener --- */

/* Which of them is seen lies with what the peer prefers. */
static bool all_end_at(const struct patient *p, const struct trust *trust)
{
	for (size_t i = 0; i < p->nshown; i++) {
		if (p->shown[i].as_server && !identity_ends_at(p->shown[i].identity, trust))
			return false;
	}
	return true;
}

/* Where a peer finds the end of our chain: in our own file, or with others who have it. */
static enum err find_root(struct patient *p, char *why)
{
	const char *places[] = { identity_as_server(p)->certificate, p->trunk->trust, "system" };

	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		const struct trust_cfg place = { .roots = places[i] };

		if (!places[i] || trust_load(&p->own_trust, &place, why) != OK)
			p->own_trust = NULL;
		else if (all_end_at(p, p->own_trust))
			return OK;
		trust_free(&p->own_trust);
	}
	snprintf(why, CERT_WHY_MAX, "the root of our chain is nowhere on this machine");
	return ERR_NOT_FOUND;
}

static enum err be_a_peer(struct patient *p)
{
	char *const *host = &p->trunk->realm->advertise; /* borrowed as long as the context */
	const struct peer_policy policy = { .trunk = "peer",
		                            .trust = p->own_trust,
		                            .names = (const char *const *)host,
		                            .nnames = 1 };
	const struct tls_context_cfg cfg = { .peer_role = CERT_ROLE_SERVER,
		                             .identity = trunk_files_identity(
		                                 p->files, identity_as_client(p)),
		                             .policies = &policy,
		                             .npolicies = 1 };

	return tls_context_new(&p->own_tls, &cfg, p->seen_why);
}

static void probe_listener(struct patient *p, const struct config_listener *l, const char *host)
{
	struct addr peer = l->addr;

	if (addr_is_any(&peer))
		peer = p->trunk->realm->media_address;
	addr_set_port(&peer, addr_port(&l->addr));
	probe(p, PROBE_OWN, &peer, false, p->own_tls, host);
	for (size_t i = 0; i < p->ndns; i++) {
		const struct dns_fact *f = p->dns[i];
		struct addr outer;

		if (!f->ours || f->type != DNS_TYPE_A || f->reply.nrecords == 0)
			continue;
		outer = f->reply.records[0].addr;
		addr_set_port(&outer, addr_port(&l->addr));
		if (!addr_equal(&outer, &peer))
			probe(p, PROBE_OWN, &outer, true, p->own_tls, host);
	}
}

static bool shows_a_server(const struct patient *p)
{
	for (size_t i = 0; i < p->nshown; i++) {
		if (p->shown[i].as_server && !p->shown[i].identity)
			return false;
	}
	return true;
}

static void probe_us(struct patient *p)
{
	const struct config_realm *realm = p->trunk->realm;
	struct addr numeric;

	if (p->own_state != OWN_OPENED && p->own_state != OWN_RUNNING)
		return;
	snprintf(p->seen_why, sizeof(p->seen_why), "realm %s advertises no name", realm->name);
	if (!shows_a_server(p) || !realm->advertise || addr_parse(&numeric, realm->advertise) == OK)
		return;
	if (find_root(p, p->seen_why) || be_a_peer(p))
		return;
	p->seen_why[0] = '\0';
	for (size_t i = 0; i < realm->nlisteners; i++) {
		if (realm->listeners[i].transport == TRANSPORT_TLS)
			probe_listener(p, &realm->listeners[i], realm->advertise);
	}
}

void tls_examine(struct patient *p)
{
	probe_provider(p);
	probe_us(p);
}

void tls_dismiss(struct patient *p)
{
	lookup_cancel(&p->lookup);
	options_dismiss(p);
	for (size_t i = 0; i < p->nprobes; i++) {
		end(p->probes[i]);
		mem_free(p->probes[i]);
	}
	p->nprobes = 0;
	tls_context_free(&p->own_tls);
	trust_free(&p->own_trust);
}
