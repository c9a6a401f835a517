/* A request of ours in a dialog, or one that begins it, on its way: to the dialog's flow, else to
 * the peer's Contact under the rules of a target, and once more where the answer asks for a
 * password that the target has (RFC 3261 12.2.1, 22.2). Signalling thread. Owner: who began it. */
#ifndef SBC_SIP_ERRAND_H
#define SBC_SIP_ERRAND_H

#include "sbc/sip/dialog.h"
#include "sbc/sip/request.h"

struct errand;

struct errand_handler {
	/* Each answer above 100 but those after which it was asked again. */
	void (*on_response)(void *arg, const struct message *m, const struct flow *flow);
	/* Instead of a final answer. Never from within errand_start. */
	void (*on_fail)(void *arg, const char *why);
	/* Whether a 422 lets us ask once more, by next, which is what was sent with the CSeq that
	 * follows; changes next. NULL: never. */
	bool (*amend)(void *arg, const struct message *answer, struct message *next);
	/* See struct request_handler; NULL: the same. */
	void (*on_over)(void *arg);
};

/* All borrowed for the errand's life. */
struct errand_cfg {
	struct stack *stack;
	struct dialog *dialog;
	const struct target *target;
	const struct flow *first; /* for what begins the dialog, while it lives */
	const struct errand_handler *handler;
	void *arg;
};

/* Shares m. */
MUST_USE enum err errand_start(struct errand **out, const struct errand_cfg *cfg,
                               struct message *m);
const struct message *errand_message(
    const struct errand *e); /* as it was sent last; NULL: forgotten */
/* It has its 2xx: what was sent is not needed any more. */
void errand_forget_message(struct errand *e);
void errand_cancel(struct errand *e, const char *reason); /* an INVITE: see request_cancel */
void errand_free(struct errand **ep); /* no more calls; also from within one; NULL is fine */

#endif
