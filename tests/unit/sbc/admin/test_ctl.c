/* sbc/admin/ctl.c: the socket, and clients that mean no good. */
#include "sbc/admin/ctl.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include "tests/unit/sbc/admin/client.h"

#define MANY 16 /* as many as are served at a time */

struct running {
	struct rig rig;
	struct ctl *ctl;
	char text[2 * 1024 * 1024];
};

static int run(void **state)
{
	struct running *s = calloc(1, sizeof(*s));

	rig_open(&s->rig);
	clock_fake(1000, 1700000000);
	if (ctl_open(&s->ctl, &s->rig.ctl_cfg, s->rig.why))
		return -1;
	*state = s;
	return 0;
}

static int end(void **state)
{
	struct running *s = *state;

	ctl_close(&s->ctl);
	assert_null(s->ctl);
	rig_close(&s->rig);
	free(s);
	return 0;
}

static void expect_answer(struct running *s, const char *question, const char *answer)
{
	int fd = client_open(&s->rig);

	client_say(fd, question);
	client_finish(&s->rig, fd, s->text, sizeof(s->text));
	assert_string_equal(s->text, answer);
}

static void test_one_question_one_answer(void **state)
{
	expect_answer(*state, "show calls\n", "[]\n");
	expect_answer(*state, "  show \t calls \r\nshow trunks\n", "[]\n");
	expect_answer(*state, "show ladder\n", "{\"error\":\"there was no call yet\"}\n");
}

static void test_a_question_in_pieces(void **state)
{
	struct running *s = *state;
	int fd = client_open(&s->rig);

	for (const char *c = "show calls\n"; *c; c++) {
		client_say(fd, (char[2]){ *c, '\0' });
		rig_turn(&s->rig);
	}
	client_finish(&s->rig, fd, s->text, sizeof(s->text));
	assert_string_equal(s->text, "[]\n");
}

static void test_no_question(void **state)
{
	static const char *const lines[] = { "\n",
		                             "show\n",
		                             "hide calls\n",
		                             "show call\n",
		                             "show calls now\n",
		                             "show ladder a b\n",
		                             "show\001calls\n",
		                             "\377\376\n" };
	struct running *s = *state;

	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		int fd = client_open(&s->rig);

		client_say(fd, lines[i]);
		client_finish(&s->rig, fd, s->text, sizeof(s->text));
		assert_non_null(strstr(s->text, "{\"error\":\"this is not a question: ask show"));
	}
}

static void test_a_nul_ends_the_question(void **state)
{
	struct running *s = *state;
	int fd = client_open(&s->rig);

	assert_int_equal(send(fd, "show calls\0and more\n", 20, 0), 20);
	client_finish(&s->rig, fd, s->text, sizeof(s->text));
	assert_string_equal(s->text, "[]\n");
}

static void test_a_line_has_a_length(void **state)
{
	struct running *s = *state;
	char line[CTL_QUESTION_MAX + 2];

	memset(line, ' ', sizeof(line));
	memcpy(line, "show calls", 10);
	line[CTL_QUESTION_MAX] = '\n';
	line[CTL_QUESTION_MAX + 1] = '\0';
	expect_answer(s, line, "[]\n");
	line[CTL_QUESTION_MAX] = ' ';
	expect_answer(s, line, "{\"error\":\"a question is one short line\"}\n");
}

static void test_who_floods_is_cut_off(void **state)
{
	struct running *s = *state;
	int fd = client_open(&s->rig);
	char flood[4096];

	memset(flood, 'a', sizeof(flood));
	while (send(fd, flood, sizeof(flood), MSG_NOSIGNAL) > 0)
		;
	client_finish(&s->rig, fd, s->text, sizeof(s->text));
	assert_string_equal(s->text, "{\"error\":\"a question is one short line\"}\n");
}

/* Half a line holds a place for ten seconds and no longer. */
static void test_half_a_line_is_not_waited_for(void **state)
{
	struct running *s = *state;
	int fd = client_open(&s->rig);

	client_say(fd, "show cal");
	s->text[0] = '\0';
	rig_turn(&s->rig);
	clock_fake_advance(9900);
	rig_turn(&s->rig);
	assert_false(client_take(fd, s->text, sizeof(s->text)));
	clock_fake_advance(100);
	rig_turn(&s->rig);
	assert_true(client_take(fd, s->text, sizeof(s->text)));
	assert_string_equal(s->text, "");
	close(fd);
}

static void test_who_goes_away_is_forgotten(void **state)
{
	struct running *s = *state;

	for (int i = 0; i < 3 * MANY; i++) {
		int fd = client_open(&s->rig);

		if (i % 3)
			client_say(fd, i % 3 == 1 ? "show" : "show status\n");
		close(fd);
		rig_turn(&s->rig);
	}
	rig_turn(&s->rig);
	expect_answer(s, "show calls\n", "[]\n");
}

static void test_there_are_places_for_so_many(void **state)
{
	struct running *s = *state;
	int fds[MANY];

	for (size_t i = 0; i < MANY; i++) {
		fds[i] = client_open(&s->rig);
		rig_turn(&s->rig);
	}
	expect_answer(s, "show calls\n",
	              "{\"error\":\"too many ask at the same time: try again\"}\n");
	client_say(fds[3], "show calls\n");
	client_finish(&s->rig, fds[3], s->text, sizeof(s->text));
	assert_string_equal(s->text, "[]\n");
	expect_answer(s, "show calls\n", "[]\n");
	/* Places come back by themselves. */
	clock_fake_advance(10000);
	rig_turn(&s->rig);
	for (size_t i = 0; i < MANY; i++) {
		if (i != 3)
			close(fds[i]);
	}
	expect_answer(s, "show calls\n", "[]\n");
}

/* For an answer that is larger than what the kernel takes at once. */
#define CALLS 1500

static void many_calls(struct running *s)
{
	for (int i = 0; i < CALLS; i++)
		rig_call(&s->rig);
}

static void test_who_reads_slowly_gets_all(void **state)
{
	struct running *s = *state;
	int fd = client_open(&s->rig), small = 4096;
	size_t len = 0;
	json_t *answer;
	ssize_t n = -1;

	many_calls(s);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
	client_say(fd, "show calls\n");
	for (int i = 0; n != 0 && i < 20000; i++) {
		rig_turn(&s->rig);
		n = recv(fd, s->text + len, 5000, 0);
		len += n > 0 ? (size_t)n : 0;
		assert_true(len < sizeof(s->text) - 5000);
	}
	assert_int_equal(n, 0);
	close(fd);
	answer = json_loadb(s->text, len, 0, NULL);
	assert_int_equal(json_array_size(answer), CALLS);
	json_decref(answer);
}

static void test_who_does_not_read_is_not_waited_for(void **state)
{
	struct running *s = *state;
	int fd = client_open(&s->rig), full;

	many_calls(s);
	client_say(fd, "show calls\n");
	rig_turn(&s->rig);
	rig_turn(&s->rig);
	/* Somebody else is served meanwhile. */
	full = client_open(&s->rig);
	client_say(full, "show ladder none\n");
	client_finish(&s->rig, full, s->text, sizeof(s->text));
	assert_non_null(strstr(s->text, "there is no call none"));
	clock_fake_advance(10000);
	rig_turn(&s->rig);
	/* What the kernel had taken, and then the end. */
	client_finish(&s->rig, fd, s->text, sizeof(s->text));
	assert_null(json_loads(s->text, 0, NULL));
}

static void test_the_loop_does_not_spin_without_descriptors(void **state)
{
	struct running *s = *state;
	struct rlimit old, none;
	int fd = client_open(&s->rig);

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	none = old;
	none.rlim_cur = 3;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	rig_turn(&s->rig);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	client_say(fd, "show calls\n");
	s->text[0] = '\0';
	for (int i = 0; i < 100; i++)
		rig_turn(&s->rig);
	assert_false(client_take(fd, s->text, sizeof(s->text)));
	clock_fake_advance(1000);
	client_finish(&s->rig, fd, s->text, sizeof(s->text));
	assert_string_equal(s->text, "[]\n");
}

static void test_the_end_closes_all(void **state)
{
	struct running *s = *state;
	int idle = client_open(&s->rig), reading = client_open(&s->rig);
	struct stat st;

	many_calls(s);
	client_say(reading, "show calls\n");
	rig_turn(&s->rig);
	assert_int_equal(stat(s->rig.socket, &st), 0);
	ctl_close(&s->ctl);
	assert_int_not_equal(stat(s->rig.socket, &st), 0);
	s->text[0] = '\0';
	assert_true(client_take(idle, s->text, sizeof(s->text)));
	close(idle);
	close(reading);
	ctl_close(&s->ctl);
}

/* What another put in the socket's place is not ours to remove. */
static void test_the_end_leaves_what_is_not_ours(void **state)
{
	struct running *s = *state;
	struct stat st;
	int fd;

	assert_int_equal(unlink(s->rig.socket), 0);
	assert_int_equal(ctl_listen(&fd, s->rig.socket, s->rig.why), OK);
	ctl_close(&s->ctl);
	assert_int_equal(stat(s->rig.socket, &st), 0);
	close(fd);
}

static void test_a_second_one_is_refused(void **state)
{
	struct running *s = *state;
	struct ctl *second = NULL;

	assert_int_equal(ctl_open(&second, &s->rig.ctl_cfg, s->rig.why), ERR_EXISTS);
	assert_null(second);
	assert_non_null(strstr(s->rig.why, "another process listens there"));
	expect_answer(s, "show calls\n", "[]\n");
}

/* --- every allocation fails in turn */

static void open_ask_close(void *arg)
{
	struct running *s = arg;
	struct ctl *ctl = NULL;
	int fd;

	if (ctl_open(&ctl, &s->rig.ctl_cfg, s->rig.why) != OK) {
		assert_true(mem_has_failed());
		assert_null(ctl);
		assert_non_null(strstr(s->rig.why, "control-socket"));
		return;
	}
	fd = client_open(&s->rig);
	client_say(fd, "show calls\n");
	client_finish(&s->rig, fd, s->text, sizeof(s->text));
	ctl_close(&ctl);
	/* A whole answer or an error; without memory for a client, nothing at all. */
	if (!mem_has_failed() || strncmp(s->text, "[{\"id\":", 7) == 0)
		assert_non_null(strstr(s->text, "\"bad_auth\":0}}]\n"));
	else if (s->text[0])
		assert_string_equal(s->text,
		                    "{\"error\":\"the answer did not fit into memory\"}\n");
}

static void test_without_memory(void **state)
{
	struct running *s = *state;

	ctl_close(&s->ctl);
	rig_call(&s->rig);
	assert_true(each_allocation_fails(open_ask_close, s) > 80);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, run, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_one_question_one_answer),
		TEST(test_a_question_in_pieces),
		TEST(test_no_question),
		TEST(test_a_nul_ends_the_question),
		TEST(test_a_line_has_a_length),
		TEST(test_who_floods_is_cut_off),
		TEST(test_half_a_line_is_not_waited_for),
		TEST(test_who_goes_away_is_forgotten),
		TEST(test_there_are_places_for_so_many),
		TEST(test_who_reads_slowly_gets_all),
		TEST(test_who_does_not_read_is_not_waited_for),
		TEST(test_the_loop_does_not_spin_without_descriptors),
		TEST(test_the_end_closes_all),
		TEST(test_the_end_leaves_what_is_not_ours),
		TEST(test_a_second_one_is_refused),
		TEST(test_without_memory),
	};

	json_set_alloc_funcs(mem_zalloc, mem_free);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
