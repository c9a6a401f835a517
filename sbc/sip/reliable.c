/* RFC 3262 3: what the answering side does. Signalling thread. */
#include "sbc/sip/reliable.h"

#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "base/random.h"
#include "sbc/sip/stack_internal.h"

struct reliable_answer {
	TAILQ_ENTRY(reliable_answer) link;
	struct message *m;
};

static void on_again(void *arg)
{
	struct reliable *r = arg;

	server_txn_repeat(r->txn, TAILQ_FIRST(&r->queue)->m);
	r->again_ms *= 2;
	timer_start(r->stack->timers, &r->again, r->again_ms, on_again, r);
}

static void on_timeout(void *arg)
{
	struct reliable *r = arg;

	timer_stop(&r->again);
	r->on_timeout(r->arg);
}

static void drop(struct reliable *r, struct reliable_answer *a)
{
	TAILQ_REMOVE(&r->queue, a, link);
	r->n--;
	message_free(&a->m);
	mem_free(a);
}

/* The first of the queue goes out, under the next number (7.1: it never wraps). */
static enum err send_first(struct reliable *r)
{
	struct reliable_answer *a = TAILQ_FIRST(&r->queue);
	struct txn_times times = txn_times(server_txn_flow(r->txn));
	enum err err;

	message_add(a->m, "RSeq", "%u", r->rseq + 1);
	err = server_txn_respond(r->txn, a->m);
	if (err) {
		drop(r, a);
		return err;
	}
	r->rseq++;
	r->again_ms = times.t1_ms;
	timer_start(r->stack->timers, &r->again, r->again_ms, on_again, r);
	timer_start(r->stack->timers, &r->timeout, times.give_up_ms, on_timeout, r);
	return OK;
}

void reliable_open(struct reliable *r, struct stack *stack, struct server_txn *txn,
                   void (*fn)(void *arg), void *arg)
{
	*r =
	    (struct reliable){ .stack = stack,
		               .txn = txn,
		               .cseq = message_cseq(server_txn_request(txn)),
		               .rseq = random_below(0x7fffff00), /* under 2^31, with room to rise */
		               .on_timeout = fn,
		               .arg = arg };
	TAILQ_INIT(&r->queue);
}

enum err reliable_send(struct reliable *r, struct message *m)
{
	struct reliable_answer *a;

	if (!r->txn)
		return ERR_NOT_NOW;
	if (r->n == RELIABLE_MAX)
		return ERR_LIMIT;
	a = mem_zalloc(sizeof(*a));
	if (!a)
		return ERR_NOMEM;
	message_put(m, "Require", "100rel");
	a->m = message_ref(m);
	TAILQ_INSERT_TAIL(&r->queue, a, link);
	return ++r->n == 1 ? send_first(r) : OK;
}

/* RAck: the answer's number, the INVITE's, its method (7.2). */
static bool is_for_first(const struct reliable *r, const struct message *prack)
{
	const char *text = message_header(prack, "RAck", 0);
	unsigned long rseq, cseq;
	char *end;

	if (!text || !r->stack || TAILQ_EMPTY(&r->queue))
		return false;
	rseq = strtoul(text, &end, 10);
	cseq = strtoul(end, &end, 10);
	end += strspn(end, " \t");
	return rseq == r->rseq && cseq == r->cseq && strcmp(end, "INVITE") == 0;
}

static bool has_body(const struct reliable_answer *a)
{
	size_t len;

	return message_body(a->m, &len) != NULL;
}

bool reliable_on_prack(struct reliable *r, const struct message *prack, bool *had_sdp)
{
	if (!is_for_first(r, prack))
		return false;
	timer_stop(&r->again);
	timer_stop(&r->timeout);
	*had_sdp = has_body(TAILQ_FIRST(&r->queue));
	drop(r, TAILQ_FIRST(&r->queue));
	return true;
}

void reliable_next(struct reliable *r)
{
	while (r->txn && r->n > 0 && send_first(r) != OK)
		;
}

bool reliable_holds_2xx(const struct reliable *r)
{
	const struct reliable_answer *a;

	if (!r->stack)
		return false;
	TAILQ_FOREACH (a, &r->queue, link) {
		if (has_body(a))
			return true;
	}
	return false;
}

void reliable_stop(struct reliable *r)
{
	timer_stop(&r->again);
	timer_stop(&r->timeout);
	r->txn = NULL;
	while (r->n > 1)
		drop(r, TAILQ_LAST(&r->queue, reliable_queue));
}

void reliable_close(struct reliable *r)
{
	timer_stop(&r->again);
	timer_stop(&r->timeout);
	r->txn = NULL;
	while (r->n > 0)
		drop(r, TAILQ_FIRST(&r->queue));
}
