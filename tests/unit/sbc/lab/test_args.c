/* The lab's command lines. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "sbc/lab/args.h"

#define UNUSED(x) ((void)(x))

static struct {
	bool flag;
	const char *text, *rest;
	struct addr addr;
	struct arg_range range;
	unsigned count;
} got;

static const struct arg table[] = { { "--flag", ARG_FLAG, &got.flag },
	                            { "--text", ARG_TEXT, &got.text },
	                            { "--addr", ARG_ADDR, &got.addr },
	                            { "--range", ARG_RANGE, &got.range },
	                            { "--count", ARG_COUNT, &got.count } };

static int setup(void **state)
{
	UNUSED(state);
	memset(&got, 0, sizeof(got));
	return 0;
}

/* line: words with one space between. */
static enum err read_line(const char *line, const char **rest)
{
	static char copy[256];
	char *argv[16] = { NULL }, *word, *save;
	int argc = 0;

	strncpy(copy, line, sizeof(copy) - 1);
	for (word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save))
		argv[argc++] = word;
	return args_read(argc, argv, 0, table, ARRAY_LEN(table), rest);
}

static void test_all_kinds(void **state)
{
	UNUSED(state);
	assert_int_equal(read_line("--flag --text word --addr 127.0.0.3:5061 100 --range "
	                           "40000-40999 --count 3600",
	                           &got.rest),
	                 OK);
	assert_true(got.flag);
	assert_string_equal(got.text, "word");
	assert_string_equal(got.rest, "100");
	assert_int_equal(addr_port(&got.addr), 5061);
	assert_int_equal(got.range.low, 40000);
	assert_int_equal(got.range.high, 40999);
	assert_int_equal(got.count, 3600);
}

static void test_nothing(void **state)
{
	UNUSED(state);
	assert_int_equal(read_line("", &got.rest), OK);
	assert_null(got.rest);
	assert_null(got.text);
}

static void test_wrong(void **state)
{
	static const char *const lines[] = {
		"--no-such",
		"-x",
		"one two",
		"--text",
		"--addr",
		"--addr nowhere",
		"--range 40000",
		"--range 40000-",
		"--range 5-6",
		"--range 40999-40000",
		"--range 40000-70000",
		"--range 40000-40999x",
		"--range -1-5000",
		"--count 0",
		"--count 3601",
		"--count -1",
		"--count 5s",
		"--count 99999999999999999999",
	};

	UNUSED(state);
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		got.rest = NULL;
		if (read_line(lines[i], &got.rest) != ERR_SYNTAX)
			fail_msg("taken: %s", lines[i]);
	}
	assert_int_equal(read_line("word", NULL), ERR_SYNTAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_all_kinds, setup),
		cmocka_unit_test_setup(test_nothing, setup),
		cmocka_unit_test_setup(test_wrong, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
