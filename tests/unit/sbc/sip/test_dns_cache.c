/* sbc/sip/dns_cache.c: how long what DNS said is believed, and when it serves past that. */
#include "sbc/sip/dns_cache.h"

#include "tests/unit/sbc/sip/dns_rig.h"

static void test_ttl(void **state)
{
	(void)state;
	t.answer = says_one;
	assert_int_equal(ask(DNS_TYPE_A, "A.Test."), DNS_FOUND);
	assert_int_equal(t.reply.nrecords, 1);
	assert_int_equal(ntohl(t.reply.records[0].addr.v4.sin_addr.s_addr), 0xc0000201);
	turn(59000);
	assert_int_equal(ask(DNS_TYPE_A, "a.test"), DNS_FOUND);
	assert_int_equal(t.asked, 1);
	turn(1001);
	assert_int_equal(ask(DNS_TYPE_A, "a.test"), DNS_FOUND);
	assert_int_equal(t.asked, 2);
}

/* RFC 2181 8: a day is enough for us; a TTL of 0 is for this once. */
static void test_ttl_limits(void **state)
{
	(void)state;
	t.answer = says_one;
	t.ttl_s = 1000000;
	assert_int_equal(ask(DNS_TYPE_A, "a.test"), DNS_FOUND);
	turn(86401 * 1000ULL);
	t.ttl_s = 0x80000001;
	assert_int_equal(ask(DNS_TYPE_A, "a.test"), DNS_FOUND);
	assert_int_equal(ask(DNS_TYPE_A, "a.test"), DNS_FOUND);
	assert_int_equal(t.asked, 3);
}

/* RFC 2308 5: as long as SOA says, under a ceiling; without SOA not at all. */
static void test_denials(void **state)
{
	(void)state;
	t.answer = says_no_name;
	assert_int_equal(ask(DNS_TYPE_A, "a.test"), DNS_NO_NAME);
	turn(29000);
	assert_int_equal(ask(DNS_TYPE_A, "a.test"), DNS_NO_NAME);
	assert_int_equal(t.asked, 1);
	turn(1100);
	t.answer = says_no_record;
	t.ttl_s = 100000;
	assert_int_equal(ask(DNS_TYPE_A, "a.test"), DNS_NO_RECORD);
	turn((DNS_NEGATIVE_MAX_S - 1) * 1000);
	assert_int_equal(ask(DNS_TYPE_A, "a.test"), DNS_NO_RECORD);
	assert_int_equal(t.asked, 2);
	turn(1100);
	t.answer = says_no_soa;
	assert_int_equal(ask(DNS_TYPE_A, "a.test"), DNS_NO_NAME);
	assert_int_equal(ask(DNS_TYPE_A, "a.test"), DNS_NO_NAME);
	assert_int_equal(t.asked, 4);
}

/* RFC 8767: an old answer serves while DNS is down, bounded and logged; meanwhile it is asked every
 * 30 s alone. */
static void test_stale(void **state)
{
	unsigned asked;

	(void)state;
	t.answer = says_one;
	assert_int_equal(ask(DNS_TYPE_A, "a.test"), DNS_FOUND);
	turn(61000);
	t.answer = says_nothing;
	t.reply.nrecords = 0;
	assert_int_equal(ask(DNS_TYPE_A, "a.test"), DNS_FOUND); /* after 1.8 s */
	assert_int_equal(t.reply.nrecords, 1);
	asked = t.asked;
	assert_int_equal(asked, 3);
	turn(10000);
	assert_true(t.asked > asked); /* the query went on, and ended */
	assert_non_null(strstr(t.log, "event=dns-stale name=a.test"));
	asked = t.asked;
	assert_int_equal(ask(DNS_TYPE_A, "a.test"), DNS_FOUND); /* at once */
	assert_int_equal(t.asked, asked);
	turn(30000);
	t.answer = says_one;
	assert_int_equal(ask(DNS_TYPE_A, "a.test"), DNS_FOUND);
	assert_int_equal(t.asked, asked + 1);
}

static void test_stale_ends(void **state)
{
	(void)state;
	t.answer = says_one;
	assert_int_equal(ask(DNS_TYPE_A, "a.test"), DNS_FOUND);
	t.answer = says_nothing;
	turn((DNS_STALE_MAX_S + 61) * 1000ULL);
	assert_int_equal(ask(DNS_TYPE_A, "a.test"), DNS_SILENT);
	assert_int_equal(t.reply.nrecords, 0);
}

/* A denial is an answer: what was there is gone. */
static void test_denial_ends_stale(void **state)
{
	(void)state;
	t.answer = says_one;
	assert_int_equal(ask(DNS_TYPE_A, "a.test"), DNS_FOUND);
	turn(61000);
	t.answer = says_no_name;
	assert_int_equal(ask(DNS_TYPE_A, "a.test"), DNS_NO_NAME);
	turn(31000);
	t.answer = fails;
	assert_int_equal(ask(DNS_TYPE_A, "a.test"), DNS_NO_NAME); /* which serves on as well */
	assert_int_equal(t.asked, 4);
}

/* RFC 9520: a failure is remembered for a moment. */
static void test_failure(void **state)
{
	(void)state;
	t.answer = fails;
	assert_int_equal(ask(DNS_TYPE_A, "a.test"), DNS_FAILED);
	assert_int_equal(t.asked, 2); /* each server once: both said so */
	assert_int_equal(ask(DNS_TYPE_A, "a.test"), DNS_FAILED);
	assert_int_equal(t.asked, 2);
	turn(DNS_FAILURE_S * 1000 + 100);
	t.answer = says_one;
	assert_int_equal(ask(DNS_TYPE_A, "a.test"), DNS_FOUND);
}

/* The one that was not used for longest goes. */
static void test_cache_is_bounded(void **state)
{
	struct dns_reply reply = { .status = DNS_FOUND, .ttl_s = 60, .nrecords = 1 };
	struct dns_question q;
	struct dns_cache *c;
	char name[32];

	(void)state;
	assert_int_equal(dns_cache_new(&c), OK);
	for (int i = 0; i <= DNS_CACHE_ENTRIES; i++) {
		snprintf(name, sizeof(name), "n%d.test", i);
		assert_int_equal(dns_question_set(&q, DNS_TYPE_A, name), OK);
		dns_cache_put(c, &q, &reply);
		assert_int_equal(dns_question_set(&q, DNS_TYPE_A, "n0.test"), OK);
		assert_int_equal(dns_cache_get(c, &q, &reply), DNS_CACHE_FRESH);
		reply.ttl_s = 60;
	}
	assert_int_equal(dns_question_set(&q, DNS_TYPE_A, "n1.test"), OK);
	assert_int_equal(dns_cache_get(c, &q, &reply), DNS_CACHE_NONE);
	dns_cache_free(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(ttl),        TEST(ttl_limits),
		                            TEST(denials),    TEST(stale),
		                            TEST(stale_ends), TEST(denial_ends_stale),
		                            TEST(failure),    TEST(cache_is_bounded) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
