/* media/srtp.c, against RFC 3711 written down once more (srtp_peer.h). */
#include "media/srtp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>
#include "base/log.h"
#include "media/rtp.h"
#include "tests/unit/alloc.h"
#include "tests/unit/media/srtp_peer.h"
#include "tests/unit/media/udp.h"

#define SUITE SRTP_AES_CM_128_HMAC_SHA1_80
#define SSRC  0xcafebabe
#define ROOM  (RTP_PACKET_MAX + SRTP_TRAILER_MAX)

/* RFC 3711 B.3: master key and salt. */
static const struct srtp_key vector_key = {
	.bytes = { 0xe1, 0xf9, 0x7a, 0x0d, 0x3e, 0x01, 0x8b, 0xe0, 0xd6, 0x4f,
	           0xa3, 0x2c, 0x06, 0xde, 0x41, 0x39, 0x0e, 0xc6, 0x75, 0xad,
	           0x49, 0x8a, 0xfe, 0xeb, 0xb6, 0x96, 0x0b, 0x3a, 0xab, 0xe6 }
};

static struct srtp_session *session(const struct srtp_key *key, bool outbound)
{
	struct srtp_session *s;

	assert_int_equal(srtp_session_new(&s, SUITE, key, outbound), OK);
	return s;
}

/* The peer in this test derives what the RFC's appendix says, so it may judge. */
static void peer_meets_the_vectors(void **state)
{
	static const uint8_t b2_key[16] = { 0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6,
		                            0xab, 0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c };
	static const uint8_t b2_iv[16] = { 0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6,
		                           0xf7, 0xf8, 0xf9, 0xfa, 0xfb, 0xfc, 0xfd };
	static const uint8_t b2_stream[32] = { 0xe0, 0x3e, 0xad, 0x09, 0x35, 0xc9, 0x5e, 0x80,
		                               0xe1, 0x66, 0xb1, 0x6d, 0xd9, 0x2b, 0x4e, 0xb4,
		                               0xd2, 0x35, 0x13, 0x16, 0x2b, 0x02, 0xd0, 0xf7,
		                               0x2a, 0x43, 0xa2, 0xfe, 0x4a, 0x5f, 0x97, 0xab };
	static const uint8_t cipher[16] = { 0xc6, 0x1e, 0x7a, 0x93, 0x74, 0x4f, 0x39, 0xee,
		                            0x10, 0x73, 0x4a, 0xfe, 0x3f, 0xf7, 0xa0, 0x87 };
	static const uint8_t salt[14] = { 0x30, 0xcb, 0xbc, 0x08, 0x86, 0x3d, 0x8c,
		                          0x85, 0xd4, 0x9d, 0xb3, 0x4a, 0x9a, 0xe1 };
	static const uint8_t auth[20] = { 0xce, 0xbe, 0x32, 0x1f, 0x6f, 0xf7, 0x71,
		                          0x6b, 0x6f, 0xd4, 0xab, 0x49, 0xaf, 0x25,
		                          0x6a, 0x15, 0x6d, 0x38, 0xba, 0xa4 };
	struct peer_keys k = peer_keys_of(vector_key.bytes, false);
	uint8_t stream[32] = { 0 };

	(void)state;
	peer_aes_cm(b2_key, b2_iv, stream, sizeof(stream));
	assert_memory_equal(stream, b2_stream, sizeof(stream));
	assert_memory_equal(k.cipher, cipher, sizeof(cipher));
	assert_memory_equal(k.salt, salt, sizeof(salt));
	assert_memory_equal(k.auth, auth, sizeof(auth));
}

static void suites_by_name(void **state)
{
	(void)state;
	assert_string_equal(srtp_suite_name(SUITE), "AES_CM_128_HMAC_SHA1_80");
	assert_int_equal(srtp_suite_from_name("AES_CM_128_HMAC_SHA1_80"), SUITE);
	assert_int_equal(srtp_suite_from_name("none"), SRTP_NONE);
	assert_int_equal(srtp_suite_from_name("F8_128_HMAC_SHA1_80"), SRTP_NONE);
	assert_int_equal(srtp_suite_from_name(""), SRTP_NONE);
	assert_string_equal(srtp_suite_name(SRTP_NONE), "none");
	assert_int_equal(srtp_key_len(SUITE), 30);
	assert_int_equal(srtp_key_len(SRTP_NONE), 0);
}

static void keys_are_new_each_time(void **state)
{
	struct srtp_key a = { .mki_len = 0 }, b = a;

	(void)state;
	srtp_key_generate(&a);
	srtp_key_generate(&b);
	assert_memory_not_equal(a.bytes, b.bytes, 30);
}

/* The same octets as the peer's, from a fresh sequence through two wraps. */
static void protects_as_the_rfc_says(void **state)
{
	struct srtp_session *s = session(&vector_key, true);
	uint32_t seq = 65530;

	(void)state;
	for (unsigned i = 0; i < 2 * 65536 + 20; i += i % 65536 < 20 ? 1 : 97) {
		uint8_t mine[ROOM], theirs[ROOM];
		size_t len = make_rtp(mine, SSRC, (uint16_t)(seq + i)), want;

		memcpy(theirs, mine, len);
		want = peer_protect_rtp(vector_key.bytes, (seq + i) >> 16, theirs, len);
		assert_int_equal(srtp_session_protect(s, mine, &len, ROOM, false), OK);
		assert_int_equal(len, TEST_RTP_LEN + PEER_TAG_LEN);
		assert_int_equal(len, want);
		assert_memory_equal(mine, theirs, len);
	}
	srtp_session_free(&s);
	assert_null(s);
}

static void unprotects_as_the_rfc_says(void **state)
{
	struct srtp_session *s = session(&vector_key, false);
	uint32_t seq = 65530;

	(void)state;
	for (unsigned i = 0; i < 2 * 65536 + 20; i += i % 65536 < 20 ? 1 : 97) {
		uint8_t packet[ROOM], plain[ROOM];
		size_t len = make_rtp(packet, SSRC, (uint16_t)(seq + i));

		memcpy(plain, packet, len);
		len = peer_protect_rtp(vector_key.bytes, (seq + i) >> 16, packet, len);
		assert_int_equal(srtp_session_unprotect(s, packet, &len, false), OK);
		assert_int_equal(len, TEST_RTP_LEN);
		assert_memory_equal(packet, plain, len);
	}
	srtp_session_free(&s);
}

static void rtcp_as_the_rfc_says(void **state)
{
	struct srtp_session *out = session(&vector_key, true), *in = session(&vector_key, false);

	(void)state;
	/* libsrtp2 begins with index 1, as the peer may. */
	for (uint32_t index = 1; index < 50; index++) {
		uint8_t mine[ROOM], theirs[ROOM], plain[16];
		size_t len = make_rtcp(mine, SSRC), want;

		/* A goodbye behind it, so that something is encrypted. */
		memcpy(mine + len, (const uint8_t[]){ 0x81, 203, 0, 1, 0xca, 0xfe, 0xba, 0xbe }, 8);
		len += 8;
		memcpy(plain, mine, len);
		memcpy(theirs, mine, len);
		want = peer_protect_rtcp(vector_key.bytes, index, theirs, len);
		assert_int_equal(srtp_session_protect(out, mine, &len, ROOM, true), OK);
		assert_int_equal(len, want);
		assert_memory_equal(mine, theirs, len);
		assert_int_equal(srtp_session_unprotect(in, theirs, &len, true), OK);
		assert_int_equal(len, sizeof(plain));
		assert_memory_equal(theirs, plain, len);
		assert_int_equal(srtp_session_unprotect(in, mine, &want, true), ERR_EXISTS);
	}
	srtp_session_free(&out);
	srtp_session_free(&in);
}

static enum err receive(struct srtp_session *s, uint16_t seq, uint32_t roc)
{
	uint8_t packet[ROOM];
	size_t len = make_rtp(packet, SSRC, seq);

	len = peer_protect_rtp(vector_key.bytes, roc, packet, len);
	return srtp_session_unprotect(s, packet, &len, false);
}

static void replays_are_refused(void **state)
{
	struct srtp_session *s = session(&vector_key, false);

	(void)state;
	for (uint16_t seq = 1000; seq < 3000; seq++)
		assert_int_equal(receive(s, seq, 0), OK);
	assert_int_equal(receive(s, 2999, 0), ERR_EXISTS);
	assert_int_equal(receive(s, 2999 - 127, 0), ERR_EXISTS); /* 128 at least */
	assert_int_equal(receive(s, 2999 - 1023, 0), ERR_EXISTS);
	assert_int_equal(receive(s, 1000, 0), ERR_EXISTS);
	assert_int_equal(receive(s, 3200, 0), OK);
	for (uint16_t seq = 3199; seq >= 3000; seq--) /* late, but never seen */
		assert_int_equal(receive(s, seq, 0), OK);
	srtp_session_free(&s);
}

/* A late packet from before the wrap, and a replayed one. */
static void reordered_over_the_wrap(void **state)
{
	struct srtp_session *s = session(&vector_key, false);

	(void)state;
	assert_int_equal(receive(s, 65533, 0), OK);
	assert_int_equal(receive(s, 65535, 0), OK);
	assert_int_equal(receive(s, 1, 1), OK);
	assert_int_equal(receive(s, 65534, 0), OK);
	assert_int_equal(receive(s, 0, 1), OK);
	assert_int_equal(receive(s, 65534, 0), ERR_EXISTS);
	assert_int_equal(receive(s, 1, 0), ERR_EXISTS);
	assert_int_equal(receive(s, 2, 0), ERR_AUTH); /* the counter has moved on */
	assert_int_equal(receive(s, 2, 1), OK);
	srtp_session_free(&s);
}

static void every_flipped_octet_shows(void **state)
{
	struct srtp_session *s = session(&vector_key, false);
	uint8_t good[ROOM], packet[ROOM];
	size_t len = make_rtp(good, SSRC, 7), n;

	(void)state;
	len = peer_protect_rtp(vector_key.bytes, 0, good, len);
	for (size_t i = 12; i < len; i++) {
		memcpy(packet, good, len);
		packet[i] ^= 0x10;
		n = len;
		assert_int_equal(srtp_session_unprotect(s, packet, &n, false), ERR_AUTH);
		assert_int_equal(n, len);
	}
	assert_int_equal(srtp_session_unprotect(s, good, &len, false), OK);
	srtp_session_free(&s);
}

static void wrong_key_and_plain_are_refused(void **state)
{
	struct srtp_key other = vector_key;
	struct srtp_session *s;
	uint8_t packet[ROOM];
	size_t len;

	(void)state;
	other.bytes[29] ^= 1; /* the salt counts as well */
	s = session(&other, false);
	assert_int_equal(receive(s, 1, 0), ERR_AUTH);
	len = make_rtp(packet, SSRC, 1);
	assert_int_equal(srtp_session_unprotect(s, packet, &len, false), ERR_AUTH);
	for (len = 0; len < 22; len++) {
		size_t n = len;

		make_rtp(packet, SSRC, 1);
		assert_int_not_equal(srtp_session_unprotect(s, packet, &n, false), OK);
		n = len;
		make_rtcp(packet, SSRC);
		assert_int_not_equal(srtp_session_unprotect(s, packet, &n, true), OK);
	}
	srtp_session_free(&s);
}

static void protect_wants_room(void **state)
{
	struct srtp_session *s = session(&vector_key, true);
	uint8_t packet[ROOM];
	size_t len = make_rtp(packet, SSRC, 1);

	(void)state;
	assert_int_equal(srtp_session_protect(s, packet, &len, len + 9, false), ERR_LIMIT);
	assert_int_equal(len, TEST_RTP_LEN);
	assert_int_equal(srtp_session_protect(s, packet, &len, len + 10, false), OK);
	len = make_rtcp(packet, SSRC);
	assert_int_equal(srtp_session_protect(s, packet, &len, len + 13, true), ERR_LIMIT);
	assert_int_equal(srtp_session_protect(s, packet, &len, len + 14, true), OK);
	len = 11;
	assert_int_equal(srtp_session_protect(s, packet, &len, ROOM, false), ERR_SYNTAX);
	srtp_session_free(&s);
}

/* RFC 3711 9.1: one key stream, one packet. */
static void key_stream_is_used_once(void **state)
{
	struct srtp_session *s = session(&vector_key, true);
	uint8_t packet[ROOM];
	size_t len;

	(void)state;
	for (uint16_t seq = 10; seq > 0; seq--) { /* out of order is fine */
		len = make_rtp(packet, SSRC, seq);
		assert_int_equal(srtp_session_protect(s, packet, &len, ROOM, false), OK);
	}
	len = make_rtp(packet, SSRC, 5);
	packet[20] ^= 1;
	assert_int_equal(srtp_session_protect(s, packet, &len, ROOM, false), ERR_EXISTS);
	srtp_session_free(&s);
}

static void sources_are_bounded(void **state)
{
	struct srtp_session *out = session(&vector_key, true), *in = session(&vector_key, false);
	const uint32_t all = SRTP_SSRCS_MAX + SRTP_SPENT_MAX - 1; /* beside SSRC */
	uint8_t packet[ROOM];
	size_t len;

	(void)state;
	/* What fails authentication takes no place. */
	for (uint32_t ssrc = 0; ssrc < 1000; ssrc++) {
		len = make_rtp(packet, ssrc, 1);
		assert_int_equal(srtp_session_unprotect(in, packet, &len, false), ERR_AUTH);
	}
	for (uint32_t ssrc = 1; ssrc <= all + 1; ssrc++) {
		len = make_rtp(packet, ssrc, 1);
		assert_int_equal(srtp_session_protect(out, packet, &len, ROOM, false),
		                 ssrc <= all ? OK : ERR_LIMIT);
		len = make_rtp(packet, ssrc, 1);
		len = peer_protect_rtp(vector_key.bytes, 0, packet, len);
		assert_int_equal(srtp_session_unprotect(in, packet, &len, false), OK);
		/* What made room never comes again: its key stream would. */
		len = make_rtp(packet, 1, 2);
		if (ssrc > SRTP_SSRCS_MAX)
			assert_int_equal(srtp_session_protect(out, packet, &len, ROOM, false),
			                 ERR_LIMIT);
		/* One that speaks all the time makes no room. */
		len = make_rtp(packet, SSRC, (uint16_t)ssrc);
		assert_int_equal(srtp_session_protect(out, packet, &len, ROOM, false), OK);
	}
	len = make_rtcp(packet, SRTP_SPENT_MAX); /* in RTCP neither */
	assert_int_equal(srtp_session_protect(out, packet, &len, ROOM, true), ERR_LIMIT);
	/* The known ones go on, in RTCP as well. */
	len = make_rtp(packet, SRTP_SPENT_MAX + 1, 2);
	assert_int_equal(srtp_session_protect(out, packet, &len, ROOM, false), OK);
	len = make_rtcp(packet, all);
	assert_int_equal(srtp_session_protect(out, packet, &len, ROOM, true), OK);
	srtp_session_free(&out);
	srtp_session_free(&in);
}

static const enum srtp_suite all_suites[] = { SRTP_AES_CM_128_HMAC_SHA1_80,
	                                      SRTP_AES_CM_128_HMAC_SHA1_32,
	                                      SRTP_AES_256_CM_HMAC_SHA1_80,
	                                      SRTP_AES_256_CM_HMAC_SHA1_32,
	                                      SRTP_AES_CM_256_HMAC_SHA1_80,
	                                      SRTP_AES_CM_256_HMAC_SHA1_32,
	                                      SRTP_GCM_128,
	                                      SRTP_GCM_256 };

/* What one protects the other takes, once, unchanged, and in no other suite. */
static void each_suite_there_and_back(void **state)
{
	static const size_t tags[][2] = { { 10, 14 }, { 4, 14 }, { 10, 14 }, { 4, 14 },
		                          { 10, 14 }, { 4, 14 }, { 16, 20 }, { 16, 20 } };

	(void)state;
	assert_int_equal(ARRAY_LEN(all_suites), SRTP_NSUITES - 1);
	for (size_t i = 0; i < ARRAY_LEN(all_suites); i++) {
		enum srtp_suite suite = all_suites[i];
		struct srtp_session *out, *in;
		struct srtp_key key;

		assert_int_equal(srtp_suite_from_name(srtp_suite_name(suite)), suite);
		assert_true(srtp_key_len(suite) <= SRTP_KEY_MAX);
		srtp_key_generate(&key);
		for (unsigned mki = 0; mki <= 4; mki += 4) {
			uint8_t plain[ROOM], packet[ROOM], flipped[ROOM];

			key.mki_len = (uint8_t)mki;
			memcpy(key.mki, "\1\2\3\4", 4);
			if (mki && !srtp_suite_has_long_tags(suite)) {
				assert_int_equal(srtp_session_new(&out, suite, &key, true),
				                 ERR_UNSUPPORTED);
				continue;
			}
			assert_int_equal(srtp_session_new(&out, suite, &key, true), OK);
			assert_int_equal(srtp_session_new(&in, suite, &key, false), OK);
			for (unsigned rtcp = 0; rtcp < 2; rtcp++) {
				size_t plain_len =
				           rtcp ? make_rtcp(plain, SSRC) : make_rtp(plain, SSRC, 1),
				       len = plain_len;

				memcpy(packet, plain, len);
				assert_int_equal(
				    srtp_session_protect(out, packet, &len, ROOM, rtcp), OK);
				assert_int_equal(len, plain_len + tags[i][rtcp] + mki);
				if (!rtcp)
					assert_memory_not_equal(packet + 12, plain + 12,
					                        plain_len - 12);
				memcpy(flipped, packet, len);
				flipped[rtcp ? plain_len : plain_len - 1] ^= 1;
				assert_int_equal(
				    srtp_session_unprotect(in, flipped, &(size_t){ len }, rtcp),
				    ERR_AUTH);
				assert_int_equal(srtp_session_unprotect(in, packet, &len, rtcp),
				                 OK);
				assert_int_equal(len, plain_len);
				assert_memory_equal(packet, plain, len);
			}
			srtp_session_free(&out);
			srtp_session_free(&in);
		}
	}
}

/* As a peer sends that goes on for so many packets without us. */
static uint32_t go_on(struct srtp_session *out, uint32_t index, unsigned steps)
{
	uint8_t packet[ROOM];

	for (unsigned i = 0; i < steps; i++) {
		size_t len = make_rtp(packet, SSRC, (uint16_t)(index += 30000));

		assert_int_equal(srtp_session_protect(out, packet, &len, ROOM, false), OK);
	}
	return index;
}

static enum err hand_over(struct srtp_session *out, struct srtp_session *in, uint32_t index)
{
	uint8_t plain[ROOM], packet[ROOM];
	size_t len = make_rtp(plain, SSRC, (uint16_t)index);
	enum err err;

	memcpy(packet, plain, len);
	assert_int_equal(srtp_session_protect(out, packet, &len, ROOM, false), OK);
	err = srtp_session_unprotect(in, packet, &len, false);
	if (!err) {
		assert_int_equal(len, TEST_RTP_LEN);
		assert_memory_equal(packet, plain, len);
	}
	return err;
}

/* RFC 3711 3.3.1: the counter is that of the source, whatever we missed of it. */
static void counters_ahead_are_found(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(all_suites); i++) {
		struct srtp_session *out, *in;
		struct srtp_key key;
		uint32_t index = 7;

		srtp_key_generate(&key);
		assert_int_equal(srtp_session_new(&out, all_suites[i], &key, true), OK);
		assert_int_equal(srtp_session_new(&in, all_suites[i], &key, false), OK);
		for (unsigned times = 0; times < 2; times++) { /* a new source, a known one */
			index = go_on(out, index, 9);
			assert_int_equal(hand_over(out, in, ++index), ERR_AUTH);
			for (unsigned k = 0; k < 3; k++)
				assert_int_equal(hand_over(out, in, ++index), OK);
		}
		srtp_session_free(&out);
		srtp_session_free(&in);
	}
}

/* What others send costs little, and cannot hide the peer for long. */
static void looking_ahead_is_bounded(void **state)
{
	struct srtp_session *in = session(&vector_key, false);
	uint8_t packet[ROOM];
	unsigned n = 0;

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		size_t len = make_rtp(packet, SSRC, (uint16_t)i);

		assert_int_equal(srtp_session_unprotect(in, packet, &len, false), ERR_AUTH);
	}
	while (receive(in, (uint16_t)n, 2) && n < 1000)
		n++;
	assert_in_range(n, 1, 256);
	assert_int_equal(receive(in, (uint16_t)(n + 1), 2), OK);
	assert_int_equal(receive(in, (uint16_t)n, 2), ERR_EXISTS);
	srtp_session_free(&in);
	in = session(&vector_key, false);
	for (uint16_t seq = 0; seq < 300; seq++) /* too far */
		assert_int_equal(receive(in, seq, 65), ERR_AUTH);
	srtp_session_free(&in);
	in = session(&vector_key, false);
	assert_int_equal(receive(in, 1, 64), ERR_AUTH);
	assert_int_equal(receive(in, 2, 64), OK);
	for (uint16_t seq = 3; seq < 300; seq++) /* never back */
		assert_int_equal(receive(in, seq, 63), ERR_AUTH);
	assert_int_equal(receive(in, 300, 64), OK);
	for (n = 1; n < 300 && receive(in, (uint16_t)n, 66); n++) /* but on from there */
		;
	assert_in_range(n, 2, 257);
	srtp_session_free(&in);
}

/* RFC 6188 7.2: what a 256 bit master key becomes; RFC 7714 8.1, 9.1: the IV, and what is in the
 * tag. By hand on OpenSSL, from the text. */
static void big_keys_as_the_rfcs_say(void **state)
{
	static const uint8_t master[46] = { 0xf0, 0xf0, 0x49, 0x14, 0xb5, 0x13, 0xf2, 0x76,
		                            0x3a, 0x1b, 0x1f, 0xa1, 0x30, 0xf1, 0x0e, 0x29,
		                            0x98, 0xf6, 0xf6, 0xe4, 0x3e, 0x43, 0x09, 0xd1,
		                            0xe6, 0x22, 0xa0, 0xe3, 0x32, 0xb9, 0xf1, 0xb6,
		                            0x3b, 0x04, 0x80, 0x3d, 0xe5, 0x1e, 0xe7, 0xc9,
		                            0x64, 0x23, 0xab, 0x5b, 0x78, 0xd2 };
	static const uint8_t session_key[32] = { 0x5b, 0xa1, 0x06, 0x4e, 0x30, 0xec, 0x51, 0x61,
		                                 0x3c, 0xad, 0x92, 0x6c, 0x5a, 0x28, 0xef, 0x73,
		                                 0x1e, 0xc7, 0xfb, 0x39, 0x7f, 0x70, 0xa9, 0x60,
		                                 0x65, 0x3c, 0xaf, 0x06, 0x55, 0x4c, 0xd8, 0xc4 };
	uint8_t derived[32], plain[ROOM], packet[ROOM], wanted[ROOM], iv[16] = { 0 };
	struct srtp_key key = { .mki_len = 0 };
	struct srtp_session *s;
	size_t len = make_rtp(plain, SSRC, 1), sealed = len;
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	uint8_t salt[16] = { 0 };
	int n;

	(void)state;
	memset(derived, 0, sizeof(derived));
	memcpy(iv, master + 32, 14);
	assert_int_equal(EVP_EncryptInit_ex(c, EVP_aes_256_ctr(), NULL, master, iv), 1);
	assert_int_equal(EVP_EncryptUpdate(c, derived, &n, derived, sizeof(derived)), 1);
	assert_memory_equal(derived, session_key, sizeof(session_key));
	/* AEAD_AES_256_GCM has the same key, with a salt of 12 octets. */
	memcpy(key.bytes, master, 44);
	memset(iv, 0, sizeof(iv));
	memcpy(iv, master + 32, 12);
	memset(derived, 0, sizeof(derived));
	assert_int_equal(EVP_EncryptInit_ex(c, EVP_aes_256_ctr(), NULL, master, iv), 1);
	assert_int_equal(EVP_EncryptUpdate(c, derived, &n, derived, sizeof(derived)), 1);
	iv[7] ^= 2;
	assert_int_equal(EVP_EncryptInit_ex(c, EVP_aes_256_ctr(), NULL, master, iv), 1);
	assert_int_equal(EVP_EncryptUpdate(c, salt, &n, salt, 12), 1);
	for (unsigned i = 0; i < 4; i++)
		salt[2 + i] ^= plain[8 + i];
	salt[11] ^= 1; /* of ROC 0 and seq 1 */
	memcpy(wanted, plain, len);
	assert_int_equal(EVP_EncryptInit_ex(c, EVP_aes_256_gcm(), NULL, derived, salt), 1);
	assert_int_equal(EVP_EncryptUpdate(c, NULL, &n, plain, 12), 1);
	assert_int_equal(EVP_EncryptUpdate(c, wanted + 12, &n, plain + 12, (int)len - 12), 1);
	assert_int_equal(EVP_EncryptFinal_ex(c, wanted + len, &n), 1);
	assert_int_equal(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, 16, wanted + len), 1);
	memcpy(packet, plain, len);
	assert_int_equal(srtp_session_new(&s, SRTP_GCM_256, &key, true), OK);
	assert_int_equal(srtp_session_protect(s, packet, &sealed, ROOM, false), OK);
	assert_int_equal(sealed, len + 16);
	assert_memory_equal(packet, wanted, sealed);
	srtp_session_free(&s);
	EVP_CIPHER_CTX_free(c);
}

static void keys_of_one_seed(void **state)
{
	struct srtp_key seed, a, b, other;

	(void)state;
	srtp_key_generate(&seed);
	srtp_key_derive(&seed, SRTP_GCM_256, &a);
	srtp_key_derive(&seed, SRTP_GCM_256, &b);
	assert_memory_equal(&a, &b, sizeof(a));
	srtp_key_derive(&seed, SRTP_GCM_128, &b);
	assert_memory_not_equal(a.bytes, b.bytes, 16);
	assert_memory_not_equal(a.bytes, seed.bytes, 16);
	srtp_key_generate(&seed);
	srtp_key_derive(&seed, SRTP_GCM_256, &other);
	assert_memory_not_equal(a.bytes, other.bytes, 16);
}

static void none_has_no_session(void **state)
{
	struct srtp_session *s = NULL;

	(void)state;
	assert_int_equal(srtp_session_new(&s, SRTP_NONE, &vector_key, true), ERR_UNSUPPORTED);
	assert_null(s);
	srtp_session_free(&s);
}

static void make_session(void *arg)
{
	struct srtp_session *s = NULL;

	(void)arg;
	if (srtp_session_new(&s, SUITE, &vector_key, true) == OK)
		srtp_session_free(&s);
	assert_null(s);
}

static void change_sources(void *arg)
{
	struct srtp_session *out = NULL, *in = NULL;
	uint8_t packet[ROOM];

	(void)arg;
	if (!srtp_session_new(&out, SUITE, &vector_key, true) &&
	    !srtp_session_new(&in, SUITE, &vector_key, false)) {
		for (uint32_t ssrc = 1; ssrc < SRTP_SSRCS_MAX + 3; ssrc++) {
			size_t len = make_rtp(packet, ssrc, 1);

			if (srtp_session_protect(out, packet, &len, ROOM, false))
				break;
		}
		if (receive(in, 1, 1))
			assert_in_range(receive(in, 2, 1), OK, ERR_AUTH);
	}
	srtp_session_free(&out);
	srtp_session_free(&in);
}

static void survives_without_memory(void **state)
{
	(void)state;
	assert_true(each_allocation_fails(change_sources, NULL) > 1);
	assert_true(each_allocation_fails(make_session, NULL) > 1);
}

static void library_is_counted(void **state)
{
	(void)state;
	assert_int_equal(srtp_library_open(), OK);
	srtp_library_close();
	make_session(NULL);
}

static unsigned warnings;

static void hear(void *arg, enum log_level level, const char *line)
{
	(void)arg;
	warnings += level == LOG_WARN && strstr(line, "OpenSSL cannot serve") != NULL;
}

/* Its ciphers passed the library's self tests; were they to fail, it would be said, and the
 * library's own would serve. */
static void openssl_does_the_arithmetic(void **state)
{
	(void)state;
	srtp_library_close();
	log_capture(hear, NULL);
	warnings = 0;
	assert_int_equal(srtp_library_open(), OK);
	assert_int_equal(warnings, 0);
	srtp_library_close();
	mem_fail_nth(1);
	assert_int_equal(srtp_library_open(), OK);
	assert_int_equal(mem_has_failed(), 1);
	mem_fail_nth(0);
	assert_int_equal(warnings, 1);
	protects_as_the_rfc_says(NULL);
	srtp_library_close();
	log_capture(NULL, NULL);
	assert_int_equal(srtp_library_open(), OK);
}

static int open_library(void **state)
{
	(void)state;
	return srtp_library_open() == OK ? 0 : -1;
}

static int close_library(void **state)
{
	(void)state;
	srtp_library_close();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(peer_meets_the_vectors),
		cmocka_unit_test(suites_by_name),
		cmocka_unit_test(keys_are_new_each_time),
		cmocka_unit_test(protects_as_the_rfc_says),
		cmocka_unit_test(unprotects_as_the_rfc_says),
		cmocka_unit_test(rtcp_as_the_rfc_says),
		cmocka_unit_test(replays_are_refused),
		cmocka_unit_test(reordered_over_the_wrap),
		cmocka_unit_test(every_flipped_octet_shows),
		cmocka_unit_test(wrong_key_and_plain_are_refused),
		cmocka_unit_test(protect_wants_room),
		cmocka_unit_test(key_stream_is_used_once),
		cmocka_unit_test(sources_are_bounded),
		cmocka_unit_test(each_suite_there_and_back),
		cmocka_unit_test(counters_ahead_are_found),
		cmocka_unit_test(looking_ahead_is_bounded),
		cmocka_unit_test(big_keys_as_the_rfcs_say),
		cmocka_unit_test(keys_of_one_seed),
		cmocka_unit_test(none_has_no_session),
		cmocka_unit_test(survives_without_memory),
		cmocka_unit_test(library_is_counted),
		cmocka_unit_test(openssl_does_the_arithmetic),
	};

	return cmocka_run_group_tests(tests, open_library, close_library);
}
