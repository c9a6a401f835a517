/* sbc/sip/shed.c: which heads are read, and what the answer is. */
#include "sbc/sip/shed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "sbc/sip/message.h"
#include "tests/unit/alloc.h"

#define VIA  "Via: SIP/2.0/UDP 192.0.2.1:5070;branch=z9hG4bKa\r\n"
#define FROM "From: <sip:a@b>;tag=f\r\n"
#define TO   "To: <sip:4711@c>\r\n"
#define REST "Call-ID: 1@b\r\nCSeq: 9 INVITE\r\n"
#define LINE "INVITE sip:4711@c SIP/2.0\r\n"

/* Read from a copy without a byte behind it. */
static bool read_it(const char *text)
{
	size_t len = strlen(text);
	char *copy = malloc(len + 1);
	struct shed_invite invite;
	bool read;

	memcpy(copy, text, len);
	copy = realloc(copy, len ? len : 1);
	read = shed_read(&invite, copy, len);
	free(copy);
	return read;
}

static void reads_the_plain(void **state)
{
	static const char *const plain[] = {
		LINE VIA FROM TO REST "\r\n",
		LINE VIA FROM TO REST "Subject: x\r\n\r\nbody",
		LINE "v:SIP/2.0/UDP h;x;rport;branch=z9hG4bKa;y=1\r\nf: x\r\nT:  y\r\nI: z\r\n"
		     "cseq: 1 INVITE\r\n\r\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		assert_true(read_it(plain[i]));
}

static void leaves_the_rest(void **state)
{
	static const char *const odd[] = {
		"",
		"INVITE ",
		LINE,
		LINE "\r\n",
		LINE VIA FROM TO REST, /* no end */
		"invite sip:4711@c SIP/2.0\r\n" VIA FROM TO REST "\r\n",
		"REGISTER sip:c SIP/2.0\r\n" VIA FROM TO REST "\r\n",
		LINE VIA TO REST "\r\n",
		LINE VIA FROM REST "\r\n",
		LINE VIA FROM TO "CSeq: 9 INVITE\r\n\r\n",
		LINE VIA FROM TO "Call-ID: 1\r\n\r\n",
		LINE FROM TO REST "\r\n",
		LINE VIA FROM "To: <sip:4711@c>;tag=t\r\n" REST "\r\n", /* a dialog's */
		LINE VIA FROM "t: <sip:4711@c>;x;TAG=t\r\n" REST "\r\n",
		LINE VIA FROM "To: <sip:4711@c>; tag=t\r\n" REST "\r\n",
		LINE VIA FROM "To: <sip:4711@c>;\ttag = t\r\n" REST "\r\n",
		LINE VIA FROM FROM TO REST "\r\n",
		LINE VIA FROM TO REST "t: x\r\n\r\n",
		LINE VIA FROM TO " ;tag=t\r\n" REST "\r\n", /* folded */
		LINE VIA FROM "To: a\rb\r\n" REST "\r\n",
		LINE VIA FROM "To: a\nb\r\n" REST "\r\n",
		LINE "Via: SIP/2.0/TCP h;branch=z9hG4bKa\r\n" FROM TO REST "\r\n",
		LINE "Via: SIP/2.0/UDP h;branch=a\r\n" FROM TO REST "\r\n",
		LINE "Via: SIP/2.0/UDP h\r\n" FROM TO REST "\r\n",
		LINE "Via: SIP/2.0/UDP ;branch=z9hG4bKa\r\n" FROM TO REST "\r\n",
		LINE "Via: SIP/2.0/UDP h ;branch=z9hG4bKa\r\n" FROM TO REST "\r\n",
		LINE "Via: SIP/2.0/UDP [::1];branch=z9hG4bKa\r\n" FROM TO REST "\r\n",
		LINE "Via: SIP/2.0/UDP h;branch=z9hG4bKa, SIP/2.0/UDP i\r\n" FROM TO REST "\r\n",
		LINE "Via: SIP/2.0/UDP h;branch=z9hG4bKa;maddr=x\r\n" FROM TO REST "\r\n",
		LINE "Via: SIP/2.0/UDP h;branch=z9hG4bKa;received=x\r\n" FROM TO REST "\r\n",
		LINE "Via: SIP/2.0/UDP h;branch=z9hG4bKa;rport=1\r\n" FROM TO REST "\r\n",
		LINE VIA VIA VIA VIA VIA VIA VIA VIA VIA FROM TO REST "\r\n",
	};
	char text[1024], branch[SHED_TEXT_MAX + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
		assert_false(read_it(odd[i]));
	memset(branch, 'b', SHED_TEXT_MAX);
	branch[SHED_TEXT_MAX] = '\0';
	snprintf(text, sizeof(text),
	         LINE "Via: SIP/2.0/UDP h;branch=z9hG4bK%s\r\n" FROM TO REST "\r\n", branch);
	assert_false(read_it(text));
	memcpy(text, LINE VIA FROM TO REST "\r\n", sizeof(LINE VIA FROM TO REST "\r\n"));
	assert_true(read_it(text));
	assert_false(shed_read(&(struct shed_invite){ 0 }, "INVITE sip:\0\r\n", 15));
}

static void answer(const char *text, struct buf *out, struct addr *to)
{
	struct shed_invite invite;
	struct addr peer;

	assert_int_equal(addr_parse(&peer, "192.0.2.9:4000"), OK);
	assert_true(shed_read(&invite, text, strlen(text)));
	shed_answer(&invite, &peer, 7, out, to);
}

static void answers_in_its_words(void **state)
{
	struct message *m;
	struct addr to;
	struct buf out;
	const char *tag;

	(void)state;
	buf_init(&out, MESSAGE_MAX);
	answer(LINE VIA "Via: SIP/2.0/TCP 1.2.3.4;branch=z9hG4bKb\r\n" FROM TO REST "\r\n", &out,
	       &to);
	assert_int_equal(addr_port(&to), 5070);
	assert_non_null(strstr(out.data, "Via: SIP/2.0/UDP 192.0.2.1:5070;branch=z9hG4bKa;"
	                                 "received=192.0.2.9\r\nVia: SIP/2.0/TCP 1.2.3.4;"));
	assert_int_equal(message_parse(&m, out.data, out.len), OK);
	assert_int_equal(message_status(m), 503);
	assert_int_equal(message_problem(m, NULL), 0);
	assert_string_equal(message_call_id(m), "1@b");
	assert_string_equal(message_from_tag(m), "f");
	assert_string_equal(message_header(m, "Retry-After", 0), "7");
	tag = message_to_tag(m);
	assert_int_equal(tag[0], '0');
	assert_int_equal(strlen(tag), 13);
	message_free(&m);
	buf_free(&out);
}

static void goes_where_the_via_says(void **state)
{
	static const struct {
		const char *via;
		unsigned port;
	} cases[] = {
		{ "h;branch=z9hG4bKa", 5060 },
		{ "h:5090;branch=z9hG4bKa", 5090 },
		{ "h:x;branch=z9hG4bKa", 5060 },
		{ "h:99999;branch=z9hG4bKa", 5060 },
		{ "h:5090;rport;branch=z9hG4bKa", 4000 },
		{ "h;branch=z9hG4bKa;RPORT", 4000 },
	};
	char text[512];
	struct addr to;
	struct buf out;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(text, sizeof(text), LINE "Via: SIP/2.0/UDP %s\r\n" FROM TO REST "\r\n",
		         cases[i].via);
		buf_init(&out, MESSAGE_MAX);
		answer(text, &out, &to);
		assert_int_equal(addr_port(&to), cases[i].port);
		assert_int_equal(strcasestr(out.data, "port=4000") != NULL, cases[i].port == 4000);
		buf_free(&out);
	}
}

static void knows_its_acks(void **state)
{
	static const struct {
		const char *text;
		bool ours;
	} cases[] = {
		{ "ACK sip:c SIP/2.0\r\n" VIA "To: <sip:c>;tag=0abc\r\n\r\n", true },
		{ "ACK sip:c SIP/2.0\r\nt:<sip:c>;x;tag=0\r\n\r\n", true },
		{ "ACK sip:c SIP/2.0\r\nTo: <sip:c>;tag=abc\r\n\r\n", false },
		{ "ACK sip:c SIP/2.0\r\nTo: <sip:c>;tag=\r\n\r\n", false },
		{ "ACK sip:c SIP/2.0\r\nTo: <sip:c>\r\n\r\nTo: ;tag=0abc\r\n", false },
		{ "ACK sip:c SIP/2.0\r\nFrom: <sip:c>;tag=0abc\r\n\r\n", false },
		{ "BYE sip:c SIP/2.0\r\nTo: <sip:c>;tag=0abc\r\n\r\n", false },
		{ "ACK sip:c", false },
		{ "", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(shed_is_ack(cases[i].text, strlen(cases[i].text)), cases[i].ours);
}

static void make_answer(void *arg)
{
	struct addr to;
	struct buf out;

	(void)arg;
	buf_init(&out, MESSAGE_MAX);
	answer(LINE VIA FROM TO REST "\r\n", &out, &to);
	assert_true(buf_err(&out) == OK || mem_has_failed());
	buf_free(&out);
}

static void survives_without_memory(void **state)
{
	(void)state;
	assert_true(each_allocation_fails(make_answer, NULL) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_the_plain),      cmocka_unit_test(leaves_the_rest),
		cmocka_unit_test(answers_in_its_words), cmocka_unit_test(goes_where_the_via_says),
		cmocka_unit_test(knows_its_acks),       cmocka_unit_test(survives_without_memory),
	};

	message_library_open();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
