/* Tables of calls, trunks, phones and status. One thread. */
#include "sbc/admin/print.h"

#include <string.h>
#include "sbc/admin/text_table.h"

const char *print_text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

json_int_t print_count_of(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

static void add_text(struct text_table *t, const json_t *object, const char *key)
{
	text_table_add(t, print_text_of(object, key));
}

static void add_count(struct text_table *t, const json_t *object, const char *key)
{
	if (json_is_integer(json_object_get(object, key)))
		text_table_addf(t, "%" JSON_INTEGER_FORMAT, print_count_of(object, key));
	else
		text_table_add(t, NULL);
}

static void add_duration(struct text_table *t, const json_t *object, const char *key)
{
	json_int_t seconds = print_count_of(object, key);
	char text[DURATION_MAX];

	if (json_is_integer(json_object_get(object, key)) && seconds >= 0)
		text_table_add(t, text_duration((uint64_t)seconds, text));
	else
		text_table_add(t, NULL);
}

static const char *const call_heads[] = { "CALL",   "STATE", ">SINCE", "LEG",      "PARTY",
	                                  "NUMBER", "PEER",  "TLS",    "VERIFIED", "SRTP",
	                                  ">IN",    ">OUT",  ">LOST",  ">JITTER",  ">REFUSED" };

static void leg_row(struct text_table *t, const json_t *leg, const char *side)
{
	text_table_add(t, side);
	add_text(t, leg, "party");
	add_text(t, leg, "number");
	add_text(t, leg, "peer");
	add_text(t, leg, "tls");
	add_text(t, leg, "verified");
	add_text(t, leg, "srtp");
	add_count(t, leg, "packets_in");
	add_count(t, leg, "packets_out");
	add_count(t, leg, "lost");
	text_table_addf(t, "%.1f ms", json_number_value(json_object_get(leg, "jitter_ms")));
	text_table_addf(t, "%" JSON_INTEGER_FORMAT,
	                print_count_of(leg, "bad_source") + print_count_of(leg, "bad_auth"));
}

static void call_rows(struct text_table *t, const json_t *call)
{
	add_text(t, call, "id");
	add_text(t, call, "state");
	add_duration(t, call, "since_s");
	leg_row(t, json_object_get(call, "caller"), "caller");
	for (int i = 0; i < 3; i++)
		text_table_add(t, " ");
	leg_row(t, json_object_get(call, "callee"), "callee");
}

static void add_calls(struct text_table *t, const json_t *object)
{
	text_table_addf(t, "%" JSON_INTEGER_FORMAT "/%" JSON_INTEGER_FORMAT,
	                print_count_of(object, "calls"), print_count_of(object, "max_calls"));
}

static const char *const trunk_heads[] = { "TRUNK", "STATE", ">SINCE",  "DOMAIN",   ">CALLS",
	                                   ">OUT",  ">IN",   ">FAILED", ">REFUSED", "LAST ERROR" };

static void trunk_row(struct text_table *t, const json_t *trunk)
{
	add_text(t, trunk, "name");
	add_text(t, trunk, "state");
	add_duration(t, trunk, "since_s");
	add_text(t, trunk, "domain");
	add_calls(t, trunk);
	add_count(t, trunk, "calls_out");
	add_count(t, trunk, "calls_in");
	add_count(t, trunk, "failed");
	add_count(t, trunk, "refused");
	add_text(t, trunk, "last_error");
}

static const char *const phone_heads[] = { "PHONE",       "REALM",  "KNOWN",    "WHERE",     "OVER",
	                                   ">EXPIRES IN", ">CALLS", ">REFUSED", "USER AGENT" };

static void phone_row(struct text_table *t, const json_t *phone)
{
	add_text(t, phone, "name");
	add_text(t, phone, "realm");
	add_text(t, phone, "known");
	add_text(t, phone, "where");
	add_text(t, phone, "transport");
	add_duration(t, phone, "expires_in_s");
	add_calls(t, phone);
	add_count(t, phone, "refused");
	add_text(t, phone, "user_agent");
}

static enum err print_status(FILE *out, const json_t *status)
{
	static const char *const heads[] = { "REALM", ">MEDIA PORTS", ">OF" };
	static const char *const counts[][2] = { { "calls", "calls" },
		                                 { "media ports", "media_ports" },
		                                 { "transactions", "transactions" },
		                                 { "dialogs", "dialogs" },
		                                 { "connections", "connections" },
		                                 { "certs ending", "certs_ending" } };
	json_int_t uptime = print_count_of(status, "uptime_s");
	const json_t *realms = json_object_get(status, "realms");
	char text[DURATION_MAX];
	struct text_table t;
	enum err err;

	fprintf(out, "%-14s%s\n", "version", print_text_of(status, "version"));
	fprintf(out, "%-14s%s\n", "up for", text_duration(uptime > 0 ? (uint64_t)uptime : 0, text));
	for (size_t i = 0; i < ARRAY_LEN(counts); i++)
		fprintf(out, "%-14s%" JSON_INTEGER_FORMAT "\n", counts[i][0],
		        print_count_of(status, counts[i][1]));
	fputc('\n', out);
	text_table_init(&t, heads, ARRAY_LEN(heads));
	for (size_t i = 0; i < json_array_size(realms); i++) {
		const json_t *realm = json_array_get(realms, i);

		add_text(&t, realm, "name");
		add_count(&t, realm, "media_ports_used");
		add_count(&t, realm, "media_ports_size");
	}
	err = text_table_print(&t, out);
	text_table_free(&t);
	return err;
}

static const char *const cert_heads[] = { "NAME",       "WHOSE", "SUBJECT", "NAMES", "ISSUER",
	                                  ">DAYS LEFT", "KEY",   "USAGE",   "TRUNKS" };

static void cert_row(struct text_table *t, const json_t *cert)
{
	add_text(t, cert, "name");
	add_text(t, cert, "whose");
	add_text(t, cert, "subject");
	add_text(t, cert, "names");
	add_text(t, cert, "issuer");
	add_count(t, cert, "days_left");
	add_text(t, cert, "key");
	add_text(t, cert, "usage");
	add_text(t, cert, "trunks");
}

/* What is a list. */
static const struct list {
	const char *what, *none;
	const char *const *heads;
	size_t ncols;
	void (*rows)(struct text_table *t, const json_t *item);
} lists[] = {
	{ "calls", "There is no call now.", call_heads, ARRAY_LEN(call_heads), call_rows },
	{ "trunks", "No trunk is configured.", trunk_heads, ARRAY_LEN(trunk_heads), trunk_row },
	{ "phones", "No phone is configured.", phone_heads, ARRAY_LEN(phone_heads), phone_row },
	{ "certs", "No certificate is configured.", cert_heads, ARRAY_LEN(cert_heads), cert_row },
};

static enum err print_list(FILE *out, const struct list *list, const json_t *items)
{
	struct text_table t;
	enum err err;

	if (json_array_size(items) == 0) {
		fprintf(out, "%s\n", list->none);
		return OK;
	}
	text_table_init(&t, list->heads, list->ncols);
	for (size_t i = 0; i < json_array_size(items); i++)
		list->rows(&t, json_array_get(items, i));
	err = text_table_print(&t, out);
	text_table_free(&t);
	return err;
}

bool print_knows(const char *what, bool *takes_name)
{
	*takes_name = strcmp(what, "ladder") == 0;
	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		if (strcmp(what, lists[i].what) == 0)
			return true;
	}
	return *takes_name || strcmp(what, "status") == 0;
}

enum err print_answer(FILE *out, const char *what, const json_t *answer)
{
	if (strcmp(what, PRINT_RELOAD) == 0)
		return fprintf(out, "Read anew: %s.\n", print_text_of(answer, "reloaded")) < 0
		           ? ERR_IO
		           : OK;
	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		if (strcmp(what, lists[i].what) == 0)
			return print_list(out, &lists[i], answer);
	}
	return strcmp(what, "ladder") == 0 ? print_ladder(out, answer) : print_status(out, answer);
}
