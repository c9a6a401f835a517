/* A name server for tests: a socket on the loopback, served by the test's own loop. */
#ifndef TESTS_UNIT_SBC_SIP_DNS_H
#define TESTS_UNIT_SBC_SIP_DNS_H

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/addr.h"
#include "base/loop.h"

enum { DNS_A = 1, DNS_AAAA = 28, DNS_SRV = 33 };

struct dns_record {
	const char *name;
	uint16_t type;
	uint16_t priority, weight, port; /* SRV */
	const char *value;               /* address or target */
};

struct dns {
	int fd;
	struct io *io;
	struct addr addr;
	const struct dns_record *zone; /* ends at name NULL */
	bool silent;
	unsigned asked, rcode; /* rcode: given to all, where it is not 0 */
};

static inline size_t dns_put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
	return 2;
}

static inline size_t dns_put_name(uint8_t *p, const char *name)
{
	size_t at = 0;

	while (*name) {
		size_t len = strcspn(name, ".");

		p[at++] = (uint8_t)len;
		memcpy(p + at, name, len);
		at += len;
		name += len + (name[len] == '.');
	}
	p[at++] = 0;
	return at;
}

/* The name of the question in dots; where it ends. */
static inline size_t dns_get_name(const uint8_t *p, char *name)
{
	size_t at = 12, out = 0;

	while (p[at]) {
		memcpy(name + out, p + at + 1, p[at]);
		out += p[at];
		name[out++] = '.';
		at += p[at] + 1U;
	}
	name[out ? out - 1 : 0] = '\0';
	return at + 1;
}

static inline size_t dns_put_data(uint8_t *p, const struct dns_record *r)
{
	size_t n = 0;

	if (r->type == DNS_A)
		return inet_pton(AF_INET, r->value, p) == 1 ? 4 : 0;
	if (r->type == DNS_AAAA)
		return inet_pton(AF_INET6, r->value, p) == 1 ? 16 : 0;
	n += dns_put16(p, r->priority);
	n += dns_put16(p + n, r->weight);
	n += dns_put16(p + n, r->port);
	return n + dns_put_name(p + n, r->value);
}

static inline void dns_on_query(void *arg, int events)
{
	struct dns *dns = arg;
	uint8_t p[2048];
	char name[512];
	struct sockaddr_storage from;
	socklen_t from_len = sizeof(from);
	ssize_t got = recvfrom(dns->fd, p, 512, 0, (struct sockaddr *)&from, &from_len);
	size_t at;
	unsigned type, answers = 0;
	bool known = false;

	(void)events;
	if (got < 17)
		return;
	dns->asked++;
	if (dns->silent)
		return;
	at = dns_get_name(p, name);
	type = (unsigned)(p[at] << 8 | p[at + 1]);
	at += 4;
	for (const struct dns_record *r = dns->zone; r->name; r++) {
		size_t len;

		if (strcasecmp(r->name, name) != 0)
			continue;
		known = true;
		if (r->type != type)
			continue;
		answers++;
		at += dns_put16(p + at, 0xc00c);
		at += dns_put16(p + at, type);
		at += dns_put16(p + at, 1);
		at += dns_put16(p + at, 0);
		at += dns_put16(p + at, 1); /* TTL: 1 s */
		len = dns_put_data(p + at + 2, r);
		at += dns_put16(p + at, (unsigned)len) + len;
	}
	p[2] = 0x85;
	p[3] = (uint8_t)(0x80 | (dns->rcode ? dns->rcode : known ? 0 : 3));
	memset(p + 6, 0, 6);
	dns_put16(p + 6, dns->rcode ? 0 : answers);
	if (sendto(dns->fd, p, at, 0, (struct sockaddr *)&from, from_len) < 0)
		dns->silent = true;
}

static inline bool dns_open(struct dns *dns, struct loop *loop, const struct dns_record *zone)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
		                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(in);

	*dns = (struct dns){ .zone = zone, .fd = socket(AF_INET, SOCK_DGRAM, 0) };
	return bind(dns->fd, (struct sockaddr *)&in, len) == 0 &&
	       getsockname(dns->fd, (struct sockaddr *)&in, &len) == 0 &&
	       addr_from_sockaddr(&dns->addr, (struct sockaddr *)&in, len) == OK &&
	       io_new(&dns->io, loop, dns->fd, IO_READ, dns_on_query, dns) == OK;
}

static inline void dns_close(struct dns *dns)
{
	io_free(&dns->io);
	close(dns->fd);
}

#endif
