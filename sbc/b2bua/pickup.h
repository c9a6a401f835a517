/* INVITE with Replaces (RFC 3891): somebody takes the place of another in a call of ours, while
 * that one still rings (a phone picks up the call of its neighbour) or later. Signalling thread. */
#ifndef SBC_B2BUA_PICKUP_H
#define SBC_B2BUA_PICKUP_H

#include "sbc/b2bua/call_internal.h"

/* An INVITE of from; it is answered in every case. False: it replaces nothing, and was not. */
bool pickup_on_invite(struct border *b, struct server_txn *txn, const struct party *from);
/* Adds the Join of an INVITE that was received, naming the dialog that the callee has of that call
 * (RFC 3911). ERR_NOT_FOUND: it has none. */
MUST_USE enum err pickup_add_join(struct call *call, const struct message *received,
                                  struct message *invite);

#endif
