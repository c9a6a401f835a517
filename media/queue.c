/* Pushing puts a link in front of the newest; taking detaches the whole list at once and turns it
 * round. With nothing ever removed from the middle there is no ABA to fear. */
#include "media/queue.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum err queue_open(struct queue *q)
{
	atomic_init(&q->newest, NULL);
	q->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	return q->event_fd < 0 ? ERR_IO : OK;
}

void queue_close(struct queue *q)
{
	if (q->event_fd < 0)
		return;
	assert(!atomic_load(&q->newest));
	close(q->event_fd);
	q->event_fd = -1;
}

void queue_push(struct queue *q, struct queue_link *link)
{
	struct queue_link *newest = atomic_load_explicit(&q->newest, memory_order_relaxed);
	const uint64_t one = 1;
	ssize_t n;

	do {
		link->next = newest;
	} while (!atomic_compare_exchange_weak_explicit(
	    &q->newest, &newest, link, memory_order_release, memory_order_relaxed));
	if (newest)
		return; /* whoever filled the empty queue has rung */
	do {
		n = write(q->event_fd, &one, sizeof(one));
	} while (n < 0 && errno == EINTR);
	/* Only a counter at its limit could refuse, and then it is readable as it is. */
	assert(n == (ssize_t)sizeof(one) || errno == EAGAIN);
}

struct queue_link *queue_take(struct queue *q)
{
	struct queue_link *link, *oldest = NULL;
	uint64_t rings;
	ssize_t n;

	/* Calm first, take then: a push in between rings again, at worst for nothing. */
	do {
		n = read(q->event_fd, &rings, sizeof(rings));
	} while (n < 0 && errno == EINTR);
	link = atomic_exchange_explicit(&q->newest, NULL, memory_order_acquire);
	while (link) {
		struct queue_link *older = link->next;

		link->next = oldest;
		oldest = link;
		link = older;
	}
	return oldest;
}
