/* Variables, texts and patterns. */
#include "tests/replay/vars.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VARS_MAX  512
#define TEXTS_MAX 128
#define NAME_SIZE 64

struct var {
	char name[NAME_SIZE];
	char *value;
};

static struct var vars[VARS_MAX], texts[TEXTS_MAX];
static size_t nvars, ntexts;
static unsigned fresh;

static void put(struct var *list, size_t *n, size_t max, const char *name, const char *value)
{
	for (size_t i = 0; i < *n; i++) {
		if (strcmp(list[i].name, name) == 0) {
			char *copy = strdup(value);

			free(list[i].value);
			list[i].value = copy;
			return;
		}
	}
	if (*n == max || strlen(name) >= NAME_SIZE)
		fail("too many names, or one too long: %s", name);
	snprintf(list[*n].name, NAME_SIZE, "%s", name);
	list[(*n)++].value = strdup(value);
}

static const char *get(const struct var *list, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(list[i].name, name) == 0)
			return list[i].value;
	}
	return NULL;
}

void vars_set(const char *name, const char *value)
{
	put(vars, &nvars, VARS_MAX, name, value);
}

const char *vars_get(const char *name)
{
	return get(vars, nvars, name);
}

void vars_add_text(const char *name, const char *text)
{
	put(texts, &ntexts, TEXTS_MAX, name, text);
}

const char *vars_text(const char *name)
{
	return get(texts, ntexts, name);
}

void vars_clear(void)
{
	while (nvars > 0)
		free(vars[--nvars].value);
	while (ntexts > 0)
		free(texts[--ntexts].value);
}

/* What stands for {name}; to free. */
static char *replacement(const char *name, const char *peer)
{
	char full[2 * NAME_SIZE];
	const char *value;
	bool next;

	if (strcmp(name, "fresh") == 0) {
		snprintf(full, sizeof(full), "%u", ++fresh);
		return strdup(full);
	}
	if (name[0] == '@') {
		value = vars_text(name + 1);
		if (!value)
			fail("there is no text %s", name + 1);
		return vars_expand(value, peer);
	}
	next = name[0] == '+';
	snprintf(full, sizeof(full), "%s%s", name[next] == '.' ? peer : "", name + next);
	value = vars_get(full);
	if (!value)
		fail("{%s} has no value", full);
	if (!next)
		return vars_expand(value, peer);
	snprintf(full, sizeof(full), "%lu", strtoul(value, NULL, 10) + 1);
	return strdup(full);
}

char *vars_expand(const char *text, const char *peer)
{
	char *out = NULL;
	size_t size;
	FILE *f = open_memstream(&out, &size);

	while (*text) {
		const char *end = *text == '{' ? strchr(text, '}') : NULL;
		char name[NAME_SIZE], *value;

		if (!end || text[1] == '?' || end - text >= NAME_SIZE) {
			fputc(*text++, f);
			continue;
		}
		snprintf(name, sizeof(name), "%.*s", (int)(end - text - 1), text + 1);
		value = replacement(name, peer);
		fputs(value, f);
		free(value);
		text = end + 1;
	}
	fclose(f);
	return out;
}

static bool match(const char *pattern, const char *text);

/* {?name}rest against text. */
static bool match_capture(const char *pattern, const char *text)
{
	const char *close = strchr(pattern, '}');
	char name[NAME_SIZE], *value;

	snprintf(name, sizeof(name), "%.*s", (int)(close - pattern - 2), pattern + 2);
	for (size_t len = 0; len <= strlen(text); len++) {
		if (!match(close + 1, text + len))
			continue;
		value = strndup(text, len);
		vars_set(name, value);
		free(value);
		return true;
	}
	return false;
}

static bool match(const char *pattern, const char *text)
{
	for (; *pattern; pattern++, text++) {
		if (*pattern == '*') {
			do {
				if (match(pattern + 1, text))
					return true;
			} while (*text++);
			return false;
		}
		if (pattern[0] == '{' && pattern[1] == '?' && strchr(pattern, '}'))
			return match_capture(pattern, text);
		if (*pattern != *text)
			return false;
	}
	return *text == '\0';
}

bool pattern_match(const char *pattern, const char *text, const char *peer)
{
	char *expanded = vars_expand(pattern, peer);
	bool matched = match(expanded, text);

	free(expanded);
	return matched;
}
