/* A scenario's file as commands. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tests/replay/script.h"
#include "tests/replay/vars.h"

static char *append(char *block, const char *line)
{
	char *out = NULL;

	if (asprintf(&out, "%s%s\n", block, line) < 0)
		abort();
	free(block);
	return out;
}

/* Empty lines at the end of a block belong to nobody. */
static void trim(char *block)
{
	size_t len = strlen(block);

	while (len > 0 && block[len - 1] == '\n' && (len == 1 || block[len - 2] == '\n'))
		block[--len] = '\0';
}

static void add(struct commands *c, const char *path, unsigned number, const char *line)
{
	c->list = realloc(c->list, (c->n + 1) * sizeof(*c->list));
	if (!c->list)
		abort();
	c->list[c->n++] = (struct command){
		.file = path, .line = number, .text = strdup(line), .block = strdup("")
	};
}

static void take(struct commands *c, const char *path, unsigned number, char *line)
{
	struct command *last = c->n ? &c->list[c->n - 1] : NULL;

	line[strcspn(line, "\n")] = '\0';
	if (number == 1 && line[0] == '#')
		c->title = strdup(line + 1 + strspn(line + 1, " "));
	if (line[0] == '\t' || (line[0] == '\0' && last && *last->block)) {
		if (last)
			last->block = append(last->block, line[0] ? line + 1 : "");
		return;
	}
	if (line[0] && line[0] != '#')
		add(c, path, number, line);
}

bool lines_read(struct commands *out, const char *path)
{
	FILE *in = fopen(path, "r");
	char *line = NULL;
	size_t size = 0;
	unsigned number = 0;

	memset(out, 0, sizeof(*out));
	if (!in)
		return false;
	while (getline(&line, &size, in) >= 0)
		take(out, path, ++number, line);
	free(line);
	fclose(in);
	for (size_t i = 0; i < out->n; i++)
		trim(out->list[i].block);
	return true;
}

void lines_free(struct commands *c)
{
	for (size_t i = 0; i < c->n; i++) {
		free(c->list[i].text);
		free(c->list[i].block);
	}
	free(c->list);
	free(c->title);
}

size_t lines_words(char *text, char **words, size_t max)
{
	size_t n = 0;

	for (;;) {
		bool quoted = false;
		char *to;

		text += strspn(text, " ");
		if (!*text || n == max)
			return n;
		words[n++] = to = text;
		for (; *text && (quoted || *text != ' '); text++) {
			if (*text == '"')
				quoted = !quoted;
			else
				*to++ = *text;
		}
		if (*text)
			text++;
		*to = '\0';
	}
}
