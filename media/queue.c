/* Pushing puts a link in front of the newest; taking detaches the whole list at once and turns it
 * round. With nothing ever removed from the middle there is no ABA to fear. */
#include "media/queue.h"

#include <stddef.h>

void queue_push(struct queue *q, struct queue_link *link)
{
	struct queue_link *newest = atomic_load_explicit(&q->newest, memory_order_relaxed);

	do {
		link->next = newest;
	} while (!atomic_compare_exchange_weak_explicit(
	    &q->newest, &newest, link, memory_order_release, memory_order_relaxed));
}

bool queue_waits(const struct queue *q)
{
	return atomic_load_explicit(&q->newest, memory_order_relaxed);
}

struct queue_link *queue_take(struct queue *q)
{
	struct queue_link *link, *oldest = NULL;

	/* A look costs less than an exchange, and mostly there is nothing. */
	if (!queue_waits(q))
		return NULL;
	link = atomic_exchange_explicit(&q->newest, NULL, memory_order_acquire);
	while (link) {
		struct queue_link *older = link->next;

		link->next = oldest;
		oldest = link;
		link = older;
	}
	return oldest;
}
