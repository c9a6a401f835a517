/* base/buf.c */
#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "base/mem.h"
#include "tests/unit/alloc.h"

static void test_write(void **state)
{
	char big[2000], *text;
	struct buf b;

	(void)state;
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	buf_init(&b, 5000);
	buf_puts(&b, "a");
	buf_printf(&b, "%d", 12);
	buf_printf(&b, "%s", big);
	buf_add(&b, "\0z", 2);
	assert_int_equal(buf_err(&b), OK);
	assert_int_equal(b.len, 1 + 2 + 1999 + 2);
	assert_memory_equal(b.data, "a12xxx", 6);
	buf_consume(&b, 3);
	assert_int_equal(b.data[0], 'x');
	buf_consume(&b, 1999 + 2);
	buf_put_number(&b, 0);
	buf_put_number(&b, UINT64_MAX);
	assert_string_equal(b.data, "018446744073709551615");
	buf_consume(&b, 9999);
	assert_int_equal(b.len, 0);
	assert_int_equal(buf_take(&b, &text), OK);
	assert_string_equal(text, "");
	mem_free(text);
	buf_free(&b);
}

static void test_limit(void **state)
{
	struct buf b;
	char *text;

	(void)state;
	buf_init(&b, 4);
	buf_puts(&b, "1234");
	assert_int_equal(buf_err(&b), OK);
	buf_puts(&b, "5");
	assert_int_equal(buf_err(&b), ERR_LIMIT);
	assert_int_equal(b.len, 4);
	buf_consume(&b, 4);
	buf_puts(&b, "6");
	assert_int_equal(buf_take(&b, &text), ERR_LIMIT); /* it sticks */
	buf_free(&b);
	assert_int_equal(buf_err(&b), OK);
}

static void write_much(void *arg)
{
	struct buf b;
	char *text;

	(void)arg;
	buf_init(&b, 100000);
	for (int i = 0; i < 100; i++)
		buf_printf(&b, "%0600d", i);
	if (buf_take(&b, &text) == OK) {
		assert_int_equal(strlen(text), 60000);
		mem_free(text);
	} else {
		assert_int_equal(buf_err(&b), ERR_NOMEM);
	}
	buf_free(&b);
}

static void test_no_memory(void **state)
{
	(void)state;
	assert_true(each_allocation_fails(write_much, NULL) > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_write),
		                            cmocka_unit_test(test_limit),
		                            cmocka_unit_test(test_no_memory) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
