/* media/primer.c, under a turned clock, over real sockets. */
#include "media/primer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "base/clock.h"
#include "tests/unit/media/relay_rig.h"
#include "tests/unit/media/srtp_peer.h"

#define UNUSED 127
#define NOISE  13

struct primed {
	struct rig r;
	struct timers *timers;
};

static void open_primed(struct primed *p)
{
	clock_fake(1000, 0);
	rig_open(&p->r, SOURCE_LATCH);
	assert_int_equal(timers_new(&p->timers), OK);
	p->r.s.timers = p->timers;
}

static void close_primed(struct primed *p)
{
	primer_stop(&p->r.s);
	timers_free(&p->timers);
	rig_close(&p->r);
	clock_real();
}

static void pass(struct primed *p, uint64_t ms)
{
	for (; ms; ms--) {
		clock_fake_advance(1);
		timers_run(p->timers);
	}
}

static void tell_with(struct primed *p, enum media_side side, const struct addr *rtp, uint8_t type,
                      bool idle)
{
	struct relay_change c = { .side = side, .rtp = *rtp, .primer_type = type, .idle = idle };

	c.rtcp = p->r.peer[side][1].addr;
	if (!addr_port(rtp))
		addr_set_port(&c.rtcp, 0);
	relay_apply(&p->r.s, &c);
}

static void tell_all(struct primed *p, bool idle)
{
	for (int side = 0; side < MEDIA_NSIDES; side++)
		tell_with(p, (enum media_side)side, &p->r.peer[side][0].addr, UNUSED, idle);
}

/* How many packets wait there; the last one is left in packet. */
static unsigned drain(const struct udp *u, uint8_t *packet, size_t *len)
{
	unsigned n = 0;

	for (; !is_quiet(u); n++)
		*len = udp_recv(u, packet, ROOM, NULL);
	return n;
}

static unsigned count(const struct udp *u)
{
	uint8_t packet[ROOM];
	size_t len;

	return drain(u, packet, &len);
}

static void waits_for_both_sides(void **state)
{
	struct primed p;

	(void)state;
	open_primed(&p);
	tell_with(&p, SIDE_CALLER, &p.r.peer[SIDE_CALLER][0].addr, UNUSED, false);
	pass(&p, 1000);
	assert_int_equal(count(&p.r.peer[SIDE_CALLER][0]), 0);
	tell_with(&p, SIDE_CALLEE, &p.r.peer[SIDE_CALLEE][0].addr, UNUSED, false);
	pass(&p, 1);
	for (int side = 0; side < MEDIA_NSIDES; side++) {
		assert_int_equal(count(&p.r.peer[side][0]), 1);
		assert_int_equal(count(&p.r.peer[side][1]), 1);
	}
	close_primed(&p);
}

/* RTP every 200 ms until the peer's first packet, from then on when nothing was sent for 15 s, as
 * RTCP does. */
static void slows_down_when_heard(void **state)
{
	struct primed p;
	uint8_t packet[ROOM];
	struct rtp_header header;
	struct rtcp_said said;
	size_t len = 0;
	uint16_t seq;

	(void)state;
	open_primed(&p);
	tell_all(&p, false);
	pass(&p, 1001);
	assert_int_equal(drain(&p.r.peer[SIDE_CALLER][0], packet, &len), 6);
	assert_int_equal(len, RTP_HEADER_LEN);
	assert_int_equal(rtp_parse(&header, packet, len), OK);
	assert_int_equal(header.payload_type, UNUSED);
	seq = header.seq;
	assert_int_equal(drain(&p.r.peer[SIDE_CALLER][1], packet, &len), 1);
	assert_int_equal(rtcp_read(&said, packet, len), OK);
	assert_int_equal(packet[1], 201);
	assert_int_equal(stats(&p.r, SIDE_CALLER).primers_out, 7);
	assert_int_equal(stats(&p.r, SIDE_CALLER).packets_out, 0);

	count(&p.r.peer[SIDE_CALLEE][0]);
	send_rtp(&p.r, &p.r.peer[SIDE_CALLER][0], SIDE_CALLER, 1);
	gets_rtp(&p.r.peer[SIDE_CALLEE][0], 1, &p.r.ours[SIDE_CALLEE][0].addr);
	pass(&p, 14000);
	assert_int_equal(count(&p.r.peer[SIDE_CALLER][0]), 0);
	/* The callee was not heard. */
	assert_true(count(&p.r.peer[SIDE_CALLEE][0]) > 60);
	pass(&p, 1000);
	assert_int_equal(drain(&p.r.peer[SIDE_CALLER][0], packet, &len), 1);
	assert_int_equal(rtp_parse(&header, packet, len), OK);
	assert_int_equal(header.seq, (uint16_t)(seq + 1));
	close_primed(&p);
}

static void busy_streams_get_none(void **state)
{
	struct primed p;

	(void)state;
	open_primed(&p);
	tell_all(&p, false);
	for (uint16_t seq = 1; seq <= 1000; seq++) {
		send_rtp(&p.r, &p.r.peer[SIDE_CALLEE][0], SIDE_CALLEE, seq);
		gets_rtp(&p.r.peer[SIDE_CALLER][0], seq, &p.r.ours[SIDE_CALLER][0].addr);
		pass(&p, 20);
		if (seq == 1)
			count(&p.r.peer[SIDE_CALLER][1]);
	}
	assert_int_equal(count(&p.r.peer[SIDE_CALLER][0]), 0);
	close_primed(&p);
}

static void a_side_that_sends_nothing_is_held_open(void **state)
{
	struct addr held;
	struct primed p;

	(void)state;
	open_primed(&p);
	tell_all(&p, true);
	pass(&p, 45001);
	assert_int_equal(count(&p.r.peer[SIDE_CALLER][0]), 4);
	assert_int_equal(count(&p.r.peer[SIDE_CALLER][1]), 4);
	/* RFC 3264 8.4: held by 0.0.0.0 it is where it was. */
	assert_int_equal(addr_parse(&held, "0.0.0.0:9"), OK);
	tell_with(&p, SIDE_CALLER, &held, UNUSED, false);
	pass(&p, 15000);
	assert_int_equal(count(&p.r.peer[SIDE_CALLER][0]), 75);
	/* Without a port it wants nothing at all. */
	addr_set_port(&held, 0);
	tell_with(&p, SIDE_CALLER, &held, UNUSED, false);
	pass(&p, 15000);
	assert_int_equal(count(&p.r.peer[SIDE_CALLER][0]), 0);
	close_primed(&p);
}

static void begins_anew_where_a_side_has_moved(void **state)
{
	struct primed p;

	(void)state;
	open_primed(&p);
	tell_all(&p, false);
	pass(&p, 1);
	send_rtp(&p.r, &p.r.peer[SIDE_CALLER][0], SIDE_CALLER, 1);
	pass(&p, 100);
	tell_with(&p, SIDE_CALLER, &p.r.stranger.addr, UNUSED, false);
	pass(&p, 1001);
	assert_int_equal(count(&p.r.stranger), 6);
	/* The same address again changes nothing. */
	tell_with(&p, SIDE_CALLER, &p.r.stranger.addr, UNUSED, false);
	pass(&p, 1);
	assert_int_equal(count(&p.r.stranger), 0);
	close_primed(&p);
}

static void takes_the_form_that_fits(void **state)
{
	uint8_t packet[ROOM];
	struct rtp_header header;
	struct primed p;
	size_t len = 0;

	(void)state;
	open_primed(&p);
	tell_with(&p, SIDE_CALLER, &p.r.peer[SIDE_CALLER][0].addr, NOISE, false);
	tell_with(&p, SIDE_CALLEE, &p.r.peer[SIDE_CALLEE][0].addr, 0, false);
	pass(&p, 1);
	assert_int_equal(drain(&p.r.peer[SIDE_CALLER][0], packet, &len), 1);
	assert_int_equal(rtp_parse(&header, packet, len), OK);
	assert_int_equal(header.payload_type, NOISE);
	assert_int_equal(header.payload_len, 1);
	assert_int_equal(packet[header.payload_at], 127);
	assert_int_equal(count(&p.r.peer[SIDE_CALLEE][0]), 0);
	assert_int_equal(count(&p.r.peer[SIDE_CALLEE][1]), 1);
	close_primed(&p);
}

/* The callee sends no RTCP: the caller hears from us how it is heard; and from it once it does. */
static void reports_where_the_other_sends_none(void **state)
{
	uint8_t packet[ROOM];
	struct primed p;
	size_t len = 0;
	uint16_t seq = 1;

	(void)state;
	open_primed(&p);
	tell_all(&p, false);
	send_rtp(&p.r, &p.r.peer[SIDE_CALLER][0], SIDE_CALLER, 1);
	for (; seq <= 1000; seq++) {
		send_rtp(&p.r, &p.r.peer[SIDE_CALLEE][0], SIDE_CALLEE, seq);
		pass(&p, 20);
	}
	assert_in_range(drain(&p.r.peer[SIDE_CALLER][1], packet, &len), 3, 5);
	assert_int_equal(packet[0], 0x81);
	assert_int_equal(packet[1], 200);
	count(&p.r.peer[SIDE_CALLER][0]);
	for (; seq <= 2000; seq++) {
		if (seq % 200 == 1)
			send_rtcp(&p.r, &p.r.peer[SIDE_CALLEE][1], SIDE_CALLEE, true);
		send_rtp(&p.r, &p.r.peer[SIDE_CALLEE][0], SIDE_CALLEE, seq);
		pass(&p, 20);
	}
	assert_int_equal(drain(&p.r.peer[SIDE_CALLER][1], packet, &len), 5);
	assert_int_equal(len, TEST_RTCP_LEN);
	close_primed(&p);
}

/* Fax and the like: nothing that could be taken for a packet of theirs, often at first, then to
 * hold the way open; never on the odd port. */
static void what_is_no_rtp_gets_empty_datagrams(void **state)
{
	struct relay_change c = { .opaque = true, .primer_type = UNUSED };
	uint8_t packet[ROOM] = { 0, 1, 1, 0, 0, 0 };
	struct primed p;
	size_t len = 1;

	(void)state;
	open_primed(&p);
	for (unsigned side = 0; side < MEDIA_NSIDES; side++) {
		c.side = (enum media_side)side;
		c.rtp = p.r.peer[side][0].addr;
		c.rtcp = p.r.peer[side][1].addr;
		relay_apply(&p.r.s, &c);
	}
	pass(&p, 1001);
	assert_int_equal(drain(&p.r.peer[SIDE_CALLER][0], packet, &len), 6);
	assert_int_equal(len, 0);
	pass(&p, 2000 + PRIMER_IDLE_MS);
	assert_in_range(count(&p.r.peer[SIDE_CALLER][0]), 10, 11);
	assert_int_equal(count(&p.r.peer[SIDE_CALLER][1]), 0);
	/* The peer's own say nothing either. */
	count(&p.r.peer[SIDE_CALLEE][0]);
	send_bytes(&p.r, &p.r.peer[SIDE_CALLER][0], SIDE_CALLER, false, packet, 0);
	assert_true(is_quiet(&p.r.peer[SIDE_CALLEE][0]));
	assert_int_equal(stats(&p.r, SIDE_CALLER).malformed, 0);
	/* A stream that is busy needs none. */
	for (unsigned s = 0; s < 60; s++) {
		send_bytes(&p.r, &p.r.peer[SIDE_CALLER][0], SIDE_CALLER, false, packet, 6);
		pass(&p, 1000);
	}
	assert_int_equal(count(&p.r.peer[SIDE_CALLEE][0]), 60);
	close_primed(&p);
}

static void holds_the_way_open_as_its_realm_says(void **state)
{
	struct relay_change c = { .primer_type = UNUSED, .idle = true };
	struct primed p;

	(void)state;
	open_primed(&p);
	for (unsigned side = 0; side < MEDIA_NSIDES; side++) {
		c.side = (enum media_side)side;
		c.rtp = p.r.peer[side][0].addr;
		c.rtcp = p.r.peer[side][1].addr;
		c.keepalive_ms = side == SIDE_CALLER ? 2000 : 0;
		relay_apply(&p.r.s, &c);
	}
	pass(&p, PRIMER_IDLE_MS + 1000);
	assert_in_range(count(&p.r.peer[SIDE_CALLER][0]), 8, 9);
	assert_in_range(count(&p.r.peer[SIDE_CALLEE][0]), 1, 2);
	close_primed(&p);
}

static void goes_through_srtp(void **state)
{
	struct srtp_session *peer = NULL;
	struct srtp_key ours, theirs;
	uint8_t packet[ROOM];
	struct rtp_header header;
	struct rtcp_said said;
	struct primed p;
	size_t len = 0;

	(void)state;
	open_primed(&p);
	assert_int_equal(srtp_library_open(), OK);
	srtp_key_generate(&ours);
	srtp_key_generate(&theirs);
	assert_int_equal(srtp_session_new(&peer, SRTP_AES_CM_128_HMAC_SHA1_80, &ours, false), OK);
	tell_all(&p, false);
	set_keys(&p.r, SIDE_CALLEE, &theirs, &ours);
	tell_with(&p, SIDE_CALLEE, &p.r.peer[SIDE_CALLEE][0].addr, UNUSED, false);
	pass(&p, 1);
	assert_int_equal(drain(&p.r.peer[SIDE_CALLEE][0], packet, &len), 1);
	assert_int_equal(len, RTP_HEADER_LEN + 10);
	assert_int_equal(srtp_session_unprotect(peer, packet, &len, false), OK);
	assert_int_equal(rtp_parse(&header, packet, len), OK);
	assert_int_equal(header.payload_type, UNUSED);
	assert_int_equal(drain(&p.r.peer[SIDE_CALLEE][1], packet, &len), 1);
	assert_int_equal(srtp_session_unprotect(peer, packet, &len, true), OK);
	assert_int_equal(rtcp_read(&said, packet, len), OK);
	srtp_session_free(&peer);
	close_primed(&p);
	srtp_library_close();
}

/* SRTP has taken the number of a packet that could not be sent: the next one has another. */
static void goes_on_after_one_that_could_not_be_sent(void **state)
{
	struct primed p;
	struct srtp_key ours, theirs;
	struct addr broadcast; /* none of our sockets may send there */

	(void)state;
	open_primed(&p);
	assert_int_equal(srtp_library_open(), OK);
	assert_int_equal(addr_parse(&broadcast, "255.255.255.255:9"), OK);
	srtp_key_generate(&ours);
	srtp_key_generate(&theirs);
	tell_all(&p, false);
	set_keys(&p.r, SIDE_CALLEE, &theirs, &ours);
	tell_with(&p, SIDE_CALLEE, &broadcast, UNUSED, false);
	pass(&p, 1);
	assert_int_equal(stats(&p.r, SIDE_CALLEE).send_errors, 1);
	assert_int_equal(count(&p.r.peer[SIDE_CALLEE][0]), 0);
	tell_with(&p, SIDE_CALLEE, &p.r.peer[SIDE_CALLEE][0].addr, UNUSED, false);
	pass(&p, 401);
	assert_int_equal(count(&p.r.peer[SIDE_CALLEE][0]), 3);
	close_primed(&p);
	srtp_library_close();
}

/* Towards SRTP, which has room for so many sources: the caller's reports come from n of them. */
static void report_from(struct primed *p, unsigned n)
{
	uint8_t packet[ROOM];

	for (uint32_t ssrc = 1; ssrc <= n; ssrc++)
		send_bytes(&p->r, &p->r.peer[SIDE_CALLER][1], SIDE_CALLER, true, packet,
		           make_rtcp(packet, ssrc));
	pass(p, 1);
	count(&p->r.peer[SIDE_CALLEE][0]);
	count(&p->r.peer[SIDE_CALLEE][1]);
}

static void open_primed_srtp(struct primed *p)
{
	struct srtp_key ours, theirs;

	open_primed(p);
	assert_int_equal(srtp_library_open(), OK);
	srtp_key_generate(&ours);
	srtp_key_generate(&theirs);
	tell_all(p, false);
	set_keys(&p->r, SIDE_CALLEE, &theirs, &ours);
}

static void close_primed_srtp(struct primed *p)
{
	close_primed(p);
	srtp_library_close();
}

/* It had to make room for others, so that RTP is refused: RTCP of the same waking has one. */
static void never_has_ssrc_0(void **state)
{
	uint8_t packet[ROOM];
	struct primed p;
	size_t len = 0;

	(void)state;
	open_primed_srtp(&p);
	tell_with(&p, SIDE_CALLEE, &p.r.peer[SIDE_CALLEE][0].addr, UNUSED, false);
	pass(&p, 1);
	report_from(&p, SRTP_SSRCS_MAX);
	tell_with(&p, SIDE_CALLEE, &p.r.stranger.addr, UNUSED, false);
	pass(&p, 1);
	assert_int_equal(count(&p.r.stranger), 0);
	assert_int_equal(drain(&p.r.peer[SIDE_CALLEE][1], packet, &len), 1);
	assert_memory_not_equal(packet + 4, "\0\0\0\0", 4);
	pass(&p, PRIMER_WAIT_MS);
	assert_int_equal(count(&p.r.stranger), 1);
	close_primed_srtp(&p);
}

/* Our own report of the caller's stream is refused for the caller's SSRC, not for the primer's. */
static void keeps_its_ssrc_where_another_made_room(void **state)
{
	struct primed p;
	uint32_t ssrc;

	(void)state;
	open_primed_srtp(&p);
	send_rtp(&p.r, &p.r.peer[SIDE_CALLER][0], SIDE_CALLER, 1);
	pass(&p, PRIMER_WAIT_MS + 1);
	ssrc = p.r.s.sides[SIDE_CALLEE].primer.ssrc;
	report_from(&p, SRTP_SSRCS_MAX - 1);
	tell_with(&p, SIDE_CALLEE, &p.r.stranger.addr, UNUSED, false);
	pass(&p, 1);
	assert_int_equal(count(&p.r.stranger), 1);
	assert_int_equal(count(&p.r.peer[SIDE_CALLEE][1]), 0);
	assert_int_equal(p.r.s.sides[SIDE_CALLEE].primer.ssrc, ssrc);
	close_primed_srtp(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(waits_for_both_sides),
		cmocka_unit_test(slows_down_when_heard),
		cmocka_unit_test(busy_streams_get_none),
		cmocka_unit_test(a_side_that_sends_nothing_is_held_open),
		cmocka_unit_test(begins_anew_where_a_side_has_moved),
		cmocka_unit_test(takes_the_form_that_fits),
		cmocka_unit_test(reports_where_the_other_sends_none),
		cmocka_unit_test(what_is_no_rtp_gets_empty_datagrams),
		cmocka_unit_test(holds_the_way_open_as_its_realm_says),
		cmocka_unit_test(goes_through_srtp),
		cmocka_unit_test(goes_on_after_one_that_could_not_be_sent),
		cmocka_unit_test(never_has_ssrc_0),
		cmocka_unit_test(keeps_its_ssrc_where_another_made_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
