/* Reads the files anew and says what came of it. What is wrong in a file leaves the old ones in
 * force: a call is worth more than a typo. */
#include "sbc/trunk/reload.h"

#include "base/log.h"
#include "base/mem.h"
#include "certs/file_watch.h"
#include "certs/trust.h"

struct reload {
	struct reload_cfg from;
	struct file_watch *watch; /* NULL: files are not watched */
};

/* Connections that stand have been made with what was there before. */
static void drain(struct reload *r)
{
	const struct config *cfg = r->from.cfg;

	for (size_t i = 0; r->from.stack && i < cfg->ntrunks; i++) {
		if (cfg->trunks[i].drain_after_ms)
			stack_drain(r->from.stack, cfg->trunks[i].name,
			            cfg->trunks[i].drain_after_ms);
	}
}

enum err reload_now(struct reload *r, const char *by, char *why)
{
	enum err err = trunks_reload(r->from.trunks, why);

	if (err)
		LOG(LOG_ERROR, KV("event", "reload"), KV("by", by), KV("result", "refused"),
		    KV("why", why), KV("help", "the certificates that were there stay in use"));
	else
		LOG(LOG_INFO, KV("event", "reload"), KV("by", by), KV("result", "done"));
	if (err)
		return err;
	drain(r);
	if (r->from.expiry)
		expiry_look(r->from.expiry);
	return OK;
}

static void on_change(void *arg)
{
	char why[CERT_WHY_MAX];

	if (reload_now(arg, "files", why))
		return; /* the log has it */
}

/* text: as trust_cfg has it; NULL: nothing. */
static enum err watch(struct reload *r, const char *text)
{
	char *path = NULL;
	enum err err = text ? trust_path(&path, text) : OK;

	if (!err && path)
		err = file_watch_add(r->watch, path);
	mem_free(path);
	if (err != ERR_IO)
		return err;
	LOG(LOG_WARN, KV("event", "reload"), KV("result", "not watched"), KV("file", text),
	    KV("help",
	       "it is tried again every 10 s; until then, after a change of it: trunkgate reload"));
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

	for (size_t i = 0; !err && i < r->from.cfg->nidentities; i++) {
		const struct config_identity *id = &r->from.cfg->identities[i];

		err = watch(r, id->certificate);
		if (!err)
			err = watch(r, id->key);
		if (!err)
			err = watch(r, id->passphrase_file);
	}
	for (size_t i = 0; !err && i < r->from.cfg->ntrunks; i++)
		err = watch_trunk(r, &r->from.cfg->trunks[i]);
	return err;
}

enum err reload_open(struct reload **out, const struct reload_cfg *cfg)
{
	struct reload *r = mem_zalloc(sizeof(*r));
	enum err err;

	if (!r)
		return ERR_NOMEM;
	r->from = *cfg;
	err = file_watch_new(&r->watch, cfg->loop, on_change, r);
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
