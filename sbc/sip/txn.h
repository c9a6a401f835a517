/* Transactions (RFC 3261 17, RFC 6026). Signalling thread. Owned by the stack's tables: they end by
 * their own timers; a user that goes away before lets go of them. */
#ifndef SBC_SIP_TXN_H
#define SBC_SIP_TXN_H

#include "base/err.h"
#include "sbc/sip/conn.h"
#include "sbc/sip/message.h"

struct stack;
struct client_txn;
struct server_txn;

/* RFC 3261 table 4, in milliseconds. T1, T2 and T4 are a realm's where it has its own. */
#define T1_MS            500
#define T2_MS            4000
#define T4_MS            5000
#define TIMER_B_T1S      64 /* timers B, F, H, J, L and M, in T1 */
#define TIMER_D_LEAST_MS 32000

/* Octets of a request in a datagram while nobody knows the path's MTU (18.1.1). */
#define DATAGRAM_MAX 1300
/* For TCP's connection where UDP would do as well. */
#define STREAM_INSTEAD_MS 2000

#define BRANCH_MAX        48 /* with its NUL */

struct client_txn_handler {
	/* Every provisional answer, then the final one; of INVITE also each further 2xx, for which
	 * the user sends an ACK. The ACK for any other final answer to INVITE is sent already. */
	void (*on_response)(void *arg, const struct message *response);
	/* Instead of a final answer: ERR_TIMEOUT, or the connection's end. */
	void (*on_fail)(void *arg, enum err err, const char *why);
	/* The transaction is gone; the last call. */
	void (*on_end)(void *arg);
	void *arg;
};

/* Sends request over flow, with a Via of our own on top, which stays there. Shares the request.
 * ERR_TOO_LONG: 18.1.1 wants it on a stream, the peer is not known to have no TCP, and there is an
 * on_fail, that is somebody who can choose another way. */
MUST_USE enum err client_txn_start(struct client_txn **out, struct stack *stack,
                                   struct message *request, const struct flow *flow,
                                   const struct client_txn_handler *handler);
/* Sends CANCEL for an INVITE (RFC 3261 9.1); has its own transaction. Only once a provisional
 * answer came; once. reason: of RFC 3326; "" for none. */
MUST_USE enum err client_txn_cancel(struct client_txn *t, const char *reason);
/* The user goes: no more calls. NULL is fine. */
void client_txn_detach(struct client_txn **tp);
/* A request that came has a Via that we put on one of ours to the same target: to send next, which
 * it would become, goes round in a circle (RFC 3261 16.3, 482). That it comes back to us with
 * another target is none. */
bool client_txn_loops(const struct stack *stack, const struct message *received,
                      const struct message *next);
const struct flow *client_txn_flow(const struct client_txn *t);

struct server_txn_handler {
	/* CANCEL came and was answered; the INVITE still waits for its answer. */
	void (*on_cancel)(void *arg, const struct message *cancel);
	void (*on_no_ack)(void *arg); /* a 2xx was sent for 64 x T1 and nobody said ACK */
	void (*on_end)(void *arg);    /* the transaction is gone; the last call */
	void *arg;
};

/* Until the handler of the request returns and it has its final answer; an INVITE until its ACK. */
const struct message *server_txn_request(const struct server_txn *t);
const struct flow *server_txn_flow(const struct server_txn *t);
/* handler is copied. */
void server_txn_set_handler(struct server_txn *t, const struct server_txn_handler *handler);
void server_txn_detach(struct server_txn **tp); /* NULL is fine */
/* Sends a response that message_new_response made; sends a 2xx for INVITE again until
 * server_txn_acked. Borrows it. */
MUST_USE enum err server_txn_respond(struct server_txn *t, struct message *response);
/* A response without more to it; to_tag NULL: one of chance. */
void server_txn_reply(struct server_txn *t, unsigned status, const char *phrase,
                      const char *to_tag);
/* The same with one more header; without it if it cannot be had. */
void server_txn_reply_with(struct server_txn *t, unsigned status, const char *name,
                           const char *value);
/* Retry-After of so many seconds, by chance, so that not all come again at once. */
void server_txn_reply_later(struct server_txn *t, unsigned status, unsigned least_s,
                            unsigned most_s);
/* Whether who sent the request has proved nothing so far (at first: he has). To such a one a
 * failure goes out once, and once for each copy of the request, so that nobody has us send many to
 * another's address; and it is remembered for T4 alone (RFC 3261 26.3.2.4). */
void server_txn_doubt(struct server_txn *t, bool doubtful);
/* A copy of a provisional answer that went out before (RFC 3262). */
void server_txn_repeat(struct server_txn *t, struct message *provisional);
void server_txn_acked(struct server_txn *t);

#endif
