/* sbc/b2bua/failure_map.c */
#include "sbc/b2bua/failure_map.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

static struct message *answer(unsigned status, const char *more)
{
	char text[1024];
	struct message *m;

	snprintf(text, sizeof(text),
	         "SIP/2.0 %u x\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\n"
	         "To: <sip:c@d>;tag=2\r\nCall-ID: x\r\nCSeq: 1 INVITE\r\n%s\r\n",
	         status, more);
	assert_int_equal(message_parse(&m, text, strlen(text)), OK);
	return m;
}

static void check(unsigned status, const char *more, unsigned in, unsigned out)
{
	struct message *m = answer(status, more);

	assert_int_equal(failure_status(m, CROSSING_IN), in);
	assert_int_equal(failure_status(m, CROSSING_OUT), out);
	message_free(&m);
}

/* Every status that there can be becomes a failure, and never one that asks the other side for
 * something that is ours. */
static void test_every_status(void **state)
{
	(void)state;
	for (unsigned status = 300; status < 700; status++) {
		struct message *m = answer(status, "");

		for (unsigned way = 0; way < 2; way++) {
			unsigned to = failure_status(m, (enum crossing)way);

			assert_true(to >= 400 && to < 700);
			assert_true(to != 401 && to != 407 && to != 408 && to != 503 && to != 422);
			assert_int_equal(failure_class(to) == FAILURE_BUSY,
			                 failure_class(status) == FAILURE_BUSY);
		}
		assert_string_not_equal(failure_class_name(failure_class(status)), "?");
		message_free(&m);
	}
}

static void test_some(void **state)
{
	(void)state;
	check(486, "", 486, 486);
	check(600, "", 600, 600);
	check(404, "", 404, 404);
	check(407, "", 403, 403);
	check(408, "", 480, 480);
	check(503, "", 500, 480);
	check(502, "", 502, 500);
	check(436, "", 436, 403);
	check(302, "", 480, 480);
	check(499, "", 480, 480);
	check(599, "", 500, 500);
	check(699, "", 603, 603);
}

/* Of other requests what speaks of our hop alone is told as of an INVITE. */
static void test_passed(void **state)
{
	static const unsigned of_the_hop[] = { 302, 305, 401, 402, 407, 408, 422, 481, 503 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(of_the_hop); i++) {
		struct message *m = answer(of_the_hop[i], "");

		assert_int_equal(failure_status_passed(of_the_hop[i], CROSSING_IN),
		                 failure_status(m, CROSSING_IN));
		assert_int_equal(failure_status_passed(of_the_hop[i], CROSSING_OUT),
		                 failure_status(m, CROSSING_OUT));
		message_free(&m);
	}
	assert_int_equal(failure_status_passed(200, CROSSING_IN), 200);
	assert_int_equal(failure_status_passed(202, CROSSING_OUT), 202);
	assert_int_equal(failure_status_passed(405, CROSSING_OUT), 405);
	assert_int_equal(failure_status_passed(423, CROSSING_IN), 423);
	assert_int_equal(failure_status_passed(489, CROSSING_IN), 489);
}

/* A change of the session is refused as an INVITE is, but that glare stays what it is. */
static void test_changes(void **state)
{
	(void)state;
	for (unsigned status = 300; status < 700; status++) {
		struct message *m = answer(status, "");

		for (unsigned way = 0; way < 2 && status != 491; way++)
			assert_int_equal(failure_status_of_change(status, (enum crossing)way),
			                 failure_status(m, (enum crossing)way));
		message_free(&m);
	}
	assert_int_equal(failure_status_of_change(491, CROSSING_IN), 491);
	assert_int_equal(failure_status_of_change(491, CROSSING_OUT), 491);
}

/* RFC 3398 7.2.4.1 */
static void test_q850(void **state)
{
	(void)state;
	check(500, "Reason: Q.850;cause=17\r\n", 486, 486);
	check(503, "Reason: SIP;cause=404, q.850;cause=1;text=\"cause=17\"\r\n", 404, 404);
	check(502, "Reason: Q.850;cause=28\r\n", 484, 484);
	check(500, "Reason: Q.850;cause=41\r\n", 500, 500);
	check(500, "Reason: Q.850;cause=999\r\n", 500, 500);
	check(500, "Reason: Q.850\r\n", 500, 500);
	/* It is not asked where the status speaks of the call. */
	check(404, "Reason: Q.850;cause=17\r\n", 404, 404);
	check(486, "Reason: Q.850;cause=34\r\n", 486, 486);
	assert_int_equal(failure_q850(486), 17);
	assert_int_equal(failure_q850(499), 18);
	assert_int_equal(failure_q850(487), 0);
}

static void test_classes(void **state)
{
	(void)state;
	assert_string_equal(failure_class_name(failure_class(486)), "busy");
	assert_string_equal(failure_class_name(failure_class(603)), "refused");
	assert_string_equal(failure_class_name(failure_class(404)), "unavailable");
	assert_string_equal(failure_class_name(failure_class(500)), "failed");
}

static void test_the_table_is_sorted(void **state)
{
	(void)state;
	for (size_t i = 1; i < ARRAY_LEN(failures); i++)
		assert_true(failures[i - 1].status < failures[i].status);
}

static int begin(void **state)
{
	(void)state;
	message_library_open();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_every_status),
		                            cmocka_unit_test(test_some),
		                            cmocka_unit_test(test_passed),
		                            cmocka_unit_test(test_changes),
		                            cmocka_unit_test(test_q850),
		                            cmocka_unit_test(test_classes),
		                            cmocka_unit_test(test_the_table_is_sorted) };

	return cmocka_run_group_tests(tests, begin, NULL);
}
