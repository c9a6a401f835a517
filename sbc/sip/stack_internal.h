/* What stack.c and the transactions share. */
#ifndef SBC_SIP_STACK_INTERNAL_H
#define SBC_SIP_STACK_INTERNAL_H

#include "base/log.h"
#include "base/table.h"
#include "sbc/sip/stack.h"
#include "sbc/sip/txn_key.h"

#define NO_TCP_MAX 64 /* peers; the oldest are forgotten */

struct stack {
	struct loop *loop; /* NULL in tests without sockets */
	struct timers *timers;
	struct stack_handler handler;
	void (*tracer)(void *arg, bool sent, const struct flow *flow, const struct message *m);
	void *tracer_arg;
	const struct conn_opener *opener;
	struct stack_limits limits;
	struct table *client_txns; /* by branch and method */
	struct table *server_txns; /* by branch, sent-by and method */
	struct table *merged;      /* the same, by what all copies of a request share */
	TAILQ_HEAD(, client_txn) client_list;
	TAILQ_HEAD(, server_txn) server_list;
	TAILQ_HEAD(, sip_realm) realms;
	TAILQ_HEAD(, conn) conns; /* accepted and connected streams; a reference each */
	size_t nconns;
	TAILQ_HEAD(, conn_watcher) watchers;
	struct {
		struct addr peer;
		uint64_t until_ms;
	} no_tcp[NO_TCP_MAX];
	size_t next_no_tcp;
	struct conn_handler conn_handler;
	struct log_limit malformed, refused, opened, closed, full, unsent;
};

/* T1, T2 and T4 where the flow is, and what follows from them (RFC 3261 table 4). */
struct txn_times {
	unsigned t1_ms, t2_ms, t4_ms;
	unsigned give_up_ms; /* B, F, H, J, L, M */
};
struct txn_times txn_times(const struct flow *flow);

/* Gives a response to its transaction; false: none knows it. */
bool client_txn_on_response(struct stack *stack, const struct message *response,
                            const struct flow *flow);
/* Gives a request to its transaction; false: it is new, and may be given to server_txn_new with
 * that key, unless it is an ACK or CANCEL. */
bool server_txn_on_request(struct stack *stack, const struct message *request,
                           const struct flow *flow, char key[TXN_KEY_MAX]);
/* Whether an INVITE of that branch and sent-by has a transaction, whatever became of it. */
bool server_txn_has_invite(const struct stack *stack, const char *branch, const char *sent_by);
/* Takes request. ERR_LIMIT: there are too many. */
MUST_USE enum err server_txn_new(struct server_txn **out, struct stack *stack,
                                 struct message **request, const struct flow *flow,
                                 const char *key);
/* The same request came before by another way (RFC 3261 8.2.2.2). */
bool server_txn_is_merged(const struct server_txn *t);
/* It has no final answer yet. */
bool server_txn_waits(const struct server_txn *t);
/* It has had its final answer, though nothing could be sent. */
void server_txn_give_up(struct server_txn *t, unsigned status);
/* The request was handled: lets go of it if it is answered as well. */
void server_txn_settle(struct server_txn *t);
/* Frees all that are left, without calls upward except on_end. */
void client_txns_end(struct stack *stack);
void server_txns_end(struct stack *stack);
/* A stream connection ended: what waits on it fails now. */
void client_txns_on_conn_closed(struct stack *stack, const struct conn *c, enum err err,
                                const char *why);

/* Tells the tracer; for messages that the functions below do not send. */
void stack_trace(const struct stack *stack, bool sent, const struct flow *flow,
                 const struct message *m);
/* Encodes and sends. ERR_TOO_LONG: it has more than most octets. */
MUST_USE enum err flow_send_message(const struct stack *stack, const struct flow *flow,
                                    struct message *m, size_t most);

#endif
