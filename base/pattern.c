/* Regular expressions on regcomp(3). What the C library knows beyond POSIX and makes it slow or
 * deep is refused: back references in an expression, and repetitions that multiply. Any thread. */
#include "base/pattern.h"

#include <ctype.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"

struct pattern {
	regex_t regex;
	char *text;
};

/* Behind a bracket expression ("[]a[:digit:]]") that begins at text. */
static const char *skip_bracket(const char *text)
{
	text += text[1] == '^' ? 2 : 1;
	if (*text == ']')
		text++;
	while (*text && *text != ']') {
		if (*text == '[' && text[1] && strchr(":.=", text[1])) {
			const char close[3] = { text[1], ']', '\0' };
			const char *end = strstr(text + 2, close);

			text = end ? end + 1 : text;
		}
		text++;
	}
	return *text ? text + 1 : text;
}

/* The greater number of "{n,m}", at least 1. */
static unsigned long copies_of(const char *braces)
{
	char *end;
	unsigned long least = strtoul(braces + 1, &end, 10), most = least;

	if (*end == ',')
		most = strtoul(end + 1, NULL, 10);
	if (least > PATTERN_COPIES_MAX || most > PATTERN_COPIES_MAX)
		return PATTERN_COPIES_MAX + 1;
	most = most > least ? most : least;
	return most > 1 ? most : 1;
}

/* What makes an expression too much for us; NULL: nothing. */
static const char *objection(const char *text)
{
	unsigned long copies = 1;
	unsigned groups = 0;

	if (strlen(text) > PATTERN_TEXT_MAX)
		return "it is longer than 256 characters";
	while (*text) {
		if (*text == '\\') {
			if (isalnum((unsigned char)text[1]))
				return "a backslash stands before a letter or digit; for digits "
				       "write [0-9]";
			text += text[1] ? 2 : 1;
			continue;
		}
		if (*text == '[') {
			text = skip_bracket(text);
			continue;
		}
		if (*text == '(' && ++groups > PATTERN_GROUPS_MAX)
			return "it has more than nine pairs of parentheses";
		if (*text == '{') {
			copies *= copies_of(text);
			if (copies > PATTERN_COPIES_MAX)
				return "its {} repeat more than 1000 times together";
		}
		text++;
	}
	return NULL;
}

enum err pattern_new(struct pattern **out, const char *text, char *why, size_t size)
{
	const char *bad = objection(text);
	struct pattern *p;
	int rc;

	if (bad) {
		snprintf(why, size, "%s", bad);
		return ERR_SYNTAX;
	}
	p = mem_zalloc(sizeof(*p));
	if (!p)
		return ERR_NOMEM;
	p->text = mem_strdup(text);
	rc = p->text ? regcomp(&p->regex, text, REG_EXTENDED) : REG_ESPACE;
	if (rc == 0) {
		*out = p;
		return OK;
	}
	if (p->text)
		regerror(rc, &p->regex, why, size);
	mem_free(p->text);
	mem_free(p);
	return rc == REG_ESPACE ? ERR_NOMEM : ERR_SYNTAX;
}

void pattern_free(struct pattern **pp)
{
	struct pattern *p = *pp;

	*pp = NULL;
	if (!p)
		return;
	regfree(&p->regex);
	mem_free(p->text);
	mem_free(p);
}

static bool match(const struct pattern *p, const char *subject,
                  regmatch_t groups[PATTERN_GROUPS_MAX + 1])
{
	return strlen(subject) <= PATTERN_SUBJECT_MAX &&
	       regexec(&p->regex, subject, PATTERN_GROUPS_MAX + 1, groups, 0) == 0;
}

bool pattern_matches(const struct pattern *p, const char *subject)
{
	regmatch_t groups[PATTERN_GROUPS_MAX + 1];

	return match(p, subject, groups);
}

enum err pattern_replace(const struct pattern *p, const char *subject, const char *template,
                         char *out, size_t size)
{
	regmatch_t groups[PATTERN_GROUPS_MAX + 1];
	size_t n = 0;

	if (!match(p, subject, groups))
		return ERR_NOT_FOUND;
	for (; *template; template ++) {
		const char *part = template;
		size_t len = 1;

		if (*template == '\\' && template[1]) {
			part = ++template;
			if (isdigit((unsigned char)*template)) {
				const regmatch_t *g = &groups[*template - '0'];

				part = g->rm_so < 0 ? "" : subject + g->rm_so;
				len = g->rm_so < 0 ? 0 : (size_t)(g->rm_eo - g->rm_so);
			}
		}
		if (n + len >= size)
			return ERR_LIMIT;
		memcpy(out + n, part, len);
		n += len;
	}
	out[n] = '\0';
	return OK;
}

const char *pattern_text(const struct pattern *p)
{
	return p->text;
}

unsigned pattern_groups(const struct pattern *p)
{
	return (unsigned)p->regex.re_nsub;
}

int template_groups(const char *template)
{
	int highest = 0;

	for (; *template; template ++) {
		if (*template != '\\')
			continue;
		template ++;
		if (isdigit((unsigned char)*template))
			highest = *template - '0' > highest ? *template - '0' : highest;
		else if (*template != '\\')
			return -1;
	}
	return highest;
}
