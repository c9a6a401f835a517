/* sbc/b2bua/state_table.c: what is printed of a table. */
#include "sbc/b2bua/state_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

static const char *const states[] = { "idle", "busy" };
static const char *const events[] = { "begin", "end", "look" };

static bool cell(size_t state, size_t event, const char **says, size_t *next)
{
	*says = event == 2 ? NULL : event == 0 ? "Begins." : "Ends.";
	*next = event == 0 ? 1 : event == 1 ? 0 : state;
	return state != event || event == 1;
}

static void test_print(void **state)
{
	static const struct state_table table = { "Work", states, 2, events, 3, cell };
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	state_table_print(&table, out);
	fclose(out);
	assert_string_equal(
	    text, "## Work\n\n| event | idle | busy |\n|---|---|---|\n"
	          "| begin | | = (1) |\n| end | = (2) | idle (2) |\n| look | = | = |\n\n"
	          "A cell has the state that follows (`=`: the same) and what is done:\n\n"
	          "1. Begins.\n2. Ends.\n\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_print) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
