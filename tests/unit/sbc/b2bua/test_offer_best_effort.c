/* sbc/b2bua/offer.c, offer_line.c: a side that is offered SRTP and may do without. */
#include "sbc/b2bua/offer.h"

#include "tests/unit/sbc/b2bua/offer_rig.h"

static struct offer_cfg offered(bool plain)
{
	struct offer_cfg cfg = { .id = "7f3a",
		                 .media = t.media,
		                 .sides = { side_in(SRTP_OFF), side_out(SRTP_OFFERED) } };

	cfg.sides[SIDE_CALLEE].plain = plain;
	return cfg;
}

static void begins(bool plain)
{
	const struct offer_cfg cfg = offered(plain);

	offer_close(&t.offer);
	assert_int_equal(offer_new(&t.offer, &cfg), OK);
}

static bool has_keys(const struct buf *sdp)
{
	return strstr(sdp->data, "a=crypto:") && strstr(line_at(sdp, 0), "RTP/SAVP");
}

static bool is_plain(const struct buf *sdp)
{
	return !strstr(sdp->data, "crypto") && !strstr(sdp->data, "SAVP");
}

/* It is offered SRTP, and its answer is of what was offered. */
static void test_offered(void **state)
{
	(void)state;
	begins(false);
	assert_int_equal(again(SIDE_CALLER, lines(AUDIO)), OK);
	assert_true(has_keys(&t.to_callee));
	assert_int_equal(answers(SIDE_CALLEE, lines(AUDIO)), ERR_REFUSED);
	assert_non_null(strstr(t.problem.why, "SRTP was offered"));
	assert_int_equal(answers(SIDE_CALLEE, lines(AUDIO_CRYPT)), OK);
	offer_settle(t.offer);
	assert_int_equal(offer_suite(t.offer, SIDE_CALLEE), SRTP_AES_CM_128_HMAC_SHA1_80);
	assert_int_equal(again(SIDE_CALLER, lines(AUDIO "a=sendonly\r\n")), OK);
	assert_true(has_keys(&t.to_callee));
	offer_drop(t.offer);
}

/* It refused that: no keys, and none in the answer. */
static void test_plain(void **state)
{
	const struct offer_cfg plain = offered(true), keyed = offered(false);
	struct addr in, out;

	(void)state;
	begins(false);
	assert_int_equal(again(SIDE_CALLER, audio(&t.caller, "RTP/AVP", "")), OK);
	assert_int_equal(offer_replace(t.offer, SIDE_CALLEE, &plain.sides[SIDE_CALLEE]), OK);
	assert_int_equal(again(SIDE_CALLER, audio(&t.caller, "RTP/AVP", "")), OK);
	assert_true(is_plain(&t.to_callee));
	assert_int_equal(answers(SIDE_CALLEE, lines(AUDIO_CRYPT)), ERR_REFUSED);
	assert_non_null(strstr(t.problem.why, "RTP was offered"));
	assert_int_equal(answers(SIDE_CALLEE, audio(&t.callee, "RTP/AVP", "")), OK);
	assert_true(is_plain(&t.to_caller));
	offer_settle(t.offer);
	in = door_of(&t.to_caller, 0);
	out = door_of(&t.to_callee, 0);
	crosses(&t.caller, &in, NULL, &t.callee, NULL, 1);
	crosses(&t.callee, &out, NULL, &t.caller, NULL, 2);
	assert_int_equal(again(SIDE_CALLER, audio(&t.caller, "RTP/AVP", "a=sendonly\r\n")), OK);
	assert_true(is_plain(&t.to_callee));
	offer_drop(t.offer);
	/* The next target is another one. */
	assert_int_equal(offer_replace(t.offer, SIDE_CALLEE, &keyed.sides[SIDE_CALLEE]), OK);
	assert_int_equal(again(SIDE_CALLER, lines(AUDIO)), OK);
	assert_true(has_keys(&t.to_callee));
}

/* What it offers is taken, as it is; it may change its mind, and packets with it. */
static void test_offers(void **state)
{
	struct addr in, out;
	uint8_t ours[KEY_LEN], later[KEY_LEN];

	(void)state;
	begins(false);
	assert_int_equal(again(SIDE_CALLEE, audio(&t.callee, "RTP/AVP", "")), OK);
	assert_int_equal(answers(SIDE_CALLER, audio(&t.caller, "RTP/AVP", "")), OK);
	assert_true(is_plain(&t.to_callee));
	offer_settle(t.offer);
	in = door_of(&t.to_caller, 0);
	out = door_of(&t.to_callee, 0);
	crosses(&t.callee, &out, NULL, &t.caller, NULL, 1);
	/* With SRTP. */
	assert_int_equal(again(SIDE_CALLEE, audio(&t.callee, "RTP/SAVP", CRYPTO KEY_B "\r\n")), OK);
	assert_int_equal(answers(SIDE_CALLER, audio(&t.caller, "RTP/AVP", "")), OK);
	assert_true(has_keys(&t.to_callee));
	key_of(&t.to_callee, ours);
	offer_settle(t.offer);
	crosses(&t.callee, &out, key_b, &t.caller, NULL, 2);
	crosses(&t.caller, &in, NULL, &t.callee, ours, 3);
	assert_int_equal(again(SIDE_CALLER, audio(&t.caller, "RTP/AVP", "a=sendonly\r\n")), OK);
	assert_true(has_keys(&t.to_callee));
	offer_drop(t.offer);
	/* Without, and with again: under another key. */
	assert_int_equal(again(SIDE_CALLEE, audio(&t.callee, "RTP/AVP", "")), OK);
	assert_int_equal(answers(SIDE_CALLER, audio(&t.caller, "RTP/AVP", "")), OK);
	assert_true(is_plain(&t.to_callee));
	offer_settle(t.offer);
	crosses(&t.caller, &in, NULL, &t.callee, NULL, 4);
	assert_int_equal(again(SIDE_CALLEE, audio(&t.callee, "RTP/SAVP", CRYPTO KEY_A "\r\n")), OK);
	assert_int_equal(answers(SIDE_CALLER, audio(&t.caller, "RTP/AVP", "")), OK);
	key_of(&t.to_callee, later);
	assert_memory_not_equal(ours, later, KEY_LEN);
	offer_settle(t.offer);
	crosses(&t.caller, &in, NULL, &t.callee, later, 5);
}

#define BOTH                                                                 \
	"m=audio 4000 RTP/AVP 0\r\nm=audio 4002 RTP/SAVP 0\r\n" CRYPTO KEY_B \
	"\r\nm=video 4004 RTP/AVP 96\r\na=rtpmap:96 VP8/90000\r\n"

/* Two lines for one: the one with SRTP where that can be, in whatever mode; the other one's port is
 * 0. */
static void test_both(void **state)
{
	static const struct {
		enum srtp_mode mode;
		const char *taken[3];
	} cases[] = {
		{ SRTP_OFFERED, { "m=audio 0 ", "m=audio 28", "m=video 28" } },
		{ SRTP_REQUIRED, { "m=audio 0 ", "m=audio 28", "m=video 0 " } },
		{ SRTP_OFF, { "m=audio 28", "m=audio 0 ", "m=video 28" } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct offer_cfg cfg = offered(false);

		cfg.sides[SIDE_CALLEE].srtp = cases[i].mode;
		offer_close(&t.offer);
		assert_int_equal(offer_new(&t.offer, &cfg), OK);
		assert_int_equal(again(SIDE_CALLEE, lines(BOTH)), OK);
		for (unsigned k = 0; k < 3; k++)
			line_is(&t.to_caller, k, cases[i].taken[k]);
	}
	/* Keys that are no use leave the other one. */
	begins(false);
	assert_int_equal(
	    again(SIDE_CALLEE, lines("m=audio 4000 RTP/AVP 0\r\nm=audio 4002 RTP/SAVP 0\r\n"
	                             "a=crypto:1 NULL_NULL inline:" KEY_B "\r\n")),
	    OK);
	line_is(&t.to_caller, 0, "m=audio 28");
	line_is(&t.to_caller, 1, "m=audio 0 ");
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(offered), TEST(plain), TEST(offers), TEST(both) };

	return cmocka_run_group_tests(tests, begin_all, end_all);
}
