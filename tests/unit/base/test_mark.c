/* base/mark.c */
#include "base/mark.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

static int option_of(int fd, int level, int name)
{
	int value = -1;
	socklen_t len = sizeof(value);

	assert_int_equal(getsockopt(fd, level, name, &value, &len), 0);
	return value;
}

/* EF (46) and AF31 (26), as they stand in the TOS octet; the priority is not the one that IP_TOS
 * sets. */
static void test_both_are_set(void **state)
{
	int fd;

	(void)state;
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	assert_true(fd >= 0);
	mark_socket(fd, AF_INET, 46, 6);
	assert_int_equal(option_of(fd, IPPROTO_IP, IP_TOS), 46 << 2);
	assert_int_equal(option_of(fd, SOL_SOCKET, SO_PRIORITY), 6);
	close(fd);
	fd = socket(AF_INET6, SOCK_DGRAM, 0);
	assert_true(fd >= 0);
	mark_socket(fd, AF_INET6, 26, 4);
	assert_int_equal(option_of(fd, IPPROTO_IPV6, IPV6_TCLASS), 26 << 2);
	assert_int_equal(option_of(fd, SOL_SOCKET, SO_PRIORITY), 4);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_are_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
