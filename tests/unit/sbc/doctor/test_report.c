/* How findings are told, and the exit status that they make. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <jansson.h>
#include "sbc/doctor/report.h"

static struct finding findings[3];
static struct report report = { .name = "acme",
	                        .domain = "provider.lab",
	                        .profile = "webex",
	                        .findings = findings,
	                        .nfindings = 3 };

static int begin(void **state)
{
	(void)state;
	memset(findings, 0, sizeof(findings));
	findings[0].id = "WBX-05";
	findings[1].id = "E8-07";
	findings[2].id = "WBX-13";
	finding_say(&findings[0], VERDICT_OK, "good until %d", 2027);
	finding_say(&findings[1], VERDICT_OK, "%s", "");
	finding_say(&findings[2], VERDICT_SKIP, "not asked");
	return 0;
}

static char *printed(enum err (*print)(FILE *, const struct report *, size_t))
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_int_equal(print(out, &report, 1), OK);
	fclose(out);
	return text;
}

static void the_worst_makes_the_status(void **state)
{
	(void)state;
	assert_int_equal(reports_status(&report, 1), 0);
	finding_add(&findings[1], VERDICT_WARN, "late");
	assert_int_equal(reports_status(&report, 1), 1);
	finding_add(&findings[1], VERDICT_FAIL, "dead");
	assert_int_equal(reports_status(&report, 1), 2);
	finding_add(&findings[1], VERDICT_OK, "but one");
	assert_int_equal(findings[1].verdict, VERDICT_FAIL);
	assert_string_equal(findings[1].what, "late; dead; but one");
}

static void words(void **state)
{
	char *text;

	(void)state;
	finding_say(&findings[1], VERDICT_FAIL, "it is dead");
	finding_advise(&findings[1], "bury %s", "it");
	text = printed(reports_print);
	assert_string_equal(text, "acme (provider.lab, profile webex)\n"
	                          "ok    WBX-05   good until 2027\n"
	                          "fail  E8-07    it is dead; bury it\n"
	                          "skip  WBX-13   not asked\n");
	free(text);
}

/* A phrase with a command for the terminal, a letter of Latin-1, and one of UTF-8 that was cut. */
static void a_peers_words_are_harmless(void **state)
{
	json_t *all;
	char *text;

	(void)state;
	finding_say(&findings[0], VERDICT_WARN, "403 %s", "\033[2Jno\033]0;x\007");
	finding_add(&findings[1], VERDICT_WARN, "verf\374gbar");
	finding_add(&findings[1], VERDICT_WARN, "%.4s", "abc\303\274");
	finding_advise(&findings[2], "say \202");
	text = printed(reports_print);
	assert_string_equal(text, "acme (provider.lab, profile webex)\n"
	                          "warn  WBX-05   403 ?[2Jno?]0;x?\n"
	                          "warn  E8-07    verf?gbar; abc?\n"
	                          "skip  WBX-13   not asked; say ?\n");
	free(text);
	text = printed(reports_print_json);
	all = json_loads(text, 0, NULL);
	assert_non_null(all);
	assert_non_null(strstr(text, "verf?gbar; abc?"));
	json_decref(all);
	free(text);
}

static void json(void **state)
{
	json_t *all, *finding;
	char *text;

	(void)state;
	finding_say(&findings[1], VERDICT_WARN, "late");
	finding_advise(&findings[1], "hurry");
	text = printed(reports_print_json);
	all = json_loads(text, 0, NULL);
	free(text);
	assert_non_null(all);
	assert_int_equal(json_integer_value(json_object_get(all, "status")), 1);
	finding = json_array_get(
	    json_object_get(json_array_get(json_object_get(all, "trunks"), 0), "findings"), 1);
	assert_string_equal(json_string_value(json_object_get(finding, "id")), "E8-07");
	assert_string_equal(json_string_value(json_object_get(finding, "result")), "warn");
	assert_string_equal(json_string_value(json_object_get(finding, "found")), "late");
	assert_string_equal(json_string_value(json_object_get(finding, "do")), "hurry");
	json_decref(all);
}

static void long_ones_are_cut(void **state)
{
	(void)state;
	for (int i = 0; i < 40; i++)
		finding_add(&findings[1], VERDICT_OK, "%s", "twenty characters...");
	assert_int_equal(strlen(findings[1].what), sizeof(findings[1].what) - 1);
}

static void a_full_disk_is_said(void **state)
{
	FILE *out = fopen("/dev/full", "w");

	(void)state;
	if (!out)
		skip();
	assert_int_equal(reports_print(out, &report, 1), ERR_IO);
	clearerr(out);
	assert_int_equal(reports_print_json(out, &report, 1), ERR_IO);
	fclose(out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_worst_makes_the_status, begin),
		cmocka_unit_test_setup(words, begin),
		cmocka_unit_test_setup(a_peers_words_are_harmless, begin),
		cmocka_unit_test_setup(json, begin),
		cmocka_unit_test_setup(long_ones_are_cut, begin),
		cmocka_unit_test_setup(a_full_disk_is_said, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
