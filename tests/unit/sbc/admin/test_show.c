/* sbc/admin/show.c */
#include "sbc/admin/show.h"

#include "tests/unit/sbc/admin/rig.h"

static struct rig rig;

static int open_rig(void **state)
{
	(void)state;
	rig_open(&rig);
	clock_fake(1000, 1700000000);
	return 0;
}

static int close_rig(void **state)
{
	(void)state;
	rig_close(&rig);
	return 0;
}

/* All of it. */
static void answer(const struct show_env *env, char *question, struct buf *out)
{
	struct show_rest rest;

	show_answer(env, question, &rest, out);
	while (rest.list && !buf_err(out))
		show_go_on(env, &rest, out);
	show_stop(&rest);
}

static void expect_answer(const char *question, const char *expected)
{
	struct show_env env = { .from = rig.ctl_cfg, .opened_ms = 1000 };
	char text[64];
	struct buf out;

	snprintf(text, sizeof(text), "%s", question);
	buf_init(&out, 100000);
	answer(&env, text, &out);
	assert_int_equal(buf_err(&out), OK);
	assert_string_equal(out.data, expected);
	buf_free(&out);
}

static void test_status_at_rest(void **state)
{
	(void)state;
	clock_fake_advance(61500);
	expect_answer("show status",
	              "{\"version\":\"" TRUNKGATE_VERSION "\",\"uptime_s\":61,\"calls\":0,"
	              "\"media_ports\":0,\"transactions\":0,\"dialogs\":0,\"connections\":0,"
	              "\"certs_ending\":0,\"realms\":[{\"name\":\"office\",\"media_ports_used\":0,"
	              "\"media_ports_size\":10}]}\n");
}

static void test_status_of_a_call(void **state)
{
	static const char options[] =
	    "INVITE sip:4711@sbc SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa\r\n"
	    "From: <sip:a@b>;tag=a\r\nTo: <sip:b@b>\r\nCall-ID: a\r\nCSeq: 1 INVITE\r\n"
	    "Max-Forwards: 70\r\nContact: <sip:192.0.2.1>\r\nContent-Length: 0\r\n\r\n";
	const struct conn_handler *handler = stack_conn_handler(rig.stack);
	struct anchor *anchor;
	unsigned stream;
	static struct conn c; /* lives on until the rig closes */

	(void)state;
	rig_conn_init(&c, &rig, TRANSPORT_UDP);
	handler->on_message(handler->arg, &c, &c.peer, options, strlen(options));
	assert_int_equal(
	    anchor_open(&anchor, rig.media, "a", rig.media_realms[0], rig.media_realms[0]), OK);
	assert_int_equal(anchor_add(anchor, &stream), OK);
	rig_call(&rig);
	expect_answer("show status",
	              "{\"version\":\"" TRUNKGATE_VERSION "\",\"uptime_s\":0,\"calls\":1,"
	              "\"media_ports\":2,\"transactions\":1,\"dialogs\":0,\"connections\":0,"
	              "\"certs_ending\":0,\"realms\":[{\"name\":\"office\",\"media_ports_used\":2,"
	              "\"media_ports_size\":10}]}\n");
	anchor_close(&anchor);
}

static void test_trunks(void **state)
{
	struct trunk *t = trunks_at(rig.trunks, 0);

	(void)state;
	/* What the rig's trunk has from before the clock was turned. */
	trunk_report(t, NULL);
	clock_fake_advance(5000);
	assert_int_equal(trunk_take_slot(t, true, false), OK);
	assert_int_equal(trunk_take_slot(t, false, false), OK);
	assert_int_equal(trunk_take_slot(t, false, false), OK);
	trunk_free_slot(t);
	expect_answer("show trunks",
	              "[{\"name\":\"provider\",\"state\":\"up\",\"since_s\":5,"
	              "\"domain\":\"provider.lab\",\"calls\":2,\"max_calls\":30,\"calls_out\":1,"
	              "\"calls_in\":2,\"failed\":0,\"refused\":0,\"last_error\":null}]\n");
	trunk_report(t, "its certificate is for \"other.lab\"");
	expect_answer("show trunks",
	              "[{\"name\":\"provider\",\"state\":\"down\",\"since_s\":0,"
	              "\"domain\":\"provider.lab\",\"calls\":2,\"max_calls\":30,\"calls_out\":1,"
	              "\"calls_in\":2,\"failed\":1,\"refused\":0,"
	              "\"last_error\":\"its certificate is for \\\"other.lab\\\"\"}]\n");
	trunk_free_slot(t);
	trunk_free_slot(t);
}

static void test_phones(void **state)
{
	static const char alice[] =
	    "{\"name\":\"alice\",\"realm\":\"office\",\"known\":\"address\","
	    "\"where\":\"192.0.2.1\",\"transport\":null,"
	    "\"expires_in_s\":null,\"user_agent\":null,\"calls\":0,\"max_calls\":0,\"refused\":0}";
	char expected[1024];
	struct flow flow;
	static struct conn c; /* lives on until the rig closes */

	(void)state;
	snprintf(
	    expected, sizeof(expected),
	    "[%s,{\"name\":\"bob\",\"realm\":\"office\",\"known\":\"not registered\","
	    "\"where\":null,\"transport\":null,\"expires_in_s\":null,\"user_agent\":null,\"calls\":0,\"max_calls\":0,\"refused\":0}]\n",
	    alice);
	expect_answer("show phones", expected);
	rig_conn_init(&c, &rig, TRANSPORT_TCP);
	flow = (struct flow){ .conn = &c, .peer = c.peer };
	assert_int_equal(location_set(rig.locations, &rig.phones[1],
	                              &(const struct location_cfg){ .contact = "sip:bob@192.0.2.1",
	                                                            .flow = &flow,
	                                                            .expires_s = 3600,
	                                                            .user_agent = "Phone \377 1.0",
	                                                            .call_id = "boot" }),
	                 OK);
	clock_fake_advance(10000);
	snprintf(expected, sizeof(expected),
	         "[%s,{\"name\":\"bob\",\"realm\":\"office\",\"known\":\"registered\","
	         "\"where\":\"192.0.2.1:5060\",\"transport\":\"tcp\",\"expires_in_s\":3590,"
	         "\"user_agent\":\"Phone ? 1.0\",\"calls\":0,\"max_calls\":0,\"refused\":0}]\n",
	         alice);
	expect_answer("show phones", expected);
}

static void test_calls(void **state)
{
	struct show_env env = { .from = rig.ctl_cfg };
	char question[] = "show calls";
	json_t *calls;
	struct buf out;

	(void)state;
	expect_answer("show calls", "[]\n");
	rig_call(&rig);
	rig_call(&rig);
	rig_call(&rig);
	buf_init(&out, 100000);
	answer(&env, question, &out);
	calls = json_loads(out.data, 0, NULL);
	assert_int_equal(json_array_size(calls), 3);
	assert_string_equal(json_string_value(json_object_get(json_array_get(calls, 2), "state")),
	                    "ringing");
	json_decref(calls);
	buf_free(&out);
}

/* A list is said a part at a time, and calls come and go meanwhile. */
static void test_many_calls(void **state)
{
	struct show_env env = { .from = rig.ctl_cfg };
	char question[] = "show calls";
	struct call *calls[100];
	struct show_rest rest;
	struct buf out;
	json_t *all;
	size_t parts = 1;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(calls); i++)
		calls[i] = rig_call(&rig);
	buf_init(&out, 1000000);
	show_answer(&env, question, &rest, &out);
	assert_true(rest.n > 0 && rest.n < 50);
	call_free(&calls[0]);      /* was said */
	call_free(&calls[rest.n]); /* comes next */
	call_free(&calls[99]);
	rig_call(&rig);
	for (; rest.list; parts++)
		show_go_on(&env, &rest, &out);
	assert_true(parts > 2);
	all = json_loads(out.data, 0, NULL);
	assert_int_equal(json_array_size(all), 99);
	json_decref(all);
	buf_free(&out);
	show_stop(&rest); /* a second time */
}

static void test_too_much_is_an_error(void **state)
{
	struct show_env env = { .from = rig.ctl_cfg };
	char question[] = "show calls";
	struct buf out;

	(void)state;
	for (int i = 0; i < 10; i++)
		rig_call(&rig);
	buf_init(&out, 1000);
	answer(&env, question, &out);
	assert_int_equal(buf_err(&out), ERR_LIMIT);
	buf_free(&out);
}

static void show_all(void *arg)
{
	static const char *const questions[] = { "show status", "show calls",  "show trunks",
		                                 "show phones", "show ladder", "nonsense" };
	struct show_env env = { .from = rig.ctl_cfg, .history = arg };
	char question[32];

	for (size_t i = 0; i < ARRAY_LEN(questions); i++) {
		struct buf out;

		buf_init(&out, 100000);
		snprintf(question, sizeof(question), "%s", questions[i]);
		answer(&env, question, &out);
		/* All, or an error that is known: never a document that lacks something. */
		if (buf_err(&out) == OK)
			assert_string_equal(out.data + out.len - 2,
			                    questions[i][5] == 's' || questions[i][5] == 'l' ||
			                            questions[i][0] == 'n'
			                        ? "}\n"
			                        : "]\n");
		else
			assert_true(mem_has_failed());
		buf_free(&out);
	}
}

static void test_without_memory(void **state)
{
	struct history *history;

	(void)state;
	rig_call(&rig);
	assert_int_equal(history_new(&history), OK);
	assert_true(each_allocation_fails(show_all, history) > 200);
	history_free(&history);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, open_rig, close_rig)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_status_at_rest), TEST(test_status_of_a_call),
		TEST(test_trunks),         TEST(test_phones),
		TEST(test_calls),          TEST(test_too_much_is_an_error),
		TEST(test_many_calls),     TEST(test_without_memory),
	};

	/* Every allocation of the library is one that can fail. */
	json_set_alloc_funcs(mem_zalloc, mem_free);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
