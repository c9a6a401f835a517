/* Session timers (RFC 4028): how long a session lasts without a refresh, who refreshes, and when it
 * is over. Signalling thread. Part of its leg, which sends the refreshes. */
#ifndef SBC_B2BUA_SESSION_TIMER_H
#define SBC_B2BUA_SESSION_TIMER_H

#include <stdbool.h>
#include "base/timer.h"
#include "sbc/sip/message.h"
#include "sbc/sip/txn.h"

struct session_timer_cfg {
	unsigned expires_s; /* what we ask for, and the most that we take; 0: no timers */
	unsigned min_se_s;  /* the least that we take; at least 90 */
};

struct session_timer {
	struct session_timer_cfg cfg;
	struct timers *timers;
	unsigned asked_s, asked_min_s; /* by our next request: more after a 422 */
	bool raised;                   /* there was one */
	unsigned interval_s;           /* agreed; 0: the session has no end */
	bool ours;                     /* we refresh */
	struct timer due, end;
	void (*on_due)(void *arg); /* a refresh is to be sent */
	void (*on_end)(void *arg); /* nobody refreshed in time */
	void *arg;
};

void session_timer_open(struct session_timer *st, const struct session_timer_cfg *cfg,
                        struct timers *timers, void (*on_due)(void *), void (*on_end)(void *),
                        void *arg);
void session_timer_stop(struct session_timer *st);
/* The refresh that was due could not be sent, or was refused: on_due comes again after ms, unless
 * the session is agreed anew or ends before. */
void session_timer_retry(struct session_timer *st, uint64_t ms);

/* Adds to an INVITE or UPDATE of ours what it asks for. */
void session_timer_ask(const struct session_timer *st, struct message *request);
/* Its 2xx says what was agreed. */
void session_timer_on_2xx(struct session_timer *st, const struct message *answer);
/* It was answered 422: next, which is to follow it, asks for as much as that wants. False: it was
 * no 422, or one too many. */
bool session_timer_raise(struct session_timer *st, const struct message *answer,
                         struct message *next);

/* Answers 422 to an INVITE or UPDATE that asks for less than we take. False: all is well. */
bool session_timer_refuses(const struct session_timer_cfg *cfg, struct server_txn *txn,
                           const struct message *request);
/* Adds to our 2xx what was agreed, from when on it counts. */
void session_timer_answer(struct session_timer *st, const struct message *request,
                          struct message *answer);

#endif
