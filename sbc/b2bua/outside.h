/* Requests out of any call, where a route allows them: MESSAGE, PUBLISH and NOTIFY go on once and
 * their answer comes back; SUBSCRIBE begins a subscription. Signalling thread. Owner: the border.
 */
#ifndef SBC_B2BUA_OUTSIDE_H
#define SBC_B2BUA_OUTSIDE_H

#include <stdbool.h>
#include "sbc/b2bua/call_internal.h"
#include "sbc/sip/errand.h"

/* Whether such a request can be passed at all. */
bool outside_knows(const char *method);
/* Takes over a request from one party that goes to another: it is answered in every case. */
void outside_pass(struct border *b, struct server_txn *txn, const struct party *from,
                  const struct party *to);
/* Forgets all that is under way. */
void outside_end(struct border *b);

/* All borrowed while it is under way. on_answer, with cfg's arg, hears a final answer before
 * lane_on_end does; NULL: need not. */
struct outside_way {
	struct stack *stack;
	struct dialog *dialog;
	const struct target *target;
	const struct flow *first;
	void (*on_answer)(void *arg, const struct message *m, const struct flow *flow);
	void *arg;
};
/* For a lane's send and forget: what was received becomes a request of ours. */
MUST_USE enum err outside_send(const struct outside_way *way, const struct lane *lane,
                               const struct message *request, struct lane_item *item, void **out);
void outside_forget(void *out);

#endif
