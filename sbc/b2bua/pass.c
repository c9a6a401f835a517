/* Passes requests on within a call (RFC 3261 12.2, 16.6): one at a time each way, so that they
 * arrive in the order that they were sent in, whatever is lost or asked for a password. Signalling
 * thread. Owner of each: its call. */
#include "sbc/b2bua/pass.h"

#include <stdio.h>
#include <string.h>
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "sbc/b2bua/bodies.h"
#include "sbc/b2bua/call_internal.h"
#include "sbc/b2bua/headers.h"

/* That wait or are under way, each way. */
#define PASS_MOST 8

struct pass {
	TAILQ_ENTRY(pass) link;
	struct call *call;
	const struct party *to;
	struct server_txn *txn;  /* NULL: nobody waits for its answer any more */
	struct leg_request *out; /* NULL: its turn has not come */
};

static enum crossing way_to(const struct party *to)
{
	return to->who.kind == PARTY_TRUNK ? CROSSING_OUT : CROSSING_IN;
}

static const struct party *other_party(const struct call *call, const struct party *p)
{
	return p == &call->callee ? &call->caller : &call->callee;
}

static void free_pass(struct pass *p)
{
	TAILQ_REMOVE(&p->call->passes, p, link);
	server_txn_detach(&p->txn);
	leg_pass_forget(&p->out);
	mem_free(p);
}

/* RFC 3261 21.5.1; RFC 5057 5.1: it harms this request alone. */
static void ask_later(struct server_txn *txn)
{
	char seconds[4];

	snprintf(seconds, sizeof(seconds), "%u", 1 + random_below(5));
	server_txn_reply_with(txn, 500, "Retry-After", seconds);
}

/* A failure of the far side as this side may take it: passwords and places of the one side mean
 * nothing on the other, and a 503 would be said of all of us. */
static unsigned map_status(unsigned status)
{
	switch (status) {
	case 401:
	case 407:
		return 403;
	case 408: /* RFC 4320 4.2: never said */
		return 481;
	case 503:
		return 500;
	default:
		return status >= 300 && status < 400 ? 480 : status;
	}
}

static enum err send_answer(const struct pass *p, const struct message *answer)
{
	const struct message *request = server_txn_request(p->txn);
	enum crossing way = way_to(other_party(p->call, p->to));
	struct message *m;
	enum err err = message_new_response(&m, request, &server_txn_flow(p->txn)->peer,
	                                    map_status(message_status(answer)), NULL, NULL);

	if (err)
		return err;
	headers_cross(answer, m, way);
	if (bodies_may_cross(answer, way))
		bodies_cross(answer, m);
	err = server_txn_respond(p->txn, m);
	message_free(&m);
	return err;
}

static void answer_pass(struct pass *p, const struct message *answer)
{
	if (p->txn && (!answer || send_answer(p, answer)))
		server_txn_reply(p->txn, answer ? 500 : 487, NULL, NULL);
}

static void on_end(void *arg, const struct message *answer, const char *why);

static enum err send_pass(struct pass *p)
{
	const struct message *request = server_txn_request(p->txn);
	struct message *m;
	enum err err = leg_pass(p->to->leg, message_method_name(request), &m);

	if (err)
		return err;
	message_set_max_forwards(m, message_max_forwards(request) - 1);
	message_add(m, "User-Agent", "Trunkgate");
	headers_cross(request, m, way_to(p->to));
	bodies_cross(request, m);
	err = leg_pass_send(&p->out, p->to->leg, m, on_end, p);
	message_free(&m);
	return err;
}

/* The first that waits, when none is under way. */
static void send_next(struct call *call, const struct party *to)
{
	struct pass *p, *next;
	enum err err;

	for (p = TAILQ_FIRST(&call->passes); p; p = next) {
		next = TAILQ_NEXT(p, link);
		if (p->to != to)
			continue;
		if (p->out)
			return;
		err = send_pass(p);
		if (!err)
			return;
		if (err == ERR_NOT_NOW)
			ask_later(p->txn);
		else
			server_txn_reply(p->txn, 500, NULL, NULL);
		free_pass(p);
	}
}

static void on_end(void *arg, const struct message *answer, const char *why)
{
	struct pass *p = arg;
	struct call *call = p->call;
	const struct party *to = p->to;
	unsigned status = answer ? message_status(answer) : 0;
	char text[CERT_WHY_MAX + 64];

	p->out = NULL;
	answer_pass(p, answer);
	free_pass(p);
	if (!answer && !why)
		return; /* its leg is on its way out, and the call after it */
	if (answer && status != 408 && status != 481) {
		send_next(call, to);
		return;
	}
	/* RFC 3261 12.2.1.2, RFC 5057 5.1: the dialog is gone. */
	if (answer)
		snprintf(text, sizeof(text), "a request in the call was answered %u", status);
	else
		snprintf(text, sizeof(text), "a request in the call was not answered: %s", why);
	leg_lose(to->leg, text);
}

/* The sender has no use for an answer any more (RFC 4320 4.2). */
static void on_txn_end(void *arg)
{
	struct pass *p = arg;

	p->txn = NULL;
	if (!p->out)
		free_pass(p);
}

static void refuse_method(struct server_txn *txn, const struct leg *leg)
{
	char allow[LEG_ALLOW_MAX];

	leg_allow(leg, allow);
	server_txn_reply_with(txn, 405, "Allow", allow);
}

static bool has_room(const struct call *call, const struct party *to)
{
	const struct pass *p;
	size_t n = 0;

	TAILQ_FOREACH (p, &call->passes, link)
		n += p->to == to;
	return n < PASS_MOST;
}

static enum err take(struct call *call, const struct party *to, struct server_txn *txn)
{
	struct pass *p = mem_zalloc(sizeof(*p));
	const struct server_txn_handler handler = { .on_end = on_txn_end, .arg = p };

	if (!p)
		return ERR_NOMEM;
	p->call = call;
	p->to = to;
	p->txn = txn;
	server_txn_set_handler(txn, &handler);
	TAILQ_INSERT_TAIL(&call->passes, p, link);
	return OK;
}

bool pass_on_request(void *arg, struct leg *leg, struct server_txn *txn,
                     const struct message *request)
{
	struct call *call = arg;
	const struct party *to = leg == call->caller.leg ? &call->callee : &call->caller;
	const char *method = message_method_name(request);

	if (strcmp(method, "INFO") != 0 && strcmp(method, "MESSAGE") != 0)
		return false;
	if (call->code)
		server_txn_reply(txn, 481, NULL, NULL);
	else if (message_max_forwards(request) == 0)
		server_txn_reply(txn, 483, NULL, NULL);
	else if (!to->leg || !has_room(call, to))
		ask_later(txn);
	else if (!leg_peer_takes(to->leg, method))
		refuse_method(txn, to->leg);
	else if (!bodies_may_cross(request, way_to(to)))
		server_txn_reply_with(txn, 415, "Accept", bodies_accepted(way_to(to)));
	else if (take(call, to, txn))
		server_txn_reply(txn, 500, NULL, NULL);
	else
		send_next(call, to);
	return true;
}

void pass_end(struct call *call)
{
	struct pass *p;

	while ((p = TAILQ_FIRST(&call->passes))) {
		answer_pass(p, NULL);
		free_pass(p);
	}
}
