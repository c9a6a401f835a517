/* Transactions of test_call_random.c: each has one final answer, or its sender is gone. */
#ifndef TESTS_UNIT_SBC_B2BUA_CHANCE_TXNS_H
#define TESTS_UNIT_SBC_B2BUA_CHANCE_TXNS_H

#include <sys/queue.h>
#include "tests/unit/sbc/b2bua/chance.h"

struct server_txn {
	LIST_ENTRY(server_txn) link;
	struct message *request;
	struct server_txn_handler handler;
	bool answered;
	bool is_held; /* an INVITE that a leg has */
};

static LIST_HEAD(, server_txn) txns;

/* Takes over request. */
static inline struct server_txn *txn_make(struct message *request)
{
	struct server_txn *txn = mem_zalloc(sizeof(*txn));

	assert_non_null(txn);
	txn->request = request;
	LIST_INSERT_HEAD(&txns, txn, link);
	t.ntxns++;
	return txn;
}

static inline void txn_end(struct server_txn *txn)
{
	LIST_REMOVE(txn, link);
	t.ntxns--;
	if (txn->handler.on_end)
		txn->handler.on_end(txn->handler.arg);
	message_free(&txn->request);
	mem_free(txn);
}

static inline void txn_answer(struct server_txn *txn, unsigned status)
{
	assert_true(status >= 200 && status < 700);
	assert_int_not_equal(status, 408);
	assert_false(txn->answered);
	txn->answered = true;
}

/* Those that have their answer end soon; others sometimes, after 64 x T1. */
static inline void txns_go_on(void)
{
	struct server_txn *txn = LIST_FIRST(&txns), *next;

	for (; txn; txn = next) {
		next = LIST_NEXT(txn, link);
		if (!txn->answered && !txn->handler.on_end && !txn->is_held)
			fail_msg("TRUNKGATE_SEED=%llu, call %u: a %s has no answer",
			         (unsigned long long)t.seed, t.calls,
			         message_method_name(txn->request));
		if (txn->answered || (!txn->is_held && one_in(30)))
			txn_end(txn);
	}
}

const struct message *server_txn_request(const struct server_txn *txn)
{
	return txn->request;
}

const struct flow *server_txn_flow(const struct server_txn *txn)
{
	static struct flow flow;

	(void)txn;
	if (!addr_is_set(&flow.peer))
		assert_int_equal(addr_parse(&flow.peer, "192.0.2.7:5060"), OK);
	return &flow;
}

void server_txn_set_handler(struct server_txn *txn, const struct server_txn_handler *handler)
{
	txn->handler = *handler;
}

void server_txn_detach(struct server_txn **tp)
{
	if (*tp)
		memset(&(*tp)->handler, 0, sizeof((*tp)->handler));
	*tp = NULL;
}

enum err server_txn_respond(struct server_txn *txn, struct message *response)
{
	txn_answer(txn, message_status(response));
	return OK;
}

void server_txn_reply(struct server_txn *txn, unsigned status, const char *phrase,
                      const char *to_tag)
{
	(void)phrase;
	(void)to_tag;
	txn_answer(txn, status);
}

void server_txn_reply_with(struct server_txn *txn, unsigned status, const char *name,
                           const char *value)
{
	assert_non_null(name);
	assert_non_null(value);
	txn_answer(txn, status);
}

void server_txn_reply_later(struct server_txn *txn, unsigned status, unsigned least_s,
                            unsigned most_s)
{
	assert_true(least_s <= most_s);
	txn_answer(txn, status);
}

#endif
