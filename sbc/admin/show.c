/* The questions and their answers: status, trunks, phones; those about calls are show_call.c's.
 * Signalling thread. */
#include "sbc/admin/show.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "sbc/admin/ctl_socket.h"
#include "sbc/admin/fields.h"
#include "sbc/sip/outer.h"

#define SLICE 32 /* items at one go: some milliseconds */

json_t *show_error(const char *fmt, ...)
{
	char text[CERT_WHY_MAX + 64];
	struct fields f;
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	fields_init(&f);
	fields_text(&f, "error", text);
	return fields_take(&f);
}

static int append(const char *data, size_t len, void *arg)
{
	buf_add(arg, data, len);
	return 0; /* the buffer keeps its error */
}

/* Takes value. */
static void write_json(struct buf *out, json_t *value)
{
	if (!value ||
	    json_dump_callback(value, append, out, JSON_COMPACT | JSON_REAL_PRECISION(12)) != 0)
		out->err = out->err ? out->err : ERR_NOMEM;
	json_decref(value);
}

/* Where it is seen, if that is looked for. */
static void put_outer(struct fields *f, const struct sip_realm *realm)
{
	const struct outer *outer = realm ? sip_realm_outer(realm) : NULL;
	char text[ADDR_TEXT_MAX];

	if (!outer)
		return;
	fields_text(f, "seen_by", sip_realm_config(realm)->outer.host);
	fields_text(f, "seen_at",
	            addr_is_set(outer_address(outer))
	                ? addr_host(outer_address(outer), text, sizeof(text))
	                : NULL);
	fields_text(f, "seen_problem", outer_problem(outer));
}

static json_t *realms(const struct ctl_cfg *from, size_t *total)
{
	json_t *array = json_array();
	bool ok = array != NULL;

	*total = 0;
	for (size_t i = 0; ok && i < from->cfg->nrealms; i++) {
		size_t used = media_realm_used(from->media_realms[i]);
		struct fields f;

		*total += used;
		fields_init(&f);
		fields_text(&f, "name", from->cfg->realms[i].name);
		fields_count(&f, "media_ports_used", used);
		fields_count(&f, "media_ports_size", media_realm_size(from->media_realms[i]));
		put_outer(&f, stack_realm(from->stack, &from->cfg->realms[i]));
		ok = fields_append(array, fields_take(&f));
	}
	if (ok)
		return array;
	json_decref(array);
	return NULL;
}

static void show_status(const struct show_env *env, struct buf *out)
{
	struct stack_counts counts;
	struct fields f;
	size_t media_ports;
	json_t *by_realm = realms(&env->from, &media_ports);

	stack_counts(env->from.stack, &counts);
	fields_init(&f);
	fields_text(&f, "version", TRUNKGATE_VERSION);
	fields_count(&f, "uptime_s", (clock_mono_ms() - env->opened_ms) / 1000);
	fields_count(&f, "calls", border_ncalls(env->from.border));
	fields_count(&f, "media_ports", media_ports);
	fields_count(&f, "transactions", counts.client_txns + counts.server_txns);
	fields_count(&f, "dialogs", dialogs_count(env->from.dialogs));
	fields_count(&f, "connections", counts.connections);
	fields_count(&f, "certs_ending", show_certs_ending(env));
	fields_put(&f, "realms", by_realm);
	write_json(out, fields_take(&f));
}

/* False: there is none. */
static bool next_call(const struct show_env *env, struct show_rest *rest, json_t **out)
{
	const struct call *call = call_cursor_next(&rest->calls);
	struct call_info info;

	(void)env;
	if (!call)
		return false;
	call_get_info(call, &info);
	*out = show_call(&info);
	return true;
}

static json_t *trunk_json(const struct trunk *t)
{
	struct trunk_stats stats;
	struct fields f;
	int64_t since_s;

	trunk_stats(t, &stats);
	since_s = clock_wall_s() - stats.since_s;
	fields_init(&f);
	fields_text(&f, "name", trunk_config(t)->name);
	fields_text(&f, "state", trunk_state_name(stats.state));
	fields_count(&f, "since_s", since_s > 0 ? (uint64_t)since_s : 0);
	fields_text(&f, "domain", trunk_config(t)->domain);
	fields_count(&f, "calls", stats.calls);
	fields_count(&f, "max_calls", stats.max_calls);
	fields_count(&f, "calls_out", stats.calls_out);
	fields_count(&f, "calls_in", stats.calls_in);
	fields_count(&f, "failed", stats.failed);
	fields_count(&f, "refused", stats.refused);
	fields_text(&f, "last_error", stats.last_error);
	return fields_take(&f);
}

static bool next_trunk(const struct show_env *env, struct show_rest *rest, json_t **out)
{
	if (rest->n == trunks_count(env->from.trunks))
		return false;
	*out = trunk_json(trunks_at(env->from.trunks, rest->n));
	return true;
}

static void registered(struct fields *f, const struct location *l)
{
	uint64_t now = clock_mono_ms();
	char where[ADDR_TEXT_MAX];

	fields_text(f, "known", "registered");
	fields_text(f, "where", addr_text(&l->flow.peer, where, sizeof(where)));
	fields_text(f, "transport", transport_name(l->flow.conn->transport));
	fields_count(f, "expires_in_s", l->expires_ms > now ? (l->expires_ms - now) / 1000 : 0);
	fields_text(f, "user_agent", l->user_agent);
}

static void not_registered(struct fields *f, const struct config_phone *phone)
{
	bool by_address = addr_is_set(&phone->address);
	char where[ADDR_TEXT_MAX];

	fields_text(f, "known", by_address ? "address" : "not registered");
	fields_text(f, "where",
	            by_address ? addr_text(&phone->address, where, sizeof(where)) : NULL);
	fields_text(f, "transport", NULL);
	fields_text(f, "expires_in_s", NULL);
	fields_text(f, "user_agent", NULL);
}

static json_t *phone_json(const struct config_phone *phone, const struct location *l,
                          const struct limit *limit)
{
	struct fields f;

	fields_init(&f);
	fields_text(&f, "name", phone->name);
	fields_text(&f, "realm", phone->realm->name);
	if (l)
		registered(&f, l);
	else
		not_registered(&f, phone);
	fields_count(&f, "calls", limit->calls);
	fields_count(&f, "max_calls", limit->max_calls);
	fields_count(&f, "refused", limit->refused);
	return fields_take(&f);
}

static bool next_phone(const struct show_env *env, struct show_rest *rest, json_t **out)
{
	const struct config *cfg = env->from.cfg;
	const struct config_phone *phone;

	if (rest->n == cfg->nphones)
		return false;
	phone = &cfg->phones[rest->n];
	*out = phone_json(phone, location_get(env->from.locations, phone),
	                  border_phone_limit(env->from.border, phone));
	return true;
}

static const struct show_list {
	const char *what;
	bool (*next)(const struct show_env *env, struct show_rest *rest, json_t **out);
} lists[] = { { "calls", next_call }, { "trunks", next_trunk }, { "phones", next_phone } };

void show_stop(struct show_rest *rest)
{
	call_cursor_close(&rest->calls);
	rest->list = NULL;
}

void show_go_on(const struct show_env *env, struct show_rest *rest, struct buf *out)
{
	for (unsigned i = 0; i < SLICE; i++) {
		json_t *item;

		if (!rest->list->next(env, rest, &item)) {
			buf_puts(out, "]\n");
			show_stop(rest);
			return;
		}
		if (rest->n++)
			buf_puts(out, ",");
		write_json(out, item);
	}
}

/* False: what is no list. */
static bool show_list(const struct show_env *env, const char *what, struct show_rest *rest,
                      struct buf *out)
{
	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		if (strcmp(what, lists[i].what) != 0)
			continue;
		*rest = (struct show_rest){ .list = &lists[i] };
		call_cursor_open(&rest->calls, env->from.border);
		buf_puts(out, "[");
		show_go_on(env, rest, out);
		return true;
	}
	return false;
}

static json_t *reload(const struct show_env *env)
{
	char why[CERT_WHY_MAX];
	struct fields f;

	if (!env->from.reload)
		return show_error("this server has nothing to read anew");
	if (reload_now(env->from.reload, "command", why))
		return show_error("refused, and what was there stays in use: %s", why);
	fields_init(&f);
	fields_text(&f, "reloaded", "certificates, keys, trust and CRLs");
	return fields_take(&f);
}

/* At most three words; false: there are more. */
static bool split(char *question, char *words[3])
{
	char *rest = question, *word;
	size_t n = 0;

	memset(words, 0, 3 * sizeof(*words));
	while ((word = strtok_r(n ? NULL : question, " \t\r", &rest))) {
		if (n == 3)
			return false;
		words[n++] = word;
	}
	return true;
}

void show_answer(const struct show_env *env, char *question, struct show_rest *rest,
                 struct buf *out)
{
	char *words[3];
	bool ok = split(question, words) && words[1] && strcmp(words[0], "show") == 0;

	*rest = (struct show_rest){ 0 };
	if (ok && !words[2] && show_list(env, words[1], rest, out))
		return;
	if (ok && !words[2] && strcmp(words[1], "status") == 0)
		show_status(env, out);
	else if (ok && !words[2] && strcmp(words[1], "certs") == 0)
		write_json(out, show_certs(env));
	else if (words[0] && !words[1] && strcmp(words[0], "reload") == 0)
		write_json(out, reload(env));
	else if (ok && strcmp(words[1], "ladder") == 0)
		write_json(out, show_ladder(env, words[2]));
	else
		write_json(out, show_error("this is not a question: ask show calls, show trunks, "
		                           "show phones, show certs, show status, show ladder "
		                           "[CALL] or reload"));
	buf_puts(out, "\n");
}
