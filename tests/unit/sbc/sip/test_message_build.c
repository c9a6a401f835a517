/* sbc/sip/message_build.c: what each builder writes, read back from the wire. */
#include "sbc/sip/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "tests/unit/alloc.h"

static struct buf wire; /* of the last message that was written */
static struct addr src;

static struct message *request(const char *method)
{
	struct message *m;

	assert_int_equal(message_new_request(&m, method, "sip:100@b;transport=tcp"), OK);
	message_add(m, "From", "<sip:a@b>;tag=%d", 1);
	message_add(m, "To", "<sip:c@d>");
	message_add(m, "Call-ID", "%s", "call");
	message_add(m, "CSeq", "%u %s", 4294967295U, method);
	return m;
}

static enum err encode(struct message *m)
{
	buf_free(&wire);
	buf_init(&wire, MESSAGE_MAX);
	return message_encode(m, &wire);
}

/* Writes m, frees it and reads it again. */
static struct message *through(struct message *m)
{
	struct message *again;

	assert_int_equal(encode(m), OK);
	message_free(&m);
	if (message_parse(&again, wire.data, wire.len) != OK)
		fail_msg("not read again: %s", wire.data);
	assert_int_equal(message_problem(again, NULL), 0);
	return again;
}

static unsigned count(const char *part)
{
	unsigned n = 0;

	for (const char *at = wire.data; (at = strstr(at, part)); at++)
		n++;
	return n;
}

static void test_round_trip(void **state)
{
	struct message *m = request("INVITE");
	struct uri uri;
	size_t len;

	(void)state;
	message_push_via(m, TRANSPORT_TLS, "sbc.lab:5061", "z9hG4bKx");
	message_set_max_forwards(m, 9);
	message_set_max_forwards(m, 8);
	message_add(m, "X-Odd", "a, b; c=\"d\"");
	message_put(m, "X-Plain", "%s\t100%");
	message_put(m, "Subject", "%n");
	message_join(m, "X-Joined", "a", "", "%s", "b", NULL);
	message_set_body(m, "application/sdp", "v=0\r\n", 5);
	m = through(m);
	assert_int_equal(strncmp(wire.data, "INVITE sip:100@b;transport=tcp SIP/2.0\r\n", 40), 0);
	assert_string_equal(message_header(m, "Via", 0),
	                    "SIP/2.0/TLS sbc.lab:5061;branch=z9hG4bKx;rport");
	assert_int_equal(message_max_forwards(m), 8);
	assert_int_equal(count("Max-Forwards:"), 1);
	assert_string_equal(message_header(m, "X-Odd", 0), "a, b; c=\"d\"");
	assert_string_equal(message_header(m, "X-Plain", 0), "%s\t100%");
	assert_string_equal(message_header(m, "Subject", 0), "%n");
	assert_string_equal(message_header(m, "X-Joined", 0), "a%sb");
	assert_string_equal(message_from_tag(m), "1");
	assert_string_equal(message_call_id(m), "call");
	assert_true(message_cseq(m) == 4294967295U);
	assert_string_equal(message_content_type(m), "application/sdp");
	assert_int_equal(count("Content-Length: 5\r\n"), 1);
	assert_memory_equal(message_body(m, &len), "v=0\r\n", 5);
	assert_int_equal(len, 5);
	assert_true(message_request_uri(m, &uri));
	assert_int_equal(uri.transport, TRANSPORT_TCP);
	message_free(&m);
}

/* A body is octets: whatever is in it, all of it comes out. */
static void test_bodies(void **state)
{
	static const char odd[] = "\0\r\n\r\nINVITE\xff";
	static char big[60000];
	size_t len;

	(void)state;
	for (int i = 0; i < 2; i++) {
		const char *data = i ? big : odd;
		size_t size = i ? sizeof(big) : sizeof(odd);
		struct message *m = request("OPTIONS");

		memset(big, 'b', sizeof(big));
		message_push_via(m, TRANSPORT_UDP, "a", "z9hG4bKx");
		message_set_body(m, "text/plain", data, size);
		m = through(m);
		assert_non_null(message_body(m, &len));
		assert_int_equal(len, size);
		assert_memory_equal(message_body(m, &len), data, size);
		message_free(&m);
	}
}

static void test_no_body(void **state)
{
	struct message *m = request("BYE");

	(void)state;
	message_push_via(m, TRANSPORT_UDP, "a", "z9hG4bKx");
	assert_int_equal(encode(m), OK);
	assert_int_equal(count("Content-Length: 0\r\n"), 1);
	assert_string_equal(wire.data + wire.len - 4, "\r\n\r\n");
	/* Once more: the same, not more of it. */
	assert_int_equal(encode(m), OK);
	assert_int_equal(count("Content-Length: 0\r\n"), 1);
	message_free(&m);
}

static void test_vias(void **state)
{
	struct message *m = request("BYE");

	(void)state;
	message_push_via(m, TRANSPORT_UDP, "first", "z9hG4bK1");
	message_push_via(m, TRANSPORT_TCP, "[2001:db8::1]:5062", "z9hG4bK2");
	assert_string_equal(message_branch(m), "z9hG4bK2");
	assert_string_equal(message_sent_by(m), "[2001:db8::1]:5062");
	m = through(m);
	assert_string_equal(message_header(m, "Via", 0),
	                    "SIP/2.0/TCP [2001:db8::1]:5062;branch=z9hG4bK2;rport");
	assert_string_equal(message_header(m, "Via", 1), "SIP/2.0/UDP first;branch=z9hG4bK1;rport");
	message_pop_via(m);
	assert_string_equal(message_branch(m), "z9hG4bK1");
	message_pop_via(m);
	message_pop_via(m); /* none is left: nothing happens */
	assert_null(message_header(m, "Via", 0));
	message_free(&m);
}

/* What would begin a line of its own is no message. */
static void test_injection(void **state)
{
	static const char *const bad[] = { "a\r\nX-Evil: 1", "a\nX-Evil: 1", "a\rX-Evil: 1",
		                           "\r\n\r\nINVITE", "a\r\n" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct message *m = request("BYE");

		message_add(m, "Subject", "%s", bad[i]);
		message_add(m, "Subject", "fine"); /* the error sticks */
		assert_int_equal(encode(m), ERR_SYNTAX);
		assert_int_equal(wire.len, 0);
		message_free(&m);
		m = request("BYE");
		message_join(m, "X-Odd", "fine", bad[i], NULL);
		assert_int_equal(encode(m), ERR_SYNTAX);
		message_free(&m);
	}
}

static void test_value_length(void **state)
{
	static char value[3000];
	struct message *m = request("BYE");

	(void)state;
	message_push_via(m, TRANSPORT_UDP, "a", "z9hG4bKx");
	memset(value, 'v', sizeof(value));
	value[2047] = '\0';
	message_add(m, "Subject", "%s", value);
	m = through(m);
	assert_string_equal(message_header(m, "Subject", 0), value);
	message_free(&m);
	m = request("BYE");
	value[2047] = 'v';
	value[2048] = '\0';
	message_add(m, "Subject", "%s", value); /* longer: an error, never cut short */
	assert_int_equal(encode(m), ERR_SYNTAX);
	message_free(&m);
	m = request("BYE");
	message_join(m, "Subject", value + 1, "v", NULL);
	assert_int_equal(encode(m), ERR_SYNTAX);
	message_free(&m);
	m = request("BYE");
	message_join(m, "Subject", value, value, NULL);
	assert_int_equal(encode(m), ERR_SYNTAX);
	message_free(&m);
	m = request("BYE");
	message_put(m, "X-Odd", value);
	assert_int_equal(encode(m), ERR_SYNTAX);
	message_free(&m);
	m = request("BYE");
	value[149] = '\0'; /* as a name */
	message_put(m, value, "x");
	assert_int_equal(encode(m), ERR_SYNTAX);
	message_free(&m);
}

static struct message *incoming(const char *method, const char *via, const char *to)
{
	char text[1024];
	struct message *m;

	snprintf(text, sizeof(text),
	         "%s sip:100@b SIP/2.0\r\nVia: %s\r\nVia: SIP/2.0/UDP last;branch=z9hG4bKl\r\n"
	         "Record-Route: <sip:p1;lr>\r\nRecord-Route: <sip:p2;lr>\r\n"
	         "From: <sip:a@b>;tag=f\r\nTo: %s\r\nCall-ID: c\r\nCSeq: 3 %s\r\n"
	         "Route: <sip:r;lr>\r\nSubject: s\r\n\r\n",
	         method, via, to, method);
	assert_int_equal(message_parse(&m, text, strlen(text)), OK);
	return m;
}

static struct message *answer(const char *method, const char *via, unsigned status, const char *to,
                              const char *tag)
{
	struct message *m = incoming(method, via, to), *r;

	assert_int_equal(message_new_response(&r, m, &src, status, NULL, tag), OK);
	message_free(&m);
	return through(r);
}

#define VIA "SIP/2.0/UDP 10.0.0.9:5070;branch=z9hG4bKx"

static void test_response(void **state)
{
	struct message *r = answer("INVITE", VIA ";rport", 200, "<sip:c@d>", "mine");

	(void)state;
	assert_int_equal(message_status(r), 200);
	assert_string_equal(message_phrase(r), "OK");
	assert_string_equal(message_header(r, "From", 0), "<sip:a@b>;tag=f");
	assert_string_equal(message_header(r, "To", 0), "<sip:c@d>;tag=mine");
	assert_string_equal(message_header(r, "CSeq", 0), "3 INVITE");
	assert_string_equal(message_call_id(r), "c");
	assert_non_null(strstr(message_header(r, "Via", 0), ";received=192.0.2.1"));
	assert_non_null(strstr(message_header(r, "Via", 0), ";rport=40000"));
	assert_string_equal(message_header(r, "Via", 1), "SIP/2.0/UDP last;branch=z9hG4bKl");
	assert_string_equal(message_header(r, "Record-Route", 1), "<sip:p2;lr>");
	assert_null(message_header(r, "Route", 0));
	assert_null(message_header(r, "Subject", 0));
	message_free(&r);
}

static void test_response_by_case(void **state)
{
	static const struct {
		const char *method;
		unsigned status;
		bool routes;
	} cases[] = {
		{ "INVITE", 100, false }, { "INVITE", 180, true }, { "INVITE", 200, true },
		{ "INVITE", 486, false }, { "BYE", 200, false },   { "OPTIONS", 200, false }
	};
	struct message *r;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		r = answer(cases[i].method, VIA, cases[i].status, "<sip:c@d>;tag=t", "mine");
		assert_string_equal(message_to_tag(r), "t"); /* it has one: that stays */
		assert_null(strstr(message_header(r, "Via", 0), "rport"));
		if ((message_header(r, "Record-Route", 0) != NULL) != cases[i].routes)
			fail_msg("%s %u", cases[i].method, cases[i].status);
		message_free(&r);
	}
	r = answer("INVITE", VIA, 100, "<sip:c@d>", NULL);
	assert_string_equal(message_to_tag(r), "");
	message_free(&r);
	/* What the peer says of itself is replaced, not added to. */
	r = answer("INVITE", VIA ";received=203.0.113.9;rport=1", 180, "<sip:c@d>", "x");
	assert_int_equal(count("received="), 1);
	assert_int_equal(count("rport="), 1);
	assert_non_null(strstr(wire.data, ";received=192.0.2.1"));
	message_free(&r);
}

static void test_phrases(void **state)
{
	static const struct {
		unsigned status;
		const char *given, *phrase;
	} cases[] = { { 486, NULL, "Busy Here" },
		      { 299, NULL, "Unknown" },
		      { 488, "Not With Me", "Not With Me" } };
	struct message *m = incoming("BYE", VIA, "<sip:c@d>"), *r;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(
		    message_new_response(&r, m, &src, cases[i].status, cases[i].given, "x"), OK);
		r = through(r);
		assert_string_equal(message_phrase(r), cases[i].phrase);
		message_free(&r);
	}
	message_free(&m);
}

/* RFC 3261 17.1.1.3 and 9.1 */
static void test_from_invite(void **state)
{
	struct message *m = incoming("INVITE", VIA, "<sip:c@d>"), *failed, *ack, *cancel;

	(void)state;
	assert_int_equal(message_new_response(&failed, m, &src, 486, NULL, "theirs"), OK);
	assert_int_equal(message_new_from_invite(&ack, m, "ACK", failed), OK);
	ack = through(ack);
	assert_int_equal(strncmp(wire.data, "ACK sip:100@b SIP/2.0\r\n", 23), 0);
	assert_string_equal(message_header(ack, "CSeq", 0), "3 ACK");
	assert_string_equal(message_to_tag(ack), "theirs");
	assert_string_equal(message_branch(ack), "z9hG4bKx");
	assert_null(message_header(ack, "Via", 1));
	assert_string_equal(message_header(ack, "Route", 0), "<sip:r;lr>");
	message_free(&ack);
	assert_int_equal(message_new_from_invite(&cancel, m, "CANCEL", NULL), OK);
	cancel = through(cancel);
	assert_string_equal(message_header(cancel, "CSeq", 0), "3 CANCEL");
	assert_string_equal(message_to_tag(cancel), "");
	assert_string_equal(message_from_tag(cancel), "f");
	assert_null(message_header(cancel, "Subject", 0));
	assert_null(message_header(cancel, "Record-Route", 0));
	message_free(&cancel);
	message_free(&failed);
	message_free(&m);
}

/* What is added to a copy stands in its head, before the body; what it is a copy of stays. */
static void test_copy(void **state)
{
	struct message *m = request("INVITE"), *copy;
	const char *body;
	size_t len;

	(void)state;
	message_push_via(m, TRANSPORT_UDP, "a", "z9hG4bKx");
	message_set_body(m, "text/plain", "hello", 5);
	assert_int_equal(message_copy(&copy, m), OK);
	message_remove(copy, "CSeq");
	message_add(copy, "CSeq", "99 INVITE");
	message_add(copy, "Authorization", "Digest a=b");
	copy = through(copy);
	assert_int_equal(message_cseq(copy), 99);
	assert_string_equal(message_header(copy, "Authorization", 0), "Digest a=b");
	body = message_body(copy, &len);
	assert_int_equal(len, 5);
	assert_memory_equal(body, "hello", 5);
	assert_int_not_equal(message_cseq(m), 99);
	assert_null(message_header(m, "Authorization", 0));
	message_free(&copy);
	message_free(&m);
}

static void build_starved(void *arg)
{
	struct message *m = arg, *r = NULL;
	enum err err = message_new_response(&r, m, &src, 200, NULL, "x");

	buf_free(&wire);
	buf_init(&wire, MESSAGE_MAX);
	if (!err)
		err = message_encode(r, &wire);
	assert_true(err == OK || mem_has_failed());
	message_free(&r);
	err = message_new_from_invite(&r, m, "CANCEL", NULL);
	assert_true(err == OK || mem_has_failed());
	if (!err)
		message_free(&r);
}

static void test_no_memory(void **state)
{
	struct message *m = incoming("INVITE", VIA, "<sip:c@d>");

	(void)state;
	assert_true(each_allocation_fails(build_starved, m) >= 3);
	message_free(&m);
}

static int begin(void **state)
{
	(void)state;
	message_library_open();
	return addr_parse(&src, "192.0.2.1:40000") == OK ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	buf_free(&wire);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip), cmocka_unit_test(test_bodies),
		cmocka_unit_test(test_no_body),    cmocka_unit_test(test_vias),
		cmocka_unit_test(test_injection),  cmocka_unit_test(test_value_length),
		cmocka_unit_test(test_response),   cmocka_unit_test(test_response_by_case),
		cmocka_unit_test(test_phrases),    cmocka_unit_test(test_from_invite),
		cmocka_unit_test(test_no_memory),  cmocka_unit_test(test_copy),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
