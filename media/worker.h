/* A worker: a thread that carries the packets of the streams that it was given. Signalling talks to
 * it by messages, and finds each message in back when the worker is done with what it holds. */
#ifndef MEDIA_WORKER_H
#define MEDIA_WORKER_H

#include "base/err.h"
#include "media/queue.h"
#include "media/relay.h"

struct worker;

enum worker_what {
	WORKER_CHANGE, /* of one side of a stream */
	WORKER_CLOSE,  /* a stream */
	WORKER_STOP,   /* the thread ends; does not come back */
};

struct worker_msg {
	struct queue_link link;
	enum worker_what what;
	struct relay_stream *stream; /* of CHANGE and CLOSE */
	struct relay_change change;  /* CHANGE */
};

/* back: where messages return to, without a word; it outlives the worker. number: for the thread's
 * name. gather_us: so long may packets wait for others while many come; 0: not at all. */
MUST_USE enum err worker_new(struct worker **out, struct queue *back, unsigned number,
                             unsigned gather_us);
/* Does what was sent before, then ends the thread. NULL is fine. */
void worker_free(struct worker **wp);

/* Hands a stream over, sockets and all; they are the worker's until it closed them for a
 * WORKER_CLOSE. ERR_IO: the system has no room to watch; send WORKER_CLOSE then, too. */
MUST_USE enum err worker_take_stream(struct worker *w, struct relay_stream *s);
/* Before a CHANGE with renew: watches its sockets, which are the worker's from then on, as the old
 * ones are until it closed them. ERR_IO as above: nothing has changed then. */
MUST_USE enum err worker_watch(struct worker *w, struct relay_stream *s,
                               const struct relay_change *renewal);
/* Takes msg until it comes back. Messages are served in the order sent, before the next packet that
 * comes, or when the worker is woken. */
void worker_send(struct worker *w, struct worker_msg *msg);
void worker_wake(struct worker *w);
/* Any thread. How many packets came in a second when it last looked, a second or more before it
 * woke last. */
unsigned worker_load(const struct worker *w);

#endif
