/* A thread with one epoll: the sockets of its streams, and a bell. Packets go in batches: all are
 * received, then all treated, then all sent. Between the first two steps it looks into the queue
 * from signalling. What a stream holds is touched by its worker alone. Nothing is locked. */
#include "media/worker.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/mem.h"
#include "base/timer.h"
#include "media/primer.h"

#define EVENTS_MAX 256
#define BATCH      64    /* packets */
#define DRAIN_MAX  64    /* of a port on a waking, when it has a queue */
#define WINDOW_US  10000 /* whether it is busy is judged over so long */
#define BUSY       20    /* from so many packets in it on, while a waking has */
#define ENOUGH     4     /* less than so many, it is worth waiting for more */
#define WINDOWS    16    /* in one of so many nobody waits */

struct worker {
	struct queue in; /* from signalling */
	/* Taken out of it, but for after the packets in hand; the oldest first. */
	struct queue_link *later, **later_end;
	struct queue *back;
	int bell_fd;           /* wakes the thread */
	struct timers *timers; /* the thread's */
	int epoll_fd;
	unsigned gather_us;
	uint64_t window_us; /* since when they are counted */
	unsigned packets;
	uint64_t window_waking; /* the number of the last one before */
	unsigned windows;       /* that waited, and the one that does; 0: this one does not */
	uint64_t waking;        /* its number */
	uint64_t second_us, in_second; /* since when, and how many packets */
	_Atomic unsigned load;
	bool busy;
	bool started;
	pthread_t thread;
	struct worker_msg stop;
	unsigned nbatch;
	struct relay_packet batch[BATCH];
};

static void close_fd(int *fd)
{
	if (*fd < 0)
		return;
	close(*fd); /* epoll forgets it with that: nobody else has it, for we never fork */
	*fd = -1;
}

static void close_stream(struct relay_stream *s)
{
	primer_stop(s);
	for (unsigned i = 0; i < MEDIA_NSIDES; i++) {
		close_fd(&s->sides[i].rtp.fd);
		close_fd(&s->sides[i].rtcp.fd);
	}
}

/* Applies the changes that came; what else did has to wait until the packets in hand are through.
 */
static void serve_changes(struct worker *w)
{
	struct queue_link *link = queue_take(&w->in), *next;

	for (; link; link = next) {
		struct worker_msg *msg = CONTAINER_OF(link, struct worker_msg, link);

		next = link->next;
		if (msg->what == WORKER_CHANGE) {
			msg->stream->timers = w->timers;
			relay_apply(msg->stream, &msg->change);
			if (msg->change.renew) {
				close_fd(&msg->change.rtp_fd);
				close_fd(&msg->change.rtcp_fd);
			}
			queue_push(w->back, link);
		} else {
			link->next = NULL;
			*w->later_end = link;
			w->later_end = &link->next;
		}
	}
}

/* False: a stop was among them. */
static bool serve_closes(struct worker *w)
{
	struct queue_link *link = w->later, *next;

	w->later = NULL;
	w->later_end = &w->later;
	for (; link; link = next) {
		struct worker_msg *msg = CONTAINER_OF(link, struct worker_msg, link);

		next = link->next;
		if (msg->what == WORKER_STOP) {
			assert(!next);
			return false;
		}
		close_stream(msg->stream);
		queue_push(w->back, link);
	}
	return true;
}

static void calm_bell(const struct worker *w)
{
	uint64_t rings;
	ssize_t n;

	do {
		n = read(w->bell_fd, &rings, sizeof(rings));
	} while (n < 0 && errno == EINTR);
}

/* For epoll_wait, in ms. */
static int time_to_wait(const struct timers *timers)
{
	uint64_t next_ms = timers_next_ms(timers);

	return next_ms > INT_MAX ? -1 : (int)next_ms;
}

/* To wake up costs as much as to relay a few packets: while many come that each wake us, let more
 * of them come first. To be woken by the clock costs more than by a packet, so where they come many
 * at a time of themselves there is nothing to win. That shows only while nobody waits: in one
 * window of several. */
static void gather(struct worker *w, bool more_wait)
{
	uint64_t now_us = clock_mono_us();

	if (now_us - w->window_us >= WINDOW_US) {
		bool many = now_us - w->window_us < 2 * WINDOW_US && w->packets >= BUSY;
		uint64_t wakings = w->waking - w->window_waking;

		if (!many || w->windows == 0)
			w->busy = many && w->packets < wakings * ENOUGH;
		w->windows = w->busy ? (w->windows + 1) % WINDOWS : 0;
		w->packets = 0;
		w->window_us = now_us;
		w->window_waking = w->waking;
	}
	if (w->windows > 0 && !more_wait)
		clock_pause(w->gather_us);
}

static void count(struct worker *w, uint64_t now_us)
{
	uint64_t us = now_us - w->second_us;

	w->packets += w->nbatch;
	w->in_second += w->nbatch;
	if (us < 1000000)
		return;
	atomic_store_explicit(&w->load, (unsigned)(w->in_second * 1000000 / us),
	                      memory_order_relaxed);
	w->in_second = 0;
	w->second_us = now_us;
}

/* News goes before the packets that were received: it may have been sent before them. */
static void pass_on(struct worker *w)
{
	uint64_t now_us = clock_mono_us();

	serve_changes(w);
	for (unsigned i = 0; i < w->nbatch; i++)
		relay_treat(&w->batch[i], now_us);
	for (unsigned i = 0; i < w->nbatch; i++)
		relay_send(&w->batch[i]);
	count(w, now_us);
	w->nbatch = 0;
}

/* A stream has a packet in 20 ms: to ask for another one would cost more than to be told of it. But
 * where something waited at the waking before as well, more of it may have come than one. */
static void receive(struct worker *w, struct relay_port *port)
{
	unsigned n = port->waking + 1 == w->waking ? DRAIN_MAX : 1;

	port->waking = w->waking;
	for (; n > 0 && relay_receive(&w->batch[w->nbatch], port); n--) {
		if (++w->nbatch == BATCH)
			pass_on(w);
	}
}

static void *run(void *arg)
{
	struct worker *w = arg;
	struct epoll_event events[EVENTS_MAX];
	int n;

	do {
		n = epoll_wait(w->epoll_fd, events, EVENTS_MAX, time_to_wait(w->timers));
		assert(n >= 0 || errno == EINTR);
		w->waking++;
		for (int i = 0; i < n; i++) {
			/* Calm first, look then: who rings in between rings again, at worst for
			 * nothing. */
			if (!events[i].data.ptr) {
				calm_bell(w);
				continue;
			}
			if (events[i].events & EPOLLERR)
				relay_read_errors(events[i].data.ptr);
			receive(w, events[i].data.ptr);
		}
		pass_on(w);
		timers_run(w->timers);
		if (w->gather_us)
			gather(w, n == EVENTS_MAX);
		/* Behind them: a stream that is closed now has no event left in hand. */
	} while (serve_closes(w));
	return NULL;
}

/* ptr NULL: the bell. */
static enum err watch(struct worker *w, int fd, void *ptr)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = ptr };

	return epoll_ctl(w->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0 ? OK : ERR_IO;
}

/* Signals are signalling's. */
static enum err start(struct worker *w, unsigned number)
{
	sigset_t all, before;
	char name[16];

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	w->started = pthread_create(&w->thread, NULL, run, w) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!w->started)
		return ERR_LIMIT;
	snprintf(name, sizeof(name), "media-%u", number);
	pthread_setname_np(w->thread, name);
	return OK;
}

enum err worker_new(struct worker **out, struct queue *back, unsigned number, unsigned gather_us)
{
	struct worker *w = mem_zalloc(sizeof(*w));
	enum err err;

	if (!w)
		return ERR_NOMEM;
	w->back = back;
	w->gather_us = gather_us;
	w->later_end = &w->later;
	w->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	w->bell_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	err = w->epoll_fd < 0 || w->bell_fd < 0 ? ERR_IO : watch(w, w->bell_fd, NULL);
	if (!err)
		err = timers_new(&w->timers);
	if (!err)
		err = start(w, number);
	if (err) {
		worker_free(&w);
		return err;
	}
	*out = w;
	return OK;
}

void worker_free(struct worker **wp)
{
	struct worker *w = *wp;

	if (!w)
		return;
	if (w->started) {
		w->stop.what = WORKER_STOP;
		worker_send(w, &w->stop);
		worker_wake(w);
		pthread_join(w->thread, NULL);
	}
	timers_free(&w->timers);
	if (w->bell_fd >= 0)
		close(w->bell_fd);
	if (w->epoll_fd >= 0)
		close(w->epoll_fd);
	mem_free(w);
	*wp = NULL;
}

enum err worker_take_stream(struct worker *w, struct relay_stream *s)
{
	for (unsigned i = 0; i < MEDIA_NSIDES; i++) {
		struct relay_side *side = &s->sides[i];

		/* From the first one on the stream may be in use there. */
		if (watch(w, side->rtp.fd, &side->rtp) || watch(w, side->rtcp.fd, &side->rtcp))
			return ERR_IO;
	}
	return OK;
}

enum err worker_watch(struct worker *w, struct relay_stream *s, const struct relay_change *renewal)
{
	struct relay_side *side = &s->sides[renewal->side];

	if (watch(w, renewal->rtp_fd, &side->rtp))
		return ERR_IO;
	if (watch(w, renewal->rtcp_fd, &side->rtcp) == OK)
		return OK;
	epoll_ctl(w->epoll_fd, EPOLL_CTL_DEL, renewal->rtp_fd, NULL);
	return ERR_IO;
}

void worker_send(struct worker *w, struct worker_msg *msg)
{
	queue_push(&w->in, &msg->link);
}

void worker_wake(struct worker *w)
{
	const uint64_t one = 1;
	ssize_t n;

	if (!queue_waits(&w->in))
		return;
	do {
		n = write(w->bell_fd, &one, sizeof(one));
	} while (n < 0 && errno == EINTR);
	/* Only a counter at its limit could refuse, and then it is readable as it is. */
	assert(n == (ssize_t)sizeof(one) || errno == EAGAIN);
}

unsigned worker_load(const struct worker *w)
{
	return atomic_load_explicit(&w->load, memory_order_relaxed);
}
