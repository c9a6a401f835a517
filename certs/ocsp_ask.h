/* Asks OCSP responders over HTTP, in a thread of its own, and remembers what they said. The door is
 * the signalling thread's. */
#ifndef CERTS_OCSP_ASK_H
#define CERTS_OCSP_ASK_H

#include <sys/queue.h>
#include "base/loop.h"
#include "certs/ocsp.h"

struct ocsp;
struct ocsp_job;

/* Who waits for an answer. Embedded; zeroed means not waiting. */
struct ocsp_waiter {
	TAILQ_ENTRY(ocsp_waiter) link;
	struct ocsp_job *job; /* NULL: it waits no longer */
	void (*fn)(void *arg, const struct ocsp_result *result);
	void *arg;
};

MUST_USE enum err ocsp_open(struct ocsp **out, struct loop *loop);
/* All waiters have been forgotten. NULL is fine. */
void ocsp_close(struct ocsp **op);

/* True: *out is known at once, if only that nobody can tell. False: fn(arg, result) is called
 * later, never from within. */
bool ocsp_ask(struct ocsp *o, X509 *leaf, X509 *issuer, struct ocsp_result *out,
              struct ocsp_waiter *w);
void ocsp_forget(struct ocsp_waiter *w); /* one that does not wait is fine */

#endif
