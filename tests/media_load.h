/* What the programs that play many calls' media at once share: tests/bench/media, tests/soak. They
 * end on what they do not expect. */
#ifndef TESTS_MEDIA_LOAD_H
#define TESTS_MEDIA_LOAD_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include "base/addr.h"
#include "base/err.h"
#include "media/srtp.h"

#define LOAD_BUFFER (32 * 1024 * 1024) /* octets: a pause of ours loses nothing */

static inline void die(const char *what)
{
	perror(what);
	exit(1);
}

/* A UDP socket that never blocks. */
static inline int load_socket(const char *host, uint16_t port)
{
	const int size = LOAD_BUFFER;
	struct addr a;
	int fd;

	if (addr_parse(&a, host))
		die(host);
	addr_set_port(&a, port);
	fd = socket(a.sa.sa_family, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	if (fd < 0 || bind(fd, &a.sa, addr_len(&a)))
		die("bind");
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	return fd;
}

/* The session of a key in hexadecimal. */
static inline void load_session(struct srtp_session **out, const char *suite, const char *hex,
                                bool outward)
{
	struct srtp_key key = { 0 };

	for (size_t i = 0; i < SRTP_KEY_MAX && hex[2 * i] && hex[2 * i + 1]; i++) {
		unsigned byte;

		if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
			die("key");
		key.bytes[i] = (uint8_t)byte;
	}
	if (srtp_session_new(out, srtp_suite_from_name(suite), &key, outward))
		die("SRTP");
}

#endif
