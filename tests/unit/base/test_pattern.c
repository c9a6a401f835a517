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
#include "base/clock.h"
#include "base/log.h"

static struct pattern *made(const char *text)
{
	struct pattern *p;
	char why[128];

	assert_int_equal(pattern_new(&p, text, why, sizeof(why)), OK);
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

static void test_what_is_taken(void **state)
{
	static const struct {
		const char *pattern, *subject, *taken; /* NULL: it does not match */
	} cases[] = {
		{ "", "abc", "" },         { "b+", "abbab", "bb" },
		{ "^b", "ab", NULL },      { "b$", "b\n", NULL },
		{ "^b", "a\nb", NULL },    { "[[:digit:][:upper:]]+", "ab1Xc", "1X" },
		{ "\\d+", "ab12", "12" },  { "a.c", "a\nc", "a\nc" },
		{ "\\.\\*", "a.*", ".*" }, { "\xc3.", "\xc3\xa4", "\xc3\xa4" },
		{ "a\\Kb", "ab", "b" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct pattern *p = made(cases[i].pattern);
		char out[16];
		enum err err = pattern_replace(p, cases[i].subject, "\\0", out, sizeof(out));

		if (err ? cases[i].taken != NULL
		        : !cases[i].taken || strcmp(out, cases[i].taken) != 0)
			fail_msg("%s on %s: %s", cases[i].pattern, cases[i].subject,
			         err ? "no match" : out);
		assert_int_equal(pattern_matches(p, cases[i].subject), !err);
		pattern_free(&p);
	}
}

static void on_log(void *arg, enum log_level level, const char *line)
{
	(void)level;
	assert_non_null(strstr(line, "regular-expression"));
	assert_null(strstr(line, "1212"));
	++*(unsigned *)arg;
}

/* Bounded in time whatever comes; said once. */
static void test_hostile(void **state)
{
	static const struct {
		const char *pattern;
		bool gives_up;
	} cases[] = { { "[0-9]*(1|2)[0-9]{100}$", false }, { "^(1|2|12|21)*[xy]", true },
		      { "(1|2)*1(1|2){200}[xy]", true },   { "((1*2*){1,20}){1,10}[xy]", true },
		      { "(1?){150}1{150}[xy]", true },     { "^(.)(?1)*?(?R)?[xy]", true } };
	char text[PATTERN_SUBJECT_MAX + 1];
	struct pattern *p;

	(void)state;
	for (size_t k = 0; k < sizeof(text) - 1; k++)
		text[k] = k % 2 ? '2' : '1';
	text[sizeof(text) - 1] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint64_t began_us;
		unsigned said = 0;

		p = made(cases[i].pattern);
		log_capture(on_log, &said);
		began_us = clock_mono_us();
		(void)pattern_matches(p, text);
		/* Some ms; under a sanitizer and on a busy machine more. */
		assert_in_range(clock_mono_us() - began_us, 0, 1500000);
		(void)pattern_matches(p, text);
		log_capture(NULL, NULL);
		if (said != cases[i].gives_up)
			fail_msg("%s: said %u times", cases[i].pattern, said);
		pattern_free(&p);
	}
}

static void test_refused(void **state)
{
	static const char *const bad[] = { "(",    "a)",     "a\\",    "((((((((((a))))))))))",
		                           "+49",  "a{2,1}", "a**",    "[a",
		                           "[a-",  "[z-a]",  "\\C",    "[[:nope:]]",
		                           "(?u)", "(*UTF)", "\\p{L}(" };
	char longest[PATTERN_TEXT_MAX + 2], why[160];
	struct pattern *p;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		if (pattern_new(&p, bad[i], why, sizeof(why)) != ERR_SYNTAX || !*why)
			fail_msg("%s is good", bad[i]);
	}
	assert_int_equal(pattern_new(&p, "^(49", why, sizeof(why)), ERR_SYNTAX);
	assert_string_equal(why, "missing closing parenthesis, behind character 4");
	memset(longest, 'a', sizeof(longest));
	longest[PATTERN_TEXT_MAX + 1] = '\0';
	assert_int_equal(pattern_new(&p, longest, why, sizeof(why)), ERR_SYNTAX);
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
	char out[8];

	assert_true(err == OK || err == ERR_NOMEM);
	if (!err) {
		err = pattern_replace(p, "a", "\\1", out, sizeof(out));
		assert_true(err == OK || err == ERR_NOMEM);
	}
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
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_matches),       cmocka_unit_test(test_replace),
		cmocka_unit_test(test_what_is_taken), cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_refused),       cmocka_unit_test(test_templates),
		cmocka_unit_test(test_no_memory)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
