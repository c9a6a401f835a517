/* What media.c and anchor.c share; nobody else's. Signalling thread. */
#ifndef MEDIA_ENGINE_H
#define MEDIA_ENGINE_H

#include <sys/queue.h>
#include "media/media.h"
#include "media/port_pool.h"
#include "media/queue.h"
#include "media/worker.h"

struct media_realm {
	SLIST_ENTRY(media_realm) link;
	char *name;
	struct addr address;
	struct latch_cfg latch;
	struct port_pool *ports;
};

struct media_worker {
	struct worker *worker;
	size_t streams; /* that it carries */
};

struct media {
	struct queue back; /* from all workers */
	struct timers *timers;
	struct timer sweep; /* runs while messages are out */
	size_t out;         /* messages that have not come back */
	bool srtp_open;
	unsigned nworkers;
	struct media_worker *workers;
	SLIST_HEAD(, media_realm) realms;
};

/* Sends by a worker of media's. */
void media_send(struct media *media, struct media_worker *to, struct worker_msg *msg);

/* A WORKER_CLOSE came back: the worker has let go of a stream. */
void anchor_let_go(struct worker_msg *msg);
/* A WORKER_CHANGE came back, or was never sent. */
void anchor_changed(struct worker_msg *msg);

#endif
