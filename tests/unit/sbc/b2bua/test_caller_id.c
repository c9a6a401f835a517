/* sbc/b2bua/caller_id.c; the rest of it: tests/replay/headers/caller_id.replay. */
#include "sbc/b2bua/caller_id.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

static const struct config_realm office;
static const struct config_phone plain = { .realm = &office };
static const struct config_phone believed = { .realm = &office, .trusted = YES };
static const struct config_party a_phone = { .kind = PARTY_PHONE, .phone = &plain };
static const struct config_party a_pbx = { .kind = PARTY_PHONE, .phone = &believed };

static struct message *invite(const char *from, const char *more)
{
	char text[4096];
	struct message *m;

	snprintf(text, sizeof(text),
	         "INVITE sip:1@b SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\n"
	         "From: %s;tag=1\r\nTo: <sip:c@d>\r\nCall-ID: x\r\nCSeq: 1 INVITE\r\n%s\r\n",
	         from, more);
	assert_int_equal(message_parse(&m, text, strlen(text)), OK);
	return m;
}

static void check_from(const char *from, const char *more, const char *number, const char *wanted)
{
	struct message *m = invite(from, more);
	char value[HEADER_VALUE_MAX], own[NUMBER_MAX];
	struct caller_id id;

	caller_id_read(&id, own, m, &a_phone);
	assert_int_equal(caller_id_from(&id, false, number, "sbc.lab", "sips", value), OK);
	assert_string_equal(value, wanted);
	message_free(&m);
}

static void test_from(void **state)
{
	(void)state;
	check_from("<sip:desk@10.0.0.1>", "", "desk", "<sips:desk@sbc.lab>");
	check_from("\"A B\" <sip:desk@10.0.0.1>", "", "desk", "\"A B\" <sips:desk@sbc.lab>");
	check_from("<sip:desk@10.0.0.1>", "", "+4930", "<sips:+4930@sbc.lab>");
	check_from("<tel:+4930;phone-context=x>", "", "+4931", "<sips:+4931@sbc.lab>");
}

/* RFC 3323: withheld stays withheld, whatever number we would show. */
static void test_withheld(void **state)
{
	static const char anonymous[] = "\"Anonymous\" <sips:anonymous@anonymous.invalid>";
	static const char desk[] = "<sip:desk@10.0.0.1>";

	(void)state;
	check_from(desk, "Privacy: id\r\n", "+4930", anonymous);
	check_from(desk, "Privacy: header;user\r\n", "+4930", anonymous);
	check_from(desk, "Privacy: critical; id\r\n", "+4930", anonymous);
	check_from("<sip:anonymous@anonymous.invalid>", "", "+4930", anonymous);
	check_from(desk, "Privacy: ID\r\n", "+4930", anonymous);
	check_from(desk, "Remote-Party-ID: <sip:a@b>;privacy=full\r\n", "+4930", anonymous);
	/* Any of them, and those alone that speak of the caller. */
	check_from(desk,
	           "Remote-Party-ID: <sip:a@b>;privacy=off\r\n"
	           "Remote-Party-ID: <sip:a@b>;party=calling;privacy=\"uri;network\"\r\n",
	           "+4930", anonymous);
	check_from(desk, "Remote-Party-ID: <sip:a@b>;party=called;privacy=full\r\n", "+4930",
	           "<sips:+4930@sbc.lab>");
	check_from(desk, "Remote-Party-ID: \"privacy=full\" <sip:a@b>;party=calling\r\n", "+4930",
	           "<sips:+4930@sbc.lab>");
	check_from(desk, "Privacy: none\r\n", "+4930", "<sips:+4930@sbc.lab>");
	check_from(desk, "Privacy: identity\r\n", "+4930", "<sips:+4930@sbc.lab>");
}

static void test_too_long(void **state)
{
	static const struct caller_id id;
	char host[600], value[HEADER_VALUE_MAX];

	(void)state;
	memset(host, 'h', sizeof(host));
	host[sizeof(host) - 1] = '\0';
	assert_int_equal(caller_id_from(&id, false, "1", host, "sips", value), ERR_LIMIT);
}

static void check_read(const struct config_party *from, const char *more, const char *number,
                       const char *display)
{
	struct message *m = invite("\"Own\" <sip:77@10.0.0.1>", more);
	char is[NUMBER_MAX];
	struct caller_id id;

	caller_id_read(&id, is, m, from);
	assert_string_equal(is, number);
	assert_string_equal(id.display, display);
	message_free(&m);
}

static void test_who_is_believed(void **state)
{
	(void)state;
	check_read(&a_phone, "P-Asserted-Identity: <sip:1@b>\r\n", "77", "\"Own\"");
	check_read(&a_pbx, "P-Asserted-Identity: <sip:1@b>\r\n", "1", "");
	check_read(&a_pbx, "P-Asserted-Identity: Anna B <sip:1@b>\r\n", "1", "\"Anna B\"");
	check_read(&a_pbx, "P-Asserted-Identity: \"<x>\\\" y\" <tel:+1-2>\r\n", "+12",
	           "\"<x>\\\" y\"");
	check_read(&a_pbx, "P-Preferred-Identity: sip:2@b;x=y\r\n", "2", "");
	check_read(&a_pbx, "Remote-Party-ID: <sip:3@b>;party=calling\r\n", "3", "");
	check_read(&a_pbx,
	           "Remote-Party-ID: <sip:4@b>;party=called\r\n"
	           "Remote-Party-ID: <sip:5@b>;Party=Calling\r\n",
	           "5", "");
	check_read(&a_pbx, "Remote-Party-ID: <sip:4@b>;party=called\r\n", "77", "\"Own\"");
	/* What is no name or has no number is passed over. */
	check_read(&a_pbx, "P-Asserted-Identity: <sip:1@b\r\n", "77", "\"Own\"");
	check_read(&a_pbx, "P-Asserted-Identity: \"x\r\n", "77", "\"Own\"");
	check_read(&a_pbx,
	           "P-Asserted-Identity: <sip:anonymous@b>\r\nP-Asserted-Identity: <sip:4@b>\r\n",
	           "4", "");
}

/* A name that says where its owner sits is for those inside. */
static void check_told(const char *from, const char *inside, const char *outside)
{
	struct message *m = invite(from, "Contact: <sip:desk@pbx.lab>\r\n");
	char value[HEADER_VALUE_MAX], number[NUMBER_MAX];
	struct caller_id id;

	caller_id_read(&id, number, m, &a_phone);
	assert_int_equal(caller_id_from(&id, false, "1", "h", "sip", value), OK);
	assert_string_equal(value, inside);
	assert_int_equal(caller_id_from(&id, true, "1", "h", "sip", value), OK);
	assert_string_equal(value, outside);
	message_free(&m);
}

static void test_told(void **state)
{
	(void)state;
	check_told("\"At pbx.lab\" <sip:1@10.0.0.1>", "\"At pbx.lab\" <sip:1@h>", "<sip:1@h>");
	check_told("\"At work\" <sip:1@10.0.0.1>", "\"At work\" <sip:1@h>",
	           "\"At work\" <sip:1@h>");
}

static int begin(void **state)
{
	(void)state;
	message_library_open();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_from),
		                            cmocka_unit_test(test_withheld),
		                            cmocka_unit_test(test_too_long),
		                            cmocka_unit_test(test_told),
		                            cmocka_unit_test(test_who_is_believed) };

	return cmocka_run_group_tests(tests, begin, NULL);
}
