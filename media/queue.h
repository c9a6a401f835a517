/* A queue between threads: many may push, one takes. Lock-free: an intrusive list behind one atomic
 * pointer. It wakes nobody. */
#ifndef MEDIA_QUEUE_H
#define MEDIA_QUEUE_H

#include <stdatomic.h>
#include <stdbool.h>

/* Embedded in what travels; in one queue at a time. */
struct queue_link {
	struct queue_link *next;
};

/* Zeroed: empty. */
struct queue {
	_Atomic(struct queue_link *) newest;
};

/* Any thread. Takes link until somebody takes it out. */
void queue_push(struct queue *q, struct queue_link *link);
/* Any thread. What was pushed before something else that this thread has seen, is seen. */
bool queue_waits(const struct queue *q);
/* The one taking thread: all that is there, oldest first, linked by next; NULL when empty. */
struct queue_link *queue_take(struct queue *q);

#endif
