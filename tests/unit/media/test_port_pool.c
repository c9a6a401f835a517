/* media/port_pool.c */
#include "media/port_pool.h"

#include <netinet/ip.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include <sys/resource.h>
#include <cmocka.h>
#include "base/clock.h"
#include "tests/unit/loopback.h"
#include "tests/unit/alloc.h"
#include "tests/unit/media/udp.h"

#define LOW 21000

static struct addr loopback(void)
{
	struct addr a;

	assert_int_equal(addr_parse(&a, own_loopback()), OK);
	return a;
}

static struct port_pool *pool_of(uint16_t low, uint16_t high)
{
	const struct addr a = loopback();
	struct port_pool *pool;

	assert_int_equal(port_pool_new(&pool, &a, low, high, 46), OK);
	return pool;
}

static void drop(struct port_pool *pool, const struct port_pair *pair)
{
	close(pair->rtp_fd);
	close(pair->rtcp_fd);
	port_pool_release(pool, pair->port);
}

static uint16_t bound_port(int fd)
{
	struct addr a;
	socklen_t len = sizeof(a);

	assert_int_equal(getsockname(fd, &a.sa, &len), 0);
	return addr_port(&a);
}

static void counts_whole_pairs(void **state)
{
	static const struct {
		uint16_t low, high;
		size_t size;
	} cases[] = {
		{ 21000, 21001, 1 },     { 21000, 21002, 1 }, { 21001, 21003, 1 },
		{ 21000, 21003, 2 },     { 0, 3, 1 },         { 65534, 65535, 1 },
		{ 36000, 59999, 12000 },
	};
	const struct addr a = loopback();
	struct port_pool *pool = NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		pool = pool_of(cases[i].low, cases[i].high);
		assert_int_equal(port_pool_size(pool), cases[i].size);
		port_pool_free(&pool);
		assert_null(pool);
	}
	assert_int_equal(port_pool_new(&pool, &a, 21001, 21002, 46), ERR_SYNTAX);
	assert_int_equal(port_pool_new(&pool, &a, 21002, 21000, 46), ERR_SYNTAX);
	assert_int_equal(port_pool_new(&pool, &a, 65535, 65535, 46), ERR_SYNTAX);
	port_pool_free(&pool);
}

static void gives_each_pair_once(void **state)
{
	struct port_pool *pool = pool_of(LOW, LOW + 19);
	struct port_pair pairs[10], more;
	bool seen[10] = { false };

	(void)state;
	for (unsigned i = 0; i < 10; i++) {
		unsigned at;

		assert_int_equal(port_pool_take(pool, &pairs[i]), OK);
		at = (pairs[i].port - LOW) / 2U;
		assert_int_equal(pairs[i].port % 2, 0);
		assert_in_range(pairs[i].port, LOW, LOW + 18);
		assert_false(seen[at]);
		seen[at] = true;
		assert_int_equal(bound_port(pairs[i].rtp_fd), pairs[i].port);
		assert_int_equal(bound_port(pairs[i].rtcp_fd), pairs[i].port + 1);
		assert_int_equal(port_pool_used(pool), i + 1);
	}
	assert_int_equal(port_pool_take(pool, &more), ERR_LIMIT);
	assert_int_equal(port_pool_used(pool), 10);
	for (unsigned i = 0; i < 10; i++)
		drop(pool, &pairs[i]);
	assert_int_equal(port_pool_used(pool), 0);
	port_pool_free(&pool);
}

/* E8-08 */
static void marks_expedited_forwarding(void **state)
{
	struct port_pool *pool = pool_of(LOW, LOW + 1);
	struct port_pair pair;
	int tos = 0, size = 0;
	socklen_t len = sizeof(tos);

	(void)state;
	assert_int_equal(port_pool_take(pool, &pair), OK);
	assert_int_equal(getsockopt(pair.rtp_fd, IPPROTO_IP, IP_TOS, &tos, &len), 0);
	assert_int_equal(tos >> 2, 46);
	assert_int_equal(getsockopt(pair.rtcp_fd, IPPROTO_IP, IP_TOS, &tos, &len), 0);
	assert_int_equal(tos >> 2, 46);
	assert_int_equal(getsockopt(pair.rtp_fd, SOL_SOCKET, SO_RCVBUF, &size, &len), 0);
	assert_true(size >= 128 * 1024);
	drop(pool, &pair);
	port_pool_free(&pool);
}

/* Many a peer has no port for RTCP: what ICMP says of that wakes nobody. */
static void hears_icmp_on_rtp_alone(void **state)
{
	struct port_pool *pool = pool_of(LOW, LOW + 1);
	struct port_pair pair;
	int on = 0;
	socklen_t len = sizeof(on);

	(void)state;
	assert_int_equal(port_pool_take(pool, &pair), OK);
	assert_int_equal(getsockopt(pair.rtp_fd, IPPROTO_IP, IP_RECVERR, &on, &len), 0);
	assert_true(on);
	assert_int_equal(getsockopt(pair.rtcp_fd, IPPROTO_IP, IP_RECVERR, &on, &len), 0);
	assert_false(on);
	drop(pool, &pair);
	port_pool_free(&pool);
}

static void order_is_chance(void **state)
{
	struct port_pool *pool = pool_of(LOW, LOW + 399);
	unsigned in_order = 0;
	uint16_t before = 0;

	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		struct port_pair pair;

		assert_int_equal(port_pool_take(pool, &pair), OK);
		in_order += pair.port == before + 2;
		before = pair.port;
		drop(pool, &pair);
	}
	assert_true(in_order < 20);
	port_pool_free(&pool);
}

static void released_pairs_rest(void **state)
{
	struct port_pool *pool = pool_of(LOW, LOW + 7);
	struct port_pair pair;
	uint16_t order[4];

	(void)state;
	clock_fake(1000, 0);
	/* None comes twice while another has rested longer. */
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(port_pool_take(pool, &pair), OK);
		order[i] = pair.port;
		for (unsigned j = 0; j < i; j++)
			assert_int_not_equal(order[i], order[j]);
		drop(pool, &pair);
		clock_fake_advance(10);
	}
	/* All rest now: rather the oldest than none, in order. */
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(port_pool_take(pool, &pair), OK);
		assert_int_equal(pair.port, order[i]);
		drop(pool, &pair);
	}
	/* One that rested goes before one that did not. */
	clock_fake_advance(PORT_REST_MS - 1);
	assert_int_equal(port_pool_take(pool, &pair), OK);
	assert_int_equal(pair.port, order[0]);
	clock_fake_advance(1);
	drop(pool, &pair);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(port_pool_take(pool, &pair), OK);
		assert_int_not_equal(pair.port, order[0]);
		drop(pool, &pair);
	}
	clock_real();
	port_pool_free(&pool);
}

static int hold(uint16_t port)
{
	struct addr a = loopback();
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	addr_set_port(&a, port);
	assert_int_equal(bind(fd, &a.sa, addr_len(&a)), 0);
	return fd;
}

static void skips_what_others_hold(void **state)
{
	struct port_pool *pool = pool_of(LOW, LOW + 5);
	int rtp = hold(LOW), rtcp = hold(LOW + 3);
	struct port_pair pair, more;

	(void)state;
	assert_int_equal(port_pool_take(pool, &pair), OK);
	assert_int_equal(pair.port, LOW + 4);
	assert_int_equal(port_pool_take(pool, &more), ERR_LIMIT);
	assert_int_equal(port_pool_used(pool), 1);
	close(rtp);
	assert_int_equal(port_pool_take(pool, &more), OK);
	assert_int_equal(more.port, LOW);
	drop(pool, &more);
	drop(pool, &pair);
	close(rtcp);
	port_pool_free(&pool);
}

static void foreign_address_is_io(void **state)
{
	struct port_pool *pool;
	struct port_pair pair;
	struct addr a;

	(void)state;
	assert_int_equal(addr_parse(&a, "192.0.2.1"), OK);
	assert_int_equal(port_pool_new(&pool, &a, LOW, LOW + 9, 46), OK);
	assert_int_equal(port_pool_take(pool, &pair), ERR_IO);
	assert_int_equal(port_pool_used(pool), 0);
	port_pool_free(&pool);
}

static void no_descriptor_is_a_limit(void **state)
{
	struct port_pool *pool = pool_of(LOW, LOW + 9);
	struct rlimit before, none;
	struct port_pair pair;
	int spare = dup(0);

	(void)state;
	close(spare);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = (rlim_t)spare + 1; /* enough for RTP, not for RTCP */
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_int_equal(port_pool_take(pool, &pair), ERR_LIMIT);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(port_pool_used(pool), 0);
	assert_int_equal(port_pool_take(pool, &pair), OK);
	drop(pool, &pair);
	port_pool_free(&pool);
}

static void speaks_ipv6(void **state)
{
	struct port_pool *pool;
	struct port_pair pair;
	struct addr a;
	int tclass = 0;
	socklen_t len = sizeof(tclass);

	(void)state;
	assert_int_equal(addr_parse(&a, "::1"), OK);
	assert_int_equal(port_pool_new(&pool, &a, LOW, LOW + 1, 46), OK);
	if (port_pool_take(pool, &pair) == OK) {
		assert_int_equal(bound_port(pair.rtp_fd), LOW);
		assert_int_equal(getsockopt(pair.rtp_fd, IPPROTO_IPV6, IPV6_TCLASS, &tclass, &len),
		                 0);
		assert_int_equal(tclass >> 2, 46);
		drop(pool, &pair);
	} else {
		print_message("no IPv6 here\n");
	}
	port_pool_free(&pool);
}

static void make(void *arg)
{
	const struct addr a = loopback();
	struct port_pool *pool = NULL;

	(void)arg;
	if (port_pool_new(&pool, &a, LOW, LOW + 9, 46) == OK)
		port_pool_free(&pool);
	assert_null(pool);
}

static void survives_without_memory(void **state)
{
	(void)state;
	assert_int_equal(each_allocation_fails(make, NULL), 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_whole_pairs),
		cmocka_unit_test(gives_each_pair_once),
		cmocka_unit_test(marks_expedited_forwarding),
		cmocka_unit_test(hears_icmp_on_rtp_alone),
		cmocka_unit_test(order_is_chance),
		cmocka_unit_test(released_pairs_rest),
		cmocka_unit_test(skips_what_others_hold),
		cmocka_unit_test(foreign_address_is_io),
		cmocka_unit_test(no_descriptor_is_a_limit),
		cmocka_unit_test(speaks_ipv6),
		cmocka_unit_test(survives_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
