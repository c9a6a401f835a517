/* Wires the layers together and takes them apart again. What travels upward is one handler per
 * layer, set here. */
#include "sbc/app/layers.h"

#include <stdio.h>
#include "base/mem.h"
#include "sbc/b2bua/realm_media.h"

static enum err open_media(struct layers *l, char *why)
{
	const struct config *cfg = l->cfg;
	enum err err = media_new(&l->media, l->loop, cfg->media_workers, cfg->media_gather_ms);

	if (err)
		return err_explain(err, "media workers", why, CERT_WHY_MAX);
	l->media_realms = mem_zalloc(cfg->nrealms * sizeof(struct media_realm *));
	if (!l->media_realms)
		return err_explain(ERR_NOMEM, "media", why, CERT_WHY_MAX);
	for (size_t i = 0; !err && i < cfg->nrealms; i++) {
		const struct config_realm *r = &cfg->realms[i];
		struct media_realm_cfg m = realm_media(r);

		err = err_explain(media_add_realm(l->media, &m, &l->media_realms[i]), r->name, why,
		                  CERT_WHY_MAX);
	}
	return err;
}

static enum err open_sip(struct layers *l, char *why)
{
	const struct config *cfg = l->cfg;
	const struct stack_limits limits = { .transactions = cfg->max_transactions,
		                             .connections = cfg->max_connections,
		                             .connections_per_source =
		                                 cfg->max_connections_per_source };
	struct sip_realm *realm;
	enum err err = trunks_new(&l->trunks, cfg, l->loop, why);

	if (err)
		return err;
	err = err_explain(stack_new(&l->stack, l->loop, loop_timers(l->loop), &limits), "SIP", why,
	                  CERT_WHY_MAX);
	if (!err && l->opener)
		stack_set_opener(l->stack, l->opener);
	for (size_t i = 0; !err && i < cfg->nrealms; i++) {
		struct realm_tls tls = trunks_realm_tls(l->trunks, &cfg->realms[i]);

		err = stack_add_realm(l->stack, &cfg->realms[i], &tls, &realm, why);
	}
	if (!err)
		err =
		    err_explain(stack_watch_addresses(l->stack, trunks_system_resolver(l->trunks)),
		                "SIP", why, CERT_WHY_MAX);
	if (!err)
		err = err_explain(dialogs_new(&l->dialogs, 2 * (size_t)cfg->max_calls + 1000),
		                  "SIP", why, CERT_WHY_MAX);
	return err;
}

static enum err open_border(struct layers *l)
{
	struct border_cfg border;
	struct stack_handler handler = { .on_request = border_on_request, .on_ack = border_on_ack };
	enum err err = locations_new(&l->locations, l->cfg, loop_timers(l->loop));

	if (!err)
		err = phone_auth_new(&l->auth, l->cfg);
	border = (struct border_cfg){ .cfg = l->cfg,
		                      .stack = l->stack,
		                      .dialogs = l->dialogs,
		                      .media = l->media,
		                      .media_realms = l->media_realms,
		                      .trunks = l->trunks,
		                      .locations = l->locations,
		                      .auth = l->auth };
	if (!err)
		err = border_new(&l->border, &border);
	if (err)
		return err;
	handler.arg = l->border;
	stack_set_handler(l->stack, &handler);
	return OK;
}

static enum err open_certificate_care(struct layers *l)
{
	enum err err = expiry_open(&l->expiry, l->cfg, loop_timers(l->loop), trunks_tls(l->trunks));
	struct reload_cfg reload = { .cfg = l->cfg,
		                     .loop = l->loop,
		                     .trunks = l->trunks,
		                     .stack = l->stack,
		                     .expiry = l->expiry };

	return err ? err : reload_open(&l->reload, &reload);
}

enum err layers_open(struct layers *l, char *why)
{
	enum err err;

	message_library_open();
	err = open_media(l, why);
	if (!err)
		err = open_sip(l, why);
	if (!err)
		err = err_explain(open_border(l), "border", why, CERT_WHY_MAX);
	if (!err)
		err = err_explain(open_certificate_care(l), "certificates", why, CERT_WHY_MAX);
	return err;
}

/* Upside down. */
void layers_close(struct layers *l)
{
	reload_close(&l->reload);
	expiry_close(&l->expiry);
	border_free(&l->border);
	phone_auth_free(&l->auth);
	locations_free(&l->locations);
	stack_free(&l->stack);
	dialogs_free(&l->dialogs);
	trunks_free(&l->trunks);
	media_free(&l->media);
	mem_free(l->media_realms);
	l->media_realms = NULL;
}
