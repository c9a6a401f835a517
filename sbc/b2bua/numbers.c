/* Numbers: as URIs have them (RFC 3261 19.1, RFC 3966), as trunks and dialling plans write them
 * (E.164, E.123). Any thread. */
#include "sbc/b2bua/numbers.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define LOCAL_LEAST 4 /* digits: what is shorter is 110, 112, 911 or an extension */

bool number_is_clean(const char *text)
{
	return *text &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	                    "-_.!~*'()&=+$,;?/%") == strlen(text);
}

static int hex_value(char c)
{
	return c >= '0' && c <= '9'         ? c - '0'
	       : isxdigit((unsigned char)c) ? (c | 32) - 'a' + 10
	                                    : -1;
}

enum err number_read(const char *user, char *out, size_t size)
{
	size_t n = 0;

	for (; *user && *user != ';'; user++) {
		char c = *user;

		if (n + 4 > size)
			return ERR_LIMIT;
		if (c == '%') {
			int high = hex_value(user[1]), low = high < 0 ? -1 : hex_value(user[2]);

			if (low < 0)
				return ERR_SYNTAX;
			c = (char)(high * 16 + low);
			/* What stands for itself; the rest stays escaped. */
			if (!isalnum((unsigned char)c) && (!c || !strchr("-_.!~*'()+", c))) {
				memcpy(out + n, user, 3);
				n += 2;
				c = user[2];
			}
			user += 2;
		}
		out[n++] = c;
	}
	out[n] = '\0';
	return number_is_clean(out) ? OK : ERR_SYNTAX;
}

static enum err keep(char out[NUMBER_MAX], const char *text)
{
	size_t len = strlen(text);

	if (len >= NUMBER_MAX)
		return ERR_LIMIT;
	memcpy(out, text, len + 1);
	return OK;
}

enum err number_rewrite(const struct config_number_rule *rules, size_t nrules, enum trunk_way way,
                        enum number_of which, const char *number, char out[NUMBER_MAX])
{
	enum err err;

	for (size_t i = 0; i < nrules; i++) {
		if (rules[i].way != way || rules[i].number != which)
			continue;
		err = pattern_replace(rules[i].match, number, rules[i].replace, out, NUMBER_MAX);
		if (!err && !number_is_clean(out))
			return ERR_SYNTAX;
		if (err != ERR_NOT_FOUND)
			return err;
	}
	return ERR_NOT_FOUND;
}

/* The digits of a number without what RFC 3966 calls visual separators. False: there is something
 * else in it. */
static bool bare_digits(const char *number, char out[NUMBER_MAX])
{
	size_t n = 0;

	for (; *number; number++) {
		if (strchr("-.()", *number))
			continue;
		if (!isdigit((unsigned char)*number) && !(*number == '+' && n == 0))
			return false;
		if (n + 1 >= NUMBER_MAX)
			return false;
		out[n++] = *number;
	}
	out[n] = '\0';
	return n > 0;
}

static const char *behind(const char *text, const char *prefix)
{
	size_t len = strlen(prefix);

	return len > 0 && strncmp(text, prefix, len) == 0 && text[len] ? text + len : NULL;
}

/* The number with its country code, as "+..." (E.164). False: it is none that has one. */
static bool make_international(const struct config_trunk *trunk, const char *number,
                               char out[NUMBER_MAX])
{
	char digits[NUMBER_MAX];
	const char *rest, *area = "";
	bool plain;
	int n;

	if (!bare_digits(number, digits))
		return false;
	rest = behind(digits, "+");
	plain = rest != NULL;
	if (!rest)
		rest = behind(digits, trunk->international_prefix);
	if (plain || rest) {
		n = snprintf(out, NUMBER_MAX, "+%s", rest);
		return n > 0 && n < NUMBER_MAX;
	}
	rest = behind(digits, trunk->national_prefix);
	if (!rest && strlen(digits) >= LOCAL_LEAST && (trunk->area || !*trunk->national_prefix)) {
		rest = digits;
		area = *trunk->national_prefix ? trunk->area : "";
	}
	if (!rest)
		return false;
	n = snprintf(out, NUMBER_MAX, "+%s%s%s", trunk->country, area, rest);
	return n > 0 && n < NUMBER_MAX;
}

static enum err make_national(const struct config_trunk *trunk, char number[NUMBER_MAX])
{
	const char *rest = behind(number + 1, trunk->country);
	char out[NUMBER_MAX + 8];

	snprintf(out, sizeof(out), "%s%s",
	         rest ? trunk->national_prefix : trunk->international_prefix,
	         rest ? rest : number + 1);
	return keep(number, out);
}

static enum err bring_into_form(const struct config_trunk *trunk, enum number_form form,
                                char number[NUMBER_MAX])
{
	char international[NUMBER_MAX];

	if (form == NUMBERS_AS_IS || !make_international(trunk, number, international))
		return OK;
	memcpy(number, international, sizeof(international));
	return form == NUMBERS_NATIONAL ? make_national(trunk, number) : OK;
}

enum err number_by_route(const struct config_route *route, enum number_of which, const char *number,
                         char out[NUMBER_MAX])
{
	enum err err = number_rewrite(route->number_rules, route->nnumber_rules, TRUNK_OUT, which,
	                              number, out);

	return err == ERR_NOT_FOUND ? keep(out, number) : err;
}

void number_shown(const struct config_route *route, const char *number, char out[NUMBER_MAX])
{
	if (number_by_route(route, NUMBER_CALLING, number, out))
		snprintf(out, NUMBER_MAX, "unknown");
}

enum err number_cross(const struct config_trunk *trunk, enum trunk_way way, enum number_of which,
                      const char *number, char out[NUMBER_MAX])
{
	enum err err =
	    number_rewrite(trunk->number_rules, trunk->nnumber_rules, way, which, number, out);

	if (err != ERR_NOT_FOUND)
		return err;
	err = keep(out, number);
	return err ? err
	           : bring_into_form(
	                 trunk, way == TRUNK_OUT ? trunk->numbers_out : trunk->numbers_in, out);
}
