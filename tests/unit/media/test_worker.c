/* media/worker.c and the queue under it. */
#include "media/worker.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/clock.h"
#include "tests/unit/alloc.h"
#include "tests/unit/media/udp.h"

#define PUSHERS 4
#define PUSHES  5000

struct parcel {
	struct queue_link link;
	unsigned pusher, number;
};

static struct parcel parcels[PUSHERS][PUSHES];

struct pusher {
	struct queue *q;
	unsigned number;
	pthread_t thread;
};

static void *push_all(void *arg)
{
	struct pusher *p = arg;

	for (unsigned i = 0; i < PUSHES; i++) {
		parcels[p->number][i].pusher = p->number;
		parcels[p->number][i].number = i;
		queue_push(p->q, &parcels[p->number][i].link);
	}
	return NULL;
}

/* What comes into an empty queue. */
static struct queue_link *wait_for(struct queue *q)
{
	struct queue_link *link = queue_take(q);

	for (unsigned ms = 0; !link && ms < UDP_WAIT_MS; ms++) {
		poll(NULL, 0, 1);
		link = queue_take(q);
	}
	assert_non_null(link);
	return link;
}

/* Nothing is lost, and what one thread pushes keeps its order. */
static void queue_takes_from_many(void **state)
{
	struct queue q = { NULL };
	struct pusher pushers[PUSHERS];
	unsigned seen = 0, next[PUSHERS] = { 0 };

	(void)state;
	for (unsigned i = 0; i < PUSHERS; i++) {
		pushers[i] = (struct pusher){ .q = &q, .number = i };
		assert_int_equal(pthread_create(&pushers[i].thread, NULL, push_all, &pushers[i]),
		                 0);
	}
	while (seen < PUSHERS * PUSHES) {
		for (struct queue_link *link = wait_for(&q); link; link = link->next) {
			const struct parcel *p = CONTAINER_OF(link, struct parcel, link);

			assert_int_equal(p->number, next[p->pusher]);
			next[p->pusher]++;
			seen++;
		}
	}
	for (unsigned i = 0; i < PUSHERS; i++)
		pthread_join(pushers[i].thread, NULL);
	assert_null(queue_take(&q));
}

static void queue_gives_the_oldest_first(void **state)
{
	struct queue q = { NULL };
	struct parcel a = { .number = 1 }, b = { .number = 2 };

	(void)state;
	assert_null(queue_take(&q));
	queue_push(&q, &a.link);
	queue_push(&q, &b.link);
	assert_ptr_equal(queue_take(&q), &a.link);
	assert_ptr_equal(a.link.next, &b.link);
	assert_null(b.link.next);
	assert_null(queue_take(&q));
	queue_push(&q, &a.link);
	assert_ptr_equal(queue_take(&q), &a.link);
}

static const struct latch_cfg latches = { .rule = SOURCE_LATCH };

struct rig {
	struct queue back;
	struct worker *worker;
	struct relay_stream s;
	struct udp ours[MEDIA_NSIDES][2], peer[MEDIA_NSIDES];
};

static void rig_open(struct rig *r)
{
	memset(r, 0, sizeof(*r));
	assert_int_equal(worker_new(&r->worker, &r->back, 3, 0), OK);
	relay_init(&r->s, "7f3a", 0);
	for (unsigned i = 0; i < MEDIA_NSIDES; i++) {
		r->peer[i] = udp_open();
		for (unsigned j = 0; j < 2; j++) {
			r->ours[i][j] = udp_open();
			assert_int_equal(fcntl(r->ours[i][j].fd, F_SETFL, O_NONBLOCK), 0);
		}
		relay_init_side(&r->s, (enum media_side)i, r->ours[i][0].fd, r->ours[i][1].fd,
		                &latches);
	}
}

static void rig_close(struct rig *r)
{
	worker_free(&r->worker);
	assert_null(r->worker);
	queue_take(&r->back);
	udp_close(&r->peer[SIDE_CALLER]);
	udp_close(&r->peer[SIDE_CALLEE]);
}

static struct worker_msg change_of(struct rig *r, enum media_side side)
{
	return (struct worker_msg){ .what = WORKER_CHANGE,
		                    .stream = &r->s,
		                    .change = { .side = side, .rtp = r->peer[side].addr } };
}

static void comes_back(struct rig *r, struct worker_msg *msg)
{
	worker_wake(r->worker);
	assert_ptr_equal(wait_for(&r->back), &msg->link);
	assert_null(msg->link.next);
}

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static void carries_a_stream(void **state)
{
	struct rig r;
	struct worker_msg caller, callee, stop;
	uint8_t packet[RTP_PACKET_MAX];

	(void)state;
	rig_open(&r);
	caller = change_of(&r, SIDE_CALLER);
	callee = change_of(&r, SIDE_CALLEE);
	stop = (struct worker_msg){ .what = WORKER_CLOSE, .stream = &r.s };
	assert_int_equal(worker_take_stream(r.worker, &r.s), OK);
	worker_send(r.worker, &caller);
	comes_back(&r, &caller);
	worker_send(r.worker, &callee);
	comes_back(&r, &callee);
	for (uint16_t seq = 1; seq <= 500; seq++) {
		udp_send(&r.peer[SIDE_CALLER], &r.ours[SIDE_CALLER][0].addr, packet,
		         make_rtp(packet, 1, seq));
		assert_int_equal(udp_recv(&r.peer[SIDE_CALLEE], packet, sizeof(packet), NULL),
		                 TEST_RTP_LEN);
		assert_int_equal(seq_of(packet), seq);
	}
	assert_true(is_open(r.ours[SIDE_CALLER][0].fd));
	worker_send(r.worker, &stop);
	comes_back(&r, &stop);
	for (unsigned i = 0; i < MEDIA_NSIDES; i++) {
		assert_int_equal(r.s.sides[i].rtp.fd, -1);
		assert_false(is_open(r.ours[i][0].fd));
		assert_false(is_open(r.ours[i][1].fd));
	}
	rig_close(&r);
}

/* A packet sent after a change finds it made, and nobody had to wake the worker for it. */
static void changes_come_before_packets(void **state)
{
	struct rig r;
	struct worker_msg caller, callee, stop;
	uint8_t packet[RTP_PACKET_MAX];

	(void)state;
	for (unsigned i = 0; i < 50; i++) {
		rig_open(&r);
		caller = change_of(&r, SIDE_CALLER);
		callee = change_of(&r, SIDE_CALLEE);
		stop = (struct worker_msg){ .what = WORKER_CLOSE, .stream = &r.s };
		assert_int_equal(worker_take_stream(r.worker, &r.s), OK);
		worker_send(r.worker, &callee);
		worker_send(r.worker, &caller);
		assert_null(queue_take(&r.back));
		udp_send(&r.peer[SIDE_CALLER], &r.ours[SIDE_CALLER][0].addr, packet,
		         make_rtp(packet, 1, 1));
		udp_recv(&r.peer[SIDE_CALLEE], packet, sizeof(packet), NULL);
		assert_ptr_equal(queue_take(&r.back), &callee.link);
		worker_send(r.worker, &stop);
		rig_close(&r);
	}
}

/* The same while the worker is busy with packets that came before: each round the callee is another
 * peer's, and what is sent then goes to nobody else. */
static void changes_come_between_packets(void **state)
{
	struct rig r;
	struct worker_msg caller, callee, stop;
	struct udp peers[2] = { udp_open(), udp_open() };
	uint8_t packet[RTP_PACKET_MAX], got[RTP_PACKET_MAX];
	const uint16_t last = 0xffff;

	(void)state;
	rig_open(&r);
	caller = change_of(&r, SIDE_CALLER);
	stop = (struct worker_msg){ .what = WORKER_CLOSE, .stream = &r.s };
	assert_int_equal(worker_take_stream(r.worker, &r.s), OK);
	worker_send(r.worker, &caller);
	comes_back(&r, &caller);
	for (unsigned i = 0; i < 1000; i++) {
		const struct udp *now = &peers[i % 2];

		for (unsigned n = 0; n < 3 + i % 20; n++)
			udp_send(&r.peer[SIDE_CALLER], &r.ours[SIDE_CALLER][0].addr, packet,
			         make_rtp(packet, 1, (uint16_t)n));
		callee = change_of(&r, SIDE_CALLEE);
		callee.change.rtp = now->addr;
		worker_send(r.worker, &callee);
		udp_send(&r.peer[SIDE_CALLER], &r.ours[SIDE_CALLER][0].addr, packet,
		         make_rtp(packet, 1, last));
		do {
			assert_int_equal(udp_recv(now, got, sizeof(got), NULL), TEST_RTP_LEN);
		} while (seq_of(got) != last);
		assert_ptr_equal(wait_for(&r.back), &callee.link);
	}
	worker_send(r.worker, &stop);
	rig_close(&r);
	udp_close(&peers[0]);
	udp_close(&peers[1]);
}

static void free_does_what_was_sent(void **state)
{
	struct rig r;
	struct worker_msg changes[100], stop;
	struct queue_link *link;
	unsigned n = 0;

	(void)state;
	rig_open(&r);
	assert_int_equal(worker_take_stream(r.worker, &r.s), OK);
	for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
		changes[i] = change_of(&r, i % 2 ? SIDE_CALLEE : SIDE_CALLER);
		worker_send(r.worker, &changes[i]);
	}
	stop = (struct worker_msg){ .what = WORKER_CLOSE, .stream = &r.s };
	worker_send(r.worker, &stop);
	worker_free(&r.worker);
	for (link = queue_take(&r.back); link; link = link->next) {
		if (n < ARRAY_LEN(changes))
			assert_ptr_equal(link, &changes[n].link);
		else
			assert_ptr_equal(link, &stop.link);
		n++;
	}
	assert_int_equal(n, ARRAY_LEN(changes) + 1);
	rig_close(&r);
}

static void unwatchable_streams_close_as_well(void **state)
{
	struct rig r;
	struct worker_msg stop;

	(void)state;
	rig_open(&r);
	close(r.ours[SIDE_CALLEE][1].fd);
	r.s.sides[SIDE_CALLEE].rtcp.fd = -1;
	assert_int_equal(worker_take_stream(r.worker, &r.s), ERR_IO);
	stop = (struct worker_msg){ .what = WORKER_CLOSE, .stream = &r.s };
	worker_send(r.worker, &stop);
	comes_back(&r, &stop);
	assert_false(is_open(r.ours[SIDE_CALLER][0].fd));
	rig_close(&r);
}

/* A number of the thread called name, from its status. */
static uint64_t status_of(const char *name, const char *what, int base)
{
	DIR *dir = opendir("/proc/self/task");
	uint64_t found = 0;
	struct dirent *e;

	assert_non_null(dir);
	while ((e = readdir(dir))) {
		char path[300], line[256];
		bool mine = false;
		FILE *f;

		snprintf(path, sizeof(path), "/proc/self/task/%s/status", e->d_name);
		f = fopen(path, "r");
		while (f && fgets(line, sizeof(line), f)) {
			if (strncmp(line, "Name:", 5) == 0)
				mine = strncmp(line + 6, name, strlen(name)) == 0;
			if (mine && strncmp(line, what, strlen(what)) == 0)
				found = strtoull(line + strlen(what), NULL, base);
		}
		if (f)
			fclose(f);
	}
	closedir(dir);
	return found;
}

#define BURST_STREAMS 8
#define BURST         100
#define TRICKLE       30 /* packets, of which each wakes the worker */

static uint64_t burst_came(struct rig *rigs)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < BURST_STREAMS * MEDIA_NSIDES; i++) {
		struct stream_stats st;

		relay_stats(&rigs[i / MEDIA_NSIDES].s, (enum media_side)(i % MEDIA_NSIDES), &st);
		n += st.packets_in;
	}
	return n;
}

static void wait_for_burst(struct rig *rigs, uint64_t n)
{
	for (unsigned ms = 0; burst_came(rigs) < n && ms < UDP_WAIT_MS; ms++)
		poll(NULL, 0, 1);
	assert_int_equal(burst_came(rigs), n);
}

/* A worker that is busy with many streams gathers packets, but does not leave the most of a burst
 * to wait for one waking each. */
static void bursts_do_not_wait(void **state)
{
	static struct rig rigs[BURST_STREAMS];
	static struct worker_msg changes[BURST_STREAMS * MEDIA_NSIDES], closes[BURST_STREAMS];
	const uint64_t all = TRICKLE + BURST_STREAMS * MEDIA_NSIDES * BURST;
	uint64_t wakings;
	uint8_t packet[RTP_PACKET_MAX];
	struct worker *worker;
	struct queue back = { NULL };

	(void)state;
	clock_fake(1000, 0);
	assert_int_equal(worker_new(&worker, &back, 4, 20000), OK);
	for (unsigned i = 0; i < BURST_STREAMS; i++) {
		rig_open(&rigs[i]);
		assert_int_equal(worker_take_stream(worker, &rigs[i].s), OK);
		closes[i] = (struct worker_msg){ .what = WORKER_CLOSE, .stream = &rigs[i].s };
	}
	for (unsigned i = 0; i < ARRAY_LEN(changes); i++) {
		changes[i] =
		    change_of(&rigs[i / MEDIA_NSIDES], (enum media_side)(i % MEDIA_NSIDES));
		worker_send(worker, &changes[i]);
	}
	for (uint16_t seq = 0; seq < TRICKLE; seq++) {
		if (seq == TRICKLE - 1)
			clock_fake_advance(10); /* it sees that it is busy */
		udp_send(&rigs[0].peer[0], &rigs[0].ours[0][0].addr, packet,
		         make_rtp(packet, 1, seq));
		wait_for_burst(rigs, seq + 1U);
	}
	wakings = status_of("media-4", "voluntary_ctxt_switches:", 10);
	for (unsigned i = 0; i < ARRAY_LEN(changes); i++) {
		const struct rig *r = &rigs[i / MEDIA_NSIDES];

		for (uint16_t seq = 0; seq < BURST; seq++)
			udp_send(&r->peer[i % MEDIA_NSIDES], &r->ours[i % MEDIA_NSIDES][0].addr,
			         packet, make_rtp(packet, 1, (uint16_t)(TRICKLE + seq)));
	}
	wait_for_burst(rigs, all);
	wakings = status_of("media-4", "voluntary_ctxt_switches:", 10) - wakings;
	assert_in_range(wakings, 1, BURST / 2);
	for (unsigned i = 0; i < BURST_STREAMS; i++)
		worker_send(worker, &closes[i]);
	worker_free(&worker);
	for (unsigned i = 0; i < BURST_STREAMS; i++)
		rig_close(&rigs[i]);
	clock_real();
}

static void signals_stay_with_signalling(void **state)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP, SIGCHLD, SIGUSR1 };
	struct rig r;
	struct worker_msg stop;
	sigset_t mine;
	uint64_t mask;

	(void)state;
	rig_open(&r);
	mask = status_of("media-3", "SigBlk:", 16);
	pthread_sigmask(SIG_SETMASK, NULL, &mine);
	for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
		assert_true(mask >> (signals[i] - 1) & 1);
		assert_false(sigismember(&mine, signals[i]));
	}
	stop = (struct worker_msg){ .what = WORKER_CLOSE, .stream = &r.s };
	worker_send(r.worker, &stop);
	rig_close(&r);
}

static void make_worker(void *arg)
{
	struct queue back = { NULL };
	struct worker *w = NULL;

	(void)arg;
	if (worker_new(&w, &back, 0, 0) == OK)
		worker_free(&w);
	assert_null(w);
	worker_free(&w);
}

static void survives_without_memory(void **state)
{
	(void)state;
	assert_int_equal(each_allocation_fails(make_worker, NULL), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(queue_takes_from_many),
		cmocka_unit_test(queue_gives_the_oldest_first),
		cmocka_unit_test(carries_a_stream),
		cmocka_unit_test(changes_come_before_packets),
		cmocka_unit_test(changes_come_between_packets),
		cmocka_unit_test(free_does_what_was_sent),
		cmocka_unit_test(unwatchable_streams_close_as_well),
		cmocka_unit_test(bursts_do_not_wait),
		cmocka_unit_test(signals_stay_with_signalling),
		cmocka_unit_test(survives_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
