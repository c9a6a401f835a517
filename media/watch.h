/* What is noticed of a call's media while the call stands: a side that should send and does not,
 * and for how long (one-way audio, a dead peer). Signalling thread. */
#ifndef MEDIA_WATCH_H
#define MEDIA_WATCH_H

#include <stdbool.h>
#include <stdint.h>
#include "base/timer.h"
#include "media/anchor.h"

/* A stream that stopped or never began is noticed within 3 s. */
#define WATCH_TICK_MS   500
#define WATCH_SILENT_MS 1800

struct watch_cfg {
	struct timers *timers;
	struct anchor *anchor;
	const char *id;                    /* the call's, for the log */
	const char *parties[MEDIA_NSIDES]; /* their names */
	/* Nothing came from the side for its realm's media time-out; it is not held. Once. */
	void (*on_dead)(void *arg, enum media_side side);
	void *arg;
};

/* The worst that there was of a side. */
struct watch_worst {
	uint32_t jitter_us, round_trip_us;
};

/* Embedded, zeroed to begin with; its owner's free function calls watch_stop. */
struct watch {
	struct watch_cfg cfg;
	struct timer tick;
	const char *silent_because[MEDIA_NSIDES]; /* the first time; NULL: never */
	struct watch_worst worst[MEDIA_NSIDES];
};

/* From now on; copies cfg, borrows what it points to. */
void watch_start(struct watch *w, const struct watch_cfg *cfg);
void watch_stop(struct watch *w);

#endif
