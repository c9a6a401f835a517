/* A request as request.c (its way) and request_left.c (what it left behind) see it. */
#ifndef SBC_SIP_REQUEST_INTERNAL_H
#define SBC_SIP_REQUEST_INTERNAL_H

#include <sys/queue.h>
#include "sbc/sip/request.h"
#include "sbc/sip/txn.h"

enum request_state { RQ_LOOKING_UP, RQ_CONNECTING, RQ_SENT, RQ_ANSWERED, RQ_FAILED };

/* Answers of one that was left, whose copies are known again. */
#define ATTEMPT_FORKS 8

/* One transaction of a request. It outlives the request where it was left for the next address
 * before any answer: what then comes late is ended properly. */
struct attempt {
	struct request *r; /* NULL: gone */
	struct client_txn *txn;
	LIST_ENTRY(attempt) link; /* of those that were left */
	/* Once it is left: */
	bool left;
	struct stack *stack;
	struct credentials *credentials;
	struct message *message;       /* as it was sent; shared */
	char *reason;                  /* that a CANCEL of it gives; NULL: none, or its request's */
	char *answered[ATTEMPT_FORKS]; /* To tags of 2xx that were taken, or ended */
	size_t nanswered;
};

struct request {
	enum request_state state;
	struct stack *stack;
	struct message *message; /* shared */
	struct target target;
	char host[256];
	struct request_handler handler;
	struct lookup *lookup;
	struct lookup_result found;
	uint32_t tried;    /* of found, a bit each */
	bool rested_tried; /* one that rested is among them */
	bool by_flow;      /* a flow that stood is tried; when it fails the target is looked up */
	struct addr peer;  /* that is tried now; unset: a flow that stood */
	size_t at;         /* its place in found */
	bool on_old; /* over a connection that brought messages before, and not a word of this: that
	                it breaks says nothing of the address */
	struct timer patience; /* until the first answer; then the next address */
	LIST_HEAD(, attempt) left;
	struct conn_watcher watcher;
	struct conn *connecting; /* counted */
	struct flow datagrams;   /* that it was too long for; the dialog goes on there */
	struct attempt *attempt; /* under way; NULL: none */
	bool via_is_ours;        /* the top Via is of an earlier try */
	bool ringing;            /* a provisional answer above 100 came */
	bool cancel_wanted;      /* CANCEL waits for a provisional answer */
	char *reason;            /* that it gives; NULL: none */
	struct timer failing;    /* tells of a failure, outside of request_start */
	enum err err;
	char why[CERT_WHY_MAX];
};

/* Tells the user of an answer, and of the flow on which the dialog goes on. */
void request_give(struct request *r, const struct attempt *a, const struct message *response);
/* The attempt under way is not waited for any more; whatever it answers is ended as it should be.
 */
void attempt_leave(struct request *r);
/* The same, and an INVITE is hung up as soon as that can be. */
void attempt_leave_cancelled(struct request *r);
/* The request is gone: what the attempt needs of it. */
void attempt_outlive(struct attempt *a);
/* Somebody has answered an INVITE, which whoever else rings hears in its CANCEL (RFC 3326). */
void request_completed(struct request *r);
/* An answer of one that was left. */
void attempt_on_late_response(struct attempt *a, const struct message *response);

#endif
