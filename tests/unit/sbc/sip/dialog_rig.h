/* A dialog on connections that carry nothing, and what its peer says. */
#ifndef TESTS_UNIT_SBC_SIP_DIALOG_RIG_H
#define TESTS_UNIT_SBC_SIP_DIALOG_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "sbc/sip/dialog.h"

static inline enum err fake_send(struct conn *c, const struct addr *peer, const char *data,
                                 size_t len)
{
	(void)c;
	(void)peer;
	(void)data;
	(void)len;
	return OK;
}

static inline void fake_nothing(struct conn *c)
{
	(void)c;
}

static const struct conn_ops ops = { fake_send, fake_nothing, fake_nothing };
static const struct conn_handler handler;
static int doors[2]; /* two realms: only who they are counts */

enum { INSIDE, OTHER_REALM, OF_TRUNK, SAME_TRUNK, OTHER_TRUNK, NCONNS };

static struct {
	struct dialogs *dialogs;
	struct dialog *dlg;
	struct conn conns[NCONNS];
	struct flow flow;
	uint32_t cseq; /* of our INVITE */
	char owner;
} t;

static inline int begin(void **state)
{
	static const char *const trunks[NCONNS] = {
		[OF_TRUNK] = "acme", [SAME_TRUNK] = "acme", [OTHER_TRUNK] = "umbrella"
	};

	(void)state;
	memset(&t, 0, sizeof(t));
	t.cseq = 1;
	for (size_t i = 0; i < NCONNS; i++) {
		t.conns[i] = (struct conn){ .ops = &ops,
			                    .handler = &handler,
			                    .refs = 1,
			                    .state = CONN_OPEN,
			                    .trunk = trunks[i] };
		t.conns[i].realm = (struct sip_realm *)(void *)&doors[i == OTHER_REALM];
	}
	t.flow.conn = &t.conns[INSIDE];
	message_library_open();
	return addr_parse(&t.flow.peer, "192.0.2.1:5060") || dialogs_new(&t.dialogs, 4) ? -1 : 0;
}

/* Nothing holds a connection that is not ours, and nothing stands in the table. */
static inline int end(void **state)
{
	(void)state;
	dialog_free(&t.dlg);
	assert_int_equal(dialogs_count(t.dialogs), 0);
	dialogs_free(&t.dialogs);
	assert_null(t.dialogs);
	for (size_t i = 0; i < NCONNS; i++)
		assert_int_equal(t.conns[i].refs, 1);
	return 0;
}

static inline struct message *parse(const char *fmt, ...) PRINTF_LIKE(1, 2);

static inline struct message *parse(const char *fmt, ...)
{
	static char text[8192];
	struct message *m = NULL;
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (message_parse(&m, text, strlen(text)) != OK)
		fail_msg("%s", text);
	return m;
}

static inline struct message *invite(const char *more)
{
	return parse("INVITE sip:100@b SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bKx\r\n"
	             "From: \"A\" <sip:a@inside>;tag=theirs\r\nTo: sip:100@b;user=phone\r\n"
	             "Call-ID: c\r\nCSeq: 7 INVITE\r\n%s\r\n",
	             more);
}

static inline enum err new_uas(const char *more)
{
	struct message *m = invite(more);
	enum err err = dialog_new_uas(&t.dlg, t.dialogs, m, &t.flow, "sip:us@10.0.0.1", &t.owner);

	message_free(&m);
	return err;
}

static inline enum err new_uac(void)
{
	const struct dialog_uac_cfg cfg = { .from = "\"Us\" <sips:us@sbc.lab>",
		                            .to = "<sips:100@provider.lab>",
		                            .request_uri = "sips:100@provider.lab",
		                            .contact = "sips:us@sbc.lab:5061",
		                            .owner = &t.owner };

	return dialog_new_uac(&t.dlg, t.dialogs, &cfg);
}

/* An answer to the UAC's INVITE. */
static inline struct message *answer(unsigned status, const char *tag, const char *more)
{
	return parse("SIP/2.0 %u x\r\nVia: SIP/2.0/TLS a;branch=z9hG4bKx\r\n"
	             "From: <sips:us@sbc.lab>;tag=%s\r\nTo: <sips:100@provider.lab>%s%s\r\n"
	             "Call-ID: %s\r\nCSeq: %u INVITE\r\n%s\r\n",
	             status, dialog_local_tag(t.dlg), *tag ? ";tag=" : "", tag,
	             dialog_call_id(t.dlg), t.cseq, more);
}

static inline enum err on_answer(unsigned status, const char *tag, const char *more)
{
	struct message *m = answer(status, tag, more);
	enum err err = dialog_on_answer(t.dlg, m, &t.flow);

	message_free(&m);
	return err;
}

/* A request within the dialog, as the peer sees it. */
static inline struct message *within(const char *method, uint32_t cseq, const char *from_tag)
{
	return parse("%s sip:us@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bKy\r\n"
	             "From: <sip:a@inside>;tag=%s\r\nTo: <sip:100@b>;tag=%s\r\nCall-ID: %s\r\n"
	             "CSeq: %u %s\r\n\r\n",
	             method, from_tag, dialog_local_tag(t.dlg), dialog_call_id(t.dlg), cseq,
	             method);
}

static inline enum err on_request(const char *method, uint32_t cseq, size_t conn)
{
	struct flow flow = { .conn = &t.conns[conn], .peer = t.flow.peer };
	struct message *m = within(method, cseq, "theirs");
	enum err err = dialog_on_request(t.dlg, m, &flow);

	message_free(&m);
	return err;
}

/* A request of ours, as it goes out: with a Via, written and read again. ACK: for answered. */
static inline struct message *send_for(struct dialog *dlg, const char *method,
                                       const struct message *answered)
{
	struct message *m, *again;
	struct buf wire;

	assert_int_equal(answered ? dialog_ack(dlg, message_cseq(answered), &m)
	                          : dialog_request(dlg, method, &m),
	                 OK);
	if (strcmp(method, "INVITE") == 0)
		t.cseq = message_cseq(m);
	message_push_via(m, TRANSPORT_TCP, "us", "z9hG4bKz");
	buf_init(&wire, MESSAGE_MAX);
	assert_int_equal(message_encode(m, &wire), OK);
	message_free(&m);
	assert_int_equal(message_parse(&again, wire.data, wire.len), OK);
	assert_int_equal(message_problem(again, NULL), 0);
	buf_free(&wire);
	return again;
}

static inline struct message *send_from(struct dialog *dlg, const char *method)
{
	return send_for(dlg, method, NULL);
}

static inline void uri_is(const struct message *m, const char *user, const char *host)
{
	struct uri uri;

	assert_true(message_request_uri(m, &uri));
	assert_string_equal(uri.user, user);
	assert_string_equal(uri.host, host);
}

static inline void header_is(const struct message *m, const char *name, unsigned n,
                             const char *value)
{
	const char *is = message_header(m, name, n);

	if (!value && is)
		fail_msg("%s %u is there: %s", name, n, is);
	if (value && (!is || strcmp(is, value) != 0))
		fail_msg("%s %u is %s, not %s", name, n, is ? is : "none", value);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, begin, end)

#endif
