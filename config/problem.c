/* Problems of a configuration, and the search for what was meant. One thread. Owner of the texts:
 * struct problems. */
#include "config/problem.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "base/text.h"

#define PROBLEM_TEXT_MAX 640
#define WORD_MAX         64

struct problem {
	char *file;
	char *text;
	unsigned line;
	bool elsewhere; /* in another file than the main one */
};

static bool is_known(const struct problems *p, const char *file, unsigned line, const char *text)
{
	for (size_t i = 0; i < p->n; i++) {
		if (p->list[i].line == line && strcmp(p->list[i].text, text) == 0 &&
		    strcmp(p->list[i].file, file) == 0)
			return true;
	}
	return false;
}

static bool append(struct problems *p, const char *file, unsigned line, const char *text)
{
	struct problem *grown = mem_array(p->list, p->n + 1, sizeof(*grown));
	struct problem *last;

	if (!grown)
		return false;
	p->list = grown;
	last = &grown[p->n];
	*last = (struct problem){ .line = line, .elsewhere = strcmp(file, p->main_file) != 0 };
	last->file = mem_strdup(file);
	last->text = mem_strdup(text);
	if (!last->file || !last->text) {
		mem_free(last->file);
		mem_free(last->text);
		return false;
	}
	p->n++;
	return true;
}

void problem_add(struct problems *p, const char *file, unsigned line, const char *fmt, ...)
{
	char text[PROBLEM_TEXT_MAX];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	text_make_safe(text);
	if (is_known(p, file, line, text))
		return;
	if (problems_full(p))
		p->more = true;
	else if (!append(p, file, line, text))
		p->nomem = true;
}

bool problems_full(const struct problems *p)
{
	return p->n >= PROBLEMS_MAX;
}

enum err problems_err(const struct problems *p)
{
	if (p->nomem)
		return ERR_NOMEM;
	return p->n ? ERR_SYNTAX : OK;
}

static int compare(const void *a, const void *b)
{
	const struct problem *x = a, *y = b;
	int order;

	if (x->elsewhere != y->elsewhere)
		return x->elsewhere ? 1 : -1;
	order = strcmp(x->file, y->file);
	if (!order && x->line != y->line)
		order = x->line < y->line ? -1 : 1;
	return order ? order : strcmp(x->text, y->text);
}

void problems_print(struct problems *p, FILE *out)
{
	if (p->n)
		qsort(p->list, p->n, sizeof(*p->list), compare);
	for (size_t i = 0; i < p->n; i++) {
		const struct problem *one = &p->list[i];

		if (one->line)
			fprintf(out, "%s:%u: %s\n", one->file, one->line, one->text);
		else
			fprintf(out, "%s: %s\n", one->file, one->text);
	}
	if (p->more)
		fprintf(out, "%s: there are more problems; these are the first %d\n", p->main_file,
		        PROBLEMS_MAX);
	if (p->nomem)
		fprintf(out, "%s: out of memory\n", p->main_file);
}

void problems_free(struct problems *p)
{
	for (size_t i = 0; i < p->n; i++) {
		mem_free(p->list[i].file);
		mem_free(p->list[i].text);
	}
	mem_free(p->list);
	p->list = NULL;
	p->n = 0;
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static bool same_letter(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* Optimal string alignment, three rows of the matrix at a time. */
unsigned edit_distance(const char *a, const char *b)
{
	unsigned rows[3][WORD_MAX + 1];
	size_t la = strnlen(a, WORD_MAX), lb = strnlen(b, WORD_MAX);

	for (size_t j = 0; j <= lb; j++)
		rows[0][j] = (unsigned)j;
	for (size_t i = 1; i <= la; i++) {
		const unsigned *before = rows[(i + 1) % 3], *above = rows[(i - 1) % 3];
		unsigned *row = rows[i % 3];

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= lb; j++) {
			row[j] = least(above[j], row[j - 1]) + 1;
			row[j] =
			    least(row[j], above[j - 1] + (same_letter(a[i - 1], b[j - 1]) ? 0 : 1));
			if (i > 1 && j > 1 && same_letter(a[i - 1], b[j - 2]) &&
			    same_letter(a[i - 2], b[j - 1]))
				row[j] = least(row[j], before[j - 2] + 1);
		}
	}
	return rows[la % 3][lb];
}

void suggestion_init(struct suggestion *s, const char *text)
{
	memset(s, 0, sizeof(*s));
	s->text = text;
}

/* One edit in three letters is a slip; more is another word. The beginning of a word is near too.
 */
static bool is_near(const char *text, const char *word, unsigned distance)
{
	size_t len = strlen(text);

	if (distance * 3 <= len || (distance == 1 && len > 1))
		return true;
	return len >= 3 && strncasecmp(text, word, len) == 0;
}

void suggestion_offer(struct suggestion *s, const char *word)
{
	unsigned distance = edit_distance(s->text, word);
	size_t used = strlen(s->known);

	if (is_near(s->text, word, distance) && (!s->best || distance < s->distance)) {
		s->best = word;
		s->distance = distance;
	}
	if (used + strlen(word) + sizeof(", ...") < sizeof(s->known))
		sprintf(s->known + used, "%s%s", used ? ", " : "", word);
	else if (used >= 3 && s->known[used - 1] != '.')
		memcpy(s->known + used, ", ...", sizeof(", ..."));
}

const char *suggestion_hint(const struct suggestion *s, const char *none,
                            char buf[SUGGESTION_HINT_MAX])
{
	if (s->best)
		snprintf(buf, SUGGESTION_HINT_MAX, "did you mean '%.100s'?", s->best);
	else if (s->known[0])
		snprintf(buf, SUGGESTION_HINT_MAX, "known here: %s", s->known);
	else
		snprintf(buf, SUGGESTION_HINT_MAX, "%s", none);
	return buf;
}
