/* Prints a table of states. Any thread. */
#include "sbc/b2bua/state_table.h"

#include <string.h>

#define ACTIONS_MAX 64

struct actions {
	const char *says[ACTIONS_MAX];
	size_t n;
};

/* The number of an action, from 1; 0: there is none. */
static size_t number_of(struct actions *a, const char *says)
{
	size_t i;

	if (!says)
		return 0;
	for (i = 0; i < a->n && strcmp(a->says[i], says) != 0; i++)
		;
	if (i == a->n && a->n < ACTIONS_MAX)
		a->says[a->n++] = says;
	return i + 1;
}

static void print_cell(const struct state_table *t, size_t state, size_t event, struct actions *a,
                       FILE *out)
{
	const char *says;
	size_t next, n;

	if (!t->cell(state, event, &says, &next)) {
		fputs(" |", out);
		return;
	}
	n = number_of(a, says);
	fprintf(out, " %s", next == state ? "=" : t->states[next]);
	if (n)
		fprintf(out, " (%zu)", n);
	fputs(" |", out);
}

void state_table_print(const struct state_table *t, FILE *out)
{
	struct actions a = { .n = 0 };

	fprintf(out, "## %s\n\n| event |", t->title);
	for (size_t s = 0; s < t->nstates; s++)
		fprintf(out, " %s |", t->states[s]);
	fputs("\n|---|", out);
	for (size_t s = 0; s < t->nstates; s++)
		fputs("---|", out);
	for (size_t e = 0; e < t->nevents; e++) {
		fprintf(out, "\n| %s |", t->events[e]);
		for (size_t s = 0; s < t->nstates; s++)
			print_cell(t, s, e, &a, out);
	}
	fputs("\n\nA cell has the state that follows (`=`: the same) and what is done:\n\n", out);
	for (size_t i = 0; i < a.n; i++)
		fprintf(out, "%zu. %s\n", i + 1, a.says[i]);
	fputs("\n", out);
}
