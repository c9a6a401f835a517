/* sbc/b2bua/place.c: which places go along, and in what words. */
#include "sbc/b2bua/place.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "base/log.h"

static char domain[] = "provider.lab";
static const struct config_realm office;
static const struct config_phone phone = { .realm = &office };
static struct config_trunk trunk = { .domain = domain };
static const struct config_party the_phone = { .kind = PARTY_PHONE, .phone = &phone };
static const struct config_party the_trunk = { .kind = PARTY_TRUNK, .trunk = &trunk };
static const struct crossing_ends out = { &the_phone, &the_trunk }, in = { &the_trunk, &the_phone },
                                  within = { &the_phone, &the_phone };

static struct message *make(const char *headers)
{
	char text[4096];
	struct message *m;
	int len = snprintf(
	    text, sizeof(text),
	    "INVITE sip:112@192.0.2.9 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n"
	    "From: <sip:desk@pbx.inside>;tag=from-tag\r\nTo: <sip:112@192.0.2.9>\r\nCall-ID: first-call\r\n"
	    "CSeq: 1 INVITE\r\n%sContent-Length: 0\r\n\r\n",
	    headers);

	assert_int_equal(message_parse(&m, text, (size_t)len), OK);
	return m;
}

static void test_may_go(void **state)
{
	static const struct {
		enum location_use use;
		bool usual, emergency;
	} cases[] = { { LOCATION_EMERGENCY, false, true },
		      { LOCATION_ALWAYS, true, true },
		      { LOCATION_NEVER, false, false } };
	struct message *m = make("");

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		trunk.location = cases[i].use;
		assert_int_equal(place_may_go(&out, m, false), cases[i].usual);
		assert_int_equal(place_may_go(&in, m, true), cases[i].emergency);
	}
	assert_true(place_may_go(&within, m, false));
	message_free(&m);
}

/* A place names whose it is (RFC 4119 2.1, RFC 6442 4.1). */
static void test_withheld(void **state)
{
	struct message *m = make("Privacy: id\r\n");

	(void)state;
	trunk.location = LOCATION_ALWAYS;
	assert_false(place_may_go(&out, m, false));
	assert_true(place_may_go(&out, m, true));
	trunk.trusted = YES;
	assert_true(place_may_go(&out, m, false));
	trunk.trusted = NO;
	message_free(&m);
}

static void crosses(const struct crossing_ends *ends, const char *headers, const char *wanted)
{
	struct message *from = make(headers), *to = make("");
	const char *value;
	char got[1024] = "";
	struct passage p;

	passage_open(&p, from, to, ends);
	place_cross(&p);
	for (unsigned i = 0; (value = message_header(to, "Geolocation", i)); i++)
		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s|", value);
	value = message_header(to, "Geolocation-Routing", 0);
	snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s", value ? value : "");
	if (strcmp(got, wanted) != 0)
		fail_msg("%s: %s", headers, got);
	message_free(&from);
	message_free(&to);
}

static void test_references(void **state)
{
	static const struct {
		const char *headers, *out, *in;
	} cases[] = {
		{ "Geolocation: <https://lis.example.net/a?b=c>\r\n",
		  "<https://lis.example.net/a?b=c>|", "<https://lis.example.net/a?b=c>|" },
		{ "Geolocation: <HTTP://lis.example.net:8080>;inserted-by=\"desk\" ,\r\n"
		  " <pres:x1@lis.example.net>\r\nGeolocation: <sips:x2@lis.example.net>\r\n"
		  "Geolocation-Routing: yes\r\n",
		  "<HTTP://lis.example.net:8080>|<pres:x1@lis.example.net>|<sips:x2@lis.example.net>|yes",
		  "<HTTP://lis.example.net:8080>|<pres:x1@lis.example.net>|<sips:x2@lis.example.net>|yes" },
		/* Names of the inside, addresses, names that nobody outside can ask for. */
		{ "Geolocation: <pres:x@pbx.inside>, <sip:x@lis.example.net>\r\n",
		  "<sip:x@lis.example.net>|", "<pres:x@pbx.inside>|<sip:x@lis.example.net>|" },
		{ "Geolocation: <https://10.9.8.7/x>, <sip:x@[2001:db8::1]>, <https://lis/x>\r\n"
		  "Geolocation-Routing: no\r\n",
		  "", "<https://10.9.8.7/x>|<sip:x@[2001:db8::1]>|<https://lis/x>|no" },
		{ "Geolocation: <https://10.9.8.7./x>, <https://10.2311/x>, <https://lis./x>, "
		  "<https://lis.example.net.:80/x>\r\n",
		  "<https://lis.example.net.:80/x>|",
		  "<https://10.9.8.7./x>|<https://10.2311/x>|<https://lis./x>|"
		  "<https://lis.example.net.:80/x>|" },
		{ "Geolocation: <sip:a.b;x@10.9.8.7>, <pres:a.b?x@lis>, <https://a.b;x@10.9.8.7/>, "
		  "<https://a@b.c@10.9.8.7/>, <https://10.9.8.7\\@b.c/>\r\n",
		  "",
		  "<sip:a.b;x@10.9.8.7>|<pres:a.b?x@lis>|<https://a.b;x@10.9.8.7/>|"
		  "<https://a@b.c@10.9.8.7/>|<https://10.9.8.7\\@b.c/>|" },
		/* What is no place, and what says nothing of one. */
		{ "Geolocation: <cid:a@lis.example.net>, <ftp://lis.example.net>, <https:lis>, <>\r\n"
		  "Geolocation-Routing: yes\r\n",
		  "", "" },
		{ "Geolocation: https://lis.example.net\r\nGeolocation: <sip:x@lis.example.net\r\n",
		  "", "" },
		{ "Geolocation: <sip:x y@lis.example.net>\r\n", "", "" },
		{ "Geolocation: <sip:x@lis.example.net>\r\nGeolocation-Routing: maybe\r\n",
		  "<sip:x@lis.example.net>|", "<sip:x@lis.example.net>|" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		crosses(&out, cases[i].headers, cases[i].out);
		crosses(&in, cases[i].headers, cases[i].in);
	}
}

static int begin(void **state)
{
	(void)state;
	message_library_open();
	log_set_level(LOG_ERROR);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_may_go),
		                            cmocka_unit_test(test_withheld),
		                            cmocka_unit_test(test_references) };

	return cmocka_run_group_tests(tests, begin, NULL);
}
