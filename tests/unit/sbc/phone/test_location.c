/* sbc/phone/location.c: where phones are, and for how long. */
#include "tests/unit/sbc/phone/rig.h"

static struct flow office;

static int begin(void **state)
{
	int rc = rig_begin(state);

	office = (struct flow){ .conn = &rig.conns[OFFICE] };
	return rc || addr_parse(&office.peer, "192.0.2.1:5062") ? -1 : 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, begin, rig_end)

static enum err put(struct locations *ls, const struct config_phone *phone, const char *contact,
                    const struct flow *flow, unsigned expires_s, const char *agent)
{
	const struct location_cfg cfg = { .contact = contact,
		                          .flow = flow,
		                          .expires_s = expires_s,
		                          .user_agent = agent,
		                          .call_id = "boot",
		                          .cseq = 7 };

	return location_set(ls, phone, &cfg);
}

static enum err set(size_t phone, const char *contact, unsigned expires_s, const char *agent)
{
	return put(rig.locations, &rig.phones[phone], contact, &office, expires_s, agent);
}

static const struct location *get(size_t phone)
{
	return location_get(rig.locations, &rig.phones[phone]);
}

static void test_set_and_get(void **state)
{
	char contact[] = "sip:d@h", agent[] = "phone/1";

	(void)state;
	assert_null(get(DESK));
	assert_int_equal(set(DESK, contact, 60, agent), OK);
	contact[0] = agent[0] = 'X'; /* copies are kept */
	assert_ptr_equal(get(DESK)->phone, &rig.phones[DESK]);
	assert_string_equal(get(DESK)->contact, "sip:d@h");
	assert_string_equal(get(DESK)->user_agent, "phone/1");
	assert_string_equal(get(DESK)->call_id, "boot");
	assert_int_equal(get(DESK)->cseq, 7);
	assert_true(get(DESK)->expires_ms == clock_mono_ms() + 60000);
	assert_true(addr_equal(&get(DESK)->flow.peer, &office.peer));
	assert_int_equal(rig.conns[OFFICE].refs, 2);
	assert_null(get(GATE));
}

static void test_each_its_own(void **state)
{
	(void)state;
	assert_int_equal(set(DESK, "sip:d@h", 60, NULL), OK);
	assert_int_equal(set(DOOR, "sip:door@h", 120, NULL), OK);
	rig_turn(60000);
	assert_null(get(DESK));
	assert_string_equal(get(DOOR)->contact, "sip:door@h");
	assert_int_equal(rig.conns[OFFICE].refs, 2);
	rig_turn(60000);
	assert_null(get(DOOR));
	assert_int_equal(rig.conns[OFFICE].refs, 1);
}

/* The one before is gone, with its time and its connection. */
static void test_in_place(void **state)
{
	struct flow lobby = { .conn = &rig.conns[LOBBY], .peer = office.peer };

	(void)state;
	assert_int_equal(set(DESK, "sip:d@first", 60, "old"), OK);
	assert_int_equal(put(rig.locations, &rig.phones[DESK], "sip:d@second", &lobby, 300, NULL),
	                 OK);
	assert_int_equal(rig.conns[OFFICE].refs, 1);
	assert_int_equal(rig.conns[LOBBY].refs, 2);
	assert_null(get(DESK)->user_agent);
	rig_turn(299999);
	assert_string_equal(get(DESK)->contact, "sip:d@second");
	rig_turn(1);
	assert_null(get(DESK));
	assert_int_equal(rig.conns[LOBBY].refs, 1);
}

/* Again from what it holds itself. */
static void test_set_from_itself(void **state)
{
	(void)state;
	assert_int_equal(set(DESK, "sip:d@h", 60, "phone/1"), OK);
	assert_int_equal(put(rig.locations, &rig.phones[DESK], get(DESK)->contact, &office, 90,
	                     get(DESK)->user_agent),
	                 OK);
	assert_string_equal(get(DESK)->contact, "sip:d@h");
	assert_string_equal(get(DESK)->user_agent, "phone/1");
	assert_true(addr_equal(&get(DESK)->flow.peer, &office.peer));
}

static void test_clear(void **state)
{
	(void)state;
	location_clear(rig.locations, &rig.phones[DESK], "it was never here");
	assert_int_equal(set(DESK, "sip:d@h", 60, NULL), OK);
	location_clear(rig.locations, &rig.phones[DESK], "the test says so");
	assert_null(get(DESK));
	assert_int_equal(rig.conns[OFFICE].refs, 1);
	assert_true(timers_next_ms(rig.timers) == UINT64_MAX);
	rig_turn(60000);
}

static void test_keepalive(void **state)
{
	struct flow yard = { .conn = &rig.conns[YARD], .peer = office.peer };

	(void)state;
	rig.realms[OFFICE].udp_keepalive_ms = 10000;
	assert_int_equal(set(DESK, "sip:d@h", 60, NULL), OK);
	rig_turn(7999);
	assert_int_equal(rig.nsent, 0);
	rig_turn(2001);
	assert_int_equal(rig.nsent, 1);
	assert_string_equal(rig.sent, "\r\n\r\n");
	assert_true(addr_equal(&rig.sent_to, &office.peer));
	rig_turn(10000);
	assert_int_equal(rig.nsent, 2);
	/* To where it is now. */
	assert_int_equal(addr_parse(&office.peer, "192.0.2.1:6000"), OK);
	assert_int_equal(set(DESK, "sip:d@h", 60, NULL), OK);
	rig_turn(10000);
	assert_int_equal(rig.nsent, 3);
	assert_true(addr_equal(&rig.sent_to, &office.peer));
	/* No longer than it is registered. */
	location_clear(rig.locations, &rig.phones[DESK], "the test says so");
	rig_turn(60000);
	assert_int_equal(rig.nsent, 3);
	/* A realm that wants none, a stream. */
	assert_int_equal(put(rig.locations, &rig.phones[DOOR], "sip:d@h", &yard, 60, NULL), OK);
	rig.conns[OFFICE].transport = TRANSPORT_TCP;
	assert_int_equal(set(DESK, "sip:d@h", 60, NULL), OK);
	rig_turn(59000);
	assert_int_equal(rig.nsent, 3);
}

/* The lines that an operator reads: one for the beginning, none for a refresh, one for the end. */
static char lines[1024];

static void on_line(void *arg, enum log_level level, const char *line)
{
	(void)arg;
	assert_int_equal(level, LOG_INFO);
	strncat(lines, line, sizeof(lines) - strlen(lines) - 2);
	strcat(lines, "\n");
}

static void test_log(void **state)
{
	(void)state;
	log_set_level(LOG_INFO);
	log_capture(on_line, NULL);
	lines[0] = '\0';
	assert_int_equal(set(DESK, "sip:d@h", 60, "phone/1"), OK);
	assert_int_equal(set(DESK, "sip:d@h", 60, "phone/1"), OK);
	assert_non_null(strstr(lines, "phone=desk event=registered from=192.0.2.1:5062"));
	assert_null(strstr(strstr(lines, "registered") + 1, "registered"));
	rig_turn(60000);
	assert_non_null(strstr(lines, "phone=desk event=unregistered why=expired"));
	log_capture(NULL, NULL);
	log_set_level(LOG_ERROR);
}

static void test_no_phones(void **state)
{
	const struct config none = { 0 };
	struct locations *ls = NULL;

	(void)state;
	assert_int_equal(locations_new(&ls, &none, rig.timers), OK);
	locations_free(&ls);
	assert_null(ls);
	locations_free(&ls); /* NULL is fine */
}

static void starved(void *arg)
{
	struct locations *ls = NULL;
	enum err err = locations_new(&ls, &rig.cfg, rig.timers);

	(void)arg;
	if (!err)
		err = put(ls, &rig.phones[DESK], "sip:d@first", &office, 60, "old");
	if (!err && put(ls, &rig.phones[DESK], "sip:d@second", &office, 60, "new")) {
		/* What was there is there. */
		assert_string_equal(location_get(ls, &rig.phones[DESK])->contact, "sip:d@first");
		assert_string_equal(location_get(ls, &rig.phones[DESK])->user_agent, "old");
		err = ERR_NOMEM;
	}
	assert_true(err == OK || mem_has_failed());
	locations_free(&ls);
	assert_int_equal(rig.conns[OFFICE].refs, 1);
}

static void test_no_memory(void **state)
{
	(void)state;
	assert_true(each_allocation_fails(starved, NULL) >= 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(set_and_get), TEST(each_its_own), TEST(in_place), TEST(set_from_itself),
		TEST(clear),       TEST(keepalive),    TEST(log),      TEST(no_phones),
		TEST(no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
