/* media/anchor.c and media.c, with their workers, over the loopback. */
#include "media/anchor.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <cmocka.h>
#include "base/clock.h"
#include "base/log.h"
#include "media/engine.h"
#include "media/srtp.h"
#include "tests/unit/loopback.h"
#include "tests/unit/alloc.h"
#include "tests/unit/media/srtp_peer.h"
#include "tests/unit/media/udp.h"

#define ROOM    (RTP_PACKET_MAX + SRTP_TRAILER_MAX)
#define SSRC    0x1234abcd
#define WORKERS 2
#define SUITE   SRTP_AES_CM_128_HMAC_SHA1_80

struct rig {
	struct loop *loop;
	struct media *media;
	struct media_realm *inside, *outside;
	struct udp phone, trunk;
};

static enum err add_realm(struct media *media, const char *address, uint16_t low, uint16_t high,
                          struct media_realm **out)
{
	struct media_realm_cfg cfg = {
		.name = "test", .port_low = low, .port_high = high, .latch.rule = SOURCE_LATCH
	};

	assert_int_equal(addr_parse(&cfg.address, address), OK);
	return media_add_realm(media, &cfg, out);
}

static void rig_open(struct rig *r, uint16_t pairs)
{
	const uint16_t inside = 22000, outside = 24000;

	memset(r, 0, sizeof(*r));
	assert_int_equal(loop_new(&r->loop), OK);
	assert_int_equal(media_new(&r->media, r->loop, WORKERS, 1), OK);
	assert_int_equal(add_realm(r->media, own_loopback(), inside,
	                           (uint16_t)(inside + 2 * pairs - 1), &r->inside),
	                 OK);
	assert_int_equal(add_realm(r->media, own_loopback(), outside,
	                           (uint16_t)(outside + 2 * pairs - 1), &r->outside),
	                 OK);
	r->phone = udp_open();
	r->trunk = udp_open();
}

static void rig_close(struct rig *r)
{
	udp_close(&r->phone);
	udp_close(&r->trunk);
	media_free(&r->media);
	assert_null(r->media);
	loop_free(&r->loop);
}

static struct anchor *open_anchor(struct rig *r, unsigned nstreams)
{
	struct anchor *a = NULL;
	unsigned stream;

	assert_int_equal(anchor_open(&a, r->media, "7f3a", r->inside, r->outside), OK);
	for (unsigned i = 0; i < nstreams; i++) {
		assert_int_equal(anchor_add(a, &stream), OK);
		assert_int_equal(stream, i);
	}
	return a;
}

/* Looks once a millisecond whether all ports are back. */
struct waiter {
	struct rig *r;
	struct timer timer;
};

static void look(void *arg)
{
	struct waiter *w = arg;

	if (media_realm_used(w->r->inside) == 0 && media_realm_used(w->r->outside) == 0)
		loop_stop(w->r->loop);
	else
		timer_start(loop_timers(w->r->loop), &w->timer, 1, look, w);
}

static void wait_for_ports(struct rig *r)
{
	struct waiter w = { .r = r };

	timer_start(loop_timers(r->loop), &w.timer, 1, look, &w);
	loop_run(r->loop);
	timer_stop(&w.timer);
}

static void tell(struct anchor *a, enum media_side side, const struct udp *u,
                 const struct srtp_key *recv, const struct srtp_key *send)
{
	struct stream_remote remote = { .rtp = u->addr, .rtcp_mux = true };

	if (recv) {
		remote.suite = SUITE;
		remote.recv_key = *recv;
		remote.send_key = *send;
	}
	assert_int_equal(anchor_set_remote(a, 0, side, &remote), OK);
}

static void send_rtp(const struct udp *u, const struct anchor *a, enum media_side side,
                     uint16_t seq)
{
	uint8_t packet[ROOM];

	udp_send(u, anchor_local(a, 0, side), packet, make_rtp(packet, SSRC, seq));
}

static void send_srtp(const struct udp *u, const struct anchor *a, enum media_side side,
                      const struct srtp_key *key, uint32_t index)
{
	uint8_t packet[ROOM];
	size_t len = make_rtp(packet, SSRC, (uint16_t)index);

	len = peer_protect_rtp(key->bytes, index >> 16, packet, len);
	udp_send(u, anchor_local(a, 0, side), packet, len);
}

/* Behind the primers, which are RTCP here. */
static size_t recv_relayed(const struct udp *u, uint8_t *packet)
{
	size_t len;

	do {
		len = udp_recv(u, packet, ROOM, NULL);
	} while (rtp_is_rtcp(packet, len));
	return len;
}

static void gets_rtp(const struct udp *u, uint16_t seq)
{
	uint8_t packet[ROOM];

	assert_int_equal(recv_relayed(u, packet), TEST_RTP_LEN);
	assert_int_equal(seq_of(packet), seq);
}

static void gets_srtp(const struct udp *u, const struct srtp_key *key, uint32_t index)
{
	uint8_t packet[ROOM], want[ROOM];
	size_t len = make_rtp(want, SSRC, (uint16_t)index);

	len = peer_protect_rtp(key->bytes, index >> 16, want, len);
	assert_int_equal(recv_relayed(u, packet), len);
	assert_memory_equal(packet, want, len);
}

static struct stream_stats stats(const struct anchor *a, enum media_side side)
{
	struct stream_stats st;

	anchor_stats(a, 0, side, &st);
	return st;
}

/* Until the worker has counted what it was sent; it may have sent before it counted. */
#define WAIT_UNTIL(condition)                                      \
	do {                                                       \
		uint64_t until_ms = clock_mono_ms() + UDP_WAIT_MS; \
		while (!(condition) && clock_mono_ms() < until_ms) \
			sched_yield();                             \
		assert_true(condition);                            \
	} while (0)

static void says_where_it_listens(void **state)
{
	struct rig r;
	struct anchor *a;

	(void)state;
	rig_open(&r, 20);
	a = open_anchor(&r, 3);
	assert_int_equal(anchor_nstreams(a), 3);
	assert_int_equal(media_realm_used(r.inside), 3);
	assert_int_equal(media_realm_used(r.outside), 3);
	for (unsigned i = 0; i < 3; i++) {
		const struct addr *caller = anchor_local(a, i, SIDE_CALLER);
		const struct addr *callee = anchor_local(a, i, SIDE_CALLEE);

		assert_int_equal(addr_port(caller) % 2, 0);
		assert_in_range(addr_port(caller), 22000, 22038);
		assert_in_range(addr_port(callee), 24000, 24038);
		assert_true(addr_same_host(caller, callee));
	}
	anchor_close(&a);
	assert_null(a);
	anchor_close(&a);
	wait_for_ports(&r);
	rig_close(&r);
}

static void relays_each_way(void **state)
{
	struct rig r;
	struct anchor *a;
	struct stream_stats caller, callee;

	(void)state;
	rig_open(&r, 4);
	a = open_anchor(&r, 1);
	tell(a, SIDE_CALLER, &r.phone, NULL, NULL);
	tell(a, SIDE_CALLEE, &r.trunk, NULL, NULL);
	for (uint16_t seq = 1; seq <= 100; seq++) {
		send_rtp(&r.phone, a, SIDE_CALLER, seq);
		gets_rtp(&r.trunk, seq);
		send_rtp(&r.trunk, a, SIDE_CALLEE, seq);
		gets_rtp(&r.phone, seq);
	}
	WAIT_UNTIL(stats(a, SIDE_CALLER).packets_out == 100);
	caller = stats(a, SIDE_CALLER);
	callee = stats(a, SIDE_CALLEE);
	anchor_close(&a);
	assert_int_equal(caller.packets_in, 100);
	assert_int_equal(callee.packets_in, 100);
	assert_int_equal(callee.packets_out, 100);
	assert_int_equal(callee.octets_out, 100 * TEST_RTP_LEN);
	assert_int_equal(caller.lost + callee.lost, 0);
	assert_true(addr_equal(&caller.latched, &r.phone.addr));
	assert_true(addr_equal(&callee.latched, &r.trunk.addr));
	rig_close(&r); /* drains it */
}

/* All keys stay while the call lives; then new ones come, and an attacker knocks all the time. */
static void keeps_and_changes_keys(void **state)
{
	struct rig r;
	struct anchor *a;
	struct srtp_key recv, send, recv2, send2;
	struct udp stranger = udp_open();
	uint32_t index;

	(void)state;
	rig_open(&r, 4);
	srtp_key_generate(&recv);
	srtp_key_generate(&send);
	srtp_key_generate(&recv2);
	srtp_key_generate(&send2);
	a = open_anchor(&r, 1);
	tell(a, SIDE_CALLER, &r.phone, NULL, NULL);
	tell(a, SIDE_CALLEE, &r.trunk, &recv, &send);
	for (index = 65500; index < 65600; index++) {
		/* The same again, on each side of the wrap, forgets nothing. */
		if (index % 20 == 0)
			tell(a, SIDE_CALLEE, &r.trunk, &recv, &send);
		send_srtp(&r.trunk, a, SIDE_CALLEE, &recv, index);
		gets_rtp(&r.phone, (uint16_t)index);
		send_srtp(&stranger, a, SIDE_CALLEE, &recv, index + 1);
		send_rtp(&r.phone, a, SIDE_CALLER, (uint16_t)index);
		gets_srtp(&r.trunk, &send, index);
	}
	WAIT_UNTIL(stats(a, SIDE_CALLEE).bad_source == 100);
	/* One direction has a new key: its counter starts at 0, the other's goes on. */
	tell(a, SIDE_CALLEE, &r.trunk, &recv, &send2);
	send_rtp(&r.phone, a, SIDE_CALLER, 7);
	gets_srtp(&r.trunk, &send2, 7);
	send_srtp(&r.trunk, a, SIDE_CALLEE, &recv, index);
	gets_rtp(&r.phone, (uint16_t)index);
	/* The peer's key changes while packets are under way, in disorder: none is lost. */
	tell(a, SIDE_CALLEE, &r.trunk, &recv2, &send2);
	send_srtp(&r.trunk, a, SIDE_CALLEE, &recv, index + 1);
	gets_rtp(&r.phone, (uint16_t)(index + 1));
	send_srtp(&r.trunk, a, SIDE_CALLEE, &recv2, 9);
	gets_rtp(&r.phone, 9);
	send_srtp(&r.trunk, a, SIDE_CALLEE, &recv, index + 2);
	gets_rtp(&r.phone, (uint16_t)(index + 2));
	assert_int_equal(stats(a, SIDE_CALLEE).bad_auth, 0);
	/* It is taken back: what was agreed on goes on where it was, behind the wrap. */
	tell(a, SIDE_CALLEE, &r.trunk, &recv, &send);
	send_srtp(&r.trunk, a, SIDE_CALLEE, &recv, index + 3);
	gets_rtp(&r.phone, (uint16_t)(index + 3));
	send_rtp(&r.phone, a, SIDE_CALLER, (uint16_t)index);
	gets_srtp(&r.trunk, &send, index);
	send_srtp(&r.trunk, a, SIDE_CALLEE, &recv, index + 3); /* a copy */
	WAIT_UNTIL(stats(a, SIDE_CALLEE).bad_auth == 1);
	/* A key of the same octets under another MKI is another one (RFC 3711 3.1). */
	recv.mki_len = 1;
	tell(a, SIDE_CALLEE, &r.trunk, &recv, &send);
	anchor_settle(a);
	send_srtp(&r.trunk, a, SIDE_CALLEE, &recv2, 10);
	WAIT_UNTIL(stats(a, SIDE_CALLEE).malformed == 1);
	/* And back to plain. */
	tell(a, SIDE_CALLEE, &r.trunk, NULL, NULL);
	send_rtp(&r.phone, a, SIDE_CALLER, 8);
	gets_rtp(&r.trunk, 8);
	anchor_close(&a);
	wait_for_ports(&r);
	udp_close(&stranger);
	rig_close(&r);
}

static void follows_a_peer_that_moves(void **state)
{
	struct rig r;
	struct anchor *a;
	struct udp moved = udp_open();

	(void)state;
	rig_open(&r, 4);
	a = open_anchor(&r, 1);
	tell(a, SIDE_CALLER, &r.phone, NULL, NULL);
	tell(a, SIDE_CALLEE, &r.trunk, NULL, NULL);
	send_rtp(&r.phone, a, SIDE_CALLER, 1);
	gets_rtp(&r.trunk, 1);
	tell(a, SIDE_CALLER, &r.phone, NULL, NULL); /* no move */
	send_rtp(&moved, a, SIDE_CALLER, 2);
	WAIT_UNTIL(stats(a, SIDE_CALLER).bad_source == 1);
	tell(a, SIDE_CALLER, &moved, NULL, NULL);
	send_rtp(&moved, a, SIDE_CALLER, 3);
	gets_rtp(&r.trunk, 3);
	send_rtp(&r.trunk, a, SIDE_CALLEE, 1);
	gets_rtp(&moved, 1);
	send_rtp(&r.phone, a, SIDE_CALLER, 4);
	WAIT_UNTIL(stats(a, SIDE_CALLER).bad_source == 2);
	anchor_close(&a);
	wait_for_ports(&r);
	udp_close(&moved);
	rig_close(&r);
}

/* RTCP without mux and without a=rtcp goes to the port above. */
static void rtcp_goes_to_the_port_above(void **state)
{
	struct rig r;
	struct anchor *a;
	struct udp rtcp;
	struct stream_remote remote = { 0 };
	struct addr at;
	uint8_t packet[ROOM];

	(void)state;
	rig_open(&r, 4);
	rtcp = udp_open();
	remote.rtp = rtcp.addr;
	addr_set_port(&remote.rtp, (uint16_t)(addr_port(&rtcp.addr) - 1));
	a = open_anchor(&r, 1);
	tell(a, SIDE_CALLER, &r.phone, NULL, NULL);
	assert_int_equal(anchor_set_remote(a, 0, SIDE_CALLEE, &remote), OK);
	udp_send(&r.phone, anchor_local(a, 0, SIDE_CALLER), packet, make_rtcp(packet, SSRC));
	assert_int_equal(udp_recv(&rtcp, packet, sizeof(packet), &at), TEST_RTCP_LEN);
	assert_int_equal(addr_port(&at), addr_port(anchor_local(a, 0, SIDE_CALLEE)) + 1);
	/* And to where SDP says, when it does. */
	remote.rtcp = r.trunk.addr;
	assert_int_equal(anchor_set_remote(a, 0, SIDE_CALLEE, &remote), OK);
	udp_send(&r.phone, anchor_local(a, 0, SIDE_CALLER), packet, make_rtcp(packet, SSRC));
	assert_int_equal(udp_recv(&r.trunk, packet, sizeof(packet), NULL), TEST_RTCP_LEN);
	anchor_close(&a);
	udp_close(&rtcp);
	rig_close(&r);
}

static void refuses_what_cannot_be(void **state)
{
	struct rig r;
	struct anchor *a = NULL;
	struct media_realm *realm = NULL;
	struct stream_remote remote = { 0 };
	unsigned stream;

	(void)state;
	rig_open(&r, 4);
	assert_int_equal(add_realm(r.media, "127.0.0.1", 5, 6, &realm), ERR_SYNTAX);
	assert_int_equal(add_realm(r.media, "192.0.2.1", 26000, 26009, &realm), OK);
	assert_int_equal(anchor_open(&a, r.media, "x", r.inside, realm), OK);
	assert_int_equal(anchor_add(a, &stream), ERR_IO);
	assert_int_equal(media_realm_used(r.inside), 0);
	anchor_close(&a);
	a = open_anchor(&r, 1);
	assert_int_equal(addr_parse(&remote.rtp, "[2001:db8::1]:4000"), OK);
	assert_int_equal(anchor_set_remote(a, 0, SIDE_CALLER, &remote), ERR_UNSUPPORTED);
	addr_set_port(&remote.rtp, 0);
	assert_int_equal(anchor_set_remote(a, 0, SIDE_CALLER, &remote), OK);
	assert_int_equal(anchor_set_remote(a, 1, SIDE_CALLER, &remote), ERR_NOT_FOUND);
	anchor_close(&a);
	rig_close(&r);
}

static void exhaustion_leaves_nothing_behind(void **state)
{
	struct rig r;
	struct anchor *a, *b, *more;
	unsigned stream;

	(void)state;
	rig_open(&r, 5);
	assert_int_equal(media_realm_size(r.inside), 5);
	a = open_anchor(&r, 2);
	b = open_anchor(&r, 2);
	more = open_anchor(&r, 1);
	assert_int_equal(anchor_add(more, &stream), ERR_LIMIT);
	assert_int_equal(media_realm_used(r.inside), 5);
	assert_int_equal(media_realm_used(r.outside), 5);
	anchor_close(&a);
	anchor_close(&b);
	anchor_close(&more);
	wait_for_ports(&r);
	a = open_anchor(&r, 5);
	anchor_close(&a);
	wait_for_ports(&r);
	rig_close(&r);
}

/* Streams come and go while others carry; their counters stay until the room is needed. */
static void streams_come_and_go(void **state)
{
	struct rig r;
	struct anchor *a;
	struct stream_remote remote;
	struct stream_stats st;
	unsigned stream;

	(void)state;
	rig_open(&r, 20);
	a = open_anchor(&r, 2);
	tell(a, SIDE_CALLER, &r.phone, NULL, NULL);
	tell(a, SIDE_CALLEE, &r.trunk, NULL, NULL);
	send_rtp(&r.phone, a, SIDE_CALLER, 1);
	gets_rtp(&r.trunk, 1);
	for (unsigned i = 2; i < 3 * ANCHOR_STREAMS_MAX; i++) {
		assert_int_equal(anchor_add(a, &stream), OK);
		assert_int_not_equal(stream, 0);
		assert_true(addr_port(anchor_local(a, stream, SIDE_CALLER)) > 0);
		anchor_drop(a, stream);
		anchor_drop(a, stream); /* once is enough */
		WAIT_UNTIL((media_sweep(r.media), media_realm_used(r.inside)) == 2);
		remote = (struct stream_remote){ .rtp = r.phone.addr };
		assert_int_equal(anchor_set_remote(a, stream, SIDE_CALLER, &remote), ERR_NOT_FOUND);
		send_rtp(&r.phone, a, SIDE_CALLER, (uint16_t)i);
		gets_rtp(&r.trunk, (uint16_t)i);
	}
	assert_int_equal(anchor_nstreams(a), ANCHOR_STREAMS_MAX);
	WAIT_UNTIL(stats(a, SIDE_CALLEE).packets_out == 3 * ANCHOR_STREAMS_MAX - 1);
	anchor_drop(a, 0);
	anchor_stats(a, 0, SIDE_CALLEE, &st);
	assert_int_equal(st.packets_out, 3 * ANCHOR_STREAMS_MAX - 1);
	anchor_close(&a);
	wait_for_ports(&r);
	rig_close(&r);
}

/* The old peer of a side may send on: it is not heard at the new ports, and nothing at the old
 * ones is. */
static void a_side_has_another_peer(void **state)
{
	struct rig r;
	struct anchor *a;
	struct udp next = udp_open();
	struct srtp_key recv, send;
	struct addr before;
	struct stream_stats st;
	uint8_t packet[ROOM];

	(void)state;
	rig_open(&r, 8);
	srtp_key_generate(&recv);
	srtp_key_generate(&send);
	a = open_anchor(&r, 2);
	tell(a, SIDE_CALLER, &r.phone, NULL, NULL);
	tell(a, SIDE_CALLEE, &r.trunk, &recv, &send);
	send_rtp(&r.phone, a, SIDE_CALLER, 1);
	gets_srtp(&r.trunk, &send, 1);
	before = *anchor_local(a, 0, SIDE_CALLEE);
	assert_int_equal(anchor_renew(a, SIDE_CALLEE, r.inside), OK);
	assert_in_range(addr_port(anchor_local(a, 0, SIDE_CALLEE)), 22000, 22015);
	assert_in_range(addr_port(anchor_local(a, 1, SIDE_CALLEE)), 22000, 22015);
	WAIT_UNTIL((media_sweep(r.media), media_realm_used(r.outside)) == 0);
	assert_int_equal(media_realm_used(r.inside), 4);
	st = stats(a, SIDE_CALLEE);
	assert_false(addr_is_set(&st.latched));
	udp_send(&r.trunk, &before, packet, make_rtp(packet, SSRC, 2));
	/* Its address is the old one's: it learns anew all the same, and without the old keys. */
	tell(a, SIDE_CALLEE, &r.trunk, NULL, NULL);
	send_rtp(&next, a, SIDE_CALLEE, 3);
	gets_rtp(&r.phone, 3);
	send_rtp(&r.phone, a, SIDE_CALLER, 4);
	gets_rtp(&next, 4);
	anchor_close(&a);
	wait_for_ports(&r);
	udp_close(&next);
	rig_close(&r);
}

static void calls_spread_over_workers(void **state)
{
	struct rig r;
	struct anchor *a[6];

	(void)state;
	rig_open(&r, 20);
	for (unsigned i = 0; i < 6; i++)
		a[i] = open_anchor(&r, 2);
	for (unsigned i = 0; i < WORKERS; i++)
		assert_int_equal(r.media->workers[i].streams, 6);
	for (unsigned i = 0; i < 6; i++)
		anchor_close(&a[i]);
	wait_for_ports(&r);
	rig_close(&r);
}

/* Once a worker carries more than audio would be, it counts for that. */
static void load_is_spread_over_workers(void **state)
{
	struct rig r;
	struct anchor *a[4];

	(void)state;
	rig_open(&r, 10);
	a[0] = open_anchor(&r, 1);
	tell(a[0], SIDE_CALLER, &r.phone, NULL, NULL);
	for (uint16_t i = 0; i < 600; i++) {
		send_rtp(&r.phone, a[0], SIDE_CALLER, i);
		if (i % 50 == 0)
			poll(NULL, 0, 1);
	}
	poll(NULL, 0, 1001);
	send_rtp(&r.phone, a[0], SIDE_CALLER, 600);
	for (unsigned ms = 0; !worker_load(r.media->workers[0].worker) && ms < UDP_WAIT_MS; ms++)
		poll(NULL, 0, 1);
	assert_true(worker_load(r.media->workers[0].worker) > 200);
	for (unsigned i = 1; i < ARRAY_LEN(a); i++)
		a[i] = open_anchor(&r, 1);
	assert_int_equal(r.media->workers[0].streams, 1);
	assert_int_equal(r.media->workers[1].streams, 3);
	for (unsigned i = 0; i < ARRAY_LEN(a); i++)
		anchor_close(&a[i]);
	wait_for_ports(&r);
	rig_close(&r);
}

/* 500 anchors have 2000 sockets. */
static void need_descriptors(void)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = limit.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static void five_hundred_come_and_go(void **state)
{
	struct rig r;
	static struct anchor *a[500];

	(void)state;
	need_descriptors();
	rig_open(&r, 600);
	for (unsigned i = 0; i < ARRAY_LEN(a); i++) {
		a[i] = open_anchor(&r, 1);
		tell(a[i], SIDE_CALLER, &r.phone, NULL, NULL);
		tell(a[i], SIDE_CALLEE, &r.trunk, NULL, NULL);
	}
	assert_int_equal(media_realm_used(r.inside), 500);
	for (unsigned i = 0; i < ARRAY_LEN(a); i++)
		anchor_close(&a[i]);
	wait_for_ports(&r);
	assert_int_equal(media_realm_used(r.inside), 0);
	assert_int_equal(media_realm_used(r.outside), 0);
	rig_close(&r);
}

struct flood {
	struct udp from;
	struct addr to[4];
	atomic_bool stop;
};

static void *flood(void *arg)
{
	struct flood *f = arg;
	uint8_t packet[ROOM];
	uint16_t seq = 0;

	while (!atomic_load(&f->stop)) {
		size_t len = make_rtp(packet, SSRC, seq++);

		for (unsigned i = 0; i < ARRAY_LEN(f->to); i++)
			sendto(f->from.fd, packet, len, 0, &f->to[i].sa, addr_len(&f->to[i]));
	}
	return NULL;
}

/* Every port of a small range is under fire while anchors open, change and close. */
static void closes_while_packets_fly(void **state)
{
	struct rig r;
	struct flood f = { .from = udp_open() };
	struct srtp_key keys[2];
	struct stream_stats st;
	pthread_t thread;
	uint64_t relayed = 0;

	(void)state;
	rig_open(&r, 4);
	srtp_key_generate(&keys[0]);
	srtp_key_generate(&keys[1]);
	for (unsigned i = 0; i < ARRAY_LEN(f.to); i++) {
		assert_int_equal(addr_parse(&f.to[i], own_loopback()), OK);
		addr_set_port(&f.to[i], (uint16_t)(22000 + 2 * i));
	}
	assert_int_equal(pthread_create(&thread, NULL, flood, &f), 0);
	for (unsigned i = 0; i < 100; i++) {
		struct anchor *a = open_anchor(&r, 2);

		tell(a, SIDE_CALLER, &f.from, NULL, NULL);
		tell(a, SIDE_CALLEE, &r.trunk, &keys[0], &keys[0]);
		if (i % 10 == 0)
			WAIT_UNTIL(stats(a, SIDE_CALLEE).packets_out > 0);
		tell(a, SIDE_CALLEE, &r.trunk, &keys[1], &keys[1]);
		st = stats(a, SIDE_CALLEE);
		relayed += st.packets_out;
		anchor_close(&a);
		wait_for_ports(&r);
	}
	atomic_store(&f.stop, true);
	pthread_join(thread, NULL);
	assert_true(relayed >= 10);
	udp_close(&f.from);
	rig_close(&r);
}

static void leftovers_drain_on_free(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, 40);
	for (unsigned i = 0; i < 20; i++) {
		struct anchor *a = open_anchor(&r, 2);

		tell(a, SIDE_CALLER, &r.phone, NULL, NULL);
		anchor_close(&a);
	}
	rig_close(&r);
}

/* A whole life, with whatever fails. */
static void live(void *arg)
{
	struct loop *loop = NULL;
	struct media *media = NULL;
	struct media_realm *realm = NULL;
	struct anchor *a = NULL;
	struct stream_remote remote = { .suite = SUITE };
	unsigned stream;

	(void)arg;
	assert_int_equal(addr_parse(&remote.rtp, "127.0.0.1:9"), OK);
	if (loop_new(&loop) || media_new(&media, loop, 2, 0) ||
	    add_realm(media, own_loopback(), 27000, 27019, &realm) ||
	    anchor_open(&a, media, "7f3a", realm, realm) || anchor_add(a, &stream) ||
	    anchor_add(a, &stream) || anchor_set_remote(a, 0, SIDE_CALLER, &remote) ||
	    anchor_renew(a, SIDE_CALLER, realm) || anchor_set_remote(a, 1, SIDE_CALLEE, &remote))
		assert_true(mem_has_failed());
	anchor_close(&a);
	media_free(&media);
	loop_free(&loop);
}

/* libsrtp's own start is slow, and not ours to starve. */
/* The phone's port is closed: its host says so, and the worker does not spin on that. */
static void hears_icmp(void **state)
{
	struct rig r;
	struct anchor *a;
	struct udp gone = udp_open();

	(void)state;
	rig_open(&r, 2);
	a = open_anchor(&r, 1);
	udp_close(&gone);
	tell(a, SIDE_CALLER, &gone, NULL, NULL);
	tell(a, SIDE_CALLEE, &r.trunk, NULL, NULL);
	send_rtp(&r.trunk, a, SIDE_CALLEE, 1);
	WAIT_UNTIL(stats(a, SIDE_CALLER).unreachable > 0);
	assert_int_equal(stats(a, SIDE_CALLEE).unreachable, 0);
	anchor_close(&a);
	rig_close(&r);
}

static unsigned full_lines;

static void hear_full(void *arg, enum log_level level, const char *line)
{
	(void)arg;
	full_lines += level == LOG_WARN && strstr(line, "event=media-ports") != NULL;
}

static void says_when_ports_run_out(void **state)
{
	struct anchor *a[10] = { 0 };
	struct rig r;

	(void)state;
	rig_open(&r, 10);
	log_set_level(LOG_WARN);
	log_capture(hear_full, NULL);
	full_lines = 0;
	for (unsigned round = 0; round < 2; round++) {
		for (unsigned i = 0; i < 10; i++) {
			a[i] = open_anchor(&r, 1);
			assert_int_equal(media_realm_is_nearly_full(r.inside), i >= 7);
			assert_int_equal(full_lines, round * 2 + (i >= 7 ? 2 : 0));
		}
		for (unsigned i = 0; i < 10; i++)
			anchor_close(&a[i]);
		wait_for_ports(&r);
	}
	log_capture(NULL, NULL);
	log_set_level(LOG_ERROR);
	rig_close(&r);
}

static void survives_without_memory(void **state)
{
	(void)state;
	assert_int_equal(srtp_library_open(), OK);
	assert_true(each_allocation_fails(live, NULL) > 12);
	srtp_library_close();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_where_it_listens),
		cmocka_unit_test(relays_each_way),
		cmocka_unit_test(keeps_and_changes_keys),
		cmocka_unit_test(follows_a_peer_that_moves),
		cmocka_unit_test(rtcp_goes_to_the_port_above),
		cmocka_unit_test(refuses_what_cannot_be),
		cmocka_unit_test(exhaustion_leaves_nothing_behind),
		cmocka_unit_test(streams_come_and_go),
		cmocka_unit_test(a_side_has_another_peer),
		cmocka_unit_test(calls_spread_over_workers),
		cmocka_unit_test(load_is_spread_over_workers),
		cmocka_unit_test(five_hundred_come_and_go),
		cmocka_unit_test(closes_while_packets_fly),
		cmocka_unit_test(leftovers_drain_on_free),
		cmocka_unit_test(hears_icmp),
		cmocka_unit_test(says_when_ports_run_out),
		cmocka_unit_test(survives_without_memory),
	};

	log_set_level(LOG_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
