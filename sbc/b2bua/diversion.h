/* Who sent a call on before it came here: Diversion (RFC 5806) and History-Info (RFC 7044), read as
 * the same thing and written as the other side wants it (RFC 7544). Signalling thread. */
#ifndef SBC_B2BUA_DIVERSION_H
#define SBC_B2BUA_DIVERSION_H

#include "sbc/b2bua/headers.h"
#include "sbc/b2bua/numbers.h"

#define DIVERSIONS_MAX 8 /* those before are forgotten */

struct diversion {
	char number[NUMBER_MAX]; /* as the inside writes it */
	const char *reason;      /* RFC 5806 4.1, static */
	unsigned cause;          /* the same as RFC 4458 has it */
	unsigned counter;        /* how often, 1 and more */
	bool hidden;             /* not to be shown */
};

struct diversions {
	struct diversion of[DIVERSIONS_MAX]; /* the last one first */
	size_t n;
};

/* Whether whom an INVITE of ours goes to is told any of it. */
bool diversions_wanted(const struct crossing_ends *ends);
/* What a request says of it, as far as its sender is believed: a phone that is not trusted speaks
 * of its own numbers alone. */
void diversions_read(struct diversions *out, const struct message *request,
                     const struct config_party *from);
/* Another one, later than all others: a phone sent the call on. */
void diversions_add(struct diversions *d, const char *number);
/* Adds them to an INVITE of ours, which has its Contact. */
void diversions_write(const struct diversions *d, const struct passage *p);

#endif
