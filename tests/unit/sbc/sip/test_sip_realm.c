/* sbc/sip/sip_realm.c: which of several listeners a message leaves by, and how it is called in Via
 * and Contact. Without sockets. */
#include "sbc/sip/sip_realm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static struct config_listener listeners[8];
static struct config_realm cfg = { .name = "test", .listeners = listeners };
static struct timers *timers;
static struct stack *stack;
static struct sip_realm *realm;

static struct addr addr(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(&a, text), OK);
	return a;
}

static void listens(enum transport t, const char *at)
{
	assert_true(cfg.nlisteners < ARRAY_LEN(listeners));
	listeners[cfg.nlisteners++] = (struct config_listener){ .transport = t, .addr = addr(at) };
}

static struct conn *udp_conns[8];
static size_t nudp;

static void fake_close(struct conn *c)
{
	(void)c;
}

static void fake_free(struct conn *c)
{
	free(c);
}

static const struct conn_ops ops = { NULL, fake_close, fake_free };

static enum err fake_udp(struct conn **out, struct loop *loop, const struct addr *local,
                         const struct conn_handler *handler, struct sip_realm *r)
{
	struct conn *c = calloc(1, sizeof(*c));

	(void)loop;
	*c = (struct conn){ .ops = &ops,
		            .handler = handler,
		            .realm = r,
		            .refs = 1,
		            .transport = TRANSPORT_UDP,
		            .state = CONN_OPEN,
		            .local = *local };
	udp_conns[nudp++] = *out = c;
	return OK;
}

static enum err fake_listen(struct conn **out, struct loop *loop, const struct addr *local,
                            struct tls_context *tls, const struct conn_handler *handler,
                            struct sip_realm *r)
{
	enum err err = fake_udp(out, loop, local, handler, r);

	nudp--;
	(*out)->transport = tls ? TRANSPORT_TLS : TRANSPORT_TCP;
	return err;
}

static struct addr connected_from;

static enum err fake_connect(struct conn **out, const struct conn_connect_cfg *connect)
{
	(void)out;
	connected_from = connect->local;
	return ERR_IO;
}

static const struct conn_opener opener = { fake_udp, fake_listen, fake_connect };

static void open_all(void)
{
	static const struct stack_limits limits = { .transactions = 10, .connections = 10 };
	static int any; /* a loop that nobody runs, a context that nobody asks */
	const struct realm_tls tls = { (void *)&any, (void *)&any };
	char why[CERT_WHY_MAX];

	assert_int_equal(timers_new(&timers), OK);
	assert_int_equal(stack_new(&stack, (void *)&any, timers, &limits), OK);
	stack_set_opener(stack, &opener);
	assert_int_equal(stack_add_realm(stack, &cfg, &tls, &realm, why), OK);
}

static int tear_down(void **state)
{
	(void)state;
	stack_free(&stack);
	timers_free(&timers);
	cfg.nlisteners = nudp = 0;
	cfg.advertise = NULL;
	return 0;
}

/* What stands in Via and Contact for something that came over, or leaves by, local. */
static void is_called(enum transport t, bool accepted, const char *local, const char *sent_by,
                      const char *uri)
{
	struct conn c = {
		.realm = realm, .transport = t, .accepted = accepted, .local = addr(local)
	};
	char text[300];

	assert_string_equal(sip_realm_sent_by(&c), sent_by);
	assert_ptr_equal(sip_realm_sent_by(&c), sip_realm_sent_by(&c));
	sip_realm_uri(realm, sip_realm_listener_of(&c), URI_SIP_TLS, "u", text, sizeof(text));
	assert_string_equal(text, uri);
}

static void several_ports_have_their_own_names(void **state)
{
	(void)state;
	listens(TRANSPORT_UDP, "192.0.2.1:5060");
	listens(TRANSPORT_UDP, "192.0.2.1:5070");
	listens(TRANSPORT_UDP, "[2001:db8::1]:5080");
	listens(TRANSPORT_TCP, "192.0.2.1:5062");
	listens(TRANSPORT_TCP, "192.0.2.2:5064");
	listens(TRANSPORT_TLS, "192.0.2.1:5061");
	open_all();
	is_called(TRANSPORT_UDP, false, "192.0.2.1:5060", "192.0.2.1:5060", "sip:u@192.0.2.1:5060");
	is_called(TRANSPORT_UDP, false, "192.0.2.1:5070", "192.0.2.1:5070", "sip:u@192.0.2.1:5070");
	is_called(TRANSPORT_UDP, false, "[2001:db8::1]:5080", "[2001:db8::1]:5080",
	          "sip:u@[2001:db8::1]:5080");
	is_called(TRANSPORT_TCP, true, "192.0.2.2:5064", "192.0.2.2:5064",
	          "sip:u@192.0.2.2:5064;transport=tcp");
	/* Connections of ours have a port that nobody listens at. */
	is_called(TRANSPORT_TCP, false, "192.0.2.2:40000", "192.0.2.2:5064",
	          "sip:u@192.0.2.2:5064;transport=tcp");
	is_called(TRANSPORT_TCP, false, "192.0.2.1:40000", "192.0.2.1:5062",
	          "sip:u@192.0.2.1:5062;transport=tcp");
	is_called(TRANSPORT_TLS, false, "192.0.2.1:40000", "192.0.2.1:5061",
	          "sip:u@192.0.2.1:5061;transport=tls");
}

/* 18.1.1, 18.2.1: a request too long for UDP leaves by TCP, and its answers can come to nothing
 * else than the UDP port's number. */
static void without_tcp_the_udp_port_is_named(void **state)
{
	(void)state;
	listens(TRANSPORT_UDP, "[2001:db8::1]:5080");
	listens(TRANSPORT_UDP, "192.0.2.1:5070");
	open_all();
	is_called(TRANSPORT_TCP, false, "192.0.2.1:40000", "192.0.2.1:5070",
	          "sip:u@192.0.2.1:5070");
	is_called(TRANSPORT_TCP, false, "[2001:db8::1]:40000", "[2001:db8::1]:5080",
	          "sip:u@[2001:db8::1]:5080");
}

static void what_is_advertised_stands_for_all(void **state)
{
	static char name[] = "sbc.example", literal[] = "2001:db8::9";

	(void)state;
	listens(TRANSPORT_UDP, "192.0.2.1:5070");
	open_all();
	cfg.advertise = name;
	is_called(TRANSPORT_UDP, false, "192.0.2.1:5070", "sbc.example:5070",
	          "sip:u@sbc.example:5070");
	cfg.advertise = literal;
	is_called(TRANSPORT_UDP, false, "192.0.2.1:5070", "[2001:db8::9]:5070",
	          "sip:u@[2001:db8::9]:5070");
}

static void a_family_has_its_listener(void **state)
{
	struct addr four = addr("192.0.2.9:5060"), six = addr("[2001:db8::9]:5060");

	(void)state;
	listens(TRANSPORT_TCP, "192.0.2.1:5060");
	listens(TRANSPORT_UDP, "[2001:db8::1]:5060");
	listens(TRANSPORT_UDP, "192.0.2.2:5060");
	open_all();
	assert_ptr_equal(sip_realm_listener_for(realm, TRANSPORT_UDP, &four), &listeners[2]);
	assert_ptr_equal(sip_realm_listener_for(realm, TRANSPORT_UDP, &six), &listeners[1]);
	assert_ptr_equal(sip_realm_listener_for(realm, TRANSPORT_UDP, NULL), &listeners[1]);
	assert_ptr_equal(sip_realm_listener_for(realm, TRANSPORT_TCP, &six), &listeners[0]);
	assert_null(sip_realm_listener_for(realm, TRANSPORT_TLS, &six));
	assert_ptr_equal(sip_realm_udp(realm, &four), udp_conns[1]);
	assert_ptr_equal(sip_realm_udp(realm, &six), udp_conns[0]);
	assert_int_equal(sip_realm_families(realm, TRANSPORT_UDP), LOOKUP_V6_FIRST);
	assert_int_equal(sip_realm_families(realm, TRANSPORT_TCP), LOOKUP_V4_FIRST);
}

/* A stream leaves from its own transport's address, or from where it is told to. */
static void streams_leave_from_their_listener(void **state)
{
	struct addr four = addr("192.0.2.9:5060"), six = addr("[2001:db8::9]:5060");
	struct addr from = addr("192.0.2.7:5060");
	struct stack_way way = { .peer = &four };
	struct conn *c;

	(void)state;
	listens(TRANSPORT_UDP, "192.0.2.1:5060");
	listens(TRANSPORT_TCP, "192.0.2.2:5060");
	listens(TRANSPORT_UDP, "[2001:db8::1]:5060");
	open_all();
	way.realm = realm;
	assert_int_equal(stack_connect(stack, &way, &c), ERR_IO);
	assert_true(addr_same_host(&connected_from, &listeners[1].addr));
	way.peer = &six;
	assert_int_equal(stack_connect(stack, &way, &c), ERR_IO);
	assert_true(addr_same_host(&connected_from, &listeners[2].addr));
	way.peer = &four;
	way.from = &from;
	assert_int_equal(stack_connect(stack, &way, &c), ERR_IO);
	assert_true(addr_same_host(&connected_from, &from));
}

#define TEST(name) cmocka_unit_test_teardown(name, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(several_ports_have_their_own_names), TEST(without_tcp_the_udp_port_is_named),
		TEST(what_is_advertised_stands_for_all),  TEST(a_family_has_its_listener),
		TEST(streams_leave_from_their_listener),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
