/* sbc/sip/dns_exchange.c on real sockets: UDP, TCP (CLO-06), strangers, silence. dns_conf.c beside
 * it. */
#include "sbc/sip/dns_exchange.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "sbc/sip/dns_conf.h"

static struct {
	struct loop *loop;
	struct dns_exchange *exchange;
	struct dns_question question;
	int udp, listener, stream;
	struct io *udp_io, *listener_io, *stream_io;
	struct addr addr;
	unsigned wrong; /* datagrams with another id before the right one */
	bool silent, hangs_up;
	size_t split; /* TCP: octets of the first write */
	uint16_t ports[8];
	unsigned asked;
	unsigned told;
	enum err err;
	struct dns_reply reply;
} t;

/* The question as an answer with one A record. */
static size_t make_answer(uint8_t *p, size_t len)
{
	static const uint8_t record[] = { 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 7 };

	p[2] |= 0x80;
	p[7] = 1;
	memcpy(p + len, record, sizeof(record));
	return len + sizeof(record);
}

static void on_udp(void *arg, int events)
{
	struct sockaddr_in from;
	socklen_t from_len = sizeof(from);
	uint8_t p[1024];
	ssize_t len = recvfrom(t.udp, p, 512, 0, (struct sockaddr *)&from, &from_len);
	size_t n;

	(void)arg;
	(void)events;
	if (len < 12)
		return;
	t.ports[t.asked++ % 8] = ntohs(from.sin_port);
	if (t.silent)
		return;
	n = make_answer(p, (size_t)len);
	p[0] ^= 0xff;
	for (unsigned i = 0; i < t.wrong; i++)
		assert_true(sendto(t.udp, p, n, 0, (struct sockaddr *)&from, from_len) > 0);
	p[0] ^= 0xff;
	assert_true(sendto(t.udp, p, n, 0, (struct sockaddr *)&from, from_len) > 0);
}

static void on_stream(void *arg, int events)
{
	uint8_t p[1024];
	ssize_t len = recv(t.stream, p, 512, MSG_DONTWAIT);
	size_t n;

	(void)arg;
	(void)events;
	if (len < 14 || t.hangs_up) {
		io_free(&t.stream_io);
		close(t.stream);
		return;
	}
	assert_int_equal(p[0] << 8 | p[1], len - 2);
	n = make_answer(p + 2, (size_t)len - 2);
	p[1] = (uint8_t)n;
	assert_true(write(t.stream, p, t.split) >= 0);
	usleep(20000); /* two segments */
	assert_true(write(t.stream, p + t.split, n + 2 - t.split) > 0);
}

static void on_listener(void *arg, int events)
{
	(void)arg;
	(void)events;
	t.stream = accept(t.listener, NULL, NULL);
	assert_int_equal(io_new(&t.stream_io, t.loop, t.stream, IO_READ, on_stream, NULL), OK);
}

static int begin(void **state)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
		                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(in);

	(void)state;
	memset(&t, 0, sizeof(t));
	t.split = 1;
	t.udp = socket(AF_INET, SOCK_DGRAM, 0);
	t.listener = socket(AF_INET, SOCK_STREAM, 0);
	if (loop_new(&t.loop) || bind(t.udp, (struct sockaddr *)&in, len) ||
	    getsockname(t.udp, (struct sockaddr *)&in, &len) ||
	    bind(t.listener, (struct sockaddr *)&in, len) || listen(t.listener, 5) ||
	    addr_from_sockaddr(&t.addr, (struct sockaddr *)&in, len) ||
	    io_new(&t.udp_io, t.loop, t.udp, IO_READ, on_udp, NULL) ||
	    io_new(&t.listener_io, t.loop, t.listener, IO_READ, on_listener, NULL))
		return -1;
	return dns_question_set(&t.question, DNS_TYPE_A, "a.test") == OK ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	if (t.stream_io)
		close(t.stream);
	io_free(&t.stream_io);
	io_free(&t.udp_io);
	io_free(&t.listener_io);
	close(t.udp);
	close(t.listener);
	loop_free(&t.loop);
	return 0;
}

static void on_end(void *arg, enum err err, const struct dns_reply *reply)
{
	(void)arg;
	t.told++;
	t.err = err;
	if (reply)
		t.reply = *reply;
	dns_exchange_free(&t.exchange);
	loop_stop(t.loop);
}

static void run(bool tcp)
{
	struct dns_exchange_cfg cfg = { .loop = t.loop,
		                        .server = t.addr,
		                        .tcp = tcp,
		                        .timeout_ms = 300,
		                        .question = &t.question,
		                        .fn = on_end };

	t.told = 0;
	assert_int_equal(dns_exchange_start(&t.exchange, &cfg), OK);
	assert_int_equal(t.told, 0);
	loop_run(t.loop);
	assert_int_equal(t.told, 1);
	assert_null(t.exchange);
}

static void check_found(void)
{
	assert_int_equal(t.err, OK);
	assert_int_equal(t.reply.status, DNS_FOUND);
	assert_int_equal(t.reply.nrecords, 1);
	assert_int_equal(ntohl(t.reply.records[0].addr.v4.sin_addr.s_addr), 0xc0000207);
}

/* RFC 5452 9.2: another port each time. */
static void test_udp(void **state)
{
	unsigned same = 0;

	(void)state;
	for (int i = 0; i < 8; i++) {
		run(false);
		check_found();
	}
	for (int i = 1; i < 8; i++)
		same += t.ports[i] == t.ports[i - 1];
	assert_true(same <= 1);
}

static void test_strangers_first(void **state)
{
	(void)state;
	t.wrong = 40;
	run(false);
	check_found();
}

static void test_silent(void **state)
{
	(void)state;
	t.silent = true;
	run(false);
	assert_int_equal(t.err, ERR_TIMEOUT);
}

static void test_nobody(void **state)
{
	(void)state;
	io_free(&t.udp_io);
	close(t.udp);
	run(false);
	assert_int_equal(t.err, ERR_IO);
	t.udp = -1;
}

static void test_tcp(void **state)
{
	(void)state;
	for (t.split = 0; t.split < 20; t.split += 3) {
		run(true);
		check_found();
		io_free(&t.stream_io);
		close(t.stream);
	}
}

static void test_tcp_hangs_up(void **state)
{
	(void)state;
	t.hangs_up = true;
	run(true);
	assert_int_equal(t.err, ERR_IO);
}

static void test_freed_on_the_way(void **state)
{
	struct dns_exchange_cfg cfg = { .loop = t.loop,
		                        .server = t.addr,
		                        .tcp = true,
		                        .timeout_ms = 300,
		                        .question = &t.question,
		                        .fn = on_end };

	(void)state;
	assert_int_equal(dns_exchange_start(&t.exchange, &cfg), OK);
	dns_exchange_free(&t.exchange);
	assert_null(t.exchange);
	dns_exchange_free(&t.exchange);
}

static void write_conf(const char *path, const char *text)
{
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	fputs(text, out);
	fclose(out);
}

/* resolv.conf(5): read again once it is another; without servers this machine is asked. */
static void test_conf(void **state)
{
	char path[] = "/tmp/test_dns_conf_XXXXXX", text[ADDR_TEXT_MAX];
	struct dns_conf conf = { .path = path };
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	dns_conf_update(&conf);
	assert_int_equal(conf.nservers, 1);
	assert_string_equal(addr_text(&conf.servers[0], text, sizeof(text)), "127.0.0.1:53");
	write_conf(path,
	           "# x\nsearch a.test\nnameserver 192.0.2.1\nnameserver\nnameserver dns.test\n"
	           "  nameserver 2001:db8::53  \nnameserver 192.0.2.3\nnameserver 192.0.2.4\n"
	           "nameserver 192.0.2.5");
	dns_conf_update(&conf);
	assert_int_equal(conf.nservers, DNS_SERVERS_MAX);
	assert_string_equal(addr_text(&conf.servers[1], text, sizeof(text)), "[2001:db8::53]:53");
	write_conf(path, "nameserver 192.0.2.9\n");
	dns_conf_update(&conf);
	assert_int_equal(conf.nservers, 1);
	assert_string_equal(addr_text(&conf.servers[0], text, sizeof(text)), "192.0.2.9:53");
	unlink(path);
	dns_conf_update(&conf);
	assert_string_equal(addr_text(&conf.servers[0], text, sizeof(text)), "127.0.0.1:53");
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(udp),    TEST(strangers_first),
		                            TEST(silent), TEST(nobody),
		                            TEST(tcp),    TEST(tcp_hangs_up),
		                            TEST(conf),   TEST(freed_on_the_way) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
