/* Provisional answers that are sent again until the caller acknowledges them (RFC 3262 3), one
 * after the other. Signalling thread. Part of who answers the INVITE. */
#ifndef SBC_SIP_RELIABLE_H
#define SBC_SIP_RELIABLE_H

#include <stdbool.h>
#include <sys/queue.h>
#include "base/timer.h"
#include "sbc/sip/stack.h"

/* Answers that wait for the PRACK of those before them, and that one. */
#define RELIABLE_MAX 8

struct reliable {
	struct stack *stack;
	struct server_txn *txn;                            /* NULL: nothing more can be sent */
	TAILQ_HEAD(reliable_queue, reliable_answer) queue; /* the first is out */
	size_t n;
	uint32_t rseq, cseq; /* of the first; of the INVITE */
	struct timer again, timeout;
	uint64_t again_ms;
	void (*on_timeout)(void *arg);
	void *arg;
};

/* on_timeout(arg) once, when one was sent for 64 x T1 without a PRACK. Borrows txn until
 * reliable_stop. */
void reliable_open(struct reliable *r, struct stack *stack, struct server_txn *txn,
                   void (*on_timeout)(void *arg), void *arg);
/* Sends m, with its Require and RSeq, now or once those before it are acknowledged. Shares m.
 * ERR_LIMIT: too many wait. */
MUST_USE enum err reliable_send(struct reliable *r, struct message *m);
/* A PRACK came. False: it is for none that is out (481). Else it is answered, then reliable_next
 * sends the one that waited for it. */
bool reliable_on_prack(struct reliable *r, const struct message *prack, bool *had_sdp);
void reliable_next(struct reliable *r);
/* One with a body is not acknowledged yet, so no 2xx may be sent. */
bool reliable_holds_2xx(const struct reliable *r);
/* Final answer: no copies and no more answers, but a PRACK for the one that is out still counts. */
void reliable_stop(struct reliable *r);
void reliable_close(struct reliable *r); /* one that was never opened is fine */

#endif
