/* What is printed of an answer. */
#ifndef TESTS_UNIT_SBC_ADMIN_PRINTED_H
#define TESTS_UNIT_SBC_ADMIN_PRINTED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "sbc/admin/print.h"
#include "tests/unit/alloc.h"

/* json may have ' for ", to be read more easily. */
static inline json_t *json_of(const char *json)
{
	char *text = strdup(json);
	json_t *value;

	for (char *c = text; *c; c++) {
		if (*c == '\'')
			*c = '"';
	}
	value = json_loads(text, 0, NULL);
	assert_non_null(value);
	free(text);
	return value;
}

static inline void expect_print(const char *what, const char *json, const char *expected)
{
	json_t *answer = json_of(json);
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_int_equal(print_answer(out, what, answer), OK);
	fclose(out);
	assert_string_equal(text, expected);
	free(text);
	json_decref(answer);
}

struct printing {
	const char *what;
	json_t *answer;
	FILE *out;
};

static inline void print_or_fail(void *arg)
{
	const struct printing *p = arg;
	enum err err;

	rewind(p->out);
	err = print_answer(p->out, p->what, p->answer);
	assert_int_equal(err, mem_has_failed() ? ERR_NOMEM : OK);
}

/* Gives the number of runs. */
static inline unsigned print_without_memory(const char *what, const char *json)
{
	struct printing p = { .what = what, .answer = json_of(json), .out = tmpfile() };
	unsigned runs;

	assert_non_null(p.out);
	runs = each_allocation_fails(print_or_fail, &p);
	fclose(p.out);
	json_decref(p.answer);
	return runs;
}

#endif
