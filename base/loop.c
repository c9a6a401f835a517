/* libevent waits for file descriptors; the timers are ours, so that a test's clock turns them as
 * well. The thread of the loop only. */
#include "base/loop.h"

#include <event2/event.h>
#include <sys/queue.h>
#include "base/mem.h"

struct loop_signal {
	SLIST_ENTRY(loop_signal) link;
	struct event *event;
	void (*fn)(void *arg);
	void *arg;
};

struct loop {
	struct event_base *base;
	struct event *wakeup; /* when the next timer is due */
	struct timers *timers;
	SLIST_HEAD(, loop_signal) signals;
	bool stop;
};

struct io {
	struct loop *loop;
	struct event *event;
	int fd, events;
	void (*fn)(void *arg, int events);
	void *arg;
};

static void on_wakeup(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
}

enum err loop_new(struct loop **out)
{
	struct event_config *cfg = NULL;
	struct loop *loop = mem_zalloc(sizeof(*loop));

	if (!loop)
		return ERR_NOMEM;
	cfg = event_config_new();
	if (!cfg || timers_new(&loop->timers))
		goto fail;
	/* Without EVENT_BASE_FLAG_PRECISE_TIMER, which arms a timerfd each time that it waits. What
	 * is late by a tick of the kernel for it (4 ms) is no timer of SIP's. */
	event_config_set_flag(cfg, EVENT_BASE_FLAG_NOLOCK);
	loop->base = event_base_new_with_config(cfg);
	if (!loop->base)
		goto fail;
	loop->wakeup = event_new(loop->base, -1, 0, on_wakeup, NULL);
	if (!loop->wakeup)
		goto fail;
	event_config_free(cfg);
	*out = loop;
	return OK;
fail:
	if (cfg)
		event_config_free(cfg);
	loop_free(&loop);
	return ERR_NOMEM;
}

void loop_free(struct loop **loopp)
{
	struct loop *loop = *loopp;
	struct loop_signal *s;

	if (!loop)
		return;
	while ((s = SLIST_FIRST(&loop->signals))) {
		SLIST_REMOVE_HEAD(&loop->signals, link);
		event_free(s->event);
		mem_free(s);
	}
	if (loop->wakeup)
		event_free(loop->wakeup);
	if (loop->base)
		event_base_free(loop->base);
	timers_free(&loop->timers);
	mem_free(loop);
	*loopp = NULL;
}

void loop_run(struct loop *loop)
{
	loop->stop = false;
	while (!loop->stop) {
		uint64_t ms = timers_next_ms(loop->timers);

		if (ms != UINT64_MAX) {
			struct timeval tv = { .tv_sec = (time_t)(ms / 1000),
				              .tv_usec = (suseconds_t)(ms % 1000 * 1000) };

			event_add(loop->wakeup, &tv);
		} else {
			event_del(loop->wakeup);
		}
		event_base_loop(loop->base, EVLOOP_ONCE | EVLOOP_NO_EXIT_ON_EMPTY);
		timers_run(loop->timers);
	}
}

void loop_stop(struct loop *loop)
{
	loop->stop = true;
	event_base_loopbreak(loop->base);
}

struct timers *loop_timers(struct loop *loop)
{
	return loop->timers;
}

static void on_ready(evutil_socket_t fd, short what, void *arg)
{
	struct io *io = arg;

	(void)fd;
	io->fn(io->arg, (what & EV_READ ? IO_READ : 0) | (what & EV_WRITE ? IO_WRITE : 0));
}

/* The new interest in place of the old; without any the event rests. */
static enum err arm(struct io *io, int events)
{
	short what = (short)(EV_PERSIST | (events & IO_READ ? EV_READ : 0) |
	                     (events & IO_WRITE ? EV_WRITE : 0));

	event_del(io->event);
	io->events = events;
	if (!events)
		return OK;
	if (event_assign(io->event, io->loop->base, io->fd, what, on_ready, io) != 0)
		return ERR_IO;
	return event_add(io->event, NULL) == 0 ? OK : ERR_IO;
}

enum err io_new(struct io **out, struct loop *loop, int fd, int events, void (*fn)(void *, int),
                void *arg)
{
	struct io *io = mem_zalloc(sizeof(*io));
	enum err err = ERR_NOMEM;

	if (!io)
		return ERR_NOMEM;
	*io = (struct io){ .loop = loop, .fd = fd, .fn = fn, .arg = arg };
	io->event = event_new(loop->base, fd, EV_READ | EV_PERSIST, on_ready, io);
	if (!io->event)
		goto fail;
	err = arm(io, events);
	if (err)
		goto fail;
	*out = io;
	return OK;
fail:
	io_free(&io);
	return err;
}

enum err io_set(struct io *io, int events)
{
	return events == io->events ? OK : arm(io, events);
}

void io_free(struct io **iop)
{
	if (!*iop)
		return;
	if ((*iop)->event)
		event_free((*iop)->event);
	mem_free(*iop);
	*iop = NULL;
}

static void on_signal(evutil_socket_t fd, short what, void *arg)
{
	struct loop_signal *s = arg;

	(void)fd;
	(void)what;
	s->fn(s->arg);
}

enum err loop_on_signal(struct loop *loop, int signo, void (*fn)(void *), void *arg)
{
	struct loop_signal *s = mem_zalloc(sizeof(*s));

	if (!s)
		return ERR_NOMEM;
	s->fn = fn;
	s->arg = arg;
	s->event = evsignal_new(loop->base, signo, on_signal, s);
	if (!s->event || event_add(s->event, NULL) != 0) {
		if (s->event)
			event_free(s->event);
		mem_free(s);
		return ERR_NOMEM;
	}
	SLIST_INSERT_HEAD(&loop->signals, s, link);
	return OK;
}
