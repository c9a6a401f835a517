/* sbc/admin/text_table.c */
#include "sbc/admin/text_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "tests/unit/alloc.h"

static const char *const heads[] = { "NAME", ">COUNT", "WHY" };

static void expect_table(const struct text_table *t, const char *expected)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_int_equal(text_table_print(t, out), OK);
	fclose(out);
	assert_string_equal(text, expected);
	free(text);
}

static void test_columns_fit_their_widest(void **state)
{
	struct text_table t;

	(void)state;
	text_table_init(&t, heads, 3);
	text_table_add(&t, "a");
	text_table_addf(&t, "%d", 7);
	text_table_add(&t, "short");
	text_table_add(&t, "longer name");
	text_table_addf(&t, "%d", 1234567);
	text_table_add(&t, "and the last is not filled up");
	expect_table(&t, "NAME           COUNT  WHY\n"
	                 "a                  7  short\n"
	                 "longer name  1234567  and the last is not filled up\n");
	text_table_free(&t);
}

static void test_without_rows(void **state)
{
	struct text_table t;

	(void)state;
	text_table_init(&t, heads, 3);
	expect_table(&t, "NAME  COUNT  WHY\n");
	text_table_free(&t);
}

static void test_nothing_is_a_dash(void **state)
{
	struct text_table t;

	(void)state;
	text_table_init(&t, heads, 3);
	text_table_add(&t, NULL);
	text_table_add(&t, "");
	text_table_add(&t, " ");
	expect_table(&t, "NAME  COUNT  WHY\n-         -   \n");
	text_table_free(&t);
}

static void test_a_character_is_a_column(void **state)
{
	struct text_table t;

	(void)state;
	text_table_init(&t, heads, 3);
	text_table_add(&t, "Z\303\274rich");
	text_table_add(&t, "1");
	text_table_add(&t, "x");
	expect_table(&t, "NAME    COUNT  WHY\nZ\303\274rich      1  x\n");
	text_table_free(&t);
}

static void test_durations(void **state)
{
	static const struct {
		uint64_t seconds;
		const char *text;
	} cases[] = {
		{ 0, "0 s" },
		{ 59, "59 s" },
		{ 60, "1:00 min" },
		{ 3599, "59:59 min" },
		{ 3600, "1:00:00 h" },
		{ 86399, "23:59:59 h" },
		{ 86400, "1 d 0:00 h" },
		{ 400 * 86400 + 3 * 3600 + 240, "400 d 3:04 h" },
		{ UINT64_MAX, "213503982334601 d 7:00 h" },
	};
	char buf[DURATION_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_string_equal(text_duration(cases[i].seconds, buf), cases[i].text);
}

static void fill_and_print(void *arg)
{
	struct text_table t;
	FILE *out = arg;
	enum err err;

	text_table_init(&t, heads, 3);
	for (int i = 0; i < 90; i++)
		text_table_addf(&t, "cell %d", i);
	rewind(out);
	err = text_table_print(&t, out);
	assert_int_equal(err, mem_has_failed() ? ERR_NOMEM : OK);
	assert_true(err == OK || ftell(out) == 0);
	text_table_free(&t);
}

static void test_without_memory(void **state)
{
	FILE *out = tmpfile();

	(void)state;
	assert_non_null(out);
	/* Each cell, the list of them twice, the widths. */
	assert_int_equal(each_allocation_fails(fill_and_print, out), 90 + 2 + 1 + 1);
	fclose(out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_columns_fit_their_widest),
		cmocka_unit_test(test_without_rows),
		cmocka_unit_test(test_nothing_is_a_dash),
		cmocka_unit_test(test_a_character_is_a_column),
		cmocka_unit_test(test_durations),
		cmocka_unit_test(test_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
