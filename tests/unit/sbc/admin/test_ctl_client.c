/* sbc/admin/ctl_client.c, against a server in the same process and against none. */
#include "sbc/admin/ctl_client.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include "tests/unit/sbc/admin/client.h"

/* A question that a thread asks while the test serves. */
struct asking {
	struct ctl_question q;
	FILE *out, *errors;
	char *said, *complained;
	size_t said_len, complained_len;
	atomic_bool done;
	int status;
};

static struct rig rig;

static int open_rig(void **state)
{
	(void)state;
	rig_open(&rig);
	return 0;
}

static int close_rig(void **state)
{
	(void)state;
	rig_close(&rig);
	return 0;
}

static void *ask(void *arg)
{
	struct asking *a = arg;

	a->status = ctl_ask(&a->q, a->out, a->errors);
	atomic_store(&a->done, true);
	return NULL;
}

static void asking_open(struct asking *a, const char *what, const char *which, int json)
{
	memset(a, 0, sizeof(*a));
	a->q = (struct ctl_question){
		.socket = rig.socket, .what = what, .which = which, .json = json, .timeout_ms = 5000
	};
	a->out = open_memstream(&a->said, &a->said_len);
	a->errors = open_memstream(&a->complained, &a->complained_len);
	assert_true(a->out && a->errors);
}

static void asking_flush(struct asking *a)
{
	fflush(a->out);
	fflush(a->errors);
}

static void asking_close(struct asking *a)
{
	fclose(a->out);
	fclose(a->errors);
	free(a->said);
	free(a->complained);
}

/* Asks while a control serves. */
static void ask_and_serve(struct asking *a)
{
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, ask, a), 0);
	while (!atomic_load(&a->done))
		rig_turn(&rig);
	assert_int_equal(pthread_join(thread, NULL), 0);
	asking_flush(a);
}

static void expect_served(const char *what, const char *which, int json, int status,
                          const char *said, const char *complained)
{
	struct asking a;

	asking_open(&a, what, which, json);
	ask_and_serve(&a);
	assert_string_equal(a.complained, complained);
	assert_string_equal(a.said, said);
	assert_int_equal(a.status, status);
	asking_close(&a);
}

static void test_answers(void **state)
{
	struct ctl *ctl;

	(void)state;
	assert_int_equal(ctl_open(&ctl, &rig.ctl_cfg, rig.why), OK);
	expect_served("calls", NULL, 0, 0, "There is no call now.\n", "");
	expect_served("calls", NULL, 1, 0, "[]\n", "");
	expect_served(
	    "phones", NULL, 0, 0,
	    "PHONE  REALM   KNOWN           WHERE      OVER  EXPIRES IN  CALLS  "
	    "REFUSED  USER AGENT\n"
	    "alice  office  address         192.0.2.1  -              -    0/0        0  -\n"
	    "bob    office  not registered  -          -              -    0/0        0  -\n",
	    "");
	expect_served("ladder", NULL, 0, 1, "", "trunkgate: there was no call yet\n");
	expect_served("ladder", "abc", 1, 1, "",
	              "trunkgate: there is no call abc, neither now nor among the last 100\n");
	ctl_close(&ctl);
}

static void test_numbers_have_no_noise(void **state)
{
	struct asking a;
	struct ctl *ctl;

	(void)state;
	rig_call(&rig);
	assert_int_equal(ctl_open(&ctl, &rig.ctl_cfg, rig.why), OK);
	asking_open(&a, "calls", NULL, 1);
	ask_and_serve(&a);
	assert_int_equal(a.status, 0);
	assert_non_null(strstr(a.said, "\"jitter_ms\": 0.0,\n"));
	asking_close(&a);
	ctl_close(&ctl);
}

/* Without a server's help. */
static void expect_alone(struct asking *a, int status, const char *complaint)
{
	ask(a);
	asking_flush(a);
	assert_int_equal(a->status, status);
	if (!strstr(a->complained, complaint))
		fail_msg("\"%s\" is not in: %s", complaint, a->complained);
	assert_string_equal(a->said, "");
	asking_close(a);
}

static void test_questions_without_sense(void **state)
{
	static const char *const names[] = { "", "a b", "a\nshow calls",
		                             ("abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz"
		                              "abcdefghijklmnopqrstuvwxyz") };
	struct asking a;

	(void)state;
	asking_open(&a, "everything", NULL, 0);
	expect_alone(&a, 2, "there is no \"everything\" to show: it is calls, trunks, phones, ");
	asking_open(&a, "calls", "abc", 0);
	expect_alone(&a, 2, "show calls takes no name");
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		asking_open(&a, "ladder", names[i], 0);
		expect_alone(&a, 2, "that is no call's name");
	}
	asking_open(&a, "calls", NULL, 0);
	a.q.socket = "";
	expect_alone(&a, 2, "a socket's path has 1 to 107 octets");
}

static void test_nobody_to_ask(void **state)
{
	struct asking a;
	FILE *f;
	int fd;

	(void)state;
	asking_open(&a, "calls", NULL, 0);
	expect_alone(&a, 1, "/control: is Trunkgate running, and is that its control-socket?");
	assert_int_equal(ctl_listen(&fd, rig.socket, rig.why), OK);
	close(fd);
	asking_open(&a, "calls", NULL, 0);
	expect_alone(&a, 1, "/control: Trunkgate is not running, or has another");
	unlink(rig.socket);
	f = fopen(rig.socket, "w");
	fclose(f);
	asking_open(&a, "calls", NULL, 0);
	expect_alone(&a, 1, "nobody listens at");
}

static void test_not_for_everybody(void **state)
{
	struct asking a;
	int fd;

	(void)state;
	/* To root all doors are open. */
	if (geteuid() == 0 && (chmod(rig.dir, 0755) != 0 || seteuid(65534) != 0))
		skip();
	if (geteuid() != 65534)
		skip();
	assert_int_equal(seteuid(0), 0);
	assert_int_equal(ctl_listen(&fd, rig.socket, rig.why), OK);
	assert_int_equal(seteuid(65534), 0);
	asking_open(&a, "calls", NULL, 0);
	expect_alone(&a, 1, "is not for you to open: ask as root");
	assert_int_equal(seteuid(0), 0);
	close(fd);
}

/* --- servers that misbehave */

static const char *answer_text;

/* Takes one question and answers with answer_text. */
static void *misbehave(void *arg)
{
	int listener = *(int *)arg, fd;
	char question[256];

	do {
		fd = accept(listener, NULL, NULL);
	} while (fd < 0 && errno == EAGAIN);
	assert_true(recv(fd, question, sizeof(question), 0) > 0);
	client_say(fd, answer_text);
	close(fd);
	return NULL;
}

static void expect_of(const char *answer, const char *complaint)
{
	pthread_t thread;
	struct asking a;
	int fd;

	answer_text = answer;
	assert_int_equal(ctl_listen(&fd, rig.socket, rig.why), OK);
	assert_int_equal(pthread_create(&thread, NULL, misbehave, &fd), 0);
	asking_open(&a, "status", NULL, 0);
	expect_alone(&a, 1, complaint);
	pthread_join(thread, NULL);
	close(fd);
	unlink(rig.socket);
}

static void test_answers_that_are_none(void **state)
{
	(void)state;
	expect_of("", "no answer from");
	expect_of("[{\"id\":", "cannot be read: ");
	expect_of("[]\n[]\n", "cannot be read: ");
	expect_of("{\"error\":\"too many ask\"}\n", "trunkgate: too many ask\n");
}

static void test_silence(void **state)
{
	struct asking a;
	int fd;

	(void)state;
	assert_int_equal(ctl_listen(&fd, rig.socket, rig.why), OK);
	asking_open(&a, "calls", NULL, 0);
	a.q.timeout_ms = 20;
	expect_alone(&a, 1, "no answer from");
	close(fd);
}

static void test_no_room_for_the_answer(void **state)
{
	struct asking a;
	struct ctl *ctl;

	(void)state;
	assert_int_equal(ctl_open(&ctl, &rig.ctl_cfg, rig.why), OK);
	for (int json = 0; json < 2; json++) {
		asking_open(&a, "phones", NULL, json);
		fclose(a.out);
		free(a.said);
		a.said = NULL;
		a.out = fopen("/dev/full", "w");
		assert_non_null(a.out);
		ask_and_serve(&a);
		assert_int_equal(a.status, 1);
		assert_non_null(strstr(a.complained, "cannot be printed: No space left"));
		asking_close(&a);
	}
	ctl_close(&ctl);
}

static void ask_for_phones(void *arg)
{
	struct asking a;

	(void)arg;
	asking_open(&a, "phones", NULL, 0);
	ask_and_serve(&a);
	assert_int_equal(a.status, mem_has_failed() ? 1 : 0);
	assert_true((a.complained_len > 0) == (a.status == 1));
	asking_close(&a);
}

/* Asking and serving at once: whichever loses its memory, the other survives. jansson's reader is
 * left out: as of 2.14 it frees what it never had when memory runs out. */
static void test_without_memory(void **state)
{
	struct ctl *ctl;

	(void)state;
	assert_int_equal(ctl_open(&ctl, &rig.ctl_cfg, rig.why), OK);
	assert_true(each_allocation_fails(ask_for_phones, NULL) > 16);
	ctl_close(&ctl);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, open_rig, close_rig)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_answers),
		TEST(test_numbers_have_no_noise),
		TEST(test_questions_without_sense),
		TEST(test_nobody_to_ask),
		TEST(test_not_for_everybody),
		TEST(test_answers_that_are_none),
		TEST(test_silence),
		TEST(test_no_room_for_the_answer),
		TEST(test_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
