/* sbc/sip/conn_udp.c: a socket of a realm, over the loopback. */
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "tests/unit/sbc/sip/conn_rig.h"

static int begin(void **state)
{
	struct addr any;

	if (rig_begin(state) || addr_parse(&any, "127.0.0.1"))
		return -1;
	return conn_udp_open(&rig.out, rig.loop, &any, &rig_handler, rig.realm) ? -1 : 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, begin, rig_end)

static int send_error; /* of the next datagram; 0: it goes */

/* In place of the C library's, which has this type in its header. */
ssize_t sendto(int fd, const void *data, size_t len, int flags, __CONST_SOCKADDR_ARG to,
               socklen_t to_len)
{
	if (send_error) {
		errno = send_error;
		send_error = 0;
		return -1;
	}
	return syscall(SYS_sendto, fd, data, len, flags, to.__sockaddr__, to_len);
}

static int open_peer(struct addr *at)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof(*at);

	*at = rig_addr("127.0.0.1");
	assert_int_equal(bind(fd, &at->sa, addr_len(at)), 0);
	assert_int_equal(getsockname(fd, &at->sa, &len), 0);
	return fd;
}

static void say(int fd, const char *data, size_t len)
{
	assert_int_equal(sendto(fd, data, len, 0, &rig.out->local.sa, addr_len(&rig.out->local)),
	                 (ssize_t)len);
}

static void test_both_ways(void **state)
{
	struct pollfd p = { .events = POLLIN };
	char data[16];
	struct addr at;

	(void)state;
	p.fd = open_peer(&at);
	assert_int_equal(rig.out->state, CONN_OPEN);
	assert_int_equal(rig.out->transport, TRANSPORT_UDP);
	assert_true(addr_port(&rig.out->local) > 0);
	say(p.fd, "hello", 5);
	rig_until(&rig.messages, 1);
	assert_string_equal(rig.got, "hello");
	assert_true(addr_equal(&rig.got_from, &at));
	assert_int_equal(conn_send(rig.out, &at, "answer", 6), OK);
	assert_int_equal(poll(&p, 1, RIG_WAIT_MS), 1);
	assert_int_equal(recv(p.fd, data, sizeof(data), 0), 6);
	assert_memory_equal(data, "answer", 6);
	close(p.fd);
}

/* RFC 3261 18.4: what may well not happen to the next copy is no failure. */
static void test_errors(void **state)
{
	static const int lost[] = { EPERM, ENOBUFS, EAGAIN, ENOMEM, EINTR, ECONNREFUSED },
	                 lasting[] = { EMSGSIZE, ENETUNREACH, EHOSTUNREACH, EINVAL, EACCES };
	static char big[70000];
	struct addr at;
	int fd = open_peer(&at);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lost); i++) {
		send_error = lost[i];
		assert_int_equal(conn_send(rig.out, &at, "x", 1), OK);
	}
	for (size_t i = 0; i < ARRAY_LEN(lasting); i++) {
		send_error = lasting[i];
		assert_int_equal(conn_send(rig.out, &at, "x", 1), ERR_IO);
	}
	assert_int_equal(conn_send(rig.out, &at, big, sizeof(big)), ERR_IO);
	close(fd);
}

/* Keepalives of NAT are nobody's message; what is as long as it gets is whole. */
static void test_lengths(void **state)
{
	static char big[65507]; /* the most that IPv4 carries */
	static const char stun[20] = "\0\1\0\0\x21\x12\xa4\x42 a chance id";
	struct addr at;
	int fd = open_peer(&at);

	(void)state;
	memset(big, 'b', sizeof(big));
	memcpy(big + 100, "\r\n\r\n", 4); /* else it is all head */
	say(fd, "", 0);
	say(fd, "\r\n\r\n", 4);
	say(fd, "\0\0\0\0", 4);
	say(fd, "jaK", 3);
	say(fd, "\r\n\r\n\r\n\r\n", 8);
	say(fd, "\0\0\0\0\0\0\0\0\0", 9);
	say(fd, stun, sizeof(stun));
	say(fd, big, sizeof(big));
	say(fd, "12345", 5);
	rig_until(&rig.messages, 1);
	if (rig.messages == 1)
		assert_int_equal(rig.got_len, sizeof(big));
	rig_until(&rig.messages, 2);
	assert_int_equal(rig.messages, 2);
	assert_string_equal(rig.got, "12345");
	close(fd);
}

static void test_many_at_once(void **state)
{
	struct addr at[2];
	int fds[] = { open_peer(&at[0]), open_peer(&at[1]) };
	char text[8];

	(void)state;
	for (int i = 0; i < 200; i++) {
		snprintf(text, sizeof(text), "no. %03d", i);
		say(fds[i % 2], text, 7);
	}
	rig_until(&rig.messages, 200);
	assert_int_equal(rig.messages, 200);
	/* Each with its sender, in their order. */
	assert_string_equal(rig.got, "no. 199");
	assert_true(addr_equal(&rig.got_from, &at[1]));
	close(fds[0]);
	close(fds[1]);
}

/* ICMP's "port unreachable" of one peer is no end of the socket. */
static void test_peer_gone(void **state)
{
	struct addr gone, at;
	int fd = open_peer(&gone);

	(void)state;
	close(fd);
	for (int i = 0; i < 3; i++)
		assert_int_equal(conn_send(rig.out, &gone, "x", 1), OK);
	fd = open_peer(&at);
	say(fd, "hello", 5);
	rig_until(&rig.messages, 1);
	assert_int_equal(rig.closed, 0);
	close(fd);
}

/* What lay in the socket while we were elsewhere is known to be late. */
static void test_waiting_is_noted(void **state)
{
	struct addr at;
	int fd = open_peer(&at);

	(void)state;
	say(fd, "hello", 5);
	poll(NULL, 0, OVERLOAD_LATE_MS + 1);
	rig_until(&rig.messages, 1);
	assert_true(rig.out->overload.late);
	close(fd);
}

static void test_closed_by_its_handler(void **state)
{
	struct addr at;
	int fd = open_peer(&at);

	(void)state;
	rig.close_on_message = true;
	say(fd, "first", 5);
	say(fd, "second", 6);
	rig_until(&rig.closed, 1);
	assert_int_equal(rig.messages, 1);
	assert_int_equal(conn_send(rig.out, &at, "x", 1), ERR_CLOSED);
	close(fd);
}

static void test_port_taken(void **state)
{
	struct conn *second = NULL;

	(void)state;
	assert_int_equal(conn_udp_open(&second, rig.loop, &rig.out->local, &rig_handler, rig.realm),
	                 ERR_IO);
	assert_null(second);
}

static void starved(void *arg)
{
	struct addr any = rig_addr("127.0.0.1");
	struct conn *c = NULL;

	(void)arg;
	if (conn_udp_open(&c, rig.loop, &any, &rig_handler, rig.realm))
		assert_true(mem_has_failed());
	conn_unref(&c);
}

static void test_no_memory(void **state)
{
	(void)state;
	assert_true(each_allocation_fails(starved, NULL) >= 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(both_ways),
		TEST(errors),
		TEST(lengths),
		TEST(many_at_once),
		TEST(peer_gone),
		TEST(waiting_is_noted),
		TEST(closed_by_its_handler),
		TEST(port_taken),
		TEST(no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
