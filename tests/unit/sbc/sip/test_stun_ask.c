/* sbc/sip/stun_ask.c: on real sockets, and under a turned clock with a server of this test's. */
#include "sbc/sip/stun_ask.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "base/clock.h"
#include "tests/unit/alloc.h"
#include "tests/unit/media/udp.h"

static struct {
	struct loop *loop;
	struct stun_ask *ask;
	struct udp server;
	struct io *io;
	unsigned requests, answered_at; /* the request that is answered; 0: none */
	uint64_t at_ms[16];
	uint8_t host[4]; /* that is seen */
	bool refuses;
	unsigned told;
	struct addr seen;
	char why[128];
} t;

static void on_told(void *arg, const struct addr *seen, const char *why)
{
	(void)arg;
	t.told++;
	memset(&t.seen, 0, sizeof(t.seen));
	if (seen)
		t.seen = *seen;
	snprintf(t.why, sizeof(t.why), "%s", why ? why : "");
	stun_ask_free(&t.ask);
	loop_stop(t.loop);
}

static size_t write_answer(const uint8_t *request, uint8_t *out)
{
	static const uint8_t mapped[] = { 0, 0x20, 0, 8, 0, 1, 0x12, 0x34 };

	memcpy(out, request, 20);
	out[0] = 1;
	out[1] = t.refuses ? 0x11 : 1;
	out[3] = 12;
	memcpy(out + 20, mapped, sizeof(mapped));
	for (int i = 0; i < 4; i++)
		out[28 + i] = t.host[i] ^ request[4 + i];
	return 32;
}

static size_t on_request(void *arg, const struct stun_ask_cfg *cfg, const uint8_t *request,
                         uint8_t out[STUN_FAKE_MAX])
{
	(void)arg;
	(void)cfg;
	t.at_ms[t.requests++ % 16] = clock_mono_ms();
	return t.requests == t.answered_at ? write_answer(request, out) : 0;
}

static enum err start(void)
{
	struct stun_ask_cfg cfg = { .loop = t.loop,
		                    .port_low = 44000,
		                    .port_high = 44999,
		                    .server = t.server.addr,
		                    .fn = on_told };

	assert_int_equal(addr_parse(&cfg.local, "127.0.0.1"), OK);
	return stun_ask_start(&t.ask, &cfg);
}

static int begin(void **state)
{
	(void)state;
	memset(&t, 0, sizeof(t));
	memcpy(t.host, (const uint8_t[]){ 203, 0, 113, 7 }, 4);
	t.server = udp_open();
	return loop_new(&t.loop) ? -1 : 0;
}

static int end(void **state)
{
	(void)state;
	stun_ask_free(&t.ask);
	io_free(&t.io);
	loop_free(&t.loop);
	if (t.server.fd >= 0)
		udp_close(&t.server);
	stun_ask_fake(NULL, NULL);
	clock_real();
	return 0;
}

/* Another transaction's answer, one cut short and one from a stranger come before the true one. */
static void on_server(void *arg, int events)
{
	struct udp stranger = udp_open();
	uint8_t request[64], answer[64];
	struct addr from;
	size_t len;

	(void)arg;
	(void)events;
	assert_int_equal(udp_recv(&t.server, request, sizeof(request), &from), STUN_REQUEST_LEN);
	assert_in_range(addr_port(&from), 44000, 44999);
	len = write_answer(request, answer);
	answer[19] ^= 1;
	udp_send(&t.server, &from, answer, len);
	answer[19] ^= 1;
	udp_send(&t.server, &from, answer, len - 1);
	answer[28] ^= 0xff;
	udp_send(&stranger, &from, answer, len);
	answer[28] ^= 0xff;
	udp_send(&t.server, &from, answer, len);
	udp_close(&stranger);
}

static void only_the_answer_counts(void **state)
{
	char text[ADDR_TEXT_MAX];

	(void)state;
	assert_int_equal(io_new(&t.io, t.loop, t.server.fd, IO_READ, on_server, NULL), OK);
	assert_int_equal(start(), OK);
	loop_run(t.loop);
	assert_string_equal(addr_text(&t.seen, text, sizeof(text)), "203.0.113.7");
	assert_int_equal(t.told, 1);
}

static void nobody_listens(void **state)
{
	(void)state;
	udp_close(&t.server);
	t.server.fd = -1;
	assert_int_equal(start(), OK);
	loop_run(t.loop);
	assert_string_equal(t.why, "nobody listens there (ICMP)");
}

static void pass(uint64_t ms)
{
	for (; ms; ms--) {
		clock_fake_advance(1);
		timers_run(loop_timers(t.loop));
	}
}

/* RFC 8489 6.2.1: at 0, 500, 1500, 3500, 7500, 15500, 31500 ms; given up at 39500. */
static void asks_again_and_gives_up(void **state)
{
	static const uint64_t at_ms[] = { 1, 500, 1500, 3500, 7500, 15500, 31500 };

	(void)state;
	clock_fake(1000, 0);
	stun_ask_fake(on_request, NULL);
	assert_int_equal(start(), OK);
	pass(39400);
	assert_int_equal(t.told, 0);
	assert_int_equal(t.requests, STUN_REQUESTS);
	for (size_t i = 0; i < ARRAY_LEN(at_ms); i++)
		assert_in_range(t.at_ms[i] - 1000, at_ms[i], at_ms[i] + 1);
	pass(200);
	assert_string_equal(t.why, "the server does not answer");
	assert_int_equal(t.told, 1);
	pass(60000);
	assert_int_equal(t.requests, STUN_REQUESTS);
}

static void a_late_answer_counts(void **state)
{
	(void)state;
	clock_fake(1000, 0);
	stun_ask_fake(on_request, NULL);
	t.answered_at = 3;
	assert_int_equal(start(), OK);
	pass(1400);
	assert_int_equal(t.told, 0);
	pass(200);
	assert_int_equal(t.told, 1);
	assert_true(addr_is_set(&t.seen));
}

static void says_what_cannot_be(void **state)
{
	(void)state;
	clock_fake(1000, 0);
	stun_ask_fake(on_request, NULL);
	t.answered_at = 1;
	t.refuses = true;
	assert_int_equal(start(), OK);
	pass(10);
	assert_string_equal(t.why, "the server refuses to say");
	t.refuses = false;
	t.requests = 0;
	memset(t.host, 0, sizeof(t.host));
	assert_int_equal(start(), OK);
	pass(10);
	assert_string_equal(t.why, "the server says what cannot be an address of ours");
}

static void start_and_end(void *arg)
{
	enum err err = start();

	(void)arg;
	assert_true(err == OK || err == ERR_NOMEM);
	stun_ask_free(&t.ask);
}

static void memory_runs_out(void **state)
{
	(void)state;
	assert_true(each_allocation_fails(start_and_end, NULL) > 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(only_the_answer_counts, begin, end),
		cmocka_unit_test_setup_teardown(nobody_listens, begin, end),
		cmocka_unit_test_setup_teardown(asks_again_and_gives_up, begin, end),
		cmocka_unit_test_setup_teardown(a_late_answer_counts, begin, end),
		cmocka_unit_test_setup_teardown(says_what_cannot_be, begin, end),
		cmocka_unit_test_setup_teardown(memory_runs_out, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
