/* media/relay.c, where a side has another key, and is elsewhere with it. */
#include "media/relay.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "tests/unit/media/relay_rig.h"
#include "tests/unit/media/srtp_peer.h"

/* The callee moves, and has a key of its own there. */
static void move_to(struct rig *r, const struct addr *a, const struct srtp_key *recv,
                    const struct srtp_key *send)
{
	struct relay_change c = { .side = SIDE_CALLEE, .rtp = *a, .rtcp = *a, .mux = true };

	c.in.slot = c.out.slot = 1;
	assert_int_equal(srtp_session_new(&c.in.all[1], SRTP_AES_CM_128_HMAC_SHA1_80, recv, false),
	                 OK);
	assert_int_equal(srtp_session_new(&c.out.all[1], SRTP_AES_CM_128_HMAC_SHA1_80, send, true),
	                 OK);
	relay_apply(&r->s, &c);
	sessions_free(c.in.all);
	sessions_free(c.out.all);
}

/* The packet reaches the caller. */
static void sends(struct rig *r, const struct udp *from, const struct srtp_key *key, uint16_t seq)
{
	uint8_t packet[ROOM];
	size_t len = peer_protect_rtp(key->bytes, 0, packet, make_rtp(packet, SSRC, seq));

	send_bytes(r, from, SIDE_CALLEE, false, packet, len);
	gets_rtp(&r->peer[SIDE_CALLER][0], seq, &r->ours[SIDE_CALLER][0].addr);
}

static void goes_to(struct rig *r, const struct udp *to, uint16_t seq)
{
	uint8_t packet[ROOM];

	send_rtp(r, &r->peer[SIDE_CALLER][0], SIDE_CALLER, seq);
	assert_true(udp_recv(to, packet, sizeof(packet), NULL) > TEST_RTP_LEN);
}

/* What comes late under the key of before passes, but says nothing of where the peer is now,
 * neither before it was heard there (which primers wait for) nor while it is silent. */
static void late_packets_lead_nowhere(void **state)
{
	struct rig r;
	struct srtp_key before, now;
	const struct udp *was, *is;
	uint64_t moved_ms;

	(void)state;
	clock_fake(1000, 0);
	rig_open(&r, SOURCE_LATCH);
	was = &r.peer[SIDE_CALLEE][0];
	is = &r.stranger;
	srtp_key_generate(&before);
	srtp_key_generate(&now);
	tell(&r, SIDE_CALLER, false);
	set_keys(&r, SIDE_CALLEE, &before, &before);
	sends(&r, was, &before, 1);
	assert_true(latched_at(&r, SIDE_CALLEE, &was->addr));
	clock_fake_advance(1);
	moved_ms = clock_mono_ms();
	move_to(&r, &is->addr, &now, &now);
	sends(&r, was, &before, 2);
	assert_false(latched_at(&r, SIDE_CALLEE, NULL));
	assert_false(relay_heard(&r.s.sides[SIDE_CALLEE], moved_ms));
	goes_to(&r, is, 1);
	sends(&r, is, &now, 4);
	assert_true(relay_heard(&r.s.sides[SIDE_CALLEE], moved_ms));
	assert_true(latched_at(&r, SIDE_CALLEE, &is->addr));
	clock_fake_advance(LATCH_QUIET_MS);
	sends(&r, was, &before, 3);
	assert_true(latched_at(&r, SIDE_CALLEE, &is->addr));
	goes_to(&r, is, 2);
	/* The key of now may come from elsewhere: a NAT. */
	sends(&r, was, &now, 5);
	assert_true(latched_at(&r, SIDE_CALLEE, &was->addr));
	rig_close(&r);
	clock_real();
}

static int open_all(void **state)
{
	(void)state;
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

static void relays(struct rig *r, uint32_t ssrc, uint16_t seq)
{
	uint8_t packet[ROOM];

	send_bytes(r, &r->peer[SIDE_CALLER][0], SIDE_CALLER, false, packet,
	           make_rtp(packet, ssrc, seq));
}

static bool arrived(struct rig *r)
{
	uint8_t packet[ROOM];

	return !is_quiet(&r->peer[SIDE_CALLEE][0]) &&
	       udp_recv(&r->peer[SIDE_CALLEE][0], packet, sizeof(packet), NULL) > 0;
}

/* RFC 3711 9.1: what would be protected twice under one number is not sent, and that is told. */
static void used_numbers_are_told(void **state)
{
	struct rig r;
	struct srtp_key key;

	(void)state;
	rig_open(&r, SOURCE_LATCH);
	srtp_key_generate(&key);
	tell(&r, SIDE_CALLER, false);
	set_keys(&r, SIDE_CALLEE, &key, &key);
	relays(&r, SSRC, 5000);
	assert_true(arrived(&r));
	*heard.last = '\0';
	for (unsigned i = 0; i < 49; i++) /* doubled ones are none to tell of */
		relays(&r, SSRC, 5000);
	relays(&r, SSRC, 5001);
	assert_true(arrived(&r));
	for (unsigned i = 0; i < 49; i++)
		relays(&r, SSRC, 5000);
	assert_string_equal(heard.last, "");
	relays(&r, SSRC, 5000);
	assert_non_null(strstr(heard.last, "numbers that it has used"));
	*heard.last = '\0';
	relays(&r, SSRC, 5000);
	assert_string_equal(heard.last, "");
	assert_false(arrived(&r));
	assert_int_equal(stats(&r, SIDE_CALLEE).send_errors, 100);
	assert_int_equal(r.s.sides[SIDE_CALLEE].reports.packets, 2); /* of an SR of ours */
	rig_close(&r);
}

/* RFC 3550 A.1: a phone begins its numbers anew under its SSRC. All but the first of them go on, as
 * what follows, and the provider can read them. */
static void a_new_beginning_goes_on(void **state)
{
	struct srtp_session *theirs;
	struct srtp_key key;
	struct rig r;

	(void)state;
	rig_open(&r, SOURCE_LATCH);
	srtp_key_generate(&key);
	assert_int_equal(srtp_session_new(&theirs, SRTP_AES_CM_128_HMAC_SHA1_80, &key, false), OK);
	tell(&r, SIDE_CALLER, false);
	set_keys(&r, SIDE_CALLEE, &key, &key);
	relays(&r, SSRC, 20000);
	assert_true(arrived(&r));
	relays(&r, SSRC, 4000);
	assert_false(arrived(&r));
	for (uint16_t i = 1; i < 100; i++) {
		uint8_t packet[ROOM];
		size_t len;

		relays(&r, SSRC, (uint16_t)(4000 + i));
		len = udp_recv(&r.peer[SIDE_CALLEE][0], packet, sizeof(packet), NULL);
		assert_int_equal(srtp_session_unprotect(theirs, packet, &len, false), OK);
		assert_int_equal(packet[2] << 8 | packet[3], 20000 + i);
	}
	assert_int_equal(stats(&r, SIDE_CALLEE).send_errors, 1);
	srtp_session_free(&theirs);
	rig_close(&r);
}

/* Whether a packet that is refused for its number, the first under a key of its own, is told. */
static bool is_told_at_once(struct rig *r, uint32_t ssrc)
{
	struct srtp_key key;
	uint8_t own[ROOM];
	size_t len = make_rtp(own, ssrc, 7);

	srtp_key_generate(&key);
	set_keys(r, SIDE_CALLEE, &key, &key);
	*heard.last = '\0';
	assert_int_equal(relay_send_own(&r->s.sides[SIDE_CALLEE], own, len, sizeof(own), false),
	                 OK);
	assert_true(arrived(r));
	relays(r, ssrc, 7);
	return *heard.last;
}

/* What was refused under the key of before, or to the peer of before, is not counted on. */
static void a_new_key_is_judged_by_its_own(void **state)
{
	struct udp rtp = udp_open(), rtcp = udp_open();
	struct relay_change c = {
		.side = SIDE_CALLEE, .renew = true, .rtp_fd = rtp.fd, .rtcp_fd = rtcp.fd
	};
	struct rig r;

	(void)state;
	rig_open(&r, SOURCE_LATCH);
	c.latch = &r.latch;
	tell(&r, SIDE_CALLER, false);
	assert_false(is_told_at_once(&r, SSRC));
	for (uint16_t seq = 1; seq < 50; seq++)
		relays(&r, SSRC, 7);
	assert_non_null(strstr(heard.last, "numbers that it has used"));
	assert_false(is_told_at_once(&r, SSRC));
	for (uint16_t seq = 1; seq < 40; seq++)
		relays(&r, SSRC, 7);
	assert_string_equal(heard.last, "");
	relay_apply(&r.s, &c);
	sessions_free(c.in.all);
	sessions_free(c.out.all);
	assert_int_equal(r.s.sides[SIDE_CALLEE].repeated, 0);
	rig_close(&r);
	udp_close(&rtp);
	udp_close(&rtcp);
}

/* A queue with a new source for each announcement. */
static void sources_come_and_go(void **state)
{
	struct rig r;
	struct srtp_key key;
	uint8_t own[ROOM];
	size_t len;

	(void)state;
	rig_open(&r, SOURCE_LATCH);
	srtp_key_generate(&key);
	tell(&r, SIDE_CALLER, false);
	set_keys(&r, SIDE_CALLEE, &key, &key);
	for (uint32_t ssrc = 1; ssrc <= SRTP_SSRCS_MAX + SRTP_SPENT_MAX; ssrc++) {
		relays(&r, ssrc, 1);
		assert_true(arrived(&r));
	}
	*heard.last = '\0';
	relays(&r, UINT32_MAX, 1);
	assert_false(arrived(&r));
	assert_non_null(strstr(heard.last, "more SSRCs of the other side"));
	/* Ours made room as well. */
	len = make_rtp(own, 1, 2);
	assert_int_equal(relay_send_own(&r.s.sides[SIDE_CALLEE], own, len, sizeof(own), false),
	                 ERR_LIMIT);
	assert_false(arrived(&r));
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(used_numbers_are_told),
		cmocka_unit_test(a_new_beginning_goes_on),
		cmocka_unit_test(a_new_key_is_judged_by_its_own),
		cmocka_unit_test(sources_come_and_go),
		cmocka_unit_test(late_packets_lead_nowhere),
	};

	return cmocka_run_group_tests(tests, open_all, close_all);
}
