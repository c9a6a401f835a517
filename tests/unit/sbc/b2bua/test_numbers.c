/* sbc/b2bua/numbers.c */
#include "sbc/b2bua/numbers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

static void test_clean(void **state)
{
	static const char *const good[] = { "+4930", "desk", "a;b=c", "%41b", "*98", "a!b" };
	static const char *const bad[] = { "",       "a b", "a@b", "a>b", "a\"b",
		                           "a\r\nb", "<",   "#1",  "\x80" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_true(number_is_clean(good[i]));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(number_is_clean(bad[i]));
}

/* RFC 3261 19.1.4, 19.1.6: what a route sees is what the provider will. */
static void test_number(void **state)
{
	static const struct {
		const char *user, *number;
	} cases[] = { { "+493012345", "+493012345" },
		      { "+493012345;npdi=yes;rn=+49301", "+493012345" },
		      { "%2B4930", "+4930" },
		      { "%30900", "0900" },
		      { "a%20b", "a%20b" },
		      { "a%3bb", "a%3bb" },
		      { "a%00", "a%00" },
		      { "#1#", "%231%23" },
		      { "0(0)1-90.0", "001900" },
		      { "%2B49-30", "+4930" },
		      { "a-b", "a-b" },
		      { "0*9-0", "0*9-0" },
		      { "-", "-" },
		      { "%2", NULL },
		      { "%zz", NULL },
		      { "", NULL },
		      { ";x=y", NULL },
		      { "a b", NULL } };
	char out[16];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		enum err err = number_read(cases[i].user, out, sizeof(out));

		assert_int_equal(err, cases[i].number ? OK : ERR_SYNTAX);
		if (cases[i].number)
			assert_string_equal(out, cases[i].number);
	}
	assert_int_equal(number_read("1234567890123456", out, sizeof(out)), ERR_LIMIT);
}

/* Berlin, as a trunk in Germany knows it. */
static struct config_trunk berlin(enum number_form form)
{
	return (struct config_trunk){ .numbers_out = form,
		                      .numbers_in = form,
		                      .calling_out = NUMBERS_SAME,
		                      .calling_in = NUMBERS_SAME,
		                      .dialling = { .country = "49",
		                                    .area = "30",
		                                    .international_prefix = "00",
		                                    .national_prefix = "0" } };
}

static void check_cross(const struct config_trunk *trunk, const char *number, const char *wanted)
{
	char out[NUMBER_MAX];

	assert_int_equal(number_cross(trunk, TRUNK_OUT, NUMBER_CALLED, number, out), OK);
	assert_string_equal(out, wanted);
	assert_int_equal(number_cross(trunk, TRUNK_IN, NUMBER_CALLING, number, out), OK);
	assert_string_equal(out, wanted);
}

static void test_forms(void **state)
{
	static const struct {
		const char *number, *e164, *national, *international, *plain;
	} cases[] = {
		{ "+493012345", "+493012345", "03012345", "00493012345", "493012345" },
		{ "00493012345", "+493012345", "03012345", "00493012345", "493012345" },
		{ "03012345", "+493012345", "03012345", "00493012345", "493012345" },
		{ "12345", "+493012345", "03012345", "00493012345", "493012345" },
		{ "0891234", "+49891234", "0891234", "0049891234", "49891234" },
		{ "0043123", "+43123", "0043123", "0043123", "43123" },
		{ "+1(212)555-0100", "+12125550100", "0012125550100", "0012125550100",
		  "12125550100" },
		/* No numbers that have a country. */
		{ "110", "110", "110", "110", "110" },
		{ "desk", "desk", "desk", "desk", "desk" },
		{ "*21#", "*21#", "*21#", "*21#", "*21#" },
		{ "+", "+", "+", "+", "+" },
		{ "0", "0", "0", "0", "0" },
		{ "00", "+490", "00", "00490", "490" }, /* the digit behind a prefix */
		{ "-", "-", "-", "-", "-" },
		{ "1+2345", "1+2345", "1+2345", "1+2345", "1+2345" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct config_trunk as_is = berlin(NUMBERS_AS_IS), e164 = berlin(NUMBERS_E164);
		struct config_trunk national = berlin(NUMBERS_NATIONAL);
		struct config_trunk international = berlin(NUMBERS_INTERNATIONAL);
		struct config_trunk plain = berlin(NUMBERS_PLAIN);

		check_cross(&as_is, cases[i].number, cases[i].number);
		check_cross(&e164, cases[i].number, cases[i].e164);
		check_cross(&national, cases[i].number, cases[i].national);
		check_cross(&international, cases[i].number, cases[i].international);
		check_cross(&plain, cases[i].number, cases[i].plain);
	}
}

/* Where an area code has no prefix, the number is whole; without an area it is nobody's. */
static void test_other_plans(void **state)
{
	struct config_trunk madrid = {
		.numbers_out = NUMBERS_E164,
		.numbers_in = NUMBERS_E164,
		.calling_in = NUMBERS_SAME,
		.dialling = { .country = "34", .international_prefix = "00", .national_prefix = "" }
	};
	struct config_trunk nowhere = berlin(NUMBERS_E164);

	(void)state;
	check_cross(&madrid, "911234567", "+34911234567");
	check_cross(&madrid, "112", "112");
	madrid.numbers_out = madrid.numbers_in = NUMBERS_NATIONAL;
	check_cross(&madrid, "+34911234567", "911234567");
	nowhere.dialling.area = NULL;
	check_cross(&nowhere, "12345", "12345");
}

/* National digits that begin as abroad does would be dialled there. */
static void test_no_other_country(void **state)
{
	static const struct {
		const char *country, *international, *national, *number;
		bool refused;
	} cases[] = {
		{ "49", "00", "0", "+490190055512", true },
		{ "49", "00", "0", "00490190055512", true },
		{ "34", "00", "", "+34001900555", true },
		{ "7", "810", "8", "+7101900555", true },
		{ "49", "00", "0", "+190055512", false },
		{ "39", "00", "", "+390612345", false }, /* Rome has its 0 abroad too */
		{ "1", "011", "1", "+12125550100", false },
	};
	char out[NUMBER_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct config_trunk trunk = berlin(NUMBERS_NATIONAL);

		trunk.dialling = (struct config_dialling){
			.country = (char *)(uintptr_t)cases[i].country,
			.international_prefix = (char *)(uintptr_t)cases[i].international,
			.national_prefix = (char *)(uintptr_t)cases[i].national
		};
		assert_int_equal(
		    number_cross(&trunk, TRUNK_OUT, NUMBER_CALLED, cases[i].number, out),
		    cases[i].refused ? ERR_SYNTAX : OK);
	}
}

/* What comes may begin with a country code by itself; what goes is as the inside dials. */
static void test_bare_digits(void **state)
{
	static const struct {
		const char *number, *in, *out;
	} cases[] = {
		{ "493012345", "+493012345", "+4930493012345" },
		{ "12125550100", "+12125550100", "+493012125550100" },
		{ "03012345", "+493012345", "+493012345" },
		{ "0043123", "+43123", "+43123" },
		{ "+43123", "+43123", "+43123" },
		{ "123456", "+4930123456", "+4930123456" }, /* too short for it */
		{ "1234567890123456", "+49301234567890123456", "+49301234567890123456" },
		{ "112", "112", "112" },
	};
	struct config_trunk trunk = berlin(NUMBERS_E164);
	char out[NUMBER_MAX];

	(void)state;
	trunk.dialling.digits = DIGITS_INTERNATIONAL;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(
		    number_cross(&trunk, TRUNK_IN, NUMBER_CALLED, cases[i].number, out), OK);
		assert_string_equal(out, cases[i].in);
		assert_int_equal(
		    number_cross(&trunk, TRUNK_OUT, NUMBER_CALLED, cases[i].number, out), OK);
		assert_string_equal(out, cases[i].out);
	}
}

/* Each number and each way has a form of its own. */
static void test_calling_form(void **state)
{
	static const struct {
		enum trunk_way way;
		enum number_of which;
		const char *wanted;
	} cases[] = { { TRUNK_OUT, NUMBER_CALLED, "03012345" },
		      { TRUNK_OUT, NUMBER_CALLING, "+493012345" },
		      { TRUNK_IN, NUMBER_CALLED, "03012345" },
		      { TRUNK_IN, NUMBER_CALLING, "493012345" } };
	struct config_trunk trunk = berlin(NUMBERS_NATIONAL);
	char out[NUMBER_MAX];

	(void)state;
	trunk.calling_out = NUMBERS_E164;
	trunk.calling_in = NUMBERS_PLAIN;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(
		    number_cross(&trunk, cases[i].way, cases[i].which, "00493012345", out), OK);
		assert_string_equal(out, cases[i].wanted);
	}
}

static void test_form_of_route(void **state)
{
	const struct config_route route = { .called_form = NUMBERS_E164,
		                            .calling_form = NUMBERS_NATIONAL,
		                            .dialling = { .country = "49",
		                                          .area = "30",
		                                          .international_prefix = "00",
		                                          .national_prefix = "0" } };
	char out[NUMBER_MAX];

	(void)state;
	assert_int_equal(number_by_route(&route, NUMBER_CALLED, "12345", out), OK);
	assert_string_equal(out, "+493012345");
	assert_int_equal(number_by_route(&route, NUMBER_CALLING, "+493012345", out), OK);
	assert_string_equal(out, "03012345");
	number_shown(&route, "0043123", out);
	assert_string_equal(out, "0043123");
}

static struct pattern *pattern(const char *text)
{
	struct pattern *p;
	char why[128];

	assert_int_equal(pattern_new(&p, text, why, sizeof(why)), OK);
	return p;
}

static void test_rules(void **state)
{
	char seven[] = "7\\1", long_one[] = "\\1\\1\\1", bad[] = "a b", plain[] = "0\\1";
	struct config_number_rule rules[] = {
		{ TRUNK_OUT, NUMBER_CALLED, pattern("^9(.*)$"), seven },
		{ TRUNK_OUT, NUMBER_CALLED, pattern("^(9.*)$"), bad },
		{ TRUNK_OUT, NUMBER_CALLED, pattern("^8(.*)$"), bad },
		{ TRUNK_OUT, NUMBER_CALLED, pattern("^6(.*)$"), long_one },
		{ TRUNK_IN, NUMBER_CALLING, pattern("^9(.*)$"), plain },
	};
	struct config_trunk trunk = berlin(NUMBERS_AS_IS);
	char number[NUMBER_MAX], out[NUMBER_MAX];

	(void)state;
	trunk.number_rules = rules;
	trunk.nnumber_rules = ARRAY_LEN(rules);
	assert_int_equal(number_cross(&trunk, TRUNK_OUT, NUMBER_CALLED, "912", out), OK);
	assert_string_equal(out, "712"); /* the first one, and it alone */
	assert_int_equal(number_cross(&trunk, TRUNK_OUT, NUMBER_CALLING, "912", out), OK);
	assert_string_equal(out, "912");
	assert_int_equal(number_cross(&trunk, TRUNK_IN, NUMBER_CALLING, "912", out), OK);
	assert_string_equal(out, "012");
	trunk.numbers_in = NUMBERS_E164;
	assert_int_equal(number_cross(&trunk, TRUNK_IN, NUMBER_CALLING, "912", out), OK);
	assert_string_equal(out, "012"); /* what a rule wrote stays as it is */
	assert_int_equal(number_cross(&trunk, TRUNK_IN, NUMBER_CALLING, "012", out), OK);
	assert_string_equal(out, "+4912");
	assert_int_equal(number_cross(&trunk, TRUNK_OUT, NUMBER_CALLED, "81", out), ERR_SYNTAX);
	memset(number, '6', sizeof(number));
	number[NUMBER_MAX - 1] = '\0';
	assert_int_equal(number_cross(&trunk, TRUNK_OUT, NUMBER_CALLED, number, out), ERR_LIMIT);
	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		pattern_free(&rules[i].match);
}

/* Whatever comes is copied whole or refused. */
static void test_long(void **state)
{
	struct config_trunk trunk = berlin(NUMBERS_NATIONAL);
	char number[NUMBER_MAX + 1], out[NUMBER_MAX];

	(void)state;
	memset(number, '1', sizeof(number));
	number[NUMBER_MAX] = '\0';
	assert_int_equal(number_cross(&trunk, TRUNK_OUT, NUMBER_CALLED, number, out), ERR_LIMIT);
	number[NUMBER_MAX - 1] = '\0';
	assert_int_equal(number_cross(&trunk, TRUNK_OUT, NUMBER_CALLED, number, out), OK);
	assert_string_equal(out, number); /* no room for a prefix */
	number[0] = '+';
	assert_int_equal(number_cross(&trunk, TRUNK_OUT, NUMBER_CALLED, number, out), ERR_LIMIT);
}

static void test_by_route(void **state)
{
	static char with[] = "+49\\1", bad[] = "a b";
	struct config_number_rule rules[] = {
		{ .number = NUMBER_CALLED, .replace = with },
		{ .number = NUMBER_CALLING, .replace = bad },
	};
	const struct config_route route = { .number_rules = rules, .nnumber_rules = 2 };
	char out[NUMBER_MAX], why[128];

	(void)state;
	assert_int_equal(pattern_new(&rules[0].match, "^0(.*)$", why, sizeof(why)), OK);
	assert_int_equal(pattern_new(&rules[1].match, "^7", why, sizeof(why)), OK);
	assert_int_equal(number_by_route(&route, NUMBER_CALLED, "030", out), OK);
	assert_string_equal(out, "+4930");
	assert_int_equal(number_by_route(&route, NUMBER_CALLED, "30", out), OK);
	assert_string_equal(out, "30");
	assert_int_equal(number_by_route(&route, NUMBER_CALLING, "030", out), OK);
	assert_string_equal(out, "030");
	assert_int_equal(number_by_route(&route, NUMBER_CALLING, "77", out), ERR_SYNTAX);
	pattern_free(&rules[0].match);
	pattern_free(&rules[1].match);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_by_route),
		                            cmocka_unit_test(test_clean),
		                            cmocka_unit_test(test_number),
		                            cmocka_unit_test(test_forms),
		                            cmocka_unit_test(test_other_plans),
		                            cmocka_unit_test(test_rules),
		                            cmocka_unit_test(test_long),
		                            cmocka_unit_test(test_bare_digits),
		                            cmocka_unit_test(test_calling_form),
		                            cmocka_unit_test(test_form_of_route),
		                            cmocka_unit_test(test_no_other_country) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
