/* Connections on the loopback, with a handler that writes down what it hears, for the tests of
 * sbc/sip/conn_*.c. */
#ifndef TESTS_UNIT_SBC_SIP_CONN_RIG_H
#define TESTS_UNIT_SBC_SIP_CONN_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>
#include "base/log.h"
#include "sbc/sip/conn.h"
#include "sbc/sip/stack.h"
#include "tests/unit/alloc.h"

#define RIG_WAIT_MS 20000 /* for what must come; nothing ever waits for what must not */

static struct {
	struct loop *loop;
	struct stack *stack; /* without a network: it gives the realm */
	struct config_realm realm_cfg;
	struct sip_realm *realm;
	struct conn *listener, *in, *out; /* in: the last that was accepted */
	unsigned accepted, opened, closed, messages, pongs;
	enum err err; /* of the last that closed */
	char why[600];
	char got[70000]; /* the last message */
	size_t got_len;
	struct addr got_from;
	bool close_on_message;
} rig;

static inline void rig_on_message(void *arg, struct conn *c, const struct addr *peer,
                                  const char *data, size_t len)
{
	(void)arg;
	assert_in_range(len, 1, sizeof(rig.got) - 1);
	memcpy(rig.got, data, len);
	rig.got[len] = '\0';
	rig.got_len = len;
	rig.got_from = *peer;
	rig.messages++;
	if (rig.close_on_message)
		conn_close(c, OK, "the test says so");
}

static inline void rig_on_open(void *arg, struct conn *c)
{
	(void)arg;
	assert_int_equal(c->state, CONN_OPEN);
	rig.opened++;
}

static inline void rig_on_closed(void *arg, struct conn *c, enum err err, const char *why)
{
	(void)arg;
	assert_int_equal(c->state, CONN_CLOSED);
	rig.closed++;
	rig.err = err;
	snprintf(rig.why, sizeof(rig.why), "%s", why);
}

static inline void rig_on_accepted(void *arg, struct conn *c)
{
	(void)arg;
	assert_int_equal(c->state, CONN_CONNECTING);
	assert_true(c->accepted);
	rig.accepted++;
	conn_unref(&rig.in);
	rig.in = conn_ref(c);
	conn_unref(&c);
}

static inline void rig_on_pong(void *arg, struct conn *c)
{
	(void)arg;
	(void)c;
	rig.pongs++;
}

static const struct conn_handler rig_handler = { .on_message = rig_on_message,
	                                         .on_open = rig_on_open,
	                                         .on_closed = rig_on_closed,
	                                         .on_accepted = rig_on_accepted,
	                                         .on_pong = rig_on_pong };

static inline int rig_begin(void **state)
{
	const struct stack_limits limits = { .transactions = 1, .connections = 1 };
	static char name[] = "test";
	char why[CERT_WHY_MAX];

	(void)state;
	memset(&rig, 0, sizeof(rig));
	rig.realm_cfg.name = name;
	log_set_level(LOG_ERROR);
	return loop_new(&rig.loop) || stack_new(&rig.stack, NULL, loop_timers(rig.loop), &limits) ||
	       stack_add_realm(rig.stack, &rig.realm_cfg, NULL, &rig.realm, why);
}

static inline int rig_end(void **state)
{
	(void)state;
	conn_unref(&rig.in);
	conn_unref(&rig.out);
	conn_unref(&rig.listener);
	stack_free(&rig.stack);
	loop_free(&rig.loop);
	return 0;
}

static inline struct addr rig_addr(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(&a, text), OK);
	return a;
}

struct rig_wait {
	struct timer timer;
	const unsigned *counter;
	unsigned wanted, looked;
};

static inline void rig_look(void *arg)
{
	struct rig_wait *w = arg;

	if (*w->counter >= w->wanted || ++w->looked >= RIG_WAIT_MS)
		loop_stop(rig.loop);
	else
		timer_start(loop_timers(rig.loop), &w->timer, 1, rig_look, w);
}

/* Lets the loop run until the counter is there. */
static inline void rig_until(const unsigned *counter, unsigned wanted)
{
	struct rig_wait w = { .counter = counter, .wanted = wanted };

	timer_start(loop_timers(rig.loop), &w.timer, 1, rig_look, &w);
	loop_run(rig.loop);
	timer_stop(&w.timer);
	if (*counter < wanted)
		fail_msg("%u of %u came; closed %u: %s", *counter, wanted, rig.closed, rig.why);
}

static inline void rig_listen(struct tls_context *tls)
{
	const struct addr any = rig_addr("127.0.0.1");

	assert_int_equal(conn_listen(&rig.listener, rig.loop, &any, tls, &rig_handler, rig.realm),
	                 OK);
	assert_true(addr_port(&rig.listener->local) > 0);
}

/* A plain socket, connected to addr. */
static inline int rig_connect(const struct addr *to)
{
	int fd = socket(to->sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, &to->sa, addr_len(to)), 0);
	return fd;
}

static inline void rig_write(int fd, const char *data, size_t len)
{
	assert_int_equal(send(fd, data, len, MSG_NOSIGNAL), (ssize_t)len);
}

#define RIG_TEST(name) cmocka_unit_test_setup_teardown(test_##name, rig_begin, rig_end)

#endif
