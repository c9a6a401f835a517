/* sbc/sip/message_uri.c: the URIs of a message, good and broken. */
#include "tests/unit/sbc/sip/message_rig.h"

static void test_uris(void **state)
{
	static const struct {
		const char *text;
		bool is, sips, tel;
		const char *user, *host;
		unsigned port;
		bool has_transport;
		enum transport transport;
	} cases[] = {
		{ "sip:b", true, false, false, "", "b", 0, false, TRANSPORT_UDP },
		{ "sip:100@b:5071", true, false, false, "100", "b", 5071, false, TRANSPORT_UDP },
		{ "SIPS:100@b", true, true, false, "100", "b", 0, false, TRANSPORT_UDP },
		{ "sip:a%40c@[2001:db8::1]:5060;transport=TLS", true, false, false, "a%40c",
		  "2001:db8::1", 5060, true, TRANSPORT_TLS },
		{ "sip:b;lr;transport=tcp;x=y", true, false, false, "", "b", 0, true,
		  TRANSPORT_TCP },
		{ "sip:b;transport=udp?Subject=x", true, false, false, "", "b", 0, true,
		  TRANSPORT_UDP },
		{ "sip:b;transport=sctp", true, false, false, "", "b", 0, false, TRANSPORT_UDP },
		{ "sip:b;transport=tls-not", true, false, false, "", "b", 0, false, TRANSPORT_UDP },
		{ "sip:b;xtransport=tls", true, false, false, "", "b", 0, false, TRANSPORT_UDP },
		{ "tel:+4930;phone-context=x", true, false, true, "+4930", "", 0, false,
		  TRANSPORT_UDP },
		{ "sip:b:0", false, false, false, "", "", 0, false, TRANSPORT_UDP },
		{ "sip:b:65536", false, false, false, "", "", 0, false, TRANSPORT_UDP },
		{ "http://b/", false, false, false, "", "", 0, false, TRANSPORT_UDP },
		{ "mailto:a@b", false, false, false, "", "", 0, false, TRANSPORT_UDP },
	};
	struct message *m = invite(VIA, "");

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct uri uri;

		if (message_parse_uri(m, cases[i].text, &uri) != cases[i].is)
			fail_msg("%s", cases[i].text);
		if (!cases[i].is)
			continue;
		assert_string_equal(uri.user, cases[i].user);
		assert_string_equal(uri.host, cases[i].host);
		if (uri.sips != cases[i].sips || uri.tel != cases[i].tel ||
		    uri.port != cases[i].port || uri.has_transport != cases[i].has_transport ||
		    (uri.has_transport && uri.transport != cases[i].transport))
			fail_msg("%s", cases[i].text);
	}
	message_free(&m);
}

static void test_header_uris(void **state)
{
	struct message *m =
	    invite(VIA, "Contact: \"x\" <sip:desk@10.0.0.9:5070;transport=tcp>;q=1\r\n");
	struct uri uri;

	(void)state;
	assert_true(message_request_uri(m, &uri));
	assert_string_equal(uri.user, "100");
	assert_string_equal(uri.host, "b");
	assert_true(message_from_uri(m, &uri));
	assert_string_equal(uri.user, "desk");
	assert_int_equal(uri.port, 5070);
	assert_true(message_parse_uri(m, "sips:+4930@b", &uri));
	assert_true(uri.sips);
	assert_string_equal(uri.user, "+4930");
	assert_true(message_contact_uri(m, &uri));
	assert_true(uri.has_transport);
	assert_int_equal(uri.transport, TRANSPORT_TCP);
	assert_string_equal(message_contact_text(m), "sip:desk@10.0.0.9:5070;transport=tcp");
	message_free(&m);
}

/* Written into a request line they would begin another line, or end the URI early. */
static void test_broken_uris(void **state)
{
	static const char *const contacts[] = { "<sip:a\r\n Evil: yes@b>", "<sip:a\tb@c>",
		                                "<sip:a@b;x=\r\n y>", "<sip:a@b?h=\r\n y>",
		                                "<tel:1\r\n 2>" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(contacts); i++) {
		char header[80];
		struct message *m;
		struct uri uri;
		const char *text;
		int64_t expires_s;

		snprintf(header, sizeof(header), "Contact: %s\r\n", contacts[i]);
		m = invite(VIA, header);
		assert_false(message_contact_uri(m, &uri));
		assert_null(message_contact_text(m));
		assert_true(message_contact_at(m, 0, &text, &expires_s));
		assert_string_equal(text, "");
		assert_false(message_contact_at(m, 1, &text, &expires_s));
		message_free(&m);
	}
}

static void test_contact_expires(void **state)
{
	static const struct {
		const char *headers;
		bool star;
		int64_t expires_s;
	} cases[] = { { "", false, -1 },
		      { "Expires: 30\r\n", false, 30 },
		      { "Contact: <sip:a@b>\r\n", false, -1 },
		      { "Contact: <sip:a@b>;expires=60\r\nExpires: 30\r\n", false, 60 },
		      { "Contact: <sip:a@b>\r\nExpires: 0\r\n", false, 0 },
		      { "Contact: *\r\nExpires: 0\r\n", true, 0 },
		      { "m: *\r\n", true, -1 },
		      { "Contact: <sip:a@b>;expires=4294967295\r\n", false, 4294967295 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct message *m = invite(VIA, cases[i].headers);

		if (message_contact_is_star(m) != cases[i].star ||
		    message_expires_s(m) != cases[i].expires_s)
			fail_msg("%s: %d %lld", cases[i].headers, message_contact_is_star(m),
			         (long long)message_expires_s(m));
		message_free(&m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_uris),
		cmocka_unit_test(test_header_uris),
		cmocka_unit_test(test_broken_uris),
		cmocka_unit_test(test_contact_expires),
	};

	return cmocka_run_group_tests(tests, begin, NULL);
}
