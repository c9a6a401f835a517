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
	    "mkdir folder far live archive r1 r2 up up/own && echo a >us.pem && echo a >archive/v1 && "
	    "ln -s ../archive/v1 live/us.pem && ln -s \"$PWD/live/us.pem\" ours.pem && "
	    "echo a >r1/us.pem && echo a >r2/us.pem && ln -s r1 now && echo a >up/own/us.pem && "
	    "mkdir k8s k8s/..1 && echo a >k8s/..1/us.pem && ln -s ..1 k8s/..data && "
	    "ln -s ..data/us.pem k8s/us.pem && echo a >far/c.crl && ln -s ../far/c.crl folder/ && "
	    "ln -s nowhere folder/b.crl");
}

static int teardown(void **state)
{
	UNUSED(state);
	lab_close();
	return 0;
}

static const char *const paths[] = { "us.pem",        "ours.pem",   "now/us.pem",
	                             "up/own/us.pem", "k8s/us.pem", "folder" };

static int begin(void **state)
{
	UNUSED(state);
	rig.told = 0;
	clock_fake(1000, 1700000000);
	assert_int_equal(loop_new(&rig.loop), OK);
	assert_int_equal(file_watch_new(&rig.watch, rig.loop, on_change, NULL), OK);
	lab_log_clear();
	for (size_t i = 0; i < ARRAY_LEN(paths); i++)
		assert_int_equal(file_watch_add(rig.watch, lab_path(paths[i])), OK);
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
	assert_tells("echo f >folder/a.crl", true);
	assert_tells("rm folder/a.crl", true);
	assert_tells("cat us.pem >/dev/null && echo g >trunkgate.log && echo g >live/other", false);
}

/* certbot: our link to its link, which is turned to the new file. */
static void links_are_followed(void **state)
{
	UNUSED(state);
	assert_tells("echo b >archive/v1", true);
	assert_tells("echo b >archive/v2", false);
	assert_tells("ln -sfn ../archive/v2 live/us.pem", true);
	assert_tells("echo c >archive/v2", true);
	assert_tells("echo c >archive/v1", false);
	assert_tells("ln -sfn archive/v1 ours.pem", true);
	assert_tells("ln -sfn ../archive/v1 live/us.pem", false);
	assert_tells("ln -sfn r2 now", true);
	assert_tells("echo d >r2/us.pem", true);
	assert_tells("echo d >r1/us.pem", false);
	assert_tells("mkdir k8s/..2 && echo b >k8s/..2/us.pem", false);
	assert_tells("ln -s ..2 k8s/.tmp && mv -T k8s/.tmp k8s/..data", true);
	assert_tells("echo e >far/c.crl", true);
	assert_string_equal(lab.log, "");
}

static void folders_are_replaced(void **state)
{
	UNUSED(state);
	assert_tells(
	    "mkdir up/new && echo b >up/new/us.pem && mv up/own up/old && mv up/new up/own", true);
	assert_tells("echo c >up/own/us.pem", true);
	assert_tells("echo c >up/old/us.pem", false);
	assert_tells("mv up down && mkdir -p up/own && echo d >up/own/us.pem", true);
	assert_tells("echo e >up/own/us.pem", true);
	assert_tells("rm -r folder && mkdir folder", true);
	assert_tells("echo f >folder/a.crl", true);
	assert_string_equal(lab.log, "");
}

/* A folder that is gone for longer: said once, and found again. */
static void what_is_gone_is_waited_for(void **state)
{
	UNUSED(state);
	assert_tells("rm -r up", true);
	assert_has(lab.log, "warn event=watch result=lost file=");
	assert_has(lab.log, "up/own/us.pem");
	lab_log_clear();
	assert_tells("echo g >us.pem", true);
	assert_tells("mkdir up", true);
	assert_string_equal(lab.log, "");
	assert_tells("mkdir up/own && echo d >up/own/us.pem", true);
	assert_tells("echo e >up/own/us.pem", true);
	assert_tells("echo e >us.pem", true);
	assert_string_equal(lab.log, "");
}

/* Each file that is lost is said, also while another one is. */
static void each_that_is_gone_is_said(void **state)
{
	UNUSED(state);
	assert_int_equal(lab_shell("mkdir -p up/own"), 0);
	assert_tells("rm -r up", true);
	assert_has(lab.log, "up/own/us.pem");
	lab_log_clear();
	assert_tells("rm -r r2 && rm now", true);
	assert_has(lab.log, "now/us.pem");
	assert_null(strstr(lab.log, "up/own/us.pem"));
	lab_log_clear();
	assert_tells("mkdir r2 && echo a >r2/us.pem && ln -s r2 now", true);
	assert_string_equal(lab.log, "");
	assert_tells("rm -r r2 now", true);
	assert_has(lab.log, "now/us.pem");
	assert_tells("mkdir -p r2 up/own && ln -s r2 now", true);
}

static void a_circle_of_links_ends(void **state)
{
	UNUSED(state);
	assert_int_equal(lab_shell("ln -s b a && ln -s a b"), 0);
	assert_int_equal(file_watch_add(rig.watch, lab_path("a")), ERR_IO);
	assert_tells("ln -sfn us.pem b", true);
	assert_tells("echo h >us.pem", true);
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
	if (!err)
		err = file_watch_add(w, lab_path("ours.pem"));
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
	const struct CMUnitTest tests[] = {
		TEST(changes_are_told),           TEST(changes_settle),
		TEST(links_are_followed),         TEST(folders_are_replaced),
		TEST(what_is_gone_is_waited_for), TEST(each_that_is_gone_is_said),
		TEST(a_circle_of_links_ends),     TEST(what_cannot_be_watched_is_said),
		TEST(every_allocation_may_fail)
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
