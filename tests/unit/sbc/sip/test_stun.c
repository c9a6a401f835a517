/* STUN messages, read and written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "sbc/sip/stun.h"

/* RFC 5769 2.2: 192.0.2.1 port 32853; of its attributes SOFTWARE and the address. */
static const uint8_t id[STUN_ID_LEN] = { 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34,
	                                 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae };
static const uint8_t response[] = { 0x01, 0x01, 0x00, 0x1c, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7,
	                            0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae,
	                            0x80, 0x22, 0x00, 0x0b, 0x74, 0x65, 0x73, 0x74, 0x20, 0x76,
	                            0x65, 0x63, 0x74, 0x6f, 0x72, 0x20, 0x00, 0x20, 0x00, 0x08,
	                            0x00, 0x01, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43 };

static void reads_what_the_server_saw(void **state)
{
	char text[ADDR_TEXT_MAX];
	struct addr a;

	(void)state;
	assert_int_equal(stun_read_response(&a, id, response, sizeof(response)), OK);
	assert_string_equal(addr_text(&a, text, sizeof(text)), "192.0.2.1:32853");
}

static void reads_version_6_and_old_servers(void **state)
{
	uint8_t six[44] = { 0x01, 0x01, 0x00, 0x18, 0x21, 0x12, 0xa4, 0x42 };
	uint8_t old[32] = { 0x01, 0x01, 0x00, 0x0c, 0x21, 0x12, 0xa4, 0x42 };
	char text[ADDR_TEXT_MAX];
	struct addr a;

	(void)state;
	memcpy(six + 8, id, STUN_ID_LEN);
	memcpy(six + 20, "\x00\x20\x00\x14\x00\x02\xa1\x47", 8);
	/* All zeros under the mask: the address is the mask itself. */
	assert_int_equal(stun_read_response(&a, id, six, sizeof(six)), OK);
	assert_string_equal(addr_text(&a, text, sizeof(text)),
	                    "[2112:a442:b7e7:a701:bc34:d686:fa87:dfae]:32853");
	memcpy(old + 8, id, STUN_ID_LEN);
	memcpy(old + 20, "\x00\x01\x00\x08\x00\x01\x13\x88\xc0\x00\x02\x07", 12);
	assert_int_equal(stun_read_response(&a, id, old, sizeof(old)), OK);
	assert_string_equal(addr_text(&a, text, sizeof(text)), "192.0.2.7:5000");
}

static void refuses_what_is_not_the_answer(void **state)
{
	uint8_t data[sizeof(response)];
	struct addr a;

	(void)state;
	for (size_t len = 0; len < STUN_REQUEST_LEN; len++)
		assert_int_equal(stun_read_response(&a, id, response, len), ERR_REFUSED);
	for (size_t len = STUN_REQUEST_LEN; len < sizeof(response); len++)
		assert_int_equal(stun_read_response(&a, id, response, len), ERR_SYNTAX);
	memcpy(data, response, sizeof(data));
	data[10]++; /* the id */
	assert_int_equal(stun_read_response(&a, id, data, sizeof(data)), ERR_REFUSED);
	memcpy(data, response, sizeof(data));
	data[1] = 0x11; /* an error */
	assert_int_equal(stun_read_response(&a, id, data, sizeof(data)), ERR_NOT_FOUND);
	memcpy(data, response, sizeof(data));
	data[23] = 0xff; /* longer than the message */
	assert_int_equal(stun_read_response(&a, id, data, sizeof(data)), ERR_SYNTAX);
	memcpy(data, response, sizeof(data));
	data[41] = 3; /* no family */
	assert_int_equal(stun_read_response(&a, id, data, sizeof(data)), ERR_SYNTAX);
	memcpy(data, response, sizeof(data));
	data[37] = 0x21; /* another attribute */
	assert_int_equal(stun_read_response(&a, id, data, sizeof(data)), ERR_NOT_FOUND);
}

static void writes_a_request(void **state)
{
	uint8_t out[STUN_REQUEST_LEN];

	(void)state;
	stun_write_request(out, id);
	assert_memory_equal(out, "\x00\x01\x00\x00\x21\x12\xa4\x42", 8);
	assert_memory_equal(out + 8, id, STUN_ID_LEN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_the_server_saw),
		cmocka_unit_test(reads_version_6_and_old_servers),
		cmocka_unit_test(refuses_what_is_not_the_answer),
		cmocka_unit_test(writes_a_request),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
