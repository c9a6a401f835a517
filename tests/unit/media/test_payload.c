/* media/payload.c. The laws of G.711 by their definition, not by tables. */
#include "media/payload.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* ITU-T G.711 3.1, as levels of 16 bit. */
static int level_of_a(uint8_t code)
{
	int c = code ^ 0x55, segment = c >> 4 & 7, level = (c & 15) * 16 + 8;

	if (segment > 0)
		level = (level + 256) << (segment - 1);
	return code & 0x80 ? level : -level;
}

/* ITU-T G.711 3.2. */
static int level_of_mu(uint8_t code)
{
	int c = ~code, level = ((((c & 15) << 3) + 132) << (c >> 4 & 7)) - 132;

	return code & 0x80 ? level : -level;
}

static uint8_t turn(enum payload_law law, uint8_t octet)
{
	struct rtp_header h = { .payload_at = RTP_HEADER_LEN, .payload_len = 1 };
	uint8_t packet[RTP_HEADER_LEN + 1] = { 0x80 };
	struct payload_map map;

	payload_map_init(&map);
	map.law[0] = (uint8_t)law;
	assert_true(payload_map_changes(&map));
	packet[RTP_HEADER_LEN] = octet;
	payload_map_apply(&map, &h, packet);
	return packet[RTP_HEADER_LEN];
}

/* Nothing of the other law is nearer, the sign stays, and there and back changes what is loud by no
 * step and silence not at all. */
static void test_laws(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 256; i++) {
		uint8_t c = (uint8_t)i, mu = turn(LAW_TO_MU, c), a = turn(LAW_TO_A, c);
		int off_mu = abs(level_of_mu(mu) - level_of_a(c)),
		    off_a = abs(level_of_a(a) - level_of_mu(c));

		assert_int_equal(mu & 0x80, c & 0x80);
		assert_int_equal(a & 0x80, c & 0x80);
		for (unsigned k = 0; k < 128; k++) {
			uint8_t other = (uint8_t)(k | (c & 0x80));

			assert_true(abs(level_of_mu(other) - level_of_a(c)) >= off_mu);
			assert_true(abs(level_of_a(other) - level_of_mu(c)) >= off_a);
		}
		assert_true(abs(level_of_a(turn(LAW_TO_A, mu)) - level_of_a(c)) <=
		            abs(level_of_a(c)) / 16 + 16);
	}
	assert_int_equal(turn(LAW_TO_MU, 0xd5), 0xfe);
	assert_int_equal(turn(LAW_TO_A, 0xff), 0xd5);
	assert_int_equal(turn(LAW_TO_A, 0x80), 0xaa);
	assert_int_equal(turn(LAW_TO_MU, 0x2a), 0x00);
}

/* CSRCs, an extension and padding are no audio; the marker stays. */
static void test_packet(void **state)
{
	const uint8_t packet[] = { 0xb1, 0x88, 0,    1, 0, 0, 0, 2, 0, 0,    0,    3, 0, 0,
		                   0,    4,    0xbe, 0, 0, 1, 5, 5, 5, 0xd5, 0xd5, 9, 9, 3 };
	uint8_t copy[sizeof(packet) + 1] = { 0 };
	struct rtp_header h;
	struct payload_map map;

	(void)state;
	memcpy(copy, packet, 23);
	copy[23] = 5;
	memcpy(copy + 24, packet + 23, sizeof(packet) - 23);
	assert_int_equal(rtp_parse(&h, copy, sizeof(copy)), OK);
	assert_int_equal(h.payload_len, 2);
	payload_map_init(&map);
	assert_false(payload_map_changes(&map));
	map.to[8] = 0;
	map.law[8] = LAW_TO_MU;
	assert_true(payload_map_changes(&map));
	payload_map_apply(&map, &h, copy);
	assert_int_equal(h.payload_type, 0);
	assert_int_equal(copy[1], 0x80);
	assert_memory_equal(copy + 2, packet + 2, 21);
	assert_int_equal(copy[24], 0xfe);
	assert_int_equal(copy[25], 0xfe);
	assert_memory_equal(copy + 26, packet + 25, 3);
	/* Nothing else of it is meant. */
	assert_int_equal(rtp_parse(&h, copy, sizeof(copy)), OK);
	payload_map_apply(&map, &h, copy);
	assert_int_equal(copy[1], 0x80);
	assert_int_equal(copy[24], 0xfe);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_laws),
		                            cmocka_unit_test(test_packet) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
