/* A look at a time; what it says of the address is kept until another one is seen. Signalling
 * thread. Owner: the realm. */
#include "sbc/sip/outer.h"

#include <stdio.h>
#include <string.h>
#include "base/log.h"
#include "base/mem.h"
#include "sbc/sip/stun_ask.h"

struct outer {
	struct outer_cfg cfg;
	struct addr address;
	char problem[320]; /* "": none */
	struct timer timer;
	struct lookup *lookup;
	struct stun_ask *ask;
};

static void look(void *arg);

static void look_again(struct outer *o)
{
	timer_start_lazy(loop_timers(o->cfg.loop), &o->timer,
	                 o->cfg.realm->outer.port ? OUTER_STUN_MS : OUTER_NAME_MS, look, o);
}

static void note(struct outer *o, const struct addr *seen)
{
	char now[ADDR_TEXT_MAX], was[ADDR_TEXT_MAX] = "-";
	bool known = addr_is_set(&o->address);

	look_again(o);
	if (*o->problem)
		LOG(LOG_INFO, KV("event", "advertise"), KV("realm", o->cfg.realm->name),
		    KV("by", o->cfg.realm->outer.host), KV("result", "answered"));
	o->problem[0] = '\0';
	if (addr_same_host(&o->address, seen))
		return;
	if (known)
		addr_host(&o->address, was, sizeof(was));
	o->address = *seen;
	addr_set_port(&o->address, 0);
	LOG(LOG_INFO, KV("event", "advertise"), KV("realm", o->cfg.realm->name),
	    KV("by", o->cfg.realm->outer.host), KV("address", addr_host(seen, now, sizeof(now))),
	    KV("was", was), KV("result", "new calls have it"));
	if (known)
		o->cfg.on_change(o->cfg.arg);
}

/* Said once, until something else is wrong. */
static void fail(struct outer *o, const char *why)
{
	bool known = strcmp(o->problem, why) == 0;
	char text[ADDR_TEXT_MAX];

	look_again(o);
	if (known)
		return;
	snprintf(o->problem, sizeof(o->problem), "%s", why);
	LOG(LOG_WARN, KV("event", "advertise"), KV("realm", o->cfg.realm->name),
	    KV("by", o->cfg.realm->outer.host), KV("reason", why),
	    KV("result", addr_is_set(&o->address)
	                     ? "calls go on with the address that was seen last"
	                     : "calls have the address that is bound, until one is seen"),
	    KV("address",
	       addr_host(addr_is_set(&o->address) ? &o->address : &o->cfg.realm->media_address,
	                 text, sizeof(text))));
}

static void on_stun(void *arg, const struct addr *seen, const char *why)
{
	struct outer *o = arg;

	stun_ask_free(&o->ask);
	if (seen)
		note(o, seen);
	else
		fail(o, why);
}

static void ask(struct outer *o, const struct addr *server)
{
	const struct config_realm *realm = o->cfg.realm;
	const struct stun_ask_cfg cfg = { .loop = o->cfg.loop,
		                          .local = realm->media_address,
		                          .port_low = realm->media_port_low,
		                          .port_high = realm->media_port_high,
		                          .server = *server,
		                          .fn = on_stun,
		                          .arg = o };

	if (stun_ask_start(&o->ask, &cfg))
		fail(o, "nothing can be sent there from media-address");
}

static bool is_among(const struct addr *a, const struct lookup_result *result)
{
	for (size_t i = 0; i < result->naddrs; i++) {
		if (addr_same_host(a, &result->addrs[i]))
			return true;
	}
	return false;
}

/* 0.0.0.0 is how some say that there is none, and in SDP it is hold. NULL: there is no other. */
static const struct addr *first_host(const struct lookup_result *result)
{
	for (size_t i = 0; i < result->naddrs; i++) {
		if (!addr_is_any(&result->addrs[i]))
			return &result->addrs[i];
	}
	return NULL;
}

static void on_found(void *arg, const struct lookup_result *result)
{
	struct outer *o = arg;
	const struct addr *found = result->err ? NULL : first_host(result);

	o->lookup = NULL;
	if (!found && !result->err && result->naddrs)
		fail(o, "the name has no address but 0.0.0.0 or ::");
	else if (!found)
		fail(o, *result->why ? result->why : err_text(result->err));
	else if (o->cfg.realm->outer.port)
		ask(o, found);
	else /* of several it stays with the one that it has */
		note(o, is_among(&o->address, result) ? &o->address : found);
}

static void look(void *arg)
{
	struct outer *o = arg;
	const struct config_outer *outer = &o->cfg.realm->outer;
	const struct lookup_query q = {
		.host = outer->host,
		.port = outer->port ? outer->port : 1, /* none is looked for */
		.transport = TRANSPORT_UDP,
		.families =
		    o->cfg.realm->media_address.sa.sa_family == AF_INET6 ? LOOKUP_V6 : LOOKUP_V4
	};

	if (lookup_start(&o->lookup, o->cfg.resolver, &q, on_found, o))
		fail(o, "out of memory");
}

enum err outer_new(struct outer **out, const struct outer_cfg *cfg)
{
	struct outer *o = mem_zalloc(sizeof(*o));

	if (!o)
		return ERR_NOMEM;
	o->cfg = *cfg;
	timer_start(loop_timers(cfg->loop), &o->timer, 0, look, o);
	*out = o;
	return OK;
}

void outer_free(struct outer **op)
{
	struct outer *o = *op;

	if (!o)
		return;
	timer_stop(&o->timer);
	lookup_cancel(&o->lookup);
	stun_ask_free(&o->ask);
	mem_free(o);
	*op = NULL;
}

const struct addr *outer_address(const struct outer *o)
{
	return &o->address;
}

const char *outer_problem(const struct outer *o)
{
	return *o->problem ? o->problem : NULL;
}
