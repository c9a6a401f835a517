/* sbc/sip/reliable.c: numbers, the queue and its end, a PRACK's every fault (RFC 3262 3, 7). */
#include "sbc/sip/reliable.h"

#include "tests/unit/alloc.h"
#include "tests/unit/sbc/sip/stack_rig.h"

static struct {
	struct reliable r;
	struct server_txn *txn;
	unsigned timed_out;
} t;

static void on_timeout(void *arg)
{
	(void)arg;
	t.timed_out++;
}

static void on_end(void *arg)
{
	(void)arg;
	t.txn = NULL;
}

static void on_request(void *arg, struct server_txn *txn, const struct message *request)
{
	const struct server_txn_handler of_txn = { .on_end = on_end };

	(void)arg;
	(void)request;
	t.txn = txn;
	server_txn_set_handler(txn, &of_txn);
	reliable_open(&t.r, rig.stack, txn, on_timeout, NULL);
}

static const struct stack_handler handler = { .on_request = on_request };

static void receive_invite(void)
{
	rig_receive("INVITE sip:us@192.0.2.9 SIP/2.0\r\n"
	            "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKr%u\r\n"
	            "From: <sip:a>;tag=1\r\nTo: <sip:b>\r\nCall-ID: x%u\r\nCSeq: 7 INVITE\r\n"
	            "Content-Length: 0\r\n\r\n",
	            rig.branch, rig.branch + 1);
	rig.branch += 2;
}

static int begin(void **state)
{
	(void)state;
	memset(&t, 0, sizeof(t));
	rig_open(&handler);
	receive_invite();
	return 0;
}

static int end(void **state)
{
	(void)state;
	reliable_close(&t.r);
	rig_close();
	return 0;
}

static enum err say(unsigned status, const char *sdp)
{
	struct message *m;
	enum err err =
	    message_new_response(&m, server_txn_request(t.txn), &rig.flow.peer, status, NULL, "us");

	if (err)
		return err;
	if (sdp)
		message_set_body(m, "application/sdp", sdp, strlen(sdp));
	err = reliable_send(&t.r, m);
	message_free(&m);
	return err;
}

static unsigned long number(void)
{
	const struct message *m = rig.nsent ? rig.sent[rig.nsent - 1] : NULL;

	assert_non_null(m);
	assert_string_equal(message_header(m, "Require", 0), "100rel");
	assert_null(message_header(m, "RSeq", 1));
	return strtoul(message_header(m, "RSeq", 0), NULL, 10);
}

static bool prack(const char *rack, bool *had_sdp)
{
	char text[512];
	struct message *m;
	bool matched;

	snprintf(
	    text, sizeof(text),
	    "PRACK sip:b SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\n"
	    "From: <sip:a>;tag=1\r\nTo: <sip:b>;tag=us\r\nCall-ID: x\r\nCSeq: 8 PRACK\r\n%s\r\n",
	    rack);
	if (message_parse(&m, text, strlen(text)) != OK)
		return false;
	matched = reliable_on_prack(&t.r, m, had_sdp);
	message_free(&m);
	return matched;
}

static bool prack_for(unsigned long rseq)
{
	char rack[64];
	bool had_sdp;

	snprintf(rack, sizeof(rack), "RAck: %lu 7 INVITE\r\n", rseq);
	return prack(rack, &had_sdp);
}

static void test_numbers(void **state)
{
	unsigned long first, low = 0;

	(void)state;
	assert_int_equal(say(180, NULL), OK);
	first = number();
	assert_in_range(first, 1, 0x7fffffff);
	assert_true(prack_for(first));
	assert_int_equal(say(180, NULL), OK);
	assert_int_equal(number(), first + 1);
	assert_false(prack_for(first));
	assert_true(prack_for(first + 1));
	/* Begun by chance. */
	for (int i = 0; i < 64; i++) {
		reliable_close(&t.r);
		reliable_open(&t.r, rig.stack, t.txn, on_timeout, NULL);
		low += t.r.rseq < 0x40000000;
		assert_true(t.r.rseq < 0x7fffff00);
	}
	assert_in_range(low, 5, 59);
}

/* A number that could not go out is not missed by the caller, who waits for the next one. */
static void test_numbers_without_gap(void **state)
{
	static char too_long[MESSAGE_MAX + 1];
	unsigned long first;

	(void)state;
	assert_int_equal(say(180, NULL), OK);
	first = number();
	assert_true(prack_for(first));
	memset(too_long, 'v', MESSAGE_MAX);
	assert_int_not_equal(say(183, too_long), OK);
	assert_int_equal(t.r.n, 0);
	assert_int_equal(say(180, NULL), OK);
	assert_int_equal(number(), first + 1);
}

static void test_faults(void **state)
{
	static const char *const wrong[] = { "", "RAck: %lu 8 INVITE\r\n", "RAck: %lu 7 UPDATE\r\n",
		                             "RAck: %lu 7 invite\r\n", "RAck: 1%lu 7 INVITE\r\n" };
	char rack[128];
	unsigned long rseq;
	bool had_sdp;

	(void)state;
	assert_false(prack("RAck: 0 7 INVITE\r\n", &had_sdp));
	assert_int_equal(say(183, "v=0\r\n"), OK);
	rseq = number();
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		const char *at = strstr(wrong[i], "%lu");

		snprintf(rack, sizeof(rack), "%.*s%lu%s", at ? (int)(at - wrong[i]) : 0, wrong[i],
		         rseq, at ? at + 3 : "");
		if (prack(at ? rack : "", &had_sdp))
			fail_msg("%s", rack);
	}
	snprintf(rack, sizeof(rack), "RAck: %lu 7 INVITE\r\n", rseq);
	assert_true(reliable_holds_2xx(&t.r));
	assert_true(prack(rack, &had_sdp));
	assert_true(had_sdp);
	assert_false(reliable_holds_2xx(&t.r));
}

static void test_queue(void **state)
{
	unsigned long first;

	(void)state;
	for (int i = 0; i < RELIABLE_MAX; i++)
		assert_int_equal(say(180, i == RELIABLE_MAX - 1 ? "v=0\r\n" : NULL), OK);
	assert_int_equal(say(180, NULL), ERR_LIMIT);
	assert_int_equal(rig.nsent, 1);
	assert_true(reliable_holds_2xx(&t.r));
	first = number();
	assert_true(prack_for(first));
	assert_int_equal(rig.nsent, 1); /* the PRACK's answer comes between */
	reliable_next(&t.r);
	assert_int_equal(rig.nsent, 2);
	assert_int_equal(number(), first + 1);
	/* A final answer: the one that is out may still be acknowledged, the rest is forgotten. */
	reliable_stop(&t.r);
	assert_int_equal(say(180, NULL), ERR_NOT_NOW);
	assert_false(reliable_holds_2xx(&t.r));
	assert_true(prack_for(first + 1));
	reliable_next(&t.r);
	assert_int_equal(rig.nsent, 2);
	assert_int_equal(t.r.n, 0);
}

static void test_copies(void **state)
{
	unsigned long rseq;

	(void)state;
	assert_int_equal(say(183, "v=0\r\n"), OK);
	rseq = number();
	rig_turn(31999);
	assert_int_equal(rig.nsent, 1 + 6); /* 0.5, 1.5, 3.5, 7.5, 15.5, 31.5 s */
	assert_int_equal(number(), rseq);
	assert_int_equal(t.timed_out, 0);
	rig_turn(1);
	assert_int_equal(t.timed_out, 1);
	rig_turn(100000);
	assert_int_equal(rig.nsent, 7);
	assert_int_equal(t.timed_out, 1);
}

static void starved(void *arg)
{
	unsigned long rseq;

	(void)arg;
	if (say(183, "v=0\r\n") == OK) {
		rseq = t.r.rseq;
		(void)!say(180, NULL);
		rig_turn(500);
		assert_true(prack_for(rseq) || mem_has_failed());
		reliable_next(&t.r);
	}
	reliable_close(&t.r);
	rig_forget();
	server_txn_detach(&t.txn);
	receive_invite();
	if (!t.txn)
		receive_invite();
	rig_forget();
}

static void test_no_memory(void **state)
{
	(void)state;
	assert_true(each_allocation_fails(starved, NULL) > 3);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(numbers), TEST(numbers_without_gap),
		                            TEST(faults),  TEST(queue),
		                            TEST(copies),  TEST(no_memory) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
