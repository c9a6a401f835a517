/* Whom a call goes to: the targets of its route, one after the other within the same call, while
 * what fails is the way to them and not the one who is called. Signalling thread. Part of the
 * call. */
#ifndef SBC_B2BUA_TARGETS_H
#define SBC_B2BUA_TARGETS_H

#include <stdbool.h>
#include <sys/queue.h>
#include "config/config.h"
#include "sbc/b2bua/leg.h"
#include "sbc/b2bua/numbers.h"

struct call;

struct call_target {
	TAILQ_ENTRY(call_target) link;
	struct config_party who;
	char number[NUMBER_MAX];
	const struct config_route *route; /* that leads to it */
	/* Of a redirection: one of several places for the call, so that any failure but a 6xx goes
	 * on to the next (RFC 3261 8.1.3.4). */
	bool alternative;
	bool as_is;      /* the number is as the trunk knows it */
	bool plain;      /* without SRTP, which it refused */
	bool bare;       /* the session alone: it took no parts beside it */
	bool has_parts;  /* its INVITE went with some */
	char *host;      /* in place of the trunk's; NULL: its own */
	unsigned port;   /* with host; 0: none */
	struct leg *leg; /* once it was tried and left; may still have to end */
};
TAILQ_HEAD(call_target_list, call_target);

struct call_targets {
	struct call_target_list next, tried; /* the last of tried is the callee */
	unsigned redirects;                  /* that were followed */
	char diverted[NUMBER_MAX];           /* the number that a phone sent elsewhere; "": none */
};

void targets_open(struct call *call);
void targets_close(struct call *call);
/* The targets of the call's route; the first of them is the callee from now on. */
MUST_USE enum err targets_begin(struct call *call, const struct config_route *route,
                                const char *number);
MUST_USE enum err targets_add_route(struct call *call, const struct config_route *route,
                                    const char *number, struct call_target_list *to);
/* A target that is not tried and not listed yet, at the end of to; otherwise nothing is added. */
MUST_USE enum err targets_add(struct call *call, const struct call_target *target,
                              struct call_target_list *to);
/* Makes the next one the callee. False: there is none. */
bool targets_take(struct call *call);
/* Leaves the callee, whose leg failed, is still calling or was never made; reason (RFC 3326) goes
 * with its CANCEL. NULL: none. */
void targets_leave(struct call *call, const char *reason);
/* Whether a failure lets the call go on to a next one; those that it rules out are forgotten. m:
 * the answer; NULL: there was none. */
bool targets_go_on(struct call *call, const struct message *m);
/* Whose leg it is that was left; NULL: none of them. */
const struct config_party *targets_left(const struct call *call, const struct leg *leg);
/* Whether the callee is to be called once more, which is the next one then: without the parts of a
 * body that it answered 415 to, or without SRTP, which it refused and its trunk only offers. m as
 * above. */
bool targets_try_again(struct call *call, const struct message *m);
/* Whether all legs that were left are gone. */
bool targets_are_gone(const struct call *call);
/* What a leg brings that was left; false: it is none of them. */
bool targets_on_event(struct call *call, struct leg *leg, enum leg_event event);

#endif
