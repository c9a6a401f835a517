/* sbc/b2bua/diversion.c; on the way of a call: tests/replay/headers/diversion.replay. */
#include "sbc/b2bua/diversion.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

static const struct config_realm office;
static char own[] = "+4930", *numbers[] = { own };
static const struct config_phone pbx = { .realm = &office, .trusted = YES };
static const struct config_phone desk = { .realm = &office, .numbers = numbers, .nnumbers = 1 };
static const struct config_party the_pbx = { .kind = PARTY_PHONE, .phone = &pbx };
static const struct config_party the_desk = { .kind = PARTY_PHONE, .phone = &desk };

static struct message *invite_to(const char *uri, const char *headers)
{
	char text[8192];
	struct message *m;
	int len = snprintf(text, sizeof(text),
	                   "INVITE %s SIP/2.0\r\n"
	                   "Via: SIP/2.0/UDP a;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\n"
	                   "To: <sip:c@d>\r\nCall-ID: x\r\nCSeq: 1 INVITE\r\n"
	                   "Contact: <sips:us@sbc.lab>\r\n%s\r\n",
	                   uri, headers);

	assert_int_equal(message_parse(&m, text, (size_t)len), OK);
	return m;
}

static struct message *invite(const char *headers)
{
	return invite_to("sips:+99@p.lab", headers);
}

/* "NUMBER reason counter" of each, with a ! where it is hidden, and a | behind it. */
static void check_read(const struct config_party *from, const char *headers, const char *wanted)
{
	struct message *m = invite(headers);
	struct diversions d;
	char text[1024] = "";

	diversions_read(&d, m, from);
	for (size_t i = 0; i < d.n; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s %s %u%s|",
		         d.of[i].number, d.of[i].reason, d.of[i].counter,
		         d.of[i].hidden ? "!" : "");
	assert_string_equal(text, wanted);
	message_free(&m);
}

static void test_diversion(void **state)
{
	char many[2048] = "";

	(void)state;
	check_read(&the_pbx, "", "");
	check_read(&the_pbx, "Diversion: <sip:1@x>;reason=user-busy\r\n", "1 user-busy 1|");
	check_read(&the_pbx,
	           "Diversion: \"A, B\" <sip:1@x;a=,>;reason=No-Answer;counter=3;privacy=full, "
	           "sip:2@x\r\nDiversion: <tel:+3>;reason=\"away\";counter=-1;privacy=off\r\n",
	           "1 no-answer 3!|2 unknown 1|+3 away 1|");
	check_read(&the_pbx, "Diversion: <sip:1@x>;counter=5000000000\r\n", "1 unknown 99|");
	check_read(&the_pbx, "Privacy: history\r\nDiversion: <sip:1@x>\r\n", "1 unknown 1!|");
	check_read(&the_pbx, "Diversion: <sip:x@\r\nDiversion: ,,\r\n", "");
	/* A phone speaks of its own numbers. */
	check_read(&the_desk, "Diversion: <sip:1@x>, <sip:+4930@x>\r\n", "+4930 unknown 1|");
	for (unsigned i = 0; i < 12; i++)
		strcat(many, "Diversion: <sip:1@x>\r\n");
	check_read(&the_pbx, many,
	           "1 unknown 1|1 unknown 1|1 unknown 1|1 unknown 1|1 unknown 1|1 unknown 1|"
	           "1 unknown 1|1 unknown 1|");
}

static void test_history(void **state)
{
	(void)state;
	/* RFC 7044: the next one says why. */
	check_read(&the_pbx,
	           "History-Info: <sip:1@x>;index=1,<sip:2@x;cause=486>;index=1.1;mp=1, "
	           "<sip:3@x;cause=408>;index=1.1.1;mp=1.1\r\n",
	           "2 no-answer 1|1 user-busy 1|");
	check_read(&the_pbx,
	           "History-Info: <sip:1@x?Privacy=history>;index=1\r\n"
	           "History-Info: <sip:2@x;cause=302>;index=1.1\r\n",
	           "1 unconditional 1!|");
	/* RFC 4244: the failed one says so itself. */
	check_read(&the_pbx,
	           "History-Info: <sip:1@x?Reason=SIP%3Bcause%3D302>;index=1, "
	           "<sip:2@x>;index=1.1\r\n",
	           "1 unconditional 1|");
	/* What went on for no cause was routed, not diverted. */
	check_read(&the_pbx, "History-Info: <sip:1@x>;index=1, <sip:2@x>;index=1.1\r\n", "");
	check_read(&the_pbx,
	           "History-Info: <sip:1@x>;index=1, <sip:2@x>;index=1.1\r\n"
	           "Diversion: <sip:5@x>;reason=deflection\r\n",
	           "5 deflection 1|");
	check_read(&the_pbx, "History-Info: <sip:1@x;cause=999>;index=1, <sip:\r\n", "");
}

/* All values of both headers as one trunk wants them, each with a line's end. */
static void check_written(enum diversion_use use, bool trusted, const struct diversions *d,
                          const char *wanted)
{
	static char domain[] = "p.lab";
	const struct config_trunk trunk = { .domain = domain,
		                            .diversion = use,
		                            .trusted = trusted ? YES : NO };
	const struct config_party the_trunk = { .kind = PARTY_TRUNK, .trunk = &trunk };
	const struct crossing_ends out = { &the_pbx, &the_trunk };
	struct message *m = invite("");
	struct passage p;
	char text[2048] = "";
	const char *value;

	passage_open(&p, NULL, m, &out);
	diversions_write(d, &p);
	for (unsigned n = 0; (value = message_header(m, "Diversion", n)); n++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "D %s\n", value);
	for (unsigned n = 0; (value = message_header(m, "History-Info", n)); n++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "H %s\n", value);
	assert_string_equal(text, wanted);
	message_free(&m);
}

static void test_write(void **state)
{
	struct diversions d = { .n = 2 };

	(void)state;
	d.of[0] = (struct diversion){ "2", "no-answer", 408, 1, false };
	d.of[1] = (struct diversion){ "1", "user-busy", 486, 3, true };
#define TWO                                                           \
	"D <sips:2@sbc.lab>;reason=no-answer;counter=1;privacy=off\n" \
	"D <sips:anonymous@anonymous.invalid>;reason=user-busy;counter=3;privacy=full\n"
#define HISTORY                                                          \
	"H <sips:anonymous@anonymous.invalid?Privacy=history>;index=1\n" \
	"H <sips:2@sbc.lab;cause=486>;index=1.1;mp=1\n"                  \
	"H <sips:+99@p.lab;cause=408>;index=1.1.1;mp=1.1\n"
	check_written(DIVERSION_DIVERSION, false, &d, TWO);
	check_written(DIVERSION_HISTORY_INFO, false, &d, HISTORY);
	check_written(DIVERSION_BOTH, false, &d, TWO HISTORY);
	check_written(DIVERSION_NONE, false, &d, "");
	check_written(DIVERSION_HISTORY_INFO, true, &d,
	              "H <sips:1@sbc.lab?Privacy=history>;index=1\n"
	              "H <sips:2@sbc.lab;cause=486>;index=1.1;mp=1\n"
	              "H <sips:+99@p.lab;cause=408>;index=1.1.1;mp=1.1\n");
	d.n = 0;
	check_written(DIVERSION_BOTH, false, &d, "H <sips:+99@p.lab>;index=1\n");
	check_written(DIVERSION_DIVERSION, false, &d, "");
	for (unsigned i = 0; i < DIVERSIONS_MAX + 2; i++)
		diversions_add(&d, i == 0 ? "first" : "7");
	assert_int_equal(d.n, DIVERSIONS_MAX);
	assert_string_equal(d.of[0].number, "7");
	assert_string_equal(d.of[0].reason, "unconditional");
	assert_string_equal(d.of[DIVERSIONS_MAX - 1].number, "7");
}

/* Whom the call goes to now. */
static void check_last(const char *uri, const char *wanted)
{
	static char domain[] = "p.lab";
	const struct config_trunk trunk = { .domain = domain, .diversion = DIVERSION_HISTORY_INFO };
	const struct config_party the_trunk = { .kind = PARTY_TRUNK, .trunk = &trunk };
	const struct crossing_ends out = { &the_pbx, &the_trunk };
	struct message *m = invite_to(uri, "");
	struct diversions d = { .n = 1 };
	struct passage p;

	d.of[0] = (struct diversion){ "2", "no-answer", 408, 1, false };
	passage_open(&p, NULL, m, &out);
	diversions_write(&d, &p);
	assert_string_equal(message_header(m, "History-Info", 1), wanted);
	message_free(&m);
}

static void test_write_last(void **state)
{
	(void)state;
	check_last("sip:+99@[2001:db8::1]:5061",
	           "<sip:+99@[2001:db8::1];cause=408>;index=1.1;mp=1");
	check_last("sips:p.lab", "<sips:p.lab;cause=408>;index=1.1;mp=1");
}

static int begin(void **state)
{
	(void)state;
	message_library_open();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_diversion),
		                            cmocka_unit_test(test_history),
		                            cmocka_unit_test(test_write),
		                            cmocka_unit_test(test_write_last) };

	return cmocka_run_group_tests(tests, begin, NULL);
}
