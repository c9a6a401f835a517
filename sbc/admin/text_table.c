/* A table of text. One thread. */
#include "sbc/admin/text_table.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include "base/mem.h"
#include "base/text.h"

#define GAP 2 /* columns between two cells */

void text_table_init(struct text_table *t, const char *const *heads, size_t ncols)
{
	*t = (struct text_table){ .heads = heads, .ncols = ncols };
}

void text_table_free(struct text_table *t)
{
	for (size_t i = 0; i < t->ncells; i++)
		mem_free(t->cells[i]);
	mem_free(t->cells);
	text_table_init(t, t->heads, t->ncols);
}

const char *text_duration(uint64_t seconds, char buf[DURATION_MAX])
{
	uint64_t minutes = seconds / 60, hours = minutes / 60, days = hours / 24;

	if (minutes == 0)
		snprintf(buf, DURATION_MAX, "%" PRIu64 " s", seconds);
	else if (hours == 0)
		snprintf(buf, DURATION_MAX, "%" PRIu64 ":%02u min", minutes,
		         (unsigned)(seconds % 60));
	else if (days == 0)
		snprintf(buf, DURATION_MAX, "%" PRIu64 ":%02u:%02u h", hours,
		         (unsigned)(minutes % 60), (unsigned)(seconds % 60));
	else
		snprintf(buf, DURATION_MAX, "%" PRIu64 " d %u:%02u h", days, (unsigned)(hours % 24),
		         (unsigned)(minutes % 60));
	return buf;
}

/* Takes cell. */
static void add(struct text_table *t, char *cell)
{
	if (cell && t->ncells == t->size) {
		size_t size = t->size ? 2 * t->size : 64;
		char **cells = mem_array(t->cells, size, sizeof(*cells));

		if (cells) {
			t->cells = cells;
			t->size = size;
		}
	}
	if (!cell || t->ncells == t->size) {
		t->err = ERR_NOMEM;
		mem_free(cell);
		return;
	}
	text_make_safe(cell);
	t->cells[t->ncells++] = cell;
}

void text_table_add(struct text_table *t, const char *text)
{
	if (!t->err)
		add(t, mem_strdup(text && *text ? text : "-"));
}

void text_table_addf(struct text_table *t, const char *fmt, ...)
{
	char text[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	text_table_add(t, text);
}

/* Every character of ours takes one column; wide ones of East Asia are not worth a table. */
static size_t width_of(const char *safe)
{
	size_t width = 0;

	for (; *safe; safe++)
		width += ((unsigned char)*safe & 0xc0) != 0x80;
	return width;
}

static const char *head(const struct text_table *t, size_t col)
{
	return t->heads[col] + (t->heads[col][0] == '>');
}

static void print_cell(const struct text_table *t, size_t col, size_t width, const char *text,
                       FILE *out)
{
	int pad = (int)(width - width_of(text));

	if (t->heads[col][0] == '>')
		fprintf(out, "%*s%s", pad, "", text);
	else
		fprintf(out, "%s%*s", text, col + 1 < t->ncols ? pad : 0, "");
	fprintf(out, "%*s", col + 1 < t->ncols ? GAP : 0, "");
	if (col + 1 == t->ncols)
		fputc('\n', out);
}

enum err text_table_print(const struct text_table *t, FILE *out)
{
	size_t *widths;

	if (t->err)
		return t->err;
	widths = mem_array(NULL, t->ncols, sizeof(*widths));
	if (!widths)
		return ERR_NOMEM;
	for (size_t i = 0; i < t->ncols; i++)
		widths[i] = width_of(head(t, i));
	for (size_t i = 0; i < t->ncells; i++) {
		size_t width = width_of(t->cells[i]);

		if (width > widths[i % t->ncols])
			widths[i % t->ncols] = width;
	}
	for (size_t i = 0; i < t->ncols; i++)
		print_cell(t, i, widths[i], head(t, i), out);
	for (size_t i = 0; i < t->ncells; i++)
		print_cell(t, i % t->ncols, widths[i % t->ncols], t->cells[i], out);
	mem_free(widths);
	return OK;
}
