/* The certificates of all trunks and realms. A listener knows a trunk by the name in the
 * certificate that is shown to it, so its policies are those of the trunks of its realm. Signalling
 * thread. */
#include "sbc/trunk/trunk_tls.h"

#include <stdio.h>
#include <string.h>
#include "base/mem.h"
#include "certs/identity.h"
#include "certs/peer_check.h"
#include "certs/trust.h"

struct trunk_tls {
	const struct config *cfg;
	struct identity **identities; /* as in cfg */
	struct trust **trusts;        /* by trunk; those of one file are one */
	struct trust *machine;        /* its roots, for our own chains; NULL: it has none */
	struct peer_policy *policies; /* by trunk */
	struct tls_context **clients; /* by trunk */
	struct tls_context **servers; /* by realm */
};

static struct identity *find_identity(const struct trunk_tls *t, const struct config_identity *id)
{
	return id ? t->identities[id - t->cfg->identities] : NULL;
}

static enum err load_trust(struct trunk_tls *t, size_t i, char *why)
{
	const char *where = t->cfg->trunks[i].trust;

	for (size_t k = 0; k < i; k++) {
		if (strcmp(t->cfg->trunks[k].trust, where) == 0) {
			t->trusts[i] = trust_ref(t->trusts[k]);
			return OK;
		}
	}
	return trust_load(&t->trusts[i], where, why);
}

static enum err load_trusts(struct trunk_tls *t, char *why)
{
	char unused[CERT_WHY_MAX];
	enum err err = OK;

	for (size_t i = 0; !err && i < t->cfg->ntrunks; i++)
		err = load_trust(t, i, why);
	if (!err && trust_load(&t->machine, "system", unused) == ERR_NOMEM)
		err = ERR_NOMEM;
	return err;
}

/* An issuer that is missing in an identity's file may be known to any of the trusts. */
static enum err load_identities(struct trunk_tls *t, char *why)
{
	size_t nstores = 0;
	struct trust **stores = mem_zalloc((t->cfg->ntrunks + 1) * sizeof(struct trust *));
	enum err err = stores ? OK : ERR_NOMEM;

	for (size_t i = 0; stores && i < t->cfg->ntrunks; i++)
		stores[nstores++] = t->trusts[i];
	if (stores && t->machine)
		stores[nstores++] = t->machine;
	for (size_t i = 0; !err && i < t->cfg->nidentities; i++) {
		const struct config_identity *id = &t->cfg->identities[i];
		const struct identity_cfg cfg = { .name = id->name,
			                          .certificate = id->certificate,
			                          .key = id->key,
			                          .passphrase = id->passphrase_file,
			                          .stores = stores,
			                          .nstores = nstores };

		err = identity_load(&t->identities[i], &cfg, why);
	}
	mem_free(stores);
	return err;
}

static enum err make_client(struct trunk_tls *t, size_t i, char *why)
{
	const struct config_trunk *trunk = &t->cfg->trunks[i];
	const struct config_identity *id =
	    trunk->identity ? trunk->identity : trunk->realm->identity;
	struct tls_context_cfg cfg = { .peer_role = CERT_ROLE_SERVER,
		                       .identity = find_identity(t, id),
		                       .also = find_identity(t, id ? id->also : NULL),
		                       .with_root = id && trunk->send_root == YES,
		                       .policies = &t->policies[i],
		                       .npolicies = 1 };

	t->policies[i] = (struct peer_policy){ .trunk = trunk->name,
		                               .trust = t->trusts[i],
		                               .names = (const char *const *)trunk->verify_names,
		                               .nnames = trunk->nverify_names };
	return tls_context_new(&t->clients[i], &cfg, why);
}

static bool has_tls_listener(const struct config_realm *realm)
{
	for (size_t i = 0; i < realm->nlisteners; i++) {
		if (realm->listeners[i].transport == TRANSPORT_TLS)
			return true;
	}
	return false;
}

static enum err make_server(struct trunk_tls *t, size_t i, char *why)
{
	const struct config_realm *realm = &t->cfg->realms[i];
	struct peer_policy *policies;
	struct tls_context_cfg cfg = {
		.peer_role = CERT_ROLE_CLIENT,
		.identity = find_identity(t, realm->identity),
		.also = find_identity(t, realm->identity ? realm->identity->also : NULL),
		.certificate_optional = realm->client_certificate == CLIENT_CERT_OPTIONAL
	};
	enum err err;

	if (!has_tls_listener(realm))
		return OK;
	policies = mem_zalloc((t->cfg->ntrunks + 1) * sizeof(*policies));
	if (!policies)
		return ERR_NOMEM;
	for (size_t k = 0; k < t->cfg->ntrunks; k++) {
		if (t->cfg->trunks[k].realm != realm)
			continue;
		policies[cfg.npolicies++] = t->policies[k];
		cfg.with_root = cfg.with_root || t->cfg->trunks[k].send_root == YES;
	}
	cfg.policies = policies;
	err = tls_context_new(&t->servers[i], &cfg, why);
	mem_free(policies);
	return err;
}

enum err trunk_tls_new(struct trunk_tls **out, const struct config *cfg, char *why)
{
	struct trunk_tls *t = mem_zalloc(sizeof(*t));
	enum err err = ERR_NOMEM;

	snprintf(why, CERT_WHY_MAX, "%s", err_text(ERR_NOMEM));
	if (!t)
		return ERR_NOMEM;
	t->cfg = cfg;
	t->identities = mem_zalloc(cfg->nidentities * sizeof(*t->identities));
	t->trusts = mem_zalloc(cfg->ntrunks * sizeof(*t->trusts));
	t->policies = mem_zalloc(cfg->ntrunks * sizeof(*t->policies));
	t->clients = mem_zalloc(cfg->ntrunks * sizeof(*t->clients));
	t->servers = mem_zalloc(cfg->nrealms * sizeof(*t->servers));
	if (t->identities && t->trusts && t->policies && t->clients && t->servers)
		err = load_trusts(t, why);
	if (!err)
		err = load_identities(t, why);
	for (size_t i = 0; !err && i < cfg->ntrunks; i++)
		err = make_client(t, i, why);
	for (size_t i = 0; !err && i < cfg->nrealms; i++)
		err = make_server(t, i, why);
	if (err)
		trunk_tls_free(&t);
	else
		*out = t;
	return err;
}

void trunk_tls_free(struct trunk_tls **tp)
{
	struct trunk_tls *t = *tp;

	if (!t)
		return;
	for (size_t i = 0; t->servers && i < t->cfg->nrealms; i++)
		tls_context_free(&t->servers[i]);
	for (size_t i = 0; t->clients && i < t->cfg->ntrunks; i++)
		tls_context_free(&t->clients[i]);
	for (size_t i = 0; t->trusts && i < t->cfg->ntrunks; i++)
		trust_free(&t->trusts[i]);
	trust_free(&t->machine);
	for (size_t i = 0; t->identities && i < t->cfg->nidentities; i++)
		identity_free(&t->identities[i]);
	mem_free(t->identities);
	mem_free(t->trusts);
	mem_free(t->policies);
	mem_free(t->clients);
	mem_free(t->servers);
	mem_free(t);
	*tp = NULL;
}

struct tls_context *trunk_tls_client(const struct trunk_tls *t, size_t trunk)
{
	return t->clients[trunk];
}

struct tls_context *trunk_tls_server(const struct trunk_tls *t, size_t realm)
{
	return t->servers[realm];
}
