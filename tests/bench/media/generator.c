/* The load of tests/bench/media: N calls of G.711 in packets of 20 ms, both ways, through a border
 * that bench.py has set up. All of a side's calls share one socket, so that the load costs little:
 * packets go and come in batches. Each carries the time when it went; when it came is the kernel's
 * word.
 *
 *     generator CALLER-IP CALLEE-IP PORT WARM-UP-S SECONDS
 *
 * Reads a line a call: BORDER-TO-CALLER BORDER-TO-CALLEE [SUITE KEY-IN KEY-OUT], keys in
 * hexadecimal, as the callee has them. Writes "begin" and "end" around what counts, then the
 * figures as JSON. */
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include "base/addr.h"
#include "base/err.h"
#include "media/rtp.h"
#include "media/srtp.h"
#include "tests/media_load.h"

#define CALLS_MAX   5000
#define FRAME_MS    20
#define BATCH       64
#define ROOM        512
#define PAYLOAD_LEN 160
#define BIN_US      10
#define BINS        100000 /* a second */
#define AFTER_MS    1500   /* what comes later is lost */
#define MS          1000000

enum { CALLER, CALLEE, SIDES };

struct stamp {
	uint64_t sent_ns;
	uint32_t call;
	uint8_t counts;
};

struct call {
	struct addr border[SIDES]; /* where each side sends to */
	uint16_t seq[SIDES];
	struct srtp_session *in, *out; /* of the callee; NULL: RTP */
};

static struct call calls[CALLS_MAX];
static unsigned ncalls;
static int fds[SIDES];
static uint64_t sent, received, broken, bins[BINS], worst_ns;
static bool counts;

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000 * MS + (uint64_t)ts.tv_nsec;
}

static int open_socket(const char *host, uint16_t port)
{
	const int on = 1, fd = load_socket(host, port);

	setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on));
	return fd;
}

static void read_calls(void)
{
	char line[512], to[SIDES][64], suite[64], keys[2][128];

	while (ncalls < CALLS_MAX && fgets(line, sizeof(line), stdin)) {
		struct call *c = &calls[ncalls];
		int n = sscanf(line, "%63s %63s %63s %127s %127s", to[CALLER], to[CALLEE], suite,
		               keys[0], keys[1]);

		if (n < 2 || addr_parse(&c->border[CALLER], to[CALLER]) ||
		    addr_parse(&c->border[CALLEE], to[CALLEE]))
			die(line);
		ncalls++;
		if (n < 5)
			continue;
		load_session(&c->in, suite, keys[0], false);
		load_session(&c->out, suite, keys[1], true);
	}
}

/* Gives the length. */
static size_t make_packet(unsigned i, unsigned side, uint8_t *packet, uint64_t at_ns)
{
	struct call *c = &calls[i];
	const struct stamp stamp = { .sent_ns = at_ns, .call = i, .counts = counts };
	const struct rtp_header header = { .payload_type = 8,
		                           .seq = ++c->seq[side],
		                           .timestamp = c->seq[side] * (uint32_t)PAYLOAD_LEN,
		                           .ssrc = i * SIDES + side + 1 };
	size_t len = RTP_HEADER_LEN + PAYLOAD_LEN;

	rtp_write(packet, &header);
	memset(packet + RTP_HEADER_LEN, 0xd5, PAYLOAD_LEN);
	memcpy(packet + RTP_HEADER_LEN, &stamp, sizeof(stamp));
	if (side == CALLEE && c->out && srtp_session_protect(c->out, packet, &len, ROOM, false))
		die("protect");
	return len;
}

static void flush(int fd, struct mmsghdr *msgs, unsigned n)
{
	for (unsigned done = 0; done < n;) {
		int went = sendmmsg(fd, msgs + done, n - done, 0);

		if (went > 0)
			done += (unsigned)went;
		else if (errno != EAGAIN && errno != ECONNREFUSED)
			die("sendmmsg");
	}
	if (counts)
		sent += n;
}

/* Every twentieth call, so that the load is even. */
static void send_slot(unsigned slot, unsigned side)
{
	static _Alignas(8) uint8_t packets[BATCH][ROOM];
	static struct iovec parts[BATCH];
	static struct mmsghdr msgs[BATCH];
	unsigned n = 0;

	for (unsigned i = slot; i < ncalls; i += FRAME_MS) {
		parts[n].iov_base = packets[n];
		parts[n].iov_len = make_packet(i, side, packets[n], now_ns());
		msgs[n].msg_hdr = (struct msghdr){ .msg_name = &calls[i].border[side].sa,
			                           .msg_namelen = addr_len(&calls[i].border[side]),
			                           .msg_iov = &parts[n],
			                           .msg_iovlen = 1 };
		if (++n == BATCH) {
			flush(fds[side], msgs, n);
			n = 0;
		}
	}
	flush(fds[side], msgs, n);
}

static uint64_t came_ns(struct msghdr *msg)
{
	const struct cmsghdr *c = CMSG_FIRSTHDR(msg);
	struct timespec ts;

	if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SO_TIMESTAMPNS)
		return now_ns();
	memcpy(&ts, CMSG_DATA(c), sizeof(ts));
	return (uint64_t)ts.tv_sec * 1000 * MS + (uint64_t)ts.tv_nsec;
}

static void take(unsigned side, const struct addr *from, uint8_t *packet, size_t len,
                 uint64_t at_ns)
{
	struct stamp stamp;
	uint64_t took_ns;

	(void)from;
	/* The call is not known before it is decrypted: the border's packets bear its SSRC. */
	if (len < RTP_HEADER_LEN + PAYLOAD_LEN || rtp_is_rtcp(packet, len))
		return;
	if (side == CALLEE) {
		unsigned call = ((unsigned)packet[8] << 24 | (unsigned)packet[9] << 16 |
		                 (unsigned)packet[10] << 8 | packet[11]) -
		                1;

		call /= SIDES;
		if (call >= ncalls ||
		    (calls[call].in &&
		     srtp_session_unprotect(calls[call].in, packet, &len, false))) {
			broken++;
			return;
		}
	}
	memcpy(&stamp, packet + RTP_HEADER_LEN, sizeof(stamp));
	if (!stamp.counts)
		return;
	received++;
	took_ns = at_ns > stamp.sent_ns ? at_ns - stamp.sent_ns : 0;
	worst_ns = took_ns > worst_ns ? took_ns : worst_ns;
	bins[took_ns / 1000 / BIN_US < BINS ? took_ns / 1000 / BIN_US : BINS - 1]++;
}

static void receive(unsigned side)
{
	static _Alignas(8) uint8_t packets[BATCH][ROOM];
	static uint8_t controls[BATCH][64];
	static struct addr from[BATCH];
	static struct iovec parts[BATCH];
	static struct mmsghdr msgs[BATCH];
	int n;

	do {
		for (unsigned i = 0; i < BATCH; i++) {
			parts[i] = (struct iovec){ packets[i], ROOM };
			msgs[i].msg_hdr = (struct msghdr){ .msg_name = &from[i],
				                           .msg_namelen = sizeof(from[i]),
				                           .msg_iov = &parts[i],
				                           .msg_iovlen = 1,
				                           .msg_control = controls[i],
				                           .msg_controllen = sizeof(controls[i]) };
		}
		n = recvmmsg(fds[side], msgs, BATCH, MSG_DONTWAIT, NULL);
		for (int i = 0; i < n; i++)
			take(side, &from[i], packets[i], msgs[i].msg_len,
			     came_ns(&msgs[i].msg_hdr));
	} while (n == BATCH);
}

/* A slot of calls each millisecond. */
static void run(unsigned ms, bool sends)
{
	struct timespec next;

	clock_gettime(CLOCK_MONOTONIC, &next);
	for (unsigned i = 0; i < ms; i++) {
		for (unsigned side = 0; side < SIDES; side++) {
			if (sends)
				send_slot(i % FRAME_MS, side);
			receive(side);
		}
		next.tv_nsec += MS;
		if (next.tv_nsec >= 1000 * MS) {
			next.tv_nsec -= 1000 * MS;
			next.tv_sec++;
		}
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
	}
}

static double percentile_ms(unsigned per_mille)
{
	uint64_t seen = 0;

	for (unsigned i = 0; i < BINS; i++) {
		seen += bins[i];
		if (seen * 1000 >= received * per_mille)
			return (i + 1) * BIN_US / 1000.0;
	}
	return 0;
}

int main(int argc, char **argv)
{
	uint64_t began_ns;

	if (argc != 6 || srtp_library_open())
		return 2;
	for (unsigned side = 0; side < SIDES; side++)
		fds[side] = open_socket(argv[1 + side], (uint16_t)atoi(argv[3]));
	read_calls();
	setlinebuf(stdout);
	run((unsigned)atoi(argv[4]) * 1000, true);
	counts = true;
	puts("begin");
	began_ns = now_ns();
	run((unsigned)atoi(argv[5]) * 1000, true);
	counts = false;
	puts("end");
	began_ns = now_ns() - began_ns;
	run(AFTER_MS, false);
	printf("{\"calls\": %u, \"sent\": %" PRIu64 ", \"received\": %" PRIu64
	       ", \"broken\": %" PRIu64
	       ", \"seconds\": %.3f, \"p50_ms\": %.3f, \"p99_ms\": %.3f, \"max_ms\": %.3f}\n",
	       ncalls, sent, received, broken, (double)began_ns / 1e9, percentile_ms(500),
	       percentile_ms(990), (double)worst_ns / 1e6);
	return 0;
}
