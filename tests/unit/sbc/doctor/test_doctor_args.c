/* The doctor's command line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/clock.h"
#include "sbc/doctor/doctor_args.h"

static struct doctor_args args;
static char *said;

/* Reads words, which end with NULL. */
static enum err reads(const char *const *words)
{
	char *argv[128] = { NULL };
	int argc = 2;
	size_t size;
	FILE *errors;
	enum err err;

	free(said);
	errors = open_memstream(&said, &size);
	for (; words[argc - 2]; argc++)
		argv[argc] = strdup(words[argc - 2]);
	err = doctor_args_read(&args, argc, argv, "/etc/t.yaml", errors);
	fclose(errors);
	/* The trunks and the file are borrowed: they are looked at before this. */
	for (int i = 2; i < argc && err; i++)
		free(argv[i]);
	return err;
}

#define READS(...) reads((const char *const[]){ __VA_ARGS__ NULL })

/* What a good line borrows. */
static void give_back(void)
{
	for (size_t i = 0; i < args.ntrunks; i++)
		free((void *)(uintptr_t)args.trunks[i]);
}

static void nothing_is_all_trunks_now(void **state)
{
	(void)state;
	clock_fake(1000, 1700000000);
	assert_int_equal(READS(), OK);
	assert_string_equal(args.config, "/etc/t.yaml");
	assert_int_equal(args.ntrunks, 0);
	assert_int_equal(args.when_s, 1700000000);
	assert_false(args.json || args.help || args.without_client_auth || args.server[0]);
	clock_real();
}

static void trunks_are_words(void **state)
{
	(void)state;
	assert_int_equal(READS("acme", "umbrella", ), OK);
	assert_int_equal(args.ntrunks, 2);
	assert_string_equal(args.trunks[1], "umbrella");
	give_back();
}

static void reads_or_refuses_a_date(void **state)
{
	static const char *const bad[] = { "2027-02-30",  "2027-3-15",  "tomorrow",
		                           "2027-03-15x", "1969-01-01", "" };
	const char *good[] = { "--date", "2027-03-15", NULL };
	char *argv[] = { NULL, NULL, (char[]){ "--date" }, (char[]){ "2027-03-15" } };

	(void)state;
	assert_int_equal(doctor_args_read(&args, 4, argv, "f", stderr), OK);
	assert_int_equal(args.when_s, 1805155199); /* 23:59:59 UTC */
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		good[1] = bad[i];
		assert_int_equal(reads(good), ERR_SYNTAX);
		assert_non_null(strstr(said, "is no date"));
	}
}

static void reads_or_refuses_a_server(void **state)
{
	static const char *const bad[] = { ":5061", "a:",   "a:0",  "a:65536",
		                           "a:x",   "a:+1", "a:1x", "" };
	const char *words[] = { "--server", NULL, NULL };
	char *argv[] = { NULL, NULL, (char[]){ "--server" }, (char[]){ "sip.example.com:5062" } };

	(void)state;
	assert_int_equal(doctor_args_read(&args, 4, argv, "f", stderr), OK);
	assert_string_equal(args.server, "sip.example.com");
	assert_int_equal(args.server_port, 5062);
	argv[3][15] = '\0';
	assert_int_equal(doctor_args_read(&args, 4, argv, "f", stderr), OK);
	assert_int_equal(args.server_port, 0);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		words[1] = bad[i];
		assert_int_equal(reads(words), ERR_SYNTAX);
		assert_non_null(strstr(said, "is no server"));
	}
	assert_int_equal(READS("--server", "a", "acme", ), ERR_SYNTAX);
}

static void flags(void **state)
{
	char *argv[] = { NULL,
		         NULL,
		         (char[]){ "--json" },
		         (char[]){ "--without-client-auth" },
		         (char[]){ "--help" },
		         (char[]){ "--config" },
		         (char[]){ "x.yaml" } };

	(void)state;
	assert_int_equal(doctor_args_read(&args, 7, argv, "f", stderr), OK);
	assert_true(args.json && args.without_client_auth && args.help);
	assert_string_equal(args.config, "x.yaml");
	assert_int_equal(READS("--jsn", ), ERR_SYNTAX);
	assert_non_null(strstr(said, "no such option"));
	assert_int_equal(READS("--date", ), ERR_SYNTAX);
	assert_non_null(strstr(said, "must follow"));
}

static void too_many_trunks(void **state)
{
	const char *words[DOCTOR_TRUNKS_MAX + 2] = { NULL };

	(void)state;
	for (size_t i = 0; i <= DOCTOR_TRUNKS_MAX; i++)
		words[i] = "t";
	assert_int_equal(reads(words), ERR_SYNTAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_all_trunks_now),
		cmocka_unit_test(trunks_are_words),
		cmocka_unit_test(reads_or_refuses_a_date),
		cmocka_unit_test(reads_or_refuses_a_server),
		cmocka_unit_test(flags),
		cmocka_unit_test(too_many_trunks),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	free(said);
	return failed;
}
