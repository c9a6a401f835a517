/* One binding request to one STUN server: sent again as RFC 8489 6.2.1 has it, answered by nobody
 * else (the transaction's id, a connected socket). Signalling thread. */
#ifndef SBC_SIP_STUN_ASK_H
#define SBC_SIP_STUN_ASK_H

#include "base/loop.h"
#include "sbc/sip/stun.h"

/* RFC 8489 6.2.1: the first wait, doubled each time; requests in all; waits of the first length
 * after the last one. */
#define STUN_RTO_MS   500
#define STUN_REQUESTS 7
#define STUN_LAST     16

struct stun_ask;

struct stun_ask_cfg {
	struct loop *loop;
	struct addr local; /* of ours; its port is ignored */
	/* Sent from a free one of these: where the firewall lets media pass, STUN passes too. */
	unsigned port_low, port_high;
	struct addr server; /* with its port */
	/* Once: the address without a port; NULL: why there is none. The ask is the caller's still:
	 * stun_ask_free. */
	void (*fn)(void *arg, const struct addr *seen, const char *why);
	void *arg;
};

/* Never calls before it returns. ERR_IO: nothing can be sent from there. */
MUST_USE enum err stun_ask_start(struct stun_ask **out, const struct stun_ask_cfg *cfg);
void stun_ask_free(struct stun_ask **ap); /* NULL is fine */

/* Tests: no sockets; fn writes the answer to a request into out and gives its length; 0: none.
 * NULL: back to normal. */
#define STUN_FAKE_MAX 256
void stun_ask_fake(size_t (*fn)(void *arg, const struct stun_ask_cfg *cfg, const uint8_t *request,
                                uint8_t out[STUN_FAKE_MAX]),
                   void *arg);

#endif
