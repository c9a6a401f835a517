/* sbc/b2bua/offer.c, media/: IPv4 on one side and IPv6 on the other, with packets both ways. */
#include "sbc/b2bua/offer.h"

#include "tests/unit/sbc/b2bua/offer_rig.h"

#define HEAD6 "v=0\r\no=- 1 1 IN IP6 ::1\r\ns=-\r\nc=IN IP6 ::1\r\nt=0 0\r\n"

static struct media_realm *realm6;
static struct udp peer6, peer6_rtcp;

static struct offer_side side6(enum srtp_mode srtp)
{
	struct offer_side side = { .media = realm6, .srtp = srtp };

	assert_int_equal(addr_parse(&side.shown, "2001:db8::6"), OK);
	return side;
}

static const char *audio6(const char *proto, const char *more)
{
	static char text[1024];

	snprintf(text, sizeof(text), HEAD6 "m=audio %u %s 0\r\na=rtcp:%u IN IP6 ::1\r\n%s",
	         addr_port(&peer6.addr), proto, addr_port(&peer6_rtcp.addr), more);
	return text;
}

static int begin6(void **state)
{
	const struct media_realm_cfg cfg = { .name = "six",
		                             .port_low = 27000,
		                             .port_high = 27099,
		                             .address.v6 = { .sin6_family = AF_INET6,
		                                             .sin6_addr = IN6ADDR_LOOPBACK_INIT },
		                             .latch.rule = SOURCE_LATCH };

	if (!realm6 && media_add_realm(t.media, &cfg, &realm6))
		return -1;
	peer6 = udp_open_at("::1");
	peer6_rtcp = udp_open_at("::1");
	return begin(state);
}

static int end6(void **state)
{
	udp_close(&peer6);
	udp_close(&peer6_rtcp);
	return end(state);
}

static void report(const struct udp *from, enum media_side side, const struct udp *to)
{
	struct addr door = *anchor_local(offer_anchor(t.offer), 0, side);
	uint8_t packet[ROOM];
	size_t len = make_rtcp(packet, SSRC), wanted = len;

	addr_set_port(&door, (uint16_t)(addr_port(&door) + 1));
	udp_send(from, &door, packet, len);
	while (udp_recv(to, packet, sizeof(packet), NULL) != wanted)
		;
}

static void carries(enum media_side six, const uint8_t *key, const uint8_t *ours)
{
	const struct anchor *a = offer_anchor(t.offer);

	crosses(&t.caller, anchor_local(a, 0, !six), NULL, &peer6, ours, 1);
	crosses(&peer6, anchor_local(a, 0, six), key, &t.caller, NULL, 2);
	crosses(&t.caller, anchor_local(a, 0, !six), NULL, &peer6, ours, 3);
}

static void test_to_six(void **state)
{
	const struct offer_cfg cfg = { .id = "7f3a",
		                       .media = t.media,
		                       .sides = { side_in(SRTP_OFF), side6(SRTP_REQUIRED) } };
	uint8_t ours[KEY_LEN];

	(void)state;
	assert_int_equal(offer_new(&t.offer, &cfg), OK);
	assert_int_equal(again(SIDE_CALLER, audio(&t.caller, "RTP/AVP", "")), OK);
	assert_non_null(strstr(t.to_callee.data, " IN IP6 2001:db8::6\r\ns="));
	assert_non_null(strstr(t.to_callee.data, "c=IN IP6 2001:db8::6\r\n"));
	assert_null(strstr(t.to_callee.data, "IN IP4"));
	key_of(&t.to_callee, ours);
	assert_int_equal(answers(SIDE_CALLEE, audio6("RTP/SAVP", CRYPTO KEY_B "\r\n")), OK);
	assert_non_null(strstr(t.to_caller.data, "c=IN IP4 203.0.113.1\r\n"));
	assert_null(strstr(t.to_caller.data, "IN IP6"));
	offer_settle(t.offer);
	carries(SIDE_CALLEE, key_b, ours);
	/* Held by an address that is none, and taken up. */
	assert_int_equal(again(SIDE_CALLEE,
	                       "v=0\r\no=- 1 2 IN IP6 ::1\r\ns=-\r\nc=IN IP6 ::\r\nt=0 0\r\n"
	                       "m=audio 4000 RTP/SAVP 0\r\n" CRYPTO KEY_B "\r\n"),
	                 OK);
	assert_int_equal(answers(SIDE_CALLER, audio(&t.caller, "RTP/AVP", "")), OK);
	offer_settle(t.offer);
	assert_int_equal(again(SIDE_CALLEE, audio6("RTP/SAVP", CRYPTO KEY_B "\r\n")), OK);
	assert_int_equal(answers(SIDE_CALLER, audio(&t.caller, "RTP/AVP", "")), OK);
	offer_settle(t.offer);
	crosses(&t.caller, anchor_local(offer_anchor(t.offer), 0, SIDE_CALLER), NULL, &peer6, ours,
	        4);
}

static void test_from_six(void **state)
{
	const struct offer_cfg cfg = { .id = "7f3a",
		                       .media = t.media,
		                       .sides = { side6(SRTP_OFF), side_in(SRTP_OFF) } };
	char rtcp[32];

	(void)state;
	assert_int_equal(offer_new(&t.offer, &cfg), OK);
	assert_int_equal(again(SIDE_CALLER, audio6("RTP/AVP", "")), OK);
	assert_null(strstr(t.to_callee.data, "IN IP6"));
	snprintf(rtcp, sizeof(rtcp), "a=rtcp:%u\r\n", addr_port(&t.callee.addr));
	assert_int_equal(answers(SIDE_CALLEE, audio(&t.caller, "RTP/AVP", rtcp)), OK);
	assert_non_null(strstr(t.to_caller.data, "c=IN IP6 2001:db8::6\r\n"));
	offer_settle(t.offer);
	carries(SIDE_CALLER, NULL, NULL);
	report(&peer6_rtcp, SIDE_CALLER, &t.callee);
}

/* An address that a side cannot be reached at. */
static void test_wrong_family(void **state)
{
	const struct offer_cfg cfg = { .id = "7f3a",
		                       .media = t.media,
		                       .sides = { side6(SRTP_OFF), side_in(SRTP_OFF) } };

	(void)state;
	assert_int_equal(offer_new(&t.offer, &cfg), OK);
	assert_int_equal(again(SIDE_CALLER, audio(&t.caller, "RTP/AVP", "")), ERR_REFUSED);
	assert_int_equal(t.problem.status, 488);
	assert_non_null(strstr(t.problem.why, "IP version"));
	assert_int_equal(again(SIDE_CALLER, audio6("RTP/AVP", "")), OK);
	assert_int_equal(answers(SIDE_CALLEE, audio6("RTP/AVP", "")), ERR_REFUSED);
	assert_non_null(strstr(t.problem.why, "IP version"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, begin6, end6)

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(to_six), TEST(from_six), TEST(wrong_family) };

	return cmocka_run_group_tests(tests, begin_all, end_all);
}
