/* A stream with peers around it, driven in the test's own thread. */
#ifndef TESTS_UNIT_MEDIA_RELAY_RIG_H
#define TESTS_UNIT_MEDIA_RELAY_RIG_H

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "base/log.h"
#include "media/relay.h"
#include "tests/unit/media/udp.h"

#define ROOM (RTP_PACKET_MAX + SRTP_TRAILER_MAX)
#define SSRC 0x1234abcd

/* The caller is a phone with plain RTP unless a test says otherwise. */
struct rig {
	struct relay_stream s;
	struct udp ours[MEDIA_NSIDES][2], peer[MEDIA_NSIDES][2]; /* RTP, RTCP */
	struct udp stranger;
	struct latch_cfg latch;
};

static struct {
	unsigned latched, warned, strangers;
	char last[256];
} heard;

static inline void hear(void *arg, enum log_level level, const char *line)
{
	(void)arg;
	heard.latched += level == LOG_DEBUG && strstr(line, "event=latched") != NULL;
	heard.warned +=
	    level == LOG_WARN && strstr(line, "arrives but fails authentication") != NULL;
	heard.strangers += level == LOG_WARN && strstr(line, "event=stranger") != NULL;
	snprintf(heard.last, sizeof(heard.last), "%s", line);
}

static inline void rig_open(struct rig *r, enum source_rule rule)
{
	memset(r, 0, sizeof(*r));
	memset(&heard, 0, sizeof(heard));
	r->latch.rule = rule;
	relay_init(&r->s, "7f3a", 2);
	for (unsigned i = 0; i < MEDIA_NSIDES; i++) {
		for (unsigned j = 0; j < 2; j++) {
			r->ours[i][j] = udp_open();
			r->peer[i][j] = udp_open();
			assert_int_equal(fcntl(r->ours[i][j].fd, F_SETFL, O_NONBLOCK), 0);
		}
		relay_init_side(&r->s, (enum media_side)i, r->ours[i][0].fd, r->ours[i][1].fd,
		                &r->latch);
	}
	r->stranger = udp_open();
}

static inline void rig_close(struct rig *r)
{
	for (unsigned i = 0; i < MEDIA_NSIDES; i++) {
		for (unsigned j = 0; j < 2; j++) {
			udp_close(&r->ours[i][j]);
			udp_close(&r->peer[i][j]);
		}
		sessions_free(r->s.sides[i].in.all);
		sessions_free(r->s.sides[i].out.all);
	}
	udp_close(&r->stranger);
}

static inline void tell_at(struct rig *r, enum media_side side, const struct addr *rtp,
                           const struct addr *rtcp, bool mux)
{
	struct relay_change c = { .side = side, .rtp = *rtp, .rtcp = *rtcp, .mux = mux };

	relay_apply(&r->s, &c);
}

static inline void tell(struct rig *r, enum media_side side, bool mux)
{
	tell_at(r, side, &r->peer[side][0].addr, &r->peer[side][1].addr, mux);
}

static inline void set_keys(struct rig *r, enum media_side side, const struct srtp_key *recv,
                            const struct srtp_key *send)
{
	struct relay_change c = { .side = side,
		                  .rtp = r->peer[side][0].addr,
		                  .rtcp = r->peer[side][1].addr };

	assert_int_equal(srtp_session_new(&c.in.all[0], SRTP_AES_CM_128_HMAC_SHA1_80, recv, false),
	                 OK);
	assert_int_equal(srtp_session_new(&c.out.all[0], SRTP_AES_CM_128_HMAC_SHA1_80, send, true),
	                 OK);
	relay_apply(&r->s, &c);
	sessions_free(c.in.all);
	sessions_free(c.out.all);
}

static inline void read_port(struct relay_port *port)
{
	static struct relay_packet packet;

	if (!relay_receive(&packet, port))
		return;
	relay_treat(&packet, clock_mono_us());
	relay_send(&packet);
}

static inline void pump(struct rig *r)
{
	for (unsigned i = 0; i < MEDIA_NSIDES; i++) {
		read_port(&r->s.sides[i].rtp);
		read_port(&r->s.sides[i].rtcp);
	}
}

static inline void send_bytes(struct rig *r, const struct udp *from, enum media_side side,
                              bool rtcp, const void *data, size_t len)
{
	udp_send(from, &r->ours[side][rtcp].addr, data, len);
	pump(r);
}

static inline void send_rtp(struct rig *r, const struct udp *from, enum media_side side,
                            uint16_t seq)
{
	uint8_t packet[ROOM];

	send_bytes(r, from, side, false, packet, make_rtp(packet, SSRC, seq));
}

static inline void send_rtcp(struct rig *r, const struct udp *from, enum media_side side, bool rtcp)
{
	uint8_t packet[ROOM];

	send_bytes(r, from, side, rtcp, packet, make_rtcp(packet, SSRC));
}

static inline bool is_quiet(const struct udp *u)
{
	struct pollfd p = { .fd = u->fd, .events = POLLIN };

	return poll(&p, 1, 0) == 0; /* the loopback delivers before sendto returns */
}

static inline void gets_rtp(const struct udp *u, uint16_t seq, const struct addr *from)
{
	uint8_t packet[ROOM], want[ROOM];
	struct addr source;

	assert_int_equal(udp_recv(u, packet, sizeof(packet), &source), make_rtp(want, SSRC, seq));
	assert_memory_equal(packet, want, TEST_RTP_LEN);
	assert_true(addr_equal(&source, from));
}

static inline void gets_rtcp(const struct udp *u, const struct addr *from)
{
	uint8_t packet[ROOM];
	struct addr source;

	assert_int_equal(udp_recv(u, packet, sizeof(packet), &source), TEST_RTCP_LEN);
	assert_int_equal(packet[1], 201);
	assert_true(addr_equal(&source, from));
}

static inline struct stream_stats stats(const struct rig *r, enum media_side side)
{
	struct stream_stats st;

	relay_stats(&r->s, side, &st);
	return st;
}

/* a NULL: anywhere. */
static inline bool latched_at(const struct rig *r, enum media_side side, const struct addr *a)
{
	const struct stream_stats st = stats(r, side);

	return a ? addr_equal(&st.latched, a) : addr_is_set(&st.latched);
}

#endif
