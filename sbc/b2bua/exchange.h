/* The session of a call: offers and answers from one leg to the other (RFC 3264; RFC 3261 13, 14;
 * RFC 3311), as a table of its own beside the call's. Signalling thread. Part of the call. */
#ifndef SBC_B2BUA_EXCHANGE_H
#define SBC_B2BUA_EXCHANGE_H

#include "base/err.h"
#include "media/anchor.h"
#include "sbc/b2bua/leg.h"
#include "sbc/b2bua/offer.h"

struct call;
struct state_table;

enum exchange_state {
	EX_FIRST,  /* the caller's first offer is with the callee, each of whose forks may answer */
	EX_REST,   /* both sides agreed */
	EX_PASSED, /* an offer of one side is with the other, and its answer is waited for */
	EX_HELD,   /* it waits, or a wish for one, until the other side is free */
	EX_FETCHING, /* one side's INVITE without an offer is with the other, which is to make it */
	EX_PROPOSED, /* that offer is with who asked, whose PRACK or ACK brings the answer */
	EX_INVENTED, /* the caller made no offer; one of ours is with the callee */
	EX_SHOWN,    /* what the other side said before is with who asked, as an offer; as above */
	EX_OWED,     /* at rest, but one side has said what the other is yet to be offered: that has
	                not confirmed the call, or had no time. What ends at rest goes on here then */
	EX_TOLD,     /* that is with the other side; nobody waits for the answer */
	EX_NSTATES,
};

enum exchange_event {
	XE_PROGRESS,    /* a provisional answer of the callee */
	XE_EARLY_OFFER, /* one with an offer, whose PRACK is to answer */
	XE_ANSWER,      /* the callee's 2xx */
	XE_OFFER,       /* re-INVITE, UPDATE or PRACK with another session */
	XE_FETCH,       /* a re-INVITE without an offer */
	XE_CHANGED,     /* our offer was accepted, or one was made for us */
	XE_REFUSED,
	XE_ANSWERED,  /* by PRACK or ACK, an offer that stood in an answer of ours */
	XE_WITHDRAWN, /* nobody waits for the answer any more */
	XE_MOVED,     /* a refresh of ours was answered with another session */
	XE_FREE,      /* what was in the way of an offer to that side is over */
	XE_UP,        /* the caller has confirmed the call */
	XE_AGAIN,     /* it is time to offer what is owed */
	XE_NEVENTS,
};

/* The caller's INVITE goes to the callee, or to the next one: with its offer, without one, or with
 * one of ours. What waits for the one before is refused. */
void exchange_begin(struct call *call, bool offers);
/* Whether that side is to have no INVITE without an offer. */
bool exchange_invents(const struct call *call, enum media_side side);
/* The callee's provisional answer, and its 2xx, go to the caller with what they say of the session.
 * An error of the second: problem says what the caller hears, and the call can only end. */
void exchange_progress(struct call *call, const struct message *m);
MUST_USE enum err exchange_answer(struct call *call, struct offer_problem *problem);
/* The caller has confirmed the call. */
void exchange_up(struct call *call);
/* A side has hung up, and the call stays, since the other side is being transferred: nobody waits
 * for it any more. */
void exchange_leave(struct call *call, enum media_side gone);
/* Two legs that agreed elsewhere are the call's from now on. */
void exchange_join(struct call *call);
/* Whatever else happens to the session of a leg: LEG_OFFER to LEG_FREE. */
void exchange_on_leg(struct call *call, enum media_side side, enum leg_event event,
                     const struct message *m, const char *why);

extern const struct state_table exchange_states;

#endif
