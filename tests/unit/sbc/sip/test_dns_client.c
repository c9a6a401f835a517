/* sbc/sip/dns_client.c: which server is asked, how and when, and who is told. */
#include "sbc/sip/dns_client.h"

#include "tests/unit/alloc.h"
#include "tests/unit/sbc/sip/dns_rig.h"

static void says_truncated(struct wire *w, const struct dns_exchange_cfg *cfg)
{
	if (!cfg->tcp)
		w->data[2] |= 0x02;
	for (unsigned i = 0; i < (cfg->tcp ? 40U : 2U); i++)
		add_a(w, "a.test", i);
}

/* CLO-06, RFC 7766 5: over TCP what UDP cannot hold, and never a half of it. */
static void test_truncated(void **state)
{
	(void)state;
	t.answer = says_truncated;
	assert_int_equal(ask(DNS_TYPE_A, "a.test"), DNS_FOUND);
	assert_int_equal(t.asked, 2);
	assert_int_equal(t.asked_tcp, 1);
	assert_int_equal(t.reply.nrecords, DNS_RECORDS_MAX);
}

static void says_second(struct wire *w, const struct dns_exchange_cfg *cfg)
{
	if (addr_port(&cfg->server) == 5353)
		add_a(w, "a.test", 1);
	else
		w->len = 0;
}

/* The next server after a second; the one that answered comes first from then on. */
static void test_next_server(void **state)
{
	(void)state;
	t.answer = says_second;
	assert_int_equal(ask(DNS_TYPE_A, "a.test"), DNS_FOUND);
	assert_int_equal(t.asked, 2);
	turn(61000);
	assert_int_equal(ask(DNS_TYPE_A, "a.test"), DNS_FOUND);
	assert_int_equal(t.asked, 3);
	assert_int_equal(addr_port(&t.server), 5353);
}

static void test_silence(void **state)
{
	(void)state;
	t.answer = says_nothing;
	assert_int_equal(ask(DNS_TYPE_A, "a.test"), DNS_SILENT);
	assert_int_equal(t.asked, 4); /* two rounds */
}

static void test_shared_and_cancelled(void **state)
{
	struct dns_ask *first, *second;
	struct dns_reply known;

	(void)state;
	t.answer = says_one;
	assert_int_equal(
	    dns_client_ask(&first, t.client, DNS_TYPE_A, "a.test", &known, on_reply, &t), OK);
	assert_int_equal(
	    dns_client_ask(&second, t.client, DNS_TYPE_A, "a.test", &known, on_reply, &t), OK);
	dns_ask_cancel(&first);
	assert_null(first);
	dns_ask_cancel(&first);
	turn(100);
	assert_int_equal(t.told, 1);
	assert_int_equal(t.asked, 1);
	/* Nobody waits for this one: its answer is kept all the same. */
	turn(61000);
	assert_int_equal(
	    dns_client_ask(&first, t.client, DNS_TYPE_A, "a.test", &known, on_reply, &t), OK);
	dns_ask_cancel(&first);
	turn(100);
	assert_int_equal(t.asked, 2);
	assert_int_equal(ask(DNS_TYPE_A, "a.test"), DNS_FOUND);
	assert_int_equal(t.asked, 2);
}

static void test_bounded(void **state)
{
	static struct dns_ask *asks[DNS_QUERIES_MAX + 1];
	char name[32];

	(void)state;
	t.answer = says_one;
	for (int i = 0; i <= DNS_QUERIES_MAX; i++) {
		snprintf(name, sizeof(name), "n%d.test", i);
		assert_int_equal(
		    dns_client_ask(&asks[i], t.client, DNS_TYPE_A, name, &t.reply, on_reply, &t),
		    i < DNS_QUERIES_MAX ? OK : ERR_LIMIT);
	}
	for (int i = 0; i < DNS_QUERIES_MAX; i++)
		dns_ask_cancel(&asks[i]);
}

static void starve(void *arg)
{
	struct dns_client *c;
	struct addr at = server("192.0.2.53");

	(void)arg;
	t.ask = NULL;
	if (dns_client_new(&c, t.loop, &at, 1))
		return;
	if (dns_client_ask(&t.ask, c, DNS_TYPE_A, "a.test", &t.reply, on_reply, &t) == OK) {
		turn(10000);
		assert_null(t.ask);
	}
	dns_client_free(&c);
}

static void test_no_memory(void **state)
{
	(void)state;
	t.answer = says_truncated;
	assert_true(each_allocation_fails(starve, NULL) > 8);
}

/* An old server: what its answer to EDNS is; RFC 6891 7. */
static unsigned old_rcode; /* 0: it says nothing to it */
static bool is_bare;       /* and it does not repeat the question */

static void says_as_of_old(struct wire *w, const struct dns_exchange_cfg *cfg)
{
	if (!cfg->question->edns) {
		add_a(w, cfg->question->name, 1);
		return;
	}
	set_rcode(w, old_rcode);
	if (is_bare) {
		w->len = 12;
		w->data[5] = 0;
	}
	if (old_rcode == 0)
		w->len = 0;
}

/* RFC 6891 6.2.2: who knows no EDNS, or drops what has it, is asked without, and that is kept in
 * mind for a while. */
static void test_edns(void **state)
{
	static const struct {
		unsigned rcode;
		bool bare;
		unsigned asked, asked_edns;
	} cases[] = {
		{ 1, false, 2, 1 }, { 1, true, 2, 1 }, { 4, false, 2, 1 }, { 0, false, 3, 2 }
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		old_rcode = cases[i].rcode;
		is_bare = cases[i].bare;
		t.answer = says_as_of_old;
		assert_int_equal(ask(DNS_TYPE_A, "a.test"), DNS_FOUND);
		assert_int_equal(t.asked, cases[i].asked);
		assert_int_equal(t.asked_edns, cases[i].asked_edns);
		assert_int_equal(ask(DNS_TYPE_A, "b.test"), DNS_FOUND);
		assert_int_equal(t.asked, cases[i].asked + 1);
		assert_int_equal(t.asked_edns, cases[i].asked_edns);
		turn(3700 * 1000);
		assert_int_equal(ask(DNS_TYPE_A, "c.test"), DNS_FOUND);
		assert_true(t.asked_edns > cases[i].asked_edns);
		end(state);
		begin(state);
	}
}

static void understands_nothing(struct wire *w, const struct dns_exchange_cfg *cfg)
{
	(void)cfg;
	set_rcode(w, 1);
}

/* Each server is asked with EDNS and without, and no more. */
static void test_not_understood(void **state)
{
	(void)state;
	t.answer = understands_nothing;
	assert_int_equal(ask(DNS_TYPE_A, "a.test"), DNS_FAILED);
	assert_int_equal(t.asked, 4);
	assert_int_equal(t.asked_edns, 2);
}

/* A server that says nothing, first in the list: one look-up waits for it. */
static void test_dead_server(void **state)
{
	uint64_t before_ms = clock_mono_ms();
	char name[32];

	(void)state;
	t.answer = says_second;
	for (int i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "n%d.test", i);
		ask(DNS_TYPE_A, name);
	}
	assert_int_equal(t.asked, 21);
	assert_in_range(clock_mono_ms() - before_ms, DNS_TRY_MS, DNS_TRY_MS + 20 * 20 + 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(truncated),  TEST(next_server),
		                            TEST(silence),    TEST(shared_and_cancelled),
		                            TEST(bounded),    TEST(no_memory),
		                            TEST(edns),       TEST(not_understood),
		                            TEST(dead_server) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
