/* The certificates of all trunks and realms. A listener knows a trunk by the name in the
 * certificate that is shown to it, so its policies are those of the trunks of its realm. All that
 * comes out of files is one set, made anew as a whole when files change: what cannot be read leaves
 * the old set in force. Signalling thread. */
#include "sbc/trunk/trunk_tls.h"

#include <stdio.h>
#include "base/mem.h"
#include "certs/ocsp_ask.h"
#include "certs/peer_check.h"
#include "sbc/trunk/trunk_files.h"

struct shared;

struct set {
	struct trunk_files files;
	struct peer_policy *policies; /* by trunk */
	struct tls_context **clients; /* by trunk */
	struct tls_context **servers; /* by realm */
	struct tls_context **mutual;  /* by realm, where it is not the same as servers */
	const struct shared *shared;
};

/* What all sets have, one after the other. */
struct shared {
	struct peer_seen *seen; /* by trunk */
	struct ocsp *asks;      /* NULL: no trunk wants to ask */
};

struct trunk_tls {
	const struct config *cfg;
	struct shared shared;
	struct set set;
};

static enum tls_version version_of(enum tls_least least)
{
	switch (least) {
	case TLS_LEAST_1_2:
		return TLS_1_2;
	case TLS_LEAST_1_3:
		return TLS_1_3;
	case TLS_LEAST_1_1:
		return TLS_1_1;
	}
	return TLS_1_2;
}

static unsigned fault_bit(enum tolerance tolerance)
{
	switch (tolerance) {
	case TOLERATE_EXPIRED:
		return 1U << PEER_EXPIRED;
	case TOLERATE_NOT_YET_VALID:
		return 1U << PEER_NOT_YET_VALID;
	case TOLERATE_WRONG_USAGE:
		return 1U << PEER_WRONG_USAGE;
	case TOLERATE_WEAK:
		return 1U << PEER_WEAK;
	case TOLERATE_NO_STATUS:
		return 1U << PEER_NO_STATUS;
	}
	return 0;
}

static enum ocsp_use ocsp_of(enum ocsp_mode mode)
{
	switch (mode) {
	case OCSP_MODE_STAPLED:
		return OCSP_STAPLED;
	case OCSP_MODE_ASK:
		return OCSP_ASK;
	case OCSP_MODE_OFF:
		return OCSP_OFF;
	}
	return OCSP_STAPLED;
}

static struct peer_policy policy_of(const struct config_trunk *trunk, struct trust *trust,
                                    const struct shared *shared, struct peer_seen *seen)
{
	struct peer_policy p = { .trunk = trunk->name,
		                 .trust = trust,
		                 .seen = seen,
		                 .ocsp = ocsp_of(trunk->ocsp),
		                 .asks = shared->asks,
		                 .names = (const char *const *)trunk->verify_names,
		                 .nnames = trunk->nverify_names,
		                 .wildcards = trunk->wildcards == YES,
		                 .depth = trunk->verify_depth,
		                 .min_version = version_of(trunk->tls_least) };

	for (size_t i = 0; i < trunk->ntolerate; i++)
		p.tolerated |= fault_bit(trunk->tolerate[i]);
	return p;
}

/* Says whose configuration it is that cannot be. */
static enum err blame(const char *kind, const char *name, enum err err, char *why)
{
	char what[CERT_WHY_MAX];

	if (err) {
		snprintf(what, sizeof(what), "%s", why);
		snprintf(why, CERT_WHY_MAX, "%s %s: %.400s", kind, name, what);
	}
	return err;
}

static enum err make_client(const struct config *cfg, struct set *s, size_t i, char *why)
{
	const struct config_trunk *trunk = &cfg->trunks[i];
	const struct config_identity *id =
	    trunk->identity ? trunk->identity : trunk->realm->identity;
	struct tls_context_cfg c = { .peer_role = CERT_ROLE_SERVER,
		                     .identity = trunk_files_identity(&s->files, id),
		                     .also = trunk_files_identity(&s->files, id ? id->also : NULL),
		                     .with_root = id && trunk->send_root == YES,
		                     .policies = &s->policies[i],
		                     .npolicies = 1,
		                     .min_version = version_of(trunk->tls_least),
		                     .ciphers = trunk->ciphers };

	s->policies[i] = policy_of(trunk, s->files.trusts[i], s->shared, &s->shared->seen[i]);
	return blame("trunk", trunk->name, tls_context_new(&s->clients[i], &c, why), why);
}

static bool has_listener(const struct config_realm *realm, bool mutual)
{
	for (size_t i = 0; i < realm->nlisteners; i++) {
		if (realm->listeners[i].transport == TRANSPORT_TLS &&
		    realm->listeners[i].mutual >= mutual)
			return true;
	}
	return false;
}

/* What a listener's context is made from. only: the trunks that this identity is for; NULL: all of
 * the realm. mem_free the policies and the ciphers. */
struct server_cfg {
	struct tls_context_cfg c;
	struct peer_policy *policies;
	char *ciphers;
};

static enum err add_ciphers(struct server_cfg *out, const char *ciphers)
{
	char *both;

	if (!ciphers)
		return OK;
	both = mem_printf("%s%s%s", out->ciphers ? out->ciphers : "", out->ciphers ? ":" : "",
	                  ciphers);
	if (!both)
		return ERR_NOMEM;
	mem_free(out->ciphers);
	out->ciphers = both;
	out->c.ciphers = both;
	return OK;
}

static enum err server_cfg_fill(struct server_cfg *out, const struct config *cfg,
                                const struct set *s, const struct config_realm *realm,
                                const struct config_identity *only)
{
	const struct config_identity *id = only ? only : realm->identity;
	enum err err = OK;

	*out = (struct server_cfg){ .policies =
		                        mem_zalloc((cfg->ntrunks + 1) * sizeof(*out->policies)) };
	if (!out->policies)
		return ERR_NOMEM;
	out->c =
	    (struct tls_context_cfg){ .peer_role = CERT_ROLE_CLIENT,
		                      .identity = trunk_files_identity(&s->files, id),
		                      .also = trunk_files_identity(&s->files, id ? id->also : NULL),
		                      .policies = out->policies };
	for (size_t i = 0; !err && i < cfg->ntrunks; i++) {
		const struct config_trunk *trunk = &cfg->trunks[i];

		if (trunk->realm != realm || (only && trunk->server_identity != only))
			continue;
		out->policies[out->c.npolicies++] = s->policies[i];
		out->c.with_root = out->c.with_root || trunk->send_root == YES;
		if (trunk->tls_least == TLS_LEAST_1_1)
			out->c.min_version = TLS_1_1;
		err = add_ciphers(out, trunk->ciphers);
	}
	return err;
}

static void server_cfg_free(struct server_cfg *sc)
{
	mem_free(sc->policies);
	mem_free(sc->ciphers);
}

/* The identity of the i-th trunk's own in the realm, where no trunk before it has the same; NULL:
 * none. */
static const struct config_identity *own_identity(const struct config *cfg, size_t i,
                                                  const struct config_realm *realm)
{
	const struct config_identity *id = cfg->trunks[i].server_identity;

	if (cfg->trunks[i].realm != realm || !id)
		return NULL;
	for (size_t k = 0; k < i; k++) {
		if (cfg->trunks[k].realm == realm && cfg->trunks[k].server_identity == id)
			return NULL;
	}
	return id;
}

/* Whoever asks for a name that a trunk's own server identity has, must be such a trunk. */
static enum err add_own_identities(const struct config *cfg, struct set *s,
                                   const struct config_realm *realm, struct tls_context *ctx,
                                   char *why)
{
	enum err err = OK;

	for (size_t i = 0; !err && i < cfg->ntrunks; i++) {
		const struct config_identity *id = own_identity(cfg, i, realm);
		struct server_cfg sc;

		if (!id)
			continue;
		err = server_cfg_fill(&sc, cfg, s, realm, id);
		if (!err)
			err = tls_context_add_named(ctx, &sc.c, why);
		server_cfg_free(&sc);
	}
	return err;
}

static enum err make_server(const struct config *cfg, struct set *s,
                            const struct config_realm *realm, bool optional,
                            struct tls_context **out, char *why)
{
	struct server_cfg sc;
	enum err err = server_cfg_fill(&sc, cfg, s, realm, NULL);

	sc.c.certificate_optional = optional;
	if (!err)
		err = tls_context_new(out, &sc.c, why);
	if (!err)
		err = add_own_identities(cfg, s, realm, *out, why);
	server_cfg_free(&sc);
	return blame("realm", realm->name, err, why);
}

static enum err make_servers(const struct config *cfg, struct set *s, size_t i, char *why)
{
	const struct config_realm *realm = &cfg->realms[i];
	bool optional = realm->client_certificate == CLIENT_CERT_OPTIONAL;
	enum err err = OK;

	if (has_listener(realm, false))
		err = make_server(cfg, s, realm, optional, &s->servers[i], why);
	if (!err && optional && has_listener(realm, true))
		err = make_server(cfg, s, realm, false, &s->mutual[i], why);
	return err;
}

static void set_free(const struct config *cfg, struct set *s)
{
	for (size_t i = 0; s->servers && i < cfg->nrealms; i++)
		tls_context_free(&s->servers[i]);
	for (size_t i = 0; s->mutual && i < cfg->nrealms; i++)
		tls_context_free(&s->mutual[i]);
	for (size_t i = 0; s->clients && i < cfg->ntrunks; i++)
		tls_context_free(&s->clients[i]);
	trunk_files_free(&s->files);
	mem_free(s->policies);
	mem_free(s->clients);
	mem_free(s->servers);
	mem_free(s->mutual);
}

static enum err set_load(const struct config *cfg, struct set *s, const struct shared *shared,
                         char *why)
{
	enum err err = ERR_NOMEM;

	snprintf(why, CERT_WHY_MAX, "%s", err_text(ERR_NOMEM));
	*s = (struct set){ .shared = shared,
		           .policies = mem_zalloc(cfg->ntrunks * sizeof(*s->policies)),
		           .clients = mem_zalloc(cfg->ntrunks * sizeof(*s->clients)),
		           .servers = mem_zalloc(cfg->nrealms * sizeof(*s->servers)),
		           .mutual = mem_zalloc(cfg->nrealms * sizeof(*s->mutual)) };
	if (s->policies && s->clients && s->servers && s->mutual)
		err = trunk_files_load(&s->files, cfg, why);
	for (size_t i = 0; !err && i < cfg->ntrunks; i++)
		err = make_client(cfg, s, i, why);
	for (size_t i = 0; !err && i < cfg->nrealms; i++)
		err = make_servers(cfg, s, i, why);
	if (err)
		set_free(cfg, s);
	return err;
}

static bool any_asks(const struct config *cfg)
{
	for (size_t i = 0; i < cfg->ntrunks; i++) {
		if (cfg->trunks[i].ocsp == OCSP_MODE_ASK)
			return true;
	}
	return false;
}

static enum err shared_open(struct shared *s, const struct config *cfg, struct loop *loop)
{
	s->seen = mem_zalloc(cfg->ntrunks * sizeof(*s->seen));
	if (!s->seen)
		return ERR_NOMEM;
	return loop && any_asks(cfg) ? ocsp_open(&s->asks, loop) : OK;
}

static void shared_close(struct shared *s)
{
	ocsp_close(&s->asks);
	mem_free(s->seen);
}

enum err trunk_tls_new(struct trunk_tls **out, const struct config *cfg, struct loop *loop,
                       char *why)
{
	struct trunk_tls *t = mem_zalloc(sizeof(*t));
	enum err err;

	snprintf(why, CERT_WHY_MAX, "%s", err_text(ERR_NOMEM));
	if (!t)
		return ERR_NOMEM;
	err = shared_open(&t->shared, cfg, loop);
	if (!err)
		err = set_load(cfg, &t->set, &t->shared, why);
	if (err) {
		shared_close(&t->shared);
		mem_free(t);
		return err;
	}
	t->cfg = cfg;
	*out = t;
	return OK;
}

/* The contexts stay where they are, for those who hold them, and get the new content. */
static void swap_contexts(struct tls_context **held, struct tls_context **made, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct tls_context *kept = held[i];

		if (kept)
			tls_context_swap(kept, made[i]);
		held[i] = made[i];
		made[i] = kept;
	}
}

enum err trunk_tls_reload(struct trunk_tls *t, char *why)
{
	struct set next;
	enum err err = set_load(t->cfg, &next, &t->shared, why);

	if (err)
		return err;
	swap_contexts(t->set.clients, next.clients, t->cfg->ntrunks);
	swap_contexts(t->set.servers, next.servers, t->cfg->nrealms);
	swap_contexts(t->set.mutual, next.mutual, t->cfg->nrealms);
	set_free(t->cfg, &t->set);
	t->set = next;
	return OK;
}

void trunk_tls_free(struct trunk_tls **tp)
{
	struct trunk_tls *t = *tp;

	if (!t)
		return;
	set_free(t->cfg, &t->set);
	shared_close(&t->shared);
	mem_free(t);
	*tp = NULL;
}

struct tls_context *trunk_tls_client(const struct trunk_tls *t, size_t trunk)
{
	return t->set.clients[trunk];
}

struct tls_context *trunk_tls_server(const struct trunk_tls *t, size_t realm, bool mutual)
{
	return mutual && t->set.mutual[realm] ? t->set.mutual[realm] : t->set.servers[realm];
}

const struct identity *trunk_tls_identity(const struct trunk_tls *t, size_t identity)
{
	return t->set.files.identities[identity];
}

const struct peer_seen *trunk_tls_peer(const struct trunk_tls *t, size_t trunk)
{
	return &t->shared.seen[trunk];
}
