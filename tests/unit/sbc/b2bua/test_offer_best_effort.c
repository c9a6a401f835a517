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

static void has_lines(const struct buf *sdp, unsigned n, const char *const *begin)
{
	for (unsigned i = 0; i < n; i++)
		line_is(sdp, i, begin[i]);
	assert_null(strstr(line_at(sdp, n - 1) + 1, "m="));
}

static void begins_with(enum srtp_mode mode, bool both)
{
	struct offer_cfg cfg = offered(false);

	cfg.sides[SIDE_CALLEE].srtp = mode;
	cfg.sides[SIDE_CALLEE].both = both;
	offer_close(&t.offer);
	assert_int_equal(offer_new(&t.offer, &cfg), OK);
}

/* Two lines for one: the other side hears of one, in whatever mode. The one with SRTP where that
 * can be; the other one's port is 0. */
static void test_both(void **state)
{
	static const struct {
		enum srtp_mode mode;
		const char *offered[2], *answered[3];
	} cases[] = {
		{ SRTP_OFFERED,
		  { "m=audio 28", "m=video 28" },
		  { "m=audio 0 RTP/AVP", "m=audio 29", "m=video 29" } },
		{ SRTP_REQUIRED,
		  { "m=audio 28", "m=video 0 " },
		  { "m=audio 0 RTP/AVP", "m=audio 29", "m=video 0 " } },
		{ SRTP_OFF,
		  { "m=audio 28", "m=video 28" },
		  { "m=audio 29", "m=audio 0 RTP/SAVP", "m=video 29" } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		bool video = cases[i].mode != SRTP_REQUIRED;

		begins_with(cases[i].mode, false);
		assert_int_equal(again(SIDE_CALLEE, lines(BOTH)), OK);
		has_lines(&t.to_caller, 2, cases[i].offered);
		assert_int_equal(
		    answers(SIDE_CALLER,
		            lines(video ? AUDIO VIDEO : AUDIO "m=video 0 RTP/AVP 96\r\n")),
		    OK);
		has_lines(&t.to_callee, 3, cases[i].answered);
		offer_settle(t.offer);
		/* The same again, from either side. */
		assert_int_equal(
		    again(SIDE_CALLER, lines(video ? AUDIO VIDEO "a=sendonly\r\n"
		                                   : AUDIO "m=video 0 RTP/AVP 96\r\n")),
		    OK);
		has_lines(&t.to_callee, 3, cases[i].answered);
		offer_drop(t.offer);
		assert_int_equal(again(SIDE_CALLEE, lines(BOTH "a=sendonly\r\n")), OK);
		has_lines(&t.to_caller, 2, cases[i].offered);
		offer_drop(t.offer);
		assert_int_equal(again(SIDE_CALLEE, lines(AUDIO)), ERR_REFUSED);
		assert_non_null(strstr(t.problem.why, "fewer media lines"));
	}
	/* Keys that are no use leave the other one. */
	begins(false);
	assert_int_equal(
	    again(SIDE_CALLEE, lines("m=audio 4000 RTP/AVP 0\r\nm=audio 4002 RTP/SAVP 0\r\n"
	                             "a=crypto:1 NULL_NULL inline:" KEY_B "\r\n")),
	    OK);
	assert_int_equal(answers(SIDE_CALLER, lines(AUDIO)), OK);
	line_is(&t.to_callee, 0, "m=audio 29");
	line_is(&t.to_callee, 1, "m=audio 0 RTP/SAVP");
	/* Never where SRTP is required. */
	begins_with(SRTP_REQUIRED, false);
	assert_int_equal(
	    again(SIDE_CALLEE, lines("m=audio 4000 RTP/AVP 0\r\nm=audio 4002 RTP/SAVP 0\r\n"
	                             "a=crypto:1 NULL_NULL inline:" KEY_B "\r\n")),
	    ERR_REFUSED);
	assert_non_null(strstr(t.problem.why, "suite"));
}

/* An answer to both, of which the callee takes one or the other. */
static const char *taken(const char *secure_port, const char *plain_port, const char *crypto)
{
	static char text[1024];

	snprintf(text, sizeof(text), HEAD "m=audio %s RTP/SAVP 0\r\n%sm=audio %s RTP/AVP 0\r\n",
	         secure_port, crypto, plain_port);
	return text;
}

/* It is offered both in one: the caller has one line of it. */
static void test_offers_both(void **state)
{
	static const char *const both[] = { "m=audio 29", "m=audio 29" },
	                         *const secure[] = { "m=audio 29", "m=audio 0 RTP/AVP" },
	                         *const plain[] = { "m=audio 0 RTP/SAVP", "m=audio 29" },
	                         *const one[] = { "m=audio 28" }, *const none[] = { "m=audio 0 " };
	uint8_t ours[KEY_LEN];
	struct addr in, out;
	char port[8];

	(void)state;
	begins_with(SRTP_OFFERED, true);
	assert_int_equal(again(SIDE_CALLER, audio(&t.caller, "RTP/AVP", "")), OK);
	has_lines(&t.to_callee, 2, both);
	assert_true(has_keys(&t.to_callee));
	assert_non_null(strstr(line_at(&t.to_callee, 1), "RTP/AVP"));
	assert_null(strstr(line_at(&t.to_callee, 1), "a=crypto"));
	out = door_of(&t.to_callee, 0);
	assert_int_equal(addr_port(&out), strtoul(line_at(&t.to_callee, 1) + 8, NULL, 10));
	/* One line is no answer to two, nor is none of them. */
	assert_int_equal(answers(SIDE_CALLEE, lines(AUDIO_CRYPT)), ERR_REFUSED);
	assert_int_equal(answers(SIDE_CALLEE, taken("0", "0", "")), ERR_REFUSED);
	/* RTP while it rings, SRTP in the end: of another fork. */
	snprintf(port, sizeof(port), "%u", addr_port(&t.callee.addr));
	assert_int_equal(answers(SIDE_CALLEE, taken("0", port, "")), OK);
	has_lines(&t.to_caller, 1, one);
	in = door_of(&t.to_caller, 0);
	crosses(&t.caller, &in, NULL, &t.callee, NULL, 1);
	key_of(&t.to_callee, ours);
	assert_int_equal(answers(SIDE_CALLEE, taken(port, port, CRYPTO KEY_B "\r\n")), OK);
	has_lines(&t.to_caller, 1, one);
	offer_settle(t.offer);
	assert_int_equal(offer_suite(t.offer, SIDE_CALLEE), SRTP_AES_CM_128_HMAC_SHA1_80);
	crosses(&t.caller, &in, NULL, &t.callee, ours, 2);
	crosses(&t.callee, &out, key_b, &t.caller, NULL, 3);
	/* From here on it has SRTP. */
	assert_int_equal(again(SIDE_CALLER, audio(&t.caller, "RTP/AVP", "a=sendonly\r\n")), OK);
	has_lines(&t.to_callee, 2, secure);
	assert_int_equal(answers(SIDE_CALLEE, taken("0", port, "")), OK);
	has_lines(&t.to_caller, 1, none);
	assert_int_equal(answers(SIDE_CALLEE, taken(port, "0", CRYPTO KEY_B "\r\n")), OK);
	offer_settle(t.offer);
	/* It changes its mind. */
	assert_int_equal(again(SIDE_CALLEE, taken("0", port, "")), OK);
	has_lines(&t.to_caller, 1, one);
	assert_int_equal(answers(SIDE_CALLER, audio(&t.caller, "RTP/AVP", "")), OK);
	has_lines(&t.to_callee, 2, plain);
	offer_settle(t.offer);
	crosses(&t.caller, &in, NULL, &t.callee, NULL, 4);
	assert_int_equal(again(SIDE_CALLER, audio(&t.caller, "RTP/AVP", "a=sendonly\r\n")), OK);
	has_lines(&t.to_callee, 2, plain);
	assert_null(strstr(t.to_callee.data, "a=crypto"));
	offer_drop(t.offer);
}

/* It takes RTP. */
static void test_takes_plain(void **state)
{
	static const char *const plain[] = { "m=audio 0 RTP/SAVP", "m=audio 29" };
	struct addr in, out;
	char port[8];

	(void)state;
	begins_with(SRTP_OFFERED, true);
	assert_int_equal(again(SIDE_CALLER, audio(&t.caller, "RTP/AVP", "")), OK);
	out = door_of(&t.to_callee, 1);
	snprintf(port, sizeof(port), "%u", addr_port(&t.callee.addr));
	assert_int_equal(answers(SIDE_CALLEE, taken("0", port, "")), OK);
	in = door_of(&t.to_caller, 0);
	offer_settle(t.offer);
	assert_int_equal(offer_suite(t.offer, SIDE_CALLEE), SRTP_NONE);
	crosses(&t.caller, &in, NULL, &t.callee, NULL, 1);
	crosses(&t.callee, &out, NULL, &t.caller, NULL, 2);
	assert_int_equal(again(SIDE_CALLER, audio(&t.caller, "RTP/AVP", "a=sendonly\r\n")), OK);
	has_lines(&t.to_callee, 2, plain);
	assert_null(strstr(t.to_callee.data, "a=crypto"));
	offer_drop(t.offer);
	/* Its place is another's now, who has not heard of two. */
	begins_with(SRTP_REQUIRED, false);
	assert_int_equal(again(SIDE_CALLER, lines(AUDIO)), OK);
	assert_null(strstr(line_at(&t.to_callee, 0) + 1, "m="));
}

/* Its dialog moves to another call (a transfer): it hears of as many lines as before (RFC 3264 8).
 */
static void moves(bool both, const char *const *begin, unsigned n)
{
	struct offer_cfg cfg = offered(false);
	struct offer *was = t.offer;

	cfg.sides[SIDE_CALLEE].both = both;
	t.offer = NULL;
	assert_int_equal(offer_new(&t.offer, &cfg), OK);
	assert_int_equal(offer_continue(t.offer, SIDE_CALLEE, was, SIDE_CALLEE), OK);
	offer_close(&was);
	assert_int_equal(again(SIDE_CALLER, lines(AUDIO)), OK);
	has_lines(&t.to_callee, n, begin);
}

static void test_moves(void **state)
{
	static const char *const plain[] = { "m=audio 0 RTP/SAVP", "m=audio 29" },
	                         *const both[] = { "m=audio 29", "m=audio 29" },
	                         *const theirs[] = { "m=audio 0 RTP/AVP", "m=audio 29",
		                                     "m=audio 0 " };

	(void)state;
	begins_with(SRTP_OFFERED, true);
	assert_int_equal(again(SIDE_CALLER, lines(AUDIO)), OK);
	assert_int_equal(answers(SIDE_CALLEE, taken("0", "4000", "")), OK);
	offer_settle(t.offer);
	moves(true, plain, 2);
	begins_with(SRTP_OFFERED, true);
	assert_int_equal(again(SIDE_CALLER, lines(AUDIO)), OK);
	assert_int_equal(answers(SIDE_CALLEE, taken("4000", "0", CRYPTO KEY_B "\r\n")), OK);
	offer_settle(t.offer);
	moves(true, both, 2);
	/* Two that it offered itself, and one more that the other call has not. */
	begins_with(SRTP_OFFERED, false);
	assert_int_equal(again(SIDE_CALLEE, lines(BOTH)), OK);
	assert_int_equal(answers(SIDE_CALLER, lines(AUDIO VIDEO)), OK);
	offer_settle(t.offer);
	moves(false, theirs, 3);
	assert_non_null(strstr(line_at(&t.to_callee, 1), "a=crypto:1"));
}

/* RFC 8643: keys under RTP's profile are an offer of SRTP, whose answer has that profile. */
static void test_opportunistic(void **state)
{
	uint8_t ours[KEY_LEN], again_ours[KEY_LEN];
	struct addr in;

	(void)state;
	begins_with(SRTP_OFFERED, false);
	assert_int_equal(again(SIDE_CALLEE, audio(&t.callee, "RTP/AVP", CRYPTO KEY_B "\r\n")), OK);
	assert_true(is_plain(&t.to_caller));
	in = door_of(&t.to_caller, 0);
	assert_int_equal(answers(SIDE_CALLER, audio(&t.caller, "RTP/AVP", "")), OK);
	assert_non_null(strstr(line_at(&t.to_callee, 0), "RTP/AVP"));
	key_of(&t.to_callee, ours);
	offer_settle(t.offer);
	crosses(&t.caller, &in, NULL, &t.callee, ours, 1);
	/* Ours to it is like its own; without keys in the answer it is RTP. */
	assert_int_equal(again(SIDE_CALLER, audio(&t.caller, "RTP/AVP", "a=sendonly\r\n")), OK);
	assert_non_null(strstr(line_at(&t.to_callee, 0), "RTP/AVP"));
	key_of(&t.to_callee, again_ours);
	assert_memory_equal(ours, again_ours, KEY_LEN);
	assert_int_equal(answers(SIDE_CALLEE, audio(&t.callee, "RTP/AVP", "")), OK);
	offer_settle(t.offer);
	assert_int_equal(offer_suite(t.offer, SIDE_CALLEE), SRTP_NONE);
	crosses(&t.caller, &in, NULL, &t.callee, NULL, 2);
	/* Keys that nobody asked for are none. */
	assert_int_equal(again(SIDE_CALLER, audio(&t.caller, "RTP/AVP", "")), OK);
	assert_true(is_plain(&t.to_callee));
	assert_int_equal(answers(SIDE_CALLEE, audio(&t.callee, "RTP/AVP", CRYPTO KEY_B "\r\n")),
	                 OK);
	offer_settle(t.offer);
	assert_int_equal(offer_suite(t.offer, SIDE_CALLEE), SRTP_NONE);
	/* Where SRTP is required, or off, it is RTP. */
	begins_with(SRTP_REQUIRED, false);
	assert_int_equal(again(SIDE_CALLEE, audio(&t.callee, "RTP/AVP", CRYPTO KEY_B "\r\n")),
	                 ERR_REFUSED);
	begins_with(SRTP_OFF, false);
	assert_int_equal(again(SIDE_CALLEE, audio(&t.callee, "RTP/AVP", CRYPTO KEY_B "\r\n")), OK);
	assert_int_equal(answers(SIDE_CALLER, lines(AUDIO)), OK);
	assert_true(is_plain(&t.to_callee));
}

/* More lines than there is room for twice: the last ones are there once. */
static void test_no_room(void **state)
{
	char text[1024] = "";
	unsigned n = 0;

	(void)state;
	for (unsigned i = 0; i < 6; i++)
		strcat(text, "m=audio 4000 RTP/AVP 0\r\n");
	begins_with(SRTP_OFFERED, true);
	assert_int_equal(again(SIDE_CALLER, lines(text)), OK);
	for (const char *at = t.to_callee.data; (at = strstr(at, "m=audio")); at++)
		n++;
	assert_int_equal(n, SDP_MEDIA_MAX);
	for (unsigned i = 0; i < SDP_MEDIA_MAX; i++) {
		const char *proto = strchr(strchr(line_at(&t.to_callee, i), ' ') + 1, ' ') + 1;

		assert_int_equal(strncmp(proto, "RTP/AVP ", 8) == 0, i == 1 || i == 3);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(offered),       TEST(plain),
		                            TEST(offers),        TEST(both),
		                            TEST(offers_both),   TEST(takes_plain),
		                            TEST(opportunistic), TEST(no_room),
		                            TEST(moves) };

	return cmocka_run_group_tests(tests, begin_all, end_all);
}
