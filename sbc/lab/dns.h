/* A name server for one domain: what a provider publishes in DNS, and no more. It answers over UDP
 * (RFC 1035, 2308, 2782), knows no EDNS, and never sends more than DNS_MAX octets. The loop's
 * thread. */
#ifndef SBC_LAB_DNS_H
#define SBC_LAB_DNS_H

#include <stddef.h>
#include <stdint.h>
#include "base/addr.h"
#include "base/err.h"
#include "base/loop.h"

#define DNS_MAX        512 /* octets of a datagram; RFC 1035 4.2.1 */
#define DNS_DOMAIN_MAX 200 /* characters; so that every answer fits */
#define DNS_NAME_MAX   255 /* octets; RFC 1035 2.3.4 */

/* Labels with their lengths, in lower case, with the empty one at the end. */
struct dns_name {
	uint8_t bytes[DNS_NAME_MAX];
	size_t len;
};

/* _sips._tcp.DOMAIN is an SRV for sip.DOMAIN, whose A or AAAA is the address. */
struct dns_zone {
	struct dns_name domain;
	struct addr sip; /* of the provider, with its port */
};

/* ERR_SYNTAX: domain is no host name. */
MUST_USE enum err dns_zone_init(struct dns_zone *out, const char *domain, const struct addr *sip);
/* Writes the answer to a datagram and gives its length; 0: it deserves none. */
size_t dns_answer(const struct dns_zone *zone, const uint8_t *query, size_t len,
                  uint8_t out[DNS_MAX]);

struct dns;

/* Copies zone. ERR_IO: the socket cannot be had, and errno says why. */
MUST_USE enum err dns_open(struct dns **out, struct loop *loop, const struct addr *local,
                           const struct dns_zone *zone);
void dns_close(struct dns **dnsp);                         /* NULL is fine */
void dns_address(const struct dns *dns, struct addr *out); /* that it listens on */

#endif
