/* sbc/b2bua/name_addr.c */
#include "sbc/b2bua/name_addr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "base/err.h"

static void test_read(void **state)
{
	static const struct {
		const char *value, *display, *uri, *params; /* uri NULL: it is none */
	} cases[] = {
		{ "<sip:a@b>", "", "sip:a@b", "" },
		{ "sip:a@b;x=y", "", "sip:a@b", ";x=y" },
		{ "sip:a@b ;x", "", "sip:a@b", ";x" },
		{ "<sip:a@b;user=phone> ; x=y", "", "sip:a@b;user=phone", "; x=y" },
		{ "Anna B <sip:a@b>", "\"Anna B\"", "sip:a@b", "" },
		{ "\"A \\\" <B>\" <sip:a@b>;t", "\"A \\\" <B>\"", "sip:a@b", ";t" },
		{ "\"A\"<sip:a@b>", "\"A\"", "sip:a@b", "" },
		{ "A\\B <sip:a@b>", "", "sip:a@b", "" },
		{ "<sip:a@b", NULL, NULL, NULL },
		{ "\"A <sip:a@b>", NULL, NULL, NULL },
		{ "\"A\\", NULL, NULL, NULL },
		{ "\"A\"", NULL, NULL, NULL },
		{ "<>", NULL, NULL, NULL },
		{ "", NULL, NULL, NULL },
		{ ";x", NULL, NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct name_addr who;
		bool is = name_addr_read(&who, cases[i].value);

		if (is != (cases[i].uri != NULL))
			fail_msg("%s", cases[i].value);
		if (!is)
			continue;
		assert_string_equal(who.display, cases[i].display);
		assert_string_equal(who.uri, cases[i].uri);
		assert_string_equal(who.params, cases[i].params);
	}
}

static void test_too_long(void **state)
{
	char value[NAME_URI_MAX + 64];
	struct name_addr who;

	(void)state;
	snprintf(value, sizeof(value), "<sip:%0*u>", NAME_URI_MAX - 4, 0);
	assert_false(name_addr_read(&who, value));
	snprintf(value, sizeof(value), "<sip:%0*u>", NAME_URI_MAX - 5, 0);
	assert_true(name_addr_read(&who, value));
	snprintf(value, sizeof(value), "%0*u <sip:a@b>", DISPLAY_MAX, 0);
	assert_true(name_addr_read(&who, value));
	assert_string_equal(who.display, "");
}

static void test_params(void **state)
{
	static const struct {
		const char *params, *name, *value; /* NULL: it is not there */
	} cases[] = {
		{ ";a=1;b=2", "b", "2" },
		{ "; A = 1 ; b", "a", "1" },
		{ ";a=1;b", "b", "" },
		{ ";ab=1", "a", NULL },
		{ ";a=\"x;b=3\";b=2", "b", "2" },
		{ ";a=\"x;y\"", "a", "x;y" },
		{ ";a=\"\"", "a", "" },
		{ ";a=\"x\" ;b=2", "a", "x" },
		{ ";a=\"x\" y;b=2", "b", "2" },
		{ ";a=\"x", "a", NULL },
		{ ";;a=1", "a", "1" },
		{ "", "a", NULL },
		{ ";=;a=1", "a", NULL },
		{ ";a=1234567890123456", "a", NULL },
	};
	char out[16];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		bool is = name_addr_param(cases[i].params, cases[i].name, out, sizeof(out));

		if (is != (cases[i].value != NULL) || (is && strcmp(out, cases[i].value) != 0))
			fail_msg("%s: %s", cases[i].params, is ? out : "not there");
	}
	assert_true(name_addr_param_is(";privacy=Full", "privacy", "full"));
	assert_false(name_addr_param_is(";privacy=off", "privacy", "full"));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_read),
		                            cmocka_unit_test(test_too_long),
		                            cmocka_unit_test(test_params) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
