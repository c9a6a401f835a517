/* A table of text with columns as wide as they must be. One thread. */
#ifndef SBC_ADMIN_TEXT_TABLE_H
#define SBC_ADMIN_TEXT_TABLE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "base/err.h"

struct text_table {
	const char *const *heads; /* a first '>' sets the column to the right */
	size_t ncols, ncells, size;
	char **cells;
	enum err err; /* sticks */
};

/* heads: ncols, borrowed. */
void text_table_init(struct text_table *t, const char *const *heads, size_t ncols);
void text_table_free(struct text_table *t);
/* The next cell, from left to right, row by row. NULL and "" show as "-". What a terminal would
 * obey instead of showing it becomes '?': texts come from the wire. */
void text_table_add(struct text_table *t, const char *text);
void text_table_addf(struct text_table *t, const char *fmt, ...) PRINTF_LIKE(2, 3);
MUST_USE enum err text_table_print(const struct text_table *t, FILE *out);

/* "42 s", "3:05 min", "1:02:03 h", "2 d 3:04 h" */
#define DURATION_MAX 32
const char *text_duration(uint64_t seconds, char buf[DURATION_MAX]);

#endif
