/* base/loop.c */
#include "base/loop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/mem.h"
#include "tests/unit/alloc.h"

static struct loop *loop;
static struct io *io;
static int fds[2];
static unsigned reads, writes, signals;

static int open_loop(void **state)
{
	(void)state;
	reads = writes = signals = 0;
	return loop_new(&loop) || pipe(fds) ? -1 : 0;
}

static int close_loop(void **state)
{
	(void)state;
	io_free(&io);
	loop_free(&loop);
	close(fds[0]);
	close(fds[1]);
	return 0;
}

static void on_read(void *arg, int events)
{
	char c;

	assert_ptr_equal(arg, fds);
	assert_int_equal(events, IO_READ);
	assert_int_equal(read(fds[0], &c, 1), 1);
	if (++reads == 3)
		loop_stop(loop);
}

static void test_read(void **state)
{
	(void)state;
	assert_int_equal(io_new(&io, loop, fds[0], IO_READ, on_read, fds), OK);
	assert_int_equal(write(fds[1], "abc", 3), 3);
	loop_run(loop);
	assert_int_equal(reads, 3);
}

static void on_timer(void *arg)
{
	(void)arg;
	loop_stop(loop);
}

static void on_write(void *arg, int events)
{
	(void)arg;
	assert_int_equal(events, IO_WRITE);
	writes++;
	assert_int_equal(io_set(io, 0), OK); /* rests */
}

static void test_write_and_timer(void **state)
{
	struct timer t = { 0 };
	uint64_t begun_ms = clock_mono_ms();

	(void)state;
	assert_int_equal(io_new(&io, loop, fds[1], IO_WRITE, on_write, NULL), OK);
	timer_start(loop_timers(loop), &t, 20, on_timer, NULL);
	loop_run(loop);
	assert_int_equal(writes, 1);
	assert_in_range(clock_mono_ms() - begun_ms, 20, 1000);
}

static void on_signal(void *arg)
{
	(void)arg;
	signals++;
	loop_stop(loop);
}

static void test_signal(void **state)
{
	(void)state;
	assert_int_equal(loop_on_signal(loop, SIGUSR1, on_signal, NULL), OK);
	raise(SIGUSR1);
	loop_run(loop);
	assert_int_equal(signals, 1);
}

static void make(void *arg)
{
	struct loop *l;
	struct io *i = NULL;

	(void)arg;
	if (loop_new(&l))
		return;
	if (io_new(&i, l, fds[0], IO_READ, on_read, NULL) == OK)
		io_free(&i);
	if (loop_on_signal(l, SIGUSR2, on_signal, NULL) != OK)
		assert_true(mem_has_failed());
	loop_free(&l);
}

static void test_no_memory(void **state)
{
	(void)state;
	assert_true(each_allocation_fails(make, NULL) > 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_read, open_loop, close_loop),
		cmocka_unit_test_setup_teardown(test_write_and_timer, open_loop, close_loop),
		cmocka_unit_test_setup_teardown(test_signal, open_loop, close_loop),
		cmocka_unit_test_setup_teardown(test_no_memory, open_loop, close_loop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
