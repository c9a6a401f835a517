/* A table of states and events as people read it. Any thread. */
#ifndef SBC_B2BUA_STATE_TABLE_H
#define SBC_B2BUA_STATE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct state_table {
	const char *title;
	const char *const *states;
	size_t nstates;
	const char *const *events;
	size_t nevents;
	/* What is done in a cell, in a sentence (NULL: nothing), and the state after it. False: the
	 * cell is empty. */
	bool (*cell)(size_t state, size_t event, const char **says, size_t *next);
};

/* As markdown: states by events, each cell with the state after it and the number of its action;
 * below that the actions. */
void state_table_print(const struct state_table *t, FILE *out);

#endif
