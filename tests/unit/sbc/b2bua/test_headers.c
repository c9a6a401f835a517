/* sbc/b2bua/headers.c */
#include "sbc/b2bua/headers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "base/buf.h"

static struct message *invite(const char *from, const char *more)
{
	char text[4096];
	struct message *m;

	snprintf(
	    text, sizeof(text),
	    "INVITE sip:1@b SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nFrom: %s;tag=1\r\n"
	    "To: <sip:c@d>\r\nCall-ID: x\r\nCSeq: 1 INVITE\r\n%s\r\n",
	    from, more);
	assert_int_equal(message_parse(&m, text, strlen(text)), OK);
	return m;
}

static void check_from(const char *from, const char *more, const char *number, const char *wanted)
{
	struct message *m = invite(from, more);
	char value[HEADER_VALUE_MAX];

	assert_int_equal(headers_from(m, number, "sbc.lab", "sips", value), OK);
	assert_string_equal(value, wanted);
	message_free(&m);
}

static void test_from(void **state)
{
	(void)state;
	check_from("<sip:desk@10.0.0.1>", "", "desk", "<sips:desk@sbc.lab>");
	check_from("\"A B\" <sip:desk@10.0.0.1>", "", "desk", "\"A B\" <sips:desk@sbc.lab>");
	check_from("<sip:desk@10.0.0.1>", "", "+4930", "<sips:+4930@sbc.lab>");
	check_from("<tel:+4930;phone-context=x>", "", "+4931", "<sips:+4931@sbc.lab>");
}

/* RFC 3323: withheld stays withheld, whatever number we would show. */
static void test_withheld(void **state)
{
	static const char anonymous[] = "\"Anonymous\" <sips:anonymous@anonymous.invalid>";

	(void)state;
	check_from("<sip:desk@10.0.0.1>", "Privacy: id\r\n", "+4930", anonymous);
	check_from("<sip:desk@10.0.0.1>", "Privacy: header;user\r\n", "+4930", anonymous);
	check_from("<sip:anonymous@anonymous.invalid>", "", "+4930", anonymous);
	check_from("<sip:desk@10.0.0.1>", "Privacy: ID\r\n", "+4930", anonymous);
	check_from("<sip:desk@10.0.0.1>", "Privacy: none\r\n", "+4930", "<sips:+4930@sbc.lab>");
}

static void test_too_long(void **state)
{
	char from[800], value[HEADER_VALUE_MAX];
	struct message *m;

	(void)state;
	snprintf(from, sizeof(from), "\"%0600d\" <sip:desk@10.0.0.1>", 7);
	m = invite(from, "");
	assert_int_equal(headers_from(m, "desk", "sbc.lab", "sips", value), ERR_LIMIT);
	message_free(&m);
}

static void cross(enum crossing way, const char *wanted, const char *unwanted)
{
	struct message *from =
	    invite("<sip:a@b>", "Privacy: id\r\nReason: Q.850;cause=16\r\nSubject: s\r\n"
	                        "X-Inside: x\r\nUser-Agent: phone/1\r\n"
	                        "P-Asserted-Identity: <sip:a@b>\r\n");
	struct message *to = invite("<sip:a@b>", "");
	struct buf wire;

	headers_cross(from, to, way);
	buf_init(&wire, MESSAGE_MAX);
	assert_int_equal(message_encode(to, &wire), OK);
	assert_non_null(strstr(wire.data, "Privacy: id\r\n"));
	assert_non_null(strstr(wire.data, wanted));
	assert_null(strstr(wire.data, unwanted));
	assert_null(strstr(wire.data, "X-Inside"));
	assert_null(strstr(wire.data, "phone/1"));
	assert_null(strstr(wire.data, "Asserted"));
	buf_free(&wire);
	message_free(&from);
	message_free(&to);
}

static void test_cross(void **state)
{
	(void)state;
	cross(CROSSING_OUT, "Privacy: id\r\n", "Subject");
	/* Its text may name what is inside. */
	cross(CROSSING_OUT, "Privacy: id\r\n", "Reason");
	cross(CROSSING_IN, "Subject: s\r\n", "nothing else");
	cross(CROSSING_IN, "Reason: Q.850;cause=16\r\n", "nothing else");
}

static int begin(void **state)
{
	(void)state;
	message_library_open();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_from),
		cmocka_unit_test(test_withheld),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_cross),
	};

	return cmocka_run_group_tests(tests, begin, NULL);
}
