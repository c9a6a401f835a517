/* Timers: one set per loop, each timer embedded in the object that it serves, so that none can fail
 * to start. The thread of the set's loop only. */
#ifndef BASE_TIMER_H
#define BASE_TIMER_H

#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"

/* Embedded; zeroed means stopped. Its owner's free function calls timer_stop. */
struct timer {
	uint64_t due_ms;
	void (*fn)(void *arg);
	void *arg;
	struct timers *set; /* NULL: stopped */
	bool lazy;
	/* A pairing heap's links. */
	struct timer *child, *next, *prev;
};

#define TIMER_LAZY_MS 100

struct timers;

MUST_USE enum err timers_new(struct timers **out);
void timers_free(struct timers **setp);

/* Calls fn(arg) in_ms (at least 1) from now, once. A timer that runs is moved. */
void timer_start(struct timers *set, struct timer *t, uint64_t in_ms, void (*fn)(void *),
                 void *arg);
/* The same for what nobody waits for: the loop may sleep TIMER_LAZY_MS past its time, so that many
 * are served when it wakes once. */
void timer_start_lazy(struct timers *set, struct timer *t, uint64_t in_ms, void (*fn)(void *),
                      void *arg);
/* Calls fn(arg) when timers_run is called next. Not for a timer's own function: it would never end.
 */
void timer_start_next(struct timers *set, struct timer *t, void (*fn)(void *), void *arg);
void timer_stop(struct timer *t); /* a stopped one is fine */
bool timer_running(const struct timer *t);

/* Calls all that are due by clock_mono_ms(), in order of time. */
void timers_run(struct timers *set);
/* Milliseconds until somebody must call timers_run; 0 when one is due, UINT64_MAX when there is
 * none. */
uint64_t timers_next_ms(const struct timers *set);

#endif
