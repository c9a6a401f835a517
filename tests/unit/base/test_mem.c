/* base/mem.c */
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

static void test_failures(void **state)
{
	void *p[4];

	(void)state;
	mem_fail_nth(3);
	for (int i = 0; i < 4; i++)
		p[i] = mem_zalloc(8);
	assert_non_null(p[0]);
	assert_non_null(p[1]);
	assert_null(p[2]);
	assert_non_null(p[3]);
	assert_true(mem_has_failed());
	for (int i = 0; i < 4; i++)
		mem_free(p[i]);
	mem_fail_nth(0);
	assert_false(mem_has_failed());
}

static void test_texts(void **state)
{
	char *s = mem_printf("%s-%d", "a", 5), *t = mem_strndup("abcdef", 3), *u = mem_strdup("x");

	(void)state;
	assert_string_equal(s, "a-5");
	assert_string_equal(t, "abc");
	assert_string_equal(u, "x");
	mem_free(s);
	mem_free(t);
	mem_free(u);
	mem_fail_nth(1);
	assert_null(mem_printf("x"));
	mem_fail_nth(1);
	assert_null(mem_strdup("x"));
	mem_fail_nth(0);
}

static void test_array(void **state)
{
	int *a = mem_array(NULL, 4, sizeof(int)), *more;

	(void)state;
	assert_non_null(a);
	assert_null(mem_array(a, SIZE_MAX / 2, sizeof(int))); /* would overflow; a is as it was */
	more = mem_array(a, 400, sizeof(int));
	assert_non_null(more);
	mem_free(more);
	a = mem_array(NULL, 0, sizeof(int));
	assert_non_null(a);
	mem_free(a);
}

static void test_wipe(void **state)
{
	char secret[] = "a secret";
	static const char zeros[sizeof(secret)];
	char *text = mem_strdup("another");

	(void)state;
	mem_wipe(secret, sizeof(secret));
	assert_memory_equal(secret, zeros, sizeof(secret));
	mem_wipe_text(&text);
	assert_null(text);
	mem_wipe_text(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_failures),
		                            cmocka_unit_test(test_texts),
		                            cmocka_unit_test(test_array),
		                            cmocka_unit_test(test_wipe) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
