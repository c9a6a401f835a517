/* sbc/sip/client_txn.c where no scenario comes: a full table, every allocation failing. Time stands
 * and is turned. */
#include "tests/unit/sbc/sip/stack_rig.h"

#include "sbc/sip/stack_internal.h"
#include "tests/unit/alloc.h"

#define LIMIT 16

static struct {
	unsigned responses, failures, ends;
	unsigned status; /* of the last one */
	bool again;      /* a failure starts another */
} heard;

static enum err start(struct client_txn **out, const char *method, unsigned n, const char *to_tag);

static void on_response(void *arg, const struct message *response)
{
	(void)arg;
	heard.responses++;
	heard.status = message_status(response);
}

static void on_fail(void *arg, enum err err, const char *why)
{
	(void)arg;
	(void)err;
	(void)why;
	heard.failures++;
	if (heard.again) {
		struct client_txn *t;

		assert_int_equal(start(&t, "OPTIONS", 100 + heard.failures, ""), OK);
	}
}

static void on_end(void *arg)
{
	(void)arg;
	heard.ends++;
}

static enum err start(struct client_txn **out, const char *method, unsigned n, const char *to_tag)
{
	const struct client_txn_handler handler = { .on_response = on_response,
		                                    .on_fail = on_fail,
		                                    .on_end = on_end };
	struct message *m;
	enum err err = message_new_request(&m, method, "sip:them@192.0.2.1");

	if (err)
		return err;
	message_add(m, "From", "<sip:us@192.0.2.9>;tag=1");
	message_add(m, "To", "<sip:them@192.0.2.1>%s", to_tag);
	message_add(m, "Call-ID", "call-%u", n);
	message_add(m, "CSeq", "1 %s", method);
	err = client_txn_start(out, rig.stack, m, &rig.flow, &handler);
	message_free(&m);
	return err;
}

/* What the peer says to what it got last with that method; nothing where it got none. */
static void answer(const char *method, unsigned status)
{
	struct message *request = rig_last(method, 0), *m;
	struct buf wire;

	if (!request || message_new_response(&m, request, &rig.flow.peer, status, NULL, "to"))
		return;
	buf_init(&wire, MESSAGE_MAX);
	if (message_encode(m, &wire) == OK)
		rig_receive("%s", wire.data);
	buf_free(&wire);
	message_free(&m);
}

static size_t under_way(void)
{
	struct stack_counts counts;

	stack_counts(rig.stack, &counts);
	return counts.client_txns;
}

static int begin(void **state)
{
	static const struct stack_handler nobody;

	(void)state;
	memset(&heard, 0, sizeof(heard));
	rig_open_with(&nobody, LIMIT);
	return 0;
}

static int end(void **state)
{
	(void)state;
	rig_close();
	return 0;
}

/* The last eighth is for what goes on in calls, and for CANCEL; then that is too much as well. */
static void test_room(void **state)
{
	struct client_txn *first, *t;

	(void)state;
	assert_int_equal(start(&first, "INVITE", 0, ""), OK);
	answer("INVITE", 180);
	for (unsigned i = 1; i < LIMIT - LIMIT / 8; i++)
		assert_int_equal(start(&t, "INVITE", i, ""), OK);
	assert_int_equal(start(&t, "INVITE", 98, ""), ERR_LIMIT);
	assert_int_equal(start(&t, "MESSAGE", 99, ""), ERR_LIMIT);
	assert_int_equal(client_txn_cancel(first, ""), OK);
	assert_non_null(rig_last("CANCEL", 0));
	assert_int_equal(start(&t, "BYE", 100, ";tag=2"), OK);
	assert_int_equal(under_way(), LIMIT);
	assert_int_equal(start(&t, "BYE", 101, ";tag=2"), ERR_LIMIT);
	assert_int_equal(heard.failures, 0);
	/* All give up in the end, the one that was cancelled too, and its CANCEL has no listener.
	 */
	rig_turn(64 * T1_MS + 1);
	assert_int_equal(under_way(), 0);
	assert_int_equal(heard.failures, LIMIT - 1);
	assert_int_equal(heard.ends, LIMIT - 1);
}

/* An INVITE that rings, is cancelled and ends, and a BYE: whatever fails, each that began ends. */
static void starved(void *arg)
{
	struct client_txn *invite, *bye;
	unsigned begun = 0;

	(void)arg;
	memset(&heard, 0, sizeof(heard));
	rig_forget();
	if (start(&invite, "INVITE", 1, "") == OK) {
		begun++;
		answer("INVITE", 180);
		if (heard.status == 180 && client_txn_cancel(invite, "SIP;cause=200") == OK)
			answer("CANCEL", 200);
		answer("INVITE", 487);
	}
	if (start(&bye, "BYE", 2, ";tag=2") == OK) {
		begun++;
		answer("BYE", 200);
	}
	rig_turn(128 * T1_MS);
	assert_int_equal(heard.ends, begun);
	assert_int_equal(under_way(), 0);
	assert_int_equal(rig.conn.flows, 0);
	assert_int_equal(rig.conn.refs, 1);
	if (!mem_has_failed())
		assert_int_equal(heard.failures, 0);
}

static void test_no_memory(void **state)
{
	(void)state;
	assert_true(each_allocation_fails(starved, NULL) > 15);
}

/* RFC 3261 17.1.4: the ones that wait for an answer hear of it, once each, and not those that begin
 * meanwhile; what is answered goes on for its copies. */
static void test_connection_breaks(void **state)
{
	struct conn other = rig.conn;
	struct client_txn *t;

	(void)state;
	assert_int_equal(start(&t, "BYE", 0, ";tag=2"), OK);
	answer("BYE", 200);
	assert_int_equal(start(&t, "INVITE", 1, ""), OK);
	answer("INVITE", 180);
	assert_int_equal(start(&t, "OPTIONS", 2, ""), OK);
	assert_int_equal(start(&t, "OPTIONS", 3, ""), OK);
	client_txns_on_conn_closed(rig.stack, &other, ERR_CLOSED, "another one");
	assert_int_equal(heard.failures, 0);
	heard.again = true;
	client_txns_on_conn_closed(rig.stack, &rig.conn, ERR_CLOSED, "reset");
	assert_int_equal(heard.failures, 3);
	assert_int_equal(under_way(), 1 + 3);
	heard.again = false;
	rig_turn(64 * T1_MS + 1);
	assert_int_equal(heard.failures, 6);
	assert_int_equal(heard.ends, 7);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(room), TEST(connection_breaks), TEST(no_memory) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
