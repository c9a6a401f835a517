/* base/mem.c */
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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

/* Whether the mapping in which p lies is one for large pages. */
static bool is_for_large_pages(const void *p)
{
	FILE *maps = fopen("/proc/self/smaps", "r");
	unsigned long begin, end;
	bool is_here = false, found = false;
	char line[512];

	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx ", &begin, &end) == 2)
			is_here = (uintptr_t)p >= begin && (uintptr_t)p < end;
		else if (is_here && strncmp(line, "VmFlags:", 8) == 0)
			found = strstr(line, " hg") != NULL;
	}
	fclose(maps);
	return found;
}

/* Not under a sanitizer, whose heap is its own. */
static void test_large_pages(void **state)
{
	uintptr_t before = (uintptr_t)sbrk(0);
	void *p[64];
	unsigned large = 0;

	(void)state;
	mem_tidy();
	for (size_t i = 0; i < ARRAY_LEN(p); i++) {
		p[i] = mem_zalloc(100000);
		assert_non_null(p[i]);
		large += is_for_large_pages(p[i]);
	}
	if ((uintptr_t)sbrk(0) != before &&
	    access("/sys/kernel/mm/transparent_hugepage", F_OK) == 0)
		assert_in_range(large, 32, ARRAY_LEN(p));
	for (size_t i = 0; i < ARRAY_LEN(p); i++)
		mem_free(p[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_large_pages),
		                            cmocka_unit_test(test_failures),
		                            cmocka_unit_test(test_texts),
		                            cmocka_unit_test(test_array),
		                            cmocka_unit_test(test_wipe) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
