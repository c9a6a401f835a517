/* The border itself: the calls that cross it, and what of the house they need. Signalling thread.
 */
#ifndef SBC_B2BUA_BORDER_H
#define SBC_B2BUA_BORDER_H

#include <stdbool.h>
#include "base/err.h"
#include "config/config.h"
#include "media/media.h"
#include "sbc/b2bua/leg.h"
#include "sbc/phone/auth.h"
#include "sbc/phone/location.h"
#include "sbc/sip/stack.h"
#include "sbc/trunk/limit.h"
#include "sbc/trunk/trunk.h"

struct border;
struct call;

/* All borrowed. */
struct border_cfg {
	const struct config *cfg;
	struct stack *stack;
	struct dialogs *dialogs;
	struct media *media;
	struct media_realm *const *media_realms; /* as cfg->realms; copied */
	struct trunks *trunks;
	struct locations *locations;
	struct phone_auth *auth;
};

MUST_USE enum err border_new(struct border **out, const struct border_cfg *cfg);
void border_free(struct border **bp); /* ends what is left without a word */

/* For the stack's handler. */
void border_on_request(void *border, struct server_txn *txn, const struct message *request);
void border_on_ack(void *border, const struct message *ack, const struct flow *flow);

/* Takes no new calls and hangs up those that are there; fn(arg) when the last is gone. */
void border_shut(struct border *b, void (*fn)(void *arg), void *arg);

size_t border_ncalls(const struct border *b);
size_t border_nsubscriptions(const struct border *b);
/* A phone's calls. */
const struct limit *border_phone_limit(const struct border *b, const struct config_phone *phone);

#endif
