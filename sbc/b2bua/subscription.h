/* Subscriptions that cross the border (RFC 6665): busy lamps, presence, message waiting. Each is a
 * dialog with the subscriber and one with the notifier, and two more for each fork that notifies.
 * Signalling thread. Owner: the border. */
#ifndef SBC_B2BUA_SUBSCRIPTION_H
#define SBC_B2BUA_SUBSCRIPTION_H

#include "sbc/b2bua/call_internal.h"

/* In all, and of one phone or trunk that subscribes; forks of one that are followed. */
#define SUBSCRIPTIONS_MOST   4096
#define SUBSCRIPTIONS_OF_ONE 512
#define SUBSCRIPTION_FORKS   4

/* A SUBSCRIBE out of any dialog; it is answered in every case. */
void subscription_start(struct border *b, struct server_txn *txn, const struct party *from,
                        const struct party *to);
/* A request in a dialog of one. False: it is of none, and was not answered. */
bool subscription_on_request(struct border *b, struct server_txn *txn,
                             const struct message *request);
void subscriptions_end(struct border *b); /* without a word */

#endif
