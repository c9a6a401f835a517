/* Server transactions (RFC 3261 17.2, RFC 6026 8.5). A 2xx to INVITE is sent again by the
 * transaction too, until its user says that the ACK came: 13.3.1.4 gives that to the user, who
 * would need the same timer. Signalling thread. */
#include <string.h>
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "sbc/sip/stack_internal.h"
#include "sbc/sip/txn_key.h"

enum st_state { ST_TRYING, ST_PROCEEDING, ST_COMPLETED, ST_CONFIRMED, ST_ACCEPTED };

#define TRYING_MS 200 /* 17.2.1: 100 unless an answer comes within 200 ms */

struct server_txn {
	TAILQ_ENTRY(server_txn) link;
	struct stack *stack;
	enum st_state state;
	bool invite, acked;
	bool merged;   /* the same request came before by another way */
	bool doubtful; /* who sent it has proved nothing so far */
	char *key;
	char *merge_key; /* while a copy by another way is to be known; NULL: not */
	char *to_tag;    /* of what an INVITE was answered with so far; NULL: nothing */
	struct message
	    *request;    /* owned; NULL once only copies of the last answer are left to send */
	struct buf last; /* the last answer, to be sent again */
	struct flow flow;
	struct addr reply_to;
	struct conn_watcher reopening;
	struct timer again;   /* G, or the copies of a 2xx; before an answer: 100 */
	struct timer timeout; /* H, I, J or L; of a non-INVITE without an answer: its end */
	uint64_t again_ms;
	struct server_txn_handler handler; /* zeroed: nobody listens */
};

static void forget_merge_key(struct server_txn *t)
{
	if (t->merge_key)
		table_remove(t->stack->merged, t->merge_key);
	mem_free(t->merge_key);
	t->merge_key = NULL;
}

static void set_state(struct server_txn *t, enum st_state state)
{
	t->state = state;
}

static void terminate(struct server_txn *t)
{
	timer_stop(&t->again);
	timer_stop(&t->timeout);
	conn_unwatch(&t->reopening);
	table_remove(t->stack->server_txns, t->key);
	forget_merge_key(t);
	TAILQ_REMOVE(&t->stack->server_list, t, link);
	if (t->handler.on_end)
		t->handler.on_end(t->handler.arg);
	buf_free(&t->last);
	flow_clear(&t->flow);
	message_free(&t->request);
	mem_free(t->to_tag);
	mem_free(t->key);
	mem_free(t);
}

static bool reliable(const struct server_txn *t)
{
	return t->flow.conn->transport != TRANSPORT_UDP;
}

static void not_sent(const struct server_txn *t, const char *why)
{
	char peer[ADDR_TEXT_MAX];
	unsigned suppressed;

	if (log_limit_admits(&t->stack->unsent, &suppressed))
		LOG(LOG_WARN, KV("event", "answer"), KV("txn", t->key),
		    KV("to", addr_text(&t->reply_to, peer, sizeof(peer))), KV("result", why),
		    KVN_LAST("suppressed", suppressed));
}

static void on_reopened(void *arg, struct conn *c, enum err err, const char *why)
{
	struct server_txn *t = arg;

	if (!err) {
		flow_set(&t->flow, c, &t->reply_to);
		err = conn_send(c, &t->reply_to, t->last.data, t->last.len);
		why = err_text(err);
	}
	if (err)
		not_sent(t, why);
}

/* 18.2.2 */
static enum err reopen(struct server_txn *t)
{
	struct conn *c;
	enum err err;

	if (t->reopening.stack)
		return OK; /* what is the last answer then goes out */
	err = stack_reopen(t->stack, t->flow.conn, &t->reply_to, &c);
	if (err)
		return err;
	if (c->state == CONN_OPEN)
		on_reopened(t, c, OK, NULL);
	else
		stack_watch(t->stack, &t->reopening, c, on_reopened, t);
	conn_unref(&c);
	return OK;
}

static void send_last(struct server_txn *t)
{
	enum err err;

	if (t->last.len == 0)
		return;
	err = conn_send(t->flow.conn, &t->reply_to, t->last.data, t->last.len);
	if (err == ERR_CLOSED && reliable(t))
		err = reopen(t);
	if (err)
		not_sent(t, err_text(err));
}

static void on_trying(void *arg)
{
	server_txn_reply(arg, 100, NULL, NULL);
}

static void on_over(void *arg)
{
	terminate(arg);
}

/* When the client's timer E has come to T2; before that a 100 makes nothing less (RFC 4320 4.1). */
static unsigned until_e_is_t2(const struct txn_times *times)
{
	unsigned e_ms = times->t1_ms, sum_ms = 0;

	for (; e_ms < times->t2_ms; e_ms *= 2)
		sum_ms += e_ms;
	return sum_ms;
}

static void start_waiting(struct server_txn *t)
{
	struct txn_times times = txn_times(&t->flow);
	struct timers *timers = t->stack->timers;

	if (t->invite) {
		timer_start(timers, &t->again, TRYING_MS, on_trying, t);
		return;
	}
	if (!reliable(t))
		timer_start(timers, &t->again, until_e_is_t2(&times), on_trying, t);
	/* RFC 4320 4.2: an answer after that finds nobody who waits for it. */
	timer_start_lazy(timers, &t->timeout, times.give_up_ms, on_over, t);
}

/* The last eighth is for the calls that stand. What goes on to somebody else needs a transaction of
 * ours as well. */
static bool has_room(const struct stack *stack, const struct message *request)
{
	size_t limit = table_limit(stack->server_txns), most = limit - limit / 8;
	enum method method = message_method(request);

	if (*message_to_tag(request))
		return table_count(stack->server_txns) < limit;
	return table_count(stack->server_txns) < most &&
	       (method == METHOD_REGISTER || method == METHOD_OPTIONS ||
	        table_count(stack->client_txns) < most);
}

/* Without memory a copy by another way is not known: nothing to fail for. */
static void remember_merge_key(struct server_txn *t)
{
	char key[TXN_KEY_MAX];
	enum err err;

	if (*message_to_tag(t->request))
		return;
	txn_key_of_copies(key, t->request);
	t->merge_key = mem_strdup(key);
	err = t->merge_key ? table_put(t->stack->merged, t->merge_key, t) : ERR_NOMEM;
	t->merged = err == ERR_EXISTS;
	if (err) {
		mem_free(t->merge_key);
		t->merge_key = NULL;
	}
}

bool server_txn_has_invite(const struct stack *stack, const char *branch, const char *sent_by)
{
	char key[TXN_KEY_MAX];

	txn_key(key, branch, sent_by, "INVITE");
	return table_get(stack->server_txns, key) != NULL;
}

bool server_txn_is_merged(const struct server_txn *t)
{
	return t->merged;
}

enum err server_txn_new(struct server_txn **out, struct stack *stack, struct message **request,
                        const struct flow *flow, const char *key)
{
	struct server_txn *t;
	enum err err;

	if (!has_room(stack, *request))
		return ERR_LIMIT;
	t = mem_zalloc(sizeof(*t));
	if (!t)
		return ERR_NOMEM;
	t->stack = stack;
	t->invite = message_method(*request) == METHOD_INVITE;
	t->state = t->invite ? ST_PROCEEDING : ST_TRYING;
	buf_init(&t->last, MESSAGE_MAX);
	t->key = mem_strdup(key);
	err = t->key ? table_put(stack->server_txns, t->key, t) : ERR_NOMEM;
	if (err) {
		mem_free(t->key);
		mem_free(t);
		return err;
	}
	t->request = *request;
	*request = NULL;
	flow_copy(&t->flow, flow);
	if (reliable(t))
		message_reopen_addr(t->request, &flow->peer,
		                    flow->conn->transport == TRANSPORT_TLS ? 5061 : 5060,
		                    &t->reply_to);
	else
		message_reply_addr(t->request, &flow->peer, &t->reply_to);
	TAILQ_INSERT_TAIL(&stack->server_list, t, link);
	remember_merge_key(t);
	start_waiting(t);
	*out = t;
	return OK;
}

const struct message *server_txn_request(const struct server_txn *t)
{
	return t->request;
}

const struct flow *server_txn_flow(const struct server_txn *t)
{
	return &t->flow;
}

void server_txn_set_handler(struct server_txn *t, const struct server_txn_handler *handler)
{
	t->handler = *handler;
}

void server_txn_detach(struct server_txn **tp)
{
	if (*tp)
		memset(&(*tp)->handler, 0, sizeof((*tp)->handler));
	*tp = NULL;
}

/* Timer H: the ACK never came. For a failed INVITE that changes nothing any more. */
static void on_no_ack(void *arg)
{
	struct server_txn *t = arg;
	struct server_txn_handler handler = t->handler;
	bool tell = t->state == ST_ACCEPTED && !t->acked;

	if (tell && handler.on_no_ack) {
		t->handler.on_no_ack = NULL;
		handler.on_no_ack(handler.arg);
	}
	terminate(t);
}

/* Timer G, and the copies of a 2xx (13.3.1.4): T1, doubling up to T2. */
static void on_again(void *arg)
{
	struct server_txn *t = arg;
	unsigned t2_ms = txn_times(&t->flow).t2_ms;

	if (t->state == ST_COMPLETED) {
		message_free(&t->request); /* whoever answered has gone by now; H may be far */
		if (reliable(t) || t->doubtful)
			return;
	}
	send_last(t);
	t->again_ms = t->again_ms * 2 > t2_ms ? t2_ms : t->again_ms * 2;
	timer_start(t->stack->timers, &t->again, t->again_ms, on_again, t);
}

static void finalise(struct server_txn *t, unsigned status)
{
	struct timers *timers = t->stack->timers;
	struct txn_times times = txn_times(&t->flow);
	unsigned wait_ms = t->doubtful && status >= 300 ? times.t4_ms : times.give_up_ms;

	timer_stop(&t->again);
	/* A client that goes on to another of our addresses after a failure (RFC 3263 4.3) sends
	 * the same request with another branch: that is no merged one. */
	if (status >= 300)
		forget_merge_key(t);
	if (!t->invite) {
		set_state(t, ST_COMPLETED);
		/* J; a stream that is opened again for the answer needs its time. */
		timer_start_lazy(timers, &t->timeout,
		                 reliable(t) && flow_alive(&t->flow) ? 0 : wait_ms, on_over, t);
		return;
	}
	t->again_ms = times.t1_ms;
	set_state(t, status < 300 ? ST_ACCEPTED : ST_COMPLETED);
	/* A failure needs no copies on a stream; a 2xx does, for it crosses more hops than this. */
	timer_start(timers, &t->again, t->again_ms, on_again, t);
	timer_start_lazy(timers, &t->timeout, wait_ms, on_no_ack, t); /* H or L */
}

/* RFC 4320 4.1, 4.2: a non-INVITE hears of no progress but 100, that not over a stream, and of no
 * time-out. */
static bool may_say(const struct server_txn *t, unsigned status)
{
	if (t->invite || (status >= 200 && status != 408))
		return true;
	return status == 100 && !reliable(t);
}

enum err server_txn_respond(struct server_txn *t, struct message *response)
{
	unsigned status = message_status(response);
	enum err err;

	if (!server_txn_waits(t))
		return ERR_NOT_NOW;
	if (!may_say(t, status)) {
		if (status >= 200)
			finalise(t, status); /* silence is its answer, to copies as well */
		return OK;
	}
	buf_free(&t->last);
	err = message_encode(response, &t->last);
	if (err)
		return err;
	send_last(t);
	stack_trace(t->stack, true, &t->flow, response);
	if (t->invite && !t->to_tag && *message_to_tag(response))
		t->to_tag = mem_strdup(message_to_tag(response)); /* or a CANCEL has its own */
	if (status >= 200) {
		finalise(t, status);
		return OK;
	}
	if (t->invite)
		timer_stop(&t->again);
	set_state(t, ST_PROCEEDING);
	return OK;
}

void server_txn_doubt(struct server_txn *t, bool doubtful)
{
	t->doubtful = doubtful;
}

bool server_txn_waits(const struct server_txn *t)
{
	return t->state == ST_TRYING || t->state == ST_PROCEEDING;
}

void server_txn_give_up(struct server_txn *t, unsigned status)
{
	if (!server_txn_waits(t))
		return;
	buf_free(&t->last);
	finalise(t, status);
}

void server_txn_repeat(struct server_txn *t, struct message *provisional)
{
	struct buf wire;

	if (t->state != ST_PROCEEDING)
		return;
	buf_init(&wire, MESSAGE_MAX);
	if (message_encode(provisional, &wire) == OK &&
	    conn_send(t->flow.conn, &t->reply_to, wire.data, wire.len) != OK)
		not_sent(t, "a copy could not be sent");
	buf_wipe(&wire);
}

void server_txn_acked(struct server_txn *t)
{
	if (t->state != ST_ACCEPTED)
		return;
	t->acked = true;
	timer_stop(&t->again);
	message_free(&t->request);
	buf_free(&t->last);
}

void server_txn_settle(struct server_txn *t)
{
	/* Nobody took it, and nobody could answer it. */
	if (!t->handler.on_end && server_txn_waits(t))
		server_txn_reply(t, 500, NULL, NULL);
	if (!t->invite && t->state == ST_COMPLETED)
		message_free(&t->request);
}

/* 9.2: CANCEL is answered here, by the tag that the INVITE was answered with; what it means is the
 * INVITE's user's to say. */
static void on_cancel(struct server_txn *invite, const struct message *cancel,
                      const struct flow *flow)
{
	struct message *response;
	struct flow back = *flow;
	char tag[17];

	random_token(tag, sizeof(tag) - 1);
	stack_trace(invite->stack, false, flow, cancel);
	message_reply_addr(cancel, &flow->peer, &back.peer);
	if (message_new_response(&response, cancel, &flow->peer, 200, NULL,
	                         invite->to_tag ? invite->to_tag : tag) == OK) {
		if (flow_send_message(invite->stack, &back, response, MESSAGE_MAX) != OK)
			LOG(LOG_WARN, KV("call-id", message_call_id(cancel)), KV("event", "cancel"),
			    KV("result", "answer could not be sent"));
		message_free(&response);
	}
	if (invite->state == ST_PROCEEDING && invite->handler.on_cancel)
		invite->handler.on_cancel(invite->handler.arg, cancel);
}

/* A branch is not always of chance: the INVITE's own sender cancels, nobody else who has heard of
 * it (9.2). */
static bool may_cancel(const struct server_txn *t, const struct message *cancel,
                       const struct flow *flow)
{
	if (!conn_same_door(t->flow.conn, flow->conn) ||
	    (!reliable(t) && !addr_same_host(&t->flow.peer, &flow->peer)))
		return false;
	return !t->request || (strcmp(message_call_id(t->request), message_call_id(cancel)) == 0 &&
	                       strcmp(message_from_tag(t->request), message_from_tag(cancel)) == 0);
}

static void on_copy(struct server_txn *t)
{
	switch (t->state) {
	case ST_TRYING:
	case ST_CONFIRMED:
	case ST_ACCEPTED:
		return;
	case ST_PROCEEDING:
	case ST_COMPLETED:
		send_last(t);
		return;
	}
}

/* An ACK with the INVITE's branch is for a failure (17.2.1). */
static void on_ack(struct server_txn *t, const struct message *ack, const struct flow *flow)
{
	if (t->state != ST_COMPLETED)
		return;
	stack_trace(t->stack, false, flow, ack);
	set_state(t, ST_CONFIRMED);
	timer_stop(&t->again);
	message_free(&t->request);
	timer_start_lazy(t->stack->timers, &t->timeout, reliable(t) ? 0 : txn_times(&t->flow).t4_ms,
	                 on_over, t); /* I */
}

bool server_txn_on_request(struct stack *stack, const struct message *request,
                           const struct flow *flow, char key[TXN_KEY_MAX])
{
	enum method method = message_method(request);
	struct server_txn *t;

	txn_key_of(key, request, message_method_name(request));
	t = table_get(stack->server_txns, key);
	if (t) {
		on_copy(t);
		return true;
	}
	if (method != METHOD_ACK && method != METHOD_CANCEL)
		return false;
	txn_key_of(key, request, "INVITE");
	t = table_get(stack->server_txns, key);
	if (!t)
		return false;
	if (method == METHOD_CANCEL) {
		if (!may_cancel(t, request, flow))
			return false;
		on_cancel(t, request, flow);
		return true;
	}
	/* A dialog knows more of an ACK for its 2xx that came with the old branch (some do that).
	 */
	if (t->state == ST_ACCEPTED)
		return false;
	on_ack(t, request, flow);
	return true;
}

void server_txns_end(struct stack *stack)
{
	struct server_txn *t;

	while ((t = TAILQ_FIRST(&stack->server_list)))
		terminate(t);
}
