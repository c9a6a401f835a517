/* The lab's name server: what it knows, how it says no, and what it does not answer. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "sbc/lab/dns.h"
#include "sbc/sip/resolver.h"
#include "tests/unit/alloc.h"

#define UNUSED(x) ((void)(x))

enum { A = 1, NS = 2, SOA = 6, TXT = 16, AAAA = 28, SRV = 33, ANY = 255, CH = 3 };

static struct dns_zone zone;
static uint8_t query[DNS_MAX + 100], answer[DNS_MAX];
static size_t answer_len;

static struct addr address(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(&a, text), OK);
	return a;
}

static void zone_is(const char *domain, const char *sip)
{
	struct addr a = address(sip);

	assert_int_equal(dns_zone_init(&zone, domain, &a), OK);
}

static int setup(void **state)
{
	UNUSED(state);
	zone_is("provider.lab", "127.0.0.3:5061");
	return 0;
}

static size_t put_name(uint8_t *out, const char *text)
{
	size_t at = 0;

	while (*text) {
		size_t n = strcspn(text, ".");

		out[at++] = (uint8_t)n;
		memcpy(out + at, text, n);
		at += n;
		text += n + (text[n] == '.');
	}
	out[at++] = 0;
	return at;
}

/* A query with recursion desired. */
static size_t make_query(const char *name, unsigned type, unsigned class)
{
	static const uint8_t header[12] = { 0xab, 0xcd, 1, 0, 0, 1 };
	size_t at;

	memcpy(query, header, sizeof(header));
	at = 12 + put_name(query + 12, name);
	query[at++] = (uint8_t)(type >> 8);
	query[at++] = (uint8_t)type;
	query[at++] = (uint8_t)(class >> 8);
	query[at++] = (uint8_t) class;
	return at;
}

static void ask_raw(size_t len)
{
	memset(answer, 0xee, sizeof(answer));
	answer_len = dns_answer(&zone, query, len, answer);
	assert_true(answer_len <= DNS_MAX);
}

static unsigned u16(size_t at)
{
	assert_true(at + 2 <= answer_len);
	return (unsigned)answer[at] << 8 | answer[at + 1];
}

/* What came back is an answer to it, with this code and so many records. */
static void assert_answer(unsigned rcode, unsigned answers, unsigned authorities,
                          unsigned additional)
{
	assert_true(answer_len >= 12);
	assert_memory_equal(answer, query, 2);
	assert_int_equal(answer[2] & 0x80, 0x80);
	assert_int_equal(answer[3] & 15, rcode);
	assert_int_equal(u16(6), answers);
	assert_int_equal(u16(8), authorities);
	assert_int_equal(u16(10), additional);
}

/* Gives where the records begin. */
static size_t ask(const char *name, unsigned type)
{
	size_t len = make_query(name, type, 1);

	ask_raw(len);
	assert_int_equal(u16(4), 1);
	assert_memory_equal(answer + 12, query + 12,
	                    len - 12);         /* the question, as it was written */
	assert_int_equal(answer[2] & 1, 1);    /* recursion desired comes back */
	assert_int_equal(answer[3] & 0x80, 0); /* and is not available */
	return len;
}

static void test_srv(void **state)
{
	static const uint8_t target[] = "\3sip\10provider\3lab";
	static const uint8_t ip[] = { 127, 0, 0, 3 };
	size_t at = ask("_sips._tcp.provider.lab", SRV);

	UNUSED(state);
	assert_answer(0, 1, 0, 1);
	assert_int_equal(answer[2] & 4, 4); /* with authority */
	assert_int_equal(u16(at), 0xc00c);
	assert_int_equal(u16(at + 2), SRV);
	assert_int_equal(u16(at + 10), 6 + sizeof(target));
	assert_int_equal(u16(at + 16), 5061);
	assert_memory_equal(answer + at + 18, target, sizeof(target));
	at += 18 + sizeof(target);
	assert_int_equal(u16(at), 0xc000 | (at - sizeof(target)));
	assert_int_equal(u16(at + 2), A);
	assert_memory_equal(answer + at + 12, ip, sizeof(ip));
	assert_int_equal(at + 16, answer_len);
}

static void test_host(void **state)
{
	size_t at = ask("sip.provider.lab", A);

	UNUSED(state);
	assert_answer(0, 1, 0, 0);
	assert_int_equal(u16(at + 2), A);
	assert_int_equal(at + 16, answer_len);
	zone_is("provider.lab", "[2001:db8::3]:5061");
	at = ask("sip.provider.lab", AAAA);
	assert_answer(0, 1, 0, 0);
	assert_int_equal(u16(at + 2), AAAA);
	assert_int_equal(u16(at + 10), 16);
	ask("sip.provider.lab", A);
	assert_answer(0, 0, 1, 0);
	ask("_sips._tcp.provider.lab", SRV);
	assert_answer(0, 1, 0, 1);
}

static void test_case_does_not_matter(void **state)
{
	UNUSED(state);
	ask("_SIPS._tcp.ProVIDER.Lab", SRV);
	assert_answer(0, 1, 0, 1);
	zone_is("PROVIDER.lab.", "127.0.0.3:5061");
	ask("_sips._tcp.provider.lab", SRV);
	assert_answer(0, 1, 0, 1);
}

/* RFC 2308 2.2: the name is there, the type is not. */
static void test_no_data(void **state)
{
	static const struct {
		const char *name;
		unsigned type;
	} asked[] = { { "provider.lab", A },
		      { "provider.lab", SRV },
		      { "_tcp.provider.lab", SRV },
		      { "_tcp.provider.lab", ANY },
		      { "_sips._tcp.provider.lab", A },
		      { "sip.provider.lab", AAAA },
		      { "sip.provider.lab", TXT } };

	UNUSED(state);
	for (size_t i = 0; i < ARRAY_LEN(asked); i++) {
		size_t at = ask(asked[i].name, asked[i].type);

		assert_answer(0, 0, 1, 0);
		assert_int_equal(u16(at + 2), SOA);
	}
	ask("provider.lab", SOA);
	assert_answer(0, 1, 0, 0);
	ask("sip.provider.lab", ANY);
	assert_answer(0, 1, 0, 0);
}

/* RFC 2308 2.1: the name is not there; the SOA, whose name is the domain, says how long that holds.
 */
static void test_no_name(void **state)
{
	static const char *const names[] = { "www.provider.lab", "_sip._udp.provider.lab",
		                             "_sips._udp.provider.lab", "a.sip.provider.lab",
		                             "a._sips._tcp.provider.lab" };
	static const uint8_t domain[] = "\10provider\3lab";

	UNUSED(state);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		size_t at = ask(names[i], SRV), name_at;

		assert_answer(3, 0, 1, 0);
		name_at = u16(at) & 0x3fff;
		assert_true(name_at >= 12 && name_at + sizeof(domain) <= at);
		assert_memory_equal(answer + name_at, domain, sizeof(domain));
		assert_int_equal(u16(at + 2), SOA);
		assert_int_equal(at + 12 + u16(at + 10), answer_len);
	}
}

static void test_other_domains(void **state)
{
	static const char *const names[] = {
		"",           "lab", "evilprovider.lab", "provider.lab.evil", "sip.provider.labs",
		"rovider.lab"
	};

	UNUSED(state);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		ask(names[i], A);
		assert_answer(5, 0, 0, 0);
		assert_int_equal(answer[2] & 4, 0);
	}
	ask_raw(make_query("sip.provider.lab", A, CH));
	assert_answer(5, 0, 0, 0);
}

static void refused_as(unsigned rcode, size_t len)
{
	ask_raw(len);
	assert_int_equal(answer_len, 12);
	assert_answer(rcode, 0, 0, 0);
	assert_int_equal(u16(4), 0);
}

static void test_malformed(void **state)
{
	size_t len = make_query("sip.provider.lab", A, 1);

	UNUSED(state);
	for (size_t n = 12; n < len; n++)
		refused_as(1, n);
	query[5] = 2; /* two questions */
	refused_as(1, len);
	query[5] = 0;
	refused_as(1, len);
	len = make_query("sip.provider.lab", A, 1);
	query[7] = 1; /* a record in a query */
	refused_as(1, len);
	query[7] = 0;
	query[12] = 0xc0; /* a pointer to itself */
	query[13] = 12;
	refused_as(1, len);
	query[12] = 64; /* a label that is too long, or of a kind that nobody knows */
	refused_as(1, len);
	len = make_query("sip.provider.lab", A, 1);
	query[2] |= 4 << 3; /* NOTIFY */
	refused_as(4, len);
}

/* 127 labels of one octet are 255 octets; one more is too many. */
static void test_longest_name(void **state)
{
	char name[2 * 128 + 1];

	UNUSED(state);
	for (size_t i = 0; i < sizeof(name) - 1; i += 2)
		memcpy(name + i, "a.", 2);
	name[2 * 127 - 1] = '\0';
	ask(name, A);
	assert_answer(5, 0, 0, 0);
	name[2 * 127 - 1] = '.';
	name[2 * 128 - 1] = '\0';
	refused_as(1, make_query(name, A, 1));
}

static void test_not_answered(void **state)
{
	size_t len = make_query("sip.provider.lab", A, 1);

	UNUSED(state);
	for (size_t n = 0; n < 12; n++) {
		ask_raw(n);
		assert_int_equal(answer_len, 0);
	}
	ask_raw(DNS_MAX + 1);
	assert_int_equal(answer_len, 0);
	query[2] |= 0x80; /* an answer: two servers would go on for ever */
	ask_raw(len);
	assert_int_equal(answer_len, 0);
}

/* What stands behind the question (EDNS) does not disturb. */
static void test_edns(void **state)
{
	static const uint8_t opt[] = { 0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0 };
	size_t len = make_query("sip.provider.lab", A, 1);

	UNUSED(state);
	query[11] = 1;
	memcpy(query + len, opt, sizeof(opt));
	ask_raw(len + sizeof(opt));
	assert_answer(0, 1, 0, 0);
}

static void test_domains(void **state)
{
	static const char *const bad[] = { "",
		                           ".",
		                           ".lab",
		                           "a..lab",
		                           "pro vider.lab",
		                           "a\nb.lab",
		                           ("0123456789012345678901234567890123456789"
		                            "012345678901234567890123.lab") };
	char longest[DNS_DOMAIN_MAX + 2], name[DNS_DOMAIN_MAX + 20];
	struct addr sip = address("[2001:db8::3]:5061");

	UNUSED(state);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(dns_zone_init(&zone, bad[i], &sip), ERR_SYNTAX);
	for (size_t i = 0; i < sizeof(longest); i++)
		longest[i] = i % 60 == 59 ? '.' : 'a';
	longest[DNS_DOMAIN_MAX + 1] = '\0';
	assert_int_equal(dns_zone_init(&zone, longest, &sip), ERR_SYNTAX);
	longest[DNS_DOMAIN_MAX] = '\0';
	assert_int_equal(dns_zone_init(&zone, longest, &sip), OK);
	snprintf(name, sizeof(name), "_sips._tcp.%s", longest);
	ask(name, SRV);
	assert_answer(0, 1, 0, 1);
	snprintf(name, sizeof(name), "x.%s", longest);
	ask(name, SRV);
	assert_answer(3, 0, 1, 0);
}

/* --- over the wire --- */

struct asked {
	struct loop *loop;
	struct lookup_result result;
};

static void on_lookup(void *arg, const struct lookup_result *result)
{
	struct asked *asked = arg;

	asked->result = *result;
	loop_stop(asked->loop);
}

static struct lookup_result look_up(struct loop *loop, struct resolver *r, const char *host)
{
	struct asked asked = { .loop = loop };
	struct lookup_query q = {
		.host = host, .transport = TRANSPORT_TLS, .srv = true, .sips = true
	};
	struct lookup *lookup;

	assert_int_equal(lookup_start(&lookup, r, &q, on_lookup, &asked), OK);
	loop_run(loop);
	return asked.result;
}

static void test_our_resolver_finds_it(void **state)
{
	struct addr local = address("127.0.0.1:0"), at, sip = address("127.0.0.3:5061");
	struct lookup_result found;
	struct resolver *r;
	struct loop *loop;
	struct dns *dns;

	UNUSED(state);
	assert_int_equal(loop_new(&loop), OK);
	assert_int_equal(dns_open(&dns, loop, &local, &zone), OK);
	dns_address(dns, &at);
	assert_int_equal(resolver_new(&r, loop, &at, 1), OK);
	found = look_up(loop, r, "provider.lab");
	assert_int_equal(found.naddrs, 1);
	assert_true(addr_equal(&found.addrs[0], &sip));
	found = look_up(loop, r, "www.provider.lab");
	assert_int_equal(found.naddrs, 0);
	assert_int_equal(found.err, ERR_DNS);
	resolver_free(&r);
	dns_close(&dns);
	assert_null(dns);
	dns_close(&dns);
	loop_free(&loop);
}

static void test_port_taken(void **state)
{
	struct addr local = address("127.0.0.1:0");
	struct dns *first, *second = NULL;
	struct loop *loop;

	UNUSED(state);
	assert_int_equal(loop_new(&loop), OK);
	assert_int_equal(dns_open(&first, loop, &local, &zone), OK);
	dns_address(first, &local);
	assert_int_equal(dns_open(&second, loop, &local, &zone), ERR_IO);
	assert_null(second);
	dns_close(&first);
	loop_free(&loop);
}

static void open_once(void *arg)
{
	struct addr local = address("127.0.0.1:0");
	struct dns *dns = NULL;
	enum err err = dns_open(&dns, arg, &local, &zone);

	assert_int_equal(err, mem_has_failed() ? ERR_NOMEM : OK);
	dns_close(&dns);
}

static void test_no_memory(void **state)
{
	struct loop *loop;

	UNUSED(state);
	assert_int_equal(loop_new(&loop), OK);
	assert_true(each_allocation_fails(open_once, loop) > 1);
	loop_free(&loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_srv, setup),
		cmocka_unit_test_setup(test_host, setup),
		cmocka_unit_test_setup(test_case_does_not_matter, setup),
		cmocka_unit_test_setup(test_no_data, setup),
		cmocka_unit_test_setup(test_no_name, setup),
		cmocka_unit_test_setup(test_other_domains, setup),
		cmocka_unit_test_setup(test_malformed, setup),
		cmocka_unit_test_setup(test_longest_name, setup),
		cmocka_unit_test_setup(test_not_answered, setup),
		cmocka_unit_test_setup(test_edns, setup),
		cmocka_unit_test_setup(test_domains, setup),
		cmocka_unit_test_setup(test_our_resolver_finds_it, setup),
		cmocka_unit_test_setup(test_port_taken, setup),
		cmocka_unit_test_setup(test_no_memory, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
