/* sbc/phone/registrar.c: REGISTER from a phone that is known (RFC 3261 10.3). */
#include "tests/unit/sbc/phone/rig.h"

#define PEER "192.0.2.1:5062"

static int begin(void **state)
{
	int rc = rig_begin(state);

	rig.is = &rig.phones[DESK];
	return rc;
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, begin, rig_end)

static unsigned reg(const char *more)
{
	return rig_receive(OFFICE, PEER, "REGISTER", more);
}

static const struct location *where(void)
{
	return location_get(rig.locations, &rig.phones[DESK]);
}

static void says(const char *line)
{
	if (!strstr(rig.sent, line))
		fail_msg("\"%s\" is not in:\n%s", line, rig.sent);
}

static void test_bind(void **state)
{
	char peer[ADDR_TEXT_MAX];

	(void)state;
	assert_null(where());
	assert_int_equal(reg("Contact: \"D\" <sip:desk@10.0.0.9:5062;transport=udp>;expires=600\r\n"
	                     "User-Agent: phone/1\r\n"),
	                 200);
	says("\r\nContact: <sip:desk@10.0.0.9:5062;transport=udp>;expires=600\r\n");
	says(";tag=");
	assert_non_null(where());
	assert_string_equal(where()->contact, "sip:desk@10.0.0.9:5062;transport=udp");
	assert_string_equal(where()->user_agent, "phone/1");
	assert_ptr_equal(where()->flow.conn, &rig.conns[OFFICE]);
	assert_string_equal(addr_text(&where()->flow.peer, peer, sizeof(peer)), PEER);
	assert_true(addr_equal(&rig.sent_to, &where()->flow.peer));
	/* The others are where they were. */
	assert_null(location_get(rig.locations, &rig.phones[GATE]));
}

static void test_expires(void **state)
{
	static const struct {
		const char *headers;
		unsigned status, expires_s;
	} cases[] = {
		{ "Contact: <sip:d@h>\r\n", 200, 300 },
		{ "Contact: <sip:d@h>\r\nExpires: 120\r\n", 200, 120 },
		{ "Contact: <sip:d@h>;expires=90\r\nExpires: 120\r\n", 200, 90 },
		{ "Contact: <sip:d@h>;expires=60\r\n", 200, 60 },
		{ "Contact: <sip:d@h>;expires=3600\r\n", 200, 3600 },
		{ "Contact: <sip:d@h>;expires=3601\r\n", 200, 3600 },
		{ "Contact: <sip:d@h>;expires=4294967295\r\n", 200, 3600 },
		{ "Contact: <sip:d@h>;expires=59\r\n", 423, 0 },
		{ "Contact: <sip:d@h>;expires=1\r\n", 423, 0 },
	};
	char line[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		unsigned status = reg(cases[i].headers);

		if (status != cases[i].status)
			fail_msg("%u: %s", status, cases[i].headers);
		assert_true((where() != NULL) == (status == 200));
		snprintf(line, sizeof(line), "\r\nContact: <sip:d@h>;expires=%u\r\n",
		         cases[i].expires_s);
		says(status == 200 ? line : "\r\nMin-Expires: 60\r\n");
		location_clear(rig.locations, &rig.phones[DESK], "the next case");
	}
}

/* 423 leaves what was. */
static void test_too_brief_refresh(void **state)
{
	(void)state;
	assert_int_equal(reg("Contact: <sip:d@h>;expires=90\r\n"), 200);
	assert_int_equal(reg("Contact: <sip:e@h>;expires=30\r\n"), 423);
	assert_string_equal(where()->contact, "sip:d@h");
	rig_turn(89999);
	assert_non_null(where());
	rig_turn(1);
	assert_null(where());
}

static void test_expiry(void **state)
{
	(void)state;
	assert_int_equal(reg("Contact: <sip:d@h>;expires=60\r\n"), 200);
	rig_turn(59999);
	assert_non_null(where());
	rig_turn(1);
	assert_null(where());
	assert_int_equal(reg(""), 200);
	assert_null(strstr(rig.sent, "Contact:"));
}

static void test_refresh(void **state)
{
	(void)state;
	assert_int_equal(reg("Contact: <sip:d@h>;expires=100\r\nUser-Agent: old\r\n"), 200);
	rig_turn(99000);
	assert_int_equal(reg("Contact: <sip:d@h>;expires=100\r\n"), 200);
	assert_null(where()->user_agent);
	rig_turn(99999);
	assert_non_null(where());
	rig_turn(1);
	assert_null(where());
}

/* The one place that it registered from last, and the way there. */
static void test_moves(void **state)
{
	(void)state;
	assert_int_equal(reg("Contact: <sip:d@first>\r\n"), 200);
	assert_int_equal(
	    rig_receive(LOBBY, "192.0.2.99:9", "REGISTER", "Contact: <sip:d@second>\r\n"), 200);
	assert_null(strstr(rig.sent, "first"));
	assert_string_equal(where()->contact, "sip:d@second");
	assert_ptr_equal(where()->flow.conn, &rig.conns[LOBBY]);
	assert_int_equal(addr_port(&where()->flow.peer), 9);
}

/* Without a Contact it is a question: what is left of the time. */
static void test_query(void **state)
{
	(void)state;
	assert_int_equal(reg(""), 200);
	assert_null(strstr(rig.sent, "Contact:"));
	assert_int_equal(reg("Contact: <sip:d@h>;expires=100\r\n"), 200);
	rig_turn(40000);
	assert_int_equal(reg("Expires: 500\r\n"), 200);
	says("\r\nContact: <sip:d@h>;expires=60\r\n");
	rig_turn(60000);
	assert_null(where());
}

static void test_goodbye(void **state)
{
	static const char *const ways[] = { "Contact: <sip:d@h>;expires=0\r\n",
		                            "Contact: <sip:d@h>\r\nExpires: 0\r\n",
		                            "Contact: *\r\nExpires: 0\r\n" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		assert_int_equal(reg("Contact: <sip:d@h>\r\n"), 200);
		assert_non_null(where());
		assert_int_equal(reg(ways[i]), 200);
		assert_null(strstr(rig.sent, "Contact:"));
		assert_null(where());
		assert_int_equal(reg(ways[i]), 200); /* twice is no error */
	}
}

/* 10.3 steps 6 and 7: what was sent before the request that bound changes nothing. */
static void test_overtaken(void **state)
{
	static const char *const late[] = { "Contact: <sip:d@h>;expires=0\r\n",
		                            "Contact: *\r\nExpires: 0\r\n",
		                            "Contact: <sip:d@old>\r\n",
		                            "Contact: <sip:d@h>;expires=0, <sip:d@old>\r\n" };

	(void)state;
	assert_int_equal(
	    rig_receive_of(OFFICE, PEER, "REGISTER", "boot", 7, "Contact: <sip:d@h>\r\n"), 200);
	for (size_t i = 0; i < ARRAY_LEN(late); i++) {
		assert_int_equal(
		    rig_receive_of(OFFICE, PEER, "REGISTER", "boot", 3 + (unsigned)i, late[i]),
		    500);
		assert_string_equal(where()->contact, "sip:d@h");
	}
	/* A question is no update. */
	assert_int_equal(rig_receive_of(OFFICE, PEER, "REGISTER", "boot", 6, ""), 200);
	says("\r\nContact: <sip:d@h>;expires=300\r\n");
	rig_turn(31999);
	assert_int_equal(rig_receive_of(OFFICE, PEER, "REGISTER", "boot", 2, late[0]), 500);
	/* A phone that starts anew. */
	rig_turn(1);
	assert_int_equal(
	    rig_receive_of(OFFICE, PEER, "REGISTER", "boot", 1, "Contact: <sip:d@h>\r\n"), 200);
	/* Another Call-ID has another order. */
	assert_int_equal(
	    rig_receive_of(OFFICE, PEER, "REGISTER", "again", 1, "Contact: <sip:d@h>\r\n"), 200);
	assert_int_equal(
	    rig_receive_of(OFFICE, PEER, "REGISTER", "again", 2, "Contact: <sip:d@new>\r\n"), 200);
	assert_int_equal(rig_receive_of(OFFICE, PEER, "REGISTER", "again", 0, late[1]), 500);
	assert_string_equal(where()->contact, "sip:d@new");
	assert_int_equal(rig_receive_of(OFFICE, PEER, "REGISTER", "again", 3, late[1]), 200);
	assert_null(where());
}

/* 10.2.2, 10.3 step 6 */
static void test_star(void **state)
{
	(void)state;
	assert_int_equal(reg("Contact: <sip:d@h>\r\n"), 200);
	assert_int_equal(reg("Contact: *\r\n"), 400);
	assert_int_equal(reg("Contact: *\r\nExpires: 60\r\n"), 400);
	assert_string_equal(where()->contact, "sip:d@h");
}

static void test_unusable_contacts(void **state)
{
	static const char *const bad[] = { "Contact: <tel:+4930>\r\n", "Contact: <mailto:d@h>\r\n",
		                           "Contact: <sip:d@h:99999>\r\n",
		                           "Contact: <sip:d@h;x=\r\n X-Evil: 1>\r\n",
		                           "Contact: <sip:d e@h>\r\n" };

	(void)state;
	assert_int_equal(reg("Contact: <sip:d@h>\r\n"), 200);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		unsigned status = reg(bad[i]);

		if (status != 400)
			fail_msg("%u: %s", status, bad[i]);
		assert_string_equal(where()->contact, "sip:d@h");
	}
}

/* Which of several is bound is the one that is judged. */
static void test_one_of_several(void **state)
{
	(void)state;
	assert_int_equal(reg("Contact: <tel:+4930>;expires=0, <sip:d@h>\r\n"), 200);
	assert_string_equal(where()->contact, "sip:d@h");
	assert_int_equal(reg("Contact: <sip:e@h>;expires=0, <tel:+4930>\r\n"), 400);
	assert_string_equal(where()->contact, "sip:d@h");
}

static void test_contact_length(void **state)
{
	char name[512], more[600];

	(void)state;
	for (size_t len = 300; len <= 301; len++) {
		memset(name, 'n', len);
		memcpy(name, "sip:d@", 6);
		name[len] = '\0';
		snprintf(more, sizeof(more), "Contact: <%s>\r\n", name);
		assert_int_equal(reg(more), len == 300 ? 200 : 400);
		assert_int_equal(strlen(where()->contact), 300);
	}
}

static void starved(void *arg)
{
	unsigned status = reg("Contact: <sip:d@h>;expires=60\r\nUser-Agent: phone/1\r\n");

	(void)arg;
	if (status != 200) {
		assert_true(mem_has_failed());
		assert_true(status == 0 || status == 500 || status == 503);
	}
	if (status == 200)
		assert_non_null(where());
	rig_turn(60000);
	assert_null(where());
}

static void test_no_memory(void **state)
{
	(void)state;
	assert_true(each_allocation_fails(starved, NULL) >= 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(bind),           TEST(expires),           TEST(too_brief_refresh),
		TEST(expiry),         TEST(refresh),           TEST(moves),
		TEST(query),          TEST(goodbye),           TEST(overtaken),
		TEST(star),           TEST(unusable_contacts), TEST(one_of_several),
		TEST(contact_length), TEST(no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
