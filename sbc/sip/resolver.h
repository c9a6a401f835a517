/* From a name to addresses: NAPTR where that is asked for, SRV, then A and AAAA (RFC 3263 4, RFC
 * 2782). Signalling thread. */
#ifndef SBC_SIP_RESOLVER_H
#define SBC_SIP_RESOLVER_H

#include <stdbool.h>
#include <stddef.h>
#include "base/addr.h"
#include "base/err.h"
#include "base/loop.h"
#include "config/config.h"
#include "sbc/sip/dns_client.h"

struct resolver;
struct lookup;

#define LOOKUP_ADDRS_MAX 16

/* What a name became: addresses with ports, in the order in which to try them. */
struct lookup_result {
	enum err err; /* ERR_DNS: why says what is missing */
	struct addr addrs[LOOKUP_ADDRS_MAX];
	size_t naddrs;
	char why[256];
};

/* The families that can be sent from; where there are two, which of a target's come first. */
enum lookup_families { LOOKUP_V4_FIRST, LOOKUP_V6_FIRST, LOOKUP_V4, LOOKUP_V6 };

struct lookup_query {
	const char *host; /* a name or an address; borrowed for the call of lookup_start */
	unsigned port;    /* 0: SRV when srv is set, else the transport's own */
	enum transport transport;
	bool srv;   /* ask for SRV where there is no port */
	bool sips;  /* the service is _sips */
	bool naptr; /* ask for NAPTR before SRV; it never changes the transport */
	enum lookup_families families;
};

/* servers: asked instead of the system's (a port of 0 is 53). None: those of /etc/resolv.conf. */
MUST_USE enum err resolver_new(struct resolver **out, struct loop *loop, const struct addr *servers,
                               size_t nservers);
void resolver_free(struct resolver **rp); /* all look-ups must have ended */
/* From now on r's servers are asked for names in these domains alone, and those of others for the
 * rest. Borrows all. */
void resolver_limit(struct resolver *r, char *const *domains, size_t ndomains,
                    struct resolver *others);
/* Whether servers with these domains are not asked for name. */
bool resolver_is_limited(char *const *domains, size_t ndomains, const char *name);

/* One question to the servers that r asks for that name; as dns_client_ask. For who looks closer
 * than a look-up does. */
MUST_USE enum err resolver_ask(struct dns_ask **out, struct resolver *r, enum dns_type type,
                               const char *name, struct dns_reply *known,
                               void (*fn)(void *arg, const struct dns_reply *reply), void *arg);

/* Calls fn once, perhaps before this returns; *out is set before that, and gone once fn is called.
 */
MUST_USE enum err lookup_start(struct lookup **out, struct resolver *r,
                               const struct lookup_query *q,
                               void (*fn)(void *arg, const struct lookup_result *result),
                               void *arg);
/* Ends one without a call; NULL is fine. */
void lookup_cancel(struct lookup **lp);

#endif
