/* A call's life and what is told of it. Signalling thread. */
#include "sbc/b2bua/call.h"

#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "base/text.h"
#include "media/quality.h"
#include "sbc/b2bua/admission.h"
#include "sbc/b2bua/exchange_internal.h"
#include "sbc/b2bua/state_table.h"
#include "sbc/b2bua/transfer.h"

enum err call_new(struct call **out, struct border *b)
{
	struct call *call = mem_zalloc(sizeof(*call));

	if (!call)
		return ERR_NOMEM;
	call->border = b;
	random_token(call->id, CALL_ID_LEN);
	call->started_us = clock_wall_us();
	pass_open(call);
	targets_open(call);
	TAILQ_INSERT_TAIL(&b->calls, call, link);
	b->ncalls++;
	*out = call;
	return OK;
}

void party_clear(struct party *p)
{
	leg_free(&p->leg);
	admission_leave(p);
	mem_free(p->call_id);
}

static void cursors_pass(struct border *b, const struct call *call)
{
	struct call_cursor *c;

	TAILQ_FOREACH (c, &b->cursors, link) {
		if (c->next == call)
			c->next = TAILQ_NEXT(call, link);
	}
}

void call_free(struct call **cp)
{
	struct call *call = *cp;
	struct border *b;

	if (!call)
		return;
	b = call->border;
	timer_stop(&call->no_answer);
	timer_stop(&call->burying);
	exchange_owe_nothing(call);
	watch_stop(&call->watch);
	transfer_forget(call);
	pass_end(call);
	offer_close(&call->offer);
	party_clear(&call->caller);
	party_clear(&call->callee);
	targets_close(call);
	exchange_forget(call);
	mem_wipe_text(&call->said);
	mem_free(call->left_because);
	cursors_pass(b, call);
	TAILQ_REMOVE(&b->calls, call, link);
	b->ncalls--;
	mem_free(call);
	*cp = NULL;
	if (b->shut && b->ncalls == 0 && b->on_empty)
		b->on_empty(b->on_empty_arg);
}

const char *party_name(const struct config_party *who)
{
	return who->kind == PARTY_TRUNK ? who->trunk->name : who->phone->name;
}

void party_set(struct party *p, const struct config_party *who, const char *number)
{
	p->who = *who;
	p->target = NULL;
	p->realm = who->kind == PARTY_TRUNK ? who->trunk->realm : who->phone->realm;
	text_copy(p->number, sizeof(p->number), number);
}

void call_end(struct call *call, unsigned code, const char *why)
{
	if (call->code)
		return;
	call->code = code;
	exchange_owe_nothing(call);
	transfer_on_end(call);
	pass_end(call);
	call->ended_us = clock_wall_us();
	text_copy(call->why, sizeof(call->why), why);
}

void call_note_leg(struct party *p)
{
	const struct flow *flow = leg_flow(p->leg);

	if (!flow->conn)
		return;
	p->peer = flow->peer;
	text_copy(p->tls, sizeof(p->tls), flow->conn->tls_version);
	text_copy(p->verified, sizeof(p->verified), flow->conn->verified_name);
}

/* By either trunk. */
static const char *missed(const struct call_info *info)
{
	return *info->callee.missed   ? info->callee.missed
	       : *info->caller.missed ? info->caller.missed
	                              : "-";
}

/* The line by which an operator judges a call. */
static void log_end(const struct call_info *info)
{
	const struct stream_stats *from = &info->caller.streams[0], *to = &info->callee.streams[0];

	LOG(LOG_INFO, KV("call", info->id), KV("event", "ended"), KVN("code", info->code),
	    KV("class",
	       info->code < 300 ? "answered" : failure_class_name(failure_class(info->code))),
	    KV("why", info->why), KV("caller", info->caller.party),
	    KV("callee", info->callee.party),
	    KVN("seconds", info->answered_us ? (info->ended_us - info->answered_us) / 1000000 : 0),
	    KVN("caller_packets", from->packets_in), KVN("caller_lost", from->lost),
	    KVN("caller_mos_x100", quality_mos(from)), KVN("callee_packets", to->packets_in),
	    KVN("callee_lost", to->lost), KVN("callee_mos_x100", quality_mos(to)),
	    KV("missed", missed(info)));
}

static void on_burying(void *arg)
{
	struct call *call = arg;

	call_free(&call);
}

static void on_dead(void *arg, enum media_side side)
{
	struct call *call = arg;
	const struct party *p = side == SIDE_CALLER ? &call->caller : &call->callee;
	struct call_news news = { 0 };
	char why[CERT_WHY_MAX];

	snprintf(why, sizeof(why), "no media from %s for %u s", party_name(&p->who),
	         p->realm->media_timeout_ms / 1000);
	LOG(LOG_WARN, KV("call", call->id), KV("event", "media-timeout"), KV("why", why));
	news.why = why;
	call_event(call, EV_NO_MEDIA, &news);
}

void call_watch(struct call *call)
{
	const struct watch_cfg cfg = { .timers = stack_timers(call->border->cfg.stack),
		                       .anchor = offer_anchor(call->offer),
		                       .id = call->id,
		                       .parties = { party_name(&call->caller.who),
		                                    party_name(&call->callee.who) },
		                       .on_dead = on_dead,
		                       .arg = call };

	if (cfg.anchor)
		watch_start(&call->watch, &cfg);
}

void call_bury(struct call *call)
{
	struct border *b = call->border;
	struct call_info info;

	watch_stop(&call->watch);
	call_end(call, 500, "ended");
	call_get_info(call, &info);
	log_end(&info);
	if (b->on_end)
		b->on_end(b->on_end_arg, &info);
	timer_start_lazy(stack_timers(b->cfg.stack), &call->burying, 0, on_burying, call);
}

void call_check_gone(struct call *call)
{
	bool caller_gone = !call->caller.leg || leg_is_gone(call->caller.leg);
	bool callee_gone = !call->callee.leg || leg_is_gone(call->callee.leg);

	if (caller_gone && callee_gone && targets_are_gone(call))
		call_event(call, EV_GONE, NULL);
}

static void leg_info(const struct call *call, const struct party *p, enum media_side side,
                     struct call_leg_info *out)
{
	const struct anchor *anchor = call->offer ? offer_anchor(call->offer) : NULL;

	*out = (struct call_leg_info){ .number = p->number,
		                       .is_trunk = p->who.kind == PARTY_TRUNK,
		                       .call_id = p->call_id,
		                       .tls = p->tls[0] ? p->tls : NULL,
		                       .verified = p->verified[0] ? p->verified : NULL,
		                       .peer = p->peer };
	out->party = party_name(&p->who);
	out->silent_because = call->watch.silent_because[side];
	if (call->offer && offer_suite(call->offer, side) != SRTP_NONE)
		out->srtp = srtp_suite_name(offer_suite(call->offer, side));
	out->nstreams = anchor ? anchor_nstreams(anchor) : 0;
	for (unsigned i = 0; i < out->nstreams; i++)
		anchor_stats(anchor, i, side, &out->streams[i]);
	if (out->is_trunk)
		missed_write(p->who.trunk, out->streams, out->nstreams, &call->watch.worst[side],
		             out->missed);
}

void call_get_info(const struct call *call, struct call_info *out)
{
	memset(out, 0, sizeof(*out));
	out->id = call->id;
	out->state = call_state_name(call->state);
	out->started_us = call->started_us;
	out->answered_us = call->answered_us;
	out->ended_us = call->ended_us;
	out->code = call->code;
	out->why = call->why;
	leg_info(call, &call->caller, SIDE_CALLER, &out->caller);
	leg_info(call, &call->callee, SIDE_CALLEE, &out->callee);
}

const struct call *call_next(const struct border *b, const struct call *call)
{
	return call ? TAILQ_NEXT(call, link) : TAILQ_FIRST(&b->calls);
}

void call_cursor_open(struct call_cursor *c, struct border *b)
{
	c->border = b;
	c->next = TAILQ_FIRST(&b->calls);
	TAILQ_INSERT_TAIL(&b->cursors, c, link);
}

const struct call *call_cursor_next(struct call_cursor *c)
{
	const struct call *call = c->next;

	c->next = call ? TAILQ_NEXT(call, link) : NULL;
	return call;
}

void call_cursor_close(struct call_cursor *c)
{
	if (c->border)
		TAILQ_REMOVE(&c->border->cursors, c, link);
	c->border = NULL;
}

void call_print_states(FILE *out)
{
	state_table_print(&call_states, out);
	state_table_print(&exchange_states, out);
}
