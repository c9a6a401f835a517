/* Asks name servers, and remembers what they say: over UDP, over TCP what was truncated, one server
 * after the other. Signalling thread. */
#ifndef SBC_SIP_DNS_CLIENT_H
#define SBC_SIP_DNS_CLIENT_H

#include "base/loop.h"
#include "sbc/sip/dns_message.h"

struct dns_client;
struct dns_ask; /* one who waits for an answer */

#define DNS_TRY_MS        1000 /* a server has, then twice that in a second round */
#define DNS_TCP_MS        3000
#define DNS_STALE_WAIT_MS 1800 /* before an old answer serves; RFC 8767 5 */
#define DNS_QUERIES_MAX   256  /* under way; more are refused */

/* servers (a port of 0 is 53): copied. None: those of /etc/resolv.conf, as it stands when asked. */
MUST_USE enum err dns_client_new(struct dns_client **out, struct loop *loop,
                                 const struct addr *servers, size_t nservers);
void dns_client_free(struct dns_client **cp); /* nobody waits any more; NULL is fine */

/* OK and *out NULL: known is the answer. OK and *out set: fn is called later, once, with one of any
 * status, and *out is gone then. ERR_SYNTAX (no name for DNS), ERR_LIMIT, ERR_NOMEM. */
MUST_USE enum err dns_client_ask(struct dns_ask **out, struct dns_client *c, enum dns_type type,
                                 const char *name, struct dns_reply *known,
                                 void (*fn)(void *arg, const struct dns_reply *reply), void *arg);
/* Without a call; NULL is fine. */
void dns_ask_cancel(struct dns_ask **ap);

#endif
