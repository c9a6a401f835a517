/* sbc/sip/stack_care.c and the limits of stack_conns.c: pings, pongs, idle connections, how many
 * may come from one address. Time stands and is turned; connections are ours. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/clock.h"
#include "sbc/sip/sip_realm.h"

#define KEEPALIVE_MS 30000
#define IDLE_MS      60000

static struct {
	struct timers *timers;
	struct stack *stack;
	struct sip_realm *realm;
	unsigned pings;
} t;

static struct config_realm realm_cfg = { .name = "test",
	                                 .keepalive_ms = KEEPALIVE_MS,
	                                 .idle_timeout_ms = IDLE_MS };

static enum err fake_send(struct conn *c, const struct addr *peer, const char *data, size_t len)
{
	(void)c;
	(void)peer;
	assert_int_equal(len, 4);
	assert_memory_equal(data, "\r\n\r\n", 4);
	t.pings++;
	return OK;
}

static void fake_close(struct conn *c)
{
	(void)c;
}

static void fake_free(struct conn *c)
{
	free(c);
}

static const struct conn_ops ops = { fake_send, fake_close, fake_free };

static int set_up(void **state)
{
	const struct stack_limits limits = { .transactions = 10,
		                             .connections = 5,
		                             .connections_per_source = 2 };
	char why[CERT_WHY_MAX];

	(void)state;
	memset(&t, 0, sizeof(t));
	clock_fake(1000000, 1700000000);
	assert_int_equal(timers_new(&t.timers), OK);
	assert_int_equal(stack_new(&t.stack, NULL, t.timers, &limits), OK);
	return (int)stack_add_realm(t.stack, &realm_cfg, NULL, &t.realm, why);
}

static int tear_down(void **state)
{
	(void)state;
	stack_free(&t.stack);
	timers_free(&t.timers);
	clock_real();
	return 0;
}

/* One that came in from addr; the stack's reference is the other one. */
static struct conn *come_in(const char *addr, const char *trunk)
{
	const struct conn_handler *h = stack_conn_handler(t.stack);
	struct conn *c = calloc(1, sizeof(*c));

	*c = (struct conn){ .ops = &ops,
		            .handler = h,
		            .realm = t.realm,
		            .refs = 1,
		            .transport = TRANSPORT_TCP,
		            .accepted = true,
		            .trunk = trunk };
	assert_int_equal(addr_parse(&c->peer, addr), OK);
	conn_ref(c);
	h->on_accepted(h->arg, c);
	if (c->state == CONN_CONNECTING) {
		c->state = CONN_OPEN;
		c->used_ms = clock_mono_ms();
		h->on_open(h->arg, c);
	}
	return c;
}

static void turn(uint64_t ms)
{
	clock_fake_advance(ms);
	timers_run(t.timers);
}

static void pong(struct conn *c)
{
	c->handler->on_pong(c->handler->arg, c);
}

/* RFC 6223: whoever never answers need not. */
static void one_that_never_answers_is_kept(void **state)
{
	struct conn *c = come_in("192.0.2.1", "acme");

	(void)state;
	for (unsigned i = 1; i <= 10; i++) {
		turn(KEEPALIVE_MS);
		assert_int_equal(t.pings, i);
	}
	assert_int_equal(c->state, CONN_OPEN);
	conn_unref(&c);
}

/* The first answer is followed by a ping at once: only who answers that as well is held to it. */
static void one_that_answers_must_go_on(void **state)
{
	struct conn *c = come_in("192.0.2.1", "acme");

	(void)state;
	pong(c); /* padding: no ping was out */
	turn(KEEPALIVE_MS);
	turn(11000);
	pong(c); /* too late to be one */
	assert_int_equal(t.pings, 1);
	turn(KEEPALIVE_MS);
	assert_int_equal(t.pings, 2);
	pong(c);
	assert_int_equal(t.pings, 3);
	pong(c);
	assert_int_equal(t.pings, 3);
	turn(KEEPALIVE_MS);
	turn(9999);
	pong(c);
	turn(1);
	assert_int_equal(c->state, CONN_OPEN);
	turn(KEEPALIVE_MS);
	assert_int_equal(t.pings, 5);
	turn(9999);
	assert_int_equal(c->state, CONN_OPEN);
	turn(1);
	assert_int_equal(c->state, CONN_CLOSED);
	conn_unref(&c);
}

/* Its own CRLFs may fall behind our pings for as long as they like, and then no more. */
static void own_keepalives_are_no_answers(void **state)
{
	struct conn *c = come_in("192.0.2.1", "acme");

	(void)state;
	for (unsigned i = 0; i < 10; i++) {
		turn(KEEPALIVE_MS);
		pong(c);
	}
	turn(KEEPALIVE_MS);
	turn(11000);
	assert_int_equal(c->state, CONN_OPEN);
	conn_unref(&c);
}

/* Who was held to answers and then sends CRLFs of its own is held to none. */
static void padding_takes_back_what_answers_proved(void **state)
{
	struct conn *c = come_in("192.0.2.1", "acme");

	(void)state;
	turn(KEEPALIVE_MS);
	pong(c);
	pong(c);
	pong(c); /* no ping is out */
	turn(KEEPALIVE_MS);
	turn(11000);
	assert_int_equal(c->state, CONN_OPEN);
	conn_unref(&c);
}

static void idle_ones_end(void **state)
{
	struct conn *c = come_in("192.0.2.1", NULL);

	(void)state;
	c->brought = true;
	turn(IDLE_MS - 1);
	c->used_ms = clock_mono_ms();
	turn(1);
	turn(IDLE_MS - 2);
	assert_int_equal(c->state, CONN_OPEN);
	turn(1);
	assert_int_equal(c->state, CONN_CLOSED);
	assert_int_equal(t.pings, 0);
	conn_unref(&c);
}

/* Connected, and then nothing, or pings alone; one that brings a message stays. */
static void half_open_ones_end_sooner(void **state)
{
	struct conn *silent = come_in("192.0.2.1", NULL), *pings = come_in("192.0.2.2", NULL),
	            *speaks = come_in("192.0.2.3", NULL);

	(void)state;
	turn(31999);
	pings->used_ms = pings->heard_ms = clock_mono_ms();
	speaks->brought = true;
	speaks->used_ms = clock_mono_ms();
	assert_int_equal(silent->state, CONN_OPEN);
	turn(1);
	assert_int_equal(silent->state, CONN_CLOSED);
	assert_int_equal(pings->state, CONN_CLOSED);
	turn(IDLE_MS - 2);
	assert_int_equal(speaks->state, CONN_OPEN);
	turn(1);
	assert_int_equal(speaks->state, CONN_CLOSED);
	conn_unref(&silent);
	conn_unref(&pings);
	conn_unref(&speaks);
}

static void one_source_has_its_share(void **state)
{
	struct conn *c[6];

	(void)state;
	c[0] = come_in("192.0.2.1", NULL);
	c[1] = come_in("192.0.2.1", NULL);
	c[2] = come_in("192.0.2.1", NULL);
	assert_int_equal(c[2]->state, CONN_CLOSED);
	c[3] = come_in("192.0.2.2", NULL);
	assert_int_equal(c[3]->state, CONN_OPEN);
	conn_close(c[0], ERR_CLOSED, "test");
	c[4] = come_in("192.0.2.1", NULL);
	assert_int_equal(c[4]->state, CONN_OPEN);
	c[5] = come_in("2001:db8::1", NULL);
	assert_int_equal(c[5]->state, CONN_OPEN);
	for (size_t i = 0; i < 6; i++)
		conn_unref(&c[i]);
}

static void all_have_a_limit(void **state)
{
	struct conn *c[6];
	char addr[32];

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		snprintf(addr, sizeof(addr), "192.0.2.%zu", i + 1);
		c[i] = come_in(addr, NULL);
		assert_int_equal(c[i]->state, i < 5 ? CONN_OPEN : CONN_CLOSED);
	}
	conn_close(c[0], ERR_CLOSED, "test");
	conn_unref(&c[5]);
	c[5] = come_in("192.0.2.6", NULL);
	assert_int_equal(c[5]->state, CONN_OPEN);
	for (size_t i = 0; i < 6; i++)
		conn_unref(&c[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_that_never_answers_is_kept, set_up, tear_down),
		cmocka_unit_test_setup_teardown(one_that_answers_must_go_on, set_up, tear_down),
		cmocka_unit_test_setup_teardown(own_keepalives_are_no_answers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(padding_takes_back_what_answers_proved, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(idle_ones_end, set_up, tear_down),
		cmocka_unit_test_setup_teardown(half_open_ones_end_sooner, set_up, tear_down),
		cmocka_unit_test_setup_teardown(one_source_has_its_share, set_up, tear_down),
		cmocka_unit_test_setup_teardown(all_have_a_limit, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
