/* A peer on the loopback for the tests of media/. */
#ifndef TESTS_UNIT_MEDIA_UDP_H
#define TESTS_UNIT_MEDIA_UDP_H

#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/addr.h"
#include "media/rtp.h"
#include "tests/unit/loopback.h"

#define UDP_WAIT_MS 5000 /* for what must come; nothing ever waits for what must not */

struct udp {
	int fd;
	struct addr addr;
};

static inline struct udp udp_open_at(const char *host)
{
	struct udp u = { .fd = -1 };
	socklen_t len = sizeof(u.addr);

	assert_int_equal(addr_parse(&u.addr, host), OK);
	u.fd = socket(u.addr.sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_true(u.fd >= 0);
	assert_int_equal(bind(u.fd, &u.addr.sa, addr_len(&u.addr)), 0);
	assert_int_equal(getsockname(u.fd, &u.addr.sa, &len), 0);
	return u;
}

/* Where no other test's reports come to a port that is next to one of its own. */
static inline struct udp udp_open(void)
{
	return udp_open_at(own_loopback());
}

static inline void udp_close(struct udp *u)
{
	close(u->fd);
	u->fd = -1;
}

static inline void udp_send(const struct udp *u, const struct addr *to, const void *data,
                            size_t len)
{
	ssize_t n = sendto(u->fd, data, len, 0, &to->sa, addr_len(to));

	assert_int_equal(n, (ssize_t)len);
}

/* Gives the length; from may be NULL. */
static inline size_t udp_recv(const struct udp *u, void *data, size_t size, struct addr *from)
{
	struct pollfd p = { .fd = u->fd, .events = POLLIN };
	struct addr ignored;
	socklen_t len = sizeof(ignored);
	ssize_t n;

	assert_int_equal(poll(&p, 1, UDP_WAIT_MS), 1);
	memset(&ignored, 0, sizeof(ignored));
	n = recvfrom(u->fd, data, size, 0, from ? &from->sa : &ignored.sa, &len);
	assert_true(n >= 0);
	return (size_t)n;
}

/* An RTP packet of G.711 with 160 octets; gives its length. */
#define TEST_RTP_LEN (RTP_HEADER_LEN + 160)
static inline size_t make_rtp(uint8_t *packet, uint32_t ssrc, uint16_t seq)
{
	struct rtp_header h = { .seq = seq, .timestamp = seq * 160U, .ssrc = ssrc };

	rtp_write(packet, &h);
	for (size_t i = RTP_HEADER_LEN; i < TEST_RTP_LEN; i++)
		packet[i] = (uint8_t)(i + seq);
	return TEST_RTP_LEN;
}

/* A receiver report without reports. */
#define TEST_RTCP_LEN 8
static inline size_t make_rtcp(uint8_t *packet, uint32_t ssrc)
{
	const uint8_t rr[TEST_RTCP_LEN] = { 0x80,
		                            201,
		                            0,
		                            1,
		                            (uint8_t)(ssrc >> 24),
		                            (uint8_t)(ssrc >> 16),
		                            (uint8_t)(ssrc >> 8),
		                            (uint8_t)ssrc };

	memcpy(packet, rr, sizeof(rr));
	return sizeof(rr);
}

static inline uint16_t seq_of(const uint8_t *packet)
{
	return (uint16_t)(packet[2] << 8 | packet[3]);
}

#endif
