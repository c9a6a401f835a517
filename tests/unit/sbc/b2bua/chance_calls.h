/* What calls of test_call_random.c stand on besides legs: offers that count, routes, names and
 * places by chance. */
#ifndef TESTS_UNIT_SBC_B2BUA_CHANCE_CALLS_H
#define TESTS_UNIT_SBC_B2BUA_CHANCE_CALLS_H

#include "sbc/b2bua/admission.h"
#include "sbc/b2bua/exchange_internal.h"
#include "sbc/b2bua/names.h"
#include "sbc/b2bua/redirect.h"
#include "sbc/trunk/route.h"
#include "tests/unit/sbc/b2bua/chance_legs.h"

struct offer {
	bool open;
	enum media_side from;
};

void offer_note_host(struct offer *o, enum media_side side, const struct addr *host)
{
	(void)o;
	(void)side;
	(void)host;
}

enum err offer_make(struct offer *o, enum media_side side, const char *sdp, size_t len,
                    struct buf *out, struct offer_problem *problem)
{
	(void)len;
	assert_non_null(sdp);
	*problem = (struct offer_problem){ .status = 488, .why = "chance" };
	if (o->open && o->from != side)
		return ERR_NOT_NOW;
	o->open = !one_in(20);
	o->from = side;
	if (o->open)
		buf_puts(out, SDP);
	return o->open ? OK : ERR_REFUSED;
}

enum err offer_answer(struct offer *o, const char *sdp, size_t len, struct buf *out,
                      struct offer_problem *problem)
{
	(void)len;
	assert_non_null(sdp);
	assert_true(o->open);
	*problem = (struct offer_problem){ .status = 488, .why = "chance" };
	if (one_in(20))
		return ERR_REFUSED;
	if (out)
		buf_puts(out, SDP);
	return OK;
}

bool offer_is_open(const struct offer *o)
{
	return o->open;
}

void offer_settle(struct offer *o)
{
	o->open = false;
}

void offer_drop(struct offer *o)
{
	o->open = false;
}

void offer_take_back(struct offer *o)
{
	offer_drop(o);
}

void offer_close(struct offer **op)
{
	if (*op)
		t.noffers--;
	mem_free(*op);
	*op = NULL;
}

enum srtp_suite offer_suite(const struct offer *o, enum media_side side)
{
	(void)o;
	(void)side;
	return SRTP_NONE;
}

enum err offer_continue(struct offer *o, enum media_side side, const struct offer *was,
                        enum media_side was_side)
{
	(void)o;
	(void)side;
	(void)was_side;
	assert_non_null(was);
	return one_in(50) ? ERR_NOMEM : OK;
}

enum err offer_meet(struct offer *o, const struct offer_meeting *m, struct offer_problem *problem)
{
	size_t len = strlen(m->called);
	enum err err = offer_make(o, SIDE_CALLER, m->called, len, m->to_picker, problem);

	if (!err)
		err = offer_answer(o, m->picked, strlen(m->picked), m->to_caller, problem);
	if (err)
		offer_drop(o);
	return err;
}

struct anchor *offer_anchor(const struct offer *o)
{
	(void)o;
	return NULL;
}

static inline enum err offer_open(struct offer **out)
{
	if (one_in(20))
		return ERR_LIMIT;
	*out = mem_zalloc(sizeof(**out));
	assert_non_null(*out);
	t.noffers++;
	return OK;
}

enum err call_new_offer(struct call *call)
{
	if (!call->offer)
		return offer_open(&call->offer);
	call->offer->open = call->offer->open && call->offer->from == SIDE_CALLER;
	return one_in(20) ? ERR_LIMIT : OK;
}

enum err call_try_offer(const struct call *call, const struct party *callee, struct offer **out)
{
	(void)call;
	(void)callee;
	return offer_open(out);
}

/* --- who may call whom --- */

static struct config_realm office = { .name = "office", .transfer = TRANSFER_CARRY_OUT },
                           internet = { .name = "internet" };
static const struct config_phone phones[] = { { .name = "p", .realm = &office },
	                                      { .name = "q", .realm = &office } };
static const struct config_trunk trunks[] = {
	{ .name = "t", .realm = &internet, .delayed_offer = DELAYED_INVENT },
	{ .name = "u", .realm = &internet, .transfer = TRANSFER_PASS },
	{ .name = "v", .realm = &internet, .transfer_from_trunk = YES }
};
static struct config_party everybody[] = { { .kind = PARTY_TRUNK, .trunk = &trunks[0] },
	                                   { .kind = PARTY_PHONE, .phone = &phones[0] },
	                                   { .kind = PARTY_TRUNK, .trunk = &trunks[1] },
	                                   { .kind = PARTY_PHONE, .phone = &phones[1] },
	                                   { .kind = PARTY_TRUNK, .trunk = &trunks[2] } };

static inline const struct config_party *anybody(void)
{
	return &everybody[chance(ARRAY_LEN(everybody))];
}

/* One, or those after it as well. */
static inline const struct config_route *any_route(void)
{
	static struct config_route routes[ARRAY_LEN(everybody) + 3];
	unsigned from = chance(ARRAY_LEN(everybody)), i = from;

	if (from < 3 && one_in(2))
		i = ARRAY_LEN(everybody) + from;
	routes[i].to = &everybody[from];
	routes[i].nto = i == from ? 1 : 2 + from % 2;
	return &routes[i];
}

enum err admission_of_party(struct call *call, struct party *p, struct call_refusal *refusal)
{
	static char slot;

	(void)call;
	if (one_in(20)) {
		call_refuse(refusal, 486, "chance");
		return ERR_LIMIT;
	}
	t.nslots++;
	if (p->who.kind == PARTY_TRUNK)
		p->trunk = (struct trunk *)(void *)&slot;
	else
		p->limit = (struct limit *)(void *)&slot;
	return OK;
}

enum err admission_in_place(struct call *call, struct party *p, const struct party *replaced,
                            struct call_refusal *refusal)
{
	assert_non_null(replaced);
	return admission_of_party(call, p, refusal);
}

void admission_leave(struct party *p)
{
	t.nslots -= p->trunk || p->limit;
	p->trunk = NULL;
	p->limit = NULL;
}

void call_refuse(struct call_refusal *r, unsigned status, const char *why)
{
	r->status = status;
	snprintf(r->why, sizeof(r->why), "%s", why);
}

size_t route_order(const struct config_route *route, size_t order[ROUTE_TARGETS_MAX])
{
	for (size_t i = 0; i < route->nto; i++)
		order[i] = i;
	return route->nto;
}

const struct config_route *route_pick(const struct config *cfg, const struct route_query *q)
{
	(void)cfg;
	(void)q;
	return one_in(4) ? NULL : any_route();
}

enum err border_route(const struct party *from, const char *user, struct call *call)
{
	(void)from;
	return one_in(10) ? ERR_NOT_FOUND : targets_begin(call, any_route(), user);
}

enum err names_make(struct border *b, struct names *n, const struct party *from, struct party *to)
{
	(void)b;
	(void)from;
	(void)to;
	memset(n, 0, sizeof(*n));
	snprintf(n->request_uri, sizeof(n->request_uri), "sip:1@192.0.2.7");
	return one_in(50) ? ERR_LIMIT : OK;
}

void call_target(struct border *b, struct party *p, struct target *out)
{
	(void)b;
	(void)p;
	memset(out, 0, sizeof(*out));
}

const char *party_shown(const struct party *p)
{
	return p->number;
}

void party_contact(const struct party *p, const struct server_txn *txn, char *out, size_t size)
{
	(void)p;
	(void)txn;
	snprintf(out, size, "sip:us@192.0.2.9");
}

/* --- a callee --- */

static void on_no_answer(void *arg)
{
	struct call *call = arg;
	const struct call_news news = { .why = "chance" };
	bool next = call->state == CALL_CALLING && targets_go_on(call, NULL);

	call_event(call, next ? EV_CALLEE_NEXT : EV_NO_ANSWER, &news);
	call_check_gone(call);
}

/* As call_setup.c: with the caller's offer, without one, or with one of ours. */
static inline void call_one(struct call *call)
{
	const struct leg_handler handler = call_leg_handler(call);
	struct leg *caller = call->caller.leg;
	bool offers = caller ? caller->offered : call->said != NULL;

	call->offer->open = offers || exchange_invents(call, SIDE_CALLEE);
	call->offer->from = SIDE_CALLER;
	exchange_begin(call, offers);
	call->callee.leg = leg_make(&handler, CALLING, call->offer->open ? OURS : NOTHING);
	call->callee.call_id = mem_strdup(leg_call_id(call->callee.leg));
	if (!offers && !(caller && caller->relies))
		call->callee.leg->relies = false;
	timer_start(t.timers, &call->no_answer, 1 + chance(20000), on_no_answer, call);
}

enum err call_set_up(struct call *call, struct call_refusal *refusal)
{
	enum err err = ERR_NOT_FOUND;

	call_refuse(refusal, 480, "chance");
	while (targets_take(call)) {
		err = admission_of_party(call, &call->callee, refusal);
		if (!err)
			err = call_new_offer(call);
		if (!err) {
			call_one(call);
			return OK;
		}
		targets_leave(call, NULL);
	}
	return err;
}

/* --- the rest --- */

struct timers *stack_timers(const struct stack *stack)
{
	(void)stack;
	return t.timers;
}

void call_on_send(void *arg, struct leg *leg, struct message *m)
{
	(void)arg;
	(void)leg;
	(void)m;
}

const char *call_reason(const struct call *call, const struct leg *leg, char out[HEADER_LINE_MAX])
{
	(void)call;
	(void)leg;
	(void)out;
	return NULL;
}

void redirect_follow(struct call *call, const struct message *answer)
{
	(void)call;
	(void)answer;
}

bool redirect_pass(struct call *call, const struct message *answer)
{
	(void)call;
	(void)answer;
	return false;
}

void trunk_report(struct trunk *trunk, const char *why)
{
	(void)trunk;
	(void)why;
}

#endif
