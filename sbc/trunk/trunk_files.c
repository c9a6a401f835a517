/* An issuer that is missing in an identity's file may be known to any of the trusts, so these come
 * first. */
#include "sbc/trunk/trunk_files.h"

#include <string.h>
#include "base/mem.h"

static bool same_trust(const struct config_trunk *a, const struct config_trunk *b)
{
	return !a->npins && !b->npins && !a->ncrls && !b->ncrls && strcmp(a->trust, b->trust) == 0;
}

static enum err load_trust(struct trunk_files *f, size_t i, char *why)
{
	const struct config_trunk *trunk = &f->cfg->trunks[i];
	const struct trust_cfg from = { .roots = trunk->trust,
		                        .pins = trunk->pins,
		                        .npins = trunk->npins,
		                        .crls = trunk->crls,
		                        .ncrls = trunk->ncrls };

	for (size_t k = 0; k < i; k++) {
		if (f->trusts[k] && same_trust(&f->cfg->trunks[k], trunk)) {
			f->trusts[i] = trust_ref(f->trusts[k]);
			return OK;
		}
	}
	return trust_load(&f->trusts[i], &from, why);
}

static enum err load_machine(struct trunk_files *f)
{
	const struct trust_cfg from = { .roots = "system", .late = true };
	char unused[CERT_WHY_MAX];

	return trust_load(&f->machine, &from, unused) == ERR_NOMEM ? ERR_NOMEM : OK;
}

static size_t gather_stores(const struct trunk_files *f, struct trust **stores)
{
	size_t n = 0;

	for (size_t i = 0; i < f->cfg->ntrunks; i++) {
		if (f->trusts[i])
			stores[n++] = f->trusts[i];
	}
	if (f->machine)
		stores[n++] = f->machine;
	return n;
}

static enum err load_identity(struct trunk_files *f, size_t i, struct trust *const *stores,
                              size_t nstores, char *why)
{
	const struct config_identity *id = &f->cfg->identities[i];
	const struct identity_cfg from = { .name = id->name,
		                           .certificate = id->certificate,
		                           .key = id->key,
		                           .passphrase = id->passphrase_file,
		                           .stores = stores,
		                           .nstores = nstores };

	return identity_load(&f->identities[i], &from, why);
}

/* A fault ends it where somebody wants all or nothing. */
static bool ends(enum err err, bool whole)
{
	return err == ERR_NOMEM || (err && whole);
}

/* why NULL: as much as there is; what is wrong with an identity stands in f->whys. */
static enum err fill(struct trunk_files *f, char *why)
{
	struct trust **stores = mem_zalloc((f->cfg->ntrunks + 1) * sizeof(struct trust *));
	char unused[CERT_WHY_MAX];
	enum err err = stores ? OK : ERR_NOMEM;
	size_t nstores;

	for (size_t i = 0; !ends(err, why != NULL) && i < f->cfg->ntrunks; i++)
		err = load_trust(f, i, why ? why : unused);
	if (!ends(err, why != NULL))
		err = load_machine(f);
	nstores = stores ? gather_stores(f, stores) : 0;
	for (size_t i = 0; !ends(err, why != NULL) && i < f->cfg->nidentities; i++)
		err = load_identity(f, i, stores, nstores, why ? why : f->whys[i]);
	mem_free(stores);
	return ends(err, why != NULL) ? err : OK;
}

static enum err load(struct trunk_files *out, const struct config *cfg, char *why)
{
	struct trunk_files f = { .cfg = cfg,
		                 .identities = mem_zalloc(cfg->nidentities * sizeof(*f.identities)),
		                 .trusts = mem_zalloc(cfg->ntrunks * sizeof(*f.trusts)),
		                 .whys = mem_zalloc(cfg->nidentities * sizeof(*f.whys)) };
	enum err err = f.identities && f.trusts && f.whys ? fill(&f, why) : ERR_NOMEM;

	if (err)
		trunk_files_free(&f);
	else
		*out = f;
	return err;
}

enum err trunk_files_load(struct trunk_files *out, const struct config *cfg, char *why)
{
	return load(out, cfg, why);
}

enum err trunk_files_try(struct trunk_files *out, const struct config *cfg)
{
	return load(out, cfg, NULL);
}

void trunk_files_free(struct trunk_files *f)
{
	for (size_t i = 0; f->trusts && i < f->cfg->ntrunks; i++)
		trust_free(&f->trusts[i]);
	trust_free(&f->machine);
	for (size_t i = 0; f->identities && i < f->cfg->nidentities; i++)
		identity_free(&f->identities[i]);
	mem_free(f->identities);
	mem_free(f->trusts);
	mem_free(f->whys);
	*f = (struct trunk_files){ 0 };
}

struct identity *trunk_files_identity(const struct trunk_files *f, const struct config_identity *id)
{
	return id ? f->identities[id - f->cfg->identities] : NULL;
}
