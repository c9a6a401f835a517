/* base/log.c */
#include "base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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

/* Calls say() with the writer's thread running and gives what it wrote. wait: for the first line,
 * before the log is stopped. */
static void written(void (*say)(void), bool wait, char *text, size_t size)
{
	int ends[2], saved = dup(STDERR_FILENO);
	struct pollfd readable;
	ssize_t n;

	assert_int_equal(pipe(ends), 0);
	dup2(ends[1], STDERR_FILENO);
	log_capture(NULL, NULL);
	assert_int_equal(log_start(LOG_TO_STDERR), OK);
	say();
	readable = (struct pollfd){ .fd = ends[0], .events = POLLIN };
	n = wait ? poll(&readable, 1, 5000) : 1;
	log_stop();
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(ends[1]);
	assert_int_equal(n, 1);
	n = read(ends[0], text, size - 1);
	close(ends[0]);
	assert_true(n > 0);
	text[n] = '\0';
}

static void say_info(void)
{
	LOG(LOG_INFO, KV("event", "one"));
	LOG(LOG_INFO, KV("event", "two"));
}

static void say_trouble(void)
{
	say_info();
	LOG(LOG_WARN, KV("event", "three"));
}

/* In their order, those that wait to be gathered, those that do not, and those of the last moment.
 */
static void test_written(void **state)
{
	static void (*const says[])(void) = { say_info, say_trouble };
	char text[1024], *two;

	(void)state;
	for (unsigned i = 0; i < 2 * ARRAY_LEN(says); i++) {
		written(says[i / 2], i % 2, text, sizeof(text));
		assert_non_null(strstr(text, "Z level=info event=one\n"));
		two = strstr(text, "Z level=info event=two\n");
		assert_non_null(two);
		assert_true(strstr(text, "event=one") < two);
		assert_int_equal(strstr(two, "Z level=warn event=three\n") != NULL, i / 2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_line, begin, end),
		cmocka_unit_test_setup_teardown(test_escapes, begin, end),
		cmocka_unit_test_setup_teardown(test_long, begin, end),
		cmocka_unit_test_setup_teardown(test_written, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
