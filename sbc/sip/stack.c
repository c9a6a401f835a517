/* The one door into SIP: what connections bring goes to its transaction, or up. Signalling thread.
 */
#include "sbc/sip/stack.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "sbc/sip/shed.h"
#include "sbc/sip/sip_realm.h"
#include "sbc/sip/stack_internal.h"

enum err stack_new(struct stack **out, struct loop *loop, struct timers *timers,
                   const struct stack_limits *limits)
{
	struct stack *stack = mem_zalloc(sizeof(*stack));
	enum err err;

	if (!stack)
		return ERR_NOMEM;
	stack->loop = loop;
	stack->timers = timers;
	stack->limits = *limits;
	TAILQ_INIT(&stack->realms);
	TAILQ_INIT(&stack->conns);
	TAILQ_INIT(&stack->watchers);
	TAILQ_INIT(&stack->client_list);
	TAILQ_INIT(&stack->server_list);
	stack_conns_init(stack);
	err = table_new(&stack->client_txns, limits->transactions);
	if (!err)
		err = table_new(&stack->server_txns, limits->transactions);
	if (!err)
		err = table_new(&stack->merged, limits->transactions);
	if (err) {
		stack_free(&stack);
		return err;
	}
	*out = stack;
	return OK;
}

void stack_set_handler(struct stack *stack, const struct stack_handler *handler)
{
	stack->handler = *handler;
}

void stack_set_tracer(struct stack *stack,
                      void (*fn)(void *, bool, const struct flow *, const struct message *),
                      void *arg)
{
	stack->tracer = fn;
	stack->tracer_arg = arg;
}

void stack_trace(const struct stack *stack, bool sent, const struct flow *flow,
                 const struct message *m)
{
	if (stack->tracer)
		stack->tracer(stack->tracer_arg, sent, flow, m);
}

void stack_free(struct stack **stackp)
{
	struct stack *stack = *stackp;

	if (!stack)
		return;
	client_txns_end(stack);
	server_txns_end(stack);
	stack_conns_end(stack);
	sip_realms_free(stack);
	table_free(&stack->client_txns);
	table_free(&stack->server_txns);
	table_free(&stack->merged);
	mem_free(stack);
	*stackp = NULL;
}

struct timers *stack_timers(const struct stack *stack)
{
	return stack->timers;
}

void stack_counts(const struct stack *stack, struct stack_counts *out)
{
	out->client_txns = table_count(stack->client_txns);
	out->server_txns = table_count(stack->server_txns);
	out->connections = stack->nconns;
}

enum err flow_send_message(const struct stack *stack, const struct flow *flow, struct message *m,
                           size_t most)
{
	struct buf wire;
	enum err err;

	if (!flow_alive(flow))
		return ERR_CLOSED;
	buf_init(&wire, MESSAGE_MAX);
	err = message_encode(m, &wire);
	if (!err && wire.len > most)
		err = ERR_TOO_LONG;
	if (!err)
		err = conn_send(flow->conn, &flow->peer, wire.data, wire.len);
	if (!err)
		stack_trace(stack, true, flow, m);
	buf_free(&wire);
	return err;
}

/* So that not all come again at once. */
static unsigned retry_after_s(void)
{
	return 1 + random_below(10);
}

/* An answer without a transaction (8.2.7): what is wrong is said once and forgotten. */
static void answer_statelessly(const struct stack *stack, const struct message *request,
                               const struct flow *flow, unsigned status, const char *phrase)
{
	struct message *response;
	struct flow back = *flow;
	char tag[17];

	if (message_method(request) == METHOD_ACK)
		return;
	random_token(tag, sizeof(tag) - 1);
	message_reply_addr(request, &flow->peer, &back.peer);
	if (message_new_response(&response, request, &flow->peer, status, phrase, tag) != OK)
		return;
	if (status == 503)
		message_add(response, "Retry-After", "%u", retry_after_s());
	if (flow_send_message(stack, &back, response, MESSAGE_MAX) != OK)
		LOG(LOG_DEBUG, KV("event", "answer"), KVN("code", status),
		    KV("result", "not sent"));
	message_free(&response);
}

static void on_new_request(struct stack *stack, struct message **m, const struct flow *flow,
                           const char *key)
{
	struct server_txn *t;
	unsigned suppressed;
	enum err err;

	stack_trace(stack, false, flow, *m);
	if (message_method(*m) == METHOD_ACK) {
		if (stack->handler.on_ack)
			stack->handler.on_ack(stack->handler.arg, *m, flow);
		return;
	}
	if (message_method(*m) == METHOD_CANCEL) {
		answer_statelessly(stack, *m, flow, 481, NULL);
		return;
	}
	if (message_method(*m) == METHOD_INVITE && !*message_to_tag(*m) &&
	    overload_sheds(&flow->conn->overload)) {
		flow->conn->overload.shed++;
		answer_statelessly(stack, *m, flow, 503, NULL);
		return;
	}
	err = server_txn_new(&t, stack, m, flow, key);
	if (err) {
		if (log_limit_admits(&stack->full, &suppressed))
			LOG(LOG_WARN, KV("event", "overload"), KV("why", err_text(err)),
			    KVN("servers", table_count(stack->server_txns)),
			    KVN("clients", table_count(stack->client_txns)), KVN("code", 503),
			    KVN_LAST("suppressed", suppressed));
		answer_statelessly(stack, *m, flow, 503, NULL);
		return;
	}
	if (server_txn_is_merged(t))
		server_txn_reply(t, 482, "Merged Request", NULL);
	else if (stack->handler.on_request)
		stack->handler.on_request(stack->handler.arg, t, server_txn_request(t));
	else
		server_txn_reply(t, 503, NULL, NULL);
	server_txn_settle(t);
}

/* What nobody above need see. */
static void refuse(struct stack *stack, const struct message *request, const struct flow *flow,
                   unsigned status, const char *why)
{
	bool is_length = status == 413 || status == 513; /* their own phrase says it */
	unsigned suppressed;

	if (log_limit_admits(&stack->refused, &suppressed))
		LOG(LOG_INFO, KV("call-id", message_call_id(request)), KV("event", "refused"),
		    KV("method", message_method_name(request)), KVN("code", status), KV("why", why),
		    KVN_LAST("suppressed", suppressed));
	stack_trace(stack, false, flow, request);
	answer_statelessly(stack, request, flow, status, is_length ? NULL : why);
}

static void on_request(struct stack *stack, struct message **m, const struct flow *flow)
{
	const char *phrase;
	unsigned problem = message_problem(*m, &phrase);
	char key[TXN_KEY_MAX];

	if (problem) {
		refuse(stack, *m, flow, problem, phrase);
		return;
	}
	stack_note_alias(flow->conn, *m);
	if (!server_txn_on_request(stack, *m, flow, key))
		on_new_request(stack, m, flow, key);
}

/* A call that an overloaded socket need not even read; true: it was refused. A copy of one that was
 * taken is its transaction's. */
static bool refuse_unread(const struct stack *stack, struct conn *c, const struct addr *peer,
                          const char *data, size_t len)
{
	struct shed_invite invite;
	struct addr to;
	struct buf answer;

	if (!overload_sheds(&c->overload) || !shed_read(&invite, data, len) ||
	    server_txn_has_invite(stack, invite.branch, invite.sent_by))
		return false;
	buf_init(&answer, MESSAGE_MAX);
	shed_answer(&invite, peer, retry_after_s(), &answer, &to);
	if (buf_err(&answer) != OK || conn_send(c, &to, answer.data, answer.len) != OK)
		LOG(LOG_DEBUG, KV("event", "answer"), KVN("code", 503), KV("result", "not sent"));
	buf_free(&answer);
	c->overload.shed++;
	return true;
}

void stack_on_message(struct stack *stack, struct conn *c, const struct addr *peer,
                      const char *data, size_t len)
{
	char text[ADDR_TEXT_MAX];
	struct flow flow = { 0 };
	struct message *m = NULL;
	unsigned suppressed;

	if (!sip_realm_admits(c->realm, peer)) {
		LOG(LOG_DEBUG, KV("event", "refused"),
		    KV("from", addr_text(peer, text, sizeof(text))),
		    KV("realm", sip_realm_config(c->realm)->name),
		    KV("why", "not in its networks"));
		return;
	}
	/* Only who was late has refused any. */
	if (c->overload.last_late_ms &&
	    (shed_is_ack(data, len) || refuse_unread(stack, c, peer, data, len)))
		return;
	if (message_parse(&m, data, len)) {
		if (log_limit_admits(&stack->malformed, &suppressed))
			LOG(LOG_INFO, KV("event", "malformed"),
			    KV("from", addr_text(peer, text, sizeof(text))),
			    KV("over", transport_name(c->transport)), KVN("octets", len),
			    KVN_LAST("suppressed", suppressed));
		return;
	}
	flow_set(&flow, c, peer);
	if (message_is_request(m))
		on_request(stack, &m, &flow);
	else if (message_problem(m, NULL) || !client_txn_on_response(stack, m, &flow))
		LOG(LOG_DEBUG, KV("call-id", message_call_id(m)), KV("event", "stray-answer"),
		    KVN("code", message_status(m)));
	flow_clear(&flow);
	message_free(&m);
}

/* RFC 3261 18.3, 21.4.10, 21.5.7: said where there is enough of a request to say it to. */
void stack_on_unreadable(void *arg, struct conn *c, const struct addr *peer, const char *head,
                         size_t len, unsigned status, const char *why)
{
	struct stack *stack = arg;
	struct flow flow = { 0 };
	struct message *m = NULL;
	struct buf text;

	if (!sip_realm_admits(c->realm, peer))
		return;
	buf_init(&text, MESSAGE_MAX);
	buf_add(&text, head, len);
	buf_add(&text, "\r\n", 2);
	if (buf_err(&text) == OK && message_parse(&m, text.data, text.len) == OK &&
	    message_is_request(m)) {
		flow_set(&flow, c, peer);
		refuse(stack, m, &flow, status, why);
		flow_clear(&flow);
	}
	message_free(&m);
	buf_free(&text);
}
