/* sbc/b2bua/extensions.c: lists as peers write them. */
#include "sbc/b2bua/extensions.h"

#include "tests/unit/alloc.h"
#include "tests/unit/sbc/sip/stack_rig.h"

static struct message *with(const char *headers)
{
	char text[4096];
	struct message *m;

	snprintf(text, sizeof(text),
	         "INVITE sip:b SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\n"
	         "From: <sip:a>;tag=1\r\nTo: <sip:b>\r\nCall-ID: x\r\nCSeq: 1 INVITE\r\n%s\r\n",
	         headers);
	assert_int_equal(message_parse(&m, text, strlen(text)), OK);
	return m;
}

static void test_in(void **state)
{
	static const struct {
		const char *headers, *header, *word;
		bool is_in;
	} cases[] = {
		{ "Supported: 100rel\r\n", "Supported", "100rel", true },
		{ "Supported: timer,100REL , replaces\r\n", "Supported", "100rel", true },
		{ "Supported: timer\r\nSupported: 100rel\r\n", "Supported", "100rel", true },
		{ "k: 100rel\r\n", "Supported", "100rel", true },
		{ "Supported: timer,\r\n 100rel\r\n", "Supported", "100rel", true },
		{ "Supported: 100relx, x100rel\r\n", "Supported", "100rel", false },
		{ "Supported:\r\n", "Supported", "100rel", false },
		{ "Require: 100rel\r\n", "Supported", "100rel", false },
		{ "Allow: INVITE,UPDATE\r\n", "Allow", "UPDATE", true },
		{ "", "Allow", "UPDATE", false },
	};

	(void)state;
	message_library_open();
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct message *m = with(cases[i].headers);

		if (extension_in(m, cases[i].header, cases[i].word) != cases[i].is_in)
			fail_msg("%s", cases[i].headers);
		message_free(&m);
	}
}

static struct {
	bool refused;
} t;

static void on_request(void *arg, struct server_txn *txn, const struct message *request)
{
	(void)arg;
	t.refused = extensions_refuse(txn, request);
	if (!t.refused)
		server_txn_reply(txn, 200, NULL, NULL);
}

static const struct stack_handler handler = { .on_request = on_request };

static void receive(const char *headers)
{
	rig_forget();
	rig_receive("OPTIONS sip:us@192.0.2.9 SIP/2.0\r\n"
	            "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK%u\r\n"
	            "From: <sip:a>;tag=1\r\nTo: <sip:b>\r\nCall-ID: x%u\r\nCSeq: 1 OPTIONS\r\n%s"
	            "Content-Length: 0\r\n\r\n",
	            rig.branch, rig.branch + 1, headers);
	rig.branch += 2;
}

static void test_refuse(void **state)
{
	static const struct {
		const char *headers, *missing; /* NULL: all is well */
	} cases[] = {
		{ "", NULL },
		{ "Require: 100rel, timer\r\n", NULL },
		{ "Supported: foo\r\n", NULL },
		{ "Require: foo\r\n", "foo" },
		{ "Require: 100rel, foo\r\nRequire: bar\r\n", "foo, bar" },
	};
	char headers[3000] = "Require: ";

	(void)state;
	rig_open(&handler);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		receive(cases[i].headers);
		assert_int_equal(t.refused, cases[i].missing != NULL);
		assert_int_equal(rig.nsent, 1);
		assert_int_equal(message_status(rig.sent[0]), t.refused ? 420 : 200);
		if (cases[i].missing)
			assert_string_equal(message_header(rig.sent[0], "Unsupported", 0),
			                    cases[i].missing);
	}
	/* More than an answer may say back. */
	for (size_t i = 0; i < 250; i++)
		snprintf(headers + strlen(headers), 16, "%sfoo%03zu", i ? "," : "", i);
	strcat(headers, "\r\n");
	receive(headers);
	assert_true(t.refused);
	assert_int_equal(message_status(rig.sent[0]), 420);
	rig_close();
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_in),
		                            cmocka_unit_test(test_refuse) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
