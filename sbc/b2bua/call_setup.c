/* Sets up the callee's side of a call: the offer, the leg, its INVITE. Signalling thread. */
#include <stdio.h>
#include <string.h>
#include "base/log.h"
#include "base/mem.h"
#include "sbc/b2bua/admission.h"
#include "sbc/b2bua/headers.h"
#include "sbc/b2bua/names.h"
#include "sbc/b2bua/pickup.h"
#include "sbc/b2bua/redirect.h"
#include "sbc/b2bua/said.h"
#include "sbc/b2bua/transfer.h"
#include "sbc/sip/outer.h"

/* As it is now: a call stays with it. */
static struct addr shown_address(const struct border *b, const struct config_realm *realm)
{
	const struct sip_realm *sip = stack_realm(b->cfg.stack, realm);
	const struct outer *outer = sip && realm->outer.in_media ? sip_realm_outer(sip) : NULL;

	return outer && addr_is_set(outer_address(outer)) ? *outer_address(outer)
	                                                  : realm->media_advertise;
}

static struct offer_side media_side(const struct border *b, const struct party *p)
{
	const struct config_trunk *trunk = p->who.kind == PARTY_TRUNK ? p->who.trunk : NULL;
	enum srtp_mode srtp = party_srtp(&p->who);

	return (struct offer_side){ .shown = shown_address(b, p->realm),
		                    .media = border_media_realm(b, p->realm),
		                    .srtp = srtp == SRTP_OFFERED_BOTH ? SRTP_OFFERED : srtp,
		                    .both = srtp == SRTP_OFFERED_BOTH,
		                    .plain = p->target && p->target->plain,
		                    .plain_media = trunk ? trunk->plain_media : NULL,
		                    .nplain_media = trunk ? trunk->nplain_media : 0,
		                    .suites = trunk ? trunk->srtp_suites : NULL,
		                    .nsuites = trunk ? trunk->nsrtp_suites : 0,
		                    .codecs = { trunk ? trunk->codecs : NULL,
		                                trunk ? trunk->ncodecs : 0 },
		                    .ptime_ms = trunk ? trunk->ptime_ms : 0,
		                    .host = p->peer };
}

enum err call_new_offer(struct call *call)
{
	const struct offer_side callee = media_side(call->border, &call->callee);

	return call->offer ? offer_replace(call->offer, SIDE_CALLEE, &callee)
	                   : call_try_offer(call, &call->callee, &call->offer);
}

enum err call_try_offer(const struct call *call, const struct party *callee, struct offer **out)
{
	const struct border *b = call->border;
	const struct offer_cfg cfg = { .id = call->id,
		                       .media = b->cfg.media,
		                       .sides = { media_side(b, &call->caller),
		                                  media_side(b, callee) } };

	return offer_new(out, &cfg);
}

/* The caller's INVITE; NULL: a transfer began the call. */
static const struct message *invite_of(const struct call *call)
{
	return call->caller.leg ? leg_received_invite(call->caller.leg) : NULL;
}

static enum err open_offer(struct call *call, struct buf *sdp, struct call_refusal *refusal)
{
	const struct message *invite = invite_of(call);
	struct offer_problem problem = { .status = 500, .why = "out of memory" };
	size_t len = call->said ? strlen(call->said) : 0;
	const char *body = invite ? said_sdp(invite, &len) : call->said;
	enum err err = call_new_offer(call);

	exchange_begin(call, body != NULL);
	if (!err && !body) /* ours, to the one before */
		offer_drop(call->offer);
	if (err == ERR_LIMIT || err == ERR_IO)
		problem = (struct offer_problem){ .status = 503, .why = "no media port is free" };
	if (!err && body)
		err = offer_make(call->offer, SIDE_CALLER, body, len, sdp, &problem);
	else if (!err && exchange_invents(call, SIDE_CALLEE))
		err = offer_invent(call->offer, SIDE_CALLEE, sdp, &problem);
	if (err)
		call_refuse(refusal, problem.status, problem.why);
	return err;
}

static enum err send_invite(struct call *call, const char *sdp)
{
	const struct message *received = invite_of(call);
	struct message *invite;
	enum err err = leg_invite(call->callee.leg, &invite);

	if (err)
		return err;
	message_put(invite, "User-Agent", "Trunkgate");
	if (received)
		message_set_max_forwards(invite, message_max_forwards(received) - 1);
	if (sdp)
		message_set_body(invite, "application/sdp", sdp, strlen(sdp));
	if (received)
		err = client_txn_loops(call->border->cfg.stack, received, invite)
		          ? ERR_EXISTS
		          : pickup_add_join(call, received, invite);
	if (!err)
		err = leg_send(call->callee.leg, invite);
	message_free(&invite);
	return err;
}

/* One that only took the INVITE and never rang is as good as not there. */
static void on_no_answer(void *arg)
{
	struct call *call = arg;
	const struct call_news news = { .why = "nobody answered in time" };
	bool next = call->state == CALL_CALLING && targets_go_on(call, NULL);

	call_event(call, next ? EV_CALLEE_NEXT : EV_NO_ANSWER, &news);
	call_check_gone(call);
}

static enum err make_leg(struct call *call, const char *sdp)
{
	struct border *b = call->border;
	struct names names;
	const struct leg_handler handler = call_leg_handler(call);
	struct leg_uac_cfg cfg = { .from = names.from,
		                   .to = names.to,
		                   .request_uri = names.request_uri,
		                   .contact = names.contact,
		                   .target = &names.target,
		                   .phone = party_phone(&call->callee.who),
		                   .session = call_session(call->callee.realm),
		                   /* an offer in a provisional answer would find no way on */
		                   .no_prack = !sdp && !leg_can_prack(call->caller.leg) };
	enum err err = names_make(b, &names, &call->caller, &call->callee);

	if (err)
		return err;
	cfg.flow = names.flow;
	err = leg_new_uac(&call->callee.leg, &b->env, &cfg, &handler);
	if (err)
		return err;
	call->callee.call_id = mem_strdup(leg_call_id(call->callee.leg));
	return send_invite(call, sdp);
}

/* A place among the calls of the trunk or phone, and a phone that is there at all. */
static enum err admit(struct call *call, struct call_refusal *refusal)
{
	struct party *callee = &call->callee;
	enum err err = OK;

	if (callee->who.kind == PARTY_PHONE)
		err = party_find(call->border, callee, refusal);
	return err ? err : admission_of_party(call, callee, refusal);
}

/* What the one that was called last said is forgotten. */
static enum err try_target(struct call *call, struct call_refusal *refusal)
{
	struct buf sdp;
	enum err err = admit(call, refusal);

	if (err)
		return err;
	buf_init(&sdp, MESSAGE_MAX);
	err = open_offer(call, &sdp, refusal) ? ERR_UNSUPPORTED : make_leg(call, sdp.data);
	if (err == ERR_EXISTS)
		call_refuse(refusal, 482, "the call goes round in a circle through this border");
	else if (err == ERR_NOT_FOUND)
		call_refuse(refusal, 481, "who is called has no part in the call to be joined");
	else if (err == ERR_SYNTAX)
		call_refuse(refusal, 404, "the number cannot be written for the trunk");
	else if (err == ERR_LIMIT)
		call_refuse(refusal, 503, "no more transactions");
	else if (err && err != ERR_UNSUPPORTED)
		call_refuse(refusal, 500, err_text(err));
	buf_wipe(&sdp);
	if (!err) /* timer C (16.6), which is the user agent's here */
		timer_start(stack_timers(call->border->cfg.stack), &call->no_answer,
		            call->callee.who.kind == PARTY_PHONE
		                ? call->callee.who.phone->answer_timeout_ms
		                : call->callee.who.trunk->answer_timeout_ms,
		            on_no_answer, call);
	return err;
}

enum err call_set_up(struct call *call, struct call_refusal *refusal)
{
	enum err err = ERR_NOT_FOUND;

	while (err && err != ERR_UNSUPPORTED && targets_take(call)) {
		err = try_target(call, refusal);
		if (!err)
			return OK;
		LOG(LOG_INFO, KV("call", call->id), KV("event", "not-called"),
		    KV("to", party_name(&call->callee.who)), KV("why", refusal->why));
		targets_leave(call, NULL);
	}
	return err;
}
