/* Client transactions (RFC 3261 17.1, RFC 6026 8.4). A switch per stimulus; one writer of the
 * state. Signalling thread. */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "base/text.h"
#include "sbc/sip/stack_internal.h"

enum ct_state { CT_CALLING, CT_PROCEEDING, CT_COMPLETED, CT_ACCEPTED, CT_TERMINATED };

#define KEY_MAX (BRANCH_MAX + 16)

struct client_txn {
	TAILQ_ENTRY(client_txn) link;
	struct stack *stack;
	enum ct_state state;
	bool invite, cancelled;
	char branch[BRANCH_MAX];
	char key[KEY_MAX];
	char *sent_by;           /* of the Via that went out */
	struct message *request; /* shared */
	struct buf wire;         /* the request, to be sent again */
	struct buf ack;          /* for a final answer that is no 2xx, to be sent again */
	struct flow flow;
	struct timer again;   /* A or E */
	struct timer timeout; /* B or F, then D, K or M */
	uint64_t again_ms;
	struct client_txn_handler handler; /* zeroed: nobody listens */
};

/* CANCEL has the branch of its INVITE, so the method is part of the key (17.1.3). */
static void make_key(char *key, const char *branch, const char *method)
{
	size_t n = strnlen(branch, BRANCH_MAX - 1),
	       more = strnlen(method, KEY_MAX - BRANCH_MAX - 1);

	memcpy(key, branch, n);
	key[n] = '/';
	memcpy(key + n + 1, method, more);
	key[n + 1 + more] = '\0';
}

static void set_state(struct client_txn *t, enum ct_state state)
{
	t->state = state;
}

static void txn_free(struct client_txn *t)
{
	buf_free(&t->wire);
	buf_free(&t->ack);
	flow_clear(&t->flow);
	message_free(&t->request);
	mem_free(t->sent_by);
	mem_free(t);
}

/* Timers D, K and M end here, and every failure. */
static void terminate(struct client_txn *t)
{
	set_state(t, CT_TERMINATED);
	timer_stop(&t->again);
	timer_stop(&t->timeout);
	table_remove(t->stack->client_txns, t->key);
	TAILQ_REMOVE(&t->stack->client_list, t, link);
	if (t->handler.on_end)
		t->handler.on_end(t->handler.arg);
	txn_free(t);
}

static void on_linger_over(void *arg)
{
	terminate(arg);
}

static void fail(struct client_txn *t, enum err err, const char *why)
{
	struct client_txn_handler handler = t->handler;

	t->handler.on_fail = NULL;
	t->handler.on_response = NULL;
	if (handler.on_fail)
		handler.on_fail(handler.arg, err, why);
	terminate(t);
}

static void on_timeout(void *arg)
{
	struct client_txn *t = arg;
	char why[128], peer[ADDR_TEXT_MAX];

	snprintf(why, sizeof(why), "%s did not answer %s within %u s",
	         addr_text(&t->flow.peer, peer, sizeof(peer)), message_method_name(t->request),
	         (txn_times(&t->flow).give_up_ms + 999) / 1000);
	fail(t, ERR_TIMEOUT, why);
}

static enum err send_wire(struct client_txn *t, const struct buf *b)
{
	return conn_send(t->flow.conn, &t->flow.peer, b->data, b->len);
}

/* Timers A and E (17.1.1.2, 17.1.2.2): doubling; those of a non-INVITE not above T2, and T2 once it
 * proceeds. */
static void on_again(void *arg)
{
	struct client_txn *t = arg;
	unsigned t2_ms = txn_times(&t->flow).t2_ms;

	if (send_wire(t, &t->wire) != OK) {
		fail(t, ERR_IO, "the request could not be sent");
		return;
	}
	t->again_ms *= 2;
	if (!t->invite && (t->again_ms > t2_ms || t->state == CT_PROCEEDING))
		t->again_ms = t2_ms;
	timer_start(t->stack->timers, &t->again, t->again_ms, on_again, t);
}

static bool reliable(const struct client_txn *t)
{
	return t->flow.conn->transport != TRANSPORT_UDP;
}

static bool is_too_long(const struct client_txn *t)
{
	return !reliable(t) && t->wire.len > DATAGRAM_MAX &&
	       !stack_has_no_tcp(t->stack, &t->flow.peer);
}

static enum err prepare(struct client_txn *t, const char *branch)
{
	enum err err;

	text_copy(t->branch, sizeof(t->branch), branch);
	make_key(t->key, branch, message_method_name(t->request));
	if (message_method(t->request) != METHOD_CANCEL)
		message_push_via(t->request, t->flow.conn->transport,
		                 sip_realm_sent_by(t->flow.conn), branch);
	buf_init(&t->wire, MESSAGE_MAX);
	buf_init(&t->ack, MESSAGE_MAX);
	err = message_encode(t->request, &t->wire);
	if (err)
		return err;
	t->sent_by = mem_strdup(message_sent_by(t->request));
	if (!t->sent_by || !*t->sent_by)
		return ERR_NOMEM;
	return table_put(t->stack->client_txns, t->key, t);
}

/* The last eighth is for the calls that stand, and to end those that do not yet. */
static bool has_room(const struct stack *stack, const struct message *request)
{
	size_t limit = table_limit(stack->client_txns), count = table_count(stack->client_txns);
	bool begins = !*message_to_tag(request) && message_method(request) != METHOD_CANCEL;

	return count < (begins ? limit - limit / 8 : limit);
}

static enum err start(struct client_txn **out, struct stack *stack, struct message *request,
                      const struct flow *flow, const char *branch,
                      const struct client_txn_handler *handler)
{
	struct client_txn *t;
	enum err err;

	if (!has_room(stack, request))
		return ERR_LIMIT;
	t = mem_zalloc(sizeof(*t));
	if (!t)
		return ERR_NOMEM;
	t->stack = stack;
	t->invite = message_method(request) == METHOD_INVITE;
	t->request = message_ref(request);
	flow_copy(&t->flow, flow);
	err = prepare(t, branch);
	if (!err && handler->on_fail && is_too_long(t)) {
		err = ERR_TOO_LONG;
		table_remove(stack->client_txns, t->key);
	}
	if (!err) {
		err = send_wire(t, &t->wire);
		if (err)
			table_remove(stack->client_txns, t->key);
	}
	if (err) {
		txn_free(t);
		return err;
	}
	stack_trace(stack, true, &t->flow, t->request);
	t->handler = *handler;
	TAILQ_INSERT_TAIL(&stack->client_list, t, link);
	if (!reliable(t)) {
		t->again_ms = txn_times(&t->flow).t1_ms;
		timer_start(stack->timers, &t->again, t->again_ms, on_again, t);
	}
	timer_start(stack->timers, &t->timeout, txn_times(&t->flow).give_up_ms, on_timeout, t);
	*out = t;
	return OK;
}

enum err client_txn_start(struct client_txn **out, struct stack *stack, struct message *request,
                          const struct flow *flow, const struct client_txn_handler *handler)
{
	char branch[BRANCH_MAX];

	if (!flow_alive(flow))
		return ERR_CLOSED;
	/* The cookie, then 100 bits of chance (8.1.1.7). */
	text_copy(branch, sizeof(branch), "z9hG4bK");
	random_token(branch + 7, 20);
	return start(out, stack, request, flow, branch, handler);
}

enum err client_txn_cancel(struct client_txn *t, const char *reason)
{
	static const struct client_txn_handler nobody;
	struct message *cancel;
	struct client_txn *ct;
	enum err err;

	if (t->state != CT_PROCEEDING || !t->invite)
		return ERR_NOT_NOW;
	if (t->cancelled)
		return OK;
	/* 9.1: a peer that never ends the INVITE after its CANCEL is not waited for longer than
	 * this; nor is one that never got it. Set first: t may be gone after start. */
	timer_start(t->stack->timers, &t->timeout, txn_times(&t->flow).give_up_ms, on_timeout, t);
	err = message_new_from_invite(&cancel, t->request, "CANCEL", NULL);
	if (err)
		return err;
	t->cancelled = true;
	if (*reason)
		message_put(cancel, "Reason", reason);
	err = start(&ct, t->stack, cancel, &t->flow, t->branch, &nobody);
	message_free(&cancel);
	return err;
}

void client_txn_detach(struct client_txn **tp)
{
	if (*tp)
		memset(&(*tp)->handler, 0, sizeof((*tp)->handler));
	*tp = NULL;
}

const struct flow *client_txn_flow(const struct client_txn *t)
{
	return &t->flow;
}

static void give(struct client_txn *t, const struct message *response)
{
	if (t->handler.on_response)
		t->handler.on_response(t->handler.arg, response);
}

/* Until the last copy of an answer must have come in (timers D and K; none on a stream). Thousands
 * may do so at once: what is not needed for that goes now. */
static void linger(struct client_txn *t, uint64_t ms)
{
	buf_free(&t->wire);
	message_free(&t->request);
	timer_stop(&t->again);
	timer_start_lazy(t->stack->timers, &t->timeout, ms, on_linger_over, t);
}

static void send_ack(struct client_txn *t, const struct message *response)
{
	struct message *ack;

	if (message_new_from_invite(&ack, t->request, "ACK", response) != OK)
		return;
	if (message_encode(ack, &t->ack) == OK && send_wire(t, &t->ack) == OK)
		stack_trace(t->stack, true, &t->flow, ack);
	else
		LOG(LOG_WARN, KV("call-id", message_call_id(response)), KV("event", "ack"),
		    KV("result", "could not be sent"));
	message_free(&ack);
}

static void on_provisional(struct client_txn *t, const struct message *response)
{
	switch (t->state) {
	case CT_CALLING:
		set_state(t, CT_PROCEEDING);
		if (t->invite) {
			/* No more copies, and as long a wait as those above allow (17.1.1.2). */
			timer_stop(&t->again);
			timer_stop(&t->timeout);
		}
		give(t, response);
		return;
	case CT_PROCEEDING:
		give(t, response);
		return;
	case CT_COMPLETED:
	case CT_ACCEPTED:
	case CT_TERMINATED:
		return;
	}
}

static void on_final(struct client_txn *t, const struct message *response)
{
	bool ok = message_status(response) < 300;
	struct txn_times times = txn_times(&t->flow);
	unsigned timer_d_ms =
	    times.give_up_ms > TIMER_D_LEAST_MS ? times.give_up_ms : TIMER_D_LEAST_MS;

	switch (t->state) {
	case CT_CALLING:
	case CT_PROCEEDING:
		if (t->invite && ok) {
			set_state(t, CT_ACCEPTED);
			linger(t, times.give_up_ms); /* M */
		} else if (t->invite) {
			set_state(t, CT_COMPLETED);
			send_ack(t, response);
			linger(t, reliable(t) ? 0 : timer_d_ms);
		} else {
			set_state(t, CT_COMPLETED);
			linger(t, reliable(t) ? 0 : times.t4_ms); /* K */
		}
		give(t, response);
		return;
	case CT_COMPLETED:
		if (t->invite && !ok && t->ack.len > 0 && send_wire(t, &t->ack) != OK)
			terminate(t);
		return;
	case CT_ACCEPTED:
		if (ok)
			give(t, response);
		return;
	case CT_TERMINATED:
		return;
	}
}

/* 18.1.2, 8.1.3.3: what was sent by somebody else, or has another Via below ours, was led astray.
 * Our address may have changed since: what the request had counts. */
static bool has_our_via(const struct client_txn *t, const struct message *response)
{
	const char *theirs = message_sent_by(response), *port;
	size_t n = strlen(theirs);

	if (strncasecmp(t->sent_by, theirs, n) != 0 || message_via_branch(response, 1))
		return false;
	port = t->sent_by + n; /* the standard one may be left out */
	return !*port || strcmp(port, ":5060") == 0 || strcmp(port, ":5061") == 0;
}

bool client_txn_on_response(struct stack *stack, const struct message *response,
                            const struct flow *flow)
{
	char key[KEY_MAX];
	struct client_txn *t;

	make_key(key, message_branch(response), message_method_name(response));
	t = table_get(stack->client_txns, key);
	if (!t || !has_our_via(t, response))
		return false;
	/* 18.2.2: the connection that it should have come by is gone, and the peer made another. */
	if (!flow_alive(&t->flow) && conn_same_door(t->flow.conn, flow->conn))
		flow_copy(&t->flow, flow);
	if (t->state == CT_CALLING || t->state == CT_PROCEEDING)
		stack_trace(stack, false, &t->flow, response);
	if (message_status(response) < 200)
		on_provisional(t, response);
	else
		on_final(t, response);
	return true;
}

bool client_txn_loops(const struct stack *stack, const struct message *received,
                      const struct message *next)
{
	struct uri before, after;
	char key[KEY_MAX];
	const char *branch;

	if (!message_request_uri(next, &after))
		return false;
	for (unsigned n = 0; (branch = message_via_branch(received, n)); n++) {
		const struct client_txn *t;

		make_key(key, branch, message_method_name(next));
		t = table_get(stack->client_txns, key);
		if (t && t->request && message_request_uri(t->request, &before) &&
		    before.port == after.port && strcmp(before.user, after.user) == 0 &&
		    strcasecmp(before.host, after.host) == 0)
			return true;
	}
	return false;
}

void client_txns_on_conn_closed(struct stack *stack, const struct conn *c, enum err err,
                                const char *why)
{
	TAILQ_HEAD(client_list, client_txn) broken = TAILQ_HEAD_INITIALIZER(broken);
	struct client_txn *t, *next;

	/* Strangers' connections come and go by the thousand, and there may be as many
	 * transactions. */
	if (c->flows == 0)
		return;
	/* A ping had no answer in time, or the like: they have theirs still. */
	if (!err || err == ERR_TIMEOUT)
		err = ERR_CLOSED;
	/* One that fails has the next address tried at once, and what breaks there ends others:
	 * those of c are apart by then. */
	for (t = TAILQ_FIRST(&stack->client_list); t; t = next) {
		next = TAILQ_NEXT(t, link);
		if (t->flow.conn != c || (t->state != CT_CALLING && t->state != CT_PROCEEDING))
			continue;
		TAILQ_REMOVE(&stack->client_list, t, link);
		TAILQ_INSERT_TAIL(&broken, t, link);
	}
	while ((t = TAILQ_FIRST(&broken))) {
		TAILQ_REMOVE(&broken, t, link);
		TAILQ_INSERT_HEAD(&stack->client_list, t, link);
		fail(t, err, why);
	}
}

void client_txns_end(struct stack *stack)
{
	struct client_txn *t;

	while ((t = TAILQ_FIRST(&stack->client_list)))
		terminate(t);
}
