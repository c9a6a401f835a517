/* A queue between threads: many may push, one takes. Lock-free: an intrusive list behind one atomic
 * pointer, and an eventfd that says that there is something. */
#ifndef MEDIA_QUEUE_H
#define MEDIA_QUEUE_H

#include <stdatomic.h>
#include "base/err.h"

/* Embedded in what travels; in one queue at a time. */
struct queue_link {
	struct queue_link *next;
};

struct queue {
	_Atomic(struct queue_link *) newest;
	int event_fd; /* readable while the queue was filled and not taken; -1: not open */
};

MUST_USE enum err queue_open(struct queue *q);
/* It must be empty. A queue that never opened, with event_fd -1, is fine. */
void queue_close(struct queue *q);

/* Any thread. Takes link until somebody takes it out. */
void queue_push(struct queue *q, struct queue_link *link);
/* The one taking thread: all that is there, oldest first, linked by next; NULL when empty. Calms
 * the event_fd. */
struct queue_link *queue_take(struct queue *q);

#endif
