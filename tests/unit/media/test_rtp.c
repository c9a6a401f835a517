/* media/rtp.c */
#include "media/rtp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static void reads_what_it_writes(void **state)
{
	const struct rtp_header h = { .payload_type = 111,
		                      .marker = true,
		                      .seq = 0xfedc,
		                      .timestamp = 0x89abcdef,
		                      .ssrc = 0xdeadbeef };
	uint8_t packet[RTP_HEADER_LEN + 4] = { 0 };
	struct rtp_header got;

	(void)state;
	rtp_write(packet, &h);
	assert_int_equal(packet[0], 0x80);
	assert_int_equal(packet[1], 0x80 | 111);
	assert_int_equal(rtp_parse(&got, packet, sizeof(packet)), OK);
	assert_int_equal(got.payload_type, 111);
	assert_true(got.marker);
	assert_int_equal(got.seq, 0xfedc);
	assert_int_equal(got.timestamp, 0x89abcdef);
	assert_int_equal(got.ssrc, 0xdeadbeef);
	assert_int_equal(got.payload_at, RTP_HEADER_LEN);
	assert_int_equal(got.payload_len, 4);
}

static void finds_the_payload(void **state)
{
	/* Two CSRCs, an extension of one word, three octets of payload, two of padding. */
	uint8_t packet[12 + 8 + 8 + 5] = { 0x80 | 0x20 | 0x10 | 2 };
	struct rtp_header got;

	(void)state;
	packet[23] = 1;
	packet[sizeof(packet) - 1] = 2;
	assert_int_equal(rtp_parse(&got, packet, sizeof(packet)), OK);
	assert_int_equal(got.payload_at, 28);
	assert_int_equal(got.payload_len, 3);
	/* All of it padding is still a packet. */
	packet[sizeof(packet) - 1] = 5;
	assert_int_equal(rtp_parse(&got, packet, sizeof(packet)), OK);
	assert_int_equal(got.payload_len, 0);
}

static void refuses_lies(void **state)
{
	static const uint8_t plain[RTP_PACKET_MAX + 1] = { 0x80 };
	static const struct {
		uint8_t first, ext_words, last;
		size_t len;
	} cases[] = {
		{ 0x00, 0, 0, 20 }, /* version 0: STUN */
		{ 0x40, 0, 0, 20 }, /* version 1 */
		{ 0xc0, 0, 0, 20 }, /* version 3 */
		{ 0x8f, 0, 0, 71 }, /* 15 CSRCs are 60 octets */
		{ 0x90, 0, 0, 15 }, /* an extension has a header */
		{ 0x90, 2, 0, 23 }, /* of the length that it says */
		{ 0xa0, 0, 0, 20 }, /* no padding has no length 0 */
		{ 0xa0, 0, 9, 20 }, /* nor more than there is */
		{ 0xa0, 0, 1, 12 }, /* nor any without a payload */
	};
	struct rtp_header got = { .seq = 7 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint8_t packet[80] = { cases[i].first };

		packet[15] = cases[i].ext_words;
		if (cases[i].last)
			packet[cases[i].len - 1] = cases[i].last;
		assert_int_equal(rtp_parse(&got, packet, cases[i].len), ERR_SYNTAX);
	}
	for (size_t len = 0; len < RTP_HEADER_LEN; len++)
		assert_int_equal(rtp_parse(&got, plain, len), ERR_SYNTAX);
	assert_int_equal(rtp_parse(&got, plain, RTP_PACKET_MAX + 1), ERR_SYNTAX);
	assert_int_equal(got.seq, 7); /* written on success only */
	assert_int_equal(rtp_parse(&got, plain, RTP_PACKET_MAX), OK);
}

static void tells_rtcp_from_rtp(void **state)
{
	(void)state;
	for (unsigned marker = 0; marker < 2; marker++) {
		for (unsigned type = 0; type < 128; type++) {
			const uint8_t p[2] = { 0x80, (uint8_t)(marker << 7 | type) };

			assert_int_equal(rtp_is_rtcp(p, 2), type >= 64 && type <= 95);
			assert_false(rtp_is_rtcp(p, 1));
		}
	}
	assert_false(rtp_is_rtcp((const uint8_t[]){ 0x00, 200 }, 2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_it_writes),
		cmocka_unit_test(finds_the_payload),
		cmocka_unit_test(refuses_lies),
		cmocka_unit_test(tells_rtcp_from_rtp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
