/* What is wrong with a configuration: collected, put in order of lines, printed once. Also "did you
 * mean". One thread. */
#ifndef CONFIG_PROBLEM_H
#define CONFIG_PROBLEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include "base/err.h"

#define PROBLEMS_MAX 100 /* more help nobody, and bound the work on a hostile file */

struct problem;

/* A failed allocation sticks (nomem): write all, then ask problems_err once. */
struct problems {
	const char *main_file; /* borrowed; its problems come first */
	struct problem *list;
	size_t n;
	bool more; /* than PROBLEMS_MAX */
	bool nomem;
};

/* line 0: the file as a whole. The message says what is wrong; what was probably meant. Control
 * characters in it are replaced. The same message for the same line counts once. */
void problem_add(struct problems *p, const char *file, unsigned line, const char *fmt, ...)
    PRINTF_LIKE(4, 5);
bool problems_full(const struct problems *p);
/* OK, ERR_SYNTAX when there are problems, ERR_NOMEM. */
enum err problems_err(const struct problems *p);
void problems_print(struct problems *p, FILE *out);
void problems_free(struct problems *p);

/* The nearest of the words that are offered. */
struct suggestion {
	const char *text; /* what was written */
	const char *best; /* NULL: nothing is near */
	unsigned distance;
	char known[160]; /* the first few that were offered */
};

#define SUGGESTION_HINT_MAX 256

void suggestion_init(struct suggestion *s, const char *text);
void suggestion_offer(struct suggestion *s, const char *word); /* borrows word */
/* "did you mean 'x'?", "known here: a, b", or none when nothing was offered. */
const char *suggestion_hint(const struct suggestion *s, const char *none,
                            char buf[SUGGESTION_HINT_MAX]);

/* Edits (a letter more, less, other, or two swapped) between two words, without regard to case.
 * At most 64 characters count. */
unsigned edit_distance(const char *a, const char *b);

#endif
