/* sbc/admin/print.c */
#include "tests/unit/sbc/admin/printed.h"

#define LEGS                                                                               \
	"'caller':{'party':'alice','kind':'phone','number':'100','sip_call_id':'x',"       \
	"'peer':'192.0.2.1:5060','tls':null,'verified':null,'srtp':null,'packets_in':500," \
	"'packets_out':498,'lost':2,'jitter_ms':1.25,'bad_source':4,'bad_auth':1},"        \
	"'callee':{'party':'provider','kind':'trunk','number':'4711','sip_call_id':null,"  \
	"'peer':'192.0.2.9:5061','tls':'TLSv1.3','verified':'provider.lab',"               \
	"'srtp':'AES_CM_128_HMAC_SHA1_80','packets_in':15,'packets_out':7,'lost':0,"       \
	"'jitter_ms':0.96,'bad_source':0,'bad_auth':0}"

static const char calls[] =
    "[{'id':'abcd2345','state':'up','since_s':75,'talk_s':70," LEGS "},"
    "{'id':'efgh6789','state':'ringing','since_s':3,'talk_s':null," LEGS "}]";

static void test_calls(void **state)
{
	(void)state;
	expect_print("calls", "[]", "There is no call now.\n");
	expect_print(
	    "calls", calls,
	    "CALL      STATE       SINCE  LEG     PARTY     NUMBER  PEER            TLS      "
	    "VERIFIED      SRTP                      IN  OUT  LOST  JITTER  REFUSED\n"
	    "abcd2345  up       1:15 min  caller  alice     100     192.0.2.1:5060  -        "
	    "-             -                        500  498     2  1.2 ms        5\n"
	    "                             callee  provider  4711    192.0.2.9:5061  TLSv1.3  "
	    "provider.lab  AES_CM_128_HMAC_SHA1_80   15    7     0  1.0 ms        0\n"
	    "efgh6789  ringing       3 s  caller  alice     100     192.0.2.1:5060  -        "
	    "-             -                        500  498     2  1.2 ms        5\n"
	    "                             callee  provider  4711    192.0.2.9:5061  TLSv1.3  "
	    "provider.lab  AES_CM_128_HMAC_SHA1_80   15    7     0  1.0 ms        0\n");
}

static const char trunks[] =
    "[{'name':'provider','state':'down','since_s':90000,'domain':'provider.lab','calls':3,"
    "'max_calls':30,'calls_out':1000,'calls_in':2,'failed':1,'refused':77,'last_error':'no\\u001b[2J way'},"
    "{'name':'spare','state':'unknown','since_s':0,'domain':'spare.lab','calls':0,"
    "'max_calls':5,'calls_out':0,'calls_in':0,'failed':0,'refused':0,'last_error':null}]";

static void test_trunks(void **state)
{
	(void)state;
	expect_print("trunks", "[]", "No trunk is configured.\n");
	expect_print("trunks", trunks,
	             "TRUNK     STATE         SINCE  DOMAIN        CALLS   OUT  IN  FAILED  "
	             "REFUSED  LAST ERROR\n"
	             "provider  down     1 d 1:00 h  provider.lab   3/30  1000   2       1  "
	             "     77  no?[2J way\n"
	             "spare     unknown         0 s  spare.lab       0/5     0   0       0  "
	             "      0  -\n");
}

static void test_phones(void **state)
{
	(void)state;
	expect_print("phones", "[]", "No phone is configured.\n");
	expect_print(
	    "phones",
	    "[{'name':'alice','realm':'office','known':'address','where':'192.0.2.1',"
	    "'transport':null,'expires_in_s':null,'user_agent':null,'calls':1,'max_calls':2,'refused':0},"
	    "{'name':'bob','realm':'office','known':'registered',"
	    "'where':'192.0.2.7:5060','transport':'tcp','expires_in_s':3590,"
	    "'user_agent':'Phone/1.0','calls':0,'max_calls':1000,'refused':5}]",
	    "PHONE  REALM   KNOWN       WHERE           OVER  EXPIRES IN   CALLS  REFUSED  "
	    "USER AGENT\n"
	    "alice  office  address     192.0.2.1       -              -     1/2        0  "
	    "-\n"
	    "bob    office  registered  192.0.2.7:5060  tcp    59:50 min  0/1000        5  "
	    "Phone/1.0\n");
}

static const char status[] =
    "{'version':'1.2','uptime_s':3600,'calls':1,'media_ports':2,'transactions':3,'dialogs':4,"
    "'connections':5,'certs_ending':6,'realms':[{'name':'office','media_ports_used':2,'media_ports_size':100}]}";

static void test_status(void **state)
{
	(void)state;
	expect_print("status", status,
	             "version       1.2\n"
	             "up for        1:00:00 h\n"
	             "calls         1\n"
	             "media ports   2\n"
	             "transactions  3\n"
	             "dialogs       4\n"
	             "connections   5\n"
	             "certs ending  6\n"
	             "\n"
	             "REALM   MEDIA PORTS   OF\n"
	             "office            2  100\n");
}

/* A server of another version lacks something, or has it in another form. */
static void test_odd_answers(void **state)
{
	(void)state;
	expect_print("trunks", "[{'name':7,'since_s':-1,'calls_out':'many'},[]]",
	             "TRUNK  STATE  SINCE  DOMAIN  CALLS  OUT  IN  FAILED  REFUSED  LAST ERROR\n"
	             "-      -          -  -         0/0    -   -       -        -  -\n"
	             "-      -          -  -         0/0    -   -       -        -  -\n");
	expect_print("calls", "{'a':1}", "There is no call now.\n");
	expect_print("status", "[]",
	             "version       \n"
	             "up for        0 s\n"
	             "calls         0\n"
	             "media ports   0\n"
	             "transactions  0\n"
	             "dialogs       0\n"
	             "connections   0\n"
	             "certs ending  0\n"
	             "\n"
	             "REALM  MEDIA PORTS  OF\n");
}

static void test_what_there_is(void **state)
{
	bool takes_name;

	(void)state;
	assert_true(print_knows("calls", &takes_name) && !takes_name);
	assert_true(print_knows("trunks", &takes_name) && !takes_name);
	assert_true(print_knows("phones", &takes_name) && !takes_name);
	assert_true(print_knows("status", &takes_name) && !takes_name);
	assert_true(print_knows("ladder", &takes_name) && takes_name);
	assert_false(print_knows("call", &takes_name));
	assert_false(print_knows("", &takes_name));
}

static void test_without_memory(void **state)
{
	(void)state;
	/* The cells, a list of them, the widths, and the run that needs no more. */
	assert_int_equal(print_without_memory("trunks", trunks), 20 + 1 + 1 + 1);
	assert_int_equal(print_without_memory("calls", calls), 60 + 1 + 1 + 1);
	assert_int_equal(print_without_memory("status", status), 3 + 1 + 1 + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_calls),          cmocka_unit_test(test_trunks),
		cmocka_unit_test(test_phones),         cmocka_unit_test(test_status),
		cmocka_unit_test(test_odd_answers),    cmocka_unit_test(test_what_there_is),
		cmocka_unit_test(test_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
