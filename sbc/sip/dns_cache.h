/* What DNS said, for as long as it may be believed (RFC 1035 3.2.1, 2308, 8767). Bounded: the one
 * that was not asked for longest goes. Signalling thread. */
#ifndef SBC_SIP_DNS_CACHE_H
#define SBC_SIP_DNS_CACHE_H

#include "sbc/sip/dns_message.h"

#define DNS_CACHE_ENTRIES   1024
#define DNS_STALE_MAX_S     86400 /* that an answer serves past its time while DNS is down */
#define DNS_STALE_RECHECK_S 30    /* between two questions meanwhile; RFC 8767 5 */
#define DNS_FAILURE_S       5     /* that a failure is believed; RFC 9520 3.2 */

struct dns_cache;

enum dns_cached {
	DNS_CACHE_NONE,
	DNS_CACHE_FRESH,
	DNS_CACHE_STALE,      /* ask; should DNS be down, this serves */
	DNS_CACHE_STALE_HOLD, /* this serves without a question: DNS was down a moment ago */
};

MUST_USE enum err dns_cache_new(struct dns_cache **out);
void dns_cache_free(struct dns_cache **cp); /* NULL is fine */

/* Copies what is known into out, which otherwise stays as it was. */
enum dns_cached dns_cache_get(struct dns_cache *c, const struct dns_question *q,
                              struct dns_reply *out);
/* Takes in what came of a question. A failure leaves an answer that may still serve. Without memory
 * nothing is kept. */
void dns_cache_put(struct dns_cache *c, const struct dns_question *q,
                   const struct dns_reply *reply);

#endif
