/* Values of routes: what numbers look like, and when. One thread. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/mem.h"
#include "base/pattern.h"
#include "config/value_kinds.h"

#define MINUTES   1440
#define USER_MOST 64
#define ZONES     "/usr/share/zoneinfo"

static bool refuse(struct value_env *env, const struct option *o, const char *text)
{
	const struct kind *kind = &config_kinds[o->kind];

	value_problem(env, o, text, "is not %s; write %s", kind->type, kind->write);
	return false;
}

void value_clear_pattern(const struct option *o, void *field)
{
	struct config_pattern *p = field;

	(void)o;
	pattern_free(&p->regex);
	mem_free(p->text);
	p->text = NULL;
}

static bool compile(struct value_env *env, const struct option *o, const char *text,
                    struct config_pattern *p)
{
	size_t len = strlen(text);
	char body[PATTERN_TEXT_MAX + 1], why[128];
	enum err err;

	if (len < 3 || len - 2 > PATTERN_TEXT_MAX || text[len - 1] != '/')
		return refuse(env, o, text);
	memcpy(body, text + 1, len - 2);
	body[len - 2] = '\0';
	err = pattern_new(&p->regex, body, why, sizeof(why));
	if (err == ERR_NOMEM)
		env->problems->nomem = true;
	else if (err)
		value_problem(env, o, text, "is no regular expression: %s", why);
	return err == OK;
}

/* Of a URI's user part (RFC 3261 25.1) what needs no escape there and no thought here. */
bool value_is_user(const char *text)
{
	size_t len = strlen(text);

	return len > 0 && len <= USER_MOST &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	                    "+-_.*#!") == len;
}

/* What a call brings has lost its visual separators (number_read). */
static bool has_separators(struct value_env *env, const struct option *o, const char *text)
{
	char bare[USER_MOST + 1];
	size_t n = 0, digits;

	for (const char *at = text; *at; at++) {
		if (!strchr("-.", *at))
			bare[n++] = *at;
	}
	bare[n] = '\0';
	digits = strspn(bare + (*bare == '+'), "0123456789");
	if (n == strlen(text) || digits == 0 || (*bare == '+') + digits + (bare[n - 1] == '*') != n)
		return false;
	value_problem(env, o, text,
	              "has separators, and a call's number has none when it is compared; write %s",
	              bare);
	return true;
}

bool value_keep_user(struct value_env *env, const struct option *o, const char *text, char **field)
{
	char escaped[3 * USER_MOST + 1];
	size_t n = 0;

	if (has_separators(env, o, text))
		return false;
	for (; *text; text++) {
		if (*text == '#')
			escaped[n++] = '%', escaped[n++] = '2', escaped[n++] = '3';
		else
			escaped[n++] = *text;
	}
	escaped[n] = '\0';
	return value_keep(env, escaped, field);
}

VALUE_PARSER(pattern)
{
	struct config_pattern p = { 0 };
	bool regex = *text == '/';

	if (regex ? !compile(env, o, text, &p) : !value_is_user(text))
		return regex ? false : refuse(env, o, text);
	if (regex ? !value_keep(env, text, &p.text) : !value_keep_user(env, o, text, &p.text)) {
		value_clear_pattern(o, &p);
		return false;
	}
	memcpy(field, &p, sizeof(p));
	return true;
}

/* A day's number from 0 (Sunday), behind whose name *text points then; 7: none is there. */
static unsigned take_day(const char **text)
{
	static const char names[] = "sunmontuewedthufrisat";

	for (unsigned day = 0; day < 7; day++) {
		if (strncmp(*text, names + 3 * (size_t)day, 3) == 0) {
			*text += 3;
			return day;
		}
	}
	return 7;
}

/* "mon-fri,sun"; a range goes past Saturday. False: something else is there. */
static bool take_days(const char **text, unsigned *days)
{
	do {
		unsigned day = take_day(text), last = day;

		if (day < 7 && **text == '-') {
			(*text)++;
			last = take_day(text);
		}
		if (day == 7 || last == 7)
			return false;
		*days |= 1U << day;
		for (; day != last; day = (day + 1) % 7)
			*days |= 1U << ((day + 1) % 7);
	} while (**text == ',' && (*text)++);
	return true;
}

/* "08:00"; the day ends at 24:00. */
static bool take_minute(const char **text, unsigned *minute)
{
	const char *t = *text;
	unsigned value;

	if (strspn(t, "0123456789") != 2 || t[2] != ':' || strspn(t + 3, "0123456789") != 2)
		return false;
	value = (unsigned)((t[0] - '0') * 600 + (t[1] - '0') * 60 + (t[3] - '0') * 10 + t[4] - '0');
	if (t[3] > '5' || value > MINUTES)
		return false;
	*minute = value;
	*text = t + 5;
	return true;
}

VALUE_PARSER(hours)
{
	struct config_hours h = { .until = MINUTES };
	const char *t = text;

	if (*t >= 'a') {
		if (!take_days(&t, &h.days))
			return refuse(env, o, text);
		if (*t == ' ')
			t += strspn(t, " ");
		else if (*t)
			return refuse(env, o, text);
	} else {
		h.days = 0x7f;
		if (!*t)
			return refuse(env, o, text);
	}
	if (*t && (!take_minute(&t, &h.from) || *t++ != '-' || !take_minute(&t, &h.until) || *t))
		return refuse(env, o, text);
	if (h.from == MINUTES || h.from == h.until)
		return refuse(env, o, text);
	memcpy(field, &h, sizeof(h));
	return true;
}

VALUE_PARSER(zone)
{
	char path[sizeof(ZONES) + 65];

	if (strlen(text) == 0 || strlen(text) > 64 || *text == '/' ||
	    text[strspn(text,
	                "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-/")])
		return refuse(env, o, text);
	snprintf(path, sizeof(path), ZONES "/%s", text);
	if (strcmp(text, "UTC") != 0 && access(path, R_OK) != 0) {
		value_problem(env, o, text,
		              "is not known to this machine; `timedatectl "
		              "list-timezones` lists those that are");
		return false;
	}
	return value_keep(env, text, field);
}
