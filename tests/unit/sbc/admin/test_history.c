/* sbc/admin/history.c, and what the stack's tracer tells it. */
#include "sbc/admin/history.h"

#include "tests/unit/sbc/admin/rig.h"

static void test_calls_are_kept_up_to_a_number(void **state)
{
	struct history *h;
	char id[16];

	(void)state;
	assert_int_equal(history_new(&h), OK);
	assert_null(history_call(h, 0));
	for (unsigned i = 0; i < HISTORY_CALLS + 7; i++) {
		struct call_info info = { .id = id, .state = "over", .why = "" };

		snprintf(id, sizeof(id), "call%u", i);
		history_on_call_end(h, &info);
		assert_string_equal(history_call(h, 0)->id, id);
	}
	snprintf(id, sizeof(id), "call%u", 7);
	assert_string_equal(history_call(h, HISTORY_CALLS - 1)->id, id);
	assert_null(history_call(h, HISTORY_CALLS));
	history_free(&h);
	assert_null(h);
	history_free(&h);
}

/* The texts of a call die with it. */
static void test_texts_are_copied(void **state)
{
	char texts[12][16];
	struct call_info info = { .id = texts[0], .state = texts[1], .why = texts[2], .code = 486 };
	struct call_leg_info *legs[] = { &info.caller, &info.callee };
	const struct call_info *kept;
	struct history *h;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		snprintf(texts[i], sizeof(texts[i]), "text %zu", i);
	for (size_t i = 0; i < 2; i++) {
		legs[i]->party = texts[3 + i];
		legs[i]->number = texts[5 + i];
		legs[i]->tls = texts[7 + i];
		legs[i]->verified = texts[9 + i];
		legs[i]->streams[0].packets_in = 500 + i;
	}
	info.callee.srtp = texts[11];
	assert_int_equal(history_new(&h), OK);
	history_on_call_end(h, &info);
	memset(texts, 'x', sizeof(texts));
	kept = history_call(h, 0);
	assert_string_equal(kept->id, "text 0");
	assert_string_equal(kept->state, "text 1");
	assert_string_equal(kept->why, "text 2");
	assert_int_equal(kept->code, 486);
	assert_string_equal(kept->caller.party, "text 3");
	assert_string_equal(kept->callee.party, "text 4");
	assert_string_equal(kept->callee.number, "text 6");
	assert_string_equal(kept->caller.tls, "text 7");
	assert_string_equal(kept->callee.verified, "text 10");
	assert_null(kept->caller.srtp);
	assert_string_equal(kept->callee.srtp, "text 11");
	assert_null(kept->caller.call_id);
	assert_int_equal(kept->callee.streams[0].packets_in, 501);
	history_free(&h);
}

static struct message *request(const char *method, const char *uri, const char *call_id)
{
	struct message *m;

	assert_int_equal(message_new_request(&m, method, uri), OK);
	message_add(m, "Call-ID", "%s", call_id);
	message_add(m, "CSeq", "7 %s", method);
	message_add(m, "From", "<sip:secret@inside>;tag=a");
	message_add(m, "To", "<sip:hidden@inside>");
	return m;
}

static void expect_line(const char *method, const char *uri, const char *line)
{
	struct message *m = request(method, uri, "one");
	struct conn c = { .transport = TRANSPORT_TLS, .refs = 1, .state = CONN_OPEN };
	struct flow flow = { .conn = &c };
	const struct history_message *e;
	struct history *h;

	assert_int_equal(addr_parse(&flow.peer, "192.0.2.1:5061"), OK);
	assert_int_equal(history_new(&h), OK);
	history_on_message(h, true, &flow, m);
	e = history_message(h, 0);
	assert_string_equal(e->line, line);
	assert_string_equal(e->method, method);
	assert_string_equal(e->call_id, "one");
	assert_int_equal(e->cseq, 7);
	assert_true(e->sent && e->request);
	assert_int_equal(e->transport, TRANSPORT_TLS);
	assert_true(addr_equal(&e->peer, &flow.peer));
	assert_null(history_message(h, 1));
	history_free(&h);
	message_free(&m);
}

static void test_lines_of_requests(void **state)
{
	(void)state;
	expect_line("INVITE", "sip:4711@192.0.2.1:5060;transport=tcp", "INVITE sip:4711@192.0.2.1");
	expect_line("INVITE", "sips:4711@provider.lab", "INVITE sips:4711@provider.lab");
	expect_line("OPTIONS", "sip:[2001:db8::1]:5060", "OPTIONS sip:[2001:db8::1]");
	expect_line("INVITE", "tel:+4930123", "INVITE tel:+4930123");
	expect_line("INVITE", "sip:4711:password@host", "INVITE sip:4711@host");
	expect_line("SUBSCRIBE", "urn:service:sos", "SUBSCRIBE");
}

static void test_long_texts_are_cut(void **state)
{
	struct conn c = { .refs = 1, .state = CONN_OPEN };
	struct flow flow = { .conn = &c };
	char id[400], uri[400] = "sip:";
	struct history *h;
	struct message *m;

	(void)state;
	memset(id, 'i', sizeof(id) - 1);
	id[sizeof(id) - 1] = '\0';
	memset(uri + 4, 'u', sizeof(uri) - 5);
	memcpy(uri + sizeof(uri) - 6, "@host", 6);
	m = request("INVITE", uri, id);
	assert_int_equal(history_new(&h), OK);
	history_on_message(h, false, &flow, m);
	assert_int_equal(strlen(history_message(h, 0)->line), 127);
	assert_true(history_message_is_of(history_message(h, 0), id));
	assert_false(history_message_is_of(history_message(h, 0), "iii"));
	assert_false(history_message_is_of(history_message(h, 0), NULL));
	history_free(&h);
	message_free(&m);
}

static void test_messages_are_kept_up_to_a_number(void **state)
{
	struct conn c = { .refs = 1, .state = CONN_OPEN };
	struct flow flow = { .conn = &c };
	struct message *m = request("BYE", "sip:host", "one");
	struct history *h;
	uint64_t start_us;

	(void)state;
	clock_fake(1000, 1700000000);
	start_us = clock_wall_us();
	assert_int_equal(history_new(&h), OK);
	for (unsigned i = 0; i < HISTORY_MESSAGES; i++) {
		history_on_message(h, false, &flow, m);
		clock_fake_advance(1);
	}
	assert_false(history_forgot(h, start_us));
	assert_int_equal(history_message(h, 0)->wall_us, start_us);
	for (unsigned i = 0; i < 10; i++) {
		history_on_message(h, false, &flow, m);
		clock_fake_advance(1);
	}
	assert_int_equal(history_message(h, 0)->wall_us, start_us + 10000);
	assert_non_null(history_message(h, HISTORY_MESSAGES - 1));
	assert_null(history_message(h, HISTORY_MESSAGES));
	assert_true(history_forgot(h, start_us));
	assert_false(history_forgot(h, start_us + 10000));
	history_free(&h);
	message_free(&m);
	clock_real();
}

static void remember(void *arg)
{
	const struct call_info info = { .id = "a", .state = "over", .why = "" };
	struct history *h;

	(void)arg;
	if (history_new(&h) != OK) {
		assert_true(mem_has_failed());
		return;
	}
	history_on_call_end(h, &info);
	assert_true((history_call(h, 0) != NULL) == !mem_has_failed());
	history_free(&h);
}

static void test_without_memory(void **state)
{
	(void)state;
	log_capture(rig_on_log, NULL);
	assert_int_equal(each_allocation_fails(remember, NULL), 4);
	log_capture(NULL, NULL);
}

/* --- what the stack tells */

struct traced {
	struct rig rig;
	struct history *history;
	struct conn conn;
};

static void traced_open(struct traced *t)
{
	clock_fake(1000, 1700000000);
	rig_open(&t->rig);
	rig_conn_init(&t->conn, &t->rig, TRANSPORT_UDP);
	assert_int_equal(history_new(&t->history), OK);
	stack_set_tracer(t->rig.stack, history_on_message, t->history);
}

static void traced_close(struct traced *t)
{
	rig_close(&t->rig);
	history_free(&t->history);
}

static void bring(struct traced *t, const char *text)
{
	const struct conn_handler *handler = stack_conn_handler(t->rig.stack);

	handler->on_message(handler->arg, &t->conn, &t->conn.peer, text, strlen(text));
}

static void wait_ms(struct traced *t, unsigned ms)
{
	clock_fake_advance(ms);
	timers_run(loop_timers(t->rig.loop));
}

/* lines: "> INVITE sip:..." for one that was sent, "< 200 OK" for one that came. */
static void expect_messages(const struct traced *t, const char *const *lines, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct history_message *m = history_message(t->history, i);
		char line[160];

		assert_non_null(m);
		snprintf(line, sizeof(line), "%c %s", m->sent ? '>' : '<', m->line);
		assert_string_equal(line, lines[i]);
	}
	assert_null(history_message(t->history, n));
}

#define VIA_OF_PEER "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKpeer\r\n"
#define REST        "From: <sip:100@inside>;tag=a\r\nTo: <sip:4711@sbc>\r\nCall-ID: one\r\n"

static const char invite[] =
    "INVITE sip:4711@sbc SIP/2.0\r\n" VIA_OF_PEER REST
    "CSeq: 1 INVITE\r\nMax-Forwards: 70\r\nContact: <sip:100@192.0.2.1>\r\n"
    "Content-Length: 0\r\n\r\n";
static const char ack[] =
    "ACK sip:4711@sbc SIP/2.0\r\n" VIA_OF_PEER
    "From: <sip:100@inside>;tag=a\r\nTo: <sip:4711@sbc>;tag=b\r\nCall-ID: one\r\n"
    "CSeq: 1 ACK\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n";

/* Nobody is there to take requests: the stack answers 503. */
static void test_copies_of_a_servers_are_not_told(void **state)
{
	static const char *const lines[] = { "< INVITE sip:4711@sbc", "> 503 Service Unavailable",
		                             "< ACK sip:4711@sbc" };
	struct traced t;

	(void)state;
	traced_open(&t);
	bring(&t, invite);
	bring(&t, invite);
	wait_ms(&t, 600); /* timer G */
	bring(&t, ack);
	bring(&t, ack);
	expect_messages(&t, lines, ARRAY_LEN(lines));
	traced_close(&t);
}

static struct server_txn *asked;

static void on_end(void *arg)
{
	(void)arg;
	asked = NULL;
}

/* Takes it, to answer it later. */
static void on_request(void *arg, struct server_txn *txn, const struct message *m)
{
	const struct server_txn_handler handler = { .on_end = on_end };

	(void)arg;
	(void)m;
	asked = txn;
	server_txn_set_handler(txn, &handler);
}

static void test_a_cancel_and_its_answer_are_told(void **state)
{
	static const char cancel[] =
	    "CANCEL sip:4711@sbc SIP/2.0\r\n" VIA_OF_PEER REST
	    "CSeq: 1 CANCEL\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n";
	static const char *const lines[] = { "< INVITE sip:4711@sbc", "> 180 Ringing",
		                             "< CANCEL sip:4711@sbc", "> 200 OK",
		                             "> 487 Request Terminated" };
	const struct stack_handler handler = { .on_request = on_request };
	struct traced t;

	(void)state;
	traced_open(&t);
	stack_set_handler(t.rig.stack, &handler);
	bring(&t, invite);
	server_txn_reply(asked, 180, NULL, NULL);
	bring(&t, cancel);
	server_txn_reply(asked, 487, NULL, NULL);
	expect_messages(&t, lines, ARRAY_LEN(lines));
	assert_string_equal(history_message(t.history, 3)->method, "CANCEL");
	assert_string_equal(history_message(t.history, 4)->method, "INVITE");
	traced_close(&t);
}

static void on_response(void *arg, const struct message *response)
{
	(void)arg;
	(void)response;
}

/* Answers the request whose top Via is m's. */
static void answer(struct traced *t, const struct message *m, const char *line, const char *method)
{
	char text[1024];

	snprintf(text, sizeof(text),
	         "SIP/2.0 %s\r\nVia: SIP/2.0/UDP 192.0.2.2:5060;branch=%s\r\n"
	         "From: <sip:secret@inside>;tag=a\r\nTo: <sip:hidden@inside>;tag=b\r\n"
	         "Call-ID: one\r\nCSeq: 7 %s\r\nContent-Length: 0\r\n\r\n",
	         line, message_branch(m), method);
	bring(t, text);
}

static void test_copies_of_a_clients_are_not_told(void **state)
{
	static const char *const lines[] = { "> INVITE sip:4711@192.0.2.1", "< 180 Ringing",
		                             "< 486 Busy Here", "> ACK sip:4711@192.0.2.1" };
	const struct client_txn_handler handler = { .on_response = on_response };
	struct message *m = NULL;
	struct client_txn *txn;
	struct flow flow;
	struct traced t;

	(void)state;
	traced_open(&t);
	m = request("INVITE", "sip:4711@192.0.2.1", "one");
	message_add(m, "Max-Forwards", "70");
	flow = (struct flow){ .conn = &t.conn, .peer = t.conn.peer };
	assert_int_equal(client_txn_start(&txn, t.rig.stack, m, &flow, &handler), OK);
	wait_ms(&t, 500); /* timer A */
	answer(&t, m, "180 Ringing", "INVITE");
	answer(&t, m, "486 Busy Here", "INVITE");
	answer(&t, m, "486 Busy Here", "INVITE"); /* its ACK goes out once more */
	expect_messages(&t, lines, ARRAY_LEN(lines));
	message_free(&m);
	traced_close(&t);
}

static void test_nothing_is_told_any_more(void **state)
{
	struct traced t;

	(void)state;
	traced_open(&t);
	stack_set_tracer(t.rig.stack, NULL, NULL);
	bring(&t, invite);
	expect_messages(&t, NULL, 0);
	traced_close(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_calls_are_kept_up_to_a_number),
		cmocka_unit_test(test_texts_are_copied),
		cmocka_unit_test(test_lines_of_requests),
		cmocka_unit_test(test_long_texts_are_cut),
		cmocka_unit_test(test_messages_are_kept_up_to_a_number),
		cmocka_unit_test(test_without_memory),
		cmocka_unit_test(test_copies_of_a_servers_are_not_told),
		cmocka_unit_test(test_a_cancel_and_its_answer_are_told),
		cmocka_unit_test(test_copies_of_a_clients_are_not_told),
		cmocka_unit_test(test_nothing_is_told_any_more),
	};

	message_library_open();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
