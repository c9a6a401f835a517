/* Addresses and networks, IPv4 and IPv6. Any thread. */
#ifndef BASE_ADDR_H
#define BASE_ADDR_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>
#include "base/err.h"

/* An IP address with a port (0: none). family AF_UNSPEC (a zeroed one): no address. */
struct addr {
	union {
		struct sockaddr sa;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	};
};

/* A network: 192.0.2.0/24, 2001:db8::/32; a lone address is a network of one. */
struct addr_net {
	struct addr base;
	unsigned bits;
};

#define ADDR_TEXT_MAX 64

/* "192.0.2.1", "192.0.2.1:5060", "2001:db8::1", "[2001:db8::1]:5060". Names are ERR_SYNTAX. */
MUST_USE enum err addr_parse(struct addr *out, const char *text);
/* The same of the machine's own configuration: a link-local address may name its interface, as in
 * fe80::1%eth0 or [fe80::1%eth0]:5060; no message that we send shows it. ERR_NOT_FOUND: there is no
 * such interface. */
MUST_USE enum err addr_parse_ours(struct addr *out, const char *text);
MUST_USE enum err addr_from_sockaddr(struct addr *out, const struct sockaddr *sa, socklen_t len);
MUST_USE enum err addr_net_parse(struct addr_net *out, const char *text);

/* Write into buf (ADDR_TEXT_MAX is enough) and return it. addr_text has the port where there is
 * one; addr_host has it never, and no brackets; addr_uri_host has no port, and brackets around
 * IPv6. */
const char *addr_text(const struct addr *a, char *buf, size_t size);
const char *addr_host(const struct addr *a, char *buf, size_t size);
const char *addr_uri_host(const struct addr *a, char *buf, size_t size);

bool addr_is_set(const struct addr *a);
bool addr_is_any(const struct addr *a);                          /* 0.0.0.0 or :: */
bool addr_equal(const struct addr *a, const struct addr *b);     /* with port */
bool addr_same_host(const struct addr *a, const struct addr *b); /* without */
bool addr_in_net(const struct addr *a, const struct addr_net *net);
uint16_t addr_port(const struct addr *a);
void addr_set_port(struct addr *a, uint16_t port);
socklen_t addr_len(const struct addr *a);

/* A Unix socket's place. ERR_LIMIT: path is longer than it may be, or empty. */
MUST_USE enum err addr_unix(struct sockaddr_un *out, const char *path);

#endif
