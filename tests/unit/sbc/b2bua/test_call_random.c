/* Calls, their targets, sessions, transfers and what they pass on, under whatever may come, in any
 * order: 100,000 calls of chance, some at a time, so that they meet. Calls, tables and timers are
 * the real ones; legs, transactions and offers do by chance what their headers allow (chance_*.h).
 * No call is stuck, each ends, each request has one answer, and everything comes back.
 * TRUNKGATE_SEED=N repeats a run. */
#include "tests/unit/sbc/b2bua/chance_calls.h"

#include "base/clock.h"
#include "base/log.h"
#include "sbc/b2bua/pickup.h"
#include "sbc/b2bua/transfer_internal.h"

#define CALLS      100000
#define AT_ONCE    3
#define EVENTS_MAX 24  /* of chance, for each, before they are brought to their ends */
#define STEPS_MAX  200 /* until they must have ended */
#define STEP_MS    400

static void on_call_end(void *arg, const struct call_info *info)
{
	(void)arg;
	assert_true(info->code >= 200);
}

/* --- what may come --- */

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
	} else {
		tell(leg, LEG_FREE, t.ack);
	}
}

static void end_refresh(struct leg *leg)
{
	leg->refreshing = false;
	if (one_in(2))
		tell(leg, LEG_MOVED, t.ok_sdp);
	tell(leg, LEG_FREE, t.ok);
}

static void end_change(struct leg *leg)
{
	bool well = !t.no_time && one_in(2);

	leg->asking = false;
	if (leg->fetching && well) {
		leg->held = true;
		leg->turn = THEIRS;
	} else {
		leg->turn = AGREED;
	}
	tell(leg, well ? LEG_CHANGED : LEG_REFUSED,
	     well                     ? t.ok_sdp
	     : t.no_time || one_in(3) ? t.pending
	     : one_in(2)              ? t.busy
	                              : NULL);
}

static void bye(struct leg *leg)
{
	answer_invite(leg, 487);
	requests_free(leg);
	end_leg(leg);
	leg->late = false;
	tell(leg, LEG_BYE, t.ack);
}

static struct leg *any_leg(void)
{
	struct leg *leg = LIST_FIRST(&legs);

	for (unsigned n = t.nlegs ? chance(t.nlegs) : 0; n > 0; n--)
		leg = LIST_NEXT(leg, link);
	return leg;
}

/* A request that the leg leaves to its owner. */
static void request(struct leg *leg, const char *method, const char *head)
{
	char first[64];
	struct server_txn *txn;

	snprintf(first, sizeof(first), "%s sip:us@192.0.2.9 SIP/2.0", method);
	txn = txn_make(make(first, method, head, ""));
	if (!leg->handler.on_request(leg->handler.arg, leg, txn, txn->request))
		txn_answer(txn, 405);
}

/* Another one that its party has in a call that stands or rings; else any. */
static struct leg *other_leg(const struct leg *leg)
{
	struct call *own = leg->handler.arg, *call;
	const struct config_party *who = &call_party(own, leg)->who;

	TAILQ_FOREACH (call, &t.border.calls, link) {
		if (call == own || (call->state != CALL_UP && call->state != CALL_RINGING) ||
		    one_in(8))
			continue;
		if (party_same(&call->caller.who, who))
			return call->caller.leg;
		if (party_same(&call->callee.who, who))
			return call->callee.leg;
	}
	return any_leg();
}

/* To somebody new, or to whom another leg speaks with. */
static void refer(struct leg *leg)
{
	struct call *call = leg->handler.arg;
	bool in_vain = call->transfer != NULL;
	char head[256];

	if (one_in(2))
		snprintf(head, sizeof(head), "Refer-To: <sip:1@192.0.2.9>\r\n%s",
		         one_in(4) ? "Refer-Sub: false\r\n" : "");
	else
		snprintf(
		    head, sizeof(head),
		    "Refer-To: <sip:1@192.0.2.9?Replaces=%s%%3Bto-tag%%3Dus%%3Bfrom-tag%%3Dthem>"
		    "\r\n",
		    leg_call_id(other_leg(leg)));
	request(leg, "REFER", head);
	if (!in_vain && call->transfer && call->transfer->call == call &&
	    !call->transfer->notify.silent)
		leg->subscribed = true;
}

static void ask_owner(struct leg *leg)
{
	if (leg->life == NEW || leg->life >= LEAVING)
		return;
	if (one_in(2))
		refer(leg);
	else if (one_in(4))
		request(leg, "NOTIFY", "Event: refer\r\nSubscription-State: active\r\n");
	else
		request(leg, one_in(2) ? "INFO" : "MESSAGE", "");
}

/* Somebody wants to have another's place, or to join. */
static void take_over(void)
{
	struct party from = { 0 };
	struct server_txn *txn;
	char head[128];

	party_set(&from, anybody(), "2");
	snprintf(head, sizeof(head), "%s: %s;to-tag=us;from-tag=them%s\r\n",
	         one_in(8) ? "Join" : "Replaces", leg_call_id(any_leg()),
	         one_in(8) ? ";early-only" : "");
	txn =
	    txn_make(make("INVITE sip:us@192.0.2.9 SIP/2.0", "INVITE", head, one_in(8) ? "" : SDP));
	if (!pickup_on_invite(&t.border, txn, &from))
		txn_answer(txn, 486);
}

static void may_ask(struct leg *leg)
{
	if (leg->turn != AGREED || leg->asked || leg->asking || leg->unacked || leg->held ||
	    leg->refreshing)
		return;
	if (leg->life == STANDING && one_in(4))
		leg->refreshing = true;
	else if (leg->life == STANDING || (leg->life != UNACKED && leg->relies))
		ask(leg, leg->life == STANDING && one_in(3));
}

/* Something that comes of what is under way, or nothing. */
static void go_on(struct leg *leg)
{
	if (leg->late) {
		leg->late = false;
		tell(leg, LEG_GONE, NULL);
	} else if (!LIST_EMPTY(&leg->requests) && one_in(2)) {
		one_in(8)   ? request_end(LIST_FIRST(&leg->requests), NULL, "chance")
		: one_in(8) ? request_end(LIST_FIRST(&leg->requests), t.gone, NULL)
		: one_in(8) ? request_end(LIST_FIRST(&leg->requests), t.busy, NULL)
		            : request_end(LIST_FIRST(&leg->requests), t.ok, NULL);
	} else if (leg->life == LEAVING) {
		hang_up(leg);
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
	} else if (leg->refreshing) {
		one_in(10) ? lose(leg) : end_refresh(leg);
	} else if (leg->unacked) {
		one_in(10) ? lose(leg) : ack_change(leg);
	}
}

static void anything(struct leg *leg)
{
	bool stands = leg->life == STANDING || leg->life == UNACKED;

	switch (chance(10)) {
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
	case 8:
		ask_owner(leg);
		break;
	default:
		go_on(leg);
		break;
	}
}

/* --- what must hold --- */

static void stuck(const struct call *call, const char *why)
{
	const struct leg *caller = call->caller.leg, *callee = call->callee.leg;

	fail_msg("TRUNKGATE_SEED=%llu, call %u: %s in state %s, session %d, legs %d and %d, "
	         "transfer %d",
	         (unsigned long long)t.seed, t.calls, why, call_state_name(call->state),
	         call->exchange, caller ? (int)caller->life : -1, callee ? (int)callee->life : -1,
	         call->transfer ? (int)call->transfer->state : -1);
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

static void check_session(const struct call *call)
{
	if (call->offer->open != (call->exchange == EX_PASSED || call->exchange == EX_PROPOSED ||
	                          call->exchange == EX_TOLD))
		stuck(call, "an offer is under way or is not");
	if (timer_running(&call->again) < (call->exchange == EX_OWED))
		stuck(call, "what is owed is forgotten");
	/* Who waits for an answer has one under way. */
	if ((call->caller.leg->asked || call->callee.leg->asked) && call->exchange != EX_PASSED &&
	    call->exchange != EX_FETCHING && call->exchange != EX_HELD)
		stuck(call, "an offer has no answer");
	if ((call->exchange == EX_PASSED || call->exchange == EX_FETCHING) &&
	    !exchange_leg(call, call->asker == SIDE_CALLER ? SIDE_CALLEE : SIDE_CALLER)->asking)
		stuck(call, "an offer is with nobody");
	if (call->exchange == EX_HELD &&
	    !leg_is_busy(
	        exchange_leg(call, call->asker == SIDE_CALLER ? SIDE_CALLEE : SIDE_CALLER)))
		stuck(call, "an offer waits for nothing");
}

static void check_transfer(const struct call *call)
{
	const struct transfer *x = call->transfer;
	const struct leg *asked;

	if (call != x->call && call != x->next && call != x->other)
		stuck(call, "a transfer of others");
	switch (x->state) {
	case TRANSFER_CALLING:
		if (!x->next || x->next->state != CALL_REFERRED)
			stuck(call, "a transfer calls nobody");
		return;
	case TRANSFER_WAITING:
		if (x->next || !x->other || !x->other->caller.leg || x->other->state == CALL_UP)
			stuck(call, "a transfer waits for nobody");
		return;
	case TRANSFER_ASKING:
	case TRANSFER_JOINING:
		asked = x->state == TRANSFER_ASKING ? x->target->leg : x->stays->leg;
		if (!x->next || x->next->state != CALL_JOINING)
			stuck(call, "a transfer makes no call");
		if (x->asked ? !asked->asking : !timer_running(&x->timer))
			stuck(call, "a transfer waits for nothing");
		return;
	case TRANSFER_DONE:
		if (x->next || x->other)
			stuck(call, "a transfer is over and is not");
		if (call->state == CALL_UP && !x->notify.out)
			stuck(call, "a transfer is never forgotten");
		return;
	}
}

static void check(const struct call *call)
{
	const struct leg *caller = call->caller.leg, *callee = call->callee.leg;
	bool gone = is_gone(caller) && is_gone(callee) && targets_are_gone(call);
	bool told = !(caller && caller->late) && !(callee && callee->late) && left_are_told(call);

	if (gone && told && call->state != CALL_OVER && call->state != CALL_JOINING)
		stuck(call, "both legs are gone");
	if (!gone && call->state == CALL_OVER)
		stuck(call, "a leg is left");
	if (call->transfer)
		check_transfer(call);
	else if (call->state == CALL_JOINING || call->state == CALL_REFERRED)
		stuck(call, "a transfer's call has no transfer");
	if (call->state != CALL_UP)
		return;
	if (!caller || !callee || caller->handler.arg != call || callee->handler.arg != call)
		stuck(call, "it has not its legs");
	if (!call->transfer && (caller->subscribed || callee->subscribed))
		stuck(call, "who asked for a transfer never hears the end of it");
	if ((!lane_is_empty(&call->to_caller) && LIST_EMPTY(&caller->requests)) ||
	    (!lane_is_empty(&call->to_callee) && LIST_EMPTY(&callee->requests)))
		stuck(call, "what is to be passed on waits for nothing");
	check_session(call);
}

static void check_all(void)
{
	const struct call *call;

	TAILQ_FOREACH (call, &t.border.calls, link)
		check(call);
	txns_go_on();
}

static bool all_are_buried(void)
{
	return TAILQ_EMPTY(&t.border.calls);
}

static void turn(void)
{
	clock_fake_advance(STEP_MS);
	timers_run(t.timers);
}

/* Nobody hears anything, or an emergency needs the place. */
static void end_call(void)
{
	static const struct call_news news = { .why = "chance" };
	struct call *call = any_leg()->handler.arg;

	call_event(call, one_in(2) ? EV_NO_MEDIA : EV_SHUTDOWN, &news);
	call_check_gone(call);
}

static void step(void)
{
	struct leg *leg = any_leg();

	if (leg && one_in(30))
		take_over();
	else if (leg && one_in(100))
		end_call();
	else if (leg)
		anything(leg);
	check_all();
	if (one_in(6))
		turn();
}

/* Each leg, whatever becomes of the others meanwhile. */
static void all_go_on(void)
{
	struct leg *leg = LIST_FIRST(&legs), *next;

	for (; leg; leg = next) {
		next = LIST_NEXT(leg, link);
		go_on(leg);
		check_all();
	}
}

static void shut(void)
{
	struct call *call, *next;

	for (call = TAILQ_FIRST(&t.border.calls); call; call = next) {
		next = TAILQ_NEXT(call, link);
		call_event(call, EV_SHUTDOWN, NULL);
		call_check_gone(call);
	}
}

static void start_call(void)
{
	struct leg_handler handler;
	struct call *call;

	t.calls++;
	assert_int_equal(call_new(&call, &t.border), OK);
	handler = call_leg_handler(call);
	party_set(&call->caller, anybody(), "3");
	assert_int_equal(targets_begin(call, any_route(), "1"), OK);
	call->caller.leg = leg_make(&handler, WAITING, one_in(4) ? NOTHING : THEIRS);
	call->caller.leg->offered = call->caller.leg->turn == THEIRS;
	call_event(call, EV_START, NULL);
	/* Many stand at once: there is most that can happen to them. */
	if (one_in(3) || !call->callee.leg)
		return;
	if (one_in(2))
		progress(call->callee.leg);
	if (call->caller.leg->prack)
		prack(call->caller.leg);
	if (call->callee.leg->life == CALLING)
		answer(call->callee.leg);
	if (call->caller.leg->life == UNACKED)
		ack(call->caller.leg);
}

static void some_calls(void)
{
	unsigned calls = 1 + chance(AT_ONCE), n = chance(EVENTS_MAX * calls), steps = 0;

	t.no_time = one_in(50);
	while (calls-- > 0)
		start_call();
	while (!all_are_buried() && n-- > 0)
		step();
	if (one_in(4))
		shut();
	for (; !all_are_buried() && steps < STEPS_MAX; steps++) {
		/* Somebody hangs up at last. */
		if (steps >= STEPS_MAX / 2)
			shut();
		all_go_on();
		turn();
	}
	if (!all_are_buried())
		stuck(TAILQ_FIRST(&t.border.calls), "it never ends");
	while (!LIST_EMPTY(&txns))
		txns_go_on();
	assert_int_equal(t.nlegs, 0);
	assert_int_equal(t.noffers, 0);
	assert_int_equal(t.nslots, 0);
	assert_int_equal(t.nrequests, 0);
	assert_int_equal(t.border.ncalls, 0);
}

static void test_chance(void **state)
{
	const char *seed = getenv("TRUNKGATE_SEED");

	(void)state;
	t.seed = seed ? strtoull(seed, NULL, 10) : clock_wall_us();
	t.state = t.seed | 1;
	print_message("TRUNKGATE_SEED=%llu\n", (unsigned long long)t.seed);
	clock_fake(1000, 1700000000);
	while (t.calls < CALLS)
		some_calls();
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
	make_all();
	return 0;
}

static int close_all(void **state)
{
	(void)state;
	free_all();
	timers_free(&t.timers);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_chance) };

	return cmocka_run_group_tests(tests, open_all, close_all);
}
