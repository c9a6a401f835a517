/* sbc/sip/message.c: what each accessor reads out of a message, and what is wrong with bad ones. */
#include "tests/unit/alloc.h"
#include "tests/unit/sbc/sip/message_rig.h"

static void test_request(void **state)
{
	struct message *m =
	    parse("INVITE sip:100@b SIP/2.0\r\nVia: " VIA ", SIP/2.0/UDP other;branch=z9hG4bKy\r\n"
	          "Max-Forwards: 5\r\n" HEAD_REST "CSeq: 4294967295 INVITE\r\n"
	          "Content-Type: application/sdp\r\nContent-Length: 5\r\n\r\nv=0\r\n");
	size_t len;

	(void)state;
	assert_int_equal(message_problem(m, NULL), 0);
	assert_true(message_is_request(m));
	assert_int_equal(message_method(m), METHOD_INVITE);
	assert_string_equal(message_method_name(m), "INVITE");
	assert_int_equal(message_status(m), 0);
	assert_string_equal(message_phrase(m), "");
	assert_string_equal(message_call_id(m), "c1@10.0.0.9");
	assert_string_equal(message_from_tag(m), "f1");
	assert_string_equal(message_to_tag(m), "");
	assert_true(message_cseq(m) == 4294967295U);
	assert_int_equal(message_max_forwards(m), 5);
	assert_string_equal(message_branch(m), "z9hG4bKx");
	assert_string_equal(message_sent_by(m), "10.0.0.9:5070");
	assert_string_equal(message_content_type(m), "application/sdp");
	assert_memory_equal(message_body(m, &len), "v=0\r\n", 5);
	assert_int_equal(len, 5);
	message_free(&m);
	assert_null(m);
}

static void test_what_is_absent(void **state)
{
	struct message *m =
	    parse("OPTIONS sip:b SIP/2.0\r\nVia: SIP/2.0/TCP b\r\nFrom: sip:a@b;tag=1\r\n"
	          "To: sip:b\r\nCall-ID: c\r\nCSeq: 1 OPTIONS\r\n\r\n");
	struct uri uri;
	size_t len = 7;

	(void)state;
	assert_int_equal(message_problem(m, NULL), 0);
	assert_int_equal(message_max_forwards(m), 70);
	assert_string_equal(message_branch(m), "");
	assert_string_equal(message_sent_by(m), "b");
	assert_string_equal(message_content_type(m), "");
	assert_null(message_body(m, &len));
	assert_int_equal(len, 0);
	assert_null(message_contact_text(m));
	assert_false(message_contact_uri(m, &uri));
	assert_false(message_contact_is_star(m));
	assert_true(message_expires_s(m) == -1);
	assert_null(message_header(m, "Subject", 0));
	assert_null(message_header(m, "X-Unheard-Of", 0));
	assert_null(message_header(m, "Via", 1));
	message_free(&m);
}

static void test_lists(void **state)
{
	struct message *m = parse(
	    "OPTIONS sip:b SIP/2.0\r\nVia: " VIA "\r\n" HEAD_REST "CSeq: 1 OPTIONS\r\n"
	    "Allow: INVITE, ACK\r\nk: timer,\r\n 100REL\r\nallow: UPDATE\r\nRequire:\r\n\r\n");

	(void)state;
	assert_true(message_lists(m, "Allow", "INVITE"));
	assert_true(message_lists(m, "Allow", "UPDATE"));
	assert_true(message_lists(m, "Supported", "100rel"));
	assert_false(message_lists(m, "Supported", "100re"));
	assert_false(message_lists(m, "Supported", "100rell"));
	assert_false(message_lists(m, "Require", "timer"));
	message_free(&m);
}

/* More names than are remembered, some in the same place. */
static void test_many_names(void **state)
{
	struct message *m =
	    parse("OPTIONS sip:b SIP/2.0\r\nVia: " VIA "\r\n" HEAD_REST "CSeq: 1 OPTIONS\r\n"
	          "X-17: a\r\nX-71: b\r\nUser-Agent: c\r\n\r\n");
	char name[100];

	(void)state;
	for (unsigned round = 0; round < 2; round++) {
		for (unsigned i = 0; i < 600; i++) {
			snprintf(name, sizeof(name), "X-%u", i);
			if (i == 17)
				assert_string_equal(message_header(m, name, 0), "a");
			else if (i == 71)
				assert_string_equal(message_header(m, name, 0), "b");
			else
				assert_null(message_header(m, name, 0));
			assert_string_equal(message_header(m, "User-Agent", 0), "c");
			assert_string_equal(message_header(m, "user-agent", 0), "c");
		}
	}
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_null(message_header(m, name, 0));
	assert_null(message_header(m, "", 0));
	message_free(&m);
}

static void test_response(void **state)
{
	struct message *m = parse("SIP/2.0 486 Busy Here, sorry\r\nVia: " VIA "\r\n" HEAD_REST
	                          "CSeq: 7 INVITE\r\n\r\n");
	struct uri uri;

	(void)state;
	assert_false(message_is_request(m));
	assert_int_equal(message_status(m), 486);
	assert_string_equal(message_phrase(m), "Busy Here, sorry");
	assert_int_equal(message_method(m), METHOD_INVITE);
	assert_string_equal(message_method_name(m), "INVITE");
	assert_false(message_request_uri(m, &uri));
	message_free(&m);
}

/* Method names are told by their case (RFC 3261 7.1). */
static void test_methods(void **state)
{
	static const struct {
		const char *name;
		enum method method;
	} cases[] = { { "INVITE", METHOD_INVITE },   { "ACK", METHOD_ACK },
		      { "BYE", METHOD_BYE },         { "CANCEL", METHOD_CANCEL },
		      { "OPTIONS", METHOD_OPTIONS }, { "REGISTER", METHOD_REGISTER },
		      { "SUBSCRIBE", METHOD_OTHER }, { "FOO", METHOD_OTHER },
		      { "invite", METHOD_OTHER } };
	char text[512];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct message *m;

		snprintf(text, sizeof(text),
		         "%s sip:b SIP/2.0\r\nVia: " VIA "\r\n" HEAD_REST "CSeq: 1 %s\r\n\r\n",
		         cases[i].name, cases[i].name);
		m = parse(text);
		if (message_method(m) != cases[i].method ||
		    strcmp(message_method_name(m), cases[i].name) != 0)
			fail_msg("%s is %d, %s", cases[i].name, (int)message_method(m),
			         message_method_name(m));
		message_free(&m);
	}
}

static void test_headers(void **state)
{
	struct message *m = invite(VIA, "Record-Route: <sip:p1;lr>, <sip:p2;lr>\r\nX-Odd: one\r\n"
	                                "Record-Route: <sip:p3;lr>\r\nx-odd: two, three\r\n"
	                                "s: short form\r\nPrivacy: id;header\r\n");

	(void)state;
	assert_string_equal(message_header(m, "Record-Route", 0), "<sip:p1;lr>");
	assert_string_equal(message_header(m, "record-route", 1), "<sip:p2;lr>");
	assert_string_equal(message_header(m, "Record-Route", 2), "<sip:p3;lr>");
	assert_null(message_header(m, "Record-Route", 3));
	assert_string_equal(message_header(m, "X-ODD", 0), "one");
	assert_string_equal(message_header(m, "X-Odd", 1), "two, three");
	assert_null(message_header(m, "X-Odd", 2));
	assert_string_equal(message_header(m, "Subject", 0), "short form");
	assert_string_equal(message_header(m, "CSeq", 0), "7 INVITE");
	assert_string_equal(message_header(m, "Via", 0), VIA);
	message_free(&m);
}

/* Whole, however long: also one with many parameters, whose printer guesses its length. */
static void test_numbers(void **state)
{
	static const struct {
		const char *value;
		uint32_t number;
	} rows[] = { { "30", 30 },
		     { "18000;duration=3600", 18000 },
		     { "5 (later)", 5 },
		     { "4294967295", UINT32_MAX },
		     { "99999999999999999999999", UINT32_MAX },
		     { "-1", 0 },
		     { "soon", 0 } };
	struct message *m;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(message_new_request(&m, "INVITE", "sip:a"), OK);
		assert_int_equal(message_number(m, "X-Number"), 0);
		message_add(m, "X-Number", "%s", rows[i].value);
		assert_int_equal(message_number(m, "X-Number"), rows[i].number);
		message_free(&m);
	}
}

static void test_long_headers(void **state)
{
	static char more[8192];
	static const size_t lens[] = {
		60, 61, 62, 63, 64, 65, 127, 128, 129, 255, 256, 1023, 3000
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lens); i++) {
		struct message *m;
		const char *value;
		int n = snprintf(more, sizeof(more), "Record-Route: <sip:p;lr>;a=");

		memset(more + n, 'x', lens[i]);
		snprintf(more + n + lens[i], 64, ";last=1\r\nSubject: %s\r\n", "end");
		m = invite(VIA, more);
		value = message_header(m, "Record-Route", 0);
		assert_non_null(value);
		assert_int_equal(strlen(value), strlen("<sip:p;lr>;a=;last=1") + lens[i]);
		assert_string_equal(value + strlen(value) - 8, "x;last=1");
		assert_string_equal(message_header(m, "Subject", 0), "end");
		message_free(&m);
	}
}

/* RFC 3261 18.2.2, RFC 3581 4: always to where it came from; the port is Via's without rport. */
static void test_reply_addr(void **state)
{
	static const struct {
		const char *via, *to;
	} cases[] = {
		{ "SIP/2.0/UDP 10.0.0.9:5070;branch=z9hG4bKx", "192.0.2.1:5070" },
		{ "SIP/2.0/UDP 10.0.0.9;branch=z9hG4bKx", "192.0.2.1:5060" },
		{ "SIP/2.0/UDP 10.0.0.9:5070;rport;branch=z9hG4bKx", "192.0.2.1:40000" },
		{ "SIP/2.0/UDP 10.0.0.9:5070;branch=z9hG4bKx;rport=9", "192.0.2.1:40000" },
		{ "SIP/2.0/UDP 10.0.0.9:5070;received=203.0.113.66;branch=z9hG4bKx",
		  "192.0.2.1:5070" },
		{ "SIP/2.0/UDP phone.lab:5071;branch=z9hG4bKx", "192.0.2.1:5071" },
		{ "SIP/2.0/UDP 10.0.0.9:0;branch=z9hG4bKx", "192.0.2.1:40000" },
	};
	char text[ADDR_TEXT_MAX];
	struct addr src, to;

	(void)state;
	assert_int_equal(addr_parse(&src, "192.0.2.1:40000"), OK);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct message *m = invite(cases[i].via, "");

		message_reply_addr(m, &src, &to);
		if (strcmp(addr_text(&to, text, sizeof(text)), cases[i].to) != 0)
			fail_msg("%s: %s", cases[i].via, text);
		message_free(&m);
	}
}

/* Each is answerable: it comes out, with what is wrong. */
static void test_problems(void **state)
{
	static const struct {
		const char *line, *from, *cseq, *more;
		unsigned status;
	} cases[] = {
		{ "INVITE sip:b SIP/2.0", "<sip:a@b>;tag=1", "1 INVITE", "", 0 },
		{ "INVITE sip:b SIP/3.0", "<sip:a@b>;tag=1", "1 INVITE", "", 505 },
		{ "INVITE foo:b SIP/2.0", "<sip:a@b>;tag=1", "1 INVITE", "", 416 },
		{ "INVITE <sip:b> SIP/2.0", "<sip:a@b>;tag=1", "1 INVITE", "", 400 },
		{ "INVITE sip:b SIP/2.0", "<sip:a@b>;tag=1", "1 BYE", "", 400 },
		{ "INVITE sip:b SIP/2.0", "<sip:a@b>", "1 INVITE", "", 400 },
		{ "INVITE sip:b SIP/2.0", "<sip:a@b>;tag=1", "1 INVITE", "Content-Length: 9\r\n",
		  400 },
	};
	char text[512];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *phrase = "unset";
		struct message *m;

		snprintf(text, sizeof(text),
		         "%s\r\nVia: " VIA
		         "\r\nFrom: %s\r\nTo: <sip:b>\r\nCall-ID: c\r\nCSeq: %s\r\n"
		         "%s\r\n",
		         cases[i].line, cases[i].from, cases[i].cseq, cases[i].more);
		m = parse(text);
		if (message_problem(m, &phrase) != cases[i].status)
			fail_msg("%u %s: %s", message_problem(m, NULL), phrase, text);
		assert_true((phrase != NULL) == (cases[i].status != 0));
		message_free(&m);
	}
}

#define WELL                                                                                \
	"OPTIONS sip:b SIP/2.0\r\nVia: " VIA "\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:b>\r\n" \
	"Call-ID: c\r\nCSeq: 1 OPTIONS\r\n"

static void refuse(const char *text, size_t len)
{
	struct message *m = NULL;

	if (message_parse(&m, text, len) != ERR_SYNTAX)
		fail_msg("read: %.*s", (int)len, text);
	assert_null(m);
}

/* Sofia-SIP takes these for no methods at all. */
static void test_short_methods(void **state)
{
	static const char *const names[] = { "NOPE", "N", "IN", "A",   "BY",  "CANCE", "OPT",
		                             "PUB",  "R", "SU", "MES", "UPD", "X",     "XN" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char text[600];
		struct message *m, *response;
		struct buf wire;
		struct addr src;

		snprintf(text, sizeof(text),
		         "%s sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\n"
		         "From: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: x\r\n"
		         "cseq\t:  7 \t%s\r\nContent-Length: 4\r\n\r\nbody",
		         names[i], names[i]);
		m = parse(text);
		assert_int_equal(message_problem(m, NULL), 0);
		assert_string_equal(message_method_name(m), names[i]);
		assert_int_equal(message_method(m), METHOD_OTHER);
		assert_int_equal(message_cseq(m), 7);
		assert_int_equal(addr_parse(&src, "192.0.2.1:5060"), OK);
		assert_int_equal(message_new_response(&response, m, &src, 501, NULL, "t"), OK);
		buf_init(&wire, MESSAGE_MAX);
		assert_int_equal(message_encode(response, &wire), OK);
		snprintf(text, sizeof(text), "CSeq: 7 %s\r\n", names[i]);
		assert_non_null(strstr(wire.data, text));
		buf_free(&wire);
		message_free(&response);
		message_free(&m);
	}
}

/* The mark that helps to read them makes nothing well that is not. */
static void test_short_methods_that_differ(void **state)
{
	struct message *m = parse("NOPE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\n"
	                          "From: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: x\r\n"
	                          "CSeq: 7 XNOPE\r\n\r\n");

	(void)state;
	assert_int_equal(message_problem(m, NULL), 400);
	message_free(&m);
	m = parse("NOPE sip:a b SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\n"
	          "From: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: x\r\n"
	          "CSeq: 7 NOPE\r\n\r\n");
	assert_int_equal(message_problem(m, NULL), 400);
	assert_string_equal(message_method_name(m), "NOPE");
	message_free(&m);
}

static void test_not_sip(void **state)
{
	static const char nul[] = WELL "Subject: a\0b\r\n\r\n", cr[] = WELL "Subject: a\rb\r\n\r\n";
	static const char *const needed[] = { "Via: ", "From: ", "To: ", "Call-ID: ", "CSeq: " };
	static char huge[MESSAGE_MAX + 1];
	struct message *m = parse(WELL "\r\n");

	(void)state;
	message_free(&m);
	refuse("", 0);
	refuse("hello\r\n\r\n", 9);
	refuse(nul, sizeof(nul) - 1);
	refuse(cr, sizeof(cr) - 1);
	for (size_t i = 0; i < ARRAY_LEN(needed); i++) {
		char text[512] = WELL "\r\n";

		memcpy(strstr(text, needed[i]), "X-", 2); /* "X-a: ...": unknown */
		refuse(text, strlen(text));
	}
	memset(huge, 'x', sizeof(huge));
	memcpy(huge, WELL "\r\n", strlen(WELL "\r\n"));
	assert_int_equal(message_parse(&m, huge, MESSAGE_MAX), OK);
	message_free(&m);
	refuse(huge, sizeof(huge));
}

static void test_counted(void **state)
{
	struct message *m = parse(WELL "\r\n"), *second = message_ref(m);

	(void)state;
	message_free(&m);
	assert_null(m);
	assert_string_equal(message_call_id(second), "c");
	message_free(&second);
	message_free(&second); /* NULL is fine */
}

static void parse_starved(void *arg)
{
	static const char *const texts[] = { WELL "\r\n", "INVITE <sip:b> SIP/2.0\r\n\r\n" };

	(void)arg;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct message *m = NULL;
		enum err err = message_parse(&m, texts[i], strlen(texts[i]));

		if (err == OK)
			assert_string_equal(message_call_id(m), "c");
		else
			assert_true(err == ERR_SYNTAX || mem_has_failed());
		message_free(&m);
	}
}

static void test_no_memory(void **state)
{
	(void)state;
	assert_true(each_allocation_fails(parse_starved, NULL) >= 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_request),
		cmocka_unit_test(test_what_is_absent),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_many_names),
		cmocka_unit_test(test_response),
		cmocka_unit_test(test_methods),
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_long_headers),
		cmocka_unit_test(test_reply_addr),
		cmocka_unit_test(test_problems),
		cmocka_unit_test(test_not_sip),
		cmocka_unit_test(test_short_methods),
		cmocka_unit_test(test_short_methods_that_differ),
		cmocka_unit_test(test_counted),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, begin, NULL);
}
