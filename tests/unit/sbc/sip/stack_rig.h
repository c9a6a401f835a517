/* A stack on one UDP socket that is ours, with time that is turned: what comes is put in, what goes
 * out is read. The peer is 192.0.2.1, we are 192.0.2.9. */
#ifndef TESTS_UNIT_SBC_SIP_STACK_RIG_H
#define TESTS_UNIT_SBC_SIP_STACK_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "sbc/sip/stack.h"

#define RIG_SENT_MAX 32

static struct {
	struct timers *timers;
	struct stack *stack;
	struct sip_realm *realm;
	struct conn conn;
	struct flow flow;
	struct message *sent[RIG_SENT_MAX]; /* the last ones since rig_forget */
	size_t nsent;
	unsigned branch;
} rig;

static struct config_realm rig_realm = { .name = "test" };

static inline void rig_forget(void)
{
	while (rig.nsent > 0)
		message_free(&rig.sent[--rig.nsent]);
}

static inline enum err rig_send(struct conn *c, const struct addr *peer, const char *data,
                                size_t len)
{
	(void)c;
	(void)peer;
	if (rig.nsent == RIG_SENT_MAX) {
		message_free(&rig.sent[0]);
		memmove(rig.sent, rig.sent + 1, --rig.nsent * sizeof(rig.sent[0]));
	}
	/* What the peer reads is not what is tested: it has memory. */
	if (message_parse(&rig.sent[rig.nsent], data, len) == OK)
		rig.nsent++;
	return OK;
}

static inline void rig_nothing(struct conn *c)
{
	(void)c;
}

static const struct conn_ops rig_ops = { rig_send, rig_nothing, rig_nothing };

static inline void rig_open_with(const struct stack_handler *handler, size_t transactions)
{
	const struct stack_limits limits = { .transactions = transactions, .connections = 10 };
	char why[CERT_WHY_MAX];

	memset(&rig, 0, sizeof(rig));
	message_library_open();
	log_set_level(LOG_ERROR);
	clock_fake(1000000, 1700000000);
	assert_int_equal(addr_parse(&rig.flow.peer, "192.0.2.1:5060"), OK);
	assert_int_equal(timers_new(&rig.timers), OK);
	assert_int_equal(stack_new(&rig.stack, NULL, rig.timers, &limits), OK);
	assert_int_equal(stack_add_realm(rig.stack, &rig_realm, NULL, &rig.realm, why), OK);
	stack_set_handler(rig.stack, handler);
	rig.conn = (struct conn){ .ops = &rig_ops,
		                  .handler = stack_conn_handler(rig.stack),
		                  .realm = rig.realm,
		                  .refs = 1,
		                  .transport = TRANSPORT_UDP,
		                  .state = CONN_OPEN };
	rig.flow.conn = &rig.conn;
}

static inline void rig_open(const struct stack_handler *handler)
{
	rig_open_with(handler, 10000);
}

static inline void rig_close(void)
{
	stack_free(&rig.stack);
	timers_free(&rig.timers);
	rig_forget();
	clock_real();
}

static inline void rig_turn(uint64_t ms)
{
	while (ms > 0) {
		uint64_t next = timers_next_ms(rig.timers), step = next < ms ? next : ms;

		clock_fake_advance(step ? step : 1);
		timers_run(rig.timers);
		ms -= step ? step : 1;
	}
}

static inline void rig_receive(const char *fmt, ...) PRINTF_LIKE(1, 2);
static inline void rig_receive(const char *fmt, ...)
{
	char text[4096];
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	rig.conn.handler->on_message(rig.conn.handler->arg, &rig.conn, &rig.flow.peer, text,
	                             (size_t)len);
}

/* The last thing that was sent with that method and, for an answer, status (0: a request); NULL:
 * nothing. */
static inline struct message *rig_last(const char *method, unsigned status)
{
	for (size_t i = rig.nsent; i > 0; i--) {
		struct message *m = rig.sent[i - 1];

		if (message_status(m) == status && strcmp(message_method_name(m), method) == 0)
			return m;
	}
	return NULL;
}

#endif
