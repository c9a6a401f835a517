/* INVITE with Replaces (RFC 3891): somebody takes the place of another in a call of ours, while
 * that one still rings (a phone picks up the call of its neighbour) or later. Signalling thread. */
#ifndef SBC_B2BUA_PICKUP_H
#define SBC_B2BUA_PICKUP_H

#include "sbc/b2bua/call_internal.h"

/* An INVITE of from; it is answered in every case. False: it replaces nothing, and was not. */
bool pickup_on_invite(struct border *b, struct server_txn *txn, const struct party *from);

#endif
