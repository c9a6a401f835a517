/* Both ends' media of the calls that soak.py makes: G.711, the callee's in SRTP. Reads on its
 * standard input, a line each:
 *
 *     + NUMBER BORDER-TO-CALLER BORDER-TO-CALLEE SUITE KEY-IN KEY-OUT    a call talks from now on
 *     - NUMBER                                                           it does not any more
 *     ?                                                                  "SENT RECEIVED BROKEN"
 *
 * Keys in hexadecimal, as the callee has them. BROKEN: packets that do not authenticate, or are of
 * another call than the one that they came for. Usage: talker CALLER-IP CALLEE-IP PORT INTERVAL-MS
 */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "base/addr.h"
#include "base/err.h"
#include "media/octets.h"
#include "media/rtp.h"
#include "media/srtp.h"
#include "tests/media_load.h"

#define SLOTS       4096 /* that begin while the longest one stands */
#define ROOM        512
#define PAYLOAD_LEN 160
#define SSRC_AT     8

enum { CALLER, CALLEE, SIDES };

static struct call {
	bool talks;
	uint32_t number; /* its slot is the rest by SLOTS */
	struct addr border[SIDES];
	uint16_t seq;
	struct srtp_session *in, *out; /* of the callee */
} calls[SLOTS];
static int fds[SIDES];
static unsigned interval_ms;
static uint64_t sent, received, broken;

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static void end_call(struct call *c)
{
	srtp_session_free(&c->in);
	srtp_session_free(&c->out);
	memset(c, 0, sizeof(*c));
}

static void begin_call(const char *line)
{
	char to[SIDES][64], suite[64], keys[2][128];
	uint32_t number;
	struct call *c;

	if (sscanf(line, "+ %" SCNu32 " %63s %63s %63s %127s %127s", &number, to[CALLER],
	           to[CALLEE], suite, keys[0], keys[1]) != 6)
		die(line);
	c = &calls[number % SLOTS];
	end_call(c);
	c->number = number;
	if (addr_parse(&c->border[CALLER], to[CALLER]) ||
	    addr_parse(&c->border[CALLEE], to[CALLEE]))
		die(line);
	load_session(&c->in, suite, keys[0], false);
	load_session(&c->out, suite, keys[1], true);
	c->talks = true;
}

static void take_line(const char *line)
{
	struct call *c = &calls[strtoul(line + 1, NULL, 10) % SLOTS];

	if (*line == '+')
		begin_call(line);
	else if (*line == '-' && c->number == strtoul(line + 1, NULL, 10))
		end_call(c);
	else if (*line == '?')
		printf("%" PRIu64 " %" PRIu64 " %" PRIu64 "\n", sent, received, broken);
}

/* False: nobody speaks to us any more. */
static bool read_lines(void)
{
	static char buf[65536];
	static size_t have;
	char *line = buf, *end;
	ssize_t n = read(STDIN_FILENO, buf + have, sizeof(buf) - have - 1);

	if (n <= 0)
		return false;
	have += (size_t)n;
	buf[have] = '\0';
	for (; (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		take_line(line);
	}
	have -= (size_t)(line - buf);
	memmove(buf, line, have);
	return true;
}

static void send_packet(struct call *c, unsigned side)
{
	_Alignas(8) uint8_t packet[ROOM];
	const struct rtp_header header = { .payload_type = 8,
		                           .seq = c->seq,
		                           .timestamp = c->seq * (uint32_t)PAYLOAD_LEN,
		                           .ssrc = c->number * SIDES + side + 1 };
	size_t len = RTP_HEADER_LEN + PAYLOAD_LEN;

	rtp_write(packet, &header);
	memset(packet + RTP_HEADER_LEN, 0xd5, PAYLOAD_LEN);
	if (side == CALLEE && srtp_session_protect(c->out, packet, &len, ROOM, false))
		die("protect");
	if (sendto(fds[side], packet, len, 0, &c->border[side].sa, addr_len(&c->border[side])) > 0)
		sent++;
}

/* Whose it is, by the SSRC of the side that sent it. A call's last ones may come late. */
static void take_packet(unsigned side, uint8_t *packet, size_t len)
{
	struct call *c;
	uint32_t number;

	if (len < RTP_HEADER_LEN + PAYLOAD_LEN || rtp_is_rtcp(packet, len))
		return;
	number = (get32(packet + SSRC_AT) - 1) / SIDES;
	c = &calls[number % SLOTS];
	if (c->number != number || !c->talks)
		return;
	if (side == CALLEE && srtp_session_unprotect(c->in, packet, &len, false))
		broken++;
	else if (get32(packet + SSRC_AT) != number * SIDES + !side + 1)
		broken++;
	else
		received++;
}

static void receive(unsigned side)
{
	_Alignas(8) uint8_t packet[ROOM];
	ssize_t n;

	while ((n = recv(fds[side], packet, sizeof(packet), 0)) > 0)
		take_packet(side, packet, (size_t)n);
}

/* Spread over the interval, slot by slot. */
static void talk(uint64_t from_ms, uint64_t to_ms)
{
	if (to_ms > from_ms + interval_ms)
		from_ms = to_ms - interval_ms;
	for (unsigned i = 0; i < SLOTS; i++) {
		uint64_t past = (to_ms + i) % interval_ms;

		if (!calls[i].talks || past >= to_ms - from_ms)
			continue;
		calls[i].seq++;
		send_packet(&calls[i], CALLER);
		send_packet(&calls[i], CALLEE);
	}
}

int main(int argc, char **argv)
{
	uint64_t last_ms = now_ms();

	if (argc != 5 || srtp_library_open())
		return 2;
	for (unsigned side = 0; side < SIDES; side++)
		fds[side] = load_socket(argv[1 + side], (uint16_t)atoi(argv[3]));
	interval_ms = (unsigned)atoi(argv[4]);
	setlinebuf(stdout);
	for (;;) {
		struct pollfd p[] = { { .fd = STDIN_FILENO, .events = POLLIN },
			              { .fd = fds[CALLER], .events = POLLIN },
			              { .fd = fds[CALLEE], .events = POLLIN } };
		uint64_t at_ms;

		poll(p, 3, 1);
		receive(CALLER);
		receive(CALLEE);
		if (p[0].revents && !read_lines())
			return 0;
		at_ms = now_ms();
		talk(last_ms, at_ms);
		last_ms = at_ms;
	}
}
