/* sbc/b2bua/session_timer.c: what is agreed (RFC 4028 table 2 and around it), and when it is due.
 */
#include "sbc/b2bua/session_timer.h"

#include "tests/unit/sbc/sip/stack_rig.h"

static struct {
	struct session_timer st;
	unsigned due, ended;
} t;

static void on_due(void *arg)
{
	(void)arg;
	t.due++;
}

static void on_end(void *arg)
{
	(void)arg;
	t.ended++;
}

static void on_request(void *arg, struct server_txn *txn, const struct message *request)
{
	(void)arg;
	if (!session_timer_refuses(&t.st.cfg, txn, request))
		server_txn_reply(txn, 200, NULL, NULL);
}

static const struct stack_handler handler = { .on_request = on_request };

static void open_timer(unsigned expires_s, unsigned min_se_s)
{
	const struct session_timer_cfg cfg = { expires_s, min_se_s };

	memset(&t, 0, sizeof(t));
	session_timer_open(&t.st, &cfg, rig.timers, on_due, on_end, NULL);
}

static int begin(void **state)
{
	(void)state;
	rig_open(&handler);
	open_timer(1800, 90);
	return 0;
}

static int end(void **state)
{
	(void)state;
	session_timer_stop(&t.st);
	rig_close();
	return 0;
}

static struct message *make(const char *first, const char *headers)
{
	char text[2048];
	struct message *m;

	snprintf(text, sizeof(text),
	         "%s\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nFrom: <sip:a>;tag=1\r\n"
	         "To: <sip:b>;tag=2\r\nCall-ID: x\r\nCSeq: 1 INVITE\r\n%s\r\n",
	         first, headers);
	assert_int_equal(message_parse(&m, text, strlen(text)), OK);
	return m;
}

static struct message *request_with(const char *headers)
{
	return make("INVITE sip:b SIP/2.0", headers);
}

static struct message *answer_with(unsigned status, const char *headers)
{
	char first[64];

	snprintf(first, sizeof(first), "SIP/2.0 %u x", status);
	return make(first, headers);
}

static void header_is(const struct message *m, const char *name, const char *value)
{
	const char *is = message_header(m, name, 0);

	if (strcmp(is ? is : "", value ? value : "") != 0)
		fail_msg("%s is %s, not %s", name, is ? is : "none", value ? value : "none");
}

/* What comes of a request of the peer. */
static const struct {
	const char *request;
	const char *agreed; /* Session-Expires of our 2xx; NULL: none */
	bool required;      /* Require: timer */
} answers[] = {
	{ "", NULL, false },
	{ "Supported: timer\r\n", "1800;refresher=uac", true },
	{ "Require: timer\r\n", "1800;refresher=uac", true },
	{ "Supported: timer\r\nSession-Expires: 600\r\n", "600;refresher=uac", true },
	{ "Supported: timer\r\nSession-Expires: 3600\r\n", "1800;refresher=uac", true },
	{ "Supported: timer\r\nSession-Expires: 600;refresher=uac\r\n", "600;refresher=uac", true },
	{ "Supported: timer\r\nSession-Expires: 600 ; refresher=UAS\r\n", "600;refresher=uas",
	  false },
	{ "Supported: timer\r\nx: 600;refresher=uas\r\n", "600;refresher=uas", false },
	{ "Supported: timer\r\nSession-Expires: 600;refresher=both\r\n", "600;refresher=uac",
	  true },
	{ "Session-Expires: 600\r\n", "600;refresher=uas", false },
	{ "Session-Expires: 600;refresher=uac\r\n", "600;refresher=uas", false },
	{ "Session-Expires: 10\r\n", "90;refresher=uas", false },
	{ "Supported: timer\r\nSession-Expires: 9000\r\nMin-SE: 7200\r\n", "7200;refresher=uac",
	  true },
	{ "Supported: timer\r\nMin-SE: 7200\r\n", "7200;refresher=uac", true },
	{ "Supported: timer\r\nSession-Expires: 600\r\nMin-SE: 7200\r\n", "600;refresher=uac",
	  true },
};

static void test_answer(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		struct message *request = request_with(answers[i].request);
		struct message *answer = answer_with(200, "");

		session_timer_stop(&t.st);
		session_timer_answer(&t.st, request, answer);
		header_is(answer, "Session-Expires", answers[i].agreed);
		header_is(answer, "Require", answers[i].required ? "timer" : NULL);
		assert_int_equal(t.st.interval_s, answers[i].agreed ? atoi(answers[i].agreed) : 0);
		if (answers[i].agreed)
			assert_int_equal(t.st.ours, strstr(answers[i].agreed, "uas") != NULL);
		message_free(&request);
		message_free(&answer);
	}
}

/* 7.4: who refreshes goes on with it where the request leaves it open. */
static void test_roles_stay(void **state)
{
	struct message *request = request_with("Supported: timer\r\nSession-Expires: 600\r\n");
	struct message *answer = answer_with(200, "");

	(void)state;
	t.st.interval_s = 600;
	t.st.ours = true;
	session_timer_answer(&t.st, request, answer);
	header_is(answer, "Session-Expires", "600;refresher=uas");
	message_free(&answer);
	t.st.ours = false;
	answer = answer_with(200, "");
	session_timer_answer(&t.st, request, answer);
	header_is(answer, "Session-Expires", "600;refresher=uac");
	message_free(&answer);
	message_free(&request);
}

static void on_2xx(const char *headers)
{
	struct message *m = answer_with(200, headers);

	session_timer_on_2xx(&t.st, m);
	message_free(&m);
}

/* 7.2 */
static void test_on_2xx(void **state)
{
	(void)state;
	on_2xx("Session-Expires: 600;refresher=uas\r\n");
	assert_int_equal(t.st.interval_s, 600);
	assert_false(t.st.ours);
	on_2xx("Session-Expires: 600;refresher=uac\r\n");
	assert_true(t.st.ours);
	on_2xx("Session-Expires: 300\r\n");
	assert_int_equal(t.st.interval_s, 300);
	assert_true(t.st.ours);
	on_2xx("Session-Expires: 1;refresher=uac\r\n");
	assert_int_equal(t.st.interval_s, 90);
	on_2xx("");
	assert_int_equal(t.st.interval_s, 0);
	on_2xx("Session-Expires: 0\r\n");
	assert_int_equal(t.st.interval_s, 0);
	rig_turn(100000000);
	assert_int_equal(t.due + t.ended, 0);
	open_timer(0, 90);
	on_2xx("Session-Expires: 600;refresher=uac\r\n");
	assert_int_equal(t.st.interval_s, 0);
}

/* 10: half the time; a third, at most 32 s, before the end. */
static void test_times(void **state)
{
	(void)state;
	on_2xx("Session-Expires: 90;refresher=uac\r\n");
	rig_turn(44999);
	assert_int_equal(t.due, 0);
	rig_turn(1);
	assert_int_equal(t.due, 1);
	rig_turn(14999);
	assert_int_equal(t.ended, 0);
	rig_turn(1);
	assert_int_equal(t.ended, 1);
	on_2xx("Session-Expires: 1800;refresher=uas\r\n");
	rig_turn(1767999);
	assert_int_equal(t.ended, 1);
	assert_int_equal(t.due, 1);
	rig_turn(1);
	assert_int_equal(t.ended, 2);
	assert_int_equal(t.due, 1);
	/* A refresh begins it anew. */
	on_2xx("Session-Expires: 90;refresher=uas\r\n");
	rig_turn(59999);
	on_2xx("Session-Expires: 90;refresher=uas\r\n");
	rig_turn(59999);
	assert_int_equal(t.ended, 2);
	session_timer_stop(&t.st);
	rig_turn(1000000);
	assert_int_equal(t.ended, 2);
}

static void ask(const char *expires, const char *min_se)
{
	struct message *m = request_with("");

	session_timer_ask(&t.st, m);
	header_is(m, "Session-Expires", expires);
	header_is(m, "Min-SE", min_se);
	message_free(&m);
}

static void test_ask(void **state)
{
	(void)state;
	ask("1800", "90");
	on_2xx("Session-Expires: 600;refresher=uas\r\n");
	ask("600;refresher=uas", "90");
	on_2xx("Session-Expires: 600;refresher=uac\r\n");
	ask("600;refresher=uac", "90");
	session_timer_stop(&t.st);
	open_timer(600, 300);
	ask("600", "300");
	open_timer(600, 1);
	ask("600", "90");
	open_timer(0, 90);
	ask(NULL, NULL);
}

static bool raise_to(unsigned status, const char *headers, const char *expires, const char *min_se)
{
	struct message *answer = answer_with(status, headers);
	struct message *next = request_with("Session-Expires: 1800\r\nMin-SE: 90\r\n");
	bool raised = session_timer_raise(&t.st, answer, next);

	header_is(next, "Session-Expires", expires);
	header_is(next, "Min-SE", min_se);
	assert_null(message_header(next, "Session-Expires", 1));
	message_free(&answer);
	message_free(&next);
	return raised;
}

/* 7.3 */
static void test_raise(void **state)
{
	(void)state;
	assert_false(raise_to(486, "Min-SE: 3600\r\n", "1800", "90"));
	assert_false(raise_to(422, "", "1800", "90"));
	assert_false(raise_to(422, "Min-SE: 90\r\n", "1800", "90"));
	assert_false(raise_to(422, "Min-SE: 86401\r\n", "1800", "90"));
	assert_true(raise_to(422, "Min-SE: 600\r\n", "1800", "600"));
	assert_false(raise_to(422, "Min-SE: 3600\r\n", "1800", "90")); /* once a request */
	on_2xx("Session-Expires: 1800;refresher=uac\r\n");
	assert_true(raise_to(422, "Min-SE: 3600\r\n", "3600;refresher=uac", "3600"));
}

static unsigned refuse(const char *headers)
{
	unsigned status;

	rig_forget();
	rig_receive("INVITE sip:us@192.0.2.9 SIP/2.0\r\n"
	            "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKr%u\r\n"
	            "From: <sip:a>;tag=1\r\nTo: <sip:b>\r\nCall-ID: x%u\r\nCSeq: 1 INVITE\r\n%s"
	            "Content-Length: 0\r\n\r\n",
	            rig.branch, rig.branch + 1, headers);
	rig.branch += 2;
	status = message_status(rig.sent[0]);
	header_is(rig.sent[0], "Min-SE", status == 422 ? "300" : NULL);
	return status;
}

/* 9 */
static void test_refuses(void **state)
{
	(void)state;
	open_timer(1800, 300);
	assert_int_equal(refuse("Supported: timer\r\n"), 200);
	assert_int_equal(refuse("Supported: timer\r\nSession-Expires: 300\r\n"), 200);
	assert_int_equal(refuse("Supported: timer\r\nSession-Expires: 299\r\n"), 422);
	assert_int_equal(refuse("Supported: timer\r\nSession-Expires: 0\r\n"), 422);
	assert_int_equal(refuse("Session-Expires: 299\r\n"), 200);
	open_timer(0, 300);
	assert_int_equal(refuse("Supported: timer\r\nSession-Expires: 299\r\n"), 200);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(answer), TEST(roles_stay), TEST(on_2xx),
		                            TEST(times),  TEST(ask),        TEST(raise),
		                            TEST(refuses) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
