/* sbc/b2bua/offer_meet.c: two offers that meet. */
#include "sbc/b2bua/offer.h"

#include "tests/unit/sbc/b2bua/offer_rig.h"

/* base64 of 44 times A */
#define GCM                            \
	"a=crypto:9 AEAD_AES_256_GCM " \
	"inline:QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=\r\n"

static enum err meets(enum srtp_mode caller, enum srtp_mode picker, const char *called,
                      const char *picked)
{
	const struct offer_cfg cfg = { .id = "7f3a",
		                       .media = t.media,
		                       .sides = { side_in(caller), side_out(picker) } };
	const struct offer_meeting m = { .called = called,
		                         .picked = picked,
		                         .to_caller = text_for(SIDE_CALLER),
		                         .to_picker = text_for(SIDE_CALLEE) };
	enum err err;

	offer_close(&t.offer);
	t.problem.status = 500;
	err = offer_new(&t.offer, &cfg);
	return err ? err : offer_meet(t.offer, &m, &t.problem);
}

static void is_once(const struct buf *sdp, const char *text)
{
	const char *at = strstr(sdp->data, text);

	assert_non_null(at);
	assert_null(strstr(at + 1, text));
}

/* RFC 4568 5.1.2: of what each of the two offered one line is taken, with its tag. */
static void test_keys(void **state)
{
	uint8_t to_caller[KEY_LEN], to_picker[KEY_LEN];
	char called[1024], picked[1024];
	struct addr in, out;

	(void)state;
	snprintf(called, sizeof(called), "%s",
	         audio(&t.caller, "RTP/SAVP", "a=crypto:4 " SUITE " inline:" KEY_A "\r\n" GCM));
	snprintf(picked, sizeof(picked), "%s",
	         audio(&t.callee, "RTP/SAVP", "a=crypto:6 " SUITE " inline:" KEY_B "\r\n" GCM));
	assert_int_equal(meets(SRTP_REQUIRED, SRTP_REQUIRED, called, picked), OK);
	is_once(&t.to_caller, "a=crypto:");
	is_once(&t.to_callee, "a=crypto:");
	is_once(&t.to_caller, "a=crypto:4 " SUITE);
	is_once(&t.to_callee, "a=crypto:6 " SUITE);
	offer_settle(t.offer);
	assert_false(offer_is_open(t.offer));
	key_of(&t.to_caller, to_caller);
	key_of(&t.to_callee, to_picker);
	in = door_of(&t.to_caller, 0);
	out = door_of(&t.to_callee, 0);
	crosses(&t.caller, &in, key_a, &t.callee, to_picker, 7);
	crosses(&t.callee, &out, key_b, &t.caller, to_caller, 8);
}

/* One that we would not offer is taken where it comes first, as of any offer. */
static void test_own_suite(void **state)
{
	(void)state;
	assert_int_equal(meets(SRTP_OFF, SRTP_REQUIRED, lines(AUDIO),
	                       lines("m=audio 4000 RTP/SAVP 0\r\n" GCM CRYPTO KEY_B "\r\n")),
	                 OK);
	is_once(&t.to_callee, "a=crypto:");
	is_once(&t.to_callee, "a=crypto:9 AEAD_AES_256_GCM");
	assert_int_equal(offer_suite(t.offer, SIDE_CALLEE), SRTP_GCM_256);
}

/* To whom SRTP is only offered: it has what it came with. */
static void test_best_effort(void **state)
{
	(void)state;
	assert_int_equal(meets(SRTP_OFF, SRTP_OFFERED, lines(AUDIO), lines(AUDIO)), OK);
	line_is(&t.to_callee, 0, "m=audio 29");
	assert_non_null(strstr(t.to_callee.data, " RTP/AVP 0"));
	assert_null(strstr(t.to_callee.data, "a=crypto:"));
	assert_int_equal(meets(SRTP_OFFERED, SRTP_OFFERED, lines(AUDIO), lines(AUDIO_CRYPT)), OK);
	is_once(&t.to_callee, "a=crypto:1 ");
	assert_null(strstr(t.to_caller.data, "a=crypto:"));
}

/* Each hears of as many lines as it offered; what one of them has alone is rejected as what it is.
 */
static void test_lines(void **state)
{
	(void)state;
	assert_int_equal(meets(SRTP_OFF, SRTP_OFF, lines(AUDIO VIDEO), lines(AUDIO)), OK);
	line_is(&t.to_caller, 0, "m=audio 28");
	line_is(&t.to_caller, 1, "m=video 0 RTP/AVP");
	line_is(&t.to_callee, 0, "m=audio 29");
	assert_null(strstr(t.to_callee.data, "m=video"));
	offer_settle(t.offer);
	assert_int_equal(meets(SRTP_OFF, SRTP_REQUIRED, lines(AUDIO),
	                       lines(AUDIO_CRYPT "m=video 4002 RTP/SAVPF 96\r\n")),
	                 OK);
	line_is(&t.to_callee, 0, "m=audio 29");
	line_is(&t.to_callee, 1, "m=video 0 RTP/SAVPF");
	assert_null(strstr(t.to_caller.data, "m=video"));
	offer_settle(t.offer);
	/* What comes next knows of both. */
	assert_int_equal(again(SIDE_CALLEE, lines(AUDIO_CRYPT)), ERR_REFUSED);
	assert_non_null(strstr(t.problem.why, "fewer media lines"));
	assert_int_equal(again(SIDE_CALLER, lines(AUDIO)), OK);
	line_is(&t.to_callee, 1, "m=audio 0 ");
	/* A line without a codec in common is left out, where another one is left. */
	assert_int_equal(meets(SRTP_OFF, SRTP_OFF, lines(AUDIO VIDEO),
	                       lines(AUDIO "m=video 4002 RTP/AVP 31\r\n")),
	                 OK);
	line_is(&t.to_caller, 1, "m=video 0 ");
	line_is(&t.to_callee, 1, "m=video 0 ");
}

static void test_nothing_in_common(void **state)
{
	static const struct {
		enum srtp_mode mode;
		const char *called, *picked;
		unsigned status;
	} cases[] = {
		{ SRTP_OFF, HEAD AUDIO, HEAD "m=audio 4000 RTP/AVP 18\r\n", 488 },
		{ SRTP_OFF,
		  HEAD "m=audio 4000 RTP/AVP 18 101\r\na=rtpmap:101 telephone-event/8000\r\n",
		  HEAD "m=audio 4000 RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\n", 488 },
		{ SRTP_OFF, HEAD AUDIO VIDEO, HEAD VIDEO AUDIO, 488 },
		{ SRTP_OFF, HEAD AUDIO, HEAD "m=audio 0 RTP/AVP 0\r\n", 488 },
		{ SRTP_OFF, HEAD AUDIO, HEAD, 488 },
		{ SRTP_OFF, HEAD AUDIO, HEAD AUDIO_CRYPT, 488 },
		{ SRTP_REQUIRED, HEAD AUDIO, HEAD AUDIO, 488 },
		{ SRTP_OFF, HEAD AUDIO, "v=1\r\n", 400 },
		{ SRTP_OFF, "v=1\r\n", HEAD AUDIO, 400 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_true(meets(SRTP_OFF, cases[i].mode, cases[i].called, cases[i].picked) != OK);
		if (t.problem.status != cases[i].status)
			fail_msg("case %zu: %u %s", i, t.problem.status, t.problem.why);
		assert_false(offer_is_open(t.offer));
	}
	/* G.711 in two laws is one codec. */
	assert_int_equal(
	    meets(SRTP_OFF, SRTP_OFF, lines(AUDIO), lines("m=audio 4000 RTP/AVP 8\r\n")), OK);
	assert_non_null(strstr(t.to_caller.data, " RTP/AVP 0\r\n"));
	assert_non_null(strstr(t.to_callee.data, " RTP/AVP 8\r\n"));
}

static void starved(void *arg)
{
	(void)arg;
	if (meets(SRTP_OFF, SRTP_REQUIRED, lines(AUDIO), lines(AUDIO_CRYPT)) == OK)
		offer_settle(t.offer);
	offer_close(&t.offer);
}

static void test_no_memory(void **state)
{
	(void)state;
	assert_true(each_allocation_fails(starved, NULL) >= 10);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(keys),  TEST(own_suite),         TEST(best_effort),
		                            TEST(lines), TEST(nothing_in_common), TEST(no_memory) };

	return cmocka_run_group_tests(tests, begin_all, end_all);
}
