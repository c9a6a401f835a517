/* One question put to one server, over UDP or TCP (RFC 1035 4.2, RFC 7766): a socket of its own
 * each, so a port of chance, connected, so that nobody else is heard. Signalling thread. */
#ifndef SBC_SIP_DNS_EXCHANGE_H
#define SBC_SIP_DNS_EXCHANGE_H

#include "base/loop.h"
#include "sbc/sip/dns_message.h"

struct dns_exchange;

struct dns_exchange_cfg {
	struct loop *loop;
	struct addr server; /* with its port */
	bool tcp;
	unsigned timeout_ms;
	const struct dns_question *question; /* copied */
	/* Once: what came. ERR_TIMEOUT, ERR_IO, ERR_SYNTAX: reply is NULL. The exchange is the
	 * caller's still: dns_exchange_free. */
	void (*fn)(void *arg, enum err err, const struct dns_reply *reply);
	void *arg;
};

/* Never calls before it returns. */
MUST_USE enum err dns_exchange_start(struct dns_exchange **out, const struct dns_exchange_cfg *cfg);
void dns_exchange_free(struct dns_exchange **xp); /* NULL is fine */

/* Tests: no sockets; fn writes the answer to query into out and gives its length, 0 for none. NULL:
 * back to normal. */
#define DNS_FAKE_MAX 8192
void dns_exchange_fake(size_t (*fn)(void *arg, const struct dns_exchange_cfg *cfg,
                                    const uint8_t *query, size_t len, uint8_t out[DNS_FAKE_MAX]),
                       void *arg);

#endif
