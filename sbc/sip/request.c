/* A request on its way (RFC 3261 8.1.2, RFC 3263 4). Signalling thread. Owner: who started it. */
#include "sbc/sip/request.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "base/log.h"
#include "base/mem.h"
#include "sbc/sip/txn.h"

enum request_state { RQ_LOOKING_UP, RQ_CONNECTING, RQ_SENT, RQ_ANSWERED, RQ_FAILED };

struct request {
	enum request_state state;
	struct stack *stack;
	struct message *message; /* shared */
	struct target target;
	char host[256];
	struct request_handler handler;
	struct lookup *lookup;
	struct lookup_result found;
	size_t next; /* of found */
	struct conn_watcher watcher;
	struct conn *connecting; /* counted */
	struct client_txn *txn;
	bool via_is_ours;     /* the top Via is of an earlier try */
	bool cancel_wanted;   /* CANCEL waits for a provisional answer */
	struct timer failing; /* tells of a failure, outside of request_start */
	enum err err;
	char why[CERT_WHY_MAX];
};

static void try_next(struct request *r);

static void on_failing(void *arg)
{
	struct request *r = arg;

	r->handler.on_fail(r->handler.arg, r->err, r->why);
}

static void fail(struct request *r, enum err err, const char *why)
{
	r->state = RQ_FAILED;
	r->err = err;
	if (why != r->why)
		snprintf(r->why, sizeof(r->why), "%s", why);
	timer_start(stack_timers(r->stack), &r->failing, 0, on_failing, r);
}

static bool may_try_next(const struct request *r)
{
	return r->next < r->found.naddrs && !r->cancel_wanted;
}

static void on_response(void *arg, const struct message *response)
{
	struct request *r = arg;
	unsigned status = message_status(response);
	struct flow flow = { 0 };

	if (r->state == RQ_SENT && status == 503 && may_try_next(r)) {
		snprintf(r->why, sizeof(r->why), "503 from %s", r->host);
		client_txn_detach(&r->txn);
		try_next(r);
		return;
	}
	if (status < 200 && r->cancel_wanted) {
		r->cancel_wanted = false;
		if (client_txn_cancel(r->txn) != OK)
			LOG(LOG_WARN, KV("call-id", message_call_id(response)),
			    KV("event", "cancel"), KV("result", "could not be sent"));
		if (!r->txn) /* the connection broke under it, and on_txn_fail was here */
			return;
	}
	if (status >= 200)
		r->state = RQ_ANSWERED;
	flow_copy(&flow, client_txn_flow(r->txn));
	r->handler.on_response(r->handler.arg, response, &flow);
	flow_clear(&flow);
}

static void on_txn_fail(void *arg, enum err err, const char *why)
{
	struct request *r = arg;

	client_txn_detach(&r->txn);
	snprintf(r->why, sizeof(r->why), "%s", why);
	if (may_try_next(r))
		try_next(r);
	else
		fail(r, err, r->why);
}

static void on_txn_end(void *arg)
{
	struct request *r = arg;

	r->txn = NULL;
}

static enum err send_over(struct request *r, const struct flow *flow)
{
	struct client_txn_handler handler = {
		.on_response = on_response, .on_fail = on_txn_fail, .on_end = on_txn_end, .arg = r
	};

	if (r->via_is_ours)
		message_pop_via(r->message);
	r->via_is_ours = true;
	r->state = RQ_SENT;
	return client_txn_start(&r->txn, r->stack, r->message, flow, &handler);
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
	snprintf(r->why, sizeof(r->why), "%s", why);
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
	struct flow flow = { 0 };
	struct conn *c;
	enum err err = stack_connect(r->stack, r->target.realm, peer, r->target.tls, r->target.sni,
	                             r->target.connect_timeout_ms, &c);

	if (err) {
		snprintf(r->why, sizeof(r->why), "cannot connect: %s",
		         err == ERR_IO ? strerror(errno) : err_text(err));
		return err;
	}
	if (c->state == CONN_OPEN) {
		flow_set(&flow, c, peer);
		err = send_over(r, &flow);
		flow_clear(&flow);
		conn_unref(&c);
		return err;
	}
	r->state = RQ_CONNECTING;
	r->connecting = c;
	stack_watch(r->stack, &r->watcher, c, on_connection, r);
	return OK;
}

static void try_next(struct request *r)
{
	enum err err = ERR_NOT_FOUND;

	while (r->next < r->found.naddrs) {
		const struct addr *peer = &r->found.addrs[r->next++];

		err = r->target.transport == TRANSPORT_UDP ? try_udp(r, peer) : try_stream(r, peer);
		if (!err)
			return;
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
		                  .sips = r->target.transport == TRANSPORT_TLS };

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
	r->stack = stack;
	r->message = message_ref(m);
	r->target = *target;
	r->handler = *handler;
	snprintf(r->host, sizeof(r->host), "%s", target->host ? target->host : "");
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

void request_cancel(struct request *r)
{
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
		r->found.naddrs = r->next;
		/* Before a provisional answer it must wait for one. */
		r->cancel_wanted = client_txn_cancel(r->txn) != OK;
		return;
	case RQ_ANSWERED:
	case RQ_FAILED:
		return;
	}
}

void request_free(struct request **rp)
{
	struct request *r = *rp;

	if (!r)
		return;
	timer_stop(&r->failing);
	lookup_cancel(&r->lookup);
	conn_unwatch(&r->watcher);
	conn_unref(&r->connecting);
	client_txn_detach(&r->txn);
	message_free(&r->message);
	mem_free(r);
	*rp = NULL;
}
