/* sbc/sip/stack.c: what becomes of what connections bring, what it costs to remember, every
 * allocation failing. Time stands and is turned; the connection is ours. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <malloc.h>
#include "base/clock.h"
#include "sbc/sip/sip_realm.h"
#include "tests/unit/alloc.h"

static struct {
	struct timers *timers;
	struct stack *stack;
	struct conn conn;
	struct addr peer;
	char sent[8192]; /* the last one */
	struct addr sent_to;
	unsigned nsent, requests, acks;
	unsigned status;              /* that requests are answered with; 0: later */
	struct server_txn *txns[256]; /* of those */
	size_t ntxns;
} t;

static struct addr_net inside;
static struct config_listener listener;
static struct config_realm realm_cfg = {
	.name = "test", .listeners = &listener, .nlisteners = 1, .networks = &inside, .nnetworks = 1
};

static enum err fake_send(struct conn *c, const struct addr *peer, const char *data, size_t len)
{
	(void)c;
	snprintf(t.sent, sizeof(t.sent), "%.*s", (int)len, data);
	t.sent_to = *peer;
	t.nsent++;
	return OK;
}

static void fake_nothing(struct conn *c)
{
	(void)c;
}

static const struct conn_ops ops = { fake_send, fake_nothing, fake_nothing };

static void on_end(void *arg)
{
	*(struct server_txn **)arg = NULL;
}

static void on_request(void *arg, struct server_txn *txn, const struct message *request)
{
	struct server_txn_handler handler = { .on_end = on_end };

	(void)arg;
	assert_ptr_equal(server_txn_request(txn), request);
	t.requests++;
	if (t.status) {
		server_txn_reply(txn, t.status, NULL, NULL);
		return;
	}
	assert_true(t.ntxns < ARRAY_LEN(t.txns));
	handler.arg = &t.txns[t.ntxns];
	t.txns[t.ntxns++] = txn;
	server_txn_set_handler(txn, &handler);
}

static void on_ack(void *arg, const struct message *ack, const struct flow *flow)
{
	(void)arg;
	assert_int_equal(message_method(ack), METHOD_ACK);
	assert_ptr_equal(flow->conn, &t.conn);
	t.acks++;
}

static enum err open_stack(size_t limit)
{
	const struct stack_limits limits = { .transactions = limit, .connections = 1 };
	const struct stack_handler handler = { .on_request = on_request, .on_ack = on_ack };
	struct sip_realm *realm;
	char why[CERT_WHY_MAX];
	enum err err;

	memset(&t, 0, sizeof(t));
	message_library_open();
	log_set_level(LOG_ERROR);
	clock_fake(1000000, 1700000000);
	t.status = 200;
	assert_int_equal(addr_parse(&t.peer, "192.0.2.1:40000"), OK);
	assert_int_equal(addr_parse(&listener.addr, "192.0.2.9:5060"), OK);
	inside = (struct addr_net){ .base = t.peer, .bits = 24 };
	err = timers_new(&t.timers);
	if (!err)
		err = stack_new(&t.stack, NULL, t.timers, &limits);
	if (!err)
		err = stack_add_realm(t.stack, &realm_cfg, NULL, &realm, why);
	if (err)
		return err;
	stack_set_handler(t.stack, &handler);
	t.conn = (struct conn){ .ops = &ops,
		                .handler = stack_conn_handler(t.stack),
		                .realm = realm,
		                .refs = 1,
		                .transport = TRANSPORT_UDP,
		                .state = CONN_OPEN,
		                .local = listener.addr };
	return OK;
}

static void close_stack(void)
{
	stack_free(&t.stack);
	timers_free(&t.timers);
	clock_real();
}

static int set_up(void **state)
{
	(void)state;
	return open_stack(1000) == OK ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	close_stack();
	return 0;
}

static void receive_text(const char *text)
{
	t.sent[0] = '\0';
	t.conn.handler->on_message(t.conn.handler->arg, &t.conn, &t.peer, text, strlen(text));
}

#define SDP_OCTETS 800 /* such as phones send */

static void receive(const char *method, unsigned n, const char *via, const char *to_tag,
                    const char *more)
{
	char text[4096], body[SDP_OCTETS + 1];

	memset(body, 'v', SDP_OCTETS);
	body[SDP_OCTETS] = '\0';
	snprintf(text, sizeof(text),
	         "%s sip:us@192.0.2.9 SIP/2.0\r\n"
	         "Via: SIP/2.0/UDP %s;branch=z9hG4bK%u\r\n"
	         "Max-Forwards: 70\r\n"
	         "From: \"Somebody\" <sip:them@192.0.2.1>;tag=a%u\r\n"
	         "To: <sip:us@192.0.2.9>%s\r\n"
	         "Call-ID: call-%u@192.0.2.1\r\n"
	         "CSeq: 1 %s\r\n"
	         "Contact: <sip:them@192.0.2.1:5060>\r\n"
	         "Allow: INVITE, ACK, BYE, CANCEL, OPTIONS\r\n"
	         "User-Agent: phone/1\r\n%s"
	         "Content-Length: %d\r\n\r\n%s",
	         method, via, n, n, to_tag, n, method, more, SDP_OCTETS, body);
	receive_text(text);
}

static unsigned status(void)
{
	unsigned code = 0;

	sscanf(t.sent, "SIP/2.0 %u", &code);
	return code;
}

static void turn(uint64_t ms)
{
	clock_fake_advance(ms);
	timers_run(t.timers);
}

static void requests_go_up_once(void **state)
{
	(void)state;
	receive("OPTIONS", 1, "192.0.2.1", "", "");
	assert_int_equal(status(), 200);
	receive("OPTIONS", 1, "192.0.2.1", "", "");
	assert_int_equal(status(), 200);
	assert_int_equal(t.requests, 1);
	receive("OPTIONS", 2, "192.0.2.1", "", "");
	assert_int_equal(t.requests, 2);
}

static void strangers_hear_nothing(void **state)
{
	(void)state;
	assert_int_equal(addr_parse(&t.peer, "198.51.100.1:5060"), OK);
	receive("OPTIONS", 1, "192.0.2.1", "", "");
	t.conn.handler->on_unreadable(t.conn.handler->arg, &t.conn, &t.peer, "OPTIONS", 7, 513,
	                              "too long");
	assert_int_equal(t.requests + t.nsent, 0);
}

static void what_is_no_sip_is_dropped(void **state)
{
	(void)state;
	receive_text("hello");
	receive_text("SIP/2.0 200 OK\r\n\r\n");
	receive_text("SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKx\r\n"
	             "From: <sip:a@b>;tag=1\r\nTo: <sip:a@b>;tag=2\r\nCall-ID: x\r\n"
	             "CSeq: 1 BYE\r\n\r\n");
	assert_int_equal(t.requests + t.nsent, 0);
}

static void what_is_wrong_is_said(void **state)
{
	(void)state;
	receive("OPTIONS", 1, "192.0.2.1", "", "Date: never\r\n");
	assert_int_equal(status(), 400);
	receive("ACK", 2, "192.0.2.1", "", "Date: never\r\n");
	assert_int_equal(status(), 0);
	receive("CANCEL", 3, "192.0.2.1", "", "");
	assert_int_equal(status(), 481);
	assert_int_equal(t.requests, 0);
	receive("ACK", 4, "192.0.2.1", "", "");
	assert_int_equal(t.acks, 1);
	assert_int_equal(status(), 0);
}

/* RFC 3261 18.2.1, 18.2.2, RFC 3581 4: to where it came from, at the port that Via says or asks
 * for; maddr and ttl lead nobody astray. */
static void answers_go_where_they_may(void **state)
{
	static const struct {
		const char *via;
		unsigned port;
		const char *says;
	} rows[] = {
		{ "192.0.2.1", 5060, "192.0.2.1;branch=z9hG4bK0;received=192.0.2.1\r\n" },
		{ "phone.example:5066", 5066, ";received=192.0.2.1\r\n" },
		{ "10.0.0.7:5066;rport", 40000, ";rport=40000;" },
		{ "10.0.0.7:5066;rport;maddr=203.0.113.9;ttl=1", 40000, ";received=192.0.2.1\r\n" },
		{ "192.0.2.1:5067;maddr=203.0.113.9", 5067, ";received=192.0.2.1\r\n" },
		{ "192.0.2.1:5067;received=203.0.113.9", 5067, ";received=192.0.2.1" },
		{ "[2001:db8::1]:5068", 5068, "[2001:db8::1]:5068;" },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
		receive("OPTIONS", i, rows[i].via, "", "");
		assert_int_equal(status(), 200);
		if (!addr_same_host(&t.sent_to, &t.peer) || addr_port(&t.sent_to) != rows[i].port ||
		    !strstr(t.sent, rows[i].says) || strstr(t.sent, "received=203"))
			fail_msg("%s: to port %u:\n%s", rows[i].via, addr_port(&t.sent_to), t.sent);
	}
}

static void nobody_above_is_503(void **state)
{
	const struct stack_handler nobody = { 0 };

	(void)state;
	stack_set_handler(t.stack, &nobody);
	receive("OPTIONS", 1, "192.0.2.1", "", "");
	assert_int_equal(status(), 503);
	receive("ACK", 2, "192.0.2.1", "", "");
	assert_int_equal(t.acks, 0);
}

/* A full table answers at once, and forgets what it said. */
static void too_many_are_503(void **state)
{
	struct stack_counts counts;

	(void)state;
	close_stack();
	assert_int_equal(open_stack(16), OK);
	t.status = 0;
	for (unsigned i = 0; i < 20; i++)
		receive("INVITE", i, "192.0.2.1", "", "");
	assert_int_equal(t.requests, 14); /* the last eighth is for calls that stand */
	assert_int_equal(status(), 503);
	assert_non_null(strstr(t.sent, "Retry-After: "));
	receive("BYE", 30, "192.0.2.1", ";tag=ours", "");
	assert_int_equal(t.requests, 15);
	stack_counts(t.stack, &counts);
	assert_int_equal(counts.server_txns, 15);
}

static void what_has_no_transaction_has_a_via(void **state)
{
	struct flow flow = { 0 };
	struct message *m;

	(void)state;
	assert_int_equal(message_new_request(&m, "ACK", "sip:a@b"), OK);
	message_add(m, "Call-ID", "x");
	assert_int_equal(stack_send(t.stack, m, &flow), ERR_CLOSED);
	flow_set(&flow, &t.conn, &t.peer);
	assert_int_equal(stack_send(t.stack, m, &flow), OK);
	assert_non_null(strstr(t.sent, "\r\nVia: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK"));
	message_free(&m);
	flow_clear(&flow);
}

/* --- what it costs to remember --- */

#define MANY 200

#ifdef __SANITIZE_ADDRESS__
size_t __sanitizer_get_current_allocated_bytes(void); /* not all compilers bring its header */
#endif

static size_t allocated(void)
{
#ifdef __SANITIZE_ADDRESS__
	return __sanitizer_get_current_allocated_bytes();
#else
	return mallinfo2().uordblks;
#endif
}

/* Prints, and holds to a limit, the octets of one of MANY. */
static void costs(const char *what, size_t before, size_t limit)
{
	size_t each = (allocated() - before) / MANY;

	print_message("%s: %zu octets\n", what, each);
	assert_in_range(each, 1, limit);
}

/* docs/ARCHITECTURE.md gives these figures. */
static void server_transactions_cost_little(void **state)
{
	size_t before = allocated();

	(void)state;
	t.status = 0;
	for (unsigned i = 0; i < MANY; i++)
		receive("INVITE", i, "192.0.2.1", "", "");
	assert_int_equal(t.ntxns, MANY);
	costs("INVITE that waits for its answer", before, 6000);
	for (unsigned i = 0; i < MANY; i++)
		server_txn_reply(t.txns[i], 486, NULL, NULL);
	turn(1000);
	costs("INVITE that failed, until its ACK", before, 1000);
	for (unsigned i = 0; i < MANY; i++)
		receive("ACK", i, "192.0.2.1", "", "");
	costs("INVITE that failed, after its ACK", before, 1000);
	turn(64 * T1_MS);
	t.status = 200;
	before = allocated();
	for (unsigned i = 0; i < MANY; i++)
		receive("OPTIONS", i, "192.0.2.1", "", "");
	costs("answered non-INVITE", before, 1000);
}

static unsigned answered;

static void on_response(void *arg, const struct message *response)
{
	(void)arg;
	(void)response;
	answered++;
}

static void on_fail(void *arg, enum err err, const char *why)
{
	(void)arg;
	(void)err;
	(void)why;
}

static enum err begin_client(const char *method, unsigned n, struct client_txn **out)
{
	const struct client_txn_handler handler = { .on_response = on_response,
		                                    .on_fail = on_fail };
	char body[SDP_OCTETS];
	struct flow flow = { 0 };
	struct message *m;
	enum err err = message_new_request(&m, method, "sip:them@192.0.2.1");

	if (err)
		return err;
	message_add(m, "From", "<sip:us@192.0.2.9>;tag=1");
	message_add(m, "To", "<sip:them@192.0.2.1>");
	message_add(m, "Call-ID", "call-%u", n);
	message_add(m, "CSeq", "1 %s", method);
	message_add(m, "Contact", "<sip:us@192.0.2.9:5060>");
	memset(body, 'v', sizeof(body));
	message_set_body(m, "application/sdp", body, sizeof(body));
	flow_set(&flow, &t.conn, &t.peer);
	err = client_txn_start(out, t.stack, m, &flow, &handler);
	flow_clear(&flow);
	message_free(&m);
	return err;
}

/* What the peer says to what was sent last, which stands in request. */
static void answer(const char *request, unsigned code)
{
	struct message *m, *response;
	struct buf wire;

	if (message_parse(&m, request, strlen(request)))
		return;
	buf_init(&wire, MESSAGE_MAX);
	if (message_new_response(&response, m, &t.peer, code, NULL, "to") == OK) {
		if (message_encode(response, &wire) == OK)
			receive_text(wire.data);
		message_free(&response);
	}
	buf_free(&wire);
	message_free(&m);
}

static void client_transactions_cost_little(void **state)
{
	static char requests[MANY][sizeof(t.sent)];
	struct client_txn *txn;
	size_t before = allocated();

	(void)state;
	answered = 0;
	for (unsigned i = 0; i < MANY; i++) {
		assert_int_equal(begin_client("INVITE", i, &txn), OK);
		snprintf(requests[i], sizeof(requests[i]), "%s", t.sent);
	}
	costs("INVITE under way, its sender's copy gone", before, 11000);
	for (unsigned i = 0; i < MANY; i++)
		answer(requests[i], 486);
	assert_int_equal(answered, MANY);
	costs("INVITE that failed, for copies of the answer", before, 1000);
	turn(64 * T1_MS);
	before = allocated();
	for (unsigned i = 0; i < MANY; i++) {
		assert_int_equal(begin_client("INVITE", i, &txn), OK);
		snprintf(requests[i], sizeof(requests[i]), "%s", t.sent);
	}
	for (unsigned i = 0; i < MANY; i++)
		answer(requests[i], 200);
	assert_int_equal(answered, 2 * MANY);
	costs("INVITE that was answered, for its forks", before, 1000);
}

/* --- no memory --- */

static void starved(void *arg)
{
	static const char head[] = "OPTIONS sip:a SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK9\r\n"
	                           "From: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: x\r\n"
	                           "CSeq: 1 OPTIONS\r\n";
	struct client_txn *txn;

	(void)arg;
	if (open_stack(10) == OK) {
		receive("OPTIONS", 1, "192.0.2.1;rport", "", "");
		receive("CANCEL", 2, "192.0.2.1", "", "");
		t.status = 0;
		receive("INVITE", 3, "192.0.2.1", "", "");
		t.conn.handler->on_unreadable(t.conn.handler->arg, &t.conn, &t.peer, head,
		                              strlen(head), 413, "too long");
		if (begin_client("INVITE", 4, &txn) == OK)
			answer(t.sent, 486);
		turn(64 * T1_MS);
	}
	close_stack();
	assert_int_equal(t.conn.refs, t.conn.ops ? 1 : 0);
}

static void no_memory_is_survived(void **state)
{
	(void)state;
	close_stack();
	assert_true(each_allocation_fails(starved, NULL) > 20);
	assert_int_equal(open_stack(10), OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(requests_go_up_once),
		TEST(strangers_hear_nothing),
		TEST(what_is_no_sip_is_dropped),
		TEST(what_is_wrong_is_said),
		TEST(answers_go_where_they_may),
		TEST(nobody_above_is_503),
		TEST(too_many_are_503),
		TEST(what_has_no_transaction_has_a_via),
		TEST(server_transactions_cost_little),
		TEST(client_transactions_cost_little),
		TEST(no_memory_is_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
