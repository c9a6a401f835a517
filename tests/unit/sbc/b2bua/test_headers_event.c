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

static const struct config_realm office;
static const struct config_phone phone = { .realm = &office };
static char domain[] = "provider.lab";
static const struct config_trunk trunk = { .domain = domain };
static const struct config_party the_phone = { .kind = PARTY_PHONE, .phone = &phone };
static const struct config_party the_trunk = { .kind = PARTY_TRUNK, .trunk = &trunk };
static const struct crossing_ends out = { &the_phone, &the_trunk }, in = { &the_trunk, &the_phone };

/* NULL: it does not cross. refer: as headers_cross_refer does it, with 7. */
static void check_as(bool refer, const char *headers, const struct crossing_ends *ends,
                     const char *name, const char *value)
{
	struct message *from = make(headers), *to = make("");
	struct passage p;
	const char *is;

	passage_open(&p, from, to, ends);
	if (refer)
		headers_cross_refer(&p, 7);
	else
		headers_cross_event(&p);
	is = message_header(to, name, 0);
	if (value ? !is || strcmp(is, value) != 0 : is != NULL)
		fail_msg("%s: %s is %s", headers, name, is ? is : "not there");
	message_free(&from);
	message_free(&to);
}

static void check(const char *headers, const struct crossing_ends *ends, const char *name,
                  const char *value)
{
	check_as(false, headers, ends, name, value);
}

static void test_event(void **state)
{
	(void)state;
	check("Event: dialog\r\n", &out, "Event", "dialog");
	check("o: presence;id=7\r\n", &out, "Event", "presence;id=7");
	check("Event: dialog;call-id=inside;id=7;from-tag=x\r\n", &out, "Event", "dialog;id=7");
	check("Event: dialog;call-id=theirs\r\n", &in, "Event", "dialog;call-id=theirs");
	check("Event: dialog;\r\n\tid=7\r\n", &in, "Event", "dialog;id=7");
	check("", &out, "Event", NULL);
}

static void test_others(void **state)
{
	char long_one[HEADER_LINE_MAX + 64];

	(void)state;
	check("Subscription-State: active;expires=9\r\n", &out, "Subscription-State",
	      "active;expires=9");
	check("Subscription-State: active;\r\n expires=9\r\n", &out, "Subscription-State",
	      "active;expires=9");
	check("SIP-ETag: a\r\n", &out, "SIP-ETag", "a");
	/* The sender's address, whatever header it stands in. */
	check("SIP-ETag: at-192.0.2.1\r\n", &out, "SIP-ETag", NULL);
	check("Subscription-State: active;by=192.0.2.1\r\n", &out, "Subscription-State", NULL);
	check("SIP-ETag: at.192.0.2.1\r\n", &in, "SIP-ETag", "at.192.0.2.1");
	check("X-Inside: a\r\n", &out, "X-Inside", NULL);
	snprintf(long_one, sizeof(long_one), "SIP-If-Match: %0*u\r\n", HEADER_LINE_MAX, 0);
	check(long_one, &out, "SIP-If-Match", NULL);
	check("Expires: 60\r\n", &out, "Expires", "60");
	check("Expires: 86401\r\n", &in, "Expires", "86400");
	check("", &in, "Expires", NULL);
}

/* The phone's own number of its REFER; the state as it came, but for what is not to be known. */
static void test_refer(void **state)
{
	(void)state;
	check_as(true, "Event: refer\r\n", &in, "Event", "refer");
	check_as(true, "Event: refer;id=99\r\n", &in, "Event", "refer;id=7");
	check_as(true, "Event: refer\r\nSubscription-State: terminated;\r\n reason=noresource\r\n",
	         &in, "Subscription-State", "terminated;reason=noresource");
	check_as(true, "Event: refer\r\nSubscription-State: active;x=192.0.2.1\r\n", &out,
	         "Subscription-State", NULL);
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
		                            cmocka_unit_test(test_refer),
		                            cmocka_unit_test(test_expires) };

	return cmocka_run_group_tests(tests, begin, NULL);
}
