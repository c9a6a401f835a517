/* sbc/sip/dialog.c and dialog_send.c: both sides of a dialog, on connections that carry nothing. */
#include "sbc/sip/dialog.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "tests/unit/alloc.h"

static enum err fake_send(struct conn *c, const struct addr *peer, const char *data, size_t len)
{
	(void)c;
	(void)peer;
	(void)data;
	(void)len;
	return OK;
}

static void fake_nothing(struct conn *c)
{
	(void)c;
}

static const struct conn_ops ops = { fake_send, fake_nothing, fake_nothing };
static const struct conn_handler handler;
static int doors[2]; /* two realms: only who they are counts */

enum { INSIDE, OTHER_REALM, OF_TRUNK, SAME_TRUNK, OTHER_TRUNK, NCONNS };

static struct {
	struct dialogs *dialogs;
	struct dialog *dlg;
	struct conn conns[NCONNS];
	struct flow flow;
	uint32_t cseq; /* of our INVITE */
	char owner;
} t;

static int begin(void **state)
{
	static const char *const trunks[NCONNS] = {
		[OF_TRUNK] = "acme", [SAME_TRUNK] = "acme", [OTHER_TRUNK] = "umbrella"
	};

	(void)state;
	memset(&t, 0, sizeof(t));
	t.cseq = 1;
	for (size_t i = 0; i < NCONNS; i++) {
		t.conns[i] = (struct conn){ .ops = &ops,
			                    .handler = &handler,
			                    .refs = 1,
			                    .state = CONN_OPEN,
			                    .trunk = trunks[i] };
		t.conns[i].realm = (struct sip_realm *)(void *)&doors[i == OTHER_REALM];
	}
	t.flow.conn = &t.conns[INSIDE];
	message_library_open();
	return addr_parse(&t.flow.peer, "192.0.2.1:5060") || dialogs_new(&t.dialogs, 4) ? -1 : 0;
}

/* Nothing holds a connection that is not ours, and nothing stands in the table. */
static int end(void **state)
{
	(void)state;
	dialog_free(&t.dlg);
	assert_int_equal(dialogs_count(t.dialogs), 0);
	dialogs_free(&t.dialogs);
	assert_null(t.dialogs);
	for (size_t i = 0; i < NCONNS; i++)
		assert_int_equal(t.conns[i].refs, 1);
	return 0;
}

static struct message *parse(const char *fmt, ...) PRINTF_LIKE(1, 2);

static struct message *parse(const char *fmt, ...)
{
	static char text[8192];
	struct message *m = NULL;
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (message_parse(&m, text, strlen(text)) != OK)
		fail_msg("%s", text);
	return m;
}

static struct message *invite(const char *more)
{
	return parse("INVITE sip:100@b SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bKx\r\n"
	             "From: \"A\" <sip:a@inside>;tag=theirs\r\nTo: sip:100@b;user=phone\r\n"
	             "Call-ID: c\r\nCSeq: 7 INVITE\r\n%s\r\n",
	             more);
}

static enum err new_uas(const char *more)
{
	struct message *m = invite(more);
	enum err err = dialog_new_uas(&t.dlg, t.dialogs, m, &t.flow, "sip:us@10.0.0.1", &t.owner);

	message_free(&m);
	return err;
}

static enum err new_uac(void)
{
	const struct dialog_uac_cfg cfg = { .from = "\"Us\" <sips:us@sbc.lab>",
		                            .to = "<sips:100@provider.lab>",
		                            .request_uri = "sips:100@provider.lab",
		                            .contact = "sips:us@sbc.lab:5061",
		                            .owner = &t.owner };

	return dialog_new_uac(&t.dlg, t.dialogs, &cfg);
}

/* An answer to the UAC's INVITE. */
static struct message *answer(unsigned status, const char *tag, const char *more)
{
	return parse("SIP/2.0 %u x\r\nVia: SIP/2.0/TLS a;branch=z9hG4bKx\r\n"
	             "From: <sips:us@sbc.lab>;tag=%s\r\nTo: <sips:100@provider.lab>%s%s\r\n"
	             "Call-ID: %s\r\nCSeq: %u INVITE\r\n%s\r\n",
	             status, dialog_local_tag(t.dlg), *tag ? ";tag=" : "", tag,
	             dialog_call_id(t.dlg), t.cseq, more);
}

static enum err on_answer(unsigned status, const char *tag, const char *more)
{
	struct message *m = answer(status, tag, more);
	enum err err = dialog_on_answer(t.dlg, m, &t.flow);

	message_free(&m);
	return err;
}

/* A request within the dialog, as the peer sees it. */
static struct message *within(const char *method, uint32_t cseq, const char *from_tag)
{
	return parse("%s sip:us@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bKy\r\n"
	             "From: <sip:a@inside>;tag=%s\r\nTo: <sip:100@b>;tag=%s\r\nCall-ID: %s\r\n"
	             "CSeq: %u %s\r\n\r\n",
	             method, from_tag, dialog_local_tag(t.dlg), dialog_call_id(t.dlg), cseq,
	             method);
}

static enum err on_request(const char *method, uint32_t cseq, size_t conn)
{
	struct flow flow = { .conn = &t.conns[conn], .peer = t.flow.peer };
	struct message *m = within(method, cseq, "theirs");
	enum err err = dialog_on_request(t.dlg, m, &flow);

	message_free(&m);
	return err;
}

/* A request of ours, as it goes out: with a Via, written and read again. ACK: for answered. */
static struct message *send_for(struct dialog *dlg, const char *method,
                                const struct message *answered)
{
	struct message *m, *again;
	struct buf wire;

	assert_int_equal(answered ? dialog_ack(dlg, answered, &m) : dialog_request(dlg, method, &m),
	                 OK);
	if (strcmp(method, "INVITE") == 0)
		t.cseq = message_cseq(m);
	message_push_via(m, TRANSPORT_TCP, "us", "z9hG4bKz");
	buf_init(&wire, MESSAGE_MAX);
	assert_int_equal(message_encode(m, &wire), OK);
	message_free(&m);
	assert_int_equal(message_parse(&again, wire.data, wire.len), OK);
	assert_int_equal(message_problem(again, NULL), 0);
	buf_free(&wire);
	return again;
}

static struct message *send_from(struct dialog *dlg, const char *method)
{
	return send_for(dlg, method, NULL);
}

static void uri_is(const struct message *m, const char *user, const char *host)
{
	struct uri uri;

	assert_true(message_request_uri(m, &uri));
	assert_string_equal(uri.user, user);
	assert_string_equal(uri.host, host);
}

static void header_is(const struct message *m, const char *name, unsigned n, const char *value)
{
	const char *is = message_header(m, name, n);

	if (!value && is)
		fail_msg("%s %u is there: %s", name, n, is);
	if (value && (!is || strcmp(is, value) != 0))
		fail_msg("%s %u is %s, not %s", name, n, is ? is : "none", value);
}

static void test_uac(void **state)
{
	char from[128];
	struct message *m, *answered;
	uint32_t first;

	(void)state;
	assert_int_equal(new_uac(), OK);
	assert_int_equal(strlen(dialog_local_tag(t.dlg)), TAG_LEN);
	assert_string_equal(dialog_contact(t.dlg), "sips:us@sbc.lab:5061");
	m = send_from(t.dlg, "INVITE");
	first = message_cseq(m);
	assert_in_range(first, 1, 1U << 31);
	uri_is(m, "100", "provider.lab");
	snprintf(from, sizeof(from), "\"Us\" <sips:us@sbc.lab>;tag=%s", dialog_local_tag(t.dlg));
	header_is(m, "From", 0, from);
	header_is(m, "To", 0, "<sips:100@provider.lab>");
	header_is(m, "Contact", 0, "<sips:us@sbc.lab:5061>");
	header_is(m, "Max-Forwards", 0, "70");
	header_is(m, "Call-ID", 0, dialog_call_id(t.dlg));
	header_is(m, "Route", 0, NULL);
	message_free(&m);
	assert_int_equal(on_answer(200, "theirs", "Contact: <sips:there@10.9.9.9>\r\n"), OK);
	answered = answer(200, "theirs", "");
	m = send_for(t.dlg, "ACK", answered); /* 13.2.2.4: the INVITE's number */
	assert_true(message_cseq(m) == first);
	uri_is(m, "there", "10.9.9.9");
	header_is(m, "To", 0, "<sips:100@provider.lab>;tag=theirs");
	header_is(m, "Contact", 0, NULL);
	message_free(&m);
	m = send_from(t.dlg, "BYE");
	assert_true(message_cseq(m) == first + 1);
	message_free(&m);
	m = send_for(t.dlg, "ACK", answered);
	assert_true(message_cseq(m) == first);
	message_free(&m);
	message_free(&answered);
}

static void test_uas(void **state)
{
	char from[128];
	struct message *m;

	(void)state;
	assert_int_equal(new_uas("Contact: <sip:a@10.0.0.9:5070>\r\n"
	                         "Record-Route: <sip:p1;lr>, <sip:p2;lr>\r\n"),
	                 OK);
	assert_string_equal(dialog_call_id(t.dlg), "c");
	assert_ptr_equal(dialog_flow(t.dlg)->conn, &t.conns[INSIDE]);
	m = send_from(t.dlg, "BYE");
	uri_is(m, "a", "10.0.0.9");
	/* Of a To without brackets no parameter is the URI's (RFC 3261 20). */
	snprintf(from, sizeof(from), "sip:100@b;tag=%s", dialog_local_tag(t.dlg));
	if (strcmp(message_header(m, "From", 0), from) != 0) {
		snprintf(from, sizeof(from), "<sip:100@b>;tag=%s", dialog_local_tag(t.dlg));
		header_is(m, "From", 0, from);
	}
	header_is(m, "To", 0, "\"A\" <sip:a@inside>;tag=theirs");
	header_is(m, "Route", 0, "<sip:p1;lr>"); /* 12.1.1: in its order */
	header_is(m, "Route", 1, "<sip:p2;lr>");
	header_is(m, "Route", 2, NULL);
	message_free(&m);
}

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
	static const char *const loose[] = { "<sip:p1;lr>", "<sip:p1;lr=on>", "<sip:p1;lr;x>",
		                             "<sip:p1;lrx;lr>" };
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

static void *find(const char *method, uint32_t cseq, const char *from_tag)
{
	struct message *m = within(method, cseq, from_tag);
	void *owner = dialog_find(t.dialogs, m);

	message_free(&m);
	return owner;
}

static void test_find(void **state)
{
	struct message *m;

	(void)state;
	assert_int_equal(new_uas(""), OK);
	assert_ptr_equal(find("BYE", 8, "theirs"), &t.owner);
	assert_null(find("BYE", 8, "another"));
	m = parse("BYE sip:us SIP/2.0\r\nVia: SIP/2.0/UDP a\r\nFrom: <sip:a@b>;tag=theirs\r\n"
	          "To: <sip:b>;tag=%s\r\nCall-ID: other\r\nCSeq: 8 BYE\r\n\r\n",
	          dialog_local_tag(t.dlg));
	assert_null(dialog_find(t.dialogs, m));
	message_free(&m);
	m = invite("");
	assert_null(dialog_find(t.dialogs, m));
	message_free(&m);
	dialog_free(&t.dlg);
	assert_int_equal(new_uac(), OK);
	assert_null(find("BYE", 8, "theirs")); /* its peer is not known yet */
	assert_int_equal(on_answer(180, "theirs", ""), OK);
	assert_ptr_equal(find("BYE", 8, "theirs"), &t.owner);
}

/* 12.2.2 */
static void test_cseq_order(void **state)
{
	(void)state;
	assert_int_equal(new_uas(""), OK);
	assert_int_equal(on_request("ACK", 7, INSIDE), OK);
	assert_int_equal(on_request("BYE", 7, INSIDE), ERR_REFUSED);
	assert_int_equal(on_request("INFO", 9, INSIDE), OK);
	assert_int_equal(on_request("BYE", 8, INSIDE), ERR_REFUSED);
	assert_int_equal(on_request("BYE", 9, INSIDE), ERR_REFUSED);
	assert_int_equal(on_request("ACK", 7, INSIDE), OK); /* late, but no less an ACK */
	assert_int_equal(on_request("BYE", 10, INSIDE), OK);
	dialog_free(&t.dlg);
	assert_int_equal(new_uac(), OK);
	assert_int_equal(on_answer(200, "theirs", ""), OK);
	assert_int_equal(on_request("BYE", 1, INSIDE), OK); /* its first: any number */
	assert_int_equal(on_request("BYE", 1, INSIDE), ERR_REFUSED);
}

static void test_other_door(void **state)
{
	(void)state;
	assert_int_equal(new_uas(""), OK);
	assert_int_equal(on_request("BYE", 8, OTHER_REALM), ERR_AUTH);
	assert_int_equal(on_request("BYE", 8, OF_TRUNK), ERR_AUTH);
	assert_int_equal(on_request("BYE", 8, INSIDE), OK); /* the refused left no trace */
	dialog_free(&t.dlg);
	t.flow.conn = &t.conns[OF_TRUNK];
	assert_int_equal(new_uas(""), OK);
	assert_int_equal(on_request("BYE", 8, OTHER_TRUNK), ERR_AUTH);
	assert_int_equal(on_request("BYE", 8, INSIDE), ERR_AUTH);
	assert_ptr_equal(dialog_flow(t.dlg)->conn, &t.conns[OF_TRUNK]);
	assert_int_equal(on_request("BYE", 8, SAME_TRUNK), OK);
	assert_ptr_equal(dialog_flow(t.dlg)->conn, &t.conns[SAME_TRUNK]);
}

/* 13.2.2.4: another fork's 2xx has an ACK and a BYE of its own; each is found by its own tag. */
static void test_forks(void **state)
{
	struct message *m, *second, *ack, *bye;
	struct dialog *fork;

	(void)state;
	assert_int_equal(new_uac(), OK);
	m = send_from(t.dlg, "INVITE");
	assert_int_equal(on_answer(200, "one", "Contact: <sip:one>\r\n"), OK);
	second = answer(200, "two", "Contact: <sip:two>\r\nRecord-Route: <sip:p;lr>\r\n");
	assert_null(dialog_of(t.dlg, second));
	assert_int_equal(dialog_new_fork(&fork, t.dlg, second, &t.flow), OK);
	assert_ptr_equal(dialog_of(t.dlg, second), fork);
	assert_int_equal(dialogs_count(t.dialogs), 1);
	assert_ptr_equal(find("BYE", 5, "two"), &t.owner);
	assert_null(find("BYE", 5, "three"));
	ack = send_for(fork, "ACK", second);
	uri_is(ack, "", "two");
	assert_string_equal(message_to_tag(ack), "two");
	assert_string_equal(message_from_tag(ack), message_from_tag(m));
	assert_true(message_cseq(ack) == message_cseq(m));
	header_is(ack, "Route", 0, "<sip:p;lr>");
	bye = send_from(fork, "BYE");
	assert_true(message_cseq(bye) == message_cseq(m) + 1);
	message_free(&bye);
	message_free(&ack);
	dialog_free(&fork);
	assert_null(find("BYE", 5, "two"));
	message_free(&second);
	message_free(&m);
	/* The first is as it was, and still found. */
	assert_int_equal(dialogs_count(t.dialogs), 1);
	assert_ptr_equal(find("BYE", 5, "one"), &t.owner);
	m = send_from(t.dlg, "BYE");
	uri_is(m, "", "one");
	message_free(&m);
}

static void test_answer_without_tag(void **state)
{
	struct message *m;

	(void)state;
	assert_int_equal(new_uac(), OK);
	assert_int_equal(on_answer(100, "", "Contact: <sip:there>\r\n"), OK);
	assert_null(dialog_flow(t.dlg)->conn);
	m = answer(100, "", "");
	assert_null(dialog_of(t.dlg, m));
	assert_false(dialog_has_peer(t.dlg));
	message_free(&m);
	m = send_from(t.dlg, "INVITE");
	uri_is(m, "100", "provider.lab");
	message_free(&m);
}

static void test_next_hop(void **state)
{
	struct uri uri;

	(void)state;
	assert_int_equal(new_uas("Contact: <sip:a@10.0.0.9:5070;transport=tcp>\r\n"), OK);
	assert_true(dialog_next_hop(t.dlg, &uri));
	assert_string_equal(uri.host, "10.0.0.9");
	assert_int_equal(uri.port, 5070);
	assert_int_equal(uri.transport, TRANSPORT_TCP);
	dialog_free(&t.dlg);
	assert_int_equal(
	    new_uas("Contact: <sip:a@10.0.0.9>\r\nRecord-Route: <sips:p1:5062;lr>\r\n"), OK);
	assert_true(dialog_next_hop(t.dlg, &uri));
	assert_string_equal(uri.host, "p1");
	assert_true(uri.sips);
	assert_int_equal(uri.port, 5062);
	dialog_free(&t.dlg);
	assert_int_equal(new_uas("Contact: <tel:+4930>\r\n"), OK);
	assert_false(dialog_next_hop(t.dlg, &uri));
}

/* 12.2: what of a Contact a peer can be reached by, and what stays as it was. */
static void test_target_refresh(void **state)
{
	static const struct {
		const char *contact, *host; /* NULL: as it was */
	} cases[] = {
		{ "Contact: <sip:b@10.0.0.8>\r\n", "10.0.0.8" },
		{ "Contact: \"B\" <sips:b@10.0.0.7:5071>;q=0.5\r\n", "10.0.0.7" },
		{ "", NULL },
		{ "Contact: *\r\n", NULL },
		{ "Contact: <tel:+4930>\r\n", NULL },
		{ "Contact: <http://b>\r\n", NULL },
		{ "Contact: <sip:b@10.0.0.6>, <sip:c@10.0.0.6>\r\n", NULL },
	};
	const char *was = "10.0.0.9";

	(void)state;
	assert_int_equal(new_uas("Contact: <sip:a@10.0.0.9>\r\n"), OK);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct message *m = invite(cases[i].contact);

		assert_int_equal(dialog_contact_is_good(m), cases[i].host != NULL);
		assert_int_equal(dialog_take_target(t.dlg, m), OK);
		message_free(&m);
		was = cases[i].host ? cases[i].host : was;
		m = send_from(t.dlg, "UPDATE");
		assert_string_equal(message_header(m, "Contact", 0), "<sip:us@10.0.0.1>");
		uri_is(m, "b", was);
		message_free(&m);
	}
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
	struct message *m = NULL;
	struct uri uri;

	(void)state;
	assert_int_equal(new_uas(""), OK);
	assert_int_equal(dialog_request(t.dlg, "BYE", &m), ERR_NOT_NOW);
	assert_false(dialog_next_hop(t.dlg, &uri));
	assert_null(m);
}

/* A Contact with a line break or blank in it would go into the first line of what we send. */
static void test_unclean_contact(void **state)
{
	static const char *const bad[] = { "Contact: <sip:a@b;x=\r\n X-Evil: 1>\r\n",
		                           "Contact: <sip:a b@c>\r\n",
		                           "Contact: <sip:a@b;x=1\r\n\t;y>\r\n" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct message *m = NULL;

		assert_int_equal(new_uas(bad[i]), OK);
		assert_int_equal(dialog_request(t.dlg, "BYE", &m), ERR_NOT_NOW);
		dialog_free(&t.dlg);
		assert_int_equal(new_uac(), OK);
		assert_int_equal(on_answer(200, "theirs", bad[i]), OK);
		m = send_from(t.dlg, "ACK");
		uri_is(m, "100", "provider.lab"); /* as it was */
		message_free(&m);
		dialog_free(&t.dlg);
	}
}

static void test_table_full(void **state)
{
	struct dialog *more[4] = { NULL };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(more); i++) {
		assert_int_equal(new_uac(), OK);
		more[i] = t.dlg;
		t.dlg = NULL;
	}
	assert_int_equal(new_uac(), ERR_LIMIT);
	assert_int_equal(new_uas(""), ERR_LIMIT);
	assert_null(t.dlg);
	for (size_t i = 0; i < ARRAY_LEN(more); i++)
		dialog_free(&more[i]);
}

static void life_starved(void *arg)
{
	const struct message *answered = arg;
	struct dialog *fork = NULL;
	struct message *m = NULL;
	enum err err = new_uac();
	struct uri uri;

	if (!err)
		err = dialog_request(t.dlg, "INVITE", &m);
	message_free(&m);
	if (!err)
		err = dialog_new_fork(&fork, t.dlg, answered, &t.flow);
	dialog_free(&fork);
	if (!err)
		err = dialog_on_answer(t.dlg, answered, &t.flow);
	if (!err && !dialog_next_hop(t.dlg, &uri))
		err = ERR_NOMEM;
	dialog_free(&t.dlg);
	assert_true(err == OK || mem_has_failed());
	assert_int_equal(dialogs_count(t.dialogs), 0);
}

static void uas_starved(void *arg)
{
	enum err err = dialog_new_uas(&t.dlg, t.dialogs, arg, &t.flow, "sip:us", &t.owner);

	assert_true(err == OK || mem_has_failed());
	dialog_free(&t.dlg);
	assert_int_equal(dialogs_count(t.dialogs), 0);
}

static void test_no_memory(void **state)
{
	struct message *m = invite("Contact: <sip:a>\r\nRecord-Route: <sip:p1;lr>\r\n");

	(void)state;
	assert_true(each_allocation_fails(uas_starved, m) >= 7);
	message_free(&m);
}

static void test_no_memory_uac(void **state)
{
	struct message *m;

	(void)state;
	assert_int_equal(new_uac(), OK);
	m = answer(200, "two",
	           "Contact: <sip:there>\r\nRecord-Route: <sip:p1;lr>, <sip:p2;lr>\r\n");
	dialog_free(&t.dlg);
	assert_true(each_allocation_fails(life_starved, m) >= 15);
	message_free(&m);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(uac),
		TEST(uas),
		TEST(routes_reversed),
		TEST(strict_router),
		TEST(find),
		TEST(cseq_order),
		TEST(other_door),
		TEST(forks),
		TEST(answer_without_tag),
		TEST(next_hop),
		TEST(no_contact),
		TEST(unclean_contact),
		TEST(table_full),
		TEST(no_memory),
		TEST(no_memory_uac),
		TEST(target_refresh),
		TEST(again),
		TEST(wants_sips),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
