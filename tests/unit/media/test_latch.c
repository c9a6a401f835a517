/* media/latch.c */
#include "media/latch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static struct addr at(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(&a, text), OK);
	return a;
}

static const struct latch_cfg strict = { .rule = SOURCE_STRICT }, first = { .rule = SOURCE_LATCH };

static struct latch_doubt doubted[LATCH_DOUBTED];

static struct latch told(const struct latch_cfg *cfg, bool rtcp, const char *text)
{
	struct latch l = { 0 };
	const struct addr a = at(text);

	memset(doubted, 0, sizeof(doubted));
	latch_init(&l, cfg, rtcp ? NULL : doubted);
	assert_false(latch_tell(&l, &a, 0));
	return l;
}

/* As the relay does: admitted, then good. */
static bool arrives(struct latch *l, const char *text, uint64_t now_ms)
{
	const struct addr from = at(text);

	return latch_admits(l, &from, NULL, false, now_ms) &&
	       latch_learn(l, &from, false, NULL, now_ms) != LATCH_REFUSED;
}

static void goes_to(const struct latch *l, const char *text)
{
	const struct addr *to = latch_target(l);
	char buf[ADDR_TEXT_MAX];

	if (!text) {
		assert_null(to);
		return;
	}
	assert_non_null(to);
	assert_string_equal(addr_text(to, buf, sizeof(buf)), text);
}

static bool tell(struct latch *l, const char *text, uint64_t now_ms)
{
	const struct addr a = at(text);

	return latch_tell(l, &a, now_ms);
}

static void first_one_fixes_the_source(void **state)
{
	struct latch l = told(&first, false, "10.0.0.1:4000");

	(void)state;
	goes_to(&l, "10.0.0.1:4000");
	assert_true(arrives(&l, "192.0.2.1:5000", 0));
	goes_to(&l, "192.0.2.1:5000");
	assert_false(arrives(&l, "192.0.2.1:5001", 0));
	assert_false(arrives(&l, "192.0.2.2:5000", 0));
	goes_to(&l, "192.0.2.1:5000");
}

static enum latch_verdict streams(struct latch *l, const char *text, uint32_t ssrc, uint16_t seq)
{
	const struct rtp_header h = { .ssrc = ssrc, .seq = seq };
	const struct addr from = at(text);

	return latch_admits(l, &from, NULL, false, seq) ? latch_learn(l, &from, false, &h, seq)
	                                                : LATCH_REFUSED;
}

/* A host that SDP does not name: as a stream sends, not as a spray falls. */
static void others_prove_themselves(void **state)
{
	struct latch l = told(&first, false, "10.0.0.1:4000");

	(void)state;
	for (uint16_t i = 0; i < 100; i++) {
		assert_int_equal(streams(&l, "192.0.2.66:1", 7, 9), LATCH_REFUSED);
		assert_int_equal(streams(&l, "192.0.2.67:1", 7, (uint16_t)(i * 700)),
		                 LATCH_REFUSED);
		assert_int_equal(streams(&l, "192.0.2.68:1", i, (uint16_t)(i + 1)), LATCH_REFUSED);
	}
	assert_int_equal(streams(&l, "192.0.2.1:5000", 1, 65534), LATCH_REFUSED);
	assert_int_equal(streams(&l, "192.0.2.66:1", 7, 9), LATCH_REFUSED);
	assert_int_equal(streams(&l, "192.0.2.1:5000", 1, 65535), LATCH_REFUSED);
	assert_int_equal(streams(&l, "192.0.2.1:5000", 1, 4), LATCH_REFUSED); /* four were lost */
	assert_int_equal(streams(&l, "192.0.2.1:5000", 1, 5), LATCH_LEARNED);
	goes_to(&l, "192.0.2.1:5000");
}

/* Who came first gives way to whom SDP names, and not the other way round. */
static void sdp_is_believed_most(void **state)
{
	struct latch l = told(&first, false, "10.0.0.1:4000");

	(void)state;
	assert_true(arrives(&l, "192.0.2.1:5000", 0));
	assert_true(arrives(&l, "10.0.0.1:9", 1));
	assert_false(arrives(&l, "10.0.0.1:8", 1));
	assert_true(arrives(&l, "10.0.0.1:4000", 2));
	assert_false(arrives(&l, "10.0.0.1:9", 3));
	assert_false(arrives(&l, "192.0.2.1:5000", 3));
	goes_to(&l, "10.0.0.1:4000");
}

/* A NAT gave it another port: SRTP proves it, when the old one is silent. */
static void srtp_proves_a_new_source(void **state)
{
	struct latch l = told(&first, false, "10.0.0.1:4000");
	const struct addr old = at("192.0.2.1:5000"), other = at("192.0.2.1:5001");

	(void)state;
	assert_int_equal(latch_learn(&l, &old, true, NULL, 1000), LATCH_LEARNED);
	assert_false(latch_admits(&l, &other, NULL, true, 1000 + LATCH_QUIET_MS - 1));
	assert_true(latch_admits(&l, &other, NULL, true, 1000 + LATCH_QUIET_MS));
	assert_false(latch_admits(&l, &other, NULL, false, 1000 + LATCH_QUIET_MS));
	assert_int_equal(latch_learn(&l, &other, true, NULL, 1200), LATCH_LEARNED);
	goes_to(&l, "192.0.2.1:5001");
}

/* A captured packet that is sent again from elsewhere, before it came itself, authenticates. */
static void sdp_outranks_what_srtp_proves(void **state)
{
	struct latch l = told(&first, false, "10.0.0.1:4000");
	const struct addr copier = at("192.0.2.66:1"), peer = at("10.0.0.1:4000");

	(void)state;
	assert_int_equal(latch_learn(&l, &copier, true, NULL, 1000), LATCH_LEARNED);
	assert_true(latch_admits(&l, &peer, NULL, true, 1001));
	goes_to(&l, "192.0.2.66:1"); /* until it authenticates */
	assert_int_equal(latch_learn(&l, &peer, true, NULL, 1001), LATCH_LEARNED);
	assert_false(latch_admits(&l, &copier, NULL, true, 1002));
	goes_to(&l, "10.0.0.1:4000");
}

static void networks_are_let_in(void **state)
{
	struct addr_net nets[2];
	const struct latch_cfg cfg = { .rule = SOURCE_NETWORK, .networks = nets, .nnetworks = 2 };
	struct latch l = told(&cfg, false, "10.0.0.1:4000");

	(void)state;
	assert_int_equal(addr_net_parse(&nets[0], "198.51.100.0/24"), OK);
	assert_int_equal(addr_net_parse(&nets[1], "192.0.2.0/28"), OK);
	assert_false(arrives(&l, "192.0.2.16:1", 0));
	assert_true(arrives(&l, "192.0.2.15:1", 0));
	assert_false(arrives(&l, "192.0.2.15:2", LATCH_QUIET_MS - 1));
	assert_true(arrives(&l, "192.0.2.15:2", LATCH_QUIET_MS));
	assert_false(arrives(&l, "10.0.1.1:4000", 10000));
	assert_true(arrives(&l, "10.0.0.200:4000", 10000));
	goes_to(&l, "10.0.0.200:4000");
}

/* The access list of a realm that learns: for whom SDP does not name. */
static void networks_bound_what_is_learned(void **state)
{
	struct addr_net net;
	const struct latch_cfg cfg = { .rule = SOURCE_LATCH, .networks = &net, .nnetworks = 1 };
	struct latch l = told(&cfg, false, "198.51.100.1:4000");
	const struct addr outside = at("192.0.2.1:5000");

	(void)state;
	assert_int_equal(addr_net_parse(&net, "10.0.0.0/8"), OK);
	for (uint16_t seq = 1; seq <= 2 * LATCH_PROOF; seq++)
		assert_int_equal(streams(&l, "192.0.2.1:5000", 1, seq), LATCH_REFUSED);
	assert_false(latch_admits(&l, &outside, NULL, true, 0)); /* SRTP or not */
	for (uint16_t seq = 1; seq < LATCH_PROOF; seq++)
		assert_int_equal(streams(&l, "10.9.9.9:5000", 1, seq), LATCH_REFUSED);
	assert_int_equal(streams(&l, "10.9.9.9:5000", 1, LATCH_PROOF), LATCH_LEARNED);
	assert_true(arrives(&l, "198.51.100.1:4000", 10)); /* SDP names it */
}

static void only_good_packets_teach(void **state)
{
	struct latch l = told(&first, false, "10.0.0.1:4000");
	const struct addr bad = at("192.0.2.66:1"), good = at("192.0.2.1:5000");

	(void)state;
	assert_true(latch_admits(&l, &bad, NULL, false, 0)); /* and fails authentication */
	assert_true(latch_admits(&l, &good, NULL, false, 0));
	assert_int_equal(latch_learn(&l, &good, false, NULL, 0), LATCH_LEARNED);
	assert_int_equal(latch_learn(&l, &good, false, NULL, 0), LATCH_KNOWN);
	assert_false(latch_admits(&l, &bad, NULL, false, 0));
}

static void strict_takes_the_told_one_alone(void **state)
{
	struct latch l = told(&strict, false, "10.0.0.1:4000");

	(void)state;
	assert_false(arrives(&l, "10.0.0.1:4001", 0));
	assert_false(arrives(&l, "10.0.0.2:4000", 0));
	assert_true(arrives(&l, "10.0.0.1:4000", 0));
	assert_false(arrives(&l, "10.0.0.1:4001", 0));
	goes_to(&l, "10.0.0.1:4000");
}

static void strict_rtcp_takes_the_host(void **state)
{
	struct latch l = told(&strict, true, "10.0.0.1:4001");
	const struct addr other = at("10.0.0.1:7777");

	(void)state;
	assert_true(arrives(&l, "10.0.0.1:9999", 0));
	assert_true(latch_admits(&l, &other, NULL, false, 0));
	/* The log hears of one. */
	assert_int_equal(latch_learn(&l, &other, false, NULL, 0), LATCH_KNOWN);
	assert_false(arrives(&l, "10.0.0.2:4001", 0));
	goes_to(&l, "10.0.0.1:4001");
}

static void rtcp_shares_the_host_of_rtp(void **state)
{
	struct latch l = told(&first, true, "10.0.0.1:4001");
	const struct addr rtp = at("192.0.2.1:5000"), unset = { 0 };
	const struct addr same = at("192.0.2.1:9"), other = at("192.0.2.2:5001");

	(void)state;
	const struct addr near = at("10.0.0.1:9");

	/* Until RTP came, only from where SDP says, or with SRTP's word for it. */
	assert_false(latch_admits(&l, &other, &unset, false, 0));
	assert_true(latch_admits(&l, &other, &unset, true, 0));
	assert_true(latch_admits(&l, &near, &unset, false, 0));
	assert_false(latch_admits(&l, &other, &rtp, false, 0));
	assert_true(latch_admits(&l, &same, &rtp, false, 0));
	assert_int_equal(latch_learn(&l, &same, false, NULL, 0), LATCH_LEARNED);
	goes_to(&l, "192.0.2.1:9");
	latch_forget(&l);
	goes_to(&l, "10.0.0.1:4001");
}

static void a_move_lets_it_learn_anew(void **state)
{
	struct latch l = told(&first, false, "10.0.0.1:4000");

	(void)state;
	assert_true(arrives(&l, "192.0.2.1:5000", 0));
	assert_false(tell(&l, "10.0.0.1:4000", 10)); /* no move */
	assert_false(arrives(&l, "192.0.2.9:1", 10));
	goes_to(&l, "192.0.2.1:5000");
	assert_true(tell(&l, "10.0.0.1:6000", 20));
	goes_to(&l, "10.0.0.1:6000");
	assert_true(arrives(&l, "192.0.2.1:7000", 30));
	goes_to(&l, "192.0.2.1:7000");
	assert_false(arrives(&l, "192.0.2.1:5000", 40));
}

/* Packets that were under way when the peer moved. */
static void the_old_source_is_provisional(void **state)
{
	struct latch l = told(&first, false, "10.0.0.1:4000");

	(void)state;
	assert_true(arrives(&l, "192.0.2.1:5000", 0));
	assert_true(tell(&l, "10.0.0.1:6000", 1000));
	assert_true(arrives(&l, "192.0.2.1:5000", 1001));
	goes_to(&l, "192.0.2.1:5000");
	assert_true(arrives(&l, "192.0.2.1:7000", 1020));
	goes_to(&l, "192.0.2.1:7000");
	assert_false(arrives(&l, "192.0.2.1:5000", 1021)); /* and that is it */
	assert_false(arrives(&l, "192.0.2.9:1", 1021));
}

static void the_old_source_settles(void **state)
{
	struct latch l = told(&first, false, "10.0.0.1:4000");

	(void)state;
	assert_true(arrives(&l, "192.0.2.1:5000", 0));
	assert_true(tell(&l, "10.0.0.1:6000", 1000));
	assert_true(arrives(&l, "192.0.2.1:5000", 1001));
	assert_true(arrives(&l, "192.0.2.1:5000", 1000 + LATCH_SETTLE_MS));
	assert_false(arrives(&l, "192.0.2.9:1", 1000 + LATCH_SETTLE_MS));
	goes_to(&l, "192.0.2.1:5000");
}

static void hold_mutes_and_keeps(void **state)
{
	static const char *const holds[] = { "10.0.0.1", "0.0.0.0:4000", "[::]:4000" };
	struct latch l = told(&first, false, "10.0.0.1:4000");
	const struct addr unset = { 0 };

	(void)state;
	assert_true(arrives(&l, "192.0.2.1:5000", 0));
	for (size_t i = 0; i < ARRAY_LEN(holds); i++) {
		assert_false(tell(&l, holds[i], 10));
		goes_to(&l, NULL);
		assert_true(arrives(&l, "192.0.2.1:5000", 10));
		assert_false(arrives(&l, "192.0.2.9:1", 10));
		assert_false(tell(&l, "10.0.0.1:4000", 20));
		goes_to(&l, "192.0.2.1:5000");
	}
	assert_false(latch_tell(&l, &unset, 30));
	goes_to(&l, NULL);
}

static void untold_sends_nowhere(void **state)
{
	struct latch l = { 0 };

	(void)state;
	latch_init(&l, &first, doubted);
	goes_to(&l, NULL);
}

/* Held from the start: nobody can be told from a stranger yet. */
static void untold_learns_nobody(void **state)
{
	static const char *const holds[] = { "10.0.0.1", "0.0.0.0:4000", "[::]:4000" };
	const struct addr from = at("192.0.2.1:5000");

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(holds); i++) {
		struct latch l = told(&first, false, holds[i]);

		for (uint16_t seq = 1; seq < 10; seq++)
			assert_int_equal(streams(&l, "192.0.2.1:5000", 1, seq), LATCH_REFUSED);
		assert_false(arrives(&l, "192.0.2.1:5000", 0));
		assert_true(latch_admits(&l, &from, NULL, true, 0)); /* SRTP can */
		assert_false(tell(&l, "10.0.0.1:4000", 20));
		goes_to(&l, "10.0.0.1:4000");
	}
}

/* No form tells a stranger's datagrams from the peer's. */
static void what_is_no_rtp_comes_from_whom_we_know(void **state)
{
	struct latch l = told(&first, false, "10.0.0.1:4000");
	const struct addr unset = { 0 }, nat = at("192.0.2.1:5060");

	(void)state;
	latch_know(&l, true, &unset);
	for (uint64_t now_ms = 0; now_ms < 60000; now_ms += 1000)
		assert_false(arrives(&l, "192.0.2.1:5000", now_ms));
	latch_know(&l, true, &nat);
	assert_false(arrives(&l, "192.0.2.2:5000", 60000));
	assert_true(arrives(&l, "192.0.2.1:5000", 60000));
	goes_to(&l, "192.0.2.1:5000");
	assert_false(arrives(&l, "192.0.2.1:5001", 70000));
	assert_true(arrives(&l, "10.0.0.1:4000", 70000));
	goes_to(&l, "10.0.0.1:4000");
	assert_false(arrives(&l, "192.0.2.1:5000", 80000));
}

/* Fax after speech: who sent the one sends the other, though its SDP names another host. */
static void what_is_no_rtp_comes_from_where_rtp_came(void **state)
{
	struct latch l = told(&first, false, "10.0.0.1:4000");
	const struct addr unset = { 0 };

	(void)state;
	for (uint16_t seq = 1; seq <= LATCH_PROOF; seq++)
		streams(&l, "192.0.2.1:5000", 1, seq);
	goes_to(&l, "192.0.2.1:5000");
	tell(&l, "10.0.0.1:4002", 100);
	latch_know(&l, true, &unset);
	assert_false(arrives(&l, "192.0.2.9:7000", 10000));
	assert_true(arrives(&l, "192.0.2.1:7000", 10000));
	goes_to(&l, "192.0.2.1:7000");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_one_fixes_the_source),
		cmocka_unit_test(others_prove_themselves),
		cmocka_unit_test(sdp_is_believed_most),
		cmocka_unit_test(srtp_proves_a_new_source),
		cmocka_unit_test(sdp_outranks_what_srtp_proves),
		cmocka_unit_test(networks_are_let_in),
		cmocka_unit_test(networks_bound_what_is_learned),
		cmocka_unit_test(only_good_packets_teach),
		cmocka_unit_test(strict_takes_the_told_one_alone),
		cmocka_unit_test(strict_rtcp_takes_the_host),
		cmocka_unit_test(rtcp_shares_the_host_of_rtp),
		cmocka_unit_test(a_move_lets_it_learn_anew),
		cmocka_unit_test(the_old_source_is_provisional),
		cmocka_unit_test(the_old_source_settles),
		cmocka_unit_test(hold_mutes_and_keeps),
		cmocka_unit_test(untold_sends_nowhere),
		cmocka_unit_test(untold_learns_nobody),
		cmocka_unit_test(what_is_no_rtp_comes_from_whom_we_know),
		cmocka_unit_test(what_is_no_rtp_comes_from_where_rtp_came),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
