/* sbc/sip/dialog_send.c: where the requests of a dialog go, and what they carry. */
#include "tests/unit/sbc/sip/dialog_rig.h"

/* 12.1.2: a caller's routes are the answer's in reverse, those of the last answer. */
static void test_routes_reversed(void **state)
{
	struct message *m;

	(void)state;
	assert_int_equal(new_uac(), OK);
	assert_int_equal(on_answer(180, "theirs", "Record-Route: <sip:old;lr>\r\n"), OK);
	assert_int_equal(on_answer(200, "theirs",
	                           "Contact: <sip:there>\r\nRecord-Route: <sip:p1;lr>\r\n"
	                           "Record-Route: <sip:p2;lr>, <sip:p3;lr>;x=y\r\n"),
	                 OK);
	m = send_from(t.dlg, "BYE");
	uri_is(m, "", "there");
	header_is(m, "Route", 0, "<sip:p3;lr>;x=y");
	header_is(m, "Route", 1, "<sip:p2;lr>");
	header_is(m, "Route", 2, "<sip:p1;lr>");
	header_is(m, "Route", 3, NULL);
	message_free(&m);
}

/* 12.2.1.1 */
static void test_strict_router(void **state)
{
	static const char *const loose[] = { "<sip:p1;lr>",   "<sip:p1;lr=on>",
		                             "<sip:p1;lr;x>", "<sip:p1;lrx;lr>",
		                             "<sip:p1;LR>",   "\"a<b\\\">\" <sip:p1;lr>" };
	static const char *const strict[] = { "<sip:p1>", "<sip:p1;lrx>", "<sip:p1>;lr",
		                              "<sip:p1;x=lr>" };
	char more[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(loose) + ARRAY_LEN(strict); i++) {
		bool is_strict = i >= ARRAY_LEN(loose);
		struct message *m;

		snprintf(
		    more, sizeof(more),
		    "Contact: <sip:a@10.0.0.9>\r\nRecord-Route: %s\r\nRecord-Route: <sip:p2;lr>\r\n",
		    is_strict ? strict[i - ARRAY_LEN(loose)] : loose[i]);
		assert_int_equal(new_uas(more), OK);
		m = send_from(t.dlg, "BYE");
		uri_is(m, is_strict ? "" : "a", is_strict ? "p1" : "10.0.0.9");
		header_is(m, "Route", 0, is_strict ? "<sip:p2;lr>" : loose[i]);
		header_is(m, "Route", 1, is_strict ? "<sip:a@10.0.0.9>" : "<sip:p2;lr>");
		header_is(m, "Route", 2, NULL);
		message_free(&m);
		dialog_free(&t.dlg);
	}
}

static void test_next_hop(void **state)
{
	struct message *held = NULL;
	struct uri uri;

	(void)state;
	assert_int_equal(new_uas("Contact: <sip:a@10.0.0.9:5070;transport=tcp>\r\n"), OK);
	assert_true(dialog_next_hop(t.dlg, &held, &uri));
	assert_string_equal(uri.host, "10.0.0.9");
	assert_int_equal(uri.port, 5070);
	assert_int_equal(uri.transport, TRANSPORT_TCP);
	message_free(&held);
	dialog_free(&t.dlg);
	assert_int_equal(
	    new_uas("Contact: <sip:a@10.0.0.9>\r\nRecord-Route: <sips:p1:5062;lr>\r\n"), OK);
	assert_true(dialog_next_hop(t.dlg, &held, &uri));
	assert_string_equal(uri.host, "p1");
	assert_true(uri.sips);
	assert_int_equal(uri.port, 5062);
	message_free(&held);
	dialog_free(&t.dlg);
	assert_int_equal(new_uas("Contact: <tel:+4930>\r\n"), OK);
	assert_false(dialog_next_hop(t.dlg, &held, &uri));
	message_free(&held);
}

/* The same once more, for a challenge or a greater Min-SE. */
static void test_again(void **state)
{
	struct message *first, *m;

	(void)state;
	assert_int_equal(new_uac(), OK);
	assert_int_equal(dialog_request(t.dlg, "INVITE", &first), OK);
	message_add(first, "Subject", "it");
	message_push_via(first, TRANSPORT_TCP, "us", "z9hG4bKz");
	assert_int_equal(dialog_again(t.dlg, first, &m), OK);
	assert_true(message_cseq(m) == message_cseq(first) + 1);
	assert_string_equal(message_call_id(m), message_call_id(first));
	assert_string_equal(message_header(m, "Subject", 0), "it");
	header_is(m, "CSeq", 1, NULL);
	header_is(m, "Via", 0, NULL);
	message_free(&m);
	m = send_from(t.dlg, "BYE");
	assert_true(message_cseq(m) == message_cseq(first) + 2);
	message_free(&m);
	message_free(&first);
}

/* 12.1.1 */
static void test_wants_sips(void **state)
{
	static const struct {
		const char *more;
		bool wants;
	} cases[] = {
		{ "", false },
		{ "Contact: <sip:a>\r\n", false },
		{ "Contact: <sips:a>\r\n", true },
		{ "Contact: <sips:a>\r\nRecord-Route: <sip:p;lr>, <sips:q;lr>\r\n", false },
		{ "Contact: <sip:a>\r\nRecord-Route: <SIPS:p;lr>, <sip:q;lr>\r\n", true },
	};
	struct message *m;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		m = invite(cases[i].more);
		assert_int_equal(dialog_wants_sips(m), cases[i].wants);
		message_free(&m);
	}
	m = parse("INVITE sips:100@b SIP/2.0\r\nVia: SIP/2.0/TLS a\r\nFrom: <sip:a>;tag=x\r\n"
	          "To: <sip:b>\r\nCall-ID: c\r\nCSeq: 7 INVITE\r\n\r\n");
	assert_true(dialog_wants_sips(m));
	message_free(&m);
}

/* Nobody said where the peer is: there is nothing to send, and nothing falls over. */
static void test_no_contact(void **state)
{
	struct message *m = NULL, *held = NULL;
	struct uri uri;

	(void)state;
	assert_int_equal(new_uas(""), OK);
	assert_int_equal(dialog_request(t.dlg, "BYE", &m), ERR_NOT_NOW);
	assert_false(dialog_next_hop(t.dlg, &held, &uri));
	assert_null(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(routes_reversed), TEST(strict_router), TEST(next_hop),
		TEST(no_contact),      TEST(again),         TEST(wants_sips),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
