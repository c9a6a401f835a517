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

/* What of a text it takes, as IEEE 1003.1 9.1 says: the first match, and there the longest. */
static void test_what_is_taken(void **state)
{
	static const struct {
		const char *pattern, *subject, *taken; /* NULL: it does not match */
	} cases[] = {
		{ "", "abc", "" },
		{ "b*", "abb", "" },
		{ "b+", "abbab", "bb" },
		{ "a|ab|abc", "xabcd", "abc" },
		{ "(a|ab)(c|bcd)", "abcd", "abcd" },
		{ "a|b|", "b", "b" },
		{ "(|a)b", "ab", "ab" },
		{ "()", "a", "" },
		{ "(a*)*", "aab", "aa" },
		{ "(a?b){2}", "babab", "bab" },
		{ "a{2}", "aaa", "aa" },
		{ "a{2,}", "aaa", "aaa" },
		{ "a{,2}b", "aaab", "aab" },
		{ "a{1,2}", "aaa", "aa" },
		{ "a{3}", "aa", NULL },
		{ "^b", "ab", NULL },
		{ "b$", "ba", NULL },
		{ "(^a|b)c", "bc", "bc" },
		{ "^(ab|cd)*$", "abcdab", "abcdab" },
		{ "[b-d]+", "abcde", "bcd" },
		{ "[]a-]+", "x]-a", "]-a" },
		{ "[^]a]+", "]ax-", "x-" },
		{ "[[:digit:][:upper:]]+", "ab1Xc", "1X" },
		{ "[[.-.]x]+", "a-x", "-x" },
		{ "[a[=b=]-d]+", "xabcde", "abcd" },
		{ "a.c", "abcaxc", "abc" },
		{ "\\.\\*", "a.*", ".*" },
		{ "\xc3.", "\xc3\xa4", "\xc3\xa4" },
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

/* Where the C library needs seconds, and memory by the octet, for ever: time has its bound, memory
 * is what there was. */
static void test_hostile(void **state)
{
	static const char *const patterns[] = { "[0-9]*(1|2)[0-9]{100}$", "(1|2)*1(1|2){200}x",
		                                "((1*2*){1,20}){1,10}x", "(1?){150}1{150}x" };
	char text[PATTERN_SUBJECT_MAX + 1];
	struct pattern *p;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(patterns); i++) {
		uint64_t seed = 1, began_us;

		p = made(patterns[i]);
		for (size_t k = 0; k < sizeof(text) - 1; k++) {
			seed = seed * 6364136223846793005U + 1442695040888963407U;
			text[k] = seed >> 63 ? '1' : '2';
		}
		text[sizeof(text) - 1] = '\0';
		mem_fail_nth(1); /* nothing is taken */
		began_us = clock_mono_us();
		(void)pattern_matches(p, text);
		assert_false(mem_has_failed());
		mem_fail_nth(0);
		/* Under a sanitizer and on a busy machine; the C library needs 2.5 s without. */
		assert_in_range(clock_mono_us() - began_us, 0, 1500000);
		pattern_free(&p);
	}
}

static void test_refused(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{ "(", "a ( is not closed" },
		{ "a)", "a ) closes nothing" },
		{ "(a)\\1", "a backslash stands before a letter or digit; for digits write [0-9]" },
		{ "\\d", "a backslash stands before a letter or digit; for digits write [0-9]" },
		{ "a\\", "a backslash stands at its end" },
		{ "((((((((((a))))))))))", "it has more than nine pairs of parentheses" },
		{ "((a{16}){16}){8}",
		  "it comes to more than 2000 steps, with all that its {} repeat" },
		{ "([ab]{16}){17}",
		  "it has more than 256 brackets and dots, with all that its {} repeat" },
		{ "a{1,99999999999999999999}", "its {} repeat more than 2000 times" },
		{ "a{2001}", "its {} repeat more than 2000 times" },
		{ "a{2,1}", "{} has no numbers in it as in {2}, {2,} or {2,5}" },
		{ "a{", "{} has no numbers in it as in {2}, {2,} or {2,5}" },
		{ "a{,}", "{} has no numbers in it as in {2}, {2,} or {2,5}" },
		{ "a{0}", "what stands before {0} can never be there" },
		{ "+49", "there is nothing before a * + ? or { that could be repeated" },
		{ "^+49", "there is nothing before a * + ? or { that could be repeated" },
		{ "a**", "two repetitions stand one behind the other" },
		{ "[a", "a [ is not closed" },
		{ "[]({999}", "a [ is not closed" },
		{ "[a-", "a [ is not closed" },
		{ "[z-a]", "a range in brackets ends before it begins" },
		{ "[[:nope:]]", "it names a class of characters that there is not" },
		{ "[[.ab.]]", "a bracket has [. or [= in it for more than one character" },
	};
	static const char *const good[] = {
		"[]({999}]",  "[^](((((((((((]{2}", "[[:digit:]({300}]+",
		"a\\{300\\}", "((a{16}){16})",      "[a-]",
		"(a)|b"
	};
	char longest[PATTERN_TEXT_MAX + 2], why[128];
	struct pattern *p;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		if (pattern_new(&p, cases[i].text, why, sizeof(why)) != ERR_SYNTAX ||
		    strcmp(why, cases[i].why) != 0)
			fail_msg("%s: %s", cases[i].text, why);
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
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_matches),       cmocka_unit_test(test_replace),
		cmocka_unit_test(test_what_is_taken), cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_refused),       cmocka_unit_test(test_templates),
		cmocka_unit_test(test_no_memory)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
