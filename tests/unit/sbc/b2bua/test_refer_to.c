/* sbc/b2bua/refer_to.c and replaces.c: what is read of Refer-To, whatever it is. */
#include "sbc/b2bua/refer_to.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

bool leg_is_dialog(const struct leg *leg, const char *call_id, const char *local_tag,
                   const char *remote_tag)
{
	(void)leg;
	(void)call_id;
	(void)local_tag;
	(void)remote_tag;
	return false;
}

static unsigned read(const char *refer_to, struct refer_to *out)
{
	char text[4096];
	struct message *m;
	unsigned status;
	int len = snprintf(text, sizeof(text),
	                   "REFER sip:us@192.0.2.9 SIP/2.0\r\n"
	                   "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n"
	                   "From: <sip:a@192.0.2.1>;tag=a\r\nTo: <sip:us@192.0.2.9>;tag=b\r\n"
	                   "Call-ID: c\r\nCSeq: 1 REFER\r\n%s\r\n",
	                   refer_to);

	assert_int_equal(message_parse(&m, text, (size_t)len), OK);
	status = refer_to_read(m, out);
	message_free(&m);
	return status;
}

static void test_uris(void **state)
{
	static const struct {
		const char *header;
		unsigned status;
		const char *user;
	} cases[] = {
		{ "Refer-To: <sip:+4930@x.lab>\r\n", 0, "+4930" },
		{ "r: sip:+4930@x.lab\r\n", 0, "+4930" },
		{ "Refer-To: \"A <b>\" <sips:100@x.lab;transport=tcp>\r\n", 416, NULL },
		{ "Refer-To: \"A\" <sips:100@x.lab;transport=tcp>;x=y\r\n", 0, "100" },
		{ "Refer-To: <tel:+4930>\r\n", 0, "+4930" },
		{ "Refer-To: <sip:100@x.lab;method=INVITE>\r\n", 0, "100" },
		{ "Refer-To: <sip:100@x.lab;method=INVITES>\r\n", 403, NULL },
		{ "Refer-To: <sip:100@x.lab;method=BYE>\r\n", 403, NULL },
		{ "Refer-To: <http://x.lab>\r\n", 416, NULL },
		{ "", 400, NULL },
		{ "Refer-To: <sip:1@x>, <sip:2@x>\r\n", 400, NULL },
	};
	struct refer_to to;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		unsigned status = read(cases[i].header, &to);

		if (status != cases[i].status || (!status && strcmp(to.user, cases[i].user) != 0))
			fail_msg("%s: %u, %s", cases[i].header, status, to.user);
	}
}

static void test_replaces(void **state)
{
	struct refer_to to;
	char text[2048];

	(void)state;
	assert_int_equal(
	    read("Refer-To: <sip:1@x?Replaces=a%40b%3Bto-tag%3Dt%3Bfrom-tag%3Df>\r\n", &to), 0);
	assert_true(to.has_replaces && !to.replaces.early_only);
	assert_string_equal(to.replaces.call_id, "a@b");
	assert_string_equal(to.replaces.to_tag, "t");
	assert_string_equal(to.replaces.from_tag, "f");
	assert_int_equal(
	    read(
	        "Refer-To: <sip:1@x?Require=replaces&Replaces=a%3bfrom-tag=f%3bto-tag=t%3bearly-only>\r\n",
	        &to),
	    0);
	assert_true(to.has_replaces && to.replaces.early_only);
	assert_int_equal(read("Refer-To: <sip:1@x?Replaces=a%3Bto-tag%3Dt>\r\n", &to), 400);
	assert_int_equal(read("Refer-To: <sip:1@x?Replaces=a%3Bto-tag%3Dt%3Bfrom-tag%3D>\r\n", &to),
	                 400);
	assert_int_equal(read("Refer-To: <sip:1@x?Replaces=a%00b>\r\n", &to), 400);
	snprintf(text, sizeof(text),
	         "Refer-To: <sip:1@x?Replaces=%0*u%%3Bto-tag%%3Dt%%3Bfrom-tag%%3Df>\r\n",
	         REPLACES_MAX, 0);
	assert_int_equal(read(text, &to), 400);
}

static int begin(void **state)
{
	(void)state;
	message_library_open();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_uris),
		                            cmocka_unit_test(test_replaces) };

	return cmocka_run_group_tests(tests, begin, NULL);
}
