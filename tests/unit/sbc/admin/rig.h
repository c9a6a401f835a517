/* All that a control needs around it, as the server wires it: one realm, two phones, one trunk; no
 * SIP socket. The loop is turned by hand. */
#ifndef TESTS_UNIT_SBC_ADMIN_RIG_H
#define TESTS_UNIT_SBC_ADMIN_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <jansson.h>
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "certs/identity.h"
#include "media/srtp.h"
#include "sbc/admin/ctl.h"
#include "sbc/b2bua/call_internal.h"
#include "tests/unit/loopback.h"
#include "tests/unit/alloc.h"

struct rig {
	char dir[64], socket[96], root[96];
	char why[CERT_WHY_MAX];
	struct config cfg;
	struct config_realm realm;
	struct config_phone phones[2]; /* alice by address, bob registers */
	struct config_trunk trunk;     /* provider */
	char *verify_names[1];
	struct loop *loop;
	struct media *media;
	struct media_realm *media_realms[1];
	struct trunks *trunks;
	struct stack *stack;
	struct sip_realm *sip_realm;
	struct dialogs *dialogs;
	struct locations *locations;
	struct phone_auth *auth;
	struct border *border;
	struct ctl_cfg ctl_cfg;
};

static char rig_provider[] = "provider.lab";

static inline void rig_config(struct rig *r)
{
	static char office[] = "office", alice[] = "alice", bob[] = "bob", password[] = "secret",
	            provider[] = "provider";

	r->realm = (struct config_realm){ .name = office };
	r->phones[0] = (struct config_phone){ .name = alice, .realm = &r->realm };
	r->phones[1] =
	    (struct config_phone){ .name = bob, .realm = &r->realm, .password = password };
	assert_int_equal(addr_parse(&r->phones[0].address, "192.0.2.1"), OK);
	r->verify_names[0] = rig_provider;
	r->trunk = (struct config_trunk){ .name = provider,
		                          .realm = &r->realm,
		                          .domain = rig_provider,
		                          .verify_names = r->verify_names,
		                          .nverify_names = 1,
		                          .trust = r->root,
		                          .max_calls = 30 };
	r->cfg = (struct config){ .control_socket = r->socket,
		                  .max_calls = 100,
		                  .realms = &r->realm,
		                  .nrealms = 1,
		                  .phones = r->phones,
		                  .nphones = 2,
		                  .trunks = &r->trunk,
		                  .ntrunks = 1 };
}

static inline void rig_media(struct rig *r)
{
	struct media_realm_cfg cfg = { .name = "office", .port_low = 21000, .port_high = 21019 };

	assert_int_equal(addr_parse(&cfg.address, own_loopback()), OK);
	assert_int_equal(media_new(&r->media, r->loop, 1, 0), OK);
	assert_int_equal(media_add_realm(r->media, &cfg, &r->media_realms[0]), OK);
}

static inline void rig_sip(struct rig *r)
{
	const struct stack_limits limits = { .transactions = 100, .connections = 10 };

	assert_int_equal(trunks_new(&r->trunks, &r->cfg, r->loop, r->why), OK);
	assert_int_equal(stack_new(&r->stack, NULL, loop_timers(r->loop), &limits), OK);
	assert_int_equal(stack_add_realm(r->stack, &r->realm, NULL, &r->sip_realm, r->why), OK);
	assert_int_equal(dialogs_new(&r->dialogs, 100), OK);
	assert_int_equal(locations_new(&r->locations, &r->cfg, loop_timers(r->loop)), OK);
	assert_int_equal(phone_auth_new(&r->auth, &r->cfg), OK);
}

static inline void rig_border(struct rig *r)
{
	struct border_cfg cfg = { .cfg = &r->cfg,
		                  .stack = r->stack,
		                  .dialogs = r->dialogs,
		                  .media = r->media,
		                  .media_realms = r->media_realms,
		                  .trunks = r->trunks,
		                  .locations = r->locations,
		                  .auth = r->auth };

	assert_int_equal(border_new(&r->border, &cfg), OK);
	r->ctl_cfg = (struct ctl_cfg){ .loop = r->loop,
		                       .cfg = &r->cfg,
		                       .stack = r->stack,
		                       .dialogs = r->dialogs,
		                       .media_realms = r->media_realms,
		                       .trunks = r->trunks,
		                       .locations = r->locations,
		                       .border = r->border };
}

static inline void rig_on_log(void *arg, enum log_level level, const char *line)
{
	(void)arg;
	(void)level;
	(void)line;
}

static char rig_certificates[] = "/tmp/trunkgate-admin-ca-XXXXXX";

static inline void rig_end(void)
{
	char command[256];

	srtp_library_close();
	snprintf(command, sizeof(command), "rm -rf %s", rig_certificates);
	assert_int_equal(system(command), 0);
}

/* Once for the program: certificates and libsrtp take longer than any test here. */
static inline void rig_begin(void)
{
	static bool begun;
	char command[256];

	if (begun)
		return;
	begun = true;
	assert_int_equal(srtp_library_open(), OK);
	assert_non_null(mkdtemp(rig_certificates));
	atexit(rig_end);
	snprintf(command, sizeof(command), "%s/certs/lab-ca %s >/dev/null 2>&1", SOURCE_DIR,
	         rig_certificates);
	assert_int_equal(system(command), 0);
	/* The machine's own roots take longer to read than all else. */
	snprintf(command, sizeof(command), "%s/root.pem", rig_certificates);
	setenv("SSL_CERT_FILE", command, 1);
}

static inline void rig_open(struct rig *r)
{
	memset(r, 0, sizeof(*r));
	log_capture(rig_on_log, NULL);
	snprintf(r->dir, sizeof(r->dir), "/tmp/trunkgate-admin-XXXXXX");
	assert_non_null(mkdtemp(r->dir));
	snprintf(r->socket, sizeof(r->socket), "%s/control", r->dir);
	rig_begin();
	snprintf(r->root, sizeof(r->root), "%s/root.pem", rig_certificates);
	message_library_open();
	rig_config(r);
	assert_int_equal(loop_new(&r->loop), OK);
	rig_media(r);
	rig_sip(r);
	rig_border(r);
}

static inline void rig_close(struct rig *r)
{
	char command[256];

	border_free(&r->border);
	phone_auth_free(&r->auth);
	locations_free(&r->locations);
	stack_free(&r->stack);
	dialogs_free(&r->dialogs);
	trunks_free(&r->trunks);
	media_free(&r->media);
	loop_free(&r->loop);
	clock_real();
	log_capture(NULL, NULL);
	snprintf(command, sizeof(command), "rm -rf %s", r->dir);
	assert_int_equal(system(command), 0);
}

static inline void rig_on_turn(void *arg)
{
	loop_stop(arg);
}

/* Serves what is ready. It waits for a millisecond; a clock that a test turns moves by as much. */
static inline void rig_turn(struct rig *r)
{
	struct timer timer = { 0 };

	timer_start(loop_timers(r->loop), &timer, 1, rig_on_turn, r->loop);
	if (clock_is_fake())
		clock_fake_advance(1);
	loop_run(r->loop);
	timer_stop(&timer);
}

/* A call from alice to the provider, as it stands while the callee rings. */
static inline struct call *rig_call(struct rig *r)
{
	struct call *call;

	assert_int_equal(call_new(&call, r->border), OK);
	call->caller.who = (struct config_party){ .kind = PARTY_PHONE, .phone = &r->phones[0] };
	call->callee.who = (struct config_party){ .kind = PARTY_TRUNK, .trunk = &r->trunk };
	call->state = CALL_RINGING;
	strcpy(call->caller.number, "100");
	strcpy(call->callee.number, "4711");
	call->caller.call_id = mem_strdup("caller-call-id");
	call->callee.call_id = mem_strdup("callee-call-id");
	assert_int_equal(addr_parse(&call->caller.peer, "192.0.2.1:5060"), OK);
	return call;
}

/* A connection that nothing comes from and that takes all. */
static inline enum err rig_conn_send(struct conn *c, const struct addr *peer, const char *data,
                                     size_t len)
{
	(void)c;
	(void)peer;
	(void)data;
	(void)len;
	return OK;
}

static inline void rig_conn_nothing(struct conn *c)
{
	(void)c;
}

static inline void rig_conn_init(struct conn *c, struct rig *r, enum transport t)
{
	static const struct conn_ops ops = { .send = rig_conn_send,
		                             .close = rig_conn_nothing,
		                             .free = rig_conn_nothing };

	*c = (struct conn){ .ops = &ops,
		            .handler = stack_conn_handler(r->stack),
		            .realm = r->sip_realm,
		            .refs = 1,
		            .transport = t,
		            .state = CONN_OPEN };
	assert_int_equal(addr_parse(&c->local, "192.0.2.2:5060"), OK);
	assert_int_equal(addr_parse(&c->peer, "192.0.2.1:5060"), OK);
}

#endif
