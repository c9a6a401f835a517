/* The border: requests that begin something find their sender's identity, their route and their
 * call here. Signalling thread. */
#include "sbc/b2bua/border.h"

#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "sbc/b2bua/admission.h"
#include "sbc/b2bua/bodies.h"
#include "sbc/b2bua/caller_id.h"
#include "sbc/b2bua/extensions.h"
#include "sbc/b2bua/names.h"
#include "sbc/b2bua/numbers.h"
#include "sbc/b2bua/outside.h"
#include "sbc/b2bua/pickup.h"
#include "sbc/b2bua/subscription.h"
#include "sbc/b2bua/transfer.h"
#include "sbc/phone/registrar.h"
#include "sbc/trunk/route.h"

enum err border_new(struct border **out, const struct border_cfg *cfg)
{
	struct border *b = mem_zalloc(sizeof(*b));

	if (!b)
		return ERR_NOMEM;
	b->media_realms = mem_zalloc(cfg->cfg->nrealms * sizeof(struct media_realm *));
	/* Two of each, and what else is under way. */
	if (!b->media_realms || dialogs_new(&b->outside_dialogs, 2 * SUBSCRIPTIONS_MOST + 1000)) {
		mem_free(b->media_realms);
		mem_free(b);
		return ERR_NOMEM;
	}
	memcpy(b->media_realms, cfg->media_realms,
	       cfg->cfg->nrealms * sizeof(struct media_realm *));
	b->cfg = *cfg;
	if (admission_open(b)) {
		dialogs_free(&b->outside_dialogs);
		mem_free(b->media_realms);
		mem_free(b);
		return ERR_NOMEM;
	}
	b->env = (struct leg_env){ .stack = cfg->stack,
		                   .dialogs = cfg->dialogs,
		                   .locations = cfg->locations };
	TAILQ_INIT(&b->calls);
	TAILQ_INIT(&b->cursors);
	TAILQ_INIT(&b->outside);
	TAILQ_INIT(&b->subscriptions);
	*out = b;
	return OK;
}

void border_free(struct border **bp)
{
	struct border *b = *bp;
	struct call *call;

	if (!b)
		return;
	b->on_empty = NULL;
	while ((call = TAILQ_FIRST(&b->calls)))
		call_free(&call);
	outside_end(b);
	subscriptions_end(b);
	dialogs_free(&b->outside_dialogs);
	admission_close(b);
	mem_free(b->media_realms);
	mem_free(b);
	*bp = NULL;
}

struct media_realm *border_media_realm(const struct border *b, const struct config_realm *realm)
{
	return b->media_realms[realm - b->cfg.cfg->realms];
}

size_t border_ncalls(const struct border *b)
{
	return b->ncalls;
}

size_t border_nsubscriptions(const struct border *b)
{
	return b->nsubscriptions;
}

void border_on_call_end(struct border *b, void (*fn)(void *, const struct call_info *), void *arg)
{
	b->on_end = fn;
	b->on_end_arg = arg;
}

void border_shut(struct border *b, void (*fn)(void *), void *arg)
{
	struct call *call;

	b->shut = true;
	b->on_empty = fn;
	b->on_empty_arg = arg;
	outside_end(b);
	subscriptions_end(b);
	TAILQ_FOREACH (call, &b->calls, link)
		call_event(call, EV_SHUTDOWN, NULL);
	if (b->ncalls == 0)
		fn(arg);
}

static const char *make_tag(char tag[TAG_LEN + 1])
{
	random_token(tag, TAG_LEN);
	return tag;
}

/* What can begin something, and of that what needs no route. */
#define ALLOW_ALL       LEG_ALLOW ", REGISTER, SUBSCRIBE, NOTIFY, PUBLISH"
#define ALLOW_ROUTELESS LEG_ALLOW_OWN ", REGISTER"

static void reply_with_allow(struct server_txn *txn, unsigned status, const char *allow)
{
	char tag[TAG_LEN + 1];
	struct message *m;

	if (message_new_response(&m, server_txn_request(txn), &server_txn_flow(txn)->peer, status,
	                         NULL, make_tag(tag)))
		return;
	message_put(m, "Allow", allow);
	message_put(m, "Accept", "application/sdp");
	if (server_txn_respond(txn, m))
		LOG(LOG_WARN, KV("event", "answer"), KVN("code", status), KV("result", "not sent"));
	message_free(&m);
}

static bool in_networks(const struct config_trunk *trunk, const struct addr *peer)
{
	for (size_t i = 0; i < trunk->nnetworks; i++) {
		if (addr_in_net(peer, &trunk->networks[i]))
			return true;
	}
	return trunk->nnetworks == 0;
}

/* Who sent it: the trunk whose name the certificate proves (never what From says), or a phone.
 * False: nobody that we know, and it was answered. */
static bool identify(struct border *b, struct server_txn *txn, struct config_party *who)
{
	const struct flow *flow = server_txn_flow(txn);
	struct trunk *trunk = trunk_find(b->cfg.trunks, flow->conn->trunk);

	if (trunk) {
		*who = (struct config_party){ .kind = PARTY_TRUNK, .trunk = trunk_config(trunk) };
		server_txn_doubt(txn, false);
		if (in_networks(who->trunk, &flow->peer))
			return true;
		LOG(LOG_WARN, KV("trunk", who->trunk->name), KV("event", "refused"),
		    KV("why", "its call does not come from its networks"));
		server_txn_reply(txn, 403, NULL, NULL);
		return false;
	}
	who->kind = PARTY_PHONE;
	who->phone = phone_auth_check(b->cfg.auth, txn, sip_realm_config(flow->conn->realm));
	server_txn_doubt(txn, !who->phone);
	return who->phone != NULL;
}

static const struct config_realm *realm_of(const struct config_party *who)
{
	return who->kind == PARTY_TRUNK ? who->trunk->realm : who->phone->realm;
}

/* Not this call alone: the others need not all come again at once. */
static void refuse_for_now(struct server_txn *txn)
{
	server_txn_reply_later(txn, 503, 1, 10);
}

/* The number that is called, as the routes see it. */
static enum err dialled(const struct config_party *from, const char *user, char number[NUMBER_MAX])
{
	bool is_trunk = from->kind == PARTY_TRUNK;
	char read[NUMBER_MAX];
	enum err err = number_read(user, is_trunk ? read : number, NUMBER_MAX);

	return err || !is_trunk ? err
	                        : number_cross(from->trunk, TRUNK_IN, NUMBER_CALLED, read, number);
}

static void refuse_number(struct server_txn *txn)
{
	server_txn_reply(txn, 404, "No Usable Number In The Request-URI", NULL);
}

static void refuse(struct server_txn *txn, const struct call_refusal *refusal)
{
	if (refusal->status == 503)
		refuse_for_now(txn);
	else
		server_txn_reply(txn, refusal->status, NULL, NULL);
}

/* The caller's side: its place, its leg. False: it was answered. */
static bool open_caller(struct call *call, struct server_txn *txn)
{
	struct call_refusal refusal = { .status = 500 };

	if (admission_of_party(call, &call->caller, &refusal))
		admission_log(call->border, &call->caller.who, refusal.why);
	else if (call_take_leg(call, &call->caller, txn) == OK)
		return true;
	refuse(txn, &refusal);
	return false;
}

/* What is asked of the routes. */
struct asked {
	struct config_party from;
	char number[NUMBER_MAX], caller[NUMBER_MAX];
	struct caller_id id; /* the caller's */
	bool handed_on;      /* of a transfer */
};

static void set_caller(struct party *p, const struct asked *asked)
{
	party_set(p, &asked->from, asked->caller);
	p->id = asked->id;
}

static void start_call(struct border *b, struct server_txn *txn, const struct asked *asked,
                       const struct config_route *route)
{
	struct call *call;
	enum err err;

	if (call_new(&call, b)) {
		refuse_for_now(txn);
		return;
	}
	set_caller(&call->caller, asked);
	err = targets_begin(call, route, asked->number);
	if (err) {
		if (err == ERR_NOMEM)
			refuse_for_now(txn);
		else
			refuse_number(txn);
		call_free(&call);
		return;
	}
	if (!open_caller(call, txn)) {
		call_free(&call);
		return;
	}
	LOG(LOG_INFO, KV("call", call->id), KV("event", "invite"),
	    KV("from", party_name(&asked->from)), KV("caller", asked->caller),
	    KV("to", party_name(&call->callee.who)), KV("number", asked->number),
	    KV("call-id", message_call_id(server_txn_request(txn))));
	call_event(call, EV_START, NULL);
}

static const struct config_route *pick_route(const struct border *b, const struct asked *asked,
                                             const char *method)
{
	const struct route_query query = { .from = &asked->from,
		                           .called = asked->number,
		                           .caller = asked->caller,
		                           .method = method,
		                           .at_s = clock_wall_s(),
		                           .handed_on = asked->handed_on };

	return route_pick(b->cfg.cfg, &query);
}

/* The route, and room for one call more. NULL: it was answered. */
static const struct config_route *find_route(struct border *b, struct server_txn *txn,
                                             const struct asked *asked)
{
	const struct config_route *route = pick_route(b, asked, NULL);
	const char *why = admission_of_all(b, route && route->emergency == YES);
	unsigned suppressed;

	if (why) {
		admission_log(b, &asked->from, why);
		refuse_for_now(txn);
		return NULL;
	}
	if (route)
		return route;
	if (log_limit_admits(&b->unrouted, &suppressed))
		LOG(LOG_INFO, KV("event", "refused"), KV("from", party_name(&asked->from)),
		    KV("number", asked->number), KV("why", "no route for this number"),
		    KVN_LAST("suppressed", suppressed));
	server_txn_reply(txn, 404, "No Route For This Number", NULL);
	return NULL;
}

enum err border_route(const struct party *from, const char *user, struct call *call)
{
	struct asked asked = { .from = from->who, .handed_on = true };
	const struct config_route *route;

	snprintf(asked.caller, sizeof(asked.caller), "%s", from->number);
	if (dialled(&from->who, user, asked.number))
		return ERR_NOT_FOUND;
	route = pick_route(call->border, &asked, NULL);
	return route ? targets_begin(call, route, asked.number) : ERR_NOT_FOUND;
}

/* What nobody at the other end is to miss, and we cannot give. An emergency goes on without it. */
static bool refuses_body(struct server_txn *txn, const struct config_route *route)
{
	unsigned status = bodies_call_problem(server_txn_request(txn));

	if (status == 0 || route->emergency == YES)
		return false;
	server_txn_reply_with(txn, status, "Accept", BODIES_CALL_ACCEPT);
	return true;
}

static void on_invite(struct border *b, struct server_txn *txn, const struct message *invite)
{
	const struct config_route *route;
	struct session_timer_cfg session;
	struct party from = { 0 };
	struct asked asked = { .handed_on = false };
	struct uri uri;

	if (!identify(b, txn, &asked.from))
		return;
	if (!message_request_uri(invite, &uri) || dialled(&asked.from, uri.user, asked.number)) {
		refuse_number(txn);
		return;
	}
	if (!dialog_contact_is_good(invite)) { /* 8.1.1.8: without one no BYE would find it */
		server_txn_reply(txn, 400, "Missing Or Unusable Contact", NULL);
		return;
	}
	session = call_session(realm_of(&asked.from));
	if (session_timer_refuses(&session, txn, invite))
		return;
	caller_id_read(&asked.id, asked.caller, invite, &asked.from);
	set_caller(&from, &asked);
	if (pickup_on_invite(b, txn, &from))
		return;
	route = find_route(b, txn, &asked);
	if (route && !refuses_body(txn, route))
		start_call(b, txn, &asked, route);
}

/* Requests out of a call that a route may take. */
static void on_other(struct border *b, struct server_txn *txn, const struct message *request)
{
	const struct config_route *route;
	struct party from = { 0 }, to = { 0 };
	struct asked asked = { .handed_on = false };
	char called[NUMBER_MAX];
	unsigned refused;
	struct uri uri;

	if (!outside_knows(message_method_name(request))) {
		reply_with_allow(txn, 405, ALLOW_ALL);
		return;
	}
	if (!identify(b, txn, &asked.from))
		return;
	if (!message_request_uri(request, &uri) || dialled(&asked.from, uri.user, asked.number)) {
		refuse_number(txn);
		return;
	}
	if (b->shut) {
		refuse_for_now(txn);
		return;
	}
	caller_id_read(&asked.id, asked.caller, request, &asked.from);
	route = pick_route(b, &asked, message_method_name(request));
	if (!route) { /* phones that ask whether we have it are not to ask again */
		reply_with_allow(txn, 405, ALLOW_ROUTELESS);
		return;
	}
	set_caller(&from, &asked);
	number_shown(route, asked.caller, from.id.shown);
	if (number_by_route(route, NUMBER_CALLED, asked.number, called)) {
		refuse_number(txn);
		return;
	}
	party_set(&to, &route->to[0], called);
	refused = admission_of_request(b, &from, &to);
	if (!refused) {
		outside_pass(b, txn, &from, &to);
		return;
	}
	admission_log(b, &asked.from, "requests out of calls come too often");
	server_txn_reply_later(txn, refused, 1, 5);
}

static void on_register(struct border *b, struct server_txn *txn)
{
	struct config_party who;

	if (!identify(b, txn, &who))
		return;
	if (who.kind == PARTY_PHONE)
		registrar_on_register(b->cfg.locations, txn, who.phone);
	else
		server_txn_reply(txn, 403, NULL, NULL);
}

void border_on_request(void *border, struct server_txn *txn, const struct message *request)
{
	struct border *b = border;
	bool in_dialog = *message_to_tag(request);
	struct leg *leg = in_dialog ? dialog_find(b->cfg.dialogs, request) : NULL;

	server_txn_doubt(txn, !leg);
	if (in_dialog) {
		if (leg && !extensions_refuse(txn, request))
			leg_on_request(leg, txn, request);
		else if (!leg && !subscription_on_request(b, txn, request))
			server_txn_reply(txn, 481, NULL, NULL);
		return;
	}
	if (message_max_forwards(request) == 0 && message_method(request) != METHOD_OPTIONS) {
		server_txn_reply(txn, 483, NULL, NULL);
		return;
	}
	if (extensions_refuse(txn, request))
		return;
	switch (message_method(request)) {
	case METHOD_INVITE:
		on_invite(b, txn, request);
		return;
	case METHOD_REGISTER:
		on_register(b, txn);
		return;
	case METHOD_OPTIONS:
		reply_with_allow(txn, 200, ALLOW_ALL);
		return;
	case METHOD_BYE:
	case METHOD_PRACK:
	case METHOD_UPDATE:
		server_txn_reply(txn, 481, NULL, NULL);
		return;
	case METHOD_ACK:
	case METHOD_CANCEL:
		reply_with_allow(txn, 405, ALLOW_ALL);
		return;
	case METHOD_OTHER:
		on_other(b, txn, request);
		return;
	}
}

void border_on_ack(void *border, const struct message *ack, const struct flow *flow)
{
	struct border *b = border;
	struct leg *leg = dialog_find(b->cfg.dialogs, ack);

	if (leg)
		leg_on_ack(leg, ack, flow);
}
