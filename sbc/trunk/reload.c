/* Reads the files anew and says what came of it. What is wrong in a file leaves the old ones in
 * force: a call is worth more than a typo. */
#include "sbc/trunk/reload.h"

#include <string.h>
#include "base/log.h"
#include "base/mem.h"
#include "certs/file_watch.h"

struct reload {
	const struct config *cfg;
	struct trunks *trunks;
	struct expiry *expiry;
	struct file_watch *watch; /* NULL: files are not watched */
};

enum err reload_now(struct reload *r, const char *by, char *why)
{
	enum err err = trunks_reload(r->trunks, why);

	if (err)
		LOG(LOG_ERROR, KV("event", "reload"), KV("by", by), KV("result", "refused"),
		    KV("why", why), KV("help", "the certificates that were there stay in use"));
	else
		LOG(LOG_INFO, KV("event", "reload"), KV("by", by), KV("result", "done"));
	if (!err && r->expiry)
		expiry_look(r->expiry);
	return err;
}

static void on_change(void *arg)
{
	char why[CERT_WHY_MAX];

	if (reload_now(arg, "files", why))
		return; /* the log has it */
}

static enum err watch(struct reload *r, const char *path)
{
	enum err err;

	if (!path || strcmp(path, "system") == 0 || strncmp(path, "sha256/", 7) == 0)
		return OK;
	err = file_watch_add(r->watch, path);
	if (err != ERR_IO)
		return err;
	LOG(LOG_WARN, KV("event", "reload"), KV("result", "not watched"), KV("file", path),
	    KV("help", "after a change of it: trunkgate reload"));
	return OK;
}

static enum err watch_trunk(struct reload *r, const struct config_trunk *trunk)
{
	enum err err = watch(r, trunk->trust);

	for (size_t i = 0; !err && i < trunk->npins; i++)
		err = watch(r, trunk->pins[i]);
	for (size_t i = 0; !err && i < trunk->ncrls; i++)
		err = watch(r, trunk->crls[i]);
	return err;
}

static enum err watch_all(struct reload *r)
{
	enum err err = OK;

	for (size_t i = 0; !err && i < r->cfg->nidentities; i++) {
		const struct config_identity *id = &r->cfg->identities[i];

		err = watch(r, id->certificate);
		if (!err)
			err = watch(r, id->key);
		if (!err)
			err = watch(r, id->passphrase_file);
	}
	for (size_t i = 0; !err && i < r->cfg->ntrunks; i++)
		err = watch_trunk(r, &r->cfg->trunks[i]);
	return err;
}

enum err reload_open(struct reload **out, const struct config *cfg, struct loop *loop,
                     struct trunks *ts, struct expiry *expiry)
{
	struct reload *r = mem_zalloc(sizeof(*r));
	enum err err;

	if (!r)
		return ERR_NOMEM;
	r->cfg = cfg;
	r->trunks = ts;
	r->expiry = expiry;
	err = file_watch_new(&r->watch, loop, on_change, r);
	if (err == ERR_IO) {
		LOG(LOG_WARN, KV("event", "reload"), KV("result", "nothing is watched"),
		    KV("help", "after a change of certificates: trunkgate reload"));
		err = OK;
	} else if (!err) {
		err = watch_all(r);
	}
	if (err)
		reload_close(&r);
	else
		*out = r;
	return err;
}

void reload_close(struct reload **rp)
{
	struct reload *r = *rp;

	*rp = NULL;
	if (!r)
		return;
	file_watch_free(&r->watch);
	mem_free(r);
}
