/* How one party is reached by another: where to, and what stands in Request-URI, To, From and
 * Contact. Signalling thread. */
#ifndef SBC_B2BUA_NAMES_H
#define SBC_B2BUA_NAMES_H

#include "sbc/b2bua/call_internal.h"
#include "sbc/b2bua/headers.h"

#define URI_MAX_LEN 400

struct names {
	char request_uri[URI_MAX_LEN], to[URI_MAX_LEN], contact[URI_MAX_LEN];
	char from[HEADER_VALUE_MAX];
	struct target target;
	const struct flow *flow; /* that a phone registered over; NULL: none */
};

/* The number under which a caller is shown. */
const char *party_shown(const struct party *p);
/* to keeps texts of the target. */
MUST_USE enum err names_make(struct border *b, struct names *n, const struct party *from,
                             struct party *to);
/* Whether a phone is known by its address, or registered over a connection that still stands.
 * ERR_NOT_FOUND. */
MUST_USE enum err party_find(struct border *b, const struct party *p, struct call_refusal *refusal);

/* Our Contact to a party, in a dialog that its request begins. */
void party_contact(const struct party *p, const struct server_txn *txn, char *out, size_t size);
/* Whether something that came over a flow is of the party: of its trunk, or of its realm. */
bool party_sent(const struct party *p, const struct flow *flow);
enum crossing crossing_to(const struct party *p);

#endif
