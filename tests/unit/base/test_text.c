/* base/text.c: what a peer wrote is shown, not obeyed. */
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/err.h"

static void test_terminals_are_not_commanded(void **state)
{
	static const struct {
		const char *in, *out;
		size_t width;
	} cases[] = {
		{ "", "", 0 },
		{ "plain", "plain", 5 },
		{ "\033[2Jgone\r\n", "?[2Jgone??", 10 },
		{ "\177", "?", 1 },
		{ "a\302\233b", "a?b", 3 },       /* CSI as one character */
		{ "\342\200\256abc", "?abc", 4 }, /* right to left */
		{ "\342\201\246abc", "?abc", 4 }, /* the same, isolated */
		{ "\342\200\250", "?", 1 },       /* line separator */
		{ "\342\202\254", "\342\202\254", 1 },
		{ "\360\237\223\236", "\360\237\223\236", 1 },
		{ "\377\376", "??", 2 },
		{ "\300\257", "??", 2 },           /* too long a form of '/' */
		{ "\355\240\200", "???", 3 },      /* half a surrogate pair */
		{ "\364\220\200\200", "????", 4 }, /* above U+10FFFF */
		{ "\342\202", "??", 2 },           /* cut short */
		{ "\360\237\223", "???", 3 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *text = strdup(cases[i].in);

		assert_int_equal(text_make_safe(text), cases[i].width);
		assert_string_equal(text, cases[i].out);
		free(text);
	}
}

static void test_numbers(void **state)
{
	static const struct {
		uint64_t n;
		const char *text;
	} cases[] = { { 0, "0" },
		      { 9, "9" },
		      { 10, "10" },
		      { 5060, "5060" },
		      { UINT64_MAX, "18446744073709551615" } };
	char text[TEXT_NUMBER_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(text_number(text, cases[i].n), strlen(cases[i].text));
		assert_string_equal(text, cases[i].text);
	}
}

static void test_copies(void **state)
{
	char text[4] = "xyz";

	(void)state;
	text_copy(text, sizeof(text), "");
	assert_string_equal(text, "");
	text_copy(text, sizeof(text), "abc");
	assert_string_equal(text, "abc");
	text_copy(text, sizeof(text), "defg");
	assert_string_equal(text, "def");
	text_copy(text, 1, "h");
	assert_string_equal(text, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_terminals_are_not_commanded),
		                            cmocka_unit_test(test_numbers),
		                            cmocka_unit_test(test_copies) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
