/* Phones without a network for the tests of sbc/phone: a stack whose connections are ours, and a
 * clock that is turned. */
#ifndef TESTS_UNIT_SBC_PHONE_RIG_H
#define TESTS_UNIT_SBC_PHONE_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "base/clock.h"
#include "base/log.h"
#include "sbc/phone/auth.h"
#include "sbc/phone/location.h"
#include "sbc/phone/registrar.h"
#include "sbc/sip/stack.h"
#include "tests/unit/alloc.h"

enum { OFFICE, LOBBY, YARD, NREALMS };     /* with passwords, the same, by address alone */
enum { DESK, GATE, GUEST, DOOR, NPHONES }; /* of OFFICE (two), LOBBY, YARD */

static struct {
	struct timers *timers;
	struct stack *stack;
	struct config cfg;
	struct config_realm realms[NREALMS];
	struct config_phone phones[NPHONES];
	struct conn conns[NREALMS];
	struct phone_auth *auth;
	struct locations *locations;
	const struct config_phone *is;    /* set: nobody is asked who it is */
	const struct config_phone *known; /* of the last request */
	unsigned nsent, serial;
	char sent[4096]; /* the last answer */
	struct addr sent_to;
} rig;

static inline enum err rig_send(struct conn *c, const struct addr *peer, const char *data,
                                size_t len)
{
	(void)c;
	rig.nsent++;
	rig.sent_to = *peer;
	snprintf(rig.sent, sizeof(rig.sent), "%.*s", (int)len, data);
	return OK;
}

static inline void rig_nothing(struct conn *c)
{
	(void)c;
}

static inline void rig_on_request(void *arg, struct server_txn *txn, const struct message *request)
{
	const struct conn *c = server_txn_flow(txn)->conn;

	(void)arg;
	rig.known = rig.is ? rig.is : phone_auth_check(rig.auth, txn, sip_realm_config(c->realm));
	if (rig.known && message_method(request) == METHOD_REGISTER)
		registrar_on_register(rig.locations, txn, rig.known);
	else if (rig.known)
		server_txn_reply(txn, 200, NULL, NULL);
}

static inline void rig_configure(void)
{
	static char desk[] = "desk", gate[] = "gate", guest[] = "guest", door[] = "door",
	            secret[] = "a secret", word[] = "a word";
	static char names[NREALMS][8] = { "office", "lobby", "yard" };

	rig.phones[DESK] =
	    (struct config_phone){ .name = desk, .realm = &rig.realms[OFFICE], .password = secret };
	rig.phones[GATE] = (struct config_phone){ .name = gate, .realm = &rig.realms[OFFICE] };
	rig.phones[GUEST] =
	    (struct config_phone){ .name = guest, .realm = &rig.realms[LOBBY], .password = word };
	rig.phones[DOOR] = (struct config_phone){ .name = door, .realm = &rig.realms[YARD] };
	assert_int_equal(addr_parse(&rig.phones[GATE].address, "192.0.2.7"), OK);
	assert_int_equal(addr_parse(&rig.phones[DOOR].address, "192.0.2.8:5070"), OK);
	rig.cfg = (struct config){
		.realms = rig.realms, .nrealms = NREALMS, .phones = rig.phones, .nphones = NPHONES
	};
	for (size_t i = 0; i < NREALMS; i++)
		rig.realms[i].name = names[i];
}

static inline int rig_begin(void **state)
{
	static const struct conn_ops ops = { rig_send, rig_nothing, rig_nothing };
	static const struct stack_handler handler = { .on_request = rig_on_request };
	const struct stack_limits limits = { .transactions = 1000, .connections = 10 };
	char why[CERT_WHY_MAX];

	(void)state;
	memset(&rig, 0, sizeof(rig));
	message_library_open();
	log_set_level(LOG_ERROR);
	clock_fake(1000000, 1800000000);
	rig_configure();
	if (timers_new(&rig.timers) || stack_new(&rig.stack, NULL, rig.timers, &limits) ||
	    phone_auth_new(&rig.auth, &rig.cfg) ||
	    locations_new(&rig.locations, &rig.cfg, rig.timers))
		return -1;
	stack_set_handler(rig.stack, &handler);
	for (size_t i = 0; i < NREALMS; i++) {
		rig.conns[i] = (struct conn){ .ops = &ops,
			                      .handler = stack_conn_handler(rig.stack),
			                      .refs = 1,
			                      .transport = TRANSPORT_UDP,
			                      .state = CONN_OPEN };
		if (stack_add_realm(rig.stack, &rig.realms[i], NULL, &rig.conns[i].realm, why))
			return -1;
	}
	return 0;
}

/* Nobody holds a connection in the end. */
static inline int rig_end(void **state)
{
	(void)state;
	locations_free(&rig.locations);
	phone_auth_free(&rig.auth);
	stack_free(&rig.stack);
	for (size_t i = 0; i < NREALMS; i++)
		assert_int_equal(rig.conns[i].refs, 1);
	timers_free(&rig.timers);
	clock_real();
	return 0;
}

/* A request comes from peer, of that Call-ID and CSeq, with more headers; the status that answers
 * it, 0 for none. */
static inline unsigned rig_receive_of(size_t conn, const char *peer, const char *method,
                                      const char *call_id, unsigned cseq, const char *more)
{
	struct conn *c = &rig.conns[conn];
	char text[4096];
	struct addr from;
	unsigned status = 0;
	int len;

	rig.serial++;
	len = snprintf(text, sizeof(text),
	               "%s sip:trunkgate SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;rport;"
	               "branch=z9hG4bK%u\r\nMax-Forwards: 70\r\nFrom: <sip:a@b>;tag=1\r\n"
	               "To: <sip:a@b>\r\nCall-ID: %s\r\nCSeq: %u %s\r\n%s"
	               "Content-Length: 0\r\n\r\n",
	               method, rig.serial, call_id, cseq, method, more);
	assert_in_range(len, 1, sizeof(text) - 1);
	assert_int_equal(addr_parse(&from, peer), OK);
	rig.sent[0] = '\0';
	rig.known = NULL;
	c->handler->on_message(c->handler->arg, c, &from, text, (size_t)len);
	sscanf(rig.sent, "SIP/2.0 %u", &status);
	return status;
}

/* The same of a Call-ID of its own. */
static inline unsigned rig_receive(size_t conn, const char *peer, const char *method,
                                   const char *more)
{
	char call_id[16];

	snprintf(call_id, sizeof(call_id), "%u", rig.serial);
	return rig_receive_of(conn, peer, method, call_id, 1, more);
}

static inline void rig_turn(uint64_t ms)
{
	clock_fake_advance(ms);
	timers_run(rig.timers);
}

#define RIG_TEST(name) cmocka_unit_test_setup_teardown(test_##name, rig_begin, rig_end)

#endif
