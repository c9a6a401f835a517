/* media/relay.c: the packet path, in this thread, over real sockets. */
#include "media/relay.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>
#include "tests/unit/media/relay_rig.h"
#include "tests/unit/media/srtp_peer.h"

static void crosses_both_ways(void **state)
{
	struct rig r;
	struct stream_stats caller, callee;

	(void)state;
	rig_open(&r, SOURCE_LATCH);
	tell(&r, SIDE_CALLER, false);
	tell(&r, SIDE_CALLEE, false);
	for (uint16_t seq = 1; seq <= 3; seq++) {
		send_rtp(&r, &r.peer[SIDE_CALLER][0], SIDE_CALLER, seq);
		gets_rtp(&r.peer[SIDE_CALLEE][0], seq, &r.ours[SIDE_CALLEE][0].addr);
	}
	send_rtp(&r, &r.peer[SIDE_CALLEE][0], SIDE_CALLEE, 9);
	gets_rtp(&r.peer[SIDE_CALLER][0], 9, &r.ours[SIDE_CALLER][0].addr);
	send_rtcp(&r, &r.peer[SIDE_CALLEE][1], SIDE_CALLEE, true);
	gets_rtcp(&r.peer[SIDE_CALLER][1], &r.ours[SIDE_CALLER][1].addr);

	caller = stats(&r, SIDE_CALLER);
	callee = stats(&r, SIDE_CALLEE);
	assert_int_equal(caller.packets_in, 3);
	assert_int_equal(caller.octets_in, 3 * TEST_RTP_LEN);
	assert_int_equal(caller.packets_out, 1);
	assert_int_equal(caller.octets_out, TEST_RTP_LEN);
	assert_int_equal(caller.rtcp_out, 1);
	assert_int_equal(caller.rtcp_in, 0);
	assert_int_equal(callee.packets_in, 1);
	assert_int_equal(callee.packets_out, 3);
	assert_int_equal(callee.octets_out, 3 * TEST_RTP_LEN);
	assert_int_equal(callee.rtcp_in, 1);
	assert_true(addr_equal(&caller.latched, &r.peer[SIDE_CALLER][0].addr));
	assert_true(addr_equal(&callee.latched, &r.peer[SIDE_CALLEE][0].addr));
	assert_int_equal(heard.latched, 3); /* two for RTP, one for RTCP */
	assert_non_null(strstr(heard.last, "call=7f3a"));
	assert_non_null(strstr(heard.last, "stream=2"));
	rig_close(&r);
}

/* RFC 3550 6.5.1: who sends often says where it is; the same name stays the same. */
static void names_do_not_cross(void **state)
{
	static const uint8_t sent[] = { 0x80, 201, 0,   1,    0x12, 0x34, 0xab, 0xcd, 0x81,
		                        202,  0,   6,   0x12, 0x34, 0xab, 0xcd, 1,    10,
		                        'a',  '@', '1', '0',  '.',  '0',  '.',  '0',  '.',
		                        '5',  6,   3,   'p',  'b',  'x',  0,    0,    0 };
	uint8_t first[ROOM], again[ROOM];
	struct rig r;

	(void)state;
	rig_open(&r, SOURCE_LATCH);
	tell(&r, SIDE_CALLER, false);
	tell(&r, SIDE_CALLEE, false);
	send_bytes(&r, &r.peer[SIDE_CALLER][1], SIDE_CALLER, true, sent, sizeof(sent));
	assert_int_equal(udp_recv(&r.peer[SIDE_CALLEE][1], first, ROOM, NULL), sizeof(sent));
	send_bytes(&r, &r.peer[SIDE_CALLER][1], SIDE_CALLER, true, sent, sizeof(sent));
	assert_int_equal(udp_recv(&r.peer[SIDE_CALLEE][1], again, ROOM, NULL), sizeof(sent));
	assert_memory_equal(first, again, sizeof(sent));
	assert_memory_equal(first, sent, 18);
	for (unsigned i = 18; i < 28; i++)
		assert_true(isxdigit(first[i]));
	assert_memory_equal(first + 28, "\7\3   \0\0\0", 8);
	rig_close(&r);
}

static void waits_for_both_sides(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, SOURCE_LATCH);
	send_rtp(&r, &r.peer[SIDE_CALLER][0], SIDE_CALLER, 1);
	assert_int_equal(stats(&r, SIDE_CALLER).packets_in, 0);
	tell(&r, SIDE_CALLER, false);
	send_rtp(&r, &r.peer[SIDE_CALLER][0], SIDE_CALLER, 2);
	assert_int_equal(stats(&r, SIDE_CALLER).packets_in, 1);
	assert_int_equal(stats(&r, SIDE_CALLEE).packets_out, 0);
	tell(&r, SIDE_CALLEE, false);
	send_rtp(&r, &r.peer[SIDE_CALLER][0], SIDE_CALLER, 3);
	gets_rtp(&r.peer[SIDE_CALLEE][0], 3, &r.ours[SIDE_CALLEE][0].addr);
	rig_close(&r);
}

static void other_bytes_are_malformed(void **state)
{
	static const uint8_t stun[20] = { 0x00, 0x01, 0, 0, 0x21, 0x12, 0xa4, 0x42 };
	static const uint8_t dtls[13] = { 22, 0xfe, 0xff };
	static const uint8_t zrtp[12] = { 0x10 };
	static uint8_t big[RTP_PACKET_MAX + 1] = { 0x80 };
	static uint8_t huge[9000] = { 0x80 };
	struct rig r;
	uint8_t rtp[ROOM], broken_rtcp[8] = { 0x80, 200, 0, 9 };

	(void)state;
	rig_open(&r, SOURCE_LATCH);
	tell(&r, SIDE_CALLER, false);
	tell(&r, SIDE_CALLEE, false);
	send_bytes(&r, &r.stranger, SIDE_CALLER, false, stun, sizeof(stun));
	send_bytes(&r, &r.stranger, SIDE_CALLER, false, dtls, sizeof(dtls));
	send_bytes(&r, &r.stranger, SIDE_CALLER, false, zrtp, sizeof(zrtp));
	send_bytes(&r, &r.stranger, SIDE_CALLER, false, big, sizeof(big));
	send_bytes(&r, &r.stranger, SIDE_CALLER, false, huge, sizeof(huge));
	send_bytes(&r, &r.stranger, SIDE_CALLER, false, "", 0);
	send_bytes(&r, &r.stranger, SIDE_CALLER, false, "\x80", 1);
	send_bytes(&r, &r.stranger, SIDE_CALLER, true, rtp, make_rtp(rtp, SSRC, 1));
	send_bytes(&r, &r.stranger, SIDE_CALLER, true, broken_rtcp, sizeof(broken_rtcp));
	assert_int_equal(stats(&r, SIDE_CALLER).malformed, 9);
	assert_false(latched_at(&r, SIDE_CALLER, NULL));
	assert_int_equal(heard.latched, 0);
	/* None of it took the phone's place. */
	send_bytes(&r, &r.peer[SIDE_CALLER][0], SIDE_CALLER, false, big, RTP_PACKET_MAX);
	assert_int_equal(udp_recv(&r.peer[SIDE_CALLEE][0], huge, sizeof(huge), NULL),
	                 RTP_PACKET_MAX);
	rig_close(&r);
}

static void strangers_never_take_over(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, SOURCE_LATCH);
	tell(&r, SIDE_CALLER, false);
	tell(&r, SIDE_CALLEE, false);
	send_rtp(&r, &r.peer[SIDE_CALLER][0], SIDE_CALLER, 1);
	gets_rtp(&r.peer[SIDE_CALLEE][0], 1, &r.ours[SIDE_CALLEE][0].addr);
	for (uint16_t seq = 100; seq < 110; seq++)
		send_rtp(&r, &r.stranger, SIDE_CALLER, seq);
	assert_int_equal(stats(&r, SIDE_CALLER).bad_source, 10);
	assert_true(is_quiet(&r.peer[SIDE_CALLEE][0]));
	send_rtp(&r, &r.peer[SIDE_CALLEE][0], SIDE_CALLEE, 1);
	gets_rtp(&r.peer[SIDE_CALLER][0], 1, &r.ours[SIDE_CALLER][0].addr);
	assert_true(is_quiet(&r.stranger));
	send_rtp(&r, &r.peer[SIDE_CALLER][0], SIDE_CALLER, 2);
	gets_rtp(&r.peer[SIDE_CALLEE][0], 2, &r.ours[SIDE_CALLEE][0].addr);
	assert_int_equal(stats(&r, SIDE_CALLER).packets_in, 2);
	assert_int_equal(stats(&r, SIDE_CALLER).lost, 0);
	rig_close(&r);
}

static void learns_who_is_behind_a_nat(void **state)
{
	struct rig r;
	struct addr inside;

	(void)state;
	rig_open(&r, SOURCE_LATCH);
	assert_int_equal(addr_parse(&inside, "127.0.0.9:9"), OK);
	tell_at(&r, SIDE_CALLER, &inside, &inside, false);
	tell(&r, SIDE_CALLEE, false);
	for (uint16_t seq = 1; seq <= LATCH_PROOF; seq++)
		send_rtp(&r, &r.peer[SIDE_CALLER][0], SIDE_CALLER, seq);
	gets_rtp(&r.peer[SIDE_CALLEE][0], LATCH_PROOF, &r.ours[SIDE_CALLEE][0].addr);
	send_rtp(&r, &r.peer[SIDE_CALLEE][0], SIDE_CALLEE, 1);
	gets_rtp(&r.peer[SIDE_CALLER][0], 1, &r.ours[SIDE_CALLER][0].addr);
	send_rtcp(&r, &r.peer[SIDE_CALLER][1], SIDE_CALLER, true);
	send_rtcp(&r, &r.peer[SIDE_CALLEE][1], SIDE_CALLEE, true);
	gets_rtcp(&r.peer[SIDE_CALLER][1], &r.ours[SIDE_CALLER][1].addr);
	rig_close(&r);
}

/* From before the first packet to the last, whatever the attacker sends: nothing of it is heard. */
static void a_spray_is_not_heard(void **state)
{
	struct udp attacker = udp_open_at("127.0.0.66");
	uint8_t packet[ROOM];
	struct rig r;

	(void)state;
	rig_open(&r, SOURCE_LATCH);
	tell(&r, SIDE_CALLER, false);
	tell(&r, SIDE_CALLEE, false);
	for (uint16_t seq = 1; seq <= 200; seq++) {
		for (int side = 0; side < MEDIA_NSIDES; side++) {
			send_bytes(&r, &attacker, (enum media_side)side, false, packet,
			           make_rtp(packet, 66, (uint16_t)(seq * 37)));
			send_rtcp(&r, &attacker, (enum media_side)side, false);
			send_rtcp(&r, &attacker, (enum media_side)side, true);
		}
		send_rtp(&r, &r.peer[SIDE_CALLER][0], SIDE_CALLER, seq);
		gets_rtp(&r.peer[SIDE_CALLEE][0], seq, &r.ours[SIDE_CALLEE][0].addr);
	}
	assert_true(is_quiet(&attacker));
	for (int side = 0; side < MEDIA_NSIDES; side++) {
		assert_true(is_quiet(&r.peer[side][0]));
		assert_true(is_quiet(&r.peer[side][1]));
	}
	assert_int_equal(stats(&r, SIDE_CALLER).packets_in, 200);
	assert_int_equal(stats(&r, SIDE_CALLER).lost, 0);
	assert_int_equal(stats(&r, SIDE_CALLER).bad_source, 600);
	assert_int_equal(stats(&r, SIDE_CALLEE).bad_source, 600);
	assert_int_equal(heard.strangers, 2);
	udp_close(&attacker);
	rig_close(&r);
}

/* RTCP that came before RTP, from another host than it, is not the peer's. */
static void rtp_corrects_the_latch_of_rtcp(void **state)
{
	struct rig r;
	struct udp elsewhere = udp_open_at("127.0.0.2");

	(void)state;
	rig_open(&r, SOURCE_LATCH);
	tell(&r, SIDE_CALLER, false);
	tell(&r, SIDE_CALLEE, false);
	/* Nobody spoke of it. */
	send_rtcp(&r, &elsewhere, SIDE_CALLER, true);
	assert_int_equal(stats(&r, SIDE_CALLER).bad_source, 1);
	/* Where SDP says, but RTP comes from elsewhere. */
	send_rtcp(&r, &r.peer[SIDE_CALLER][1], SIDE_CALLER, true);
	assert_int_equal(stats(&r, SIDE_CALLER).rtcp_in, 1);
	for (uint16_t seq = 1; seq <= LATCH_PROOF; seq++)
		send_rtp(&r, &elsewhere, SIDE_CALLER, seq);
	assert_int_equal(stats(&r, SIDE_CALLER).packets_in, 1);
	send_rtcp(&r, &r.peer[SIDE_CALLER][1], SIDE_CALLER, true);
	assert_int_equal(stats(&r, SIDE_CALLER).rtcp_in, 1);
	send_rtcp(&r, &elsewhere, SIDE_CALLER, true);
	assert_int_equal(stats(&r, SIDE_CALLER).rtcp_in, 2);
	udp_close(&elsewhere);
	rig_close(&r);
}

static void strict_realm_refuses_others(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, SOURCE_STRICT);
	tell(&r, SIDE_CALLER, false);
	tell(&r, SIDE_CALLEE, false);
	send_rtp(&r, &r.stranger, SIDE_CALLER, 1);
	assert_int_equal(stats(&r, SIDE_CALLER).bad_source, 1);
	assert_int_equal(stats(&r, SIDE_CALLER).packets_in, 0);
	send_rtp(&r, &r.peer[SIDE_CALLER][0], SIDE_CALLER, 2);
	gets_rtp(&r.peer[SIDE_CALLEE][0], 2, &r.ours[SIDE_CALLEE][0].addr);
	assert_true(latched_at(&r, SIDE_CALLER, &r.peer[SIDE_CALLER][0].addr));
	rig_close(&r);
}

/* RFC 5761 on one side only. */
static void rtcp_finds_its_port(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, SOURCE_LATCH);
	tell(&r, SIDE_CALLER, true);
	tell(&r, SIDE_CALLEE, false);
	send_rtcp(&r, &r.peer[SIDE_CALLER][0], SIDE_CALLER, false);
	gets_rtcp(&r.peer[SIDE_CALLEE][1], &r.ours[SIDE_CALLEE][1].addr);
	send_rtcp(&r, &r.peer[SIDE_CALLEE][1], SIDE_CALLEE, true);
	gets_rtcp(&r.peer[SIDE_CALLER][0], &r.ours[SIDE_CALLER][0].addr);
	/* Plain RTCP does not tell where RTP comes from. */
	assert_false(latched_at(&r, SIDE_CALLER, NULL));
	send_rtp(&r, &r.stranger, SIDE_CALLER, 1);
	send_rtcp(&r, &r.peer[SIDE_CALLER][0], SIDE_CALLER, false);
	assert_int_equal(stats(&r, SIDE_CALLER).bad_source, 1);
	rig_close(&r);
}

static void srtp_on_one_side(void **state)
{
	struct rig r;
	struct srtp_key recv, send;
	uint8_t packet[ROOM], want[ROOM];
	size_t len;

	(void)state;
	rig_open(&r, SOURCE_LATCH);
	srtp_key_generate(&recv);
	srtp_key_generate(&send);
	tell(&r, SIDE_CALLER, false);
	set_keys(&r, SIDE_CALLEE, &recv, &send);
	/* Plain in, protected out. */
	send_rtp(&r, &r.peer[SIDE_CALLER][0], SIDE_CALLER, 77);
	len = peer_protect_rtp(send.bytes, 0, want, make_rtp(want, SSRC, 77));
	assert_int_equal(udp_recv(&r.peer[SIDE_CALLEE][0], packet, sizeof(packet), NULL), len);
	assert_memory_equal(packet, want, len);
	/* Protected in, plain out. */
	len = peer_protect_rtp(recv.bytes, 0, packet, make_rtp(packet, SSRC, 5));
	send_bytes(&r, &r.peer[SIDE_CALLEE][0], SIDE_CALLEE, false, packet, len);
	gets_rtp(&r.peer[SIDE_CALLER][0], 5, &r.ours[SIDE_CALLER][0].addr);
	len = peer_protect_rtcp(recv.bytes, 0, packet, make_rtcp(packet, SSRC));
	send_bytes(&r, &r.peer[SIDE_CALLEE][1], SIDE_CALLEE, true, packet, len);
	gets_rtcp(&r.peer[SIDE_CALLER][1], &r.ours[SIDE_CALLER][1].addr);
	send_rtcp(&r, &r.peer[SIDE_CALLER][1], SIDE_CALLER, true);
	len = peer_protect_rtcp(send.bytes, 1, want, make_rtcp(want, SSRC));
	assert_int_equal(udp_recv(&r.peer[SIDE_CALLEE][1], packet, sizeof(packet), NULL), len);
	assert_memory_equal(packet, want, len);
	/* Octets are the plain packet's on either side. */
	assert_int_equal(stats(&r, SIDE_CALLEE).octets_in, TEST_RTP_LEN);
	assert_int_equal(stats(&r, SIDE_CALLEE).octets_out, TEST_RTP_LEN);
	rig_close(&r);
}

static void bad_tags_are_counted_and_said_once(void **state)
{
	struct rig r;
	struct srtp_key key, other;
	uint8_t packet[ROOM];
	size_t len;

	(void)state;
	rig_open(&r, SOURCE_LATCH);
	srtp_key_generate(&key);
	srtp_key_generate(&other);
	tell(&r, SIDE_CALLER, false);
	set_keys(&r, SIDE_CALLEE, &key, &key);
	for (uint16_t seq = 1; seq <= 5; seq++) {
		len = peer_protect_rtp(other.bytes, 0, packet, make_rtp(packet, SSRC, seq));
		send_bytes(&r, &r.stranger, SIDE_CALLEE, false, packet, len);
	}
	send_rtp(&r, &r.stranger, SIDE_CALLEE, 6); /* plain where SRTP was agreed on */
	assert_int_equal(stats(&r, SIDE_CALLEE).bad_auth, 6);
	assert_int_equal(stats(&r, SIDE_CALLEE).packets_in, 0);
	assert_int_equal(heard.warned, 1);
	/* Who does not know the key teaches us nothing. */
	assert_false(latched_at(&r, SIDE_CALLEE, NULL));
	len = peer_protect_rtp(key.bytes, 0, packet, make_rtp(packet, SSRC, 7));
	send_bytes(&r, &r.peer[SIDE_CALLEE][0], SIDE_CALLEE, false, packet, len);
	gets_rtp(&r.peer[SIDE_CALLER][0], 7, &r.ours[SIDE_CALLER][0].addr);
	assert_true(is_quiet(&r.peer[SIDE_CALLER][0]));
	rig_close(&r);
}

static void captured_packets_do_no_harm(void **state)
{
	struct rig r;
	struct srtp_key key;
	uint8_t packet[ROOM], copy[ROOM];
	size_t len;

	(void)state;
	rig_open(&r, SOURCE_LATCH);
	srtp_key_generate(&key);
	tell(&r, SIDE_CALLER, false);
	set_keys(&r, SIDE_CALLEE, &key, &key);
	len = peer_protect_rtp(key.bytes, 0, packet, make_rtp(packet, SSRC, 1));
	send_bytes(&r, &r.peer[SIDE_CALLEE][0], SIDE_CALLEE, false, packet, len);
	gets_rtp(&r.peer[SIDE_CALLER][0], 1, &r.ours[SIDE_CALLER][0].addr);
	/* Replayed from where it came. */
	send_bytes(&r, &r.peer[SIDE_CALLEE][0], SIDE_CALLEE, false, packet, len);
	assert_int_equal(stats(&r, SIDE_CALLEE).bad_auth, 1);
	assert_int_equal(heard.warned, 0);
	/* The next one reaches us from a stranger first: the true one still counts. */
	len = peer_protect_rtp(key.bytes, 0, packet, make_rtp(packet, SSRC, 2));
	memcpy(copy, packet, len);
	send_bytes(&r, &r.stranger, SIDE_CALLEE, false, copy, len);
	assert_int_equal(stats(&r, SIDE_CALLEE).bad_source, 1);
	send_bytes(&r, &r.peer[SIDE_CALLEE][0], SIDE_CALLEE, false, packet, len);
	gets_rtp(&r.peer[SIDE_CALLER][0], 2, &r.ours[SIDE_CALLER][0].addr);
	assert_true(is_quiet(&r.peer[SIDE_CALLER][0]));
	rig_close(&r);
}

/* SRTP vouches for RTCP on RTP's port: one who only listens is found behind a NAT. */
static void srtcp_latches_a_mux_port(void **state)
{
	struct rig r;
	struct srtp_key key;
	struct addr inside;
	uint8_t packet[ROOM];
	size_t len;

	(void)state;
	rig_open(&r, SOURCE_LATCH);
	srtp_key_generate(&key);
	assert_int_equal(addr_parse(&inside, "127.0.0.9:9"), OK);
	set_keys(&r, SIDE_CALLEE, &key, &key);
	tell_at(&r, SIDE_CALLEE, &inside, &inside, true);
	tell(&r, SIDE_CALLER, false);
	len = peer_protect_rtcp(key.bytes, 0, packet, make_rtcp(packet, SSRC));
	send_bytes(&r, &r.peer[SIDE_CALLEE][0], SIDE_CALLEE, false, packet, len);
	assert_true(latched_at(&r, SIDE_CALLEE, &r.peer[SIDE_CALLEE][0].addr));
	send_rtp(&r, &r.peer[SIDE_CALLER][0], SIDE_CALLER, 1);
	assert_true(udp_recv(&r.peer[SIDE_CALLEE][0], packet, sizeof(packet), NULL) > TEST_RTP_LEN);
	rig_close(&r);
}

static void sequence_wraps_through(void **state)
{
	struct rig r;
	struct srtp_key recv, send;
	uint8_t packet[ROOM], want[ROOM];
	size_t len;

	(void)state;
	rig_open(&r, SOURCE_LATCH);
	srtp_key_generate(&recv);
	srtp_key_generate(&send);
	set_keys(&r, SIDE_CALLER, &recv, &recv);
	set_keys(&r, SIDE_CALLEE, &send, &send);
	for (uint32_t seq = 65500; seq < 65600; seq++) {
		uint16_t seq16 = (uint16_t)seq;

		len = make_rtp(packet, SSRC, seq16);
		len = peer_protect_rtp(recv.bytes, seq >> 16, packet, len);
		send_bytes(&r, &r.peer[SIDE_CALLER][0], SIDE_CALLER, false, packet, len);
		len = make_rtp(want, SSRC, seq16);
		len = peer_protect_rtp(send.bytes, seq >> 16, want, len);
		assert_int_equal(udp_recv(&r.peer[SIDE_CALLEE][0], packet, ROOM, NULL), len);
		assert_memory_equal(packet, want, len);
	}
	assert_int_equal(stats(&r, SIDE_CALLER).lost, 0);
	rig_close(&r);
}

static void loss_and_jitter_show(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, SOURCE_LATCH);
	tell(&r, SIDE_CALLER, false);
	for (uint16_t seq = 1; seq <= 10; seq++) {
		if (seq != 4 && seq != 5)
			send_rtp(&r, &r.peer[SIDE_CALLER][0], SIDE_CALLER, seq);
	}
	assert_int_equal(stats(&r, SIDE_CALLER).lost, 2);
	/* Sent at once, stamped 20 ms apart: each is 20 ms early. */
	assert_in_range(stats(&r, SIDE_CALLER).jitter_us, 1000, 40000);
	rig_close(&r);
}

static void held_sides_get_nothing(void **state)
{
	struct rig r;
	struct addr none = { 0 };

	(void)state;
	rig_open(&r, SOURCE_LATCH);
	tell(&r, SIDE_CALLER, false);
	tell(&r, SIDE_CALLEE, false);
	tell_at(&r, SIDE_CALLEE, &none, &none, false);
	send_rtp(&r, &r.peer[SIDE_CALLER][0], SIDE_CALLER, 1);
	assert_true(is_quiet(&r.peer[SIDE_CALLEE][0]));
	assert_int_equal(stats(&r, SIDE_CALLEE).packets_out, 0);
	/* It may still play music to the other. */
	send_rtp(&r, &r.peer[SIDE_CALLEE][0], SIDE_CALLEE, 1);
	gets_rtp(&r.peer[SIDE_CALLER][0], 1, &r.ours[SIDE_CALLER][0].addr);
	rig_close(&r);
}

static void refused_sends_are_counted(void **state)
{
	struct rig r;
	struct addr broadcast;

	(void)state;
	rig_open(&r, SOURCE_LATCH);
	tell(&r, SIDE_CALLER, false);
	/* Without SO_BROADCAST the system says no at once. */
	assert_int_equal(addr_parse(&broadcast, "255.255.255.255:9"), OK);
	tell_at(&r, SIDE_CALLEE, &broadcast, &broadcast, false);
	send_rtp(&r, &r.peer[SIDE_CALLER][0], SIDE_CALLER, 1);
	assert_int_equal(stats(&r, SIDE_CALLEE).send_errors, 1);
	assert_int_equal(stats(&r, SIDE_CALLEE).packets_out, 0);
	assert_int_equal(stats(&r, SIDE_CALLER).packets_in, 1);
	rig_close(&r);
}

/* The peer's socket is gone: ICMP comes back, and is no reason to stop. */
static void closed_peers_do_not_stop_us(void **state)
{
	struct rig r;
	struct udp gone = udp_open();

	(void)state;
	rig_open(&r, SOURCE_LATCH);
	udp_close(&gone);
	tell(&r, SIDE_CALLER, false);
	tell_at(&r, SIDE_CALLEE, &gone.addr, &gone.addr, false);
	for (uint16_t seq = 1; seq <= 10; seq++)
		send_rtp(&r, &r.peer[SIDE_CALLER][0], SIDE_CALLER, seq);
	tell(&r, SIDE_CALLEE, false);
	send_rtp(&r, &r.peer[SIDE_CALLER][0], SIDE_CALLER, 11);
	gets_rtp(&r.peer[SIDE_CALLEE][0], 11, &r.ours[SIDE_CALLEE][0].addr);
	rig_close(&r);
}

static void reads_one_at_a_time(void **state)
{
	struct rig r;
	uint8_t packet[ROOM];

	(void)state;
	rig_open(&r, SOURCE_LATCH);
	tell(&r, SIDE_CALLER, false);
	for (uint16_t seq = 1; seq <= 2; seq++)
		udp_send(&r.peer[SIDE_CALLER][0], &r.ours[SIDE_CALLER][0].addr, packet,
		         make_rtp(packet, SSRC, seq));
	read_port(&r.s.sides[SIDE_CALLER].rtp);
	assert_int_equal(stats(&r, SIDE_CALLER).packets_in, 1);
	read_port(&r.s.sides[SIDE_CALLER].rtp);
	assert_int_equal(stats(&r, SIDE_CALLER).packets_in, 2);
	rig_close(&r);
}

/* What came to a side's old sockets is not its new peer's. */
static void old_sockets_speak_for_nobody(void **state)
{
	static struct relay_packet p;
	struct rig r;
	struct udp rtp = udp_open(), rtcp = udp_open();
	struct relay_change c = {
		.renew = true, .latch = &r.latch, .rtp_fd = rtp.fd, .rtcp_fd = rtcp.fd
	};
	uint8_t packet[ROOM];

	(void)state;
	rig_open(&r, SOURCE_LATCH);
	tell(&r, SIDE_CALLER, false);
	tell(&r, SIDE_CALLEE, false);
	for (unsigned renewed = 0; renewed < 2; renewed++) {
		udp_send(&r.peer[SIDE_CALLER][0], &r.ours[SIDE_CALLER][0].addr, packet,
		         make_rtp(packet, SSRC, 1));
		assert_true(relay_receive(&p, &r.s.sides[SIDE_CALLER].rtp));
		if (renewed) {
			relay_apply(&r.s, &c);
			tell(&r, SIDE_CALLER, false);
		}
		relay_treat(&p, clock_mono_us());
		relay_send(&p);
		assert_int_equal(is_quiet(&r.peer[SIDE_CALLEE][0]), renewed);
		if (!renewed)
			gets_rtp(&r.peer[SIDE_CALLEE][0], 1, &r.ours[SIDE_CALLEE][0].addr);
	}
	assert_false(latched_at(&r, SIDE_CALLER, NULL));
	rig_close(&r);
	udp_close(&rtp);
	udp_close(&rtcp);
}

/* What the second target's record tells, and what we report to it. */
static void a_new_peer_is_counted_anew(void **state)
{
	struct rig r;
	struct udp rtp = udp_open(), rtcp = udp_open();
	struct relay_change c = {
		.side = SIDE_CALLEE, .renew = true, .rtp_fd = rtp.fd, .rtcp_fd = rtcp.fd
	};
	struct stream_stats none = { 0 }, now;

	(void)state;
	rig_open(&r, SOURCE_LATCH);
	c.latch = &r.latch;
	tell(&r, SIDE_CALLER, false);
	tell(&r, SIDE_CALLEE, false);
	send_rtp(&r, &r.peer[SIDE_CALLEE][0], SIDE_CALLEE, 1);
	send_rtp(&r, &r.peer[SIDE_CALLEE][0], SIDE_CALLEE, 5);
	send_rtcp(&r, &r.peer[SIDE_CALLEE][1], SIDE_CALLEE, true);
	send_rtp(&r, &r.stranger, SIDE_CALLEE, 6);
	send_rtp(&r, &r.peer[SIDE_CALLER][0], SIDE_CALLER, 1);
	now = stats(&r, SIDE_CALLEE);
	assert_int_equal(now.packets_in, 2);
	assert_int_equal(now.lost, 3);
	relay_apply(&r.s, &c);
	now = stats(&r, SIDE_CALLEE);
	assert_memory_equal(&now, &none, sizeof(now));
	assert_false(r.s.sides[SIDE_CALLEE].quality.started);
	assert_int_equal(stats(&r, SIDE_CALLER).packets_in, 1);
	rig_close(&r);
	udp_close(&rtp);
	udp_close(&rtcp);
}

static int open_all(void **state)
{
	(void)state;
	log_set_level(LOG_DEBUG);
	log_capture(hear, NULL);
	return srtp_library_open() == OK ? 0 : -1;
}

static int close_all(void **state)
{
	(void)state;
	log_capture(NULL, NULL);
	srtp_library_close();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(crosses_both_ways),
		cmocka_unit_test(names_do_not_cross),
		cmocka_unit_test(waits_for_both_sides),
		cmocka_unit_test(other_bytes_are_malformed),
		cmocka_unit_test(strangers_never_take_over),
		cmocka_unit_test(learns_who_is_behind_a_nat),
		cmocka_unit_test(a_spray_is_not_heard),
		cmocka_unit_test(rtp_corrects_the_latch_of_rtcp),
		cmocka_unit_test(strict_realm_refuses_others),
		cmocka_unit_test(rtcp_finds_its_port),
		cmocka_unit_test(srtp_on_one_side),
		cmocka_unit_test(bad_tags_are_counted_and_said_once),
		cmocka_unit_test(captured_packets_do_no_harm),
		cmocka_unit_test(srtcp_latches_a_mux_port),
		cmocka_unit_test(sequence_wraps_through),
		cmocka_unit_test(loss_and_jitter_show),
		cmocka_unit_test(held_sides_get_nothing),
		cmocka_unit_test(refused_sends_are_counted),
		cmocka_unit_test(closed_peers_do_not_stop_us),
		cmocka_unit_test(reads_one_at_a_time),
		cmocka_unit_test(old_sockets_speak_for_nobody),
		cmocka_unit_test(a_new_peer_is_counted_anew),
	};

	return cmocka_run_group_tests(tests, open_all, close_all);
}
