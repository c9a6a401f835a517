/* sbc/b2bua/leg.c with its rooms: what each state answers to each method, what its owner may ask of
 * it when, and every allocation failing. The scenarios of tests/replay show the rest. */
#include "tests/unit/sbc/b2bua/leg_rig.h"

static const struct {
	const char *method, *body;
	unsigned status[NHOWS];
} asked[] = {
	{ "INVITE", SDP, { 491, 200, 481, 481, 500, 200, 200, 481, 481 } },
	{ "INVITE", OURS, { 491, 488, 481, 481, 500, 488, 488, 481, 481 } },
	{ "INVITE", NULL, { 491, 488, 481, 481, 500, 488, 488, 481, 481 } },
	{ "UPDATE", NULL, { 200, 200, 481, 481, 200, 200, 200, 481, 481 } },
	{ "UPDATE", SDP, { 491, 200, 481, 481, 500, 200, 200, 481, 481 } },
	{ "UPDATE", OURS, { 491, 488, 481, 481, 500, 488, 488, 481, 481 } },
	{ "PRACK", NULL, { 481, 481, 481, 481, 481, 481, 481, 481, 481 } },
	{ "OPTIONS", NULL, { 200, 200, 200, 200, 200, 200, 200, 200, 200 } },
	{ "BYE", NULL, { 200, 200, 200, 200, 200, 200, 200, 200, 200 } },
	{ "NONSENSE", NULL, { 405, 405, 481, 481, 405, 405, 405, 481, 481 } },
	{ "INFO", NULL, { 202, 202, 481, 481, 202, 202, 202, 481, 481 } },
};

static void test_every_method(void **state)
{
	(void)state;
	for (int how = 0; how < NHOWS; how++) {
		for (size_t i = 0; i < ARRAY_LEN(asked); i++) {
			bring((enum how)how);
			assert_int_equal(t.leg->state, states[how]);
			peer_request(asked[i].method, "", asked[i].body);
			if (!rig_last(asked[i].method, asked[i].status[how]))
				fail_msg("%s %s in state %d is not answered %u", asked[i].method,
				         asked[i].body ? asked[i].body : "", how,
				         asked[i].status[how]);
			forget_leg();
		}
	}
}

static void test_bye_ends(void **state)
{
	(void)state;
	for (int how = 0; how < NHOWS; how++) {
		bool was_over = states[how] == LEG_OVER;

		bring((enum how)how);
		peer_request("BYE", "", NULL);
		assert_true(leg_is_gone(t.leg));
		assert_int_equal(t.events[LEG_BYE], was_over ? 0 : 1);
		assert_int_equal(rig_last("INVITE", 487) != NULL, how == WAITING);
		forget_leg();
	}
}

/* What the owner asks for when there is nothing to do it to. */
static void test_not_now(void **state)
{
	(void)state;
	for (int how = 0; how < NHOWS; how++) {
		bool waits = states[how] == LEG_WAITING;

		bring((enum how)how);
		assert_int_equal(leg_progress(t.leg, 180, NULL), waits ? OK : ERR_NOT_NOW);
		assert_int_equal(leg_received_invite(t.leg) != NULL, waits);
		assert_int_equal(leg_answer(t.leg, OURS), waits ? OK : ERR_NOT_NOW);
		assert_int_equal(leg_answer(t.leg, OURS), ERR_NOT_NOW);
		rig_forget();
		leg_cancel(t.leg);
		assert_int_equal(rig_last("CANCEL", 0) != NULL, states[how] == LEG_CALLING);
		forget_leg();
	}
}

static void test_bye(void **state)
{
	(void)state;
	for (int how = 0; how < NHOWS; how++) {
		bool stands = states[how] == LEG_STANDING || how == UNACKED || how == WAITING;

		bring((enum how)how);
		if (how == WAITING)
			assert_int_equal(leg_answer(t.leg, OURS), OK);
		rig_forget();
		leg_bye(t.leg);
		assert_int_equal(rig_last("BYE", 0) != NULL, stands);
		leg_bye(t.leg);
		assert_int_equal(rig.nsent, stands);
		peer_answers(rig_last("BYE", 0), 481, "", NULL);
		assert_int_equal(t.events[LEG_GONE], stands);
		assert_int_equal(leg_is_gone(t.leg), stands || states[how] == LEG_OVER);
		forget_leg();
	}
}

/* RFC 3261 15 */
static void test_bye_after_ack(void **state)
{
	(void)state;
	for (int how = 0; how < NHOWS; how++) {
		bring((enum how)how);
		rig_forget();
		leg_bye_after_ack(t.leg, NULL);
		assert_int_equal(rig_last("BYE", 0) != NULL, states[how] == LEG_STANDING);
		forget_leg();
	}
	for (int end = 0; end < 3; end++) {
		bring(UNACKED);
		rig_forget();
		leg_bye_after_ack(t.leg, "Q.850;cause=16");
		peer_request("INFO", "", NULL);
		assert_non_null(rig_last("INFO", 481));
		assert_null(rig_last("BYE", 0));
		if (end == 0)
			peer_acks();
		for (int i = 0; end == 1 && i < 64; i++)
			rig_turn(500);
		if (end == 2)
			leg_bye(t.leg);
		assert_non_null(rig_last("BYE", 0));
		if (end < 2)
			assert_string_equal(message_header(rig_last("BYE", 0), "Reason", 0),
			                    "Q.850;cause=16");
		assert_int_equal(t.events[LEG_ACK] + t.events[LEG_NO_ACK], 0);
		peer_answers(rig_last("BYE", 0), 200, "", NULL);
		assert_int_equal(t.events[LEG_GONE], 1);
		forget_leg();
	}
	bring(UNACKED);
	leg_bye_after_ack(t.leg, NULL);
	peer_request("BYE", "", NULL);
	assert_int_equal(t.events[LEG_BYE], 1);
	forget_leg();
}

/* The peer answers nothing at all. */
static void test_silence(void **state)
{
	(void)state;
	bring(CALLED_STANDING);
	leg_bye(t.leg);
	rig_forget();
	for (int i = 0; i < 70; i++) {
		rig_turn(500);
		rig_forget();
	}
	assert_int_equal(t.events[LEG_GONE], 1);
	forget_leg();
	assert_int_equal(call(), OK);
	for (int i = 0; i < 70; i++) {
		rig_turn(500);
		rig_forget();
	}
	assert_int_equal(t.events[LEG_FAIL], 1);
	assert_true(leg_is_gone(t.leg));
}

/* --- what stays of an INVITE --- */

static void late_copy(const char *via, uint32_t cseq)
{
	rig_forget();
	rig_receive("SIP/2.0 200 x\r\nVia: %s\r\n%sCSeq: %u INVITE\r\n"
	            "Contact: <sip:peer@192.0.2.1>\r\nContent-Length: 0\r\n\r\n",
	            via, t.tags, cseq);
}

/* A call takes no room for what it was begun with: the message goes with its answer, unless the
 * ACK needs its credentials, the rest when no copy of the answer can come any more. */
static void forgets_invite(bool challenged)
{
	const struct message *invite;
	char via[256];
	uint32_t cseq;

	assert_int_equal(call(), OK);
	if (challenged)
		peer_answers(rig_last("INVITE", 0), 401,
		             "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\"\r\n", NULL);
	invite = rig_last("INVITE", 0);
	snprintf(via, sizeof(via), "%s", message_header(invite, "Via", 0));
	cseq = message_cseq(invite);
	snprintf(t.tags, sizeof(t.tags), "From: %s\r\nTo: %s;tag=peer\r\nCall-ID: %s\r\n",
	         message_header(invite, "From", 0), message_header(invite, "To", 0),
	         message_call_id(invite));
	peer_answers(invite, 200, "", SDP);
	assert_non_null(t.leg->invite);
	assert_int_equal(leg_request_message(t.leg->invite) != NULL, challenged);
	late_copy(via, cseq);
	assert_non_null(rig_last("ACK", 0));
	assert_int_equal(message_header(rig_last("ACK", 0), "Authorization", 0) != NULL,
	                 challenged);
	rig_turn(33000);
	assert_null(t.leg->invite);
	assert_int_equal(leg_requests_count(t.leg), 0);
	assert_int_equal(t.leg->state, LEG_STANDING);
	leg_bye(t.leg);
	assert_non_null(rig_last("BYE", 0));
	forget_leg();
}

static void test_forgets(void **state)
{
	const struct credentials_cfg cfg = { .trunk = "t", .username = "u", .password = "p" };

	(void)state;
	forgets_invite(false);
	assert_int_equal(credentials_new(&t.target.credentials, &cfg), OK);
	forgets_invite(true);
	credentials_free(&t.target.credentials);
}

/* --- for the owner --- */

static struct {
	unsigned ends, status;
	bool has_why;
} passed;

static void on_passed(void *arg, const struct message *answer, const char *why)
{
	assert_ptr_equal(arg, &passed);
	passed.ends++;
	passed.status = answer ? message_status(answer) : 0;
	passed.has_why = why != NULL;
}

static struct leg_request *pass(void)
{
	struct leg_request *rq = NULL;
	struct message *m;

	memset(&passed, 0, sizeof(passed));
	if (leg_pass(t.leg, "INFO", &m))
		return NULL;
	if (leg_pass_send(&rq, t.leg, m, on_passed, &passed))
		rq = NULL;
	message_free(&m);
	return rq;
}

static void test_pass(void **state)
{
	(void)state;
	for (int how = 0; how < NHOWS; how++) {
		bool can = states[how] != LEG_HANGING_UP && states[how] != LEG_OVER;

		bring((enum how)how);
		assert_int_equal(pass() != NULL, can);
		peer_answers(rig_last("INFO", 0), 100, "", NULL);
		assert_int_equal(passed.ends, 0);
		peer_answers(rig_last("INFO", 0), 480, "", NULL);
		assert_int_equal(passed.ends, can);
		assert_int_equal(passed.status, can ? 480 : 0);
		forget_leg();
	}
}

/* Each way that it ends without an answer. */
static void test_pass_ends(void **state)
{
	struct leg_request *rq;

	(void)state;
	bring(STANDING);
	assert_non_null(pass());
	peer_request("BYE", "", NULL);
	assert_true(passed.ends == 1 && !passed.status && !passed.has_why);
	forget_leg();
	bring(STANDING);
	assert_non_null(pass());
	for (int i = 0; i < 70; i++) {
		rig_turn(500);
		rig_forget();
	}
	assert_true(passed.ends == 1 && !passed.status && passed.has_why);
	rq = pass();
	leg_pass_forget(&rq);
	assert_null(rq);
	peer_answers(rig_last("INFO", 0), 200, "", NULL);
	assert_int_equal(passed.ends, 0);
	leg_lose(t.leg, "it is gone");
	assert_int_equal(t.events[LEG_LOST], 1);
	assert_non_null(rig_last("BYE", 0));
	forget_leg();
	assert_int_equal(call(), OK); /* whose peer is not known yet */
	assert_null(pass());
}

static void test_allow(void **state)
{
	char allow[LEG_ALLOW_MAX];

	(void)state;
	bring(CALLED_STANDING);
	leg_allow(t.leg, allow);
	assert_string_equal(allow, LEG_ALLOW);
	peer_request("UPDATE", "Allow: UPDATE, MESSAGE\r\n", NULL);
	assert_true(leg_peer_takes(t.leg, "INFO")); /* what a request says is not asked yet */
	forget_leg();
	peer_invites("Allow: UPDATE, message\r\n");
	assert_true(leg_peer_takes(t.leg, "MESSAGE"));
	assert_false(leg_peer_takes(t.leg, "INFO"));
	leg_allow(t.leg, allow);
	assert_string_equal(allow, LEG_ALLOW_OWN ", MESSAGE");
}

/* --- without memory --- */

static void settle(void)
{
	rig_turn(1);
	leg_free(&t.leg);
	assert_int_equal(dialogs_count(t.dialogs), 0);
	rig_turn(100000);
	rig_forget();
	rig_turn(100000);
	rig_forget();
}

static void uac_starved(void *arg)
{
	(void)arg;
	if (call() == OK) {
		struct message *invite = rig_last("INVITE", 0);

		t.cseq = 0;
		if (invite)
			peer_joins(invite);
		peer_answers(invite, 422, "Min-SE: 3600\r\n", NULL);
		invite = rig_last("INVITE", 0);
		peer_answers(invite, 183, "Require: 100rel\r\nRSeq: 5\r\nAllow: UPDATE\r\n", SDP);
		peer_answers(rig_last("PRACK", 0), 200, "", NULL);
		peer_answers(invite, 200, "Session-Expires: 90;refresher=uac\r\n", NULL);
		rig_turn(45000);
		peer_answers(rig_last("UPDATE", 0), 501, "", NULL);
		rig_turn(1);
		leg_bye(t.leg);
		peer_answers(rig_last("BYE", 0), 200, "", NULL);
	}
	settle();
}

static void uas_starved(void *arg)
{
	char rack[64];

	(void)arg;
	peer_invites("Supported: 100rel, timer\r\nSession-Expires: 90;refresher=uas\r\n");
	if (t.leg && leg_progress(t.leg, 183, OURS) == OK && rig_last("INVITE", 183)) {
		struct message *m = rig_last("INVITE", 183);

		peer_joins(m);
		(void)!leg_answer(t.leg, OURS);
		snprintf(rack, sizeof(rack), "RAck: %s 1 INVITE\r\n",
		         message_header(m, "RSeq", 0) ? message_header(m, "RSeq", 0) : "0");
		peer_request("PRACK", rack, NULL);
		peer_acks();
		peer_request("INVITE", "", SDP);
		peer_acks();
		peer_request("UPDATE", "", SDP);
		rig_turn(45000);
		leg_bye_after_ack(t.leg, "SIP;cause=200");
	}
	settle();
}

static void test_no_memory(void **state)
{
	(void)state;
	assert_true(each_allocation_fails(uac_starved, NULL) > 30);
	assert_true(each_allocation_fails(uas_starved, NULL) > 30);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(every_method), TEST(bye_ends),     TEST(not_now),
		                            TEST(bye),          TEST(silence),      TEST(no_memory),
		                            TEST(pass),         TEST(pass_ends),    TEST(allow),
		                            TEST(forgets),      TEST(bye_after_ack) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
