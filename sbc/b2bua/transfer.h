/* Transfers that we carry out (RFC 3515, RFC 5589): one end of a call asks that the other end talks
 * to somebody else: whom we call (blind), or with whom it has another call through us (attended).
 * Signalling thread. Owner: the call in which it was asked. */
#ifndef SBC_B2BUA_TRANSFER_H
#define SBC_B2BUA_TRANSFER_H

#include "sbc/b2bua/leg.h"

struct call;
struct party;
struct transfer;

/* A REFER in a call; it is answered in every case. */
void transfer_on_refer(struct call *call, struct leg *leg, struct server_txn *txn,
                       const struct message *refer);
/* The callee of next, whose INVITE waits for its answer, takes the place of a party of the call
 * (RFC 3891). Answers it in every case. */
void transfer_take_over(struct call *call, struct party *replaced, struct call *next);
/* A call stands, for which one may have waited. */
void transfer_on_up(struct call *other);
/* Whether an event of a leg of the call belongs to a transfer alone. */
bool transfer_takes(struct call *call, struct leg *leg, enum leg_event event,
                    const struct message *m);

/* What becomes of the call that is made for it. */
enum transfer_news { TRANSFER_RINGS, TRANSFER_ANSWERED, TRANSFER_FAILED };
/* status: what the target answered, or what its silence comes to. */
void transfer_on_target(struct call *next, enum transfer_news news, unsigned status);

/* Who asked for the call, where its target is to hear of that (RFC 3892); NULL: nobody. */
const struct party *transfer_referrer(const struct call *next);

/* One of its calls ends. */
void transfer_on_end(struct call *call);
void transfer_forget(struct call *call); /* the call is freed */

#endif
