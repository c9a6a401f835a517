/* sbc/sip/dns_message.c: what is an answer to a question, and what it says: aliases above all. */
#include "sbc/sip/dns_message.h"

#include "tests/unit/sbc/sip/dns_rig.h"

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

/* RFC 1035 4.1, RFC 6891 6.1.2: a question without and with EDNS, octet by octet. */
static void test_written(void **state)
{
	static const uint8_t expected[] = { 0x12, 0x34, 1,  0,   0,    1,   0,   0, 0, 0,  0, 1,
		                            1,    'a',  4,  't', 'e',  's', 't', 0, 0, 28, 0, 1,
		                            0,    0,    41, 4,   0xd0, 0,   0,   0, 0, 0,  0 };
	uint8_t out[DNS_QUERY_MAX];
	struct dns_question q;

	(void)state;
	assert_int_equal(dns_question_set(&q, DNS_TYPE_AAAA, "A.test"), OK);
	q.id = 0x1234;
	q.edns = true;
	assert_int_equal(dns_question_write(&q, out), sizeof(expected));
	assert_memory_equal(out, expected, sizeof(expected));
	q.edns = false;
	assert_int_equal(dns_question_write(&q, out), sizeof(expected) - 11);
	assert_int_equal(out[11], 0);
}

/* The longest name that there is, with EDNS, has room. */
static void test_longest(void **state)
{
	uint8_t out[DNS_QUERY_MAX];
	char name[254];
	struct dns_question q;

	(void)state;
	memset(name, 'a', sizeof(name));
	name[63] = name[127] = name[191] = '.';
	name[253] = '\0';
	assert_int_equal(dns_question_set(&q, DNS_TYPE_NAPTR, name), OK);
	q.edns = true;
	assert_int_equal(dns_question_write(&q, out), 12 + 255 + 4 + 11);
}

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(alias),   TEST(alias_loop), TEST(alias_asked),
		                            TEST(forged),  TEST(ids),        TEST(names),
		                            TEST(written), TEST(longest) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
