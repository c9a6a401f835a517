/* sbc/lab/rtp_end.c */
#include "sbc/lab/rtp_end.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static void on_rtp(void *arg, const struct rtp_header *header, const uint8_t *payload)
{
	(void)arg;
	(void)header;
	(void)payload;
}

/* A primer, then the phone itself: their numbers have nothing to do with each other, and SRTP must
 * not take the phone's for those of packets long ago. */
static void sources_do_not_get_in_each_others_way(void **state)
{
	struct rtp_end_cfg cfg = { .on_rtp = on_rtp };
	struct rtp_end_stats stats;
	struct rtp_header primer = { .payload_type = 8, .ssrc = 0x01020304, .seq = 30000 };
	struct rtp_header voice = { .payload_type = 8, .ssrc = 0x05060708, .seq = 100 };
	const uint8_t payload[160] = { 0 };
	struct srtp_key key;
	struct rtp_end *end;
	struct addr peer;

	(void)state;
	assert_int_equal(srtp_library_open(), OK);
	assert_int_equal(loop_new(&cfg.loop), OK);
	assert_int_equal(addr_parse(&cfg.address, "127.0.0.1"), OK);
	assert_int_equal(port_pool_new(&cfg.ports, &cfg.address, 20000, 29999, 0), OK);
	assert_int_equal(rtp_end_new(&end, &cfg), OK);
	srtp_key_generate(&key);
	assert_int_equal(rtp_end_protect(end, SRTP_AES_CM_128_HMAC_SHA1_80, &key, &key), OK);
	rtp_end_address(end, &peer);
	rtp_end_aim(end, &peer);
	rtp_end_send(end, &primer, payload, sizeof(payload));
	for (int i = 0; i < 10; i++, voice.seq++)
		rtp_end_send(end, &voice, payload, sizeof(payload));
	rtp_end_stats(end, &stats);
	assert_int_equal(stats.sent, 11);
	rtp_end_free(&end);
	port_pool_free(&cfg.ports);
	loop_free(&cfg.loop);
	srtp_library_close();
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(
	    sources_do_not_get_in_each_others_way) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
