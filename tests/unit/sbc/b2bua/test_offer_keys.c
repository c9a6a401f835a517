/* sbc/b2bua/offer.c and offer_line.c: the keys of sessions that change. */
#include "sbc/b2bua/offer.h"

#include "tests/unit/sbc/b2bua/offer_rig.h"

/* The n-th crypto line's suite and key, of ours. */
static void crypto_at(const struct buf *sdp, unsigned n, char suite[40], struct srtp_key *key)
{
	const char *at = sdp->data;
	char text[100];

	memset(key, 0, sizeof(*key));
	for (unsigned i = 0; i <= n; i++) {
		at = strstr(at, "a=crypto:");
		assert_non_null(at);
		at += 9;
	}
	assert_int_equal(sscanf(at, "%*u %39s inline:%99s", suite, text), 2);
	/* with room for what the padding stands for */
	uint8_t bytes[80] = { 0 };

	assert_true(EVP_DecodeBlock(bytes, (uint8_t *)text, (int)strlen(text)) > 0);
	memcpy(key->bytes, bytes, sizeof(key->bytes));
}

/* RFC 4568 5.1: several suites are offered, each with a key of its own; one is taken, which must
 * have been offered. */
static void test_suites(void **state)
{
	static const unsigned list[] = { SRTP_GCM_256 - 1, SRTP_AES_256_CM_HMAC_SHA1_80 - 1,
		                         SRTP_AES_CM_128_HMAC_SHA1_32 - 1 };
	struct offer_cfg cfg = { .id = "7f3a",
		                 .media = t.media,
		                 .sides = { side_in(SRTP_OFF), side_out(SRTP_REQUIRED) } };
	/* base64 of 44 times A */
	static const char gcm[] =
	    "a=crypto:1 AEAD_AES_256_GCM "
	    "inline:QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=\r\n";
	uint8_t packet[ROOM], plain[ROOM];
	struct srtp_session *peer;
	struct srtp_key keys[3];
	char suites[3][40], offered[2048];
	struct addr in;
	size_t len;

	(void)state;
	cfg.sides[SIDE_CALLEE].suites = list;
	cfg.sides[SIDE_CALLEE].nsuites = ARRAY_LEN(list);
	assert_int_equal(offer_new(&t.offer, &cfg), OK);
	assert_int_equal(again(SIDE_CALLER, audio(&t.caller, "RTP/AVP", "")), OK);
	for (unsigned i = 0; i < 3; i++) {
		crypto_at(&t.to_callee, i, suites[i], &keys[i]);
		assert_string_equal(suites[i], srtp_suite_name((enum srtp_suite)(list[i] + 1)));
	}
	assert_memory_not_equal(keys[0].bytes, keys[1].bytes, 16);
	assert_memory_not_equal(keys[1].bytes, keys[2].bytes, 16);
	snprintf(offered, sizeof(offered), "%s", t.to_callee.data);
	assert_int_equal(answers(SIDE_CALLEE, lines(AUDIO_CRYPT)), ERR_REFUSED);
	assert_non_null(strstr(t.problem.why, "no crypto line"));
	assert_int_equal(answers(SIDE_CALLEE, audio(&t.callee, "RTP/SAVP", gcm)), OK);
	offer_settle(t.offer);
	assert_int_equal(offer_suite(t.offer, SIDE_CALLEE), SRTP_GCM_256);
	assert_int_equal(offer_suite(t.offer, SIDE_CALLER), SRTP_NONE);
	in = door_of(&t.to_caller, 0);
	len = make_rtp(plain, SSRC, 7);
	udp_send(&t.caller, &in, plain, len);
	do { /* a primer comes first where the worker woke before the packet */
		len = udp_recv(&t.callee, packet, sizeof(packet), NULL);
	} while (len < TEST_RTP_LEN);
	assert_int_equal(srtp_session_new(&peer, SRTP_GCM_256, &keys[0], false), OK);
	assert_int_equal(srtp_session_unprotect(peer, packet, &len, false), OK);
	assert_memory_equal(packet, plain, len);
	srtp_session_free(&peer);
	/* The same again is the same; and the callee's own offer is answered with its tag. */
	assert_int_equal(again(SIDE_CALLER, audio(&t.caller, "RTP/AVP", "")), OK);
	assert_string_equal(t.to_callee.data, offered);
	offer_drop(t.offer);
	assert_int_equal(again(SIDE_CALLEE, audio(&t.callee, "RTP/SAVP", gcm)), OK);
	assert_int_equal(answers(SIDE_CALLER, audio(&t.caller, "RTP/AVP", "")), OK);
	crypto_at(&t.to_callee, 0, suites[0], &keys[1]);
	assert_string_equal(suites[0], "AEAD_AES_256_GCM");
	assert_memory_equal(keys[0].bytes, keys[1].bytes, 44);
	offer_drop(t.offer);
	/* Without a list what we did not offer is no answer, though we would take it in an offer.
	 */
	offer_close(&t.offer);
	cfg.sides[SIDE_CALLEE].nsuites = 0;
	assert_int_equal(offer_new(&t.offer, &cfg), OK);
	assert_int_equal(again(SIDE_CALLER, audio(&t.caller, "RTP/AVP", "")), OK);
	assert_int_equal(answers(SIDE_CALLEE, audio(&t.callee, "RTP/SAVP", gcm)), ERR_REFUSED);
	assert_non_null(strstr(t.problem.why, "not offered"));
	offer_drop(t.offer);
	assert_int_equal(again(SIDE_CALLEE, audio(&t.callee, "RTP/SAVP", gcm)), OK);
}

#define CRYPT_32 \
	"m=audio 4000 RTP/SAVP 0\r\na=crypto:2 AES_CM_128_HMAC_SHA1_32 inline:" KEY_B "\r\n"

/* RFC 3711 9.1: from one suite to another one and back. A key that has served is never made again,
 * except where a change is taken back; what nobody changes is said as before. */
static void test_suite_and_back(void **state)
{
	static const unsigned list[] = { SRTP_AES_CM_128_HMAC_SHA1_80 - 1,
		                         SRTP_AES_CM_128_HMAC_SHA1_32 - 1 };
	struct offer_cfg cfg = { .id = "7f3a",
		                 .media = t.media,
		                 .sides = { side_in(SRTP_OFF), side_out(SRTP_REQUIRED) } };
	const char *const answer[] = { AUDIO_CRYPT, CRYPT_32 };
	struct srtp_key used[6] = { 0 }, keys[2];
	char suite[40], told[2048] = "";

	(void)state;
	cfg.sides[SIDE_CALLEE].suites = list;
	cfg.sides[SIDE_CALLEE].nsuites = ARRAY_LEN(list);
	assert_int_equal(offer_new(&t.offer, &cfg), OK);
	for (unsigned i = 0; i < ARRAY_LEN(used); i++) {
		unsigned take = i % 2;

		assert_int_equal(again(SIDE_CALLER, lines(AUDIO)), OK);
		for (unsigned k = 0; k < 2; k++)
			crypto_at(&t.to_callee, k, suite, &keys[k]);
		assert_memory_not_equal(&keys[0], &keys[1], sizeof(keys[0]));
		/* The other suite's has not served; the one that serves does still. */
		for (unsigned k = 0; k < i; k++)
			assert_memory_not_equal(&used[k], &keys[take], sizeof(keys[0]));
		if (i > 0)
			assert_memory_equal(&used[i - 1], &keys[!take], sizeof(keys[0]));
		used[i] = keys[take];
		assert_int_equal(answers(SIDE_CALLEE, lines(answer[take])), OK);
		offer_settle(t.offer);
	}
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(again(SIDE_CALLER, lines(AUDIO)), OK);
		assert_true(i == 0 || strcmp(told, t.to_callee.data) == 0);
		snprintf(told, sizeof(told), "%s", t.to_callee.data);
		offer_drop(t.offer);
	}
	/* The other suite in an early answer of a change that is refused then. */
	crypto_at(&t.to_callee, 0, suite, &keys[0]);
	assert_int_equal(again(SIDE_CALLER, lines(AUDIO)), OK);
	assert_int_equal(answers(SIDE_CALLEE, lines(AUDIO_CRYPT)), OK);
	offer_drop(t.offer);
	assert_int_equal(again(SIDE_CALLER, lines(AUDIO)), OK);
	crypto_at(&t.to_callee, 0, suite, &keys[1]);
	assert_memory_not_equal(&keys[0], &keys[1], sizeof(keys[0]));
	crypto_at(&t.to_callee, 1, suite, &keys[1]);
	assert_memory_equal(&used[5], &keys[1], sizeof(keys[1]));
	offer_drop(t.offer);
}

/* RFC 3261 14.1 in packets: behind the wrap of the numbers the old key goes on (RFC 3711 3.3.1),
 * and a copy of an old packet is one. */
static void test_drop_keeps_counters(void **state)
{
	struct addr in, out;
	uint8_t ours[KEY_LEN], packet[ROOM];
	char answer[1024];
	size_t len;

	(void)state;
	snprintf(answer, sizeof(answer), "%s", audio(&t.callee, "RTP/SAVP", CRYPTO KEY_B "\r\n"));
	stand(SRTP_REQUIRED, audio(&t.caller, "RTP/AVP", ""), answer);
	in = door_of(&t.to_caller, 0);
	out = door_of(&t.to_callee, 0);
	key_of(&t.to_callee, ours);
	for (uint32_t seq = 65534; seq <= 65537; seq++) {
		crosses_at(&t.caller, &in, NULL, &t.callee, ours, seq);
		crosses_at(&t.callee, &out, key_b, &t.caller, NULL, seq);
	}
	assert_int_equal(again(SIDE_CALLER, audio(&t.caller, "RTP/AVP", "")), OK);
	assert_int_equal(answers(SIDE_CALLEE, audio(&t.callee, "RTP/SAVP", CRYPTO KEY_A "\r\n")),
	                 OK);
	crosses(&t.callee, &out, key_a, &t.caller, NULL, 9);
	crosses_at(&t.callee, &out, key_b, &t.caller, NULL, 65538);
	offer_drop(t.offer);
	len = make_rtp(packet, SSRC, 1);
	len = peer_protect_rtp(key_b, 1, packet, len);
	udp_send(&t.callee, &out, packet, len); /* for the second time */
	crosses_at(&t.callee, &out, key_b, &t.caller, NULL, 65539);
	crosses_at(&t.caller, &in, NULL, &t.callee, ours, 65538);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(suites), TEST(suite_and_back),
		                            TEST(drop_keeps_counters) };

	return cmocka_run_group_tests(tests, begin_all, end_all);
}
