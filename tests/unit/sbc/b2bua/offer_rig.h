/* What the tests of offers share: two realms on the loopback, a peer on each side, and packets that
 * prove where the media goes. */
#ifndef TESTS_UNIT_SBC_B2BUA_OFFER_RIG_H
#define TESTS_UNIT_SBC_B2BUA_OFFER_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/log.h"
#include "sbc/b2bua/offer.h"
#include "sbc/sip/message.h"
#include "sbc/sip/sdp.h"
#include "tests/unit/alloc.h"
#include "tests/unit/loopback.h"
#include "tests/unit/media/srtp_peer.h"
#include "tests/unit/media/udp.h"

#define ROOM    (RTP_PACKET_MAX + SRTP_TRAILER_MAX)
#define SSRC    0x1234abcd
#define KEY_LEN 30
#define SUITE   "AES_CM_128_HMAC_SHA1_80"
/* base64 of 0..., for the caller's and the callee's description */
#define KEY_A  "MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1ub3BxcnN0"
#define KEY_B  "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNk"
#define KEY_16 "MDEyMzQ1Njc4OWFiY2RlZg=="
#define HOST   "127.0.0.1"
#define HEAD   "v=0\r\no=- 1 1 IN IP4 " HOST "\r\ns=-\r\nc=IN IP4 " HOST "\r\nt=0 0\r\n"
#define CRYPTO "a=crypto:1 " SUITE " inline:"

static const uint8_t key_a[] = "0123456789abcdefghijklmnopqrst";
static const uint8_t key_b[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcd";

static struct {
	struct loop *loop;
	struct media *media;
	struct media_realm *in, *out, *tiny;
	struct addr in_shown, out_shown;
	struct offer *offer;
	struct offer_problem problem;
	struct buf to_callee, to_caller;
	struct udp caller, callee;
} t;

static inline enum err add_realm(uint16_t low, uint16_t high, struct media_realm **out)
{
	struct media_realm_cfg cfg = {
		.name = "test", .port_low = low, .port_high = high, .latch.rule = SOURCE_LATCH
	};

	assert_int_equal(addr_parse(&cfg.address, own_loopback()), OK);
	return media_add_realm(t.media, &cfg, out);
}

static inline int begin_all(void **state)
{
	(void)state;
	message_library_open();
	log_set_level(LOG_ERROR);
	if (loop_new(&t.loop) || media_new(&t.media, t.loop, 1, 0) ||
	    addr_parse(&t.in_shown, "203.0.113.1") || addr_parse(&t.out_shown, "203.0.113.2"))
		return -1;
	return add_realm(28000, 28999, &t.in) || add_realm(29000, 29999, &t.out) ||
	               add_realm(27990, 27991, &t.tiny)
	           ? -1
	           : 0;
}

static inline int end_all(void **state)
{
	(void)state;
	media_free(&t.media);
	loop_free(&t.loop);
	return 0;
}

static inline int begin(void **state)
{
	(void)state;
	buf_init(&t.to_callee, MESSAGE_MAX);
	buf_init(&t.to_caller, MESSAGE_MAX);
	memset(&t.problem, 0, sizeof(t.problem));
	t.caller = udp_open_at(HOST);
	t.callee = udp_open_at(HOST);
	return 0;
}

static inline int end(void **state)
{
	(void)state;
	offer_close(&t.offer);
	buf_free(&t.to_callee);
	buf_free(&t.to_caller);
	udp_close(&t.caller);
	udp_close(&t.callee);
	return 0;
}

static inline struct offer_side side_in(enum srtp_mode srtp)
{
	return (struct offer_side){ .media = t.in, .shown = t.in_shown, .srtp = srtp };
}

static inline struct offer_side side_out(enum srtp_mode srtp)
{
	return (struct offer_side){ .media = t.out, .shown = t.out_shown, .srtp = srtp };
}

static inline enum err try_offer(enum srtp_mode caller, enum srtp_mode callee, const char *sdp)
{
	const struct offer_cfg cfg = { .id = "7f3a",
		                       .media = t.media,
		                       .sides = { side_in(caller), side_out(callee) } };
	enum err err;

	offer_close(&t.offer);
	t.problem.status = 500;
	err = offer_new(&t.offer, &cfg);
	return err ? err
	           : offer_make(t.offer, SIDE_CALLER, sdp, strlen(sdp), &t.to_callee, &t.problem);
}

static inline enum err try_answer(const char *sdp)
{
	buf_free(&t.to_caller);
	buf_init(&t.to_caller, MESSAGE_MAX);
	return offer_answer(t.offer, sdp, strlen(sdp), &t.to_caller, &t.problem);
}

/* A description with one audio line of u's, with more behind it. */
static inline const char *audio(const struct udp *u, const char *proto, const char *more)
{
	static char text[1024];

	snprintf(text, sizeof(text), HEAD "m=audio %u %s 0\r\n%s", addr_port(&u->addr), proto,
	         more);
	return text;
}

/* The n-th m-line. */
static const char *line_at(const struct buf *sdp, unsigned n)
{
	const char *at = sdp->data;

	for (unsigned i = 0; i <= n; i++) {
		at = strstr(i ? at + 1 : at, "m=");
		assert_non_null(at);
	}
	return at;
}

static inline void line_is(const struct buf *sdp, unsigned n, const char *begins)
{
	const char *at = line_at(sdp, n);

	if (strncmp(at, begins, strlen(begins)) != 0)
		fail_msg("line %u is not \"%s\" in\n%s", n, begins, sdp->data);
}

/* Where the n-th m-line says to send to; on the loopback, not as advertised. */
static inline struct addr door_of(const struct buf *sdp, unsigned n)
{
	struct addr a;

	assert_int_equal(addr_parse(&a, own_loopback()), OK);
	addr_set_port(&a, (uint16_t)strtoul(strchr(line_at(sdp, n), ' '), NULL, 10));
	assert_true(addr_port(&a) > 0);
	return a;
}

/* The key in a description of ours, which has one. */
static inline void key_of(const struct buf *sdp, uint8_t key[KEY_LEN])
{
	const char *at = strstr(sdp->data, "inline:");

	assert_non_null(at);
	assert_null(strstr(at + 1, "inline:"));
	assert_int_equal(strcspn(at + 7, "\r\n"), 40);
	assert_int_equal(EVP_DecodeBlock(key, (const unsigned char *)at + 7, 40), KEY_LEN);
}

/* from sends a packet, protected where key is set; to gets it protected with the other key where
 * that is set. index: of SRTP, the sequence number with the roll-over counter before it. */
static inline void crosses_at(const struct udp *from, const struct addr *door, const uint8_t *key,
                              const struct udp *to, const uint8_t *to_key, uint32_t index)
{
	uint8_t plain[ROOM], sent[ROOM], wanted[ROOM], got[ROOM];
	size_t len = make_rtp(plain, SSRC, (uint16_t)index), sent_len = len, wanted_len = len;

	memcpy(sent, plain, len);
	memcpy(wanted, plain, len);
	if (key)
		sent_len = peer_protect_rtp(key, index >> 16, sent, len);
	if (to_key)
		wanted_len = peer_protect_rtp(to_key, index >> 16, wanted, len);
	udp_send(from, door, sent, sent_len);
	do {
		len = udp_recv(to, got, sizeof(got), NULL);
	} while (len < wanted_len); /* a primer */
	assert_int_equal(len, wanted_len);
	assert_memory_equal(got, wanted, wanted_len);
}

static inline void crosses(const struct udp *from, const struct addr *door, const uint8_t *key,
                           const struct udp *to, const uint8_t *to_key, uint16_t seq)
{
	crosses_at(from, door, key, to, to_key, seq);
}

/* An exchange's texts, one for each reader. */
static inline struct buf *text_for(enum media_side side)
{
	struct buf *b = side == SIDE_CALLER ? &t.to_caller : &t.to_callee;

	buf_free(b);
	buf_init(b, MESSAGE_MAX);
	return b;
}

static inline enum media_side across(enum media_side side)
{
	return side == SIDE_CALLER ? SIDE_CALLEE : SIDE_CALLER;
}

static inline enum err again(enum media_side from, const char *sdp)
{
	return offer_make(t.offer, from, sdp, strlen(sdp), text_for(across(from)), &t.problem);
}

static inline enum err answers(enum media_side from, const char *sdp)
{
	return offer_answer(t.offer, sdp, strlen(sdp), text_for(across(from)), &t.problem);
}

/* A call that stands, with these lines of the caller and the callee. */
static inline void stand(enum srtp_mode callee, const char *offer, const char *answer)
{
	if (try_offer(SRTP_OFF, callee, offer) || answers(SIDE_CALLEE, answer))
		fail_msg("%u %s", t.problem.status, t.problem.why);
	offer_settle(t.offer);
	assert_false(offer_is_open(t.offer));
}

static inline const char *lines(const char *media)
{
	static char texts[4][2048];
	static unsigned next;
	char *text = texts[next++ % 4];

	snprintf(text, sizeof(texts[0]), HEAD "%s", media);
	return text;
}

#define AUDIO       "m=audio 4000 RTP/AVP 0\r\n"
#define AUDIO_CRYPT "m=audio 4000 RTP/SAVP 0\r\n" CRYPTO KEY_B "\r\n"
#define VIDEO       "m=video 4002 RTP/AVP 96\r\na=rtpmap:96 VP8/90000\r\n"

#endif
