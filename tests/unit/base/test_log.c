/* base/log.c */
#include "base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

static char line[4096];
static unsigned lines;

static void on_line(void *arg, enum log_level level, const char *text)
{
	(void)arg;
	(void)level;
	lines++;
	snprintf(line, sizeof(line), "%s", text);
}

static int begin(void **state)
{
	(void)state;
	lines = 0;
	log_capture(on_line, NULL);
	log_set_level(LOG_INFO);
	return 0;
}

static int end(void **state)
{
	(void)state;
	log_capture(NULL, NULL);
	return 0;
}

static void test_line(void **state)
{
	(void)state;
	LOG(LOG_INFO, KV("call", "7f3a"), KV("event", "invite"), KVN("code", -486),
	    KV("none", NULL));
	assert_string_equal(line, "call=7f3a event=invite code=-486 none=-");
	LOG(LOG_DEBUG, KV("event", "not wanted"));
	assert_int_equal(lines, 1);
	assert_true(log_wants(LOG_ERROR));
	assert_false(log_wants(LOG_DEBUG));
}

/* What comes from the wire can forge neither a line nor a key. */
static void test_escapes(void **state)
{
	static const char *const bad[] = { "a\nevent=forged", "a\r\nx",      "a b=c", "\"quote",
		                           "back\\slash",     "\x1b[31mred", "\x7f",  "" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		LOG(LOG_INFO, KV("user", bad[i]), KV("end", "yes"));
		assert_null(strpbrk(line, "\n\r\x1b\x7f"));
		assert_memory_equal(line, "user=\"", 6);
		assert_non_null(strstr(line, "\" end=yes"));
	}
}

static void test_long(void **state)
{
	static char text[100000];

	(void)state;
	memset(text, '\n', sizeof(text) - 1);
	LOG(LOG_INFO, KV("user", text), KV("end", "yes"));
	assert_int_equal(lines, 1);
	assert_null(strchr(line, '\n'));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_line, begin, end),
		cmocka_unit_test_setup_teardown(test_escapes, begin, end),
		cmocka_unit_test_setup_teardown(test_long, begin, end)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
