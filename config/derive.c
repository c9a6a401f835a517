/* What absent options mean where that depends on others. */
#include "config/check.h"

#include <string.h>
#include "base/mem.h"

static enum err copy(char **field, const char *text)
{
	if (*field || !text)
		return OK;
	*field = mem_strdup(text);
	return *field ? OK : ERR_NOMEM;
}

/* A name in advertise is written as it stands; one in media-advertise must become an address. */
static void derive_outer(struct config_realm *realm)
{
	struct config_outer uris = { 0 }, media = { 0 };
	bool asks = realm->advertise && outer_read(&uris, realm->advertise) && uris.port;

	if (realm->media_host && addr_parse(&realm->media_advertise, realm->media_host) != OK &&
	    !outer_read(&media, realm->media_host))
		return;
	if (!asks) {
		realm->outer = media;
		realm->outer.in_media = *media.host;
		return;
	}
	mem_free(realm->advertise);
	realm->advertise = NULL;
	realm->outer = uris;
	realm->outer.in_uris = true;
	realm->outer.in_media = !realm->media_host || *media.host;
	realm->outer.clash =
	    *media.host && (strcmp(media.host, uris.host) != 0 || media.port != uris.port);
}

static void derive_realm(struct config_realm *realm)
{
	if (!addr_is_set(&realm->media_address) && realm->nlisteners &&
	    !addr_is_any(&realm->listeners[0].addr)) {
		realm->media_address = realm->listeners[0].addr;
		addr_set_port(&realm->media_address, 0);
	}
	derive_outer(realm);
	if (!addr_is_set(&realm->media_advertise))
		realm->media_advertise = realm->media_address;
}

static enum err derive_trunk(const struct config *cfg, struct config_trunk *trunk)
{
	if (!trunk->identity && trunk->realm)
		trunk->identity = trunk->realm->identity;
	if (!trunk->max_calls)
		trunk->max_calls = cfg->max_calls;
	if (trunk->nverify_names || !trunk->domain)
		return OK;
	trunk->verify_names = mem_zalloc(sizeof(*trunk->verify_names));
	if (!trunk->verify_names)
		return ERR_NOMEM;
	trunk->nverify_names = 1;
	return copy(&trunk->verify_names[0], trunk->domain);
}

enum err config_derive(struct config *cfg)
{
	enum err err = OK;

	for (size_t i = 0; i < cfg->nidentities && !err; i++)
		err = copy(&cfg->identities[i].key, cfg->identities[i].certificate);
	for (size_t i = 0; i < cfg->nrealms; i++)
		derive_realm(&cfg->realms[i]);
	for (size_t i = 0; i < cfg->nphones; i++) {
		if (!cfg->phones[i].max_calls)
			cfg->phones[i].max_calls = cfg->max_calls;
	}
	for (size_t i = 0; i < cfg->ntrunks && !err; i++)
		err = derive_trunk(cfg, &cfg->trunks[i]);
	return err;
}
