/* sbc/sip/conn_tcp.c: streams over the loopback: frames, pings, ends, and peers that do not read.
 */
#include "tests/unit/sbc/sip/conn_rig.h"

#define MESSAGE "OPTIONS sip:b SIP/2.0\r\nContent-Length: 4\r\n\r\nbody"

static int begin(void **state)
{
	if (rig_begin(state))
		return -1;
	rig_listen(NULL);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, begin, rig_end)

/* A peer that is let in. */
static int peer(void)
{
	int fd = rig_connect(&rig.listener->local);

	rig_until(&rig.opened, rig.opened + 1);
	return fd;
}

static enum err connect_to(const struct addr *to, unsigned timeout_ms)
{
	const struct conn_connect_cfg cfg = { .loop = rig.loop,
		                              .peer = *to,
		                              .timeout_ms = timeout_ms,
		                              .handler = &rig_handler,
		                              .realm = rig.realm };

	return conn_connect(&rig.out, &cfg);
}

static void test_split(void **state)
{
	int fd = peer();

	(void)state;
	assert_int_equal(rig.in->transport, TRANSPORT_TCP);
	for (size_t i = 0; i < strlen(MESSAGE) - 2; i++) {
		rig_write(fd, &MESSAGE[i], 1);
		rig_until(&rig.opened, 1); /* one turn of the loop */
	}
	assert_int_equal(rig.messages, 0);
	/* It counts as used once the message is whole. */
	rig.in->used_ms = 0;
	rig_write(fd, &MESSAGE[strlen(MESSAGE) - 2], 1);
	rig_until(&rig.opened, 1);
	assert_int_equal(rig.in->used_ms, 0);
	rig_write(fd, &MESSAGE[strlen(MESSAGE) - 1], 1);
	rig_until(&rig.messages, 1);
	assert_int_not_equal(rig.in->used_ms, 0);
	assert_string_equal(rig.got, MESSAGE);
	assert_true(addr_equal(&rig.got_from, &rig.in->peer));
	close(fd);
}

static void test_joined(void **state)
{
	static const char three[] = MESSAGE "\r\n" MESSAGE MESSAGE "OPTIONS";
	int fd = peer();

	(void)state;
	rig_write(fd, three, sizeof(three) - 1);
	rig_until(&rig.messages, 3);
	assert_string_equal(rig.got, MESSAGE);
	assert_int_equal(rig.pongs, 1);
	rig_write(fd, &MESSAGE[7], strlen(MESSAGE) - 7);
	rig_until(&rig.messages, 4);
	assert_string_equal(rig.got, MESSAGE);
	assert_int_equal(rig.closed, 0);
	close(fd);
}

/* RFC 5626 3.5.1 */
static void test_ping(void **state)
{
	int fd = peer();
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char data[8];

	(void)state;
	rig_write(fd, "\r\n\r\n" MESSAGE, 4 + strlen(MESSAGE));
	rig_until(&rig.messages, 1);
	assert_int_equal(poll(&p, 1, RIG_WAIT_MS), 1);
	assert_int_equal(recv(fd, data, sizeof(data), 0), 2);
	assert_memory_equal(data, "\r\n", 2);
	close(fd);
}

static void test_garbage(void **state)
{
	static const char *const bad[] = { "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
		                           "OPTIONS sip:b SIP/2.0\r\nSubject: x\r\n\r\n",
		                           "OPTIONS sip:b SIP/2.0\r\nContent-Length: -1\r\n\r\n" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		int fd = peer();

		rig_write(fd, bad[i], strlen(bad[i]));
		rig_until(&rig.closed, (unsigned)i + 1);
		assert_int_equal(rig.err, ERR_SYNTAX);
		assert_true(rig.why[0]);
		close(fd);
	}
	assert_int_equal(rig.messages, 0);
}

static void test_peer_closes(void **state)
{
	int fd = peer();

	(void)state;
	rig_write(fd, MESSAGE, strlen(MESSAGE));
	close(fd);
	rig_until(&rig.closed, 1);
	assert_int_equal(rig.messages, 1); /* what it said before counts */
	assert_int_equal(rig.err, ERR_CLOSED);
	assert_int_equal(conn_send(rig.in, NULL, "x", 1), ERR_CLOSED);
}

static void test_closed_by_its_handler(void **state)
{
	int fd = peer();

	(void)state;
	rig.close_on_message = true;
	rig_write(fd, MESSAGE MESSAGE, 2 * strlen(MESSAGE));
	rig_until(&rig.closed, 1);
	assert_int_equal(rig.messages, 1);
	close(fd);
}

/* What waits for a peer that does not read is bounded; then its connection ends. */
static void test_back_pressure(void **state)
{
	static char lots[60000];
	int fd = peer();
	enum err err = OK;
	size_t sent = 0;

	(void)state;
	memset(lots, 'l', sizeof(lots));
	while (!err && sent < 1000 * sizeof(lots)) {
		err = conn_send(rig.in, NULL, lots, sizeof(lots));
		sent += sizeof(lots);
	}
	assert_int_equal(err, ERR_LIMIT);
	assert_int_equal(rig.in->state, CONN_CLOSED);
	assert_int_equal(rig.closed, 1);
	assert_int_equal(rig.err, ERR_LIMIT);
	assert_non_null(strstr(rig.why, "does not read"));
	close(fd);
}

/* A slow reader gets all of it, in order. */
static void test_slow_reader(void **state)
{
	static char data[65536];
	size_t put = 0, got = 0;
	int fd = peer();
	ssize_t n;

	(void)state;
	while (put < 40 * sizeof(data)) {
		for (size_t i = 0; i < sizeof(data); i++)
			data[i] = (char)((put + i) % 251);
		assert_int_equal(conn_send(rig.in, NULL, data, sizeof(data)), OK);
		put += sizeof(data);
		while (got < put && (n = recv(fd, data, sizeof(data), MSG_DONTWAIT)) > 0) {
			for (size_t i = 0; i < (size_t)n; i++, got++)
				assert_int_equal(data[i], (char)(got % 251));
		}
		rig_until(&rig.opened, 1); /* one turn: what waits is written */
	}
	while (got < put) {
		rig_until(&rig.opened, 1);
		n = recv(fd, data, sizeof(data), MSG_DONTWAIT);
		for (ssize_t i = 0; i < n; i++, got++)
			assert_int_equal(data[i], (char)(got % 251));
	}
	assert_int_equal(rig.closed, 0);
	close(fd);
}

static void test_connect(void **state)
{
	(void)state;
	assert_int_equal(connect_to(&rig.listener->local, RIG_WAIT_MS), OK);
	assert_int_equal(rig.out->state, CONN_CONNECTING);
	assert_int_equal(conn_send(rig.out, NULL, "x", 1), ERR_CLOSED); /* not open yet */
	rig_until(&rig.opened, 2);
	assert_true(addr_equal(&rig.out->local, &rig.in->peer));
	assert_false(rig.out->accepted);
	assert_int_equal(conn_send(rig.out, NULL, MESSAGE, strlen(MESSAGE)), OK);
	rig_until(&rig.messages, 1);
	assert_string_equal(rig.got, MESSAGE);
}

static void test_connect_refused(void **state)
{
	/* Bound, so that it is nobody else's meanwhile, but it does not listen. */
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct addr nobody = rig_addr("127.0.0.1");
	socklen_t len = sizeof(nobody);

	(void)state;
	assert_int_equal(bind(fd, &nobody.sa, addr_len(&nobody)), 0);
	assert_int_equal(getsockname(fd, &nobody.sa, &len), 0);
	assert_int_equal(connect_to(&nobody, RIG_WAIT_MS), OK);
	rig_until(&rig.closed, 1);
	assert_int_equal(rig.err, ERR_IO);
	assert_non_null(strstr(rig.why, "does not accept"));
	assert_non_null(strstr(rig.why, "127.0.0.1:"));
	assert_int_equal(rig.opened, 0);
	close(fd);
}

/* A peer whose queue is full drops what would connect. */
static void test_connect_timeout(void **state)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), full[2];
	struct addr at = rig_addr("127.0.0.1");
	socklen_t len = sizeof(at);

	(void)state;
	assert_int_equal(bind(fd, &at.sa, addr_len(&at)), 0);
	assert_int_equal(getsockname(fd, &at.sa, &len), 0);
	assert_int_equal(listen(fd, 0), 0);
	for (int i = 0; i < 2; i++) {
		full[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		(void)!connect(full[i], &at.sa, addr_len(&at));
	}
	assert_int_equal(connect_to(&at, 50), OK);
	rig_until(&rig.closed, 1);
	assert_int_equal(rig.err, ERR_TIMEOUT);
	assert_non_null(strstr(rig.why, "no TCP connection in time"));
	close(full[0]);
	close(full[1]);
	close(fd);
}

static void test_port_taken(void **state)
{
	struct conn *second = NULL;

	(void)state;
	assert_int_equal(
	    conn_listen(&second, rig.loop, &rig.listener->local, NULL, &rig_handler, rig.realm),
	    ERR_IO);
	assert_null(second);
	assert_int_equal(conn_send(rig.listener, NULL, "x", 1), ERR_UNSUPPORTED);
}

static void starved(void *arg)
{
	struct addr any = rig_addr("127.0.0.1");
	struct conn *c = NULL;

	(void)arg;
	if (conn_listen(&c, rig.loop, &any, NULL, &rig_handler, rig.realm))
		assert_true(mem_has_failed());
	conn_unref(&c);
	if (connect_to(&rig.listener->local, RIG_WAIT_MS))
		assert_true(mem_has_failed());
	conn_unref(&rig.out);
}

static void test_no_memory(void **state)
{
	(void)state;
	assert_true(each_allocation_fails(starved, NULL) >= 5);
}

/* Accepting, reading and answering: the connection may end, the listener goes on. */
static void serve_starved(void *arg)
{
	unsigned closed = rig.closed, messages = rig.messages, ends;
	int fd = rig_connect(&rig.listener->local);

	(void)arg;
	rig_write(fd, "\r\n\r\n" MESSAGE, 4 + strlen(MESSAGE));
	shutdown(fd, SHUT_WR);
	do {
		rig_until(&rig.realm_cfg.keepalive_ms, 0); /* one turn */
		ends = rig.closed - closed;
	} while (!ends && !mem_has_failed());
	if (!mem_has_failed())
		assert_int_equal(rig.messages, messages + 1);
	conn_unref(&rig.in);
	close(fd);
}

static void test_no_memory_serving(void **state)
{
	(void)state;
	assert_true(each_allocation_fails(serve_starved, NULL) >= 4);
	rig_until(&rig.realm_cfg.keepalive_ms, 0);
	close(peer());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(split),
		TEST(joined),
		TEST(ping),
		TEST(garbage),
		TEST(peer_closes),
		TEST(closed_by_its_handler),
		TEST(back_pressure),
		TEST(slow_reader),
		TEST(connect),
		TEST(connect_refused),
		TEST(connect_timeout),
		TEST(port_taken),
		TEST(no_memory),
		TEST(no_memory_serving),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
