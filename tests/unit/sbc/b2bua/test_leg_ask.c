/* sbc/b2bua/leg_ask.c with leg_change.c and leg_refresh.c: when an offer of ours has to wait, when
 * it has not any more, and when it is made again. */
#include "tests/unit/sbc/b2bua/leg_rig.h"

static struct message *refusal(unsigned status, const char *headers)
{
	char text[512];
	struct message *m;

	snprintf(text, sizeof(text),
	         "SIP/2.0 %u x\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\n"
	         "To: <sip:c@d>;tag=2\r\nCall-ID: x\r\nCSeq: 1 INVITE\r\n%s\r\n",
	         status, headers);
	assert_int_equal(message_parse(&m, text, strlen(text)), OK);
	return m;
}

static unsigned again_ms(unsigned status, const char *headers)
{
	struct message *m = refusal(status, headers);
	unsigned ms = leg_again_ms(t.leg, m);

	message_free(&m);
	return ms;
}

static void check_glare(enum how how, unsigned least_ms, unsigned most_ms)
{
	bring(how);
	for (int i = 0; i < 300; i++) {
		unsigned ms = again_ms(491, "");

		assert_in_range(ms, least_ms, most_ms);
		assert_int_equal(ms % 10, 0);
	}
	assert_int_equal(again_ms(500, "Retry-After: 7\r\n"), 7000);
	assert_int_equal(again_ms(500, "Retry-After: 33\r\n"), 0);
	assert_int_equal(again_ms(500, ""), 0);
	assert_int_equal(again_ms(486, "Retry-After: 7\r\n"), 0);
	forget_leg();
}

/* RFC 3261 14.1: the Call-ID is ours, or the peer's. */
static void test_again(void **state)
{
	(void)state;
	check_glare(CALLED_STANDING, 2100, 4000);
	check_glare(STANDING, 10, 2000);
}

/* Behind an ACK: to the call, to a change of it. */
static void test_busy(void **state)
{
	(void)state;
	for (int how = 0; how < NHOWS; how++) {
		bring((enum how)how);
		assert_int_equal(leg_is_busy(t.leg), how == UNACKED);
		assert_int_equal(leg_change(t.leg, METHOD_INVITE, OURS "a=sendonly\r\n"),
		                 how == CALLING || how == WAITING ? ERR_UNSUPPORTED
		                 : states[how] == LEG_STANDING    ? OK
		                                                  : ERR_NOT_NOW);
		forget_leg();
	}
	bring(STANDING);
	peer_request("INVITE", "", SDP);
	assert_true(leg_is_busy(t.leg));
	assert_int_equal(leg_change(t.leg, METHOD_INVITE, OURS "a=sendonly\r\n"), ERR_NOT_NOW);
	/* It asks once more: it has our 2xx. */
	peer_request("INVITE", "", SDP);
	assert_int_equal(t.events[LEG_FREE], 1);
	assert_true(leg_is_busy(t.leg));
	t.cseq--;
	peer_request("ACK", "", NULL);
	assert_int_equal(t.events[LEG_FREE], 2);
	assert_false(leg_is_busy(t.leg));
	assert_int_equal(leg_change(t.leg, METHOD_INVITE, OURS "a=sendonly\r\n"), OK);
	assert_false(leg_is_busy(t.leg)); /* that does not end by itself */
}

static void refresh(unsigned status, const char *body, unsigned moved)
{
	assert_int_equal(call(), OK);
	peer_joins(rig_last("INVITE", 0));
	peer_answers(rig_last("INVITE", 0), 200, "Session-Expires: 100;refresher=uac\r\n", SDP);
	rig_forget();
	rig_turn(51000);
	assert_true(leg_is_busy(t.leg));
	peer_answers(rig_last("INVITE", 0), status, "Session-Expires: 100;refresher=uac\r\n", body);
	assert_false(leg_is_busy(t.leg));
	assert_int_equal(t.events[LEG_MOVED], moved);
	assert_int_equal(t.events[LEG_FREE], 1);
	forget_leg();
}

/* Behind the answer to a refresh. */
static void test_refreshing(void **state)
{
	(void)state;
	refresh(200, SDP, 0);
	refresh(200, SDP "a=sendonly\r\n", 1);
	refresh(491, NULL, 0);
	refresh(486, NULL, 0);
}

static void test_asked(void **state)
{
	(void)state;
	t.keeps_asked = true;
	bring(STANDING);
	assert_null(leg_asked(t.leg));
	peer_request("INVITE", "", OURS);
	assert_int_equal(message_cseq(leg_asked(t.leg)), t.cseq);
	leg_refuse(t.leg, 491, 0);
	assert_null(leg_asked(t.leg));
	assert_non_null(rig_last("INVITE", 491));
}

/* An offer that nobody wants any more is answered with what was said last. */
static void test_anyway(void **state)
{
	size_t len;

	(void)state;
	bring(STANDING);
	rig_forget();
	assert_int_equal(leg_change(t.leg, METHOD_INVITE, NULL), OK);
	peer_answers(rig_last("INVITE", 0), 200, "", SDP);
	assert_true(leg_holds_offer(t.leg));
	assert_null(rig_last("ACK", 0));
	assert_int_equal(leg_confirm(t.leg, NULL), OK);
	assert_non_null(rig_last("ACK", 0));
	assert_string_equal(message_body(rig_last("ACK", 0), &len), OURS);
	assert_int_equal(leg_confirm(t.leg, NULL), ERR_NOT_NOW);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(again), TEST(busy), TEST(refreshing), TEST(asked),
		                            TEST(anyway) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
