/* sbc/b2bua/offer.c: descriptions cross the border, and packets the anchors that they open, over
 * the loopback. */
#include "sbc/b2bua/offer.h"

#include "tests/unit/sbc/b2bua/offer_rig.h"

static void test_rtp_to_srtp(void **state)
{
	struct addr in, out;
	uint8_t ours[KEY_LEN];

	(void)state;
	assert_int_equal(try_offer(SRTP_OFF, SRTP_REQUIRED, audio(&t.caller, "RTP/AVP", "")), OK);
	assert_non_null(strstr(t.to_callee.data, "c=IN IP4 203.0.113.2\r\n"));
	assert_non_null(strstr(t.to_callee.data, "\r\n" CRYPTO));
	out = door_of(&t.to_callee, 0);
	assert_in_range(addr_port(&out), 29000, 29999);
	assert_non_null(strstr(line_at(&t.to_callee, 0), " RTP/SAVP 0\r\n"));
	key_of(&t.to_callee, ours);
	assert_int_equal(try_answer(audio(&t.callee, "RTP/SAVP", CRYPTO KEY_B "\r\n")), OK);
	assert_non_null(strstr(t.to_caller.data, "c=IN IP4 203.0.113.1\r\n"));
	in = door_of(&t.to_caller, 0);
	assert_in_range(addr_port(&in), 28000, 28999);
	assert_non_null(strstr(line_at(&t.to_caller, 0), " RTP/AVP 0\r\n"));
	assert_null(strstr(t.to_caller.data, "crypto"));
	crosses(&t.caller, &in, NULL, &t.callee, ours, 1);
	crosses(&t.callee, &out, key_b, &t.caller, NULL, 2);
	assert_int_equal(anchor_nstreams(offer_anchor(t.offer)), 1);
}

/* The answer's tag and suite are those of the offer's line that was taken (RFC 4568 5.1.2). */
static void test_srtp_to_rtp(void **state)
{
	static const char lines[] = "a=crypto:4 AES_256_CM_HMAC_SHA1_80 inline:" KEY_A "\r\n"
	                            "a=crypto:7 " SUITE " inline:" KEY_A "\r\n";
	struct addr in, out;
	uint8_t ours[KEY_LEN];

	(void)state;
	assert_int_equal(try_offer(SRTP_REQUIRED, SRTP_OFF, audio(&t.caller, "RTP/SAVP", lines)),
	                 OK);
	assert_non_null(strstr(line_at(&t.to_callee, 0), " RTP/AVP 0\r\n"));
	assert_null(strstr(t.to_callee.data, "crypto"));
	assert_int_equal(try_answer(audio(&t.callee, "RTP/AVP", "")), OK);
	assert_non_null(strstr(line_at(&t.to_caller, 0), " RTP/SAVP 0\r\n"));
	assert_non_null(strstr(t.to_caller.data, "\r\na=crypto:7 " SUITE " inline:"));
	key_of(&t.to_caller, ours);
	assert_memory_not_equal(ours, key_a, KEY_LEN);
	in = door_of(&t.to_caller, 0);
	out = door_of(&t.to_callee, 0);
	crosses(&t.caller, &in, key_a, &t.callee, NULL, 1);
	crosses(&t.callee, &out, NULL, &t.caller, ours, 2);
}

static void test_keys_never_pass(void **state)
{
	uint8_t to_callee[KEY_LEN], to_caller[KEY_LEN];
	struct addr in, out;

	(void)state;
	assert_int_equal(try_offer(SRTP_REQUIRED, SRTP_REQUIRED,
	                           audio(&t.caller, "RTP/SAVP", CRYPTO KEY_A "\r\n")),
	                 OK);
	assert_int_equal(try_answer(audio(&t.callee, "RTP/SAVP", CRYPTO KEY_B "\r\n")), OK);
	assert_null(strstr(t.to_callee.data, KEY_A));
	assert_null(strstr(t.to_caller.data, KEY_A));
	assert_null(strstr(t.to_caller.data, KEY_B));
	key_of(&t.to_callee, to_callee);
	key_of(&t.to_caller, to_caller);
	assert_memory_not_equal(to_callee, to_caller, KEY_LEN);
	in = door_of(&t.to_caller, 0);
	out = door_of(&t.to_callee, 0);
	crosses(&t.caller, &in, key_a, &t.callee, to_callee, 1);
	crosses(&t.callee, &out, key_b, &t.caller, to_caller, 2);
}

/* Each line and each call has keys of its own. */
static void test_keys_are_new(void **state)
{
	uint8_t first[KEY_LEN], second[KEY_LEN];

	(void)state;
	assert_int_equal(try_offer(SRTP_OFF, SRTP_REQUIRED, audio(&t.caller, "RTP/AVP", "")), OK);
	key_of(&t.to_callee, first);
	offer_close(&t.offer);
	assert_null(t.offer);
	buf_free(&t.to_callee);
	buf_init(&t.to_callee, MESSAGE_MAX);
	assert_int_equal(try_offer(SRTP_OFF, SRTP_REQUIRED, audio(&t.caller, "RTP/AVP", "")), OK);
	key_of(&t.to_callee, second);
	assert_memory_not_equal(first, second, KEY_LEN);
}

static void test_offers_refused(void **state)
{
	static const struct {
		enum srtp_mode caller;
		const char *media;
		unsigned status;
		const char *why;
	} cases[] = {
		{ SRTP_REQUIRED, "m=audio 4000 RTP/AVP 0\r\n", 488, "without encryption" },
		{ SRTP_REQUIRED, "m=audio 4000 RTP/AVP 0\r\n" CRYPTO KEY_A "\r\n", 488,
		  "without encryption" },
		{ SRTP_REQUIRED, "m=audio 4000 RTP/SAVP 0\r\n", 488, "no crypto line" },
		{ SRTP_REQUIRED, "m=audio 4000 RTP/SAVP 0\r\n" CRYPTO KEY_16 "\r\n", 488,
		  "no crypto line" },
		{ SRTP_REQUIRED,
		  "m=audio 4000 RTP/SAVP 0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_32 inline:" KEY_A
		  "\r\n",
		  488, "no crypto line" },
		{ SRTP_REQUIRED, "m=audio 4000 RTP/SAVP 0\r\na=fingerprint:sha-256 00:11\r\n", 488,
		  "DTLS" },
		{ SRTP_REQUIRED,
		  "m=audio 4000 UDP/TLS/RTP/SAVP 0\r\na=fingerprint:sha-256 00:11\r\n", 488,
		  "not carried" },
		{ SRTP_OFF, "m=audio 4000 RTP/SAVP 0\r\n" CRYPTO KEY_A "\r\n", 488, "set to RTP" },
		{ SRTP_OFF, "m=image 4000 udptl t38\r\n", 488, "without encryption" },
		{ SRTP_OFF, "m=message 4000 TCP/MSRP *\r\n", 488, "not carried" },
		{ SRTP_OFF, "m=application 4000 UDP/TLS/BFCP *\r\n", 488, "not carried" },
		{ SRTP_OFF, "m=audio 4000 RTP/AVP 0\r\nc=IN IP4 phone.example\r\n", 488,
		  "address" },
		{ SRTP_OFF, "m=audio 0 RTP/AVP 0\r\n", 488, "no media" },
		{ SRTP_OFF, "", 488, "no media" },
		{ SRTP_OFF, "m=audio\r\n", 400, "malformed" },
	};
	char text[1024];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		snprintf(text, sizeof(text), HEAD "%s", cases[i].media);
		if (try_offer(cases[i].caller, SRTP_REQUIRED, text) == OK)
			fail_msg("taken: %s", cases[i].media);
		if (t.problem.status != cases[i].status || !strstr(t.problem.why, cases[i].why))
			fail_msg("%u %s: %s", t.problem.status, t.problem.why, cases[i].media);
		assert_null(offer_anchor(t.offer));
	}
	assert_int_equal(t.to_callee.len, 0);
}

static void test_answers_refused(void **state)
{
	static const struct {
		const char *media;
		unsigned status;
		const char *why;
	} cases[] = {
		{ "m=audio 4000 RTP/AVP 0\r\n", 488, "without encryption" },
		{ "m=audio 4000 RTP/SAVP 0\r\na=crypto:1 AES_256_CM_HMAC_SHA1_80 inline:" KEY_A
		  "\r\n",
		  488, "no crypto line" },
		{ "m=audio 4000 RTP/SAVP 0\r\na=fingerprint:sha-256 00:11\r\n", 488, "DTLS" },
		{ "m=audio 0 RTP/SAVP 0\r\n", 488, "none of the media" },
		{ "", 488, "another number" },
		{ "m=audio 4000 RTP/SAVP 0\r\n" CRYPTO KEY_B "\r\nm=video 0 RTP/SAVP 96\r\n", 488,
		  "another number" },
		{ "m=audio 70000 RTP/SAVP 0\r\n", 502, "malformed" },
	};
	char text[1024];

	(void)state;
	assert_int_equal(try_offer(SRTP_OFF, SRTP_REQUIRED, audio(&t.caller, "RTP/AVP", "")), OK);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		snprintf(text, sizeof(text), HEAD "%s", cases[i].media);
		if (try_answer(text) == OK)
			fail_msg("taken: %s", cases[i].media);
		if (t.problem.status != cases[i].status || !strstr(t.problem.why, cases[i].why))
			fail_msg("%u %s: %s", t.problem.status, t.problem.why, cases[i].media);
		assert_int_equal(t.to_caller.len, 0);
	}
	/* After all that, a good one is still taken. */
	assert_int_equal(try_answer(audio(&t.callee, "RTP/SAVP", CRYPTO KEY_B "\r\n")), OK);
}

static void test_line_count(void **state)
{
	char text[2048] = HEAD;

	(void)state;
	for (int i = 0; i < SDP_MEDIA_MAX; i++)
		strcat(text, "m=audio 4000 RTP/AVP 0\r\n");
	assert_int_equal(try_offer(SRTP_OFF, SRTP_OFF, text), OK);
	assert_int_equal(anchor_nstreams(offer_anchor(t.offer)), SDP_MEDIA_MAX);
	offer_close(&t.offer);
	strcat(text, "m=audio 4000 RTP/AVP 0\r\n");
	assert_int_equal(try_offer(SRTP_OFF, SRTP_OFF, text), ERR_LIMIT);
	assert_int_equal(t.problem.status, 488);
	assert_non_null(strstr(t.problem.why, "too many"));
}

/* RFC 3264 6: an answer has the offer's lines in the offer's order, with the offer's protocol. */
static void test_rejected_keep_their_place(void **state)
{
	char text[1024];

	(void)state;
	snprintf(text, sizeof(text),
	         HEAD
	         "m=image 4000 udptl t38\r\nm=audio 0 RTP/SAVP 8\r\nm=audio %u RTP/SAVP 0\r\n%s"
	         "m=video 4002 RTP/SAVP 96\r\na=rtpmap:96 VP8/90000\r\n%s"
	         "m=text 4004 RTP/AVP 98\r\na=rtpmap:98 t140/1000\r\n",
	         addr_port(&t.caller.addr), CRYPTO KEY_A "\r\n", CRYPTO KEY_A "\r\n");
	assert_int_equal(try_offer(SRTP_REQUIRED, SRTP_OFF, text), OK);
	assert_int_equal(anchor_nstreams(offer_anchor(t.offer)), 2);
	line_is(&t.to_callee, 0, "m=image 0 udptl t38\r\n");
	line_is(&t.to_callee, 1, "m=audio 0 RTP/");
	line_is(&t.to_callee, 2, "m=audio 29");
	line_is(&t.to_callee, 3, "m=video 29");
	line_is(&t.to_callee, 4, "m=text 0 RTP/AVP 98\r\n");
	snprintf(text, sizeof(text),
	         HEAD "m=image 0 udptl t38\r\nm=audio 0 RTP/SAVP 8\r\nm=audio %u RTP/AVP 0\r\n"
	              "m=video 0 RTP/AVP 96\r\nm=text 0 RTP/AVP 98\r\n",
	         addr_port(&t.callee.addr));
	assert_int_equal(try_answer(text), OK);
	line_is(&t.to_caller, 0, "m=image 0 udptl t38\r\n");
	line_is(&t.to_caller, 1, "m=audio 0 RTP/SAVP 8\r\n");
	line_is(&t.to_caller, 2, "m=audio 28");
	line_is(&t.to_caller, 3, "m=video 0 RTP/SAVP 96\r\n");
	line_is(&t.to_caller, 4, "m=text 0 RTP/AVP 98\r\n");
	/* Who takes what was never offered gets nothing through it. */
	snprintf(text, sizeof(text),
	         HEAD "m=image 4000 udptl t38\r\nm=audio 4000 RTP/AVP 8\r\nm=audio %u RTP/AVP 0\r\n"
	              "m=video 0 RTP/AVP 96\r\nm=text 4000 RTP/AVP 98\r\n",
	         addr_port(&t.callee.addr));
	assert_int_equal(try_answer(text), OK);
	line_is(&t.to_caller, 0, "m=image 0 ");
	line_is(&t.to_caller, 1, "m=audio 0 ");
	line_is(&t.to_caller, 4, "m=text 0 ");
}

static void test_audio_and_video(void **state)
{
	struct udp seer = udp_open_at(HOST), screen = udp_open_at(HOST);
	struct addr in[2], out[2];
	char text[1024];

	(void)state;
	snprintf(text, sizeof(text),
	         HEAD "m=audio %u RTP/AVP 0\r\nm=video %u RTP/AVPF 96\r\na=rtpmap:96 VP8/90000\r\n",
	         addr_port(&t.caller.addr), addr_port(&seer.addr));
	assert_int_equal(try_offer(SRTP_OFF, SRTP_OFF, text), OK);
	assert_non_null(strstr(line_at(&t.to_callee, 1), " RTP/AVPF 96\r\n"));
	assert_non_null(strstr(t.to_callee.data, "a=rtpmap:96 VP8/90000\r\n"));
	snprintf(text, sizeof(text),
	         HEAD "m=audio %u RTP/AVP 0\r\nm=video %u RTP/AVPF 96\r\na=rtpmap:96 VP8/90000\r\n",
	         addr_port(&t.callee.addr), addr_port(&screen.addr));
	assert_int_equal(try_answer(text), OK);
	for (unsigned i = 0; i < 2; i++) {
		in[i] = door_of(&t.to_caller, i);
		out[i] = door_of(&t.to_callee, i);
	}
	assert_int_not_equal(addr_port(&in[0]), addr_port(&in[1]));
	assert_int_not_equal(addr_port(&out[0]), addr_port(&out[1]));
	crosses(&t.caller, &in[0], NULL, &t.callee, NULL, 1);
	crosses(&seer, &in[1], NULL, &screen, NULL, 2);
	crosses(&t.callee, &out[0], NULL, &t.caller, NULL, 3);
	crosses(&screen, &out[1], NULL, &seer, NULL, 4);
	udp_close(&seer);
	udp_close(&screen);
}

static void test_same_answer_again(void **state)
{
	struct addr in, out;
	uint8_t ours[KEY_LEN], again[KEY_LEN];
	char first[2048];

	(void)state;
	assert_int_equal(try_offer(SRTP_REQUIRED, SRTP_REQUIRED,
	                           audio(&t.caller, "RTP/SAVP", CRYPTO KEY_A "\r\n")),
	                 OK);
	key_of(&t.to_callee, ours);
	assert_int_equal(try_answer(audio(&t.callee, "RTP/SAVP", CRYPTO KEY_B "\r\n")), OK);
	snprintf(first, sizeof(first), "%s", t.to_caller.data);
	in = door_of(&t.to_caller, 0);
	out = door_of(&t.to_callee, 0);
	crosses(&t.caller, &in, key_a, &t.callee, ours, 1);
	assert_int_equal(try_answer(audio(&t.callee, "RTP/SAVP", CRYPTO KEY_B "\r\n")), OK);
	assert_string_equal(t.to_caller.data, first);
	key_of(&t.to_caller, again);
	crosses(&t.caller, &in, key_a, &t.callee, ours, 2);
	crosses(&t.callee, &out, key_b, &t.caller, again, 3);
}

static void test_no_port_left(void **state)
{
	const char *sdp = audio(&t.caller, "RTP/AVP", "");
	const struct offer_cfg cfg = {
		.id = "7f3a",
		.media = t.media,
		.sides = { { .media = t.tiny, .shown = t.in_shown, .srtp = SRTP_OFF },
		           side_out(SRTP_OFF) }
	};
	struct offer *second = NULL;

	(void)state;
	assert_int_equal(offer_new(&t.offer, &cfg), OK);
	assert_int_equal(
	    offer_make(t.offer, SIDE_CALLER, sdp, strlen(sdp), &t.to_callee, &t.problem), OK);
	assert_int_equal(offer_new(&second, &cfg), OK);
	assert_int_equal(
	    offer_make(second, SIDE_CALLER, sdp, strlen(sdp), &t.to_callee, &t.problem), ERR_LIMIT);
	assert_int_equal(t.problem.status, 503);
	offer_close(&second);
}

static void cross_starved(void *arg)
{
	enum err err = try_offer(SRTP_REQUIRED, SRTP_REQUIRED,
	                         audio(&t.caller, "RTP/SAVP", CRYPTO KEY_A "\r\n"));

	(void)arg;
	if (!err)
		err = try_answer(audio(&t.callee, "RTP/SAVP", CRYPTO KEY_B "\r\n"));
	if (err) {
		assert_true(mem_has_failed());
		assert_in_range(t.problem.status, 500, 503);
	}
	offer_close(&t.offer);
	buf_free(&t.to_callee);
	buf_free(&t.to_caller);
	buf_init(&t.to_callee, MESSAGE_MAX);
	buf_init(&t.to_caller, MESSAGE_MAX);
}

static void test_no_memory(void **state)
{
	(void)state;
	assert_true(each_allocation_fails(cross_starved, NULL) >= 6);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(rtp_to_srtp),     TEST(srtp_to_rtp),
		TEST(keys_never_pass), TEST(keys_are_new),
		TEST(offers_refused),  TEST(answers_refused),
		TEST(line_count),      TEST(rejected_keep_their_place),
		TEST(audio_and_video), TEST(same_answer_again),
		TEST(no_port_left),    TEST(no_memory),
	};

	return cmocka_run_group_tests(tests, begin_all, end_all);
}
