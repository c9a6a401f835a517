/* sbc/b2bua/pass.c and lane.c: whatever comes in whatever order, each request is answered once at
 * most, one is under way each way, and none survives its call. Legs are this test's. */
#include "sbc/b2bua/pass.c"

#include "base/random.h"
#include "tests/unit/alloc.h"
#include "tests/unit/sbc/sip/stack_rig.h"

#define ROUNDS 20000

static char legs[2]; /* two addresses: the caller's and the callee's leg */
static struct {
	struct call call;
	struct leg *from; /* of the next request */
	struct {
		void (*fn)(void *arg, const struct message *answer, const char *why);
		void *arg;
		unsigned last; /* the number that went last */
	} out[2];
	bool has_no_peer;
	unsigned cseq, sent, lost;
} t;

static struct leg *leg_at(int i)
{
	return (struct leg *)(void *)&legs[i];
}

static int side(const struct leg *leg)
{
	return leg == leg_at(0) ? 0 : 1;
}

enum err leg_pass(struct leg *leg, const char *method, struct message **out)
{
	enum err err =
	    t.has_no_peer ? ERR_NOT_NOW : message_new_request(out, method, "sip:far@192.0.2.7");

	(void)leg;
	if (!err)
		message_add(*out, "To", "<sip:far@192.0.2.7>;tag=1");
	return err;
}

enum err leg_pass_send(struct leg_request **out, struct leg *leg, struct message *m,
                       void (*fn)(void *, const struct message *, const char *), void *arg)
{
	size_t len;
	const char *body = message_body(m, &len);
	unsigned number = body ? (unsigned)strtoul(body, NULL, 10) : 0;

	assert_null(t.out[side(leg)].fn); /* one at a time */
	assert_true(number > t.out[side(leg)].last);
	t.out[side(leg)].fn = fn;
	t.out[side(leg)].arg = arg;
	t.out[side(leg)].last = number;
	*out = (struct leg_request *)(void *)leg;
	t.sent++;
	return OK;
}

void leg_pass_forget(struct leg_request **rqp)
{
	if (*rqp)
		t.out[side((struct leg *)(void *)*rqp)].fn = NULL;
	*rqp = NULL;
}

bool leg_peer_takes(const struct leg *leg, const char *method)
{
	(void)leg;
	(void)method;
	return true;
}

void leg_allow(const struct leg *leg, char out[LEG_ALLOW_MAX])
{
	(void)leg;
	*out = '\0';
}

void transfer_on_refer(struct call *call, struct leg *leg, struct server_txn *txn,
                       const struct message *refer)
{
	(void)call;
	(void)leg;
	(void)txn;
	(void)refer;
	fail_msg("nobody transfers");
}

const char *leg_contact(const struct leg *leg)
{
	(void)leg;
	return "sip:us@192.0.2.9";
}

bool pass_refer_is_trunks(struct call *call, const struct leg *leg, const struct message *refer)
{
	(void)call;
	(void)leg;
	(void)refer;
	return false;
}

enum err pass_refer_add(struct call *call, const struct message *refer, const struct passage *p)
{
	(void)call;
	(void)refer;
	(void)p;
	return OK;
}

bool pass_refer_notifies(const struct call *call, const struct message *notify)
{
	(void)call;
	(void)notify;
	return false;
}

void leg_lose(struct leg *leg, const char *why)
{
	(void)leg;
	assert_non_null(why);
	t.lost++;
	t.call.code = 408;
	pass_end(&t.call);
}

static void on_request(void *arg, struct server_txn *txn, const struct message *request)
{
	(void)arg;
	assert_true(pass_on_request(&t.call, t.from, txn, request));
}

static const struct stack_handler handler = { on_request, NULL, NULL };

static int begin(void **state)
{
	(void)state;
	memset(&t, 0, sizeof(t));
	rig_open(&handler);
	pass_open(&t.call);
	t.call.caller.who.kind = t.call.callee.who.kind = PARTY_PHONE;
	t.call.caller.leg = leg_at(0);
	t.call.callee.leg = leg_at(1);
	return 0;
}

static int end(void **state)
{
	(void)state;
	pass_end(&t.call);
	rig_close();
	return 0;
}

static void receive(int from)
{
	char body[16];
	int len = snprintf(body, sizeof(body), "%u", ++t.cseq);

	t.from = leg_at(from);
	rig_receive(
	    "INFO sip:us@192.0.2.9 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK%u\r\n"
	    "From: <sip:a@192.0.2.1>;tag=a\r\nTo: <sip:us@192.0.2.9>;tag=b\r\nCall-ID: c\r\n"
	    "CSeq: %u INFO\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s",
	    rig.branch++, t.cseq, len, body);
}

#define ANSWERED                                                                         \
	"INFO sip:a@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa\r\n" \
	"From: <sip:a@192.0.2.1>;tag=a\r\nTo: <sip:b@192.0.2.1>;tag=b\r\nCall-ID: c\r\n" \
	"CSeq: 1 INFO\r\n\r\n"

static struct message *make_answer(unsigned status)
{
	struct message *request, *m;

	assert_int_equal(message_parse(&request, ANSWERED, sizeof(ANSWERED) - 1), OK);
	assert_int_equal(message_new_response(&m, request, &rig.flow.peer, status, NULL, NULL), OK);
	message_free(&request);
	return m;
}

/* m NULL: it failed, or its leg ended. */
static void end_with(int to, const struct message *m, const char *why)
{
	void (*fn)(void *, const struct message *, const char *) = t.out[to].fn;

	t.out[to].fn = NULL;
	if (fn)
		fn(t.out[to].arg, m, why);
}

static void answer(int to, unsigned status)
{
	struct message *m = make_answer(status);

	end_with(to, m, NULL);
	message_free(&m);
}

static void one_of(unsigned what)
{
	static const unsigned statuses[] = { 200, 200, 200, 403, 503, 302, 481, 408 };
	int to = (int)random_below(2);

	if (what < 50)
		receive(to);
	else if (what < 90)
		answer(to,
		       statuses[random_below(ARRAY_LEN(statuses) - (random_below(20) ? 2 : 0))]);
	else if (what < 95)
		rig_turn(random_below(40000));
	else if (what < 97)
		t.has_no_peer = !t.has_no_peer;
	else if (what < 98)
		end_with(to, NULL, random_below(2) ? "no answer" : NULL);
	else if (what < 99) {
		t.call.code = 200;
		pass_end(&t.call);
	}
	rig_forget();
}

/* After an end the next call begins. */
static void test_property(void **state)
{
	struct stack_counts counts;

	(void)state;
	for (unsigned i = 0; i < ROUNDS; i++) {
		one_of(random_below(100));
		if (!t.call.code)
			continue;
		assert_true(lane_is_empty(&t.call.to_caller) && lane_is_empty(&t.call.to_callee));
		assert_true(!t.out[0].fn && !t.out[1].fn);
		receive(0); /* too late */
		assert_non_null(rig_last("INFO", 481));
		rig_turn(100000);
		stack_counts(rig.stack, &counts);
		assert_int_equal(counts.server_txns, 0);
		rig_forget();
		t.call.code = 0;
	}
	assert_true(t.sent > ROUNDS / 10 && t.lost > 0);
}

static void starved(void *arg)
{
	t.call.code = 0;
	receive(0);
	receive(0);
	end_with(1, arg, NULL);
	pass_end(&t.call);
	assert_true(!t.out[0].fn && !t.out[1].fn);
	rig_turn(100000);
	rig_forget();
}

static void test_no_memory(void **state)
{
	struct message *ok = make_answer(200);

	(void)state;
	assert_true(each_allocation_fails(starved, ok) > 5);
	message_free(&ok);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(property), TEST(no_memory) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
