/* Passes requests on (RFC 3261 12.2, 16.6): the next one leaves when the one before has its answer,
 * so that they arrive in their order, whatever is lost or asked for a password. Signalling thread.
 * Owner of each: its lane. */
#include "sbc/b2bua/lane.h"

#include "base/mem.h"
#include "sbc/b2bua/bodies.h"
#include "sbc/b2bua/failure_map.h"

struct lane_item {
	TAILQ_ENTRY(lane_item) link;
	struct lane *lane;
	struct server_txn *txn; /* NULL: nobody waits for its answer any more */
	void *out;              /* NULL: its turn has not come */
};

void lane_open(struct lane *lane, const struct lane_ops *ops, void *arg)
{
	TAILQ_INIT(&lane->items);
	lane->ops = ops;
	lane->arg = arg;
}

bool lane_is_empty(const struct lane *lane)
{
	return TAILQ_EMPTY(&lane->items);
}

bool lane_has_room(const struct lane *lane)
{
	const struct lane_item *item;
	size_t n = 0;

	TAILQ_FOREACH (item, &lane->items, link)
		n++;
	return n < LANE_MOST;
}

static void free_item(struct lane_item *item)
{
	TAILQ_REMOVE(&item->lane->items, item, link);
	server_txn_detach(&item->txn);
	if (item->out)
		item->lane->ops->forget(item->out);
	mem_free(item);
}

void lane_ask_later(struct server_txn *txn)
{
	server_txn_reply_later(txn, 500, 1, 5);
}

/* That the far dialog is gone ends this one as well: 408 says the same (RFC 5057 5.1), and is never
 * said (RFC 4320 4.2). */
static unsigned status_for(const struct message *request, unsigned status, enum crossing way)
{
	bool is_gone = *message_to_tag(request) && (status == 408 || status == 481);

	return is_gone ? 481 : failure_status_passed(status, way);
}

static enum err send_answer(const struct lane_item *item, const struct message *answer)
{
	struct lane *lane = item->lane;
	const struct crossing_ends back = { .from = lane->ends.to, .to = lane->ends.from };
	struct passage p;
	struct message *m;
	const struct message *request = server_txn_request(item->txn);
	unsigned status = status_for(request, message_status(answer), crossing_way(&back));
	enum err err = message_new_response(&m, request, &server_txn_flow(item->txn)->peer, status,
	                                    NULL, lane->tag);

	if (err)
		return err;
	passage_open(&p, answer, m, &back);
	headers_cross(&p);
	if (status == 415)
		bodies_say_accepted(&p);
	if (bodies_may_cross(answer, p.way))
		bodies_cross(&p);
	if (lane->ops->dress)
		lane->ops->dress(lane, &p);
	err = server_txn_respond(item->txn, m);
	message_free(&m);
	return err;
}

/* The first that waits, when none is under way. */
static void send_next(struct lane *lane)
{
	struct lane_item *item;
	enum err err;

	while ((item = TAILQ_FIRST(&lane->items)) && !item->out) {
		err = lane->ops->send(lane, server_txn_request(item->txn), item, &item->out);
		if (!err)
			return;
		if (err == ERR_NOT_NOW)
			lane_ask_later(item->txn);
		else if (err == ERR_REFUSED)
			server_txn_reply(item->txn, 403, NULL, NULL);
		else if (err == ERR_SYNTAX || err == ERR_NOT_FOUND)
			server_txn_reply(item->txn, err == ERR_SYNTAX ? 400 : 481, NULL, NULL);
		else
			server_txn_reply(item->txn, 500, NULL, NULL);
		free_item(item);
	}
}

void lane_on_end(void *arg, const struct message *answer, const char *why)
{
	struct lane_item *item = arg;
	struct lane *lane = item->lane;

	item->out = NULL;
	if (item->txn && (!answer || send_answer(item, answer)))
		server_txn_reply(item->txn, answer ? 500 : why ? 480 : 487, NULL, lane->tag);
	free_item(item);
	if (lane->ops->on_end(lane, answer, why))
		send_next(lane);
}

/* The sender has no use for an answer any more (RFC 4320 4.2). */
static void on_txn_end(void *arg)
{
	struct lane_item *item = arg;

	item->txn = NULL;
	if (!item->out)
		free_item(item);
}

void lane_take(struct lane *lane, struct server_txn *txn)
{
	struct lane_item *item = mem_zalloc(sizeof(*item));
	const struct server_txn_handler handler = { .on_end = on_txn_end, .arg = item };

	if (!item) {
		server_txn_reply(txn, 500, NULL, NULL);
		return;
	}
	item->lane = lane;
	item->txn = txn;
	server_txn_set_handler(txn, &handler);
	TAILQ_INSERT_TAIL(&lane->items, item, link);
	send_next(lane);
}

void lane_end(struct lane *lane, unsigned status)
{
	struct lane_item *item;

	while (lane->ops && (item = TAILQ_FIRST(&lane->items))) {
		if (item->txn)
			server_txn_reply(item->txn, status, NULL, NULL);
		free_item(item);
	}
}
