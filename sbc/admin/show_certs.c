/* `show certs`: our identities with who uses them, and what the trunks' peers showed last.
 * Signalling thread. */
#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "sbc/admin/fields.h"
#include "sbc/admin/show.h"
#include "sbc/trunk/trunk_tls.h"

#define LIST_MAX    512
#define ENDING_DAYS 30

static void add_name(char *list, const char *name, const char *what)
{
	size_t len = strlen(list);

	snprintf(list + len, LIST_MAX - len, "%s%s%s", len ? ", " : "", name, what);
}

static bool is_or_has(const struct config_identity *used, const struct config_identity *id)
{
	return used && (used == id || used->also == id);
}

/* "acme (client), beta": both roles where none is written. */
static void users_of(const struct config *cfg, const struct config_identity *id, char *list)
{
	*list = '\0';
	for (size_t i = 0; i < cfg->ntrunks; i++) {
		const struct config_trunk *t = &cfg->trunks[i];
		bool client = is_or_has(t->identity ? t->identity : t->realm->identity, id);
		bool server =
		    is_or_has(t->realm->identity, id) || is_or_has(t->server_identity, id);

		if (client || server)
			add_name(list, t->name,
			         client && server ? ""
			         : client         ? " (client)"
			                          : " (server)");
	}
}

static void add_info(struct fields *f, const struct cert_info *info)
{
	int64_t days = cert_days_left(info, clock_wall_s());
	char day[CERT_DAY_MAX];

	fields_text(f, "subject", info->subject);
	fields_text(f, "names", info->names);
	fields_text(f, "issuer", info->issuer);
	fields_text(f, "key", info->key);
	fields_text(f, "valid_from", cert_day_text(info->not_before_s, day));
	fields_text(f, "expires_on", cert_day_text(info->not_after_s, day));
	fields_put(f, "days_left", json_integer(days));
	fields_text(f, "usage",
	            info->as_server && info->as_client ? "server, client"
	            : info->as_server                  ? "server"
	            : info->as_client                  ? "client"
	                                               : "neither");
}

static json_t *own_json(const struct show_env *env, size_t i)
{
	const struct config_identity *id = &env->from.cfg->identities[i];
	const struct identity *loaded = trunk_tls_identity(trunks_tls(env->from.trunks), i);
	struct cert_info info;
	char users[LIST_MAX];
	struct fields f;

	cert_info_read(&info, identity_leaf(loaded));
	info.not_after_s = identity_not_after_s(loaded); /* a chain is as good as all of it */
	users_of(env->from.cfg, id, users);
	fields_init(&f);
	fields_text(&f, "name", id->name);
	fields_text(&f, "whose", "ours");
	add_info(&f, &info);
	fields_text(&f, "chain_ends_at", identity_chain_end(loaded));
	fields_text(&f, "trunks", *users ? users : NULL);
	fields_text(&f, "seen_s", NULL);
	return fields_take(&f);
}

static json_t *peer_json(const struct show_env *env, size_t i)
{
	const struct peer_seen *seen = trunk_tls_peer(trunks_tls(env->from.trunks), i);
	int64_t ago_s = clock_wall_s() - seen->seen_s;
	struct fields f;

	fields_init(&f);
	fields_text(&f, "name", env->from.cfg->trunks[i].name);
	fields_text(&f, "whose", "the peer's");
	add_info(&f, &seen->info);
	fields_text(&f, "chain_ends_at", NULL);
	fields_text(&f, "trunks", env->from.cfg->trunks[i].name);
	fields_count(&f, "seen_s", ago_s > 0 ? (uint64_t)ago_s : 0);
	return fields_take(&f);
}

json_t *show_certs(const struct show_env *env)
{
	json_t *array = json_array();
	bool ok = array != NULL;

	for (size_t i = 0; ok && i < env->from.cfg->nidentities; i++)
		ok = fields_append(array, own_json(env, i));
	for (size_t i = 0; ok && i < env->from.cfg->ntrunks; i++) {
		if (trunk_tls_peer(trunks_tls(env->from.trunks), i)->seen_s)
			ok = fields_append(array, peer_json(env, i));
	}
	if (ok)
		return array;
	json_decref(array);
	return NULL;
}

size_t show_certs_ending(const struct show_env *env)
{
	const struct config *cfg = env->from.cfg;
	const struct trunk_tls *tls = trunks_tls(env->from.trunks);
	int64_t soon_s = clock_wall_s() + ENDING_DAYS * DAY_S;
	size_t n = 0;

	for (size_t i = 0; i < cfg->nidentities; i++)
		n += identity_not_after_s(trunk_tls_identity(tls, i)) < soon_s;
	for (size_t i = 0; i < cfg->ntrunks; i++) {
		const struct peer_seen *seen = trunk_tls_peer(tls, i);

		n += seen->seen_s && seen->info.not_after_s < soon_s;
	}
	return n;
}
