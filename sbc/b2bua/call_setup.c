/* Sets up the callee's side of a call: the offer, the leg, its INVITE. Signalling thread. */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "base/log.h"
#include "base/mem.h"
#include "sbc/b2bua/call_internal.h"
#include "sbc/b2bua/headers.h"

#define URI_MAX_LEN 400

/* A phone is reached over UDP where its realm speaks that, else over TCP. */
static enum transport phone_transport(const struct config_realm *realm)
{
	for (size_t i = 0; i < realm->nlisteners; i++) {
		if (realm->listeners[i].transport == TRANSPORT_UDP)
			return TRANSPORT_UDP;
	}
	return TRANSPORT_TCP;
}

void call_target(struct border *b, struct party *p, struct target *out)
{
	const struct config_phone *phone = p->who.phone;

	if (p->who.kind == PARTY_TRUNK) {
		trunk_target(trunk_find(b->cfg.trunks, p->who.trunk->name), b->cfg.stack, out);
		return;
	}
	if (addr_is_set(&phone->address))
		addr_host(&phone->address, p->host, sizeof(p->host));
	*out = (struct target){ .realm = stack_realm(b->cfg.stack, phone->realm),
		                .transport = phone_transport(phone->realm),
		                .host = p->host,
		                .port = addr_port(&phone->address),
		                .resolver = trunks_system_resolver(b->cfg.trunks),
		                .connect_timeout_ms = 5000 };
}

static void refuse(struct call_refusal *r, unsigned status, const char *why)
{
	r->status = status;
	snprintf(r->why, sizeof(r->why), "%s", why);
}

static struct offer_side media_side(const struct border *b, const struct party *p)
{
	return (struct offer_side){ .realm = p->realm,
		                    .media = border_media_realm(b, p->realm),
		                    .srtp = p->trunk ? p->who.trunk->srtp : SRTP_OFF };
}

static enum err open_offer(struct call *call, struct buf *sdp, struct call_refusal *refusal)
{
	struct border *b = call->border;
	const struct message *invite = leg_received_invite(call->caller.leg);
	struct offer_cfg cfg = { .id = call->id,
		                 .media = b->cfg.media,
		                 .sides = { media_side(b, &call->caller),
		                            media_side(b, &call->callee) } };
	struct offer_problem problem = { .status = 500, .why = "out of memory" };
	size_t len;
	const char *body = message_body(invite, &len);
	enum err err;

	if (!body || strcasecmp(message_content_type(invite), "application/sdp") != 0) {
		refuse(refusal, 488, "an INVITE without an offer in SDP is not supported");
		return ERR_UNSUPPORTED;
	}
	err = offer_new(&call->offer, &cfg);
	if (!err)
		err = offer_make(call->offer, SIDE_CALLER, body, len, sdp, &problem);
	if (err)
		refuse(refusal, problem.status, problem.why);
	return err;
}

/* How the callee is called: Request-URI, To, From, Contact. */
struct names {
	char request_uri[URI_MAX_LEN], to[URI_MAX_LEN], contact[URI_MAX_LEN];
	char from[HEADER_VALUE_MAX];
};

/* The caller's number as the trunk is to see it; one that cannot be written is not shown. */
static const char *calling_number(const struct call *call, char out[NUMBER_MAX])
{
	const struct party *from = &call->caller;
	const char *number = from->number;

	if (from->who.kind == PARTY_PHONE && from->who.phone->caller_id)
		number = from->who.phone->caller_id;
	return number_cross(call->callee.who.trunk, TRUNK_OUT, NUMBER_CALLING, number, out) == OK
	           ? out
	           : "unknown";
}

static enum err name_trunk(struct call *call, const struct target *target, struct names *n)
{
	const struct config_trunk *trunk = call->callee.who.trunk;
	const char *scheme = trunk->uri_form == URI_SIPS ? "sips" : "sip";
	const char *tail = trunk->uri_form == URI_SIPS ? "" : ";transport=tls";
	const struct config_listener *ours =
	    sip_realm_listener_for(target->realm, target->transport, NULL);
	char host[256], port[16] = "", called[NUMBER_MAX], calling[NUMBER_MAX];
	enum err err = number_cross(trunk, TRUNK_OUT, NUMBER_CALLED, call->callee.number, called);

	if (err)
		return err;
	if (trunk->port)
		snprintf(port, sizeof(port), ":%u", trunk->port);
	snprintf(n->request_uri, sizeof(n->request_uri), "%s:%s@%.200s%s%s", scheme, called,
	         trunk->domain, port, tail);
	snprintf(n->to, sizeof(n->to), "<%s:%s@%.200s>", scheme, called, trunk->domain);
	sip_realm_uri(target->realm, ours, trunk->uri_form, "trunkgate", n->contact,
	              sizeof(n->contact));
	sip_realm_host(target->realm, ours, host, sizeof(host));
	return headers_from(leg_received_invite(call->caller.leg), calling_number(call, calling),
	                    host, scheme, n->from);
}

static enum err name_phone(struct call *call, const struct target *target,
                           const struct location *where, struct names *n)
{
	const struct config_phone *phone = call->callee.who.phone;
	const struct config_listener *ours =
	    where ? sip_realm_listener_of(where->flow.conn)
	          : sip_realm_listener_for(target->realm, target->transport, &phone->address);
	struct addr addr = phone->address;
	char host[256], text[ADDR_TEXT_MAX];

	if (!addr_port(&addr))
		addr_set_port(&addr, 5060);
	if (where)
		snprintf(n->request_uri, sizeof(n->request_uri), "%s", where->contact);
	else
		snprintf(n->request_uri, sizeof(n->request_uri), "sip:%s@%s", call->callee.number,
		         addr_text(&addr, text, sizeof(text)));
	sip_realm_host(target->realm, ours, host, sizeof(host));
	snprintf(n->to, sizeof(n->to), "<sip:%s@%.200s>", call->callee.number, host);
	sip_realm_uri(target->realm, ours, URI_SIP_TLS, "trunkgate", n->contact,
	              sizeof(n->contact));
	return headers_from(leg_received_invite(call->caller.leg), call->caller.number, host, "sip",
	                    n->from);
}

static enum err send_invite(struct call *call, const char *sdp)
{
	const struct message *received = leg_received_invite(call->caller.leg);
	struct message *invite;
	enum err err = leg_invite(call->callee.leg, &invite);

	if (err)
		return err;
	message_set_max_forwards(invite, message_max_forwards(received) - 1);
	message_add(invite, "User-Agent", "Trunkgate");
	headers_cross(received, invite, call->callee.trunk ? CROSSING_OUT : CROSSING_IN);
	message_set_body(invite, "application/sdp", sdp, strlen(sdp));
	err = client_txn_loops(call->border->cfg.stack, received, invite)
	          ? ERR_EXISTS
	          : leg_send(call->callee.leg, invite);
	message_free(&invite);
	return err;
}

static void on_no_answer(void *arg)
{
	call_event(arg, EV_NO_ANSWER, NULL);
}

static void on_leg_event(void *arg, struct leg *leg, enum leg_event event, const struct message *m,
                         const char *why)
{
	struct call *call = arg;
	struct call_news news = { .message = m, .why = why };

	(void)leg;
	switch (event) {
	case LEG_PROGRESS:
		call_event(call, EV_CALLEE_PROGRESS, &news);
		break;
	case LEG_ANSWER:
		if (call->callee.trunk)
			trunk_report(call->callee.trunk, NULL);
		call_event(call, EV_CALLEE_ANSWER, &news);
		break;
	case LEG_FAIL:
		if (call->callee.trunk && call->state != CALL_CANCELLING)
			trunk_report(call->callee.trunk, m ? NULL : why);
		call_event(call, EV_CALLEE_FAIL, &news);
		break;
	case LEG_BYE:
	case LEG_LOST:
		call_event(call, EV_CALLEE_BYE, &news);
		break;
	case LEG_GONE:
	case LEG_CANCEL:
	case LEG_ACK:
	case LEG_NO_ACK:
		break;
	}
	call_check_gone(call);
}

static enum err make_leg(struct call *call, const char *sdp)
{
	struct border *b = call->border;
	const struct location *where = NULL;
	struct target target;
	struct names names;
	struct leg_handler handler = { .on_event = on_leg_event,
		                       .on_request = pass_on_request,
		                       .arg = call };
	struct leg_uac_cfg cfg = { .from = names.from,
		                   .to = names.to,
		                   .request_uri = names.request_uri,
		                   .contact = names.contact,
		                   .target = &target,
		                   .session = call_session(call->callee.realm) };
	enum err err;

	call_target(b, &call->callee, &target);
	if (call->callee.who.kind == PARTY_PHONE)
		where = location_get(b->cfg.locations, call->callee.who.phone);
	err = call->callee.trunk ? name_trunk(call, &target, &names)
	                         : name_phone(call, &target, where, &names);
	if (err)
		return err;
	cfg.flow = where ? &where->flow : NULL;
	err = leg_new_uac(&call->callee.leg, &b->env, &cfg, &handler);
	if (err)
		return err;
	call->callee.call_id = mem_strdup(leg_call_id(call->callee.leg));
	return send_invite(call, sdp);
}

/* Known by its address, or registered over a connection that still stands. */
static enum err find_phone(struct border *b, const struct config_phone *phone,
                           struct call_refusal *refusal)
{
	const struct location *where = location_get(b->cfg.locations, phone);
	char why[160];

	if (addr_is_set(&phone->address) || (where && flow_alive(&where->flow)))
		return OK;
	snprintf(why, sizeof(why),
	         where ? "the connection that phone %s registered over is gone"
	               : "phone %s is not registered",
	         phone->name);
	refuse(refusal, 480, why);
	return ERR_NOT_FOUND;
}

/* A slot of the trunk, or a phone that is there at all. */
static enum err admit(struct call *call, struct call_refusal *refusal)
{
	struct border *b = call->border;
	struct party *callee = &call->callee;
	char why[160];

	if (callee->who.kind == PARTY_PHONE)
		return find_phone(b, callee->who.phone, refusal);
	callee->trunk = trunk_find(b->cfg.trunks, callee->who.trunk->name);
	if (trunk_take_slot(callee->trunk, true) == OK)
		return OK;
	callee->trunk = NULL;
	snprintf(why, sizeof(why), "trunk %s has as many calls as its max-calls allows",
	         callee->who.trunk->name);
	refuse(refusal, 480, why);
	return ERR_LIMIT;
}

enum err call_set_up(struct call *call, struct call_refusal *refusal)
{
	struct buf sdp;
	enum err err = admit(call, refusal);

	if (err)
		return err;
	buf_init(&sdp, MESSAGE_MAX);
	err = open_offer(call, &sdp, refusal);
	if (!err) {
		err = make_leg(call, sdp.data);
		if (err == ERR_EXISTS)
			refuse(refusal, 482, "the call goes round in a circle through this border");
		else if (err == ERR_LIMIT)
			refuse(refusal, 503, "no more transactions");
		else if (err)
			refuse(refusal, 500, err_text(err));
	}
	mem_wipe(sdp.data, sdp.len);
	buf_free(&sdp);
	if (!err) /* timer C (16.6), which is the user agent's here */
		timer_start(stack_timers(call->border->cfg.stack), &call->no_answer,
		            call->callee.who.kind == PARTY_PHONE
		                ? call->callee.who.phone->answer_timeout_ms
		                : call->callee.who.trunk->answer_timeout_ms,
		            on_no_answer, call);
	return err;
}
