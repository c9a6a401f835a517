/* sbc/sip/dns_client.c, with dns_message, dns_cache and dns_exchange below it: a name server that
 * the test answers for, under a clock that it turns. */
#include "sbc/sip/dns_client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "sbc/sip/dns_cache.h"
#include "sbc/sip/dns_exchange.h"
#include "tests/unit/alloc.h"

enum { SECTION_ANSWER, SECTION_AUTHORITY };

/* A reply in the making. */
struct wire {
	uint8_t data[DNS_FAKE_MAX];
	size_t len;
};

static struct {
	struct loop *loop;
	struct dns_client *client;
	struct dns_ask *ask;
	struct dns_reply reply;
	unsigned told;
	/* The server: what it says, and what it was asked. */
	void (*answer)(struct wire *w, const struct dns_exchange_cfg *cfg);
	unsigned asked, asked_tcp;
	uint16_t ids[64];
	struct addr server; /* that was asked last */
	uint32_t ttl_s;
	char log[4096];
} t;

static void put(struct wire *w, const void *data, size_t len)
{
	assert_true(w->len + len <= sizeof(w->data));
	memcpy(w->data + w->len, data, len);
	w->len += len;
}

static void put16(struct wire *w, unsigned v)
{
	put(w, (uint8_t[]){ (uint8_t)(v >> 8), (uint8_t)v }, 2);
}

static void put32(struct wire *w, uint32_t v)
{
	put16(w, v >> 16);
	put16(w, v & 0xffff);
}

static void put_name(struct wire *w, const char *name)
{
	while (*name) {
		size_t len = strcspn(name, ".");

		put(w, &(uint8_t){ (uint8_t)len }, 1);
		put(w, name, len);
		name += len + (name[len] == '.');
	}
	put(w, "", 1);
}

static void set16(struct wire *w, size_t at, unsigned v)
{
	w->data[at] = (uint8_t)(v >> 8);
	w->data[at + 1] = (uint8_t)v;
}

static void set_rcode(struct wire *w, unsigned rcode)
{
	w->data[3] = (uint8_t)((w->data[3] & 0xf0) | rcode);
}

/* Begins a record; its data follows, up to end_record. */
static size_t begin_record(struct wire *w, int section, const char *owner, unsigned type)
{
	unsigned at = section == SECTION_ANSWER ? 6 : 8;

	set16(w, at, (unsigned)(w->data[at] << 8 | w->data[at + 1]) + 1);
	put_name(w, owner);
	put16(w, type);
	put16(w, 1);
	put32(w, t.ttl_s);
	put16(w, 0);
	return w->len;
}

static void end_record(struct wire *w, size_t begin)
{
	set16(w, begin - 2, (unsigned)(w->len - begin));
}

static void add_a(struct wire *w, const char *owner, unsigned last)
{
	size_t begin = begin_record(w, SECTION_ANSWER, owner, DNS_TYPE_A);

	put32(w, 0xc0000200 + last); /* 192.0.2.last */
	end_record(w, begin);
}

static void add_alias(struct wire *w, const char *owner, const char *target)
{
	size_t begin = begin_record(w, SECTION_ANSWER, owner, DNS_TYPE_CNAME);

	put_name(w, target);
	end_record(w, begin);
}

static void add_soa(struct wire *w, uint32_t minimum_s)
{
	size_t begin = begin_record(w, SECTION_AUTHORITY, "test", DNS_TYPE_SOA);

	put_name(w, "ns.test");
	put_name(w, "root.test");
	for (int i = 0; i < 4; i++)
		put32(w, 1);
	put32(w, minimum_s);
	end_record(w, begin);
}

static size_t on_question(void *arg, const struct dns_exchange_cfg *cfg, const uint8_t *query,
                          size_t len, uint8_t out[DNS_FAKE_MAX])
{
	struct wire w = { .len = 0 };

	(void)arg;
	if (t.asked < 64)
		t.ids[t.asked] = (uint16_t)(query[0] << 8 | query[1]);
	t.asked++;
	t.asked_tcp += cfg->tcp;
	t.server = cfg->server;
	put(&w, query, len);
	w.data[2] |= 0x80;
	t.answer(&w, cfg);
	memcpy(out, w.data, w.len);
	return w.len;
}

static void on_log(void *arg, enum log_level level, const char *line)
{
	size_t len = strlen(t.log);

	(void)arg;
	(void)level;
	snprintf(t.log + len, sizeof(t.log) - len, "%s\n", line);
}

static struct addr server(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(&a, text), OK);
	return a;
}

static int begin(void **state)
{
	struct addr servers[2];

	(void)state;
	memset(&t, 0, sizeof(t));
	t.ttl_s = 60;
	clock_fake(1000000, 1800000000);
	log_capture(on_log, NULL);
	dns_exchange_fake(on_question, NULL);
	servers[0] = server("192.0.2.53");
	servers[1] = server("192.0.2.54:5353");
	if (loop_new(&t.loop))
		return -1;
	return dns_client_new(&t.client, t.loop, servers, 2) == OK ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	dns_client_free(&t.client);
	loop_free(&t.loop);
	dns_exchange_fake(NULL, NULL);
	log_capture(NULL, NULL);
	clock_real();
	return 0;
}

static void on_reply(void *arg, const struct dns_reply *reply)
{
	assert_ptr_equal(arg, &t);
	t.ask = NULL;
	t.reply = *reply;
	t.told++;
}

static void turn(uint64_t ms)
{
	struct timers *timers = loop_timers(t.loop);

	while (timers_next_ms(timers) <= ms) {
		uint64_t step = timers_next_ms(timers);

		clock_fake_advance(step);
		ms -= step;
		timers_run(timers);
	}
	clock_fake_advance(ms);
}

/* Asks and waits as long as it takes. */
static enum dns_status ask(enum dns_type type, const char *name)
{
	unsigned told = t.told;

	assert_int_equal(dns_client_ask(&t.ask, t.client, type, name, &t.reply, on_reply, &t), OK);
	for (int i = 0; t.ask && i < 1000; i++)
		turn(20);
	assert_null(t.ask);
	assert_true(t.told <= told + 1);
	return t.reply.status;
}

/* --- what a server says --- */

static void says_one(struct wire *w, const struct dns_exchange_cfg *cfg)
{
	(void)cfg;
	add_a(w, "a.test", 1);
}

static void says_nothing(struct wire *w, const struct dns_exchange_cfg *cfg)
{
	(void)cfg;
	w->len = 0;
}

static void says_no_name(struct wire *w, const struct dns_exchange_cfg *cfg)
{
	(void)cfg;
	set_rcode(w, 3);
	add_soa(w, 30);
}

static void says_no_record(struct wire *w, const struct dns_exchange_cfg *cfg)
{
	(void)cfg;
	add_soa(w, 100000);
}

static void says_no_soa(struct wire *w, const struct dns_exchange_cfg *cfg)
{
	(void)cfg;
	set_rcode(w, 3);
}

static void fails(struct wire *w, const struct dns_exchange_cfg *cfg)
{
	(void)cfg;
	set_rcode(w, 2);
}

/* --- tests --- */

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

static void says_aliases(struct wire *w, const struct dns_exchange_cfg *cfg)
{
	(void)cfg;
	add_alias(w, "b.test", "c.test");
	add_alias(w, "a.test", "b.test");
	add_a(w, "c.test", 3);
	add_a(w, "evil.test", 4);
}

static void test_alias(void **state)
{
	(void)state;
	t.answer = says_aliases;
	assert_int_equal(ask(DNS_TYPE_A, "a.test"), DNS_FOUND);
	assert_int_equal(t.reply.nrecords, 1);
	assert_int_equal(ntohl(t.reply.records[0].addr.v4.sin_addr.s_addr), 0xc0000203);
	/* What was not asked is not believed. */
	t.answer = says_no_name;
	assert_int_equal(ask(DNS_TYPE_A, "evil.test"), DNS_NO_NAME);
}

static void says_loop(struct wire *w, const struct dns_exchange_cfg *cfg)
{
	(void)cfg;
	add_alias(w, "a.test", "b.test");
	add_alias(w, "b.test", "a.test");
}

static void says_another_alias(struct wire *w, const struct dns_exchange_cfg *cfg)
{
	char next[32];

	snprintf(next, sizeof(next), "n%u.test", t.asked);
	add_alias(w, cfg->question->name, next);
}

/* A loop of CNAMEs ends, and so does a row of them. */
static void test_alias_loop(void **state)
{
	(void)state;
	t.answer = says_loop;
	assert_int_equal(ask(DNS_TYPE_A, "a.test"), DNS_ALIAS);
	assert_true(t.asked <= DNS_ALIASES_MAX + 1);
	t.asked = 0;
	t.answer = says_another_alias;
	assert_int_equal(ask(DNS_TYPE_A, "x.test"), DNS_ALIAS);
	assert_int_equal(t.asked, DNS_ALIASES_MAX + 1);
}

static void says_by_halves(struct wire *w, const struct dns_exchange_cfg *cfg)
{
	if (strcmp(cfg->question->name, "a.test") == 0)
		add_alias(w, "a.test", "b.test");
	else
		add_a(w, "b.test", 2);
}

/* The server says the alias alone: the rest is asked for. */
static void test_alias_asked(void **state)
{
	(void)state;
	t.answer = says_by_halves;
	assert_int_equal(ask(DNS_TYPE_A, "a.test"), DNS_FOUND);
	assert_int_equal(t.asked, 2);
	assert_int_equal(ask(DNS_TYPE_A, "a.test"), DNS_FOUND);
	assert_int_equal(t.asked, 2);
}

static void says_wrong(struct wire *w, const struct dns_exchange_cfg *cfg)
{
	(void)cfg;
	add_a(w, "a.test", 66);
	switch (t.asked) {
	case 1:
		w->data[1] ^= 1; /* another id */
		return;
	case 2:
		w->data[13] ^= 1; /* another name */
		return;
	case 3:
		w->data[2] &= 0x7f; /* no answer */
		return;
	default:
		w->data[20] = 28; /* another type */
	}
}

/* RFC 5452 9.1: what does not match the question is not heard. */
static void test_forged(void **state)
{
	(void)state;
	t.answer = says_wrong;
	assert_int_equal(ask(DNS_TYPE_A, "a.test"), DNS_SILENT);
	assert_int_equal(t.asked, 4);
}

/* RFC 5452 9.2: 64 ids of chance: no two neighbours in a row, hardly any twice. */
static void test_ids(void **state)
{
	unsigned next = 0, same = 0;
	char name[32];

	(void)state;
	t.answer = says_no_soa;
	for (int i = 0; i < 64; i++) {
		snprintf(name, sizeof(name), "n%d.test", i);
		ask(DNS_TYPE_A, name);
	}
	for (int i = 1; i < 64; i++) {
		next += (uint16_t)(t.ids[i - 1] + 1) == t.ids[i];
		for (int k = 0; k < i; k++)
			same += t.ids[k] == t.ids[i];
	}
	assert_true(next <= 2);
	assert_true(same <= 4);
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

static void test_names(void **state)
{
	static const char *const bad[] = { "", ".", "a..b", ".a", "a b", "a\\b", "\x80.test" };
	char label[80];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(
		    dns_client_ask(&t.ask, t.client, DNS_TYPE_A, bad[i], &t.reply, on_reply, &t),
		    ERR_SYNTAX);
	memset(label, 'a', 64);
	label[64] = '\0';
	assert_int_equal(
	    dns_client_ask(&t.ask, t.client, DNS_TYPE_A, label, &t.reply, on_reply, &t),
	    ERR_SYNTAX);
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

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(ttl),
		                            TEST(ttl_limits),
		                            TEST(denials),
		                            TEST(stale),
		                            TEST(stale_ends),
		                            TEST(denial_ends_stale),
		                            TEST(failure),
		                            TEST(truncated),
		                            TEST(next_server),
		                            TEST(silence),
		                            TEST(alias),
		                            TEST(alias_loop),
		                            TEST(alias_asked),
		                            TEST(forged),
		                            TEST(ids),
		                            TEST(shared_and_cancelled),
		                            TEST(names),
		                            TEST(bounded),
		                            TEST(cache_is_bounded),
		                            TEST(no_memory) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
