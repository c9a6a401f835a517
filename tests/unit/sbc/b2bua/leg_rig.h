/* What the tests of legs share: one leg, brought into each of its states, and its peer. */
#ifndef TESTS_UNIT_SBC_B2BUA_LEG_RIG_H
#define TESTS_UNIT_SBC_B2BUA_LEG_RIG_H

#include "sbc/b2bua/leg.h"

#include "sbc/b2bua/leg_internal.h"
#include "tests/unit/alloc.h"
#include "tests/unit/sbc/sip/stack_rig.h"

#define SDP  "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\n"
#define OURS "v=0\r\no=- 2 2 IN IP4 192.0.2.9\r\n"

static struct {
	struct dialogs *dialogs;
	struct leg_env env;
	struct leg *leg;
	struct target target;
	unsigned events[LEG_GONE + 1];
	bool keeps_asked; /* what the peer asks for waits; else it is refused */
	uint32_t cseq;    /* the peer's last */
	char tags[300];   /* From, To and Call-ID of the peer's requests in the dialog */
} t;

static inline void on_event(void *arg, struct leg *leg, enum leg_event event,
                            const struct message *m, const char *why)
{
	(void)arg;
	(void)m;
	(void)why;
	t.events[event]++;
	if ((event == LEG_OFFER || event == LEG_FETCH) && !t.keeps_asked)
		leg_refuse(leg, 488, 0);
}

static inline bool on_owners(void *arg, struct leg *leg, struct server_txn *txn,
                             const struct message *request)
{
	(void)arg;
	assert_ptr_equal(leg, t.leg);
	if (strcmp(message_method_name(request), "INFO") != 0)
		return false;
	server_txn_reply(txn, 202, NULL, NULL);
	return true;
}

static const struct leg_handler leg_handler = { .on_event = on_event, .on_request = on_owners };

static inline void on_request(void *arg, struct server_txn *txn, const struct message *request)
{
	const struct leg_uas_cfg cfg = { .contact = "sip:us@192.0.2.9",
		                         .target = &t.target,
		                         .session = { 1800, 90 } };

	(void)arg;
	if (dialog_find(t.dialogs, request))
		leg_on_request(t.leg, txn, request);
	else if (t.leg || leg_new_uas(&t.leg, &t.env, txn, &cfg, &leg_handler))
		server_txn_reply(txn, 500, NULL, NULL);
}

static inline void on_ack(void *arg, const struct message *ack, const struct flow *flow)
{
	(void)arg;
	if (dialog_find(t.dialogs, ack))
		leg_on_ack(t.leg, ack, flow);
}

static const struct stack_handler handler = { on_request, on_ack, NULL };

static inline int begin(void **state)
{
	(void)state;
	memset(&t, 0, sizeof(t));
	rig_open(&handler);
	assert_int_equal(dialogs_new(&t.dialogs, 10), OK);
	t.env = (struct leg_env){ .stack = rig.stack, .dialogs = t.dialogs };
	t.target = (struct target){ .realm = rig.realm, .transport = TRANSPORT_UDP };
	return 0;
}

static inline void forget_leg(void)
{
	leg_free(&t.leg);
	assert_int_equal(dialogs_count(t.dialogs), 0);
	memset(t.events, 0, sizeof(t.events));
	rig_forget();
}

static inline int end(void **state)
{
	(void)state;
	forget_leg();
	dialogs_free(&t.dialogs);
	rig_close();
	return 0;
}

/* --- the peer --- */

/* body NULL: none */
static inline void peer_request(const char *method, const char *headers, const char *body)
{
	rig_receive("%s sip:us@192.0.2.9 SIP/2.0\r\n"
	            "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK%u\r\nMax-Forwards: 70\r\n%s"
	            "CSeq: %u %s\r\nContact: <sip:peer@192.0.2.1>\r\n%s%sContent-Length: %zu\r\n"
	            "\r\n%s",
	            method, rig.branch++, t.tags, ++t.cseq, method, headers,
	            body ? "Content-Type: application/sdp\r\n" : "", body ? strlen(body) : 0,
	            body ? body : "");
}

static inline void peer_invites(const char *headers)
{
	t.cseq = 0;
	snprintf(t.tags, sizeof(t.tags),
	         "From: <sip:peer@192.0.2.1>;tag=peer\r\nTo: <sip:us@192.0.2.9>\r\n"
	         "Call-ID: theirs%u\r\n",
	         rig.branch);
	peer_request("INVITE", headers, SDP);
}

/* From now on in the dialog of our answer m, or of our INVITE m. */
static inline void peer_joins(const struct message *m)
{
	bool ours = message_is_request(m);

	if (!m)
		return;
	snprintf(t.tags, sizeof(t.tags), "From: %s%s\r\nTo: %s\r\nCall-ID: %s\r\n",
	         message_header(m, ours ? "To" : "From", 0), ours ? ";tag=peer" : "",
	         message_header(m, ours ? "From" : "To", 0), message_call_id(m));
}

static inline void peer_acks(void)
{
	uint32_t was = t.cseq;

	t.cseq = 0;
	peer_request("ACK", "", NULL);
	t.cseq = was;
}

static inline void peer_answers(const struct message *m, unsigned status, const char *headers,
                                const char *body)
{
	if (!m)
		return;
	rig_receive(
	    "SIP/2.0 %u x\r\nVia: %s\r\nFrom: %s\r\nTo: %s%s\r\nCall-ID: %s\r\n"
	    "CSeq: %u %s\r\nContact: <sip:peer@192.0.2.1>\r\n%s%sContent-Length: %zu\r\n\r\n%s",
	    status, message_header(m, "Via", 0), message_header(m, "From", 0),
	    message_header(m, "To", 0), *message_to_tag(m) ? "" : ";tag=peer", message_call_id(m),
	    message_cseq(m), message_method_name(m), headers,
	    body ? "Content-Type: application/sdp\r\n" : "", body ? strlen(body) : 0,
	    body ? body : "");
}

static inline enum err call(void)
{
	const struct leg_uac_cfg cfg = { .from = "<sip:us@192.0.2.9>",
		                         .to = "<sip:peer@192.0.2.1>",
		                         .request_uri = "sip:peer@192.0.2.1",
		                         .contact = "sip:us@192.0.2.9",
		                         .target = &t.target,
		                         .flow = &rig.flow,
		                         .session = { 1800, 90 } };
	struct message *invite;
	enum err err = leg_new_uac(&t.leg, &t.env, &cfg, &leg_handler);

	if (!err)
		err = leg_invite(t.leg, &invite);
	if (err)
		return err;
	message_set_body(invite, "application/sdp", OURS, strlen(OURS));
	err = leg_send(t.leg, invite);
	message_free(&invite);
	return err;
}

/* --- every state --- */

enum how {
	CALLING,
	CALLED_STANDING,
	CALLED_HANGING_UP,
	CALLED_OVER,
	WAITING,
	UNACKED,
	STANDING,
	HANGING_UP,
	OVER,
	NHOWS
};

static inline void bring_called(enum how how)
{
	assert_int_equal(call(), OK);
	t.cseq = 0;
	peer_joins(rig_last("INVITE", 0));
	if (how == CALLING)
		peer_answers(rig_last("INVITE", 0), 180, "", NULL);
	else if (how == CALLED_OVER)
		peer_answers(rig_last("INVITE", 0), 183, "", SDP);
	else
		peer_answers(rig_last("INVITE", 0), 200, "", SDP);
	if (how == CALLED_OVER)
		peer_answers(rig_last("INVITE", 0), 486, "", NULL);
	if (how == CALLED_HANGING_UP)
		leg_bye(t.leg);
}

static inline void bring(enum how how)
{
	if (how < WAITING) {
		bring_called(how);
		return;
	}
	peer_invites("");
	assert_int_equal(leg_progress(t.leg, 180, NULL), OK);
	peer_joins(rig_last("INVITE", 180));
	if (how == OVER)
		leg_reject(t.leg, 486, NULL);
	else if (how != WAITING)
		assert_int_equal(leg_answer(t.leg, OURS), OK);
	if (how == STANDING || how == HANGING_UP)
		peer_acks();
	if (how == HANGING_UP)
		leg_bye(t.leg);
}

static const enum leg_state states[NHOWS] = { LEG_CALLING,  LEG_STANDING,   LEG_HANGING_UP,
	                                      LEG_OVER,     LEG_WAITING,    LEG_UNACKED,
	                                      LEG_STANDING, LEG_HANGING_UP, LEG_OVER };

#endif
