/* A transfer as transfer_begin.c (who may ask for it, and of whom) and transfer.c (how it goes on)
 * see it. */
#ifndef SBC_B2BUA_TRANSFER_INTERNAL_H
#define SBC_B2BUA_TRANSFER_INTERNAL_H

#include "sbc/b2bua/call_internal.h"
#include "sbc/b2bua/transfer.h"
#include "sbc/b2bua/transfer_notify.h"

enum transfer_state {
	TRANSFER_CALLING, /* blind: the target rings */
	TRANSFER_WAITING, /* attended: the other call does not stand yet; next is NULL */
	TRANSFER_ASKING,  /* attended: the target is offered the session of who stays */
	TRANSFER_JOINING, /* who stays is offered the target's */
	TRANSFER_DONE,    /* or failed; who asked is yet to hear of it, or to hang up */
};

struct transfer {
	enum transfer_state state;
	struct call *call;              /* in which it was asked */
	struct party *referrer, *stays; /* of call */
	struct call *next;              /* that it makes; NULL: done, or no more */
	struct call *other;             /* attended: between target and replaced; NULL: done */
	struct party *target, *replaced;
	bool takes_over; /* the target called: its INVITE waits */
	bool says_who;   /* the target hears who asked */
	bool left;       /* who asked has hung up already */
	bool asked;      /* an offer of ours has no answer yet */
	char *offer;     /* for whom the state says */
	struct transfer_notify notify;
	struct timer timer;
	uint64_t again_until_ms; /* who has no time is asked again; 0: all have had it */
};

/* Offers what is kept to whom the state says. */
void transfer_ask(struct transfer *t);
/* The call goes on as it was, unless nobody is there any more. */
void transfer_fail(struct transfer *t, unsigned status);
/* Who asked has heard the last of it, or will not; for its notify. */
void transfer_on_told(void *transfer);
void transfer_free(struct transfer *t);

#endif
