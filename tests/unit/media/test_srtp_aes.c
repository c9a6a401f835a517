/* media/srtp_aes.c: blocks, and the key stream that they make. */
#include "media/srtp_aes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>
#include "tests/unit/alloc.h"

#define LONGEST 700 /* octets: more than are encrypted at once */

static void counting_key(uint8_t key[32])
{
	for (unsigned i = 0; i < 32; i++)
		key[i] = (uint8_t)i;
}

/* FIPS 197 C.1, C.3 */
static void encrypts_a_block(void **state)
{
	static const uint8_t plain[SRTP_AES_BLOCK] = { 0x00, 0x11, 0x22, 0x33, 0x44, 0x55,
		                                       0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb,
		                                       0xcc, 0xdd, 0xee, 0xff };
	static const uint8_t want[2][SRTP_AES_BLOCK] = {
		{ 0x8e, 0xa2, 0xb7, 0xca, 0x51, 0x67, 0x45, 0xbf, 0xea, 0xfc, 0x49, 0x90, 0x4b,
		  0x49, 0x60, 0x89 },
		{ 0x69, 0xc4, 0xe0, 0xd8, 0x6a, 0x7b, 0x04, 0x30, 0xd8, 0xcd, 0xb7, 0x80, 0x70,
		  0xb4, 0xc5, 0x5a },
	};
	uint8_t key[32], got[SRTP_AES_BLOCK];
	struct srtp_aes *aes;

	(void)state;
	counting_key(key);
	for (unsigned is_128 = 0; is_128 < 2; is_128++) {
		assert_int_equal(srtp_aes_new(&aes, is_128), OK);
		assert_true(srtp_aes_set_key(aes, key));
		assert_true(srtp_aes_block(aes, plain, got));
		assert_memory_equal(got, want[is_128], sizeof(got));
		srtp_aes_free(&aes);
		assert_null(aes);
	}
}

/* Of any length, from a counter that wraps on the way, it is what the blocks say one by one. */
static void streams_counted_blocks(void **state)
{
	const uint8_t first[SRTP_AES_BLOCK] = { 1, 2,  3,  4,  5,    6,    7,    8,
		                                9, 10, 11, 12, 0xff, 0xff, 0xff, 0xe8 };
	uint8_t key[32], stream[LONGEST + SRTP_AES_BLOCK], plain[LONGEST], got[LONGEST + 1];
	struct srtp_aes *aes;

	(void)state;
	counting_key(key);
	assert_int_equal(srtp_aes_new(&aes, true), OK);
	assert_true(srtp_aes_set_key(aes, key));
	for (unsigned i = 0; i < sizeof(stream) / SRTP_AES_BLOCK; i++) {
		const uint32_t count = 0xffffffe8U + i;
		uint8_t block[SRTP_AES_BLOCK];

		memcpy(block, first, 12);
		for (unsigned j = 0; j < 4; j++)
			block[12 + j] = (uint8_t)(count >> (24 - 8 * j));
		assert_true(srtp_aes_block(aes, block, stream + (size_t)i * SRTP_AES_BLOCK));
	}
	for (size_t i = 0; i < sizeof(plain); i++)
		plain[i] = (uint8_t)(i * 7);
	for (size_t len = 0; len <= sizeof(plain); len++) {
		memcpy(got, plain, sizeof(plain));
		got[len] = 0xa5;
		assert_true(srtp_aes_stream(aes, first, got, got, len));
		for (size_t i = 0; i < len; i++)
			assert_int_equal(got[i], plain[i] ^ stream[i]);
		assert_int_equal(got[len], 0xa5);
	}
	srtp_aes_free(&aes);
}

static void make_one(void *arg)
{
	struct srtp_aes *aes = NULL;

	(void)arg;
	if (srtp_aes_new(&aes, false) == OK)
		srtp_aes_free(&aes);
	assert_null(aes);
	srtp_aes_free(&aes);
}

static void survives_without_memory(void **state)
{
	(void)state;
	assert_true(each_allocation_fails(make_one, NULL) > 0);
}

static int open_all(void **state)
{
	(void)state;
	return srtp_aes_open() == OK ? 0 : -1;
}

static int close_all(void **state)
{
	(void)state;
	srtp_aes_close();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(encrypts_a_block),
		cmocka_unit_test(streams_counted_blocks),
		cmocka_unit_test(survives_without_memory),
	};

	return cmocka_run_group_tests(tests, open_all, close_all);
}
