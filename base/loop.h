/* The event loop; the only user of libevent. A loop belongs to one thread: the signalling thread
 * has one. */
#ifndef BASE_LOOP_H
#define BASE_LOOP_H

#include <stdbool.h>
#include "base/err.h"
#include "base/timer.h"

struct loop;
struct io; /* interest in one file descriptor */

enum io_events { IO_READ = 1, IO_WRITE = 2 };

MUST_USE enum err loop_new(struct loop **out);
void loop_free(struct loop **loopp); /* all io and signals must be gone */

/* Runs until loop_stop. */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);
/* The timers that loop_run serves. */
struct timers *loop_timers(struct loop *loop);

/* Calls fn(arg, events) while fd is ready, until io_free. The fd stays its owner's: io_free, then
 * close. events: IO_READ, IO_WRITE or both. */
MUST_USE enum err io_new(struct io **out, struct loop *loop, int fd, int events,
                         void (*fn)(void *arg, int events), void *arg);
MUST_USE enum err io_set(struct io *io, int events); /* 0: none for now */
void io_free(struct io **iop);

/* Calls fn(arg) on the loop when the process gets signo, until loop_free. */
MUST_USE enum err loop_on_signal(struct loop *loop, int signo, void (*fn)(void *arg), void *arg);

#endif
