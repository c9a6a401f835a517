/* sbc/sip/resolver.c, with name servers that the test answers for, under a clock that it turns. */
#include "sbc/sip/resolver.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "base/clock.h"
#include "base/mem.h"
#include "sbc/sip/dns_hosts.h"
#include "sbc/sip/message.h"
#include "tests/unit/alloc.h"
#include "tests/unit/sbc/sip/dns.h"

static const struct dns_record zone[] = {
	{ "_sips._tcp.provider.test", DNS_SRV, 20, 0, 5071, "backup.provider.test" },
	{ "_sips._tcp.provider.test", DNS_SRV, 10, 30, 5061, "a.provider.test" },
	{ "_sips._tcp.provider.test", DNS_SRV, 10, 10, 5062, "b.provider.test" },
	{ "a.provider.test", DNS_A, 0, 0, 0, "127.3.0.1" },
	{ "b.provider.test", DNS_A, 0, 0, 0, "127.3.0.2" },
	{ "backup.provider.test", DNS_A, 0, 0, 0, "127.3.0.3" },
	{ "backup.provider.test", DNS_A, 0, 0, 0, "127.3.0.4" },
	{ "plain.test", DNS_A, 0, 0, 0, "127.3.0.5" },
	{ "six.test", DNS_AAAA, 0, 0, 0, "2001:db8::5" },
	{ "_sips._tcp.none.test", DNS_SRV, 0, 0, 0, "." },
	{ "_sips._tcp.hollow.test", DNS_SRV, 0, 0, 5061, "nowhere.test" },
	{ "_sips._tcp.hollow.test", DNS_SRV, 1, 0, 5061, "plain.test" },
	{ "_sip._udp.udp.test", DNS_SRV, 0, 0, 5080, "plain.test" },
	{ "dual.test", DNS_A, 0, 0, 0, "127.3.0.6" },
	{ "dual.test", DNS_AAAA, 0, 0, 0, "2001:db8::6" },
	{ "_sips._tcp.twice.test", DNS_SRV, 0, 0, 5061, "plain.test" },
	{ "_sips._tcp.twice.test", DNS_SRV, 1, 0, 5061, "plain.test" },
	{ "_sips._tcp.twice.test", DNS_SRV, 2, 0, 5062, "plain.test" },
	{ "_sips._tcp.aliased.test", DNS_SRV, 0, 0, 5070, "alias.test" },
	{ "alias.test", DNS_CNAME, 0, 0, 0, "plain.test" },
	{ "round.test", DNS_CNAME, 0, 0, 0, "round2.test" },
	{ "round2.test", DNS_CNAME, 0, 0, 0, "round.test" },
	{ "5.0.3.127.in-addr.arpa", DNS_PTR, 0, 0, 0, "plain.test" },
	{ "empty.test", 16, 0, 0, 0, "" },
	{ 0 },
};

static struct loop *loop;
static struct dns dns;
static struct resolver *resolver;
static struct lookup *lookup;
static struct lookup_result found;
static unsigned calls;
static enum lookup_families families;

static int begin(void **state)
{
	(void)state;
	message_library_open();
	calls = 0;
	families = LOOKUP_V4_FIRST;
	clock_fake(1000000, 1800000000);
	dns_open(&dns, zone, "192.0.2.53");
	if (loop_new(&loop))
		return -1;
	return resolver_new(&resolver, loop, &dns.addr, 1) == OK ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	resolver_free(&resolver);
	dns_close_all();
	loop_free(&loop);
	clock_real();
	return 0;
}

static void on_found(void *arg, const struct lookup_result *result)
{
	assert_ptr_equal(arg, &found);
	found = *result;
	lookup = NULL;
	calls++;
}

static void turn(uint64_t ms)
{
	struct timers *timers = loop_timers(loop);

	while (timers_next_ms(timers) <= ms) {
		uint64_t step = timers_next_ms(timers);

		clock_fake_advance(step);
		ms -= step;
		timers_run(timers);
	}
	clock_fake_advance(ms);
}

static enum err ask(const char *host, unsigned port, enum transport t, bool srv)
{
	struct lookup_query q = { .host = host,
		                  .port = port,
		                  .transport = t,
		                  .srv = srv,
		                  .sips = t == TRANSPORT_TLS,
		                  .families = families };
	unsigned before = calls;
	enum err err = lookup_start(&lookup, resolver, &q, on_found, &found);

	for (int ms = 0; !err && calls == before && ms < 60000; ms++)
		turn(1);
	return err;
}

static void check(size_t i, const char *addr)
{
	char text[ADDR_TEXT_MAX];

	assert_true(i < found.naddrs);
	assert_string_equal(addr_text(&found.addrs[i], text, sizeof(text)), addr);
}

/* Lowest priority first; a target's addresses stay together. */
static void test_srv(void **state)
{
	(void)state;
	assert_int_equal(ask("provider.test", 0, TRANSPORT_TLS, true), OK);
	assert_int_equal(found.naddrs, 4);
	assert_true(addr_port(&found.addrs[0]) == 5061 || addr_port(&found.addrs[0]) == 5062);
	assert_int_equal(addr_port(&found.addrs[0]) + addr_port(&found.addrs[1]), 5061 + 5062);
	assert_int_equal(addr_port(&found.addrs[2]), 5071);
	assert_int_equal(addr_port(&found.addrs[3]), 5071);
}

/* RFC 2782: 30 to 10 over 10,000 draws: 7,500 with a deviation of 43. */
static void test_weights(void **state)
{
	unsigned first = 0;

	(void)state;
	for (int i = 0; i < 10000; i++) {
		assert_int_equal(ask("provider.test", 0, TRANSPORT_TLS, true), OK);
		first += addr_port(&found.addrs[0]) == 5061;
	}
	assert_in_range(first, 7500 - 260, 7500 + 260);
}

/* RFC 3263 4.2: a port or an address in the URI asks for no SRV; no SRV is the host itself. */
static void test_skips(void **state)
{
	unsigned asked;

	(void)state;
	assert_int_equal(ask("plain.test", 5099, TRANSPORT_TLS, true), OK);
	check(0, "127.3.0.5:5099");
	assert_int_equal(dns.asked, 2); /* A, AAAA */
	assert_int_equal(ask("plain.test", 0, TRANSPORT_TLS, true), OK);
	check(0, "127.3.0.5:5061");
	assert_int_equal(ask("plain.test", 0, TRANSPORT_UDP, false), OK);
	check(0, "127.3.0.5:5060");
	asked = dns.asked;
	assert_int_equal(ask("192.0.2.7", 0, TRANSPORT_TLS, true), OK);
	check(0, "192.0.2.7:5061");
	assert_int_equal(ask("2001:db8::7", 0, TRANSPORT_UDP, true), OK);
	check(0, "[2001:db8::7]:5060");
	assert_int_equal(dns.asked, asked);
	assert_int_equal(ask("udp.test", 0, TRANSPORT_UDP, true), OK);
	check(0, "127.3.0.5:5080");
}

static void test_aaaa(void **state)
{
	(void)state;
	assert_int_equal(ask("six.test", 0, TRANSPORT_TLS, true), OK);
	assert_int_equal(found.naddrs, 1);
	check(0, "[2001:db8::5]:5061");
}

/* A target without an address leaves the others. */
static void test_hollow(void **state)
{
	(void)state;
	assert_int_equal(ask("hollow.test", 0, TRANSPORT_TLS, true), OK);
	assert_int_equal(found.naddrs, 1);
	check(0, "127.3.0.5:5061");
}

/* Those that the realm can send from, and its first one first. */
static void test_families(void **state)
{
	static const struct {
		enum lookup_families families;
		size_t n;
		const char *first, *second;
	} cases[] = { { LOOKUP_V4_FIRST, 2, "127.3.0.6:5061", "[2001:db8::6]:5061" },
		      { LOOKUP_V6_FIRST, 2, "[2001:db8::6]:5061", "127.3.0.6:5061" },
		      { LOOKUP_V4, 1, "127.3.0.6:5061", NULL },
		      { LOOKUP_V6, 1, "[2001:db8::6]:5061", NULL } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		families = cases[i].families;
		assert_int_equal(ask("dual.test", 0, TRANSPORT_TLS, false), OK);
		assert_int_equal(found.naddrs, cases[i].n);
		check(0, cases[i].first);
		if (cases[i].second)
			check(1, cases[i].second);
	}
	families = LOOKUP_V6; /* WBX-04: an A record is of no use there, and that is said */
	assert_int_equal(ask("plain.test", 0, TRANSPORT_TLS, false), OK);
	assert_int_equal(found.naddrs, 0);
	assert_non_null(strstr(found.why, "plain.test: the name has no such record"));
}

/* One address is tried once, on each port that it has. */
static void test_twice(void **state)
{
	(void)state;
	assert_int_equal(ask("twice.test", 0, TRANSPORT_TLS, true), OK);
	assert_int_equal(found.naddrs, 2);
	check(0, "127.3.0.5:5061");
	check(1, "127.3.0.5:5062");
}

/* E8-07: resolvers that know some domains alone; the system's are asked for the rest. */
static void test_domains(void **state)
{
	static const struct dns_record other_zone[] = {
		{ "plain.test", DNS_A, 0, 0, 0, "127.3.9.1" },
		{ "elsewhere.example", DNS_A, 0, 0, 0, "127.3.9.2" },
		{ "notplain.test", DNS_A, 0, 0, 0, "127.3.9.3" },
		{ 0 },
	};
	char domain[] = "Plain.test", *domains[] = { domain };
	struct resolver *others;
	struct dns other;

	(void)state;
	dns_open(&other, other_zone, "192.0.2.54");
	assert_int_equal(resolver_new(&others, loop, &other.addr, 1), OK);
	resolver_limit(resolver, domains, 1, others);
	assert_int_equal(ask("plain.test", 0, TRANSPORT_TLS, false), OK);
	check(0, "127.3.0.5:5061");
	assert_int_equal(ask("elsewhere.example", 0, TRANSPORT_TLS, false), OK);
	check(0, "127.3.9.2:5061");
	assert_int_equal(ask("notplain.test", 0, TRANSPORT_TLS, false), OK);
	check(0, "127.3.9.3:5061");
	assert_int_equal(ask("sub.plain.test", 0, TRANSPORT_TLS, false), OK);
	assert_int_equal(found.naddrs, 0);
	resolver_free(&others);
}

static void test_nothing(void **state)
{
	static const struct {
		const char *host, *why;
	} cases[] = { { "absent.test", "does not exist" },
		      { "empty.test", "no such record" },
		      { "none.test", "there is no such service" } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(ask(cases[i].host, 0, TRANSPORT_TLS, true), OK);
		assert_int_equal(found.naddrs, 0);
		assert_int_equal(found.err, ERR_DNS);
		if (!strstr(found.why, cases[i].why))
			fail_msg("%s: %s", cases[i].host, found.why);
	}
}

static void test_server_fails(void **state)
{
	(void)state;
	dns.rcode = 2;
	assert_int_equal(ask("provider.test", 0, TRANSPORT_TLS, true), OK);
	assert_int_equal(found.naddrs, 0);
	/* The server's code is nobody's business. */
	assert_non_null(strstr(found.why, "the DNS server"));
}

/* One that never answers is asked again, and given up in the end by whoever asked. */
static void test_silence_and_cancel(void **state)
{
	struct lookup_query q = { .host = "plain.test", .transport = TRANSPORT_TLS, .sips = true };

	(void)state;
	dns.silent = true;
	assert_int_equal(lookup_start(&lookup, resolver, &q, on_found, &found), OK);
	turn(1500);
	assert_int_equal(dns.asked, 4); /* A and AAAA, twice each */
	assert_int_equal(calls, 0);
	lookup_cancel(&lookup);
	assert_null(lookup);
	lookup_cancel(&lookup);
}

/* A and AAAA are asked for at the same time, and used in their order; who says nothing of one
 * family, or of a second target, costs a second and no more. */
static void test_at_once(void **state)
{
	struct lookup_query q = { .host = "dual.test", .transport = TRANSPORT_TLS, .sips = true };

	(void)state;
	assert_int_equal(lookup_start(&lookup, resolver, &q, on_found, &found), OK);
	turn(2);
	assert_int_equal(dns.asked, 2);
	assert_int_equal(calls, 1);
	check(0, "127.3.0.6:5061");
	turn(61000);
	dns.silent_type = DNS_AAAA;
	q.host = "plain.test";
	assert_int_equal(lookup_start(&lookup, resolver, &q, on_found, &found), OK);
	turn(990);
	assert_int_equal(calls, 1);
	turn(20);
	assert_int_equal(calls, 2);
	assert_int_equal(found.naddrs, 1);
	check(0, "127.3.0.5:5061");
}

/* Of more than 16 targets those with the lowest priority count, wherever they stand; one without a
 * port is none. */
static void test_many_targets(void **state)
{
	static struct dns_record many[22];
	char names[20][16];

	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		snprintf(names[i], sizeof(names[i]), "127.4.0.%u", i);
		many[i] =
		    (struct dns_record){ "_sips._tcp.many.test", DNS_SRV, (uint16_t)(100 - i), 0,
			                 (uint16_t)(6000 + i),   names[i] };
	}
	many[20] = (struct dns_record){ "_sips._tcp.many.test", DNS_SRV, 1, 0, 0, "plain.test" };
	dns.zone = many;
	assert_int_equal(ask("many.test", 0, TRANSPORT_TLS, true), OK);
	assert_int_equal(found.naddrs, LOOKUP_ADDRS_MAX);
	check(0, "127.4.0.19:6019");
	check(15, "127.4.0.4:6004");
}

/* RFC 2782 forbids a target that is an alias; it is followed all the same, but not round and round.
 */
static void test_aliases(void **state)
{
	(void)state;
	assert_int_equal(ask("aliased.test", 0, TRANSPORT_TLS, true), OK);
	assert_int_equal(found.naddrs, 1);
	check(0, "127.3.0.5:5070");
	assert_int_equal(ask("round.test", 0, TRANSPORT_TLS, false), OK);
	assert_int_equal(found.naddrs, 0);
	assert_non_null(strstr(found.why, "aliases do not end"));
}

/* hosts(5), where the system's resolvers would be asked: for the host itself, not for a service's
 * targets. */
static void test_hosts(void **state)
{
	char path[] = "/tmp/test_resolver_XXXXXX";
	int fd = mkstemp(path);
	struct resolver *system;
	struct resolver *own = resolver;

	(void)state;
	assert_true(fd >= 0);
	assert_true(dprintf(fd, "127.5.0.1 plain.test\n2001:db8::51 plain.test\n") > 0);
	close(fd);
	dns_hosts_fake(path);
	assert_int_equal(resolver_new(&system, loop, NULL, 0), OK);
	resolver = system;
	assert_int_equal(ask("plain.test", 0, TRANSPORT_TLS, false), OK);
	assert_int_equal(found.naddrs, 2);
	check(0, "127.5.0.1:5061");
	families = LOOKUP_V6;
	assert_int_equal(ask("plain.test", 0, TRANSPORT_TLS, false), OK);
	assert_int_equal(found.naddrs, 1);
	check(0, "[2001:db8::51]:5061");
	resolver = own; /* the trunk's own resolvers are asked, and nobody else */
	families = LOOKUP_V4;
	assert_int_equal(ask("plain.test", 0, TRANSPORT_TLS, false), OK);
	check(0, "127.3.0.5:5061");
	resolver_free(&system);
	dns_hosts_fake(NULL);
	unlink(path);
}

static void on_answer(void *arg, const struct dns_reply *reply)
{
	memcpy(arg, reply, sizeof(*reply));
	calls++;
}

/* One question alone, here the way back from an address. */
static void test_question(void **state)
{
	struct dns_reply reply;
	struct dns_ask *one;

	(void)state;
	assert_int_equal(resolver_ask(&one, resolver, DNS_TYPE_PTR, "5.0.3.127.in-addr.arpa",
	                              &reply, on_answer, &reply),
	                 OK);
	turn(2);
	assert_int_equal(calls, 1);
	assert_int_equal(reply.status, DNS_FOUND);
	assert_int_equal(reply.nrecords, 1);
	assert_string_equal(reply.records[0].name, "plain.test");
}

static void test_too_long(void **state)
{
	char host[400];

	(void)state;
	memset(host, 'a', sizeof(host) - 1);
	host[sizeof(host) - 1] = '\0';
	assert_int_equal(ask(host, 0, TRANSPORT_TLS, true), ERR_SYNTAX);
	host[253] = '\0'; /* one label that no query can hold */
	assert_int_equal(ask(host, 5061, TRANSPORT_TLS, true), OK);
	assert_int_equal(found.naddrs, 0);
	/* Of one that is too long no part is looked up. */
	host[255] = '\0';
	for (size_t i = 0; i < 255; i++)
		host[i] = i % 2 ? '.' : 'a';
	assert_int_equal(ask(host, 5061, TRANSPORT_TLS, true), ERR_SYNTAX);
}

static void ask_starved(void *arg)
{
	struct lookup_query q = { .host = "192.0.2.1", .transport = TRANSPORT_UDP };
	struct resolver *r;

	(void)arg;
	if (resolver_new(&r, loop, &dns.addr, 1))
		return;
	if (lookup_start(&lookup, r, &q, on_found, &found) != OK)
		assert_true(mem_has_failed());
	resolver_free(&r);
}

static void test_no_memory(void **state)
{
	(void)state;
	assert_true(each_allocation_fails(ask_starved, NULL) > 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(srv),
		                            TEST(weights),
		                            TEST(skips),
		                            TEST(aaaa),
		                            TEST(hollow),
		                            TEST(families),
		                            TEST(twice),
		                            TEST(domains),
		                            TEST(nothing),
		                            TEST(server_fails),
		                            TEST(silence_and_cancel),
		                            TEST(at_once),
		                            TEST(many_targets),
		                            TEST(aliases),
		                            TEST(hosts),
		                            TEST(question),
		                            TEST(too_long),
		                            TEST(no_memory) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
