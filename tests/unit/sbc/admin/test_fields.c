/* sbc/admin/fields.c */
#include "sbc/admin/fields.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "tests/unit/alloc.h"

static json_t *filled(void)
{
	struct fields f;

	fields_init(&f);
	fields_text(&f, "text", "Z\303\274rich");
	fields_text(&f, "nothing", NULL);
	fields_text(&f, "wire", "a\377\177\033b");
	fields_count(&f, "count", 1ULL << 53);
	fields_put(&f, "yes", json_true());
	return fields_take(&f);
}

static void test_all_that_was_put_in(void **state)
{
	json_t *object = filled();
	char *text = json_dumps(object, JSON_COMPACT);

	(void)state;
	assert_string_equal(text, "{\"text\":\"Z\303\274rich\",\"nothing\":null,"
	                          "\"wire\":\"a???b\",\"count\":9007199254740992,"
	                          "\"yes\":true}");
	mem_free(text);
	json_decref(object);
}

static void test_a_failure_sticks(void **state)
{
	struct fields f;

	(void)state;
	fields_init(&f);
	fields_text(&f, "before", "a");
	fields_put(&f, "failed", NULL);
	fields_text(&f, "after", "b");
	fields_put(&f, "taken all the same", json_string("c"));
	assert_null(fields_take(&f));
}

static void test_nothing_is_appended(void **state)
{
	json_t *array = json_array();

	(void)state;
	assert_false(fields_append(array, NULL));
	assert_true(fields_append(array, json_integer(1)));
	assert_false(fields_append(NULL, json_integer(1)));
	assert_int_equal(json_array_size(array), 1);
	json_decref(array);
}

static void fill(void *arg)
{
	json_t *object = filled();

	if (!mem_has_failed())
		assert_non_null(object);
	*(unsigned *)arg += object == NULL;
	json_decref(object);
}

static void test_without_memory(void **state)
{
	unsigned failures = 0, runs = each_allocation_fails(fill, &failures);

	(void)state;
	assert_true(runs > 10);
	/* The last run needs no more; and the two pieces of the first text have a second try. */
	assert_int_equal(failures, runs - 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_that_was_put_in),
		cmocka_unit_test(test_a_failure_sticks),
		cmocka_unit_test(test_nothing_is_appended),
		cmocka_unit_test(test_without_memory),
	};

	/* Every allocation of the library is one that can fail. */
	json_set_alloc_funcs(mem_zalloc, mem_free);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
