/* sbc/sip/request.c: from one address to the next (RFC 3263 4.3), cancelling on the way.
 * Connections are ours, the name server is on the loopback. */
#include "sbc/sip/request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/mem.h"
#include "tests/unit/sbc/sip/dns.h"

static const struct dns_record zone[] = {
	{ "_sip._tcp.two.test", DNS_SRV, 10, 0, 5061, "first.test" },
	{ "_sip._tcp.two.test", DNS_SRV, 20, 0, 5061, "second.test" },
	{ "_sips._tcp.two.test", DNS_SRV, 10, 0, 5061, "first.test" },
	{ "_sip._udp.two.test", DNS_SRV, 10, 0, 5061, "first.test" },
	{ "_sip._udp.two.test", DNS_SRV, 20, 0, 5061, "second.test" },
	{ "first.test", DNS_A, 0, 0, 0, "127.3.0.1" },
	{ "second.test", DNS_A, 0, 0, 0, "127.3.0.2" },
	{ 0 },
};

enum { FIRST, SECOND, NPEERS };

static struct {
	struct loop *loop;
	struct dns dns;
	struct resolver *resolver;
	struct stack *stack;
	struct sip_realm *realm;
	struct conn *conns[NPEERS];
	bool refuses[NPEERS], breaks[NPEERS]; /* the connection; the next write over it */
	bool opens_later[NPEERS], breaks_once;
	char sent[NPEERS][4096]; /* the last message */
	unsigned nsent[NPEERS];
	struct request *request;
	const char *to_tag; /* of what is sent; "": it is in no dialog */
	unsigned status;    /* of the last answer */
	struct addr from;   /* where its flow leads to */
	unsigned failed;
	char why[512];
} t;

static struct config_listener listeners[] = { { .transport = TRANSPORT_TCP },
	                                      { .transport = TRANSPORT_UDP } };
static struct config_realm realm_cfg = { .name = "test", .listeners = listeners, .nlisteners = 2 };

static size_t which(const struct addr *peer)
{
	return (ntohl(peer->v4.sin_addr.s_addr) & 0xff) - 1;
}

static enum err fake_send(struct conn *c, const struct addr *peer, const char *data, size_t len)
{
	size_t i = which(c->transport == TRANSPORT_UDP ? peer : &c->peer);

	if ((t.breaks[i] || t.breaks_once) && c->transport != TRANSPORT_UDP) {
		t.breaks_once = false;
		conn_close(c, ERR_CLOSED, "broken pipe");
		return ERR_CLOSED;
	}
	snprintf(t.sent[i], sizeof(t.sent[i]), "%.*s", (int)len, data);
	t.nsent[i]++;
	return OK;
}

static void fake_close(struct conn *c)
{
	if (c->peer.sa.sa_family)
		t.conns[which(&c->peer)] = NULL;
}

static void fake_free(struct conn *c)
{
	free(c);
}

static const struct conn_ops ops = { fake_send, fake_close, fake_free };

static struct conn *fake_new(const struct conn_handler *handler, struct sip_realm *realm)
{
	struct conn *c = calloc(1, sizeof(*c));

	*c = (struct conn){ .ops = &ops,
		            .handler = handler,
		            .realm = realm,
		            .refs = 1,
		            .transport = TRANSPORT_TCP,
		            .state = CONN_OPEN };
	return c;
}

static enum err fake_udp(struct conn **out, struct loop *loop, const struct addr *local,
                         const struct conn_handler *handler, struct sip_realm *realm)
{
	(void)loop;
	*out = fake_new(handler, realm);
	(*out)->transport = TRANSPORT_UDP;
	(*out)->local = *local;
	return OK;
}

static enum err fake_listen(struct conn **out, struct loop *loop, const struct addr *local,
                            struct tls_context *tls, const struct conn_handler *handler,
                            struct sip_realm *realm)
{
	(void)loop;
	(void)local;
	(void)tls;
	*out = fake_new(handler, realm);
	return OK;
}

static enum err fake_connect(struct conn **out, const struct conn_connect_cfg *cfg)
{
	struct conn *c = fake_new(cfg->handler, cfg->realm);

	c->peer = cfg->peer;
	if (t.opens_later[which(&c->peer)])
		c->state = CONN_CONNECTING;
	if (t.refuses[which(&c->peer)]) {
		free(c);
		return ERR_IO;
	}
	t.conns[which(&c->peer)] = c;
	*out = c;
	return OK;
}

static const struct conn_opener opener = { fake_udp, fake_listen, fake_connect };

static void on_response(void *arg, const struct message *m, const struct flow *flow)
{
	(void)arg;
	t.from = flow->peer;
	t.status = message_status(m);
}

static void on_fail(void *arg, enum err err, const char *why)
{
	(void)arg;
	(void)err;
	t.failed++;
	snprintf(t.why, sizeof(t.why), "%s", why);
}

static void on_stop(void *arg)
{
	(void)arg;
	loop_stop(t.loop);
}

static void turn(uint64_t ms)
{
	struct timer timer = { 0 };

	timer_start(loop_timers(t.loop), &timer, ms, on_stop, NULL);
	loop_run(t.loop);
}

static int begin(void **state)
{
	const struct stack_limits limits = { .transactions = 10, .connections = 10 };
	char why[CERT_WHY_MAX];

	(void)state;
	memset(&t, 0, sizeof(t));
	t.to_tag = "";
	message_library_open();
	dns_open(&t.dns, zone, "192.0.2.53");
	if (addr_parse(&listeners[0].addr, "127.0.0.1:5060") ||
	    addr_parse(&listeners[1].addr, "127.0.0.1:5060") || loop_new(&t.loop) ||
	    resolver_new(&t.resolver, t.loop, &t.dns.addr, 1) ||
	    stack_new(&t.stack, t.loop, loop_timers(t.loop), &limits))
		return -1;
	stack_set_opener(t.stack, &opener);
	return stack_add_realm(t.stack, &realm_cfg, NULL, &t.realm, why) == OK ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	request_free(&t.request);
	stack_free(&t.stack);
	resolver_free(&t.resolver);
	dns_close_all();
	loop_free(&t.loop);
	return 0;
}

static void start_over(enum transport transport, const char *method, const char *subject)
{
	const struct target target = { .realm = t.realm,
		                       .transport = transport,
		                       .host = "two.test",
		                       .srv = true,
		                       .resolver = t.resolver,
		                       .connect_timeout_ms = 1000,
		                       .target_timeout_ms = 300 };
	const struct request_handler handler = { .on_response = on_response, .on_fail = on_fail };
	struct message *m;

	assert_int_equal(message_new_request(&m, method, "sip:two.test"), OK);
	message_add(m, "From", "<sip:a@b>;tag=1");
	message_add(m, "To", "<sip:c@d>%s", t.to_tag);
	message_add(m, "Call-ID", "call");
	message_add(m, "CSeq", "1 %s", method);
	message_add(m, "Subject", "%s", subject);
	assert_int_equal(request_start(&t.request, t.stack, m, &target, NULL, &handler), OK);
	message_free(&m);
	turn(100);
}

static void start(const char *method)
{
	start_over(TRANSPORT_TCP, method, "short");
}

/* The peer answers what it got last. */
static void answer(size_t i, unsigned status)
{
	struct message *m, *r;
	struct addr src = t.conns[i]->peer;
	struct buf wire;

	assert_int_equal(message_parse(&m, t.sent[i], strlen(t.sent[i])), OK);
	assert_int_equal(message_new_response(&r, m, &src, status, NULL, "to"), OK);
	buf_init(&wire, MESSAGE_MAX);
	assert_int_equal(message_encode(r, &wire), OK);
	stack_conn_handler(t.stack)->on_message(t.stack, t.conns[i], &src, wire.data, wire.len);
	buf_free(&wire);
	message_free(&r);
	message_free(&m);
}

static bool got(size_t i, const char *method)
{
	return strncmp(t.sent[i], method, strlen(method)) == 0;
}

static void test_first(void **state)
{
	(void)state;
	start("INVITE");
	assert_true(got(FIRST, "INVITE"));
	answer(FIRST, 180);
	answer(FIRST, 486);
	assert_int_equal(t.status, 486);
	assert_true(got(FIRST, "ACK"));
	assert_int_equal(t.nsent[SECOND], 0);
}

static void test_refused_goes_on(void **state)
{
	(void)state;
	t.refuses[FIRST] = true;
	start("INVITE");
	assert_true(got(SECOND, "INVITE"));
	answer(SECOND, 200);
	assert_int_equal(t.status, 200);
}

static void test_503_goes_on(void **state)
{
	(void)state;
	start("INVITE");
	answer(FIRST, 503);
	assert_true(got(FIRST, "ACK"));
	assert_true(got(SECOND, "INVITE"));
	assert_null(strstr(strstr(t.sent[SECOND], "Via:") + 1, "Via:")); /* one alone */
	answer(SECOND, 503);
	assert_int_equal(t.status, 503); /* none is left: it is the answer */
}

static void test_all_refused(void **state)
{
	(void)state;
	t.refuses[FIRST] = t.refuses[SECOND] = true;
	start("OPTIONS");
	assert_int_equal(t.failed, 1);
	assert_true(t.why[0]);
}

static void test_break_goes_on(void **state)
{
	(void)state;
	start("INVITE");
	conn_close(t.conns[FIRST], ERR_CLOSED, "reset");
	assert_true(got(SECOND, "INVITE"));
}

/* One that had brought messages says nothing of the address when it breaks, be it while it is
 * written to. */
static void test_old_breaks(void **state)
{
	for (unsigned at_once = 0; at_once < 2; at_once++) {
		end(state);
		begin(state);
		start("INVITE");
		answer(FIRST, 404);
		request_free(&t.request);
		assert_true(t.conns[FIRST]->brought);
		t.breaks_once = at_once;
		t.nsent[FIRST] = 0;
		start("INVITE");
		if (!at_once)
			conn_close(t.conns[FIRST], ERR_CLOSED, "reset");
		assert_int_equal(t.nsent[FIRST], at_once ? 1 : 2);
		assert_int_equal(t.nsent[SECOND], 0);
		conn_close(t.conns[FIRST], ERR_CLOSED, "reset");
		assert_true(got(SECOND, "INVITE"));
	}
}

/* What acts each time that it comes, in a dialog, is not sent again once it may have been heard;
 * the end of its connection is as a 503 (RFC 3261 8.1.3.1). */
static void test_heard_perhaps(void **state)
{
	static const struct {
		const char *method, *to_tag;
		bool once;
	} rows[] = { { "INFO", ";tag=2", true },   { "MESSAGE", ";tag=2", true },
		     { "REFER", ";tag=2", true },  { "MESSAGE", "", false },
		     { "BYE", ";tag=2", false },   { "UPDATE", ";tag=2", false },
		     { "NOTIFY", ";tag=2", false } };

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		end(state);
		begin(state);
		t.to_tag = rows[i].to_tag;
		start(rows[i].method);
		assert_true(got(FIRST, rows[i].method));
		turn(300); /* nor after target-timeout */
		assert_int_equal(got(SECOND, rows[i].method), !rows[i].once);
		if (!rows[i].once)
			continue;
		conn_close(t.conns[FIRST], ERR_CLOSED, "reset");
		turn(20);
		assert_int_equal(t.nsent[SECOND], 0);
		assert_int_equal(t.status, 503);
		assert_int_equal(t.failed, 0);
	}
}

/* One that never went out does go on. */
static void test_never_heard(void **state)
{
	(void)state;
	t.to_tag = ";tag=2";
	t.refuses[FIRST] = true;
	start("INFO");
	assert_true(got(SECOND, "INFO"));
	answer(SECOND, 503);
	assert_int_equal(t.status, 503);
}

/* What was cancelled is not asked of the next address, whatever becomes of it at the first. */
static void test_cancelled_503(void **state)
{
	(void)state;
	start("INVITE");
	answer(FIRST, 180);
	request_cancel(t.request, NULL);
	assert_true(got(FIRST, "CANCEL"));
	conn_close(t.conns[FIRST], ERR_CLOSED, "reset");
	turn(20);
	assert_int_equal(t.nsent[SECOND], 0);
	assert_int_equal(t.failed, 1);
}

/* CANCEL waits for the first provisional answer; then the connection breaks under it. */
static void test_cancel_breaks(void **state)
{
	(void)state;
	start("INVITE");
	request_cancel(t.request, NULL);
	assert_true(got(FIRST, "INVITE"));
	t.breaks[FIRST] = true;
	answer(FIRST, 180);
	turn(20);
	assert_int_equal(t.nsent[SECOND], 0);
	assert_int_equal(t.failed, 1);
}

static void test_cancel_early(void **state)
{
	(void)state;
	start("INVITE");
	request_cancel(t.request, NULL);
	assert_int_equal(t.nsent[FIRST], 1);
	answer(FIRST, 100);
	assert_true(got(FIRST, "CANCEL"));
	assert_int_equal(t.failed, 0);
}

static void test_unknown_name(void **state)
{
	(void)state;
	t.dns.rcode = 3;
	start("INVITE");
	assert_int_equal(t.failed, 1);
	assert_non_null(strstr(t.why, "does not exist"));
}

/* Too long for a datagram, and the first is silent: its late 2xx is confirmed to it, not to the
 * address that was asked meanwhile. */
static void test_late_and_long(void **state)
{
	char subject[1400];

	(void)state;
	memset(subject, 'x', sizeof(subject) - 1);
	subject[sizeof(subject) - 1] = '\0';
	start_over(TRANSPORT_UDP, "INVITE", subject);
	assert_true(got(FIRST, "INVITE"));
	turn(300);
	assert_true(got(SECOND, "INVITE"));
	answer(FIRST, 200);
	assert_int_equal(t.status, 200);
	assert_true(addr_same_host(&t.from, &t.conns[FIRST]->peer));
}

/* Too long for a datagram, and the connection in its place dies as it opens: it goes as one. */
static void test_long_and_broken(void **state)
{
	char subject[1400];
	struct conn *c;

	(void)state;
	memset(subject, 'x', sizeof(subject) - 1);
	subject[sizeof(subject) - 1] = '\0';
	t.opens_later[FIRST] = t.breaks[FIRST] = true;
	start_over(TRANSPORT_UDP, "INVITE", subject);
	c = conn_ref(t.conns[FIRST]);
	c->state = CONN_OPEN;
	c->handler->on_open(c->handler->arg, c);
	assert_int_equal(c->state, CONN_CLOSED);
	conn_unref(&c);
	assert_true(got(FIRST, "INVITE"));
	assert_non_null(strstr(t.sent[FIRST], "Via: SIP/2.0/UDP"));
	assert_int_equal(t.nsent[FIRST], 1);
	assert_int_equal(t.nsent[SECOND], 0);
}

/* Nobody says whose certificate it should have: it does not go in the clear instead. */
static void test_without_tls(void **state)
{
	(void)state;
	start_over(TRANSPORT_TLS, "INVITE", "short");
	assert_int_equal(t.failed, 1);
	assert_non_null(strstr(t.why, "TLS connection is gone"));
	assert_int_equal(t.nsent[FIRST], 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(first),         TEST(refused_goes_on), TEST(503_goes_on),
		TEST(all_refused),   TEST(break_goes_on),   TEST(old_breaks),
		TEST(cancelled_503), TEST(cancel_breaks),   TEST(cancel_early),
		TEST(unknown_name),  TEST(late_and_long),   TEST(heard_perhaps),
		TEST(never_heard),   TEST(without_tls),     TEST(long_and_broken)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
