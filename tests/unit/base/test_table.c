/* base/table.c */
#include "base/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include "base/mem.h"
#include "tests/unit/alloc.h"

#define MANY 5000

static char keys[MANY][24];
static int values[MANY];

static void test_many(void **state)
{
	struct table *t;

	(void)state;
	assert_int_equal(table_new(&t, MANY), OK);
	for (int i = 0; i < MANY; i++) {
		snprintf(keys[i], sizeof(keys[i]), "key-%d", i);
		assert_int_equal(table_put(t, keys[i], &values[i]), OK);
	}
	assert_int_equal(table_count(t), MANY);
	assert_int_equal(table_limit(t), MANY);
	assert_int_equal(table_put(t, "one more", &values[0]), ERR_LIMIT);
	assert_int_equal(table_put(t, "key-7", &values[0]), ERR_EXISTS);
	for (int i = 0; i < MANY; i += 2)
		assert_ptr_equal(table_remove(t, keys[i]), &values[i]);
	for (int i = 0; i < MANY; i++)
		assert_ptr_equal(table_get(t, keys[i]), i % 2 ? &values[i] : NULL);
	assert_null(table_remove(t, keys[0]));
	assert_int_equal(table_count(t), MANY / 2);
	assert_int_equal(table_put(t, keys[0], &values[0]), OK);
	table_free(&t);
	assert_null(t);
	table_free(&t);
}

/* Keys of every length around the hash's words of 8. */
static void test_lengths(void **state)
{
	static const char text[] = "abcdefghijklmnopqrstuvwxyz";
	struct table *t;

	(void)state;
	assert_int_equal(table_new(&t, 100), OK);
	for (size_t i = 0; i < sizeof(text); i++)
		assert_int_equal(table_put(t, text + i, &values[i]), OK);
	for (size_t i = 0; i < sizeof(text); i++)
		assert_ptr_equal(table_get(t, text + i), &values[i]);
	table_free(&t);
}

static void fill(void *arg)
{
	struct table *t;

	(void)arg;
	if (table_new(&t, MANY))
		return;
	for (int i = 0; i < 40; i++) {
		enum err err = table_put(t, keys[i], &values[i]);

		assert_true(err == OK || err == ERR_NOMEM);
		assert_ptr_equal(table_get(t, keys[i]), err ? NULL : &values[i]);
	}
	table_free(&t);
}

static void test_no_memory(void **state)
{
	(void)state;
	assert_true(each_allocation_fails(fill, NULL) > 40);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_many),
		                            cmocka_unit_test(test_lengths),
		                            cmocka_unit_test(test_no_memory) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
