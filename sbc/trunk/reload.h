/* New certificates without an end of calls: on a command, on SIGHUP, and when the files change.
 * Certificates, keys, trust and CRLs are read again, the rest of the configuration is not.
 * Signalling thread. */
#ifndef SBC_TRUNK_RELOAD_H
#define SBC_TRUNK_RELOAD_H

#include "base/loop.h"
#include "sbc/trunk/expiry.h"
#include "sbc/trunk/trunk.h"

struct reload;

/* All borrowed. */
struct reload_cfg {
	const struct config *cfg;
	struct loop *loop;
	struct trunks *trunks;
	struct stack *stack;   /* whose connections are drained; NULL: none are */
	struct expiry *expiry; /* looks at what is new; NULL: nobody does */
};

/* Files that cannot be watched are said in the log, and are no failure. */
MUST_USE enum err reload_open(struct reload **out, const struct reload_cfg *cfg);
void reload_close(struct reload **rp); /* NULL is fine */

/* by: who asks, for the log. On failure all stays as it was, and why (CERT_WHY_MAX bytes) says what
 * is wrong. */
MUST_USE enum err reload_now(struct reload *r, const char *by, char *why);

#endif
