/* Numbers: as URIs have them (RFC 3261 19.1, RFC 3966), as trunks and dialling plans write them
 * (E.164, E.123). Any thread. */
#include "sbc/b2bua/numbers.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define LOCAL_LEAST 4 /* digits: what is shorter is 110, 112, 911 or an extension */
#define PLAIN_LEAST 7 /* with a country code; no E.164 number is shorter */
#define PLAIN_MOST  15

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

enum err number_read(const char *user, char *out, size_t size)
{
	char bare[NUMBER_MAX];
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
		} else if (c == '#') { /* not every phone escapes it */
			memcpy(out + n, "%2", 2);
			n += 2;
			c = '3';
		}
		out[n++] = c;
	}
	out[n] = '\0';
	if (bare_digits(out, bare))
		memcpy(out, bare, strlen(bare) + 1);
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

static const char *behind(const char *text, const char *prefix)
{
	size_t len = strlen(prefix);

	return len > 0 && strncmp(text, prefix, len) == 0 && text[len] ? text + len : NULL;
}

/* Behind a country code's prefix, or where digits may begin with one themselves. A country code
 * does not begin with 0. NULL: it has none. */
static const char *behind_country(const struct config_dialling *d, enum bare_digits bare,
                                  const char *digits)
{
	size_t len = strlen(digits);
	const char *rest = behind(digits, "+");

	if (*digits == '+')
		return rest;
	rest = behind(digits, d->international_prefix);
	if (!rest && bare == DIGITS_INTERNATIONAL && *digits != '0' && len >= PLAIN_LEAST &&
	    len <= PLAIN_MOST)
		rest = digits;
	return rest;
}

/* The number with its country code, as "+..." (E.164). False: it is none that has one. */
static bool make_international(const struct config_dialling *d, enum bare_digits bare,
                               const char *number, char out[NUMBER_MAX])
{
	char digits[NUMBER_MAX];
	const char *rest, *area = "";
	int n;

	if (!bare_digits(number, digits))
		return false;
	rest = behind_country(d, bare, digits);
	if (rest) {
		n = snprintf(out, NUMBER_MAX, "+%s", rest);
		return n > 0 && n < NUMBER_MAX;
	}
	rest = behind(digits, d->national_prefix);
	if (!rest && strlen(digits) >= LOCAL_LEAST && (d->area || !*d->national_prefix)) {
		rest = digits;
		area = *d->national_prefix ? d->area : "";
	}
	if (!rest)
		return false;
	n = snprintf(out, NUMBER_MAX, "+%s%s%s", d->country, area, rest);
	return n > 0 && n < NUMBER_MAX;
}

/* Of "+...". */
static enum err write_form(const struct config_dialling *d, enum number_form form,
                           char number[NUMBER_MAX])
{
	const char *rest = behind(number + 1, d->country), *prefix = "";
	char out[NUMBER_MAX + 8];

	switch (form) {
	case NUMBERS_AS_IS:
	case NUMBERS_SAME:
	case NUMBERS_E164:
		return OK;
	case NUMBERS_NATIONAL:
		prefix = rest ? d->national_prefix : d->international_prefix;
		break;
	case NUMBERS_INTERNATIONAL:
		prefix = d->international_prefix;
		rest = NULL;
		break;
	case NUMBERS_PLAIN:
		rest = NULL;
		break;
	}
	snprintf(out, sizeof(out), "%s%s", prefix, rest ? rest : number + 1);
	/* It would be dialled as a number of another country than the one that was routed. */
	if (rest && behind(out, d->international_prefix))
		return ERR_SYNTAX;
	return keep(number, out);
}

static enum err bring_into_form(const struct config_dialling *d, enum bare_digits bare,
                                enum number_form form, char number[NUMBER_MAX])
{
	char international[NUMBER_MAX];

	if (form == NUMBERS_AS_IS || !make_international(d, bare, number, international))
		return OK;
	memcpy(number, international, sizeof(international));
	return write_form(d, form, number);
}

enum err number_by_route(const struct config_route *route, enum number_of which, const char *number,
                         char out[NUMBER_MAX])
{
	enum err err = number_rewrite(route->number_rules, route->nnumber_rules, TRUNK_OUT, which,
	                              number, out);

	if (err != ERR_NOT_FOUND)
		return err;
	err = keep(out, number);
	return err ? err
	           : bring_into_form(
	                 &route->dialling, route->dialling.digits,
	                 which == NUMBER_CALLED ? route->called_form : route->calling_form, out);
}

void number_shown(const struct config_route *route, const char *number, char out[NUMBER_MAX])
{
	if (number_by_route(route, NUMBER_CALLING, number, out))
		snprintf(out, NUMBER_MAX, "unknown");
}

static enum number_form form_of(const struct config_trunk *trunk, enum trunk_way way,
                                enum number_of which)
{
	enum number_form calling = way == TRUNK_OUT ? trunk->calling_out : trunk->calling_in;

	if (which == NUMBER_CALLING && calling != NUMBERS_SAME)
		return calling;
	return way == TRUNK_OUT ? trunk->numbers_out : trunk->numbers_in;
}

enum err number_cross(const struct config_trunk *trunk, enum trunk_way way, enum number_of which,
                      const char *number, char out[NUMBER_MAX])
{
	enum err err =
	    number_rewrite(trunk->number_rules, trunk->nnumber_rules, way, which, number, out);

	if (err != ERR_NOT_FOUND)
		return err;
	err = keep(out, number);
	/* What the inside writes is what is dialled there. */
	return err ? err
	           : bring_into_form(&trunk->dialling,
	                             way == TRUNK_OUT ? DIGITS_DIALLED : trunk->dialling.digits,
	                             form_of(trunk, way, which), out);
}
