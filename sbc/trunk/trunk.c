/* Trunks: target, slots, state. One writer of the state: trunk_report. Signalling thread. */
#include "sbc/trunk/trunk.h"

#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "sbc/trunk/limit.h"
#include "sbc/trunk/trunk_tls.h"

struct trunk {
	const struct config_trunk *cfg;
	struct tls_context *tls; /* of trunks->tls */
	struct resolver *own_resolver;
	struct resolver *resolver; /* its own, or the system's */
	struct target_health *health;
	struct credentials *credentials;
	enum trunk_state state;
	int64_t since_s;
	struct limit limit;
	uint64_t calls_out, calls_in, failed;
	char last_error[CERT_WHY_MAX];
};

struct trunks {
	const struct config *cfg;
	struct trunk_tls *tls;
	struct resolver *system;
	struct trunk *list; /* as in cfg */
};

const char *trunk_state_name(enum trunk_state state)
{
	switch (state) {
	case TRUNK_UNKNOWN:
		return "unknown";
	case TRUNK_UP:
		return "up";
	case TRUNK_DOWN:
		return "down";
	}
	return "unknown";
}

static enum err trunk_init(struct trunks *ts, size_t i, struct loop *loop)
{
	struct trunk *t = &ts->list[i];
	const struct config_trunk *cfg = &ts->cfg->trunks[i];
	const struct credentials_cfg credentials = { .trunk = cfg->name,
		                                     .username = cfg->username,
		                                     .password = cfg->password,
		                                     .realm = cfg->auth_realm };

	t->cfg = cfg;
	t->limit = limit_of(cfg->max_calls, cfg->calls_per_second);
	t->tls = trunk_tls_client(ts->tls, i);
	t->since_s = clock_wall_s();
	t->resolver = ts->system;
	if (target_health_new(&t->health, cfg->name) ||
	    credentials_new(&t->credentials, &credentials))
		return ERR_NOMEM;
	if (cfg->nresolvers == 0)
		return OK;
	if (resolver_new(&t->own_resolver, loop, cfg->resolvers, cfg->nresolvers))
		return ERR_NOMEM;
	resolver_limit(t->own_resolver, cfg->resolver_domains, cfg->nresolver_domains, ts->system);
	t->resolver = t->own_resolver;
	return OK;
}

enum err trunks_new(struct trunks **out, const struct config *cfg, struct loop *loop, char *why)
{
	struct trunks *ts = mem_zalloc(sizeof(*ts));
	enum err err;

	snprintf(why, CERT_WHY_MAX, "%s", err_text(ERR_NOMEM));
	if (!ts)
		return ERR_NOMEM;
	ts->cfg = cfg;
	ts->list = mem_zalloc(cfg->ntrunks * sizeof(*ts->list));
	err = ts->list ? trunk_tls_new(&ts->tls, cfg, loop, why) : ERR_NOMEM;
	if (!err && resolver_new(&ts->system, loop, NULL, 0)) {
		snprintf(why, CERT_WHY_MAX, "cannot use /etc/resolv.conf for DNS");
		err = ERR_DNS;
	}
	for (size_t i = 0; !err && i < cfg->ntrunks; i++) {
		err = trunk_init(ts, i, loop);
		if (err)
			snprintf(why, CERT_WHY_MAX, "trunk %s: %s", cfg->trunks[i].name,
			         err_text(err));
	}
	if (err)
		trunks_free(&ts);
	else
		*out = ts;
	return err;
}

void trunks_free(struct trunks **tp)
{
	struct trunks *ts = *tp;

	if (!ts)
		return;
	for (size_t i = 0; ts->list && i < ts->cfg->ntrunks; i++) {
		resolver_free(&ts->list[i].own_resolver);
		target_health_free(&ts->list[i].health);
		credentials_free(&ts->list[i].credentials);
	}
	resolver_free(&ts->system);
	trunk_tls_free(&ts->tls);
	mem_free(ts->list);
	mem_free(ts);
	*tp = NULL;
}

struct realm_tls trunks_realm_tls(struct trunks *ts, const struct config_realm *realm)
{
	size_t i = (size_t)(realm - ts->cfg->realms);

	return (struct realm_tls){ .standard = trunk_tls_server(ts->tls, i, false),
		                   .mutual = trunk_tls_server(ts->tls, i, true) };
}

struct trunk_tls *trunks_tls(struct trunks *ts)
{
	return ts->tls;
}

enum err trunks_reload(struct trunks *ts, char *why)
{
	return trunk_tls_reload(ts->tls, why);
}

struct resolver *trunks_system_resolver(struct trunks *ts)
{
	return ts->system;
}

size_t trunks_count(const struct trunks *ts)
{
	return ts->cfg->ntrunks;
}

struct trunk *trunks_at(struct trunks *ts, size_t i)
{
	return &ts->list[i];
}

struct trunk *trunk_find(struct trunks *ts, const char *name)
{
	for (size_t i = 0; name && i < ts->cfg->ntrunks; i++) {
		if (strcmp(ts->list[i].cfg->name, name) == 0)
			return &ts->list[i];
	}
	return NULL;
}

const struct config_trunk *trunk_config(const struct trunk *t)
{
	return t->cfg;
}

void trunk_stats(const struct trunk *t, struct trunk_stats *out)
{
	*out = (struct trunk_stats){ .state = t->state,
		                     .since_s = t->since_s,
		                     .calls = t->limit.calls,
		                     .max_calls = t->cfg->max_calls,
		                     .refused = t->limit.refused,
		                     .calls_out = t->calls_out,
		                     .calls_in = t->calls_in,
		                     .failed = t->failed,
		                     .last_error = t->last_error[0] ? t->last_error : NULL };
}

void trunk_target(const struct trunk *t, struct stack *stack, struct target *out)
{
	/* The name that is asked for is the one to be verified, and the one that the handshake
	 * names. */
	*out = (struct target){ .realm = stack_realm(stack, t->cfg->realm),
		                .transport = TRANSPORT_TLS,
		                .host = t->cfg->lookup ? t->cfg->lookup : t->cfg->domain,
		                .port = t->cfg->port,
		                .srv = true,
		                .naptr = t->cfg->naptr == NAPTR_YES,
		                .tls = t->tls,
		                .sni = t->cfg->sni ? t->cfg->sni : t->cfg->domain,
		                .resolver = t->resolver,
		                .health = t->health,
		                .credentials = t->credentials,
		                .connect_timeout_ms = t->cfg->connect_timeout_ms,
		                .target_timeout_ms = t->cfg->target_timeout_ms };
}

enum err trunk_take_slot(struct trunk *t, bool outgoing, bool always)
{
	enum err err = limit_take(&t->limit, always);

	if (err)
		return err;
	if (outgoing)
		t->calls_out++;
	else
		t->calls_in++;
	return OK;
}

enum err trunk_take_request(struct trunk *t)
{
	return limit_take_request(&t->limit);
}

void trunk_free_slot(struct trunk *t)
{
	limit_give(&t->limit);
}

void trunk_report(struct trunk *t, const char *why)
{
	enum trunk_state state = why ? TRUNK_DOWN : TRUNK_UP;

	if (why) {
		t->failed++;
		snprintf(t->last_error, sizeof(t->last_error), "%s", why);
	}
	if (state == t->state)
		return;
	t->state = state;
	t->since_s = clock_wall_s();
	if (why)
		LOG(LOG_ERROR, KV("trunk", t->cfg->name), KV("event", "down"), KV("why", why));
	else
		LOG(LOG_INFO, KV("trunk", t->cfg->name), KV("event", "up"));
}
