/* Name servers for tests, without sockets: each has a zone, and answers as soon as it is asked. */
#ifndef TESTS_UNIT_SBC_SIP_DNS_H
#define TESTS_UNIT_SBC_SIP_DNS_H

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>
#include "base/addr.h"
#include "sbc/sip/dns_exchange.h"

enum { DNS_A = 1, DNS_CNAME = 5, DNS_PTR = 12, DNS_AAAA = 28, DNS_SRV = 33 };

struct dns_record {
	const char *name;
	uint16_t type;
	uint16_t priority, weight, port; /* SRV */
	const char *value;               /* address or target */
};

struct dns {
	struct addr addr;
	const struct dns_record *zone; /* ends at name NULL */
	bool silent;
	unsigned silent_type;  /* questions of this type alone get no answer */
	unsigned asked, rcode; /* rcode: given to all, where it is not 0 */
	struct dns *next;
};

static struct dns *dns_all;

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

static inline size_t dns_put_data(uint8_t *p, const struct dns_record *r)
{
	size_t n = 0;

	if (r->type == DNS_A)
		return inet_pton(AF_INET, r->value, p) == 1 ? 4 : 0;
	if (r->type == DNS_AAAA)
		return inet_pton(AF_INET6, r->value, p) == 1 ? 16 : 0;
	if (r->type == DNS_CNAME || r->type == DNS_PTR)
		return dns_put_name(p, r->value);
	n += dns_put16(p, r->priority);
	n += dns_put16(p + n, r->weight);
	n += dns_put16(p + n, r->port);
	return n + dns_put_name(p + n, r->value);
}

/* All records and denials last for a minute. */
static inline size_t dns_put_record(uint8_t *p, const struct dns_record *r)
{
	size_t at = dns_put_name(p, r->name), len;

	at += dns_put16(p + at, r->type);
	at += dns_put16(p + at, 1);
	at += dns_put16(p + at, 0);
	at += dns_put16(p + at, 60);
	len = dns_put_data(p + at + 2, r);
	return at + dns_put16(p + at, (unsigned)len) + len;
}

static inline size_t dns_put_denial(uint8_t *p)
{
	static const uint8_t soa[] = { 0, 0, 6, 0, 1, 0, 0, 0, 60, 0, 22, 0, 0, 0, 0, 0, 0,
		                       0, 0, 0, 0, 0, 0, 0, 0, 0,  0, 0,  0, 0, 0, 0, 60 };

	memcpy(p, soa, sizeof(soa));
	return sizeof(soa);
}

static inline size_t dns_answer(const struct dns *dns, const struct dns_question *q, uint8_t *p,
                                size_t at)
{
	unsigned answers = 0;
	bool known = false;

	for (const struct dns_record *r = dns->zone; r->name; r++) {
		if (strcasecmp(r->name, q->name) != 0)
			continue;
		known = true;
		if (r->type != (unsigned)q->type && r->type != DNS_CNAME)
			continue;
		answers++;
		at += dns_put_record(p + at, r);
	}
	p[2] = 0x85;
	p[3] = (uint8_t)(0x80 | (dns->rcode ? dns->rcode : known ? 0 : 3));
	memset(p + 6, 0, 6);
	dns_put16(p + 6, dns->rcode ? 0 : answers);
	if (answers || dns->rcode)
		return at;
	dns_put16(p + 8, 1);
	return at + dns_put_denial(p + at);
}

static inline size_t dns_on_question(void *arg, const struct dns_exchange_cfg *cfg,
                                     const uint8_t *query, size_t len, uint8_t out[DNS_FAKE_MAX])
{
	struct dns *dns = dns_all;
	size_t question = 12 + strlen(cfg->question->name) + 2 + 4;

	(void)arg;
	while (dns && !addr_equal(&dns->addr, &cfg->server))
		dns = dns->next;
	if (!dns)
		return 0;
	dns->asked++;
	if (dns->silent || dns->silent_type == (unsigned)cfg->question->type)
		return 0;
	memcpy(out, query, question < len ? question : len);
	return dns_answer(dns, cfg->question, out, question);
}

static inline void dns_open(struct dns *dns, const struct dns_record *zone, const char *addr)
{
	*dns = (struct dns){ .zone = zone, .next = dns_all };
	if (addr_parse(&dns->addr, addr) == OK)
		addr_set_port(&dns->addr, 53);
	dns_all = dns;
	dns_exchange_fake(dns_on_question, NULL);
}

static inline void dns_close_all(void)
{
	dns_all = NULL;
	dns_exchange_fake(NULL, NULL);
}

#endif
