/* Files that change: each way of changing one is told, once, when it has settled. */
#include "certs/file_watch.h"
#include "tests/unit/certs/lab.h"

static struct {
	struct loop *loop;
	struct file_watch *watch;
	unsigned told;
} rig;

static void on_change(void *arg)
{
	UNUSED(arg);
	rig.told++;
}

static void stop(void *arg)
{
	loop_stop(arg);
}

/* Time goes on by so much, in which the loop serves what is ready. */
static void turn(uint64_t ms)
{
	struct timer timer = { 0 };

	timer_start(loop_timers(rig.loop), &timer, ms, stop, rig.loop);
	clock_fake_advance(ms);
	loop_run(rig.loop);
	timer_stop(&timer);
}

static int setup(void **state)
{
	UNUSED(state);
	snprintf(lab.dir, sizeof(lab.dir), "/tmp/trunkgate-watch.XXXXXX");
	if (!mkdtemp(lab.dir))
		return -1;
	log_capture(lab_on_log, NULL);
	return lab_shell(
	    "mkdir folder live && echo a >us.pem && echo a >live/v1 && ln -s v1 live/us.pem");
}

static int teardown(void **state)
{
	UNUSED(state);
	lab_close();
	return 0;
}

static int begin(void **state)
{
	UNUSED(state);
	rig.told = 0;
	clock_fake(1000, 1700000000);
	assert_int_equal(loop_new(&rig.loop), OK);
	assert_int_equal(file_watch_new(&rig.watch, rig.loop, on_change, NULL), OK);
	assert_int_equal(file_watch_add(rig.watch, lab_path("us.pem")), OK);
	assert_int_equal(file_watch_add(rig.watch, lab_path("live/us.pem")), OK);
	assert_int_equal(file_watch_add(rig.watch, lab_path("folder")), OK);
	return 0;
}

static int end(void **state)
{
	UNUSED(state);
	file_watch_free(&rig.watch);
	assert_null(rig.watch);
	loop_free(&rig.loop);
	clock_real();
	return 0;
}

/* Whether command is a change that is told. */
static void assert_tells(const char *command, bool tells)
{
	rig.told = 0;
	assert_int_equal(lab_shell(command), 0);
	turn(1);
	assert_int_equal(rig.told, 0);
	turn(FILE_WATCH_SETTLE_MS - 1);
	assert_int_equal(rig.told, 0);
	turn(1);
	if (rig.told != tells)
		fail_msg("%s: told %u times", command, rig.told);
	turn(FILE_WATCH_LATEST_MS);
	assert_int_equal(rig.told, tells);
}

static void changes_are_told(void **state)
{
	UNUSED(state);
	assert_tells("echo b >us.pem", true);
	assert_tells("echo c >new && mv new us.pem", true);
	assert_tells("rm us.pem", true);
	assert_tells("echo d >us.pem", true);
	assert_tells("echo e >live/v2 && ln -sf v2 live/us.pem", true);
	assert_tells("ln -sfn v3 live/..data", true);
	assert_tells("echo f >folder/a.crl", true);
	assert_tells("rm folder/a.crl", true);
	assert_tells("cat us.pem >/dev/null && echo g >trunkgate.log && echo g >live/other", false);
}

/* Many changes are one, and an end comes also to those that have none. */
static void changes_settle(void **state)
{
	UNUSED(state);
	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(lab_shell("echo x >us.pem"), 0);
		turn(FILE_WATCH_SETTLE_MS / 2);
	}
	assert_int_equal(rig.told, 0);
	turn(FILE_WATCH_SETTLE_MS);
	assert_int_equal(rig.told, 1);
	for (unsigned i = 0; i < 4 + 2 * FILE_WATCH_LATEST_MS / FILE_WATCH_SETTLE_MS; i++) {
		assert_int_equal(lab_shell("echo x >us.pem"), 0);
		turn(FILE_WATCH_SETTLE_MS / 2);
	}
	assert_int_equal(rig.told, 2);
}

static void what_cannot_be_watched_is_said(void **state)
{
	UNUSED(state);
	assert_int_equal(file_watch_add(rig.watch, lab_path("nowhere/us.pem")), ERR_IO);
	assert_tells("echo h >us.pem", true);
}

static void watch_with_failing_memory(void *arg)
{
	struct file_watch *w = NULL;
	enum err err = file_watch_new(&w, rig.loop, on_change, NULL);

	UNUSED(arg);
	if (!err)
		err = file_watch_add(w, lab_path("us.pem"));
	if (!err)
		err = file_watch_add(w, lab_path("folder"));
	assert_true(err == OK || err == ERR_NOMEM);
	file_watch_free(&w);
}

static void every_allocation_may_fail(void **state)
{
	UNUSED(state);
	assert_true(each_allocation_fails(watch_with_failing_memory, NULL) > 4);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(changes_are_told), TEST(changes_settle),
		                            TEST(what_cannot_be_watched_is_said),
		                            TEST(every_allocation_may_fail) };

	return cmocka_run_group_tests(tests, setup, teardown);
}
