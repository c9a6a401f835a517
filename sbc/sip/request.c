/* A request on its way (RFC 3261 8.1.2, RFC 3263 4). Signalling thread. Owner: who started it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "sbc/sip/request_internal.h"
#include "sbc/sip/target_health.h"

static void try_next(struct request *r);
static void on_connection(void *arg, struct conn *c, enum err err, const char *why);
static enum err look_up(struct request *r);

static void on_failing(void *arg)
{
	struct request *r = arg;

	r->handler.on_fail(r->handler.arg, r->err, r->why);
}

/* tell: from a timer. */
static void fail_by(struct request *r, enum err err, const char *why, void (*tell)(void *arg))
{
	r->state = RQ_FAILED;
	r->err = err;
	if (why != r->why)
		text_copy(r->why, sizeof(r->why), why);
	timer_start(stack_timers(r->stack), &r->failing, 0, tell, r);
}

static void fail(struct request *r, enum err err, const char *why)
{
	fail_by(r, err, why, on_failing);
}

/* RFC 3261 8.1.3.1: the end of a connection is as a 503, which leaves the dialog as it is. */
static void on_unsure(void *arg)
{
	struct request *r = arg;
	const struct flow none = { 0 };
	struct message *m;

	if (message_new_response(&m, r->message, &r->peer, 503, NULL, NULL)) {
		on_failing(r);
		return;
	}
	r->handler.on_response(r->handler.arg, m, &none);
	message_free(&m);
}

/* What a peer in a dialog does once more when it comes once more, so that nobody may send it again
 * who cannot know that it did not arrive. All else leaves it where it was. */
static bool acts_each_time(const struct message *m)
{
	static const char *const methods[] = { "INFO", "MESSAGE", "REFER" };

	for (size_t i = 0; *message_to_tag(m) && i < ARRAY_LEN(methods); i++) {
		if (strcmp(message_method_name(m), methods[i]) == 0)
			return true;
	}
	return false;
}

/* The request went out, and nobody knows what became of it. */
static void end_unsure(struct request *r, enum err err)
{
	LOG(LOG_WARN, KV("call-id", message_call_id(r->message)), KV("event", "request"),
	    KV("method", message_method_name(r->message)),
	    KV("result", "not sent again, for it may have been heard"), KV("why", r->why));
	fail_by(r, err, r->why, err == ERR_TIMEOUT ? on_failing : on_unsure);
}

static size_t next_addr(const struct request *r)
{
	return target_health_pick(r->target.health, r->found.addrs, r->found.naddrs, r->tried,
	                          r->rested_tried);
}

static bool may_try_next(const struct request *r)
{
	/* What rings at one must not ring at another as well. */
	return (r->by_flow || next_addr(r) < r->found.naddrs) && !r->cancel_wanted && !r->ringing;
}

/* The address is to blame, not we. */
static void blame(struct request *r, enum err err, unsigned least_s, const char *why)
{
	if (!addr_is_set(&r->peer) || err == ERR_NOMEM || err == ERR_LIMIT ||
	    err == ERR_UNSUPPORTED || err == ERR_SYNTAX || err == ERR_TOO_LONG)
		return;
	target_health_failed(r->target.health, &r->peer, least_s, why);
}

static void free_attempt(struct attempt *a)
{
	message_free(&a->message);
	for (size_t i = 0; i < a->nanswered; i++)
		mem_free(a->answered[i]);
	mem_free(a->reason);
	mem_free(a);
}

static void let_go(struct request *r)
{
	struct attempt *a = r->attempt;

	r->attempt = NULL;
	if (!a)
		return;
	client_txn_detach(&a->txn);
	free_attempt(a);
}

/* RFC 3261 21.5.4; 0: it does not say. */
static unsigned retry_after_s(const struct message *response)
{
	uint32_t s = message_number(response, "Retry-After");

	return s < 86400 ? s : 86400;
}

static void on_response(void *arg, const struct message *response)
{
	struct attempt *a = arg;
	struct request *r = a->r;
	unsigned status = message_status(response);

	if (a->left) {
		attempt_on_late_response(a, response);
		return;
	}
	r->by_flow = r->on_old = false; /* it bears */
	timer_stop(&r->patience);
	r->ringing = r->ringing || (status > 100 && status < 200);
	if (status == 503) {
		blame(r, OK, retry_after_s(response), "503");
		if (r->state == RQ_SENT && may_try_next(r)) {
			snprintf(r->why, sizeof(r->why), "503 from %s", r->host);
			let_go(r);
			try_next(r);
			return;
		}
	} else if (addr_is_set(&r->peer) && r->target.health) {
		target_health_well(r->target.health, &r->peer);
	}
	if (status < 200 && r->cancel_wanted) {
		r->cancel_wanted = false;
		if (client_txn_cancel(a->txn, r->reason ? r->reason : "") != OK)
			LOG(LOG_WARN, KV("call-id", message_call_id(response)),
			    KV("event", "cancel"), KV("result", "could not be sent"));
		if (!r->attempt) /* the connection broke under it, and on_txn_fail was here */
			return;
	}
	if (status >= 200)
		r->state = RQ_ANSWERED;
	if (status >= 200 && status < 300 && !LIST_EMPTY(&r->left))
		request_completed(r);
	request_give(r, a, response);
}

static void on_txn_fail(void *arg, enum err err, const char *why)
{
	struct attempt *a = arg;
	struct request *r = a->r;

	if (a->left)
		return;
	/* Who had the whole of timer B or F had his time. */
	if (err == ERR_TIMEOUT)
		r->by_flow = r->on_old = false;
	if (r->on_old)
		r->tried &= ~(1U << r->at); /* once more, over a new one */
	else
		blame(r, err, 0, why);
	timer_stop(&r->patience);
	let_go(r);
	text_copy(r->why, sizeof(r->why), why);
	if (acts_each_time(r->message))
		end_unsure(r, err);
	else if (may_try_next(r))
		try_next(r);
	else
		fail(r, err, r->why);
}

static void on_txn_end(void *arg)
{
	struct attempt *a = arg;
	struct request *r = a->left ? NULL : a->r;

	if (a->left && a->r)
		LIST_REMOVE(a, link);
	free_attempt(a);
	if (!r)
		return;
	r->attempt = NULL;
	if (r->state == RQ_ANSWERED && r->handler.on_over)
		r->handler.on_over(r->handler.arg);
}

/* No answer, to an INVITE not even 100: long before timers B and F the next address is asked. With
 * none left an INVITE ends here too, for whoever calls has waited long enough; another request may
 * still be answered (RFC 4320), and nobody waits for that. */
static void on_patience_over(void *arg)
{
	struct request *r = arg;
	bool next = may_try_next(r) && !acts_each_time(r->message);
	struct message *copy = NULL;

	if (!next && message_method(r->message) != METHOD_INVITE)
		return;
	if (next && message_copy(&copy, r->message)) /* what is left keeps its own */
		return;
	snprintf(r->why, sizeof(r->why), "no answer to %s within %u ms",
	         message_method_name(r->message), r->target.target_timeout_ms);
	blame(r, ERR_TIMEOUT, 0, r->why);
	stack_doubt(r->stack, client_txn_flow(r->attempt->txn)->conn, r->target.target_timeout_ms);
	attempt_leave(r);
	if (!next) {
		fail(r, ERR_TIMEOUT, r->why);
		return;
	}
	message_free(&r->message);
	r->message = copy;
	try_next(r);
}

static enum err send_over(struct request *r, const struct flow *flow);

/* Sends over a connection that stands, or waits for one that opens. One that breaks at that is one
 * less each time. */
static enum err send_by(struct request *r, const struct stack_way *way)
{
	struct flow flow = { 0 };
	struct conn *c;
	bool broke;
	enum err err = stack_connect(r->stack, way, &c);

	if (err) {
		snprintf(r->why, sizeof(r->why), "cannot connect: %s",
		         err == ERR_IO ? strerror(errno) : err_text(err));
		return err;
	}
	r->on_old = c->brought;
	if (c->state == CONN_OPEN) {
		flow_set(&flow, c, way->peer);
		err = send_over(r, &flow);
		flow_clear(&flow);
		broke = err && c->state != CONN_OPEN;
		conn_unref(&c);
		return broke ? send_by(r, way) : err;
	}
	r->state = RQ_CONNECTING;
	r->connecting = c;
	stack_watch(r->stack, &r->watcher, c, on_connection, r);
	return OK;
}

static enum err send_by_datagram(struct request *r)
{
	stack_note_no_tcp(r->stack, &r->datagrams.peer);
	return send_over(r, &r->datagrams);
}

/* 18.1.1: too long for a datagram. A peer that speaks both has TCP where its UDP is; one that
 * refuses, or cannot be reached so (a NAT lies before it), gets the datagram. */
static enum err send_by_stream(struct request *r, const struct flow *datagrams)
{
	const struct stack_way way = { .realm = datagrams->conn->realm,
		                       .peer = &datagrams->peer,
		                       .from = &datagrams->conn->local,
		                       .timeout_ms = STREAM_INSTEAD_MS };
	enum err err;

	flow_copy(&r->datagrams, datagrams);
	err = send_by(r, &way);
	return err ? send_by_datagram(r) : OK;
}

static enum err send_over(struct request *r, const struct flow *flow)
{
	struct attempt *a = mem_zalloc(sizeof(*a));
	struct client_txn_handler handler = {
		.on_response = on_response, .on_fail = on_txn_fail, .on_end = on_txn_end, .arg = a
	};
	enum err err;

	if (!a)
		return ERR_NOMEM;
	a->r = r;
	if (r->via_is_ours)
		message_pop_via(r->message);
	r->via_is_ours = true;
	r->state = RQ_SENT;
	err = client_txn_start(&a->txn, r->stack, r->message, flow, &handler);
	if (err) {
		mem_free(a);
		return err == ERR_TOO_LONG ? send_by_stream(r, flow) : err;
	}
	r->attempt = a;
	/* A dialog's flow has no other address beside it; and who is slow over one that stands must
	 * not do things twice. One that is dead breaks within 20 s (conn_socket.c). */
	if (r->target.target_timeout_ms && addr_is_set(&r->peer))
		timer_start(stack_timers(r->stack), &r->patience, r->target.target_timeout_ms,
		            on_patience_over, r);
	return OK;
}

static void on_connection(void *arg, struct conn *c, enum err err, const char *why)
{
	struct request *r = arg;
	struct flow flow = { 0 };

	conn_unref(&r->connecting);
	if (!err) {
		flow_set(&flow, c, &c->peer);
		err = send_over(r, &flow);
		why = "the connection went down at once";
		flow_clear(&flow);
		if (!err)
			return;
	}
	if (flow_alive(&r->datagrams)) {
		err = send_by_datagram(r);
		why = "the request could not be sent";
		if (!err)
			return;
	}
	blame(r, err, 0, why);
	text_copy(r->why, sizeof(r->why), why);
	if (may_try_next(r))
		try_next(r);
	else
		fail(r, err, r->why);
}

static enum err try_udp(struct request *r, const struct addr *peer)
{
	struct conn *c = sip_realm_udp(r->target.realm, peer);
	struct flow flow = { 0 };
	enum err err;

	if (!c) {
		snprintf(r->why, sizeof(r->why),
		         "realm %s has no UDP listener of that address family",
		         sip_realm_config(r->target.realm)->name);
		return ERR_UNSUPPORTED;
	}
	flow_set(&flow, c, peer);
	err = send_over(r, &flow);
	flow_clear(&flow);
	return err;
}

static enum err try_stream(struct request *r, const struct addr *peer)
{
	const struct stack_way way = { .realm = r->target.realm,
		                       .peer = peer,
		                       .tls = r->target.tls,
		                       .sni = r->target.sni,
		                       .timeout_ms = r->target.connect_timeout_ms };

	if (r->target.transport == TRANSPORT_TLS && !r->target.tls) {
		snprintf(r->why, sizeof(r->why),
		         "its TLS connection is gone, and only it can open another one");
		return ERR_CLOSED;
	}
	return send_by(r, &way);
}

static void try_next(struct request *r)
{
	enum err err = ERR_NOT_FOUND;
	size_t i;

	flow_clear(&r->datagrams);
	if (r->by_flow) {
		r->by_flow = false;
		err = look_up(r);
		if (!err)
			return;
	}
	while ((i = next_addr(r)) < r->found.naddrs) {
		r->peer = r->found.addrs[i];
		r->at = i;
		r->tried |= 1U << i;
		r->on_old = false;
		if (target_health_rests(r->target.health, &r->peer))
			r->rested_tried = true;
		r->why[0] = '\0'; /* it is another one's */
		err = r->target.transport == TRANSPORT_UDP ? try_udp(r, &r->peer)
		                                           : try_stream(r, &r->peer);
		if (!err)
			return;
		blame(r, err, 0, r->why[0] ? r->why : err_text(err));
	}
	fail(r, err, r->why[0] ? r->why : err_text(err));
}

static void on_lookup(void *arg, const struct lookup_result *result)
{
	struct request *r = arg;

	r->lookup = NULL;
	if (result->naddrs == 0) {
		fail(r, result->err, result->why);
		return;
	}
	r->found = *result;
	try_next(r);
}

static enum err look_up(struct request *r)
{
	struct lookup_query q = { .host = r->host,
		                  .port = r->target.port,
		                  .transport = r->target.transport,
		                  .srv = r->target.srv,
		                  .sips = r->target.transport == TRANSPORT_TLS,
		                  .naptr = r->target.naptr,
		                  .families =
		                      sip_realm_families(r->target.realm, r->target.transport) };

	r->state = RQ_LOOKING_UP;
	return lookup_start(&r->lookup, r->target.resolver, &q, on_lookup, r);
}

enum err request_start(struct request **out, struct stack *stack, struct message *m,
                       const struct target *target, const struct flow *flow,
                       const struct request_handler *handler)
{
	struct request *r = mem_zalloc(sizeof(*r));
	enum err err;

	if (!r)
		return ERR_NOMEM;
	LIST_INIT(&r->left);
	r->stack = stack;
	r->message = message_ref(m);
	r->target = *target;
	r->handler = *handler;
	text_copy(r->host, sizeof(r->host), target->host ? target->host : "");
	r->by_flow = flow && flow_alive(flow) && *r->host;
	if (flow && flow_alive(flow))
		err = send_over(r, flow);
	else
		err = *r->host ? look_up(r) : ERR_CLOSED;
	if (err) {
		request_free(&r);
		return err;
	}
	*out = r;
	return OK;
}

void request_cancel(struct request *r, const char *reason)
{
	if (reason && !r->reason)
		r->reason = mem_strdup(reason); /* without memory it goes without */
	switch (r->state) {
	case RQ_LOOKING_UP:
	case RQ_CONNECTING:
		lookup_cancel(&r->lookup);
		conn_unwatch(&r->watcher);
		conn_unref(&r->connecting);
		fail(r, ERR_CLOSED, "cancelled before it was sent");
		return;
	case RQ_SENT:
		/* Whatever becomes of it, no other address is asked. */
		r->found.naddrs = 0;
		r->by_flow = false;
		/* Before a provisional answer it must wait for one; so it must where the sending
		 * itself called us. */
		r->cancel_wanted =
		    !r->attempt ||
		    client_txn_cancel(r->attempt->txn, r->reason ? r->reason : "") != OK;
		return;
	case RQ_ANSWERED:
	case RQ_FAILED:
		return;
	}
}

void request_forget_message(struct request *r)
{
	message_free(&r->message);
}

void request_free(struct request **rp)
{
	struct request *r = *rp;
	struct attempt *a;

	if (!r)
		return;
	timer_stop(&r->failing);
	timer_stop(&r->patience);
	lookup_cancel(&r->lookup);
	conn_unwatch(&r->watcher);
	conn_unref(&r->connecting);
	flow_clear(&r->datagrams);
	if (r->attempt && r->state == RQ_SENT && message_method(r->message) == METHOD_INVITE)
		attempt_leave_cancelled(r);
	let_go(r);
	while ((a = LIST_FIRST(&r->left))) {
		LIST_REMOVE(a, link);
		attempt_outlive(a);
	}
	message_free(&r->message);
	mem_free(r->reason);
	mem_free(r);
	*rp = NULL;
}
