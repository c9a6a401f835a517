/* The exchange as exchange.c (the table), exchange_act.c (what is done) and exchange_owe.c (what a
 * side is yet to hear) see it. */
#ifndef SBC_B2BUA_EXCHANGE_INTERNAL_H
#define SBC_B2BUA_EXCHANGE_INTERNAL_H

#include "sbc/b2bua/call_internal.h"

/* What happened, at which side, and what it says of the session (NULL: nothing). */
struct exchange_news {
	enum media_side side;
	const struct message *message;
	const char *sdp;
	size_t len;
};

struct exchange_action {
	const char *says;
	/* After an error the state is as before. */
	enum err (*run)(struct call *call, const struct exchange_news *news,
	                struct offer_problem *problem);
};

/* The leg of a side. */
struct leg *exchange_leg(const struct call *call, enum media_side side);
MUST_USE enum err exchange_event(struct call *call, enum exchange_event event,
                                 const struct exchange_news *news, struct offer_problem *problem);
/* Fills problem; gives err back. */
enum err exchange_problem(struct offer_problem *problem, enum err err, unsigned status,
                          const char *why);
/* One side has agreed to what the other cannot have. */
void exchange_disagree(struct call *call, const struct offer_problem *problem);

/* exchange_act.c */
/* What the callee answered to the first offer, and what the caller heard of it. */
void exchange_forget(struct call *call);
/* Offers what news has to the other side, unless that would hear nothing new: then the asker is
 * answered with what the other side said before. ERR_NOT_NOW: another offer is in the way. */
MUST_USE enum err exchange_pass(struct call *call, const struct exchange_news *news,
                                enum method like, struct offer_problem *problem);
extern const struct exchange_action exchange_early, exchange_ring, exchange_propose_early,
    exchange_first_answer, exchange_bare_answer, exchange_propose_answer, exchange_show_answer,
    exchange_pass_early, exchange_settle, exchange_propose, exchange_confirm, exchange_refuse,
    exchange_withdraw, exchange_pass_or_hold, exchange_fetch_or_hold, exchange_release,
    exchange_let_go;

/* exchange_owe.c */
extern const struct exchange_action exchange_take_answer, exchange_tell, exchange_tell_moved,
    exchange_tell_fork, exchange_note_moved, exchange_put_off;
/* The session is at rest: what is owed comes next. */
void exchange_on_rest(struct call *call);
/* Nothing is owed any more. */
void exchange_owe_nothing(struct call *call);

#endif
