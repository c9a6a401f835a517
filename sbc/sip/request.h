/* A request on its way: the look-up of its target, the connection, the transaction, and the next
 * address when one fails (RFC 3263 4.3). Signalling thread. */
#ifndef SBC_SIP_REQUEST_H
#define SBC_SIP_REQUEST_H

#include "base/err.h"
#include "sbc/sip/conn.h"
#include "sbc/sip/credentials.h"
#include "sbc/sip/message.h"
#include "sbc/sip/resolver.h"
#include "sbc/sip/stack.h"
#include "sbc/sip/target_health.h"

struct request;

/* Where to, and by what rules. All borrowed for the request's life. */
struct target {
	struct sip_realm *realm; /* that it leaves from */
	enum transport transport;
	const char *host; /* looked up; a copy is made */
	unsigned port;    /* 0: by SRV when srv is set */
	bool srv;
	bool naptr;              /* asked for before SRV */
	struct tls_context *tls; /* for TRANSPORT_TLS */
	const char *sni;
	struct resolver *resolver;
	struct target_health *health;    /* of its addresses; NULL: nobody keeps it */
	struct credentials *credentials; /* answer 401 and 407; NULL: these are answers as others */
	unsigned connect_timeout_ms;
	unsigned target_timeout_ms; /* for the first answer of an address; 0: as long as timers B
	                               and F */
};

struct request_handler {
	/* Each provisional answer, the final one, further 2xx of an INVITE. */
	void (*on_response)(void *arg, const struct message *response, const struct flow *flow);
	/* Instead of a final answer: no address, no connection, no answer. Never from within
	 * request_start. */
	void (*on_fail)(void *arg, enum err err, const char *why);
	/* The transaction of an INVITE that has its 2xx is over: nothing more comes of it. Not told
	 * where another address than the last gave the 2xx. NULL: nobody waits for it. */
	void (*on_over)(void *arg);
	void *arg;
};

/* Shares m. flow: taken while it lives, target only otherwise; NULL: target at once. Copies
 * handler. */
MUST_USE enum err request_start(struct request **out, struct stack *stack, struct message *m,
                                const struct target *target, const struct flow *flow,
                                const struct request_handler *handler);
/* Ends an INVITE early: CANCEL as soon as that is allowed (RFC 3261 9.1), or nothing is sent at
 * all. The handler hears a final answer or on_fail. */
void request_cancel(struct request *r, const char *reason); /* of RFC 3326; NULL: none */
/* It has its 2xx: what was sent is not needed any more. */
void request_forget_message(struct request *r);
/* No more calls; a transaction that is under way ends by itself, and a call that is answered late
 * is hung up. NULL is fine. */
void request_free(struct request **rp);

#endif
