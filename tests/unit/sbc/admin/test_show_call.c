/* sbc/admin/show_call.c */
#include "tests/unit/sbc/admin/rig.h"

#include "sbc/admin/show.h"

static struct rig rig;
static struct history *history;
static struct show_env env;

static int open_rig(void **state)
{
	(void)state;
	rig_open(&rig);
	clock_fake(1000, 1700000000);
	env = (struct show_env){ .from = rig.ctl_cfg };
	if (history_new(&history))
		return -1;
	env.history = history;
	return 0;
}

static int close_rig(void **state)
{
	(void)state;
	rig_close(&rig);
	history_free(&history);
	return 0;
}

/* Takes value. */
static void expect_json(json_t *value, const char *expected)
{
	char *text = json_dumps(value, JSON_COMPACT | JSON_REAL_PRECISION(12));

	assert_non_null(text);
	assert_string_equal(text, expected);
	free(text);
	json_decref(value);
}

/* Streams of a leg are one sum, with the worst jitter. */
static void fill(struct call_info *info)
{
	*info = (struct call_info){
		.id = "abcd2345",
		.state = "up",
		.started_us = clock_wall_us() - 12999999,
		.answered_us = clock_wall_us() - 10000000,
		.why = "",
		.caller = { .party = "alice", .number = "100", .call_id = "one", .nstreams = 1 },
		.callee = { .party = "provider",
		            .is_trunk = true,
		            .number = "4711",
		            .tls = "TLSv1.3",
		            .verified = "provider.lab",
		            .srtp = "AES_CM_128_HMAC_SHA1_80",
		            .missed = "loss 1.0 %",
		            .nstreams = 2 },
	};
	info->caller.streams[0] = (struct stream_stats){ .packets_in = 500,
		                                         .packets_out = 498,
		                                         .lost = 2,
		                                         .jitter_us = 1250,
		                                         .reordered = 4,
		                                         .events = 3,
		                                         .round_trip_us = 12500 };
	info->callee.streams[0] =
	    (struct stream_stats){ .packets_in = 10, .bad_auth = 3, .jitter_us = 700 };
	info->callee.streams[1] = (struct stream_stats){ .packets_in = 5,
		                                         .packets_out = 7,
		                                         .bad_source = 1,
		                                         .jitter_us = 900,
		                                         .payload_type = 18 };
	assert_int_equal(addr_parse(&info->callee.peer, "[2001:db8::1]:5061"), OK);
}

#define CALLER                                                                                                                   \
	"{\"party\":\"alice\",\"kind\":\"phone\",\"number\":\"100\",\"sip_call_id\":\"one\","                                    \
	"\"peer\":null,\"tls\":null,\"verified\":null,\"srtp\":null,\"silent_because\":null,\"missed\":null,\"packets_in\":500," \
	"\"packets_out\":498,\"lost\":2,\"jitter_ms\":1.25,\"reordered\":4,\"dtmf_events\":3,\"round_trip_ms\":12.5,\"mos\":4.36,\"bad_source\":0,\"bad_auth\":0}"
#define CALLEE                                                                                                                                   \
	"{\"party\":\"provider\",\"kind\":\"trunk\",\"number\":\"4711\",\"sip_call_id\":null,"                                                   \
	"\"peer\":\"[2001:db8::1]:5061\",\"tls\":\"TLSv1.3\",\"verified\":\"provider.lab\","                                                     \
	"\"srtp\":\"AES_CM_128_HMAC_SHA1_80\",\"silent_because\":null,\"missed\":\"loss 1.0 %\",\"packets_in\":15,\"packets_out\":7,\"lost\":0," \
	"\"jitter_ms\":0.9,\"reordered\":0,\"dtmf_events\":0,\"round_trip_ms\":null,\"mos\":4.09,\"bad_source\":1,\"bad_auth\":3}"

static void test_a_call(void **state)
{
	struct call_info info;

	(void)state;
	fill(&info);
	expect_json(show_call(&info), "{\"id\":\"abcd2345\",\"state\":\"up\",\"since_s\":12,"
	                              "\"talk_s\":10,\"caller\":" CALLER ",\"callee\":" CALLEE "}");
	/* Not answered; and a wall clock that was set back. */
	info.answered_us = 0;
	info.started_us = clock_wall_us() + 5000000;
	expect_json(show_call(&info),
	            "{\"id\":\"abcd2345\",\"state\":\"up\",\"since_s\":0,"
	            "\"talk_s\":null,\"caller\":" CALLER ",\"callee\":" CALLEE "}");
}

static void test_talk_stops_with_the_call(void **state)
{
	struct call_info info;
	json_t *call;

	(void)state;
	fill(&info);
	info.ended_us = info.answered_us + 4000000;
	call = show_call(&info);
	assert_int_equal(json_integer_value(json_object_get(call, "talk_s")), 4);
	assert_int_equal(json_integer_value(json_object_get(call, "since_s")), 12);
	json_decref(call);
}

static void expect_ladder_of(const char *id, const char *expected)
{
	json_t *ladder = show_ladder(&env, id);
	const char *got = json_string_value(json_object_get(ladder, "id"));

	assert_string_equal(got ? got : json_string_value(json_object_get(ladder, "error")),
	                    expected);
	json_decref(ladder);
}

static void test_which_call(void **state)
{
	struct call *live;
	struct call_info ended;

	(void)state;
	expect_ladder_of(NULL, "there was no call yet");
	expect_ladder_of("nobody", "there is no call nobody, neither now nor among the last 100");
	fill(&ended);
	ended.id = "first";
	ended.ended_us = clock_wall_us();
	history_on_call_end(history, &ended);
	expect_ladder_of(NULL, "first");
	clock_fake_advance(1000);
	live = rig_call(&rig);
	expect_ladder_of(NULL, live->id);
	clock_fake_advance(1000);
	ended.id = "second";
	ended.ended_us = clock_wall_us();
	history_on_call_end(history, &ended);
	expect_ladder_of(NULL, "second");
	expect_ladder_of("first", "first");
	expect_ladder_of(live->id, live->id);
}

/* A message as the stack tells of it. */
static void tell(bool sent, struct conn *c, const char *text)
{
	struct flow flow = { .conn = c, .peer = c->peer };
	struct message *m;

	assert_int_equal(message_parse(&m, text, strlen(text)), OK);
	history_on_message(history, sent, &flow, m);
	message_free(&m);
	clock_fake_advance(2);
}

#define HEADERS(id, cseq)                                                         \
	"Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa\r\nFrom: <sip:a@b>;tag=a\r\n" \
	"To: <sip:b@b>;tag=b\r\nCall-ID: " id "\r\nCSeq: " cseq                   \
	"\r\nMax-Forwards: 70\r\nContact: <sip:192.0.2.1>\r\nContent-Length: 0\r\n\r\n"

static const char *line_of(const json_t *ladder, size_t i)
{
	static char line[256];
	const json_t *m = json_array_get(json_object_get(ladder, "messages"), i);

	snprintf(line, sizeof(line), "%g %s %s->%s %s [%s] %s %s",
	         json_number_value(json_object_get(m, "at_ms")),
	         json_string_value(json_object_get(m, "leg")),
	         json_string_value(json_object_get(m, "from")),
	         json_string_value(json_object_get(m, "to")),
	         json_string_value(json_object_get(m, "line")),
	         json_string_value(json_object_get(m, "method")),
	         json_string_value(json_object_get(m, "transport")),
	         json_string_value(json_object_get(m, "peer")));
	return line;
}

static void tell_all(struct conn *udp, struct conn *tls)
{
	tell(false, udp, "OPTIONS sip:sbc SIP/2.0\r\n" HEADERS("stranger", "1 OPTIONS"));
	tell(false, udp, "INVITE sip:4711@sbc SIP/2.0\r\n" HEADERS("caller-call-id", "1 INVITE"));
	tell(true, tls,
	     "INVITE sips:4711@provider.lab SIP/2.0\r\n" HEADERS("callee-call-id", "9 INVITE"));
	tell(false, tls, "SIP/2.0 200 OK\r\n" HEADERS("callee-call-id", "9 INVITE"));
	tell(true, tls,
	     "ACK sips:4711@provider.lab SIP/2.0\r\n" HEADERS("callee-call-id", "9 ACK"));
	tell(false, udp, "ACK sip:4711@sbc SIP/2.0\r\n" HEADERS("caller-call-id", "1 ACK"));
	/* The 200 came again, and with it its ACK. */
	tell(true, tls,
	     "ACK sips:4711@provider.lab SIP/2.0\r\n" HEADERS("callee-call-id", "9 ACK"));
	tell(false, tls, "BYE sips:sbc SIP/2.0\r\n" HEADERS("callee-call-id", "1 BYE"));
}

static void test_messages_of_a_call(void **state)
{
	static const char *const lines[] = {
		"0 caller alice->trunkgate INVITE sip:4711@sbc [INVITE] udp 192.0.2.1:5060",
		("2 callee trunkgate->provider INVITE sips:4711@provider.lab [INVITE] tls "
		 "192.0.2.1:5060"),
		"4 callee provider->trunkgate 200 OK [INVITE] tls 192.0.2.1:5060",
		"6 callee trunkgate->provider ACK sips:4711@provider.lab [ACK] tls 192.0.2.1:5060",
		"8 caller alice->trunkgate ACK sip:4711@sbc [ACK] udp 192.0.2.1:5060",
		"12 callee provider->trunkgate BYE sips:sbc [BYE] tls 192.0.2.1:5060",
	};
	struct conn udp, tls;
	json_t *ladder;

	(void)state;
	rig_conn_init(&udp, &rig, TRANSPORT_UDP);
	rig_conn_init(&tls, &rig, TRANSPORT_TLS);
	rig_call(&rig);
	tell_all(&udp, &tls);
	ladder = show_ladder(&env, NULL);
	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		assert_string_equal(line_of(ladder, i), lines[i]);
	assert_int_equal(json_array_size(json_object_get(ladder, "messages")), ARRAY_LEN(lines));
	assert_true(json_is_true(json_object_get(ladder, "complete")));
	assert_true(json_is_false(json_object_get(ladder, "ended")));
	for (int i = 0; i < HISTORY_MESSAGES; i++)
		tell(false, &udp, "OPTIONS sip:sbc SIP/2.0\r\n" HEADERS("stranger", "1 OPTIONS"));
	json_decref(ladder);
	ladder = show_ladder(&env, NULL);
	assert_int_equal(json_array_size(json_object_get(ladder, "messages")), 0);
	assert_true(json_is_false(json_object_get(ladder, "complete")));
	json_decref(ladder);
}

static void test_how_it_ended(void **state)
{
	struct call_info info;
	json_t *ladder;

	(void)state;
	fill(&info);
	info.ended_us = clock_wall_us();
	info.code = 486;
	info.why = "busy";
	history_on_call_end(history, &info);
	ladder = show_ladder(&env, "abcd2345");
	assert_true(json_is_true(json_object_get(ladder, "ended")));
	assert_int_equal(json_integer_value(json_object_get(ladder, "code")), 486);
	assert_string_equal(json_string_value(json_object_get(ladder, "why")), "busy");
	json_decref(ladder);
}

static void ladder_or_nothing(void *arg)
{
	json_t *ladder = show_ladder(&env, NULL);

	(void)arg;
	assert_true(ladder || mem_has_failed());
	if (ladder)
		assert_int_equal(json_array_size(json_object_get(ladder, "messages")), 6);
	json_decref(ladder);
}

static void test_without_memory(void **state)
{
	struct conn udp, tls;

	(void)state;
	rig_conn_init(&udp, &rig, TRANSPORT_UDP);
	rig_conn_init(&tls, &rig, TRANSPORT_TLS);
	rig_call(&rig);
	tell_all(&udp, &tls);
	assert_true(each_allocation_fails(ladder_or_nothing, NULL) > 200);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, open_rig, close_rig)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_call),       TEST(test_talk_stops_with_the_call),
		TEST(test_which_call),   TEST(test_messages_of_a_call),
		TEST(test_how_it_ended), TEST(test_without_memory),
	};

	json_set_alloc_funcs(mem_zalloc, mem_free);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
