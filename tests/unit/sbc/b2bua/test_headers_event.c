/* sbc/b2bua/headers_event.c: what of events crosses, and how long. */
#include "sbc/b2bua/headers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static struct message *make(const char *headers)
{
	char text[4096];
	struct message *m;
	int len = snprintf(text, sizeof(text),
	                   "NOTIFY sip:us@192.0.2.9 SIP/2.0\r\n"
	                   "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n"
	                   "From: <sip:a@192.0.2.1>;tag=a\r\nTo: <sip:us@192.0.2.9>;tag=b\r\n"
	                   "Call-ID: c\r\nCSeq: 1 NOTIFY\r\n%sContent-Length: 0\r\n\r\n",
	                   headers);

	assert_int_equal(message_parse(&m, text, (size_t)len), OK);
	return m;
}

/* NULL: it does not cross. */
static void check(const char *headers, enum crossing way, const char *name, const char *value)
{
	struct message *from = make(headers), *to = make("");
	const char *is;

	headers_cross_event(from, to, way);
	is = message_header(to, name, 0);
	if (value ? !is || strcmp(is, value) != 0 : is != NULL)
		fail_msg("%s: %s is %s", headers, name, is ? is : "not there");
	message_free(&from);
	message_free(&to);
}

static void test_event(void **state)
{
	(void)state;
	check("Event: dialog\r\n", CROSSING_OUT, "Event", "dialog");
	check("o: presence;id=7\r\n", CROSSING_OUT, "Event", "presence;id=7");
	check("Event: dialog;call-id=inside;id=7;from-tag=x\r\n", CROSSING_OUT, "Event",
	      "dialog;id=7");
	check("Event: dialog;call-id=theirs\r\n", CROSSING_IN, "Event", "dialog;call-id=theirs");
	check("", CROSSING_OUT, "Event", NULL);
}

static void test_others(void **state)
{
	char long_one[HEADER_VALUE_MAX + 64];

	(void)state;
	check("Subscription-State: active;expires=9\r\n", CROSSING_OUT, "Subscription-State",
	      "active;expires=9");
	check("SIP-ETag: a\r\n", CROSSING_OUT, "SIP-ETag", "a");
	check("X-Inside: a\r\n", CROSSING_OUT, "X-Inside", NULL);
	snprintf(long_one, sizeof(long_one), "SIP-If-Match: %0*u\r\n", HEADER_VALUE_MAX, 0);
	check(long_one, CROSSING_OUT, "SIP-If-Match", NULL);
	check("Expires: 60\r\n", CROSSING_OUT, "Expires", "60");
	check("Expires: 86401\r\n", CROSSING_IN, "Expires", "86400");
	check("", CROSSING_IN, "Expires", NULL);
}

static void test_expires(void **state)
{
	const struct {
		const char *headers;
		unsigned s;
	} cases[] = { { "", 3600 },
		      { "Expires: 0\r\n", 0 },
		      { "Expires: 99999999999999999999999\r\n", EXPIRES_MOST_S } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct message *m = make(cases[i].headers);

		assert_int_equal(headers_expires_s(m), cases[i].s);
		message_free(&m);
	}
}

static int begin(void **state)
{
	(void)state;
	message_library_open();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_event),
		                            cmocka_unit_test(test_others),
		                            cmocka_unit_test(test_expires) };

	return cmocka_run_group_tests(tests, begin, NULL);
}
