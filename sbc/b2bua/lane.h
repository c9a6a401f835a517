/* Requests that cross from one dialog of ours to another, one way: one at a time, in the order that
 * they came in; the answers go back. Signalling thread. Part of its owner, who has two of them and
 * says how a request leaves. */
#ifndef SBC_B2BUA_LANE_H
#define SBC_B2BUA_LANE_H

#include <stdbool.h>
#include <sys/queue.h>
#include "sbc/b2bua/headers.h"
#include "sbc/sip/txn.h"

/* That wait or are under way in a lane. */
#define LANE_MOST 8

struct lane;
struct lane_item;

struct lane_ops {
	/* Sends what request becomes; lane_on_end follows, never from within. ERR_NOT_NOW: there
	 * is nobody yet to send it to; ERR_REFUSED: it may not, 403; ERR_SYNTAX, ERR_NOT_FOUND: it
	 * cannot be followed, 400 or 481. *out is what forget takes back. */
	enum err (*send)(struct lane *lane, const struct message *request, struct lane_item *item,
	                 void **out);
	void (*forget)(void *out);
	/* Adds to an answer that goes back. NULL: nothing. */
	void (*dress)(struct lane *lane, const struct passage *back);
	/* An answer, or NULL, went back; why: see leg_pass_send. False: what waits goes no further,
	 * for the lane is about to end; it may have ended in here. */
	bool (*on_end)(struct lane *lane, const struct message *answer, const char *why);
};

struct lane {
	TAILQ_HEAD(, lane_item) items;
	const struct lane_ops *ops;
	struct crossing_ends ends; /* of its requests */
	const char *tag;           /* ours, for answers to what begins a dialog; NULL: it has one */
	void *arg;
};

void lane_open(struct lane *lane, const struct lane_ops *ops, void *arg);
bool lane_has_room(const struct lane *lane);
bool lane_is_empty(const struct lane *lane);
/* Takes over the transaction of a request, which is answered in every case. */
void lane_take(struct lane *lane, struct server_txn *txn);
/* For send's requests, once for each: answer NULL is none. */
void lane_on_end(void *item, const struct message *answer, const char *why);
/* Answers what is left with status, and forgets it. One that was never opened is fine. */
void lane_end(struct lane *lane, unsigned status);

/* RFC 3261 21.5.1; RFC 5057 5.1: it harms this request alone. */
void lane_ask_later(struct server_txn *txn);

#endif
