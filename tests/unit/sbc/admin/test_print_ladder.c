/* sbc/admin/print_ladder.c */
#include "tests/unit/sbc/admin/printed.h"

#define CALLER                                                                         \
	"'caller':{'party':'alice','number':'100','peer':'192.0.2.1:5060','tls':null," \
	"'verified':null,'srtp':null,'packets_in':500,'packets_out':498,'lost':2,"     \
	"'jitter_ms':1.26,'bad_source':4,'bad_auth':1},"
#define CALLEE                                                                        \
	"'callee':{'party':'provider','number':'4711','peer':'192.0.2.9:5061',"       \
	"'tls':'TLSv1.3','verified':'provider.lab','srtp':'AES_CM_128_HMAC_SHA1_80'," \
	"'packets_in':497,'packets_out':500,'lost':0,'jitter_ms':0.4,'bad_source':0," \
	"'bad_auth':0}"

static const char ended[] =
    "{'id':'abcd2345','state':'over','talk_s':12," CALLER CALLEE ",'ended':true,'code':200,"
    "'why':'the caller hung up','complete':true,'messages':["
    "{'at_ms':0.0,'leg':'caller','from':'alice','line':'INVITE sip:4711@sbc',"
    "'method':'INVITE','transport':'udp'},"
    "{'at_ms':1.234,'leg':'callee','from':'trunkgate','line':'INVITE sips:4711@provider.lab',"
    "'method':'INVITE','transport':'tls'},"
    "{'at_ms':20.25,'leg':'callee','from':'provider','line':'180 Ringing','method':'INVITE',"
    "'transport':'tls'},"
    "{'at_ms':21,'leg':'caller','from':'trunkgate','line':'180 Ringing','method':'INVITE',"
    "'transport':'udp'},"
    "{'at_ms':12345.678,'leg':'caller','from':'alice','line':'BYE sip:sbc','method':'BYE',"
    "'transport':'udp'},"
    "{'at_ms':12345.9,'leg':'caller','from':'trunkgate','line':'200 OK','method':'BYE',"
    "'transport':'udp'}]}";

static void test_a_ladder(void **state)
{
	(void)state;
	expect_print(
	    "ladder", ended,
	    "          alice                           Trunkgate                        provider\n"
	    "          192.0.2.1:5060                                             192.0.2.9:5061\n"
	    "    0.000 |------- INVITE sip:4711@sbc ------>|                                   | udp\n"
	    "    0.001 |                                   |-- INVITE sips:4711@provider.lab ->| tls\n"
	    "    0.020 |                                   |<---------- 180 Ringing -----------| tls\n"
	    "    0.021 |<---------- 180 Ringing -----------|                                   | udp\n"
	    "   12.346 |----------- BYE sip:sbc ---------->|                                   | udp\n"
	    "   12.346 |<--------- 200 OK (BYE) -----------|                                   | udp\n"
	    "\n"
	    "call      abcd2345\n"
	    "caller    alice (100): plain RTP, no TLS\n"
	    "          500 packets from it, 498 to it, 2 lost, jitter 1.3 ms, 5 refused\n"
	    "callee    provider (4711): SRTP AES_CM_128_HMAC_SHA1_80, TLSv1.3, peer provider.lab "
	    "verified\n"
	    "          497 packets from it, 500 to it, 0 lost, jitter 0.4 ms, 0 refused\n"
	    "ended     200: the caller hung up (answered for 12 s)\n");
}

/* Before the first answer, with its beginning forgotten. */
static void test_one_that_goes_on(void **state)
{
	(void)state;
	expect_print("ladder",
	             "{'id':'abcd2345','state':'calling','talk_s':null,'caller':{'party':'a'},"
	             "'callee':{'party':'b'},'ended':false,'code':0,'why':'','complete':false,"
	             "'messages':[]}",
	             "          a                    Trunkgate                    b\n"
	             "                                                             \n"
	             "          Older messages are forgotten.\n"
	             "\n"
	             "call      abcd2345\n"
	             "caller    a (): plain RTP, no TLS\n"
	             "          0 packets from it, 0 to it, 0 lost, jitter 0.0 ms, 0 refused\n"
	             "callee    b (): plain RTP, no TLS\n"
	             "          0 packets from it, 0 to it, 0 lost, jitter 0.0 ms, 0 refused\n"
	             "state     calling\n");
}

/* Every line of the ladder is as wide as the next, whatever the wire brought. */
static void test_columns_hold(void **state)
{
	json_t *call = json_of(
	    "{'id':'x','caller':{'party':'a'},'callee':{'party':'b'},'complete':true,'messages':["
	    "{'leg':'caller','from':'a','line':'','transport':'udp'},"
	    "{'leg':'caller','from':'a','line':'x','transport':'udp'},"
	    "{'leg':'callee','from':'trunkgate','line':'INVITE sip:Z\303\274rich\\u001b[2J@a',"
	    "'transport':'udp'},"
	    "{'leg':'callee','from':'b','line':'600 Busy everywhere and for all of the time that is "
	    "left to us on this earth','method':'BYE','transport':'udp'}]}");
	char *text = NULL, *line, *rest;
	size_t size, width = 0, n = 0;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	assert_int_equal(print_ladder(out, call), OK);
	fclose(out);
	line = strtok_r(text, "\n", &rest);
	for (; line && !strstr(line, "call "); line = strtok_r(NULL, "\n", &rest)) {
		if (!strchr(line, '|'))
			continue;
		assert_true(width == 0 || strlen(line) == width);
		width = strlen(line);
		assert_null(strchr(line, '\033'));
		n++;
	}
	assert_int_equal(n, 4);
	/* Time, three bars, two columns for 48, a transport. */
	assert_int_equal(width, 10 + 3 + 2 * (48 + 6) + 4);
	free(text);
	json_decref(call);
}

static void test_an_odd_answer(void **state)
{
	(void)state;
	expect_print("ladder", "[]",
	             "                               Trunkgate                     \n"
	             "                                                             \n"
	             "          Older messages are forgotten.\n"
	             "\n"
	             "call      \n"
	             "caller     (): plain RTP, no TLS\n"
	             "          0 packets from it, 0 to it, 0 lost, jitter 0.0 ms, 0 refused\n"
	             "callee     (): plain RTP, no TLS\n"
	             "          0 packets from it, 0 to it, 0 lost, jitter 0.0 ms, 0 refused\n"
	             "state     \n");
}

static void test_without_memory(void **state)
{
	(void)state;
	/* Names and peers, a line for each message and one of them twice, their list, the legs, the
	 * end, and the run that needs no more. */
	assert_int_equal(print_without_memory("ladder", ended), 4 + 6 + 1 + 1 + 2 + 1 + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_ladder),       cmocka_unit_test(test_one_that_goes_on),
		cmocka_unit_test(test_columns_hold),   cmocka_unit_test(test_an_odd_answer),
		cmocka_unit_test(test_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
