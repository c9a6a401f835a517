/* A leg as its rooms see it: leg.c (its life, its end, the peer's requests), leg_uac.c (our
 * INVITE), leg_uas.c (the peer's INVITE), leg_request.c (all that we send in its dialog). */
#ifndef SBC_B2BUA_LEG_INTERNAL_H
#define SBC_B2BUA_LEG_INTERNAL_H

#include <sys/queue.h>
#include "base/timer.h"
#include "sbc/b2bua/leg.h"
#include "sbc/b2bua/refresh.h"

enum leg_state {
	LEG_NEW,        /* ours: nothing sent yet */
	LEG_CALLING,    /* ours: INVITE is out */
	LEG_WAITING,    /* theirs: INVITE waits for an answer */
	LEG_UNACKED,    /* theirs: 2xx is out */
	LEG_STANDING,   /* the dialog is confirmed */
	LEG_HANGING_UP, /* BYE is out */
	LEG_OVER,
};

struct leg_request;

struct leg {
	enum leg_state state;
	const struct leg_env *env;
	struct leg_handler handler;
	struct dialog *dialog;
	struct server_txn *invited; /* theirs: until it ends */
	struct leg_request *invite; /* ours: until a final answer other than 2xx */
	LIST_HEAD(, leg_request) requests;
	struct target target; /* when the flow of the dialog is gone */
	struct flow first_flow;
	struct refresh refresh;
	struct timer late; /* tells of a BYE that could not be sent, outside of leg_bye */
};

/* leg.c */
MUST_USE enum err leg_new(struct leg **out, const struct leg_env *env,
                          const struct leg_handler *handler, const struct target *target);
void leg_set_state(struct leg *leg, enum leg_state state);
void leg_tell(struct leg *leg, enum leg_event event, const struct message *m, const char *why);
/* A response in the dialog with what each of ours has: Contact where it may move the dialog, Allow.
 */
MUST_USE enum err leg_make_response(struct leg *leg, const struct server_txn *txn, unsigned status,
                                    const char *phrase, struct message **out);

/* leg_request.c: the one place where a leg's INVITE, BYE and the like leave. */
struct leg_request_handler {
	/* Each answer above 100; of an INVITE also each further 2xx. */
	void (*on_response)(struct leg *leg, const struct message *m, const struct flow *flow);
	/* Instead of a final answer. */
	void (*on_fail)(struct leg *leg, const char *why);
	/* Whether a final answer other than 2xx lets us ask once more, by next, which is what was
	 * sent with the CSeq that follows; changes next. NULL: never. */
	bool (*amend)(struct leg *leg, const struct message *answer, struct message *next);
};
/* Sends m over the flow of dialog, or to its next hop under the rules of the leg's target. Shares
 * m; handler is constant. The request ends by itself after a final answer (an INVITE that got a 2xx
 * with the leg), or with leg_requests_free. out may be NULL. */
MUST_USE enum err leg_request_send(struct leg_request **out, struct leg *leg, struct dialog *dialog,
                                   struct message *m, const struct leg_request_handler *handler);
const struct message *leg_request_message(const struct leg_request *rq); /* as it was sent last */
void leg_request_cancel(struct leg_request *rq);
void leg_requests_free(struct leg *leg);

/* leg_uas.c */
void leg_uas_on_bye(struct leg *leg); /* the INVITE that still waits is answered */

#endif
