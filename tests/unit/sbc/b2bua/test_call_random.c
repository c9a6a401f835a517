/* A call, its targets and its session under whatever may come, in any order: 100,000 calls of
 * chance. Call, targets, tables and timers are the real ones; the legs do by chance what leg.h
 * allows, the offer counts; now and then somebody picks the call up.
 * No call is stuck, each ends, and everything comes back. TRUNKGATE_SEED=N repeats a run. */
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
#include "sbc/b2bua/admission.h"
#include "sbc/b2bua/call_internal.h"
#include "sbc/b2bua/redirect.h"
#include "sbc/b2bua/names.h"
#include "sbc/b2bua/transfer.h"
#include "sbc/trunk/route.h"

#define CALLS      100000
#define EVENTS_MAX 24  /* of chance, before the call is brought to its end */
#define STEPS_MAX  200 /* until it must have ended */
#define STEP_MS    400
#define SDP        "v=0\r\n"
#define OTHER_SDP  "v=1\r\n"

enum leg_life { NEW, CALLING, WAITING, UNACKED, STANDING, HANGING_UP, OVER };
enum turn { NOTHING, OURS, THEIRS, AGREED };

struct leg {
	struct call *call;
	enum leg_life life;
	enum turn turn;
	bool offered;  /* its INVITE had one */
	bool relies;   /* its provisional answers are acknowledged */
	bool prack;    /* one with a session waits for that */
	bool answered; /* the 2xx waits for it, too */
	bool asked, fetched, unacked;
	bool asking, fetching;
	bool held; /* its offer waits for our answer */
	bool early, other_fork;
	bool cancelled, late;
};

struct offer {
	bool open;
	enum media_side from;
};

static struct {
	uint64_t seed, state;
	unsigned nlegs, noffers, call, buried;
	struct timers *timers;
	struct border border;
	struct message *ringing, *ringing_sdp, *ok, *ok_sdp, *busy, *invite, *invite_sdp,
	    *update_sdp, *ack, *ack_sdp, *pending;
} t;

static unsigned chance(unsigned below)
{
	t.state ^= t.state << 13;
	t.state ^= t.state >> 7;
	t.state ^= t.state << 17;
	return (unsigned)((t.state >> 11) % below);
}

static bool one_in(unsigned n)
{
	return chance(n) == 0;
}

/* --- the legs --- */

static struct leg *leg_make(struct call *call, enum leg_life life, enum turn turn)
{
	struct leg *leg = mem_zalloc(sizeof(*leg));

	assert_non_null(leg);
	leg->call = call;
	leg->life = life;
	leg->turn = turn;
	leg->relies = one_in(2);
	t.nlegs++;
	return leg;
}

void leg_free(struct leg **lp)
{
	if (!*lp)
		return;
	t.nlegs--;
	mem_free(*lp);
	*lp = NULL;
}

static void end_leg(struct leg *leg)
{
	leg->life = OVER;
	leg->asked = leg->asking = leg->held = leg->answered = leg->prack = false;
}

const struct message *leg_received_invite(const struct leg *leg)
{
	(void)leg;
	return NULL;
}

/* Transfers have their own test. */
void transfer_on_target(struct call *call, enum transfer_news news, unsigned status)
{
	(void)call;
	(void)news;
	(void)status;
}

void transfer_on_end(struct call *call)
{
	assert_null(call->transfer);
}

void transfer_forget(struct call *call)
{
	assert_null(call->transfer);
}

void leg_reject(struct leg *leg, unsigned status, const char *why)
{
	(void)why;
	assert_true(status >= 300 && status < 700);
	end_leg(leg);
}

void leg_reject_with(struct leg *leg, unsigned status, const char *why,
                     void (*add)(void *arg, struct message *m), void *arg)
{
	(void)add;
	(void)arg;
	leg_reject(leg, status, why);
}

enum err leg_progress(struct leg *leg, unsigned status, const char *sdp)
{
	assert_true(status > 100 && status < 200);
	if (leg->life != WAITING || leg->answered)
		return ERR_NOT_NOW;
	if (!sdp || leg->prack || leg->asked || leg->asking ||
	    (leg->turn != THEIRS && !(leg->turn == NOTHING && leg->relies)))
		return OK;
	if (leg->turn == NOTHING)
		leg->turn = OURS;
	leg->prack = leg->relies;
	return OK;
}

enum err leg_answer(struct leg *leg, const char *sdp)
{
	if (leg->life != WAITING || leg->answered)
		return ERR_NOT_NOW;
	if (one_in(50))
		return ERR_NOMEM;
	if (leg->prack) {
		leg->answered = true;
		return OK;
	}
	if (!leg->asked && !leg->asking && leg->turn != AGREED) {
		assert_non_null(sdp);
		leg->turn = leg->turn == THEIRS ? AGREED : OURS;
	}
	leg->life = UNACKED;
	return OK;
}

enum err leg_change(struct leg *leg, enum method like, const char *sdp)
{
	bool early = leg->life == CALLING || leg->life == WAITING;

	(void)like;
	if (!(leg->life == STANDING || (early && sdp && leg->relies)) || leg->asking ||
	    leg->asked || leg->unacked || leg->held || leg->turn != AGREED)
		return ERR_NOT_NOW;
	if (one_in(30))
		return ERR_NOMEM;
	leg->asking = true;
	leg->fetching = !sdp;
	if (sdp)
		leg->turn = OURS;
	return OK;
}

void leg_cancel_change(struct leg *leg)
{
	(void)leg;
}

enum err leg_accept(struct leg *leg, const char *sdp)
{
	if (!leg->asked)
		return ERR_NOT_NOW;
	assert_true(sdp || leg->fetched);
	leg->asked = false;
	if (one_in(50)) {
		leg->turn = AGREED;
		return ERR_NOMEM;
	}
	leg->unacked = leg->fetched || one_in(2);
	leg->turn = leg->fetched ? OURS : AGREED;
	return OK;
}

void leg_refuse(struct leg *leg, unsigned status, unsigned retry_after_s)
{
	(void)retry_after_s;
	assert_true(status >= 300 && status < 700);
	if (leg->asked)
		leg->turn = AGREED;
	leg->asked = false;
}

bool leg_holds_offer(const struct leg *leg)
{
	return leg->held;
}

enum err leg_confirm(struct leg *leg, const char *sdp)
{
	assert_non_null(sdp);
	if (!leg->held)
		return ERR_NOT_NOW;
	leg->held = false;
	leg->turn = AGREED;
	return one_in(50) ? ERR_NOMEM : OK;
}

bool leg_said(const struct leg *leg, const char *sdp)
{
	(void)leg;
	(void)sdp;
	return one_in(5);
}

unsigned leg_again_ms(const struct leg *leg, const struct message *refusal)
{
	(void)leg;
	return message_status(refusal) == 491 ? 1 + chance(4000) : 0;
}

bool leg_agreed(const struct leg *leg)
{
	return leg->turn == AGREED;
}

const char *leg_peer_sdp(const struct leg *leg)
{
	return leg->turn == NOTHING ? NULL : leg->other_fork ? OTHER_SDP : SDP;
}

static void hang_up(struct leg *leg)
{
	if (leg->answered) {
		end_leg(leg);
		leg->late = true;
	} else if (leg->life == STANDING || leg->life == UNACKED) {
		end_leg(leg);
		leg->life = HANGING_UP;
	}
}

void leg_bye(struct leg *leg)
{
	hang_up(leg);
}

void leg_bye_because(struct leg *leg, const char *reason)
{
	(void)reason;
	hang_up(leg);
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

void leg_cancel_because(struct leg *leg, const char *reason)
{
	(void)reason;
	leg->cancelled = leg->cancelled || leg->life == CALLING;
}

void leg_cancel(struct leg *leg)
{
	leg_cancel_because(leg, NULL);
}

bool leg_is_gone(const struct leg *leg)
{
	return leg->life == OVER || leg->life == NEW;
}

const struct flow *leg_flow(const struct leg *leg)
{
	static const struct flow none;

	(void)leg;
	return &none;
}

/* --- the offer --- */

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

struct anchor *offer_anchor(const struct offer *o)
{
	(void)o;
	return NULL;
}

/* --- the rest of the call --- */

struct timers *stack_timers(const struct stack *stack)
{
	(void)stack;
	return t.timers;
}

void pass_open(struct call *call)
{
	(void)call;
}

void pass_end(struct call *call)
{
	(void)call;
}

void admission_leave(struct party *p)
{
	p->trunk = NULL;
}

void redirect_follow(struct call *call, const struct message *answer)
{
	(void)call;
	(void)answer;
}

void trunk_report(struct trunk *trunk, const char *why)
{
	(void)trunk;
	(void)why;
}

bool transfer_takes(struct call *call, struct leg *leg, enum leg_event event,
                    const struct message *m)
{
	(void)call;
	(void)leg;
	(void)event;
	(void)m;
	return false;
}

bool pass_on_request(void *arg, struct leg *leg, struct server_txn *txn,
                     const struct message *request)
{
	(void)arg;
	(void)leg;
	(void)txn;
	(void)request;
	return false;
}

size_t route_order(const struct config_route *route, size_t order[ROUTE_TARGETS_MAX])
{
	for (size_t i = 0; i < route->nto; i++)
		order[i] = i;
	return route->nto;
}

/* Legs are made by this test, and move nowhere. */
void call_target(struct border *b, struct party *p, struct target *out)
{
	(void)b;
	(void)p;
	(void)out;
	fail();
}

void party_contact(const struct party *p, const struct server_txn *txn, char *out, size_t size)
{
	(void)p;
	(void)txn;
	(void)out;
	(void)size;
	fail();
}

enum err leg_new_uas(struct leg **out, const struct leg_env *env, struct server_txn *txn,
                     const struct leg_uas_cfg *cfg, const struct leg_handler *handler)
{
	(void)out;
	(void)env;
	(void)txn;
	(void)cfg;
	(void)handler;
	return ERR_LIMIT;
}

void leg_hand_over(struct leg *leg, const struct leg_handler *handler, const struct target *target)
{
	(void)leg;
	(void)handler;
	(void)target;
	fail();
}

const char *leg_call_id(const struct leg *leg)
{
	(void)leg;
	return "c";
}

bool redirect_pass(struct call *call, const struct message *answer)
{
	(void)call;
	(void)answer;
	return false;
}

enum err call_new_offer(struct call *call)
{
	call->offer->open = call->offer->open && call->offer->from == SIDE_CALLER;
	return one_in(20) ? ERR_LIMIT : OK;
}

static void on_no_answer(void *arg)
{
	struct call *call = arg;
	const struct call_news news = { .why = "chance" };
	bool next = call->state == CALL_CALLING && targets_go_on(call, NULL);

	call_event(call, next ? EV_CALLEE_NEXT : EV_NO_ANSWER, &news);
	call_check_gone(call);
}

static void call_one(struct call *call)
{
	static char slot;
	bool offers = call->caller.leg->offered;

	if (call->callee.who.kind == PARTY_TRUNK)
		call->callee.trunk = (struct trunk *)(void *)&slot;
	call->offer->open = offers || exchange_invents(call, SIDE_CALLEE);
	call->offer->from = SIDE_CALLER;
	exchange_begin(call, offers);
	call->callee.leg = leg_make(call, CALLING, call->offer->open ? OURS : NOTHING);
	if (!offers && !call->caller.leg->relies)
		call->callee.leg->relies = false;
	timer_start(t.timers, &call->no_answer, 1 + chance(20000), on_no_answer, call);
}

enum err call_set_up(struct call *call, struct call_refusal *refusal)
{
	refusal->status = 480;
	snprintf(refusal->why, sizeof(refusal->why), "chance");
	if (!call->offer) {
		call->offer = mem_zalloc(sizeof(*call->offer));
		assert_non_null(call->offer);
		t.noffers++;
	}
	while (targets_take(call)) {
		if (!one_in(20)) {
			call_one(call);
			return OK;
		}
		targets_leave(call, NULL);
	}
	return ERR_NOT_FOUND;
}

static void on_call_end(void *arg, const struct call_info *info)
{
	(void)arg;
	assert_true(info->code >= 200);
	t.buried++;
}

/* --- what may come --- */

static void tell(struct leg *leg, enum leg_event event, const struct message *m)
{
	const struct leg_handler handler = call_leg_handler(leg->call);

	handler.on_event(handler.arg, leg, event, m, m ? NULL : "chance");
}

static void progress(struct leg *leg)
{
	bool sdp = one_in(2);

	if (sdp && leg->turn == NOTHING && leg->relies) {
		leg->held = leg->early = true;
		leg->turn = THEIRS;
	} else if (sdp && leg->turn == OURS && !leg->asking && leg->relies) {
		leg->turn = AGREED;
	}
	tell(leg, LEG_PROGRESS, sdp ? t.ringing_sdp : t.ringing);
}

static void answer(struct leg *leg)
{
	bool sdp = !one_in(10);

	leg->life = STANDING;
	if (leg->early && one_in(3)) {
		leg->other_fork = leg->held = sdp = true;
		leg->turn = THEIRS;
		leg->asking = leg->asked = false;
	} else if (leg->turn == OURS && !leg->asking) {
		leg->turn = AGREED;
	} else if (leg->turn == NOTHING && sdp) {
		leg->turn = THEIRS;
		leg->held = true;
	}
	tell(leg, LEG_ANSWER, sdp ? t.ok_sdp : t.ok);
}

static void fail_call(struct leg *leg)
{
	end_leg(leg);
	tell(leg, LEG_FAIL, one_in(2) ? t.busy : NULL);
}

static void ask(struct leg *leg, bool fetch)
{
	leg->asked = true;
	leg->fetched = fetch;
	if (!fetch)
		leg->turn = THEIRS;
	tell(leg, fetch ? LEG_FETCH : LEG_OFFER,
	     fetch       ? t.invite
	     : one_in(2) ? t.invite_sdp
	                 : t.update_sdp);
}

static void prack(struct leg *leg)
{
	bool ours = leg->turn == OURS && !leg->asking;

	leg->prack = false;
	leg->turn = ours || leg->turn == THEIRS ? AGREED : leg->turn;
	if (ours)
		tell(leg, LEG_ANSWERED, one_in(8) ? t.ack : t.ack_sdp);
	if (leg->answered) {
		leg->answered = false;
		leg->life = UNACKED;
	}
}

static void ack(struct leg *leg)
{
	bool ours = leg->turn == OURS && !leg->asking;

	leg->life = STANDING;
	if (ours) {
		leg->turn = AGREED;
		tell(leg, LEG_ANSWERED, one_in(8) ? t.ack : t.ack_sdp);
	}
	tell(leg, LEG_ACK, t.ack);
}

static void ack_change(struct leg *leg)
{
	leg->unacked = false;
	if (leg->turn == OURS && !leg->asking) {
		leg->turn = AGREED;
		tell(leg, LEG_ANSWERED, one_in(8) ? t.ack : t.ack_sdp);
	}
}

static void end_change(struct leg *leg)
{
	bool well = one_in(2);

	leg->asking = false;
	if (leg->fetching && well) {
		leg->held = true;
		leg->turn = THEIRS;
	} else {
		leg->turn = AGREED;
	}
	tell(leg, well ? LEG_CHANGED : LEG_REFUSED,
	     well        ? t.ok_sdp
	     : one_in(3) ? t.pending
	     : one_in(2) ? t.busy
	                 : NULL);
}

static void lose(struct leg *leg)
{
	hang_up(leg);
	leg_cancel(leg);
	if (leg->life == WAITING)
		end_leg(leg);
	tell(leg, LEG_LOST, NULL);
}

static void bye(struct leg *leg)
{
	end_leg(leg);
	tell(leg, LEG_BYE, t.ack);
}

void leg_lose(struct leg *leg, const char *why)
{
	(void)why;
	lose(leg);
}

/* As pickup.c: who rings is left for somebody whose session is agreed at once. */
static void pick_up(struct call *call)
{
	const struct call_news news = { .why = "chance" };
	bool rings = call->state == CALL_CALLING || call->state == CALL_RINGING;

	if (!rings || call->exchange != EX_FIRST || call->caller.leg->turn != THEIRS)
		return;
	targets_leave(call, "SIP;cause=200");
	call->callee.target = NULL;
	call->callee.leg = leg_make(call, UNACKED, AGREED);
	if (leg_answer(call->caller.leg, SDP)) {
		hang_up(call->callee.leg);
		call_event(call, EV_CALLEE_FAIL, &news);
	} else {
		offer_settle(call->offer);
		call_event(call, EV_PICKED_UP, NULL);
	}
	call_check_gone(call);
}

static void may_ask(struct leg *leg)
{
	if (leg->turn != AGREED || leg->asked || leg->asking || leg->unacked || leg->held)
		return;
	if (leg->life == STANDING && one_in(4))
		tell(leg, LEG_MOVED, t.ok_sdp);
	else if (leg->life == STANDING || (leg->life != UNACKED && leg->relies))
		ask(leg, leg->life == STANDING && one_in(3));
}

/* Something that comes of what is under way, or nothing. */
static void go_on(struct leg *leg)
{
	if (leg->late) {
		leg->late = false;
		tell(leg, LEG_GONE, NULL);
	} else if (leg->life == HANGING_UP) {
		end_leg(leg);
		tell(leg, one_in(3) ? LEG_BYE : LEG_GONE, NULL);
	} else if (leg->life == CALLING && one_in(2)) {
		if (leg->cancelled && !one_in(4))
			fail_call(leg);
		else
			answer(leg);
	} else if (leg->prack) {
		one_in(8) ? lose(leg) : prack(leg);
	} else if (leg->life == UNACKED) {
		if (!one_in(5)) {
			ack(leg);
		} else {
			leg->life = STANDING;
			tell(leg, LEG_NO_ACK, NULL);
		}
	} else if (leg->asking) {
		one_in(10) ? lose(leg) : end_change(leg);
	} else if (leg->unacked) {
		one_in(10) ? lose(leg) : ack_change(leg);
	}
}

static void anything(struct leg *leg)
{
	bool stands = leg->life == STANDING || leg->life == UNACKED;

	switch (chance(9)) {
	case 0:
		if (leg->life == CALLING)
			progress(leg);
		break;
	case 1:
		if (leg->life == CALLING)
			fail_call(leg);
		break;
	case 2:
		if (leg->life == WAITING)
			tell(leg, LEG_CANCEL, t.invite);
		break;
	case 3:
		if (one_in(4) && leg->life != OVER && leg->life != NEW)
			bye(leg);
		break;
	case 4:
		if (one_in(8) && (stands || leg->life == WAITING))
			lose(leg);
		break;
	case 5:
	case 6:
		if (stands || leg->life == WAITING || leg->life == CALLING)
			may_ask(leg);
		break;
	case 7:
		if (leg->asked)
			tell(leg, LEG_WITHDRAWN, t.invite);
		break;
	default:
		go_on(leg);
		break;
	}
}

/* --- what must hold --- */

static void stuck(const struct call *call, const char *why)
{
	struct call_info info;

	call_get_info(call, &info);
	fail_msg("TRUNKGATE_SEED=%llu, call %u: %s in state %s, session %d, legs %d and %d",
	         (unsigned long long)t.seed, t.call, why, info.state, call->exchange,
	         call->caller.leg->life, call->callee.leg ? (int)call->callee.leg->life : -1);
}

static bool is_gone(const struct leg *leg)
{
	return !leg || leg_is_gone(leg);
}

static bool left_are_told(const struct call *call)
{
	const struct call_target *target;

	TAILQ_FOREACH (target, &call->targets.tried, link) {
		if (target->leg && target->leg->late)
			return false;
	}
	return true;
}

static void check(const struct call *call)
{
	const struct leg *caller = call->caller.leg, *callee = call->callee.leg;
	bool gone = is_gone(caller) && is_gone(callee) && targets_are_gone(call);
	bool told = !(caller && caller->late) && !(callee && callee->late) && left_are_told(call);

	if (gone && told && call->state != CALL_OVER)
		stuck(call, "both legs are gone");
	if (!gone && call->state == CALL_OVER)
		stuck(call, "a leg is left");
	if (call->state != CALL_UP || !call->offer)
		return;
	if (call->offer->open != (call->exchange == EX_PASSED || call->exchange == EX_PROPOSED ||
	                          call->exchange == EX_TOLD))
		stuck(call, "an offer is under way or is not");
	if (timer_running(&call->again) < (call->exchange == EX_OWED))
		stuck(call, "what is owed is forgotten");
	/* Who waits for an answer has one under way. */
	if ((call->caller.leg->asked || call->callee.leg->asked) && call->exchange != EX_PASSED &&
	    call->exchange != EX_FETCHING)
		stuck(call, "an offer has no answer");
}

static bool is_buried(void)
{
	return TAILQ_EMPTY(&t.border.calls);
}

static void turn(void)
{
	clock_fake_advance(STEP_MS);
	timers_run(t.timers);
}

/* The caller's leg, the callee's, or one that was left; NULL: there is none. */
static struct leg *any_leg(const struct call *call)
{
	const struct call_target *target;
	struct leg *leg = one_in(2) ? call->caller.leg : call->callee.leg;

	TAILQ_FOREACH (target, &call->targets.tried, link) {
		if (target->leg && one_in(4))
			leg = target->leg;
	}
	return leg;
}

static void step(struct call *call, void (*how)(struct leg *))
{
	struct leg *leg = any_leg(call);

	if (leg)
		how(leg);
	if (how == anything && one_in(20))
		pick_up(call);
	check(call);
	if (one_in(6))
		turn();
}

static void one_call(void)
{
	static const struct config_phone phone = { .name = "p" };
	static const struct config_trunk invents = { .name = "t", .delayed_offer = DELAYED_INVENT },
	                                 passes = { .name = "u" };
	static struct config_party to[3] = { { .kind = PARTY_TRUNK, .trunk = &invents },
		                             { .kind = PARTY_PHONE, .phone = &phone },
		                             { .kind = PARTY_TRUNK, .trunk = &passes } };
	const struct config_route route = { .to = &to[chance(3)], .nto = 1 };
	struct config_route some = { .to = to, .nto = 1 + chance(3) };
	struct call *call;
	unsigned n = chance(EVENTS_MAX), steps = 0;

	assert_int_equal(call_new(&call, &t.border), OK);
	call->caller.who.phone = &phone;
	assert_int_equal(targets_begin(call, one_in(2) ? &route : &some, "1"), OK);
	call->caller.leg = leg_make(call, WAITING, one_in(4) ? NOTHING : THEIRS);
	call->caller.leg->offered = call->caller.leg->turn == THEIRS;
	call_event(call, EV_START, NULL);
	while (!is_buried() && n-- > 0)
		step(call, anything);
	if (!is_buried() && one_in(4))
		call_event(call, EV_SHUTDOWN, NULL);
	for (; !is_buried() && steps < STEPS_MAX; steps++) {
		/* Somebody hangs up at last. */
		if (steps == STEPS_MAX / 2 && call->state != CALL_OVER)
			call_event(call, EV_SHUTDOWN, NULL);
		step(call, go_on);
		if (!is_buried())
			turn();
	}
	if (!is_buried())
		stuck(call, "it never ends");
	assert_int_equal(t.nlegs, 0);
	assert_int_equal(t.noffers, 0);
	assert_int_equal(t.buried, t.call + 1);
}

static struct message *make(const char *first, const char *method, const char *body)
{
	char text[512];
	struct message *m;

	snprintf(text, sizeof(text),
	         "%s\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\n"
	         "To: <sip:c@d>;tag=2\r\nCall-ID: x\r\nCSeq: 1 %s\r\n%s\r\n%s",
	         first, method, *body ? "Content-Type: application/sdp\r\n" : "", body);
	assert_int_equal(message_parse(&m, text, strlen(text)), OK);
	return m;
}

static void test_chance(void **state)
{
	const char *seed = getenv("TRUNKGATE_SEED");

	(void)state;
	t.seed = seed ? strtoull(seed, NULL, 10) : clock_wall_us();
	t.state = t.seed | 1;
	print_message("TRUNKGATE_SEED=%llu\n", (unsigned long long)t.seed);
	clock_fake(1000, 1700000000);
	for (t.call = 0; t.call < CALLS; t.call++)
		one_call();
	assert_int_equal(timers_next_ms(t.timers), UINT64_MAX);
	clock_real();
}

static int open_all(void **state)
{
	(void)state;
	message_library_open();
	log_set_level(LOG_ERROR);
	assert_int_equal(timers_new(&t.timers), OK);
	TAILQ_INIT(&t.border.calls);
	t.border.on_end = on_call_end;
	t.ringing = make("SIP/2.0 180 Ringing", "INVITE", "");
	t.ringing_sdp = make("SIP/2.0 183 Session Progress", "INVITE", SDP);
	t.ok = make("SIP/2.0 200 OK", "INVITE", "");
	t.ok_sdp = make("SIP/2.0 200 OK", "INVITE", SDP);
	t.busy = make("SIP/2.0 486 Busy Here", "INVITE", "");
	t.pending = make("SIP/2.0 491 Request Pending", "INVITE", "");
	t.invite = make("INVITE sip:a@b SIP/2.0", "INVITE", "");
	t.invite_sdp = make("INVITE sip:a@b SIP/2.0", "INVITE", SDP);
	t.update_sdp = make("UPDATE sip:a@b SIP/2.0", "UPDATE", SDP);
	t.ack = make("ACK sip:a@b SIP/2.0", "ACK", "");
	t.ack_sdp = make("ACK sip:a@b SIP/2.0", "ACK", SDP);
	return 0;
}

static int close_all(void **state)
{
	struct message **all[] = { &t.ringing, &t.ringing_sdp, &t.ok,         &t.ok_sdp,
		                   &t.busy,    &t.invite,      &t.invite_sdp, &t.update_sdp,
		                   &t.ack,     &t.ack_sdp,     &t.pending };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		message_free(all[i]);
	timers_free(&t.timers);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_chance) };

	return cmocka_run_group_tests(tests, open_all, close_all);
}
