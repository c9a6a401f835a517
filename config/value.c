/* Values of the simple kinds, and the table of all kinds. One thread. */
#include "config/value.h"

#include <assert.h>
#include <ctype.h>
#include <stdarg.h>
#include <string.h>
#include "base/mem.h"
#include "base/pattern.h"
#include "config/outer.h"
#include "config/value_kinds.h"

#define SHOWN_MAX 80 /* characters of a wrong value in a message */

void value_problem(const struct value_env *env, const struct option *o, const char *text,
                   const char *fmt, ...)
{
	char what[384];
	va_list args;

	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	problem_add(env->problems, env->file, env->line, "%s%s%s%s%.*s%s %s", env->where,
	            *env->where ? ": " : "", o->key, text ? " '" : "", SHOWN_MAX, text ? text : "",
	            text ? "'" : "", what);
}

static void not_one(struct value_env *env, const struct option *o, const char *text)
{
	const struct kind *kind = &config_kinds[o->kind];

	value_problem(env, o, text, "is not %s; write %s", kind->type, kind->write);
}

bool value_keep(struct value_env *env, const char *text, void *field)
{
	char *copy = mem_strdup(text);

	if (!copy) {
		env->problems->nomem = true;
		return false;
	}
	memcpy(field, &copy, sizeof(copy));
	return true;
}

static void keep_unsigned(void *field, unsigned value)
{
	memcpy(field, &value, sizeof(value));
}

/* The digits at the beginning of text; UINT32_MAX where they are more than fits. *rest: behind. */
static uint64_t leading_number(const char *text, const char **rest)
{
	uint64_t value = 0;

	for (; isdigit((unsigned char)*text); text++) {
		value = value * 10 + (unsigned)(*text - '0');
		if (value > UINT32_MAX)
			value = UINT32_MAX;
	}
	*rest = text;
	return value;
}

static bool parse_number(struct value_env *env, const struct option *o, const char *text,
                         void *field)
{
	char range[64];
	const char *rest;
	uint64_t value = leading_number(text, &rest);

	if (!isdigit((unsigned char)*text) || *rest) {
		not_one(env, o, text);
		return false;
	}
	if (value < o->min || value > o->max) {
		value_problem(env, o, text, "is out of range; write %s",
		              value_range(o, range, sizeof(range)));
		return false;
	}
	keep_unsigned(field, (unsigned)value);
	return true;
}

/* Has no range of its own: that of a list counts elements. */
static bool parse_within(struct value_env *env, const struct option *o, const char *text,
                         unsigned low, unsigned high, void *field)
{
	const char *rest;
	uint64_t value = leading_number(text, &rest);

	if (!isdigit((unsigned char)*text) || *rest || value < low || value > high) {
		not_one(env, o, text);
		return false;
	}
	keep_unsigned(field, (unsigned)value);
	return true;
}

static bool parse_port(struct value_env *env, const struct option *o, const char *text, void *field)
{
	return parse_within(env, o, text, 1, 65535, field);
}

static bool parse_weight(struct value_env *env, const struct option *o, const char *text,
                         void *field)
{
	return parse_within(env, o, text, 0, 1000, field);
}

static const struct {
	const char *unit;
	unsigned ms;
} units[] = { { "h", 3600000 }, { "m", 60000 }, { "s", 1000 }, { "ms", 1 } };

static const char *duration_text(unsigned ms, char *buf, size_t size)
{
	size_t i = 0;

	while (i < ARRAY_LEN(units) - 1 && ms % units[i].ms)
		i++;
	snprintf(buf, size, "%u%s", ms / units[i].ms, units[i].unit);
	return buf;
}

static bool is_in_range(const struct option *o, uint64_t ms)
{
	return (ms >= o->min && ms <= o->max) || (ms == 0 && o->flags & OPTION_OFF);
}

static void out_of_range(struct value_env *env, const struct option *o, const char *text,
                         uint64_t number, const char *unit)
{
	char range[64];

	if (strcmp(unit, "ms") == 0 && is_in_range(o, number * 1000))
		value_problem(env, o, text, "is out of range; did you mean '%us'?",
		              (unsigned)number);
	else
		value_problem(env, o, text, "is out of range; write %s",
		              value_range(o, range, sizeof(range)));
}

static bool parse_duration(struct value_env *env, const struct option *o, const char *text,
                           void *field)
{
	const char *unit;
	uint64_t value = leading_number(text, &unit);
	size_t i = 0;

	while (i < ARRAY_LEN(units) && strcmp(unit, units[i].unit) != 0)
		i++;
	if (!isdigit((unsigned char)*text) || (*unit && i == ARRAY_LEN(units))) {
		not_one(env, o, text);
		return false;
	}
	if (!*unit) {
		value_problem(env, o, text, "has no unit; did you mean '%.20ss'?", text);
		return false;
	}
	if (!is_in_range(o, value * units[i].ms)) {
		out_of_range(env, o, text, value, unit);
		return false;
	}
	keep_unsigned(field, (unsigned)(value * units[i].ms));
	return true;
}

static bool parse_enum(struct value_env *env, const struct option *o, const char *text, void *field)
{
	char hint[SUGGESTION_HINT_MAX];
	struct suggestion s;
	unsigned i;

	suggestion_init(&s, text);
	for (i = 0; o->names[i]; i++) {
		if (strcmp(o->names[i], text) == 0) {
			keep_unsigned(field, i);
			return true;
		}
		suggestion_offer(&s, o->names[i]);
	}
	value_problem(env, o, text, "is none of its values; %s", suggestion_hint(&s, "", hint));
	return false;
}

static bool parse_name(struct value_env *env, const struct option *o, const char *text, void *field)
{
	if (outer_is_name(text))
		return value_keep(env, text, field);
	not_one(env, o, text);
	return false;
}

static bool parse_host(struct value_env *env, const struct option *o, const char *text, void *field)
{
	char buf[ADDR_TEXT_MAX];
	struct config_outer outer;
	struct addr addr;

	if (o->kind == KIND_HOST ? outer_read(&outer, text) : outer_is_name(text))
		return value_keep(env, text, field);
	if (addr_parse(&addr, text) != OK || strstr(text, "]:") || addr_is_any(&addr) ||
	    addr_port(&addr) || (o->kind == KIND_DOMAIN && addr.sa.sa_family != AF_INET)) {
		not_one(env, o, text);
		return false;
	}
	return value_keep(env, addr_uri_host(&addr, buf, sizeof(buf)), field);
}

static bool parse_user(struct value_env *env, const struct option *o, const char *text, void *field)
{
	if (!value_is_user(text)) {
		not_one(env, o, text);
		return false;
	}
	if (text[strlen(text) - 1] == '*') {
		value_problem(env, o, text, "ends in *; only a route's number stands for many");
		return false;
	}
	return value_keep_user(env, o, text, field);
}

static bool parse_digits(struct value_env *env, const struct option *o, const char *text,
                         void *field)
{
	size_t len = strlen(text);

	if (len >= o->min && len <= o->max && strspn(text, "0123456789") == len)
		return value_keep(env, text, field);
	value_problem(env, o, text, "is no prefix; write %u to %u digits", o->min, o->max);
	return false;
}

/* What a header can have between quotes without an escape (RFC 3261 25.1, qdtext). */
static bool parse_text(struct value_env *env, const struct option *o, const char *text, void *field)
{
	size_t good = 0;

	while (text[good] >= ' ' && text[good] < 0x7f && text[good] != '"' && text[good] != '\\')
		good++;
	if (good == 0 || text[good] || good > o->max) {
		not_one(env, o, text);
		return false;
	}
	return value_keep(env, text, field);
}

/* One list joins another's at a listener, so that nothing in it may take away (OpenSSL's -, !, @).
 */
static bool parse_ciphers(struct value_env *env, const struct option *o, const char *text,
                          void *field)
{
	size_t len = strlen(text);

	if (len > 0 && len <= 1024 && text[0] != '-' && !strstr(text, ":-") &&
	    strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:_-") == len)
		return value_keep(env, text, field);
	not_one(env, o, text);
	return false;
}

static bool parse_profile(struct value_env *env, const struct option *o, const char *text,
                          void *field)
{
	if (profile_name_is_valid(text))
		return value_keep(env, text, field);
	not_one(env, o, text);
	return false;
}

/* Capitals and digits, a hyphen, a number: WBX-05, E8-13. */
static bool parse_demand(struct value_env *env, const struct option *o, const char *text,
                         void *field)
{
	size_t word = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
	size_t digits = text[word] == '-' ? strspn(text + word + 1, "0123456789") : 0;

	if (word > 0 && word <= 8 && digits > 0 && digits <= 4 && !text[word + 1 + digits])
		return value_keep(env, text, field);
	not_one(env, o, text);
	return false;
}

bool name_is_valid(const char *name)
{
	size_t len = strlen(name);

	if (len == 0 || len > 64)
		return false;
	for (; *name; name++) {
		if (!isascii(*name) || !(isalnum((unsigned char)*name) || strchr("._-+", *name)))
			return false;
	}
	return true;
}

bool profile_name_is_valid(const char *name)
{
	return name_is_valid(name) && *name != '.' && !strchr(name, '+');
}

static void clear_text(const struct option *o, void *field)
{
	char *text;

	(void)o;
	memcpy(&text, field, sizeof(text));
	if (text)
		mem_wipe(text, strlen(text));
	mem_free(text);
	memset(field, 0, sizeof(text));
}

static void clear_regex(const struct option *o, void *field)
{
	(void)o;
	pattern_free((struct pattern **)field);
}

static void clear_map(const struct option *o, void *field)
{
	for (size_t i = 0; i < o->group->noptions; i++)
		value_clear(&o->group->options[i], field);
	memset(field, 0, o->group->size);
}

/* Of a link-local address, with what may stand behind it. */
#define INTERFACE_PATTERN "(%[0-9A-Za-z._-]+(\\]:[0-9]+)?)?"
#define HOST_PATTERN      "^[A-Za-z0-9.:\\[\\]-]+$"
#define TEXT_PATTERN      "^[ !#-\\[\\]-~]{1,128}$"
#define USER_PATTERN      "^[A-Za-z0-9+_.*#!-]{1,64}$"

const struct kind config_kinds[NKINDS] = {
	[KIND_NUMBER] = { "a whole number", "digits alone", NULL, sizeof(unsigned), NULL,
	                  parse_number },
	[KIND_PORT] = { "a port", "a number from 1 to 65535", "^[0-9]+$", sizeof(unsigned), NULL,
	                parse_port },
	[KIND_DURATION] = { "a duration", "a number with ms, s, m or h, as in 5s",
	                    "^[0-9]+(ms|s|m|h)$", sizeof(unsigned), NULL, parse_duration },
	[KIND_ENUM] = { "a choice", "one of its values", NULL, sizeof(unsigned), NULL, parse_enum },
	[KIND_NAME] = { "a DNS name", "one as in sip.example.com", "^[A-Za-z0-9.-]+$",
	                sizeof(char *), clear_text, parse_name },
	[KIND_DOMAIN] = { "a domain", "a DNS name as in provider.example, or an IPv4 address",
	                  "^[A-Za-z0-9.-]+$", sizeof(char *), clear_text, parse_host },
	[KIND_HOST] = { "a host", "a DNS name, an IP address without a port, or stun:SERVER",
	                HOST_PATTERN, sizeof(char *), clear_text, parse_host },
	[KIND_USER] = { "a number or user", "digits, letters and + - _ . * # ! without spaces",
	                USER_PATTERN, sizeof(char *), clear_text, parse_user },
	[KIND_PATTERN] = { "a number or the beginning of one",
	                   "digits, letters and + - _ . # !, with a last * for the rest, or "
	                   "/REGULAR EXPRESSION/",
	                   "^([A-Za-z0-9+_.*#!-]{1,64}|/.+/)$", sizeof(struct config_pattern),
	                   value_clear_pattern, value_parse_pattern },
	[KIND_HOURS] = { "a time of the week", "days, hours or both, as in mon-fri 08:00-18:00",
	                 "^[a-z0-9 ,:-]+$", sizeof(struct config_hours), NULL, value_parse_hours },
	[KIND_WEIGHT] = { "a weight", "a number from 0 to 1000", "^[0-9]+$", sizeof(unsigned), NULL,
	                  parse_weight },
	[KIND_ZONE] = { "a time zone", "its name, as in Europe/Berlin", "^[A-Za-z0-9_+/-]+$",
	                sizeof(char *), clear_text, value_parse_zone },
	[KIND_DIGITS] = { "a prefix", "digits alone, between quotes", "^[0-9]{0,6}$",
	                  sizeof(char *), clear_text, parse_digits },
	[KIND_TEXT] = { "a text", "1 to 128 ASCII characters without \" and \\", TEXT_PATTERN,
	                sizeof(char *), clear_text, parse_text },
	[KIND_HEADER] = { "a header", "its full name, as in X-Account",
	                  "^[A-Za-z0-9.!%*_+`'~-]{2,64}$", sizeof(char *), clear_text,
	                  value_parse_header },
	[KIND_HEADER_READ] = { "a header", "its full name, as in X-Account",
	                       "^[A-Za-z0-9.!%*_+`'~-]{2,64}$", sizeof(char *), clear_text,
	                       value_parse_header_read },
	[KIND_HEADER_PASS] = { "a header", "its full name, as in X-Account",
	                       "^[A-Za-z0-9.!%*_+`'~-]{2,64}$", sizeof(char *), clear_text,
	                       value_parse_header_pass },
	[KIND_STATUS] = { "a status", "one as in 180, or 4xx", NULL, sizeof(unsigned), NULL,
	                  value_parse_status },
	[KIND_PROFILE] = { "a profile", "its file's name without .yaml", "^[A-Za-z0-9_.-]+$",
	                   sizeof(char *), clear_text, parse_profile },
	[KIND_DEMAND] = { "a demand", "its ID, as in WBX-05", "^[A-Z0-9]{1,8}-[0-9]{1,4}$",
	                  sizeof(char *), clear_text, parse_demand },
	[KIND_FILE] = { "a file", "a path, from this file's folder", NULL, sizeof(char *),
	                clear_text, value_parse_file },
	[KIND_KEY_FILE] = { "a file that not everybody can read", "a path, from this file's folder",
	                    NULL, sizeof(char *), clear_text, value_parse_file },
	[KIND_TRUST] = { "a file or folder of roots", "system, or a path, from this file's folder",
	                 NULL, sizeof(char *), clear_text, value_parse_file },
	[KIND_FOLDER] = { "a file or folder", "a path, from this file's folder", NULL,
	                  sizeof(char *), clear_text, value_parse_file },
	[KIND_PIN] = { "a public key",
	               "sha256/ and 44 characters of base64, or a path to a certificate", NULL,
	               sizeof(char *), clear_text, value_parse_pin },
	[KIND_CIPHERS] = { "a list of ciphers", "names as OpenSSL has them, with : between",
	                   "^[A-Z0-9_][A-Z0-9_-]*(:[A-Z0-9_][A-Z0-9_-]*)*$", sizeof(char *),
	                   clear_text, parse_ciphers },
	[KIND_SOCKET] = { "a local socket", "a path of at most 107 characters", NULL,
	                  sizeof(char *), clear_text, value_parse_socket },
	[KIND_SECRET] = { "a password", "8 to 128 characters", NULL, sizeof(char *), clear_text,
	                  value_parse_secret },
	[KIND_SECRET_FILE] = { "a file with a password", "a path, from this file's folder", NULL,
	                       sizeof(char *), clear_text, value_parse_secret_file },
	[KIND_ADDRESS] = { "an IP address", "one as in 192.0.2.1, without a port",
	                   "^[0-9A-Fa-f.:]+" INTERFACE_PATTERN "$", sizeof(struct addr), NULL,
	                   value_parse_address },
	[KIND_PEER] = { "an IP address", "one as in 192.0.2.1 or 192.0.2.1:5080",
	                "^[0-9A-Fa-f.:\\[\\]]+" INTERFACE_PATTERN "$", sizeof(struct addr), NULL,
	                value_parse_address },
	[KIND_DNS_SERVER] = { "an IP address", "one as in 192.0.2.53 or 192.0.2.53:53",
	                      "^[0-9A-Fa-f.:\\[\\]]+$", sizeof(struct addr), NULL,
	                      value_parse_address },
	[KIND_NETWORK] = { "a network", "one as in 10.0.0.0/8 or 2001:db8::/32",
	                   "^[0-9A-Fa-f.:]+(/[0-9]+)?$", sizeof(struct addr_net), NULL,
	                   value_parse_network },
	[KIND_LISTENER] = { "a listener",
	                    "transport (udp, tcp, tls, mtls), address and port, as in udp:192.0.2.1:5060",
	                    "^(udp|tcp|tls|mtls):[0-9A-Fa-f.:\\[\\]]+" INTERFACE_PATTERN "$",
	                    sizeof(struct config_listener), NULL, value_parse_listener },
	[KIND_PORTS] = { "a range of ports", "the lowest and the highest, as in 36000-59999",
	                 "^[0-9]+-[0-9]+$", sizeof(unsigned), NULL, value_parse_ports },
	[KIND_REF] = { "a name", "the name of one that is defined", NULL, sizeof(void *), NULL,
	               value_parse_ref },
	[KIND_PARTY] = { "a party", "the name of one that is defined", NULL,
	                 sizeof(struct config_party), NULL, value_parse_party },
	[KIND_REGEX] = { "a regular expression", "one of PCRE2, as in ^0([1-9][0-9]+)$", NULL,
	                 sizeof(void *), clear_regex, value_parse_regex },
	[KIND_TEMPLATE] = { "a text", "\\1 to \\9 stand for what the parentheses took", NULL,
	                    sizeof(char *), clear_text, value_parse_template },
	[KIND_MAP] = { "a map", "KEY: VALUE lines of the options below it", NULL, 1, clear_map,
	               value_parse_map },
};

bool value_set(struct value_env *env, const struct option *o, const char *text, void *field)
{
	const struct kind *kind = &config_kinds[o->kind];
	union {
		char *text;
		struct pattern *pattern;
		struct config_pattern number;
	} now = { 0 };

	if (!kind->clear)
		return kind->parse(env, o, text, field);
	assert(kind->size <= sizeof(now));
	if (!kind->parse(env, o, text, &now))
		return false;
	kind->clear(o, field);
	memcpy(field, &now, kind->size);
	return true;
}

size_t value_size(const struct option *o)
{
	return o->kind == KIND_MAP ? o->group->size : config_kinds[o->kind].size;
}

static void clear_field(const struct option *o, void *field)
{
	if (config_kinds[o->kind].clear)
		config_kinds[o->kind].clear(o, field);
	else
		memset(field, 0, value_size(o));
}

void value_clear(const struct option *o, void *object)
{
	char *field = (char *)object + o->offset, *array;
	size_t size = value_size(o), n;

	if (!(o->flags & OPTION_LIST)) {
		clear_field(o, field);
		return;
	}
	memcpy(&array, field, sizeof(array));
	memcpy(&n, (char *)object + o->offset2, sizeof(n));
	for (size_t i = 0; i < n; i++)
		clear_field(o, array + i * size);
	mem_free(array);
	array = NULL;
	n = 0;
	memcpy(field, &array, sizeof(array));
	memcpy((char *)object + o->offset2, &n, sizeof(n));
}

const char *value_range(const struct option *o, char *buf, size_t size)
{
	char low[24], high[24];

	*buf = '\0';
	if (o->kind == KIND_NUMBER)
		snprintf(buf, size, "%u to %u%s%s", o->min, o->max, o->unit ? " " : "",
		         o->unit ? o->unit : "");
	else if (o->kind == KIND_DURATION)
		snprintf(buf, size, "%s to %s%s", duration_text(o->min, low, sizeof(low)),
		         duration_text(o->max, high, sizeof(high)),
		         o->flags & OPTION_OFF ? ", or 0s" : "");
	else if (o->kind == KIND_PORTS)
		snprintf(buf, size, "ports %u to %u", o->min, o->max);
	else if (o->kind == KIND_SECRET)
		snprintf(buf, size, "%u to %u characters", o->min, o->max);
	return buf;
}
