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
	unsigned timeout_ms, keepalive_ms;
	bool nearly_full; /* that was said */
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

/* A pair of the realm's, said in the log when few are left. As port_pool_take. */
MUST_USE enum err media_take_ports(struct media_realm *realm, struct port_pair *out);
/* Sends by a worker of media's. */
void media_send(struct media *media, struct media_worker *to, struct worker_msg *msg);

/* A WORKER_CLOSE came back: the worker has let go of a stream. */
void anchor_let_go(struct worker_msg *msg);
/* A WORKER_CHANGE came back, or was never sent. */
void anchor_changed(struct worker_msg *msg);

#endif
