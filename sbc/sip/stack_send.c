/* A request without a transaction: the ACK for a 2xx. One that is too long for a datagram goes by
 * TCP as other requests do (RFC 3261 18.1.1); nobody waits for it, so what waits for the connection
 * is the stack's own until that opens or not. Signalling thread. */
#include <stdio.h>
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "sbc/sip/sip_realm.h"
#include "sbc/sip/stack_internal.h"

struct long_ack {
	struct stack *stack;
	struct conn_watcher watcher;
	struct conn *connecting;
	struct message *message;
	struct flow datagrams; /* where it goes when there is no TCP */
};

static enum err send_over(const struct stack *stack, struct message *m, const struct flow *flow,
                          size_t most)
{
	char branch[BRANCH_MAX];

	if (!flow_alive(flow))
		return ERR_CLOSED;
	snprintf(branch, sizeof(branch), "z9hG4bK");
	random_token(branch + 7, 20);
	message_push_via(m, flow->conn->transport, sip_realm_sent_by(flow->conn), branch);
	return flow_send_message(stack, flow, m, most);
}

static void free_ack(struct long_ack *a)
{
	flow_clear(&a->datagrams);
	conn_unref(&a->connecting);
	message_free(&a->message);
	mem_free(a);
}

static void on_stream(void *arg, struct conn *c, enum err err, const char *why)
{
	struct long_ack *a = arg;
	struct flow flow = { 0 };

	(void)why;
	if (err) {
		stack_note_no_tcp(a->stack, &a->datagrams.peer);
		flow_copy(&flow, &a->datagrams);
	} else {
		flow_set(&flow, c, &c->peer);
	}
	if (send_over(a->stack, a->message, &flow, MESSAGE_MAX) != OK)
		LOG(LOG_WARN, KV("call-id", message_call_id(a->message)), KV("event", "ack"),
		    KV("result", "could not be sent"));
	flow_clear(&flow);
	free_ack(a);
}

static enum err wait_for(struct stack *stack, struct conn *c, struct message *m,
                         const struct flow *datagrams)
{
	struct long_ack *a = mem_zalloc(sizeof(*a));

	if (!a)
		return ERR_NOMEM;
	a->stack = stack;
	a->connecting = conn_ref(c);
	a->message = message_ref(m);
	flow_copy(&a->datagrams, datagrams);
	stack_watch(stack, &a->watcher, c, on_stream, a);
	return OK;
}

static enum err send_by_stream(struct stack *stack, struct message *m, const struct flow *datagrams)
{
	const struct stack_way way = { .realm = datagrams->conn->realm,
		                       .peer = &datagrams->peer,
		                       .from = &datagrams->conn->local,
		                       .timeout_ms = STREAM_INSTEAD_MS };
	struct flow flow = { 0 };
	struct conn *c;
	enum err err = stack_connect(stack, &way, &c);

	if (err) {
		stack_note_no_tcp(stack, &datagrams->peer);
		return send_over(stack, m, datagrams, MESSAGE_MAX);
	}
	if (c->state == CONN_OPEN) {
		flow_set(&flow, c, &c->peer);
		err = send_over(stack, m, &flow, MESSAGE_MAX);
		flow_clear(&flow);
	} else {
		err = wait_for(stack, c, m, datagrams);
	}
	conn_unref(&c);
	return err;
}

enum err stack_send(struct stack *stack, struct message *request, const struct flow *flow)
{
	bool by_stream = flow_alive(flow) && flow->conn->transport == TRANSPORT_UDP &&
	                 !stack_has_no_tcp(stack, &flow->peer);
	enum err err = send_over(stack, request, flow, by_stream ? DATAGRAM_MAX : MESSAGE_MAX);

	if (err != ERR_TOO_LONG || !by_stream)
		return err;
	message_pop_via(request);
	return send_by_stream(stack, request, flow);
}
