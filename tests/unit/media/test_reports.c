/* media/reports.c and rtcp.c: what one writes, another reads. */
#include "media/reports.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>
#define WALL_US 1700000000250000U

static struct quality stream(uint32_t ssrc)
{
	struct quality q = { 0 };

	for (uint16_t seq = 1; seq <= 10; seq++) {
		const struct rtp_header h = { .seq = seq, .timestamp = seq * 160U, .ssrc = ssrc };

		quality_received(&q, &h, 1000000 + seq * 20000U);
	}
	return q;
}

static uint32_t word(const uint8_t *packet, size_t at)
{
	return (uint32_t)packet[at] << 24 | (uint32_t)packet[at + 1] << 16 |
	       (uint32_t)packet[at + 2] << 8 | packet[at + 3];
}

static struct rtcp_said said_in(const uint8_t *packet, size_t len)
{
	struct rtcp_said said;

	assert_int_equal(rtcp_read(&said, packet, len), OK);
	return said;
}

static void sends_what_came_and_went(void **state)
{
	struct rtp_header h = { .ssrc = 0xabcd, .timestamp = 16000, .payload_len = 160 };
	struct quality q = stream(0x77), none = { 0 };
	struct reports r = { 0 };
	uint8_t packet[RTCP_REPORT_MAX];
	size_t len;

	(void)state;
	len = reports_write(&r, &none, 5, packet, 2000000, WALL_US);
	assert_false(said_in(packet, len).is_sender);
	assert_int_equal(packet[1], 201);
	assert_int_equal(packet[0], 0x80);
	assert_int_equal(word(packet, 4), 5);

	for (unsigned i = 0; i < 3; i++)
		reports_rtp_goes(&r, &h, 8000, 1000);
	len = reports_write(&r, &q, 5, packet, 2000000, WALL_US);
	assert_true(len <= RTCP_REPORT_MAX);
	assert_true(said_in(packet, len).is_sender);
	assert_int_equal(packet[1], 200);
	assert_int_equal(packet[0], 0x81);
	assert_int_equal(word(packet, 4), 0xabcd);
	assert_int_equal(word(packet, 8), 1700000000 + 2208988800U);
	assert_int_equal(word(packet, 12), 0x40000000); /* a quarter */
	assert_int_equal(word(packet, 16), 16000 + 8000);
	assert_int_equal(word(packet, 20), 3);
	assert_int_equal(word(packet, 24), 480);
	assert_int_equal(word(packet, 28), 0x77);
	assert_int_equal(word(packet, 36), 10);
	assert_int_equal(word(packet, 44), 0); /* no SR came yet */
}

/* RFC 3550 6.4.1: an SR counts since its SSRC began. */
static void a_new_source_counts_anew(void **state)
{
	struct rtp_header h = { .ssrc = 1, .payload_len = 160 };
	struct quality none = { 0 };
	struct reports r = { 0 };
	uint8_t packet[RTCP_REPORT_MAX];

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		reports_rtp_goes(&r, &h, 8000, 1000);
	h.ssrc = 2;
	reports_rtp_goes(&r, &h, 8000, 1000);
	reports_write(&r, &none, 5, packet, 2000000, WALL_US);
	assert_int_equal(word(packet, 4), 2);
	assert_int_equal(word(packet, 20), 1);
	assert_int_equal(word(packet, 24), 160);
}

/* RFC 3550 6.5.1: of a source whose veiled name was shown, our report shows the same. */
static void a_source_keeps_its_name(void **state)
{
	struct rtp_header h = { .ssrc = 0x0a0b0c0d };
	struct quality none = { 0 };

	(void)state;
	for (unsigned n = 0; n < 256; n++) {
		struct reports r = { 0 };
		uint8_t own[RTCP_REPORT_MAX],
		    theirs[8 + 12 + 256 + 4] = { 0x80, 201, 0, 1,  10, 11, 12, 13, 0x81,
			                         202,  0,   0, 10, 11, 12, 13, 1 };
		size_t len = 18 + n + 1, at = 28;

		len += (4 - len % 4) % 4;
		theirs[11] = (uint8_t)((len - 8) / 4 - 1);
		theirs[17] = (uint8_t)n;
		memset(theirs + 18, '@', n);
		rtcp_hide_names(theirs, len, 7, &r.name);
		reports_rtp_goes(&r, &h, 8000, 1000);
		assert_true(reports_write(&r, &none, 5, own, 2000000, WALL_US) <= sizeof(own));
		assert_int_equal(own[at + 1], 202);
		assert_int_equal(word(own, at + 4), h.ssrc);
		assert_int_equal(own[at + 9], n ? n : 8);
		if (n)
			assert_memory_equal(own + at + 10, theirs + 18, n);
		/* Another source has another name. */
		h.ssrc++;
		reports_rtp_goes(&r, &h, 8000, 1000);
		reports_write(&r, &none, 5, own, 2000000, WALL_US);
		assert_int_equal(own[at + 9], 8);
		h.ssrc--;
	}
}

/* A and B, half a second apart, B answers after a second. */
static void round_trip_is_what_was_not_held(void **state)
{
	struct reports a = { 0 }, b = { 0 };
	struct rtp_header h = { .ssrc = 1 };
	struct quality q = stream(2), of_b = stream(3);
	uint8_t packet[RTCP_REPORT_MAX];
	struct rtcp_said said;
	uint32_t took_us;
	size_t len;

	(void)state;
	reports_rtp_goes(&a, &h, 8000, 0);
	len = reports_write(&a, &q, 9, packet, 10000000, WALL_US);
	said = said_in(packet, len);
	assert_int_equal(reports_came(&b, &said, 500000), 0);
	len = reports_write(&b, &of_b, 9, packet, 1500000, WALL_US);
	said = said_in(packet, len);
	took_us = reports_came(&a, &said, 12000000);
	assert_in_range(took_us, 999900, 1000100);
	/* One that answers another SR, or says that it held it longer than it was away. */
	assert_int_equal(reports_came(&a, &said, 10500000), 0);
	a.to_middle++;
	assert_int_equal(reports_came(&a, &said, 12000000), 0);
}

static void compound_packets_add_up(void **state)
{
	/* A receiver report and a goodbye. */
	uint8_t packet[16] = { 0x80, 201, 0, 1, 1, 2, 3, 4, 0x81, 203, 0, 1, 1, 2, 3, 4 };
	struct rtcp_said said = { .dlsr = 7 };

	(void)state;
	for (size_t len = 0; len < 16; len++) {
		if (len != 8)
			assert_int_equal(rtcp_read(&said, packet, len), ERR_SYNTAX);
	}
	packet[11] = 2;
	assert_int_equal(rtcp_read(&said, packet, 16), ERR_SYNTAX);
	packet[11] = 1;
	packet[8] = 0x41;
	assert_int_equal(rtcp_read(&said, packet, 16), ERR_SYNTAX);
	packet[8] = 0x81;
	packet[9] = 0;
	assert_int_equal(rtcp_read(&said, packet, 16), ERR_SYNTAX);
	assert_int_equal(said.dlsr, 7); /* written on success only */
	packet[9] = 203;
	assert_int_equal(rtcp_read(&said, packet, 16), OK);
	assert_int_equal(rtcp_read(&said, packet, 8), OK);
	assert_int_equal(said.dlsr, 0);
}

static void lies_are_read_no_further(void **state)
{
	static const uint8_t sr_too_short[] = { 0x81, 200, 0, 1, 0, 0, 0, 1 };
	static const uint8_t no_block[] = { 0x9f, 201, 0, 1, 0, 0, 0, 1 };
	static const uint8_t app[] = { 0x80, 204, 0, 1, 0, 0, 0, 1 };

	(void)state;
	assert_false(said_in(sr_too_short, sizeof(sr_too_short)).is_sender);
	assert_int_equal(said_in(no_block, sizeof(no_block)).lsr, 0);
	assert_int_equal(said_in(app, sizeof(app)).lsr, 0);
}

/* Of every length that a name may claim, and of more sources than there are: none of it goes on. */
static void names_that_lie_are_hidden_all_the_same(void **state)
{
	struct rtcp_name name = { 0 };

	(void)state;
	for (unsigned n = 0; n < 256; n++) {
		uint8_t sdes[] = { 0x9f, 202, 0, 2, 0, 0, 0, 1, 1, (uint8_t)n, '@', '@' };
		uint8_t bye[] = { 0x81, 203, 0, 2, 0, 0, 0, 1, (uint8_t)n, '@', '@', '@' };
		uint8_t end[] = { 0x82, 202, 0, 2, 0, 0, 0, 1, 0, 0, 0, (uint8_t)n };

		rtcp_hide_names(sdes, sizeof(sdes), n, &name);
		assert_null(memchr(sdes, '@', sizeof(sdes)));
		rtcp_hide_names(bye, sizeof(bye), n, &name);
		assert_null(memchr(bye, '@', sizeof(bye)));
		assert_int_equal(bye[8], n < 4 ? n : 3);
		rtcp_hide_names(end, sizeof(end), n, &name);
		assert_int_equal(end[11], n);
	}
}

/* What stands behind the chunks that it counts, or behind a reason; the count of padding stays (RFC
 * 3550 6.4.1). */
static void what_is_not_counted_is_hidden(void **state)
{
	uint8_t sdes[] = { 0x80, 202, 0, 3, 0, 0, 0, 1, 1, 2, '@', '@', 0, 0, 0, 0 };
	uint8_t bye[] = { 0xa0, 203, 0, 2, 1, ' ', '@', '@', '@', '@', '@', 4 };
	struct rtcp_name name = { 0 };

	(void)state;
	rtcp_hide_names(sdes, sizeof(sdes), 1, &name);
	assert_null(memchr(sdes, '@', sizeof(sdes)));
	rtcp_hide_names(bye, sizeof(bye), 1, &name);
	assert_null(memchr(bye, '@', sizeof(bye)));
	assert_int_equal(bye[11], 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sends_what_came_and_went),
		cmocka_unit_test(a_new_source_counts_anew),
		cmocka_unit_test(a_source_keeps_its_name),
		cmocka_unit_test(round_trip_is_what_was_not_held),
		cmocka_unit_test(compound_packets_add_up),
		cmocka_unit_test(lies_are_read_no_further),
		cmocka_unit_test(names_that_lie_are_hidden_all_the_same),
		cmocka_unit_test(what_is_not_counted_is_hidden),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
