/* Says in time that a certificate runs out: ours, and the peers' as they were last seen. Signalling
 * thread. */
#ifndef SBC_TRUNK_EXPIRY_H
#define SBC_TRUNK_EXPIRY_H

#include "base/timer.h"
#include "sbc/trunk/trunk_tls.h"

struct expiry;

/* Looks once an hour; all borrowed. A line in the log at 30, 14, 7, 3 and 1 days, and when it is
 * over, once each. Of
 * ours the certificate of the chain that ends first counts. */
MUST_USE enum err expiry_open(struct expiry **out, const struct config *cfg, struct timers *timers,
                              const struct trunk_tls *tls);
void expiry_look(struct expiry *e);    /* at once: there are new files */
void expiry_close(struct expiry **ep); /* NULL is fine */

#endif
