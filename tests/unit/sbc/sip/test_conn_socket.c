/* What every socket of ours has on it (E8-08; a dead path shows within half a minute). */
#include "sbc/sip/conn_socket.h"

#include <setjmp.h>
#include <stdarg.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

static int option(int fd, int level, int name)
{
	int value = -1;
	socklen_t len = sizeof(value);

	assert_int_equal(getsockopt(fd, level, name, &value, &len), 0);
	return value;
}

static int open_at(const char *where, int type, struct addr *bound)
{
	struct addr local;
	int fd;

	assert_int_equal(addr_parse(&local, where), OK);
	assert_int_equal(socket_open(&fd, type, &local, NULL, bound), OK);
	return fd;
}

static void test_tcp(void **state)
{
	struct addr bound;
	int fd = open_at("127.0.0.1", SOCK_STREAM, &bound);

	(void)state;
	assert_int_not_equal(addr_port(&bound), 0);
	assert_int_equal(option(fd, IPPROTO_IP, IP_TOS), 26 << 2);
	assert_int_not_equal(option(fd, IPPROTO_TCP, TCP_NODELAY), 0);
	assert_int_not_equal(option(fd, SOL_SOCKET, SO_KEEPALIVE), 0);
	assert_int_equal(option(fd, IPPROTO_TCP, TCP_KEEPIDLE), 30);
	assert_int_equal(option(fd, IPPROTO_TCP, TCP_KEEPINTVL), 10);
	assert_int_equal(option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT), 20000);
	close(fd);
}

static void test_udp(void **state)
{
	struct addr bound, other = { 0 };
	int fd = open_at("127.0.0.1", SOCK_DGRAM, &bound), second;

	(void)state;
	assert_int_equal(option(fd, IPPROTO_IP, IP_TOS), 26 << 2);
	/* Nobody takes a UDP port of ours away. */
	assert_int_equal(socket_open(&second, SOCK_DGRAM, &bound, NULL, &other), ERR_IO);
	assert_int_equal(second, -1);
	close(fd);
}

static void test_ipv6(void **state)
{
	struct addr bound;
	int fd = open_at("::1", SOCK_STREAM, &bound);

	(void)state;
	assert_int_equal(option(fd, IPPROTO_IPV6, IPV6_TCLASS), 26 << 2);
	assert_int_not_equal(option(fd, IPPROTO_IPV6, IPV6_V6ONLY), 0);
	close(fd);
}

static void test_not_ours(void **state)
{
	struct addr local;
	int fd = 7;

	(void)state;
	assert_int_equal(addr_parse(&local, "198.51.100.1:5060"), OK);
	assert_int_equal(socket_open(&fd, SOCK_STREAM, &local, NULL, NULL), ERR_IO);
	assert_int_equal(fd, -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tcp),
		cmocka_unit_test(test_udp),
		cmocka_unit_test(test_ipv6),
		cmocka_unit_test(test_not_ours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
