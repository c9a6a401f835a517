/* What a request left behind on its way: transactions that were given up for the next address, and
 * answer after all (RFC 3261 9.1, 13.2.2.4). Signalling thread. */
#include <string.h>
#include "base/log.h"
#include "base/mem.h"
#include "sbc/sip/late_answer.h"
#include "sbc/sip/request_internal.h"

void attempt_leave(struct request *r)
{
	struct attempt *a = r->attempt;

	a->left = true;
	a->stack = r->stack;
	a->credentials = r->target.credentials;
	a->message = message_ref(r->message);
	LIST_INSERT_HEAD(&r->left, a, link);
	r->attempt = NULL;
}

void request_give(struct request *r, const struct attempt *a, const struct message *response)
{
	struct flow flow = { 0 };

	/* Those that were left went elsewhere. */
	flow_copy(&flow, !a->left && r->datagrams.conn ? &r->datagrams : client_txn_flow(a->txn));
	r->handler.on_response(r->handler.arg, response, &flow);
	flow_clear(&flow);
}

/* The INVITE under way is hung up as soon as that can be (9.1): without an end of its own it would
 * wait for its final answer for ever (17.1.1.2). */
void attempt_leave_cancelled(struct request *r)
{
	struct client_txn *txn = r->attempt->txn;

	attempt_leave(r);
	if (client_txn_cancel(txn, r->reason ? r->reason : "") != OK)
		LOG(LOG_DEBUG, KV("event", "cancel"), KV("result", "with its first answer"));
}

/* Nothing more is asked. */
static void leave_all(struct request *r)
{
	r->state = RQ_ANSWERED;
	r->found.naddrs = 0;
	lookup_cancel(&r->lookup);
	timer_stop(&r->patience);
	timer_stop(&r->failing);
	conn_unwatch(&r->watcher);
	conn_unref(&r->connecting);
	if (r->attempt)
		attempt_leave_cancelled(r);
}

void request_completed(struct request *r)
{
	if (!r->reason)
		r->reason = mem_strdup("SIP;cause=200;text=\"Call completed elsewhere\"");
}

void attempt_outlive(struct attempt *a)
{
	const char *reason = a->r->reason;

	a->reason = reason ? mem_strdup(reason) : NULL; /* without memory it goes without */
	a->r = NULL;
}

static void cancel(struct attempt *a, const char *call_id)
{
	const char *reason = a->r ? a->r->reason : a->reason;

	if (client_txn_cancel(a->txn, reason ? reason : "") != OK)
		LOG(LOG_WARN, KV("call-id", call_id), KV("event", "cancel"),
		    KV("result", "could not be sent"));
}

/* Whether that tag has answered before; if not, it has now. */
static bool has_answered(struct attempt *a, const char *tag)
{
	for (size_t i = 0; i < a->nanswered; i++) {
		if (strcmp(a->answered[i], tag) == 0)
			return true;
	}
	if (a->nanswered < ATTEMPT_FORKS && (a->answered[a->nanswered] = mem_strdup(tag)))
		a->nanswered++;
	return false;
}

/* A 2xx to an INVITE: one more fork (13.2.2.4), and perhaps the first to answer, which has the call
 * then. Without a taker it is hung up, once. */
static void on_late_2xx(struct attempt *a, const struct message *response)
{
	bool copy = has_answered(a, message_to_tag(response));
	struct request *r = a->r;

	if (!r) {
		/* A re-INVITE's call has its own BYE. */
		late_answer_end(a->stack, a->message, response, client_txn_flow(a->txn),
		                a->credentials, copy || *message_to_tag(a->message));
		return;
	}
	request_completed(r);
	if (r->state != RQ_ANSWERED)
		leave_all(r);
	request_give(r, a, response);
}

void attempt_on_late_response(struct attempt *a, const struct message *response)
{
	bool invite = message_method(response) == METHOD_INVITE;
	unsigned status = message_status(response);
	struct request *r = a->r;

	if (invite && status >= 200 && status < 300) {
		on_late_2xx(a, response);
	} else if (status < 200) {
		if (invite)
			cancel(a, message_call_id(response));
	} else if (!invite && status != 503 && r && r->state != RQ_ANSWERED) {
		leave_all(r);
		request_give(r, a, response);
	}
}
