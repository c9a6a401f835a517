/* sbc/sip/server_txn.c where no scenario comes: an answer that takes its time (RFC 4320), a full
 * table, every allocation failing. Time stands and is turned. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/clock.h"
#include "base/log.h"
#include "base/timer.h"
#include "sbc/sip/stack_internal.h"
#include "tests/unit/alloc.h"

static struct {
	struct timers *timers;
	struct stack *stack;
	struct conn conn;
	struct addr peer;
	char sent[4096]; /* the last one */
	unsigned nsent;
	struct server_txn *txn; /* the last that came */
	unsigned ended;
	bool answers; /* 200 at once */
} t;

static struct config_realm realm_cfg = { .name = "test" };

static enum err fake_send(struct conn *c, const struct addr *peer, const char *data, size_t len)
{
	(void)c;
	(void)peer;
	snprintf(t.sent, sizeof(t.sent), "%.*s", (int)len, data);
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
	(void)arg;
	t.ended++;
	t.txn = NULL;
}

static void on_request(void *arg, struct server_txn *txn, const struct message *request)
{
	const struct server_txn_handler handler = { .on_end = on_end };

	(void)arg;
	(void)request;
	t.txn = txn;
	server_txn_set_handler(txn, &handler);
	if (t.answers)
		server_txn_reply(txn, 200, NULL, NULL);
}

static enum err open_stack(enum transport transport, size_t limit)
{
	const struct stack_limits limits = { .transactions = limit, .connections = 1 };
	const struct stack_handler handler = { .on_request = on_request };
	struct sip_realm *realm;
	char why[CERT_WHY_MAX];
	enum err err;

	memset(&t, 0, sizeof(t));
	clock_fake(1000000, 1700000000);
	assert_int_equal(addr_parse(&t.peer, "192.0.2.1"), OK);
	addr_set_port(&t.peer, 5060);
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
		                .transport = transport,
		                .state = CONN_OPEN };
	return OK;
}

static void close_stack(void)
{
	stack_free(&t.stack);
	timers_free(&t.timers);
	clock_real();
}

/* A request whose branch, Call-ID and To tag end in id. */
static void receive(const char *method, const char *id, bool in_dialog)
{
	char text[1024];
	int len = snprintf(text, sizeof(text),
	                   "%s sip:us@192.0.2.9 SIP/2.0\r\n"
	                   "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK%s\r\n"
	                   "Max-Forwards: 70\r\n"
	                   "From: <sip:them@192.0.2.1>;tag=a\r\n"
	                   "To: <sip:us@192.0.2.9>%s\r\n"
	                   "Call-ID: %s\r\n"
	                   "CSeq: 1 %s\r\n"
	                   "Content-Length: 0\r\n\r\n",
	                   method, id, in_dialog ? ";tag=b" : "", id, method);

	t.conn.handler->on_message(t.conn.handler->arg, &t.conn, &t.peer, text, (size_t)len);
}

static void turn(uint64_t ms)
{
	clock_fake_advance(ms);
	timers_run(t.timers);
}

static size_t count(void)
{
	struct stack_counts counts;

	stack_counts(t.stack, &counts);
	return counts.server_txns;
}

/* RFC 4320 4.1: no 100 before the client's timer E has come to T2. */
static void slow_answers_get_a_late_100(void **state)
{
	(void)state;
	assert_int_equal(open_stack(TRANSPORT_UDP, 10), OK);
	receive("OPTIONS", "1", false);
	turn(3499);
	receive("OPTIONS", "1", false);
	assert_int_equal(t.nsent, 0);
	turn(1);
	assert_int_equal(t.nsent, 1);
	assert_non_null(strstr(t.sent, "SIP/2.0 100 "));
	receive("OPTIONS", "1", false);
	assert_int_equal(t.nsent, 2);
	server_txn_reply(t.txn, 200, NULL, NULL);
	assert_non_null(strstr(t.sent, "SIP/2.0 200 "));
	close_stack();
}

static void a_stream_gets_no_100(void **state)
{
	(void)state;
	assert_int_equal(open_stack(TRANSPORT_TCP, 10), OK);
	receive("OPTIONS", "1", false);
	turn(5000);
	server_txn_reply(t.txn, 100, NULL, NULL);
	server_txn_reply(t.txn, 180, NULL, NULL);
	assert_int_equal(t.nsent, 0);
	server_txn_reply(t.txn, 200, NULL, NULL);
	assert_int_equal(t.nsent, 1);
	close_stack();
}

/* RFC 4320 4.2. */
static void no_408_and_nothing_late(void **state)
{
	(void)state;
	assert_int_equal(open_stack(TRANSPORT_UDP, 10), OK);
	receive("OPTIONS", "1", false);
	server_txn_reply(t.txn, 408, NULL, NULL);
	receive("OPTIONS", "1", false);
	server_txn_reply(t.txn, 200, NULL, NULL);
	assert_int_equal(t.nsent, 0);
	turn(32000);
	assert_int_equal(t.ended, 1);
	assert_int_equal(count(), 0);
	/* Nobody answers at all. */
	receive("OPTIONS", "2", false);
	turn(31999);
	assert_int_equal(count(), 1);
	turn(1);
	assert_int_equal(t.ended, 2);
	assert_int_equal(count(), 0);
	/* An INVITE is told of its time-out. */
	receive("INVITE", "3", false);
	server_txn_reply(t.txn, 408, NULL, NULL);
	assert_non_null(strstr(t.sent, "SIP/2.0 408 "));
	close_stack();
}

/* The last eighth is for requests in a dialog; over the limit there is 503 with Retry-After. */
static void a_full_table_says_so(void **state)
{
	char id[16];

	(void)state;
	assert_int_equal(open_stack(TRANSPORT_UDP, 80), OK);
	t.answers = true;
	for (int i = 0; i < 100; i++) {
		snprintf(id, sizeof(id), "new%d", i);
		receive("OPTIONS", id, false);
		assert_non_null(strstr(t.sent, i < 70 ? "SIP/2.0 200 " : "SIP/2.0 503 "));
		assert_true(i < 70 || strstr(t.sent, "Retry-After: "));
	}
	for (int i = 0; i < 20; i++) {
		snprintf(id, sizeof(id), "old%d", i);
		receive("OPTIONS", id, true);
		assert_non_null(strstr(t.sent, i < 10 ? "SIP/2.0 200 " : "SIP/2.0 503 "));
	}
	assert_int_equal(count(), 80);
	/* After J there is room again. */
	turn(32000);
	receive("OPTIONS", "new100", false);
	assert_non_null(strstr(t.sent, "SIP/2.0 200 "));
	assert_int_equal(count(), 1);
	close_stack();
}

static void hear(void *arg, enum log_level level, const char *line)
{
	unsigned *lines = arg;

	(void)level;
	*lines += strstr(line, "event=answer") != NULL;
}

/* Whoever asks and hangs up at once does not fill the log. */
static void lost_answers_are_said_some_times(void **state)
{
	unsigned lines = 0;
	char id[16];

	(void)state;
	assert_int_equal(open_stack(TRANSPORT_TLS, 200), OK);
	t.answers = true;
	t.conn.state = CONN_CLOSED;
	log_set_level(LOG_WARN);
	log_capture(hear, &lines);
	for (int i = 0; i < 100; i++) {
		snprintf(id, sizeof(id), "%d", i);
		receive("OPTIONS", id, false);
	}
	assert_int_equal(lines, LOG_BURST);
	turn(LOG_WINDOW_MS);
	receive("OPTIONS", "again", false);
	assert_int_equal(lines, LOG_BURST + 1);
	log_capture(NULL, NULL);
	close_stack();
}

static void once(void *arg)
{
	(void)arg;
	if (open_stack(TRANSPORT_UDP, 10) == OK) {
		receive("INVITE", "1", false);
		receive("INVITE", "1", false);
		turn(200);
		receive("OPTIONS", "2", false);
		if (t.txn)
			server_txn_reply(t.txn, 486, NULL, NULL);
		turn(40000);
		stack_free(&t.stack);
	}
	stack_free(&t.stack);
	timers_free(&t.timers);
	clock_real();
}

static void no_memory_is_survived(void **state)
{
	(void)state;
	assert_true(each_allocation_fails(once, NULL) > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slow_answers_get_a_late_100),
		cmocka_unit_test(a_stream_gets_no_100),
		cmocka_unit_test(no_408_and_nothing_late),
		cmocka_unit_test(a_full_table_says_so),
		cmocka_unit_test(lost_answers_are_said_some_times),
		cmocka_unit_test(no_memory_is_survived),
	};

	message_library_open();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
