/* Requests in a call's dialogs that belong to the two at its ends and not to us: each goes to the
 * other leg as a request of ours, and its answer comes back. Signalling thread. Owner: the call. */
#ifndef SBC_B2BUA_PASS_H
#define SBC_B2BUA_PASS_H

#include "sbc/b2bua/lane.h"
#include "sbc/b2bua/leg.h"

struct call;

void pass_open(struct call *call);
/* For the handler of a call's leg; arg is the call. */
bool pass_on_request(void *arg, struct leg *leg, struct server_txn *txn,
                     const struct message *request);
/* Answers what still waits (RFC 3261 15.1.2: 487) and forgets it: the call ends, or one of its legs
 * is replaced. */
void pass_end(struct call *call);

#endif
