/* base/pattern.c */
#include "base/pattern.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "../alloc.h"

static struct pattern *made(const char *text)
{
	struct pattern *p;
	char why[128];

	assert_int_equal(pattern_new(&p, text, why, sizeof(why)), OK);
	assert_string_equal(pattern_text(p), text);
	return p;
}

static void test_matches(void **state)
{
	struct pattern *p = made("^\\+49([1-9][0-9]{2,})$");
	char longest[PATTERN_SUBJECT_MAX + 2];

	(void)state;
	assert_true(pattern_matches(p, "+49301"));
	assert_false(pattern_matches(p, "+4930"));
	assert_false(pattern_matches(p, "x+49301"));
	pattern_free(&p);
	assert_null(p);
	pattern_free(&p);
	p = made("");
	memset(longest, '1', sizeof(longest));
	longest[PATTERN_SUBJECT_MAX] = '\0';
	assert_true(pattern_matches(p, longest));
	longest[PATTERN_SUBJECT_MAX] = '1';
	longest[PATTERN_SUBJECT_MAX + 1] = '\0';
	assert_false(pattern_matches(p, longest));
	pattern_free(&p);
}

static void check_replaced(const char *pattern, const char *subject, const char *template,
                           const char *wanted)
{
	struct pattern *p = made(pattern);
	char out[16];

	assert_int_equal(pattern_replace(p, subject, template, out, sizeof(out)),
	                 wanted ? OK : ERR_NOT_FOUND);
	if (wanted)
		assert_string_equal(out, wanted);
	pattern_free(&p);
}

static void test_replace(void **state)
{
	struct pattern *p;
	char out[6] = "kept";

	(void)state;
	check_replaced("^0([1-9].*)$", "030", "+49\\1", "+4930");
	check_replaced("b", "abc", "<\\0>", "<b>"); /* all of it goes, not what matched alone */
	check_replaced("(a)|(b)", "b", "\\1-\\2", "-b");
	check_replaced("a", "a", "\\\\1", "\\1");
	check_replaced("a", "b", "x", NULL);
	p = made("(.*)");
	assert_int_equal(pattern_replace(p, "12345", "\\1", out, sizeof(out)), OK);
	assert_int_equal(pattern_replace(p, "123456", "\\1", out, sizeof(out)), ERR_LIMIT);
	pattern_free(&p);
}

/* What regcomp would take, or would not, and we do not. */
static void test_refused(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{ "(", "Unmatched ( or \\(" },
		{ "(a)\\1", "a backslash stands before a letter or digit; for digits write [0-9]" },
		{ "\\d", "a backslash stands before a letter or digit; for digits write [0-9]" },
		{ "((((((((((a))))))))))", "it has more than nine pairs of parentheses" },
		{ "((a{16}){16}){4}", "its {} repeat more than 1000 times together" },
		{ "a{1,99999999999999999999}", "its {} repeat more than 1000 times together" },
		{ "a{1001}", "its {} repeat more than 1000 times together" },
		{ "a\\", "Trailing backslash" },
		{ "[]({999}", "Unmatched [, [^, [:, [., or [=" },
	};
	static const char *const good[] = { "[]({999}]", "[^](((((((((((]{2}", "[[:digit:]({300}]+",
		                            "a\\{300\\}", "((a{16}){16})" };
	char longest[PATTERN_TEXT_MAX + 2], why[128];
	struct pattern *p;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(pattern_new(&p, cases[i].text, why, sizeof(why)), ERR_SYNTAX);
		assert_string_equal(why, cases[i].why);
	}
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		p = made(good[i]);
		pattern_free(&p);
	}
	memset(longest, 'a', sizeof(longest));
	longest[PATTERN_TEXT_MAX + 1] = '\0';
	assert_int_equal(pattern_new(&p, longest, why, sizeof(why)), ERR_SYNTAX);
	assert_string_equal(why, "it is longer than 256 characters");
	longest[PATTERN_TEXT_MAX] = '\0';
	p = made(longest);
	pattern_free(&p);
}

static void test_templates(void **state)
{
	struct pattern *p = made("(a)(b)");

	(void)state;
	assert_int_equal(pattern_groups(p), 2);
	pattern_free(&p);
	assert_int_equal(template_groups(""), 0);
	assert_int_equal(template_groups("\\1x\\7"), 7);
	assert_int_equal(template_groups("\\\\9"), 0);
	assert_int_equal(template_groups("\\x"), -1);
	assert_int_equal(template_groups("a\\"), -1);
}

static void make_once(void *arg)
{
	struct pattern *p = NULL;
	char why[128];
	enum err err = pattern_new(&p, arg, why, sizeof(why));

	assert_true(err == OK || err == ERR_NOMEM);
	pattern_free(&p);
}

static void test_no_memory(void **state)
{
	char text[] = "(a)";

	(void)state;
	assert_true(each_allocation_fails(make_once, text) > 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_matches),
		                            cmocka_unit_test(test_replace),
		                            cmocka_unit_test(test_refused),
		                            cmocka_unit_test(test_templates),
		                            cmocka_unit_test(test_no_memory) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
