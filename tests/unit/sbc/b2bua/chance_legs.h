/* Legs of test_call_random.c: what leg.h allows, by chance. */
#ifndef TESTS_UNIT_SBC_B2BUA_CHANCE_LEGS_H
#define TESTS_UNIT_SBC_B2BUA_CHANCE_LEGS_H

#include "sbc/b2bua/said.h"
#include "tests/unit/sbc/b2bua/chance_txns.h"

enum leg_life { NEW, CALLING, WAITING, UNACKED, STANDING, LEAVING, HANGING_UP, OVER };
enum turn { NOTHING, OURS, THEIRS, AGREED };

struct leg_request {
	LIST_ENTRY(leg_request) link;
	struct leg *leg;
	void (*on_end)(void *arg, const struct message *answer, const char *why);
	void *arg;
	bool is_last; /* the NOTIFY that ends a subscription */
};

struct leg {
	LIST_ENTRY(leg) link;
	struct leg_handler handler;
	char call_id[16];
	struct server_txn *invited;
	LIST_HEAD(, leg_request) requests;
	bool subscribed; /* by a REFER, and has not heard the end of it */
	enum leg_life life;
	enum turn turn;
	bool offered;  /* its INVITE had one */
	bool relies;   /* its provisional answers are acknowledged */
	bool prack;    /* one with a session waits for that */
	bool answered; /* the 2xx waits for it, too */
	bool asked, fetched, unacked;
	bool asking, fetching, refreshing;
	bool held; /* its offer waits for our answer */
	bool early, other_fork;
	bool cancelled, late;
};

static LIST_HEAD(, leg) legs;

static inline struct leg *leg_make(const struct leg_handler *handler, enum leg_life life,
                                   enum turn turn)
{
	struct leg *leg = mem_zalloc(sizeof(*leg));

	assert_non_null(leg);
	leg->handler = *handler;
	leg->life = life;
	leg->turn = turn;
	leg->relies = one_in(2);
	snprintf(leg->call_id, sizeof(leg->call_id), "leg%u", t.legs++);
	LIST_INIT(&leg->requests);
	LIST_INSERT_HEAD(&legs, leg, link);
	t.nlegs++;
	return leg;
}

static inline void tell(struct leg *leg, enum leg_event event, const struct message *m)
{
	leg->handler.on_event(leg->handler.arg, leg, event, m, m ? NULL : "chance");
}

/* --- what it sends for its owner --- */

static inline void request_end(struct leg_request *rq, const struct message *answer,
                               const char *why)
{
	const struct leg_request was = *rq;

	LIST_REMOVE(rq, link);
	mem_free(rq);
	t.nrequests--;
	if (!answer || message_status(answer) >= 300 || was.is_last)
		was.leg->subscribed = false;
	was.on_end(was.arg, answer, why);
}

static inline void requests_free(struct leg *leg)
{
	while (!LIST_EMPTY(&leg->requests))
		request_end(LIST_FIRST(&leg->requests), NULL, NULL);
}

enum err leg_pass(struct leg *leg, const char *method, struct message **out)
{
	enum err err;

	if (leg->life == NEW || leg->life == CALLING || leg->life >= LEAVING)
		return ERR_NOT_NOW;
	err = one_in(50) ? ERR_NOMEM : message_new_request(out, method, "sip:far@192.0.2.7");
	if (err)
		leg->subscribed = false; /* nobody tells it anything any more */
	else
		message_add(*out, "To", "<sip:far@192.0.2.7>;tag=1");
	return err;
}

enum err leg_pass_send(struct leg_request **out, struct leg *leg, struct message *m,
                       void (*on_end)(void *, const struct message *, const char *), void *arg)
{
	const char *state = message_header(m, "Subscription-State", 0);
	struct leg_request *rq;

	if (one_in(50)) {
		leg->subscribed = false;
		return ERR_NOMEM;
	}
	rq = mem_zalloc(sizeof(*rq));
	assert_non_null(rq);
	*rq = (struct leg_request){ .leg = leg,
		                    .on_end = on_end,
		                    .arg = arg,
		                    .is_last = state && strncmp(state, "terminated", 10) == 0 };
	LIST_INSERT_HEAD(&leg->requests, rq, link);
	t.nrequests++;
	*out = rq;
	return OK;
}

void leg_pass_forget(struct leg_request **rqp)
{
	LIST_REMOVE(*rqp, link);
	mem_free(*rqp);
	t.nrequests--;
	*rqp = NULL;
}

bool leg_peer_takes(const struct leg *leg, const char *method)
{
	(void)leg;
	(void)method;
	return !one_in(10);
}

void leg_allow(const struct leg *leg, char out[LEG_ALLOW_MAX])
{
	(void)leg;
	snprintf(out, LEG_ALLOW_MAX, "INVITE");
}

/* --- whose it is --- */

void leg_hand_over(struct leg *leg, const struct leg_handler *handler, const struct target *target)
{
	(void)target;
	leg->handler = *handler;
}

bool leg_is_dialog(const struct leg *leg, const char *call_id, const char *local_tag,
                   const char *remote_tag)
{
	return strcmp(leg->call_id, call_id) == 0 && strcmp(local_tag, "us") == 0 &&
	       strcmp(remote_tag, "them") == 0;
}

enum err leg_replaces(const struct leg *leg, char *out, size_t size)
{
	snprintf(out, size, "%s;to-tag=them;from-tag=us", leg->call_id);
	return OK;
}

const char *leg_contact(const struct leg *leg)
{
	(void)leg;
	return "sip:us@192.0.2.9";
}

const char *leg_call_id(const struct leg *leg)
{
	return leg->call_id;
}

/* --- its life --- */

void leg_free(struct leg **lp)
{
	struct leg *leg = *lp;

	if (!leg)
		return;
	requests_free(leg);
	if (leg->invited) /* the caller of leg_free has answered it */
		leg->invited->is_held = false;
	LIST_REMOVE(leg, link);
	t.nlegs--;
	mem_free(leg);
	*lp = NULL;
}

static inline void end_leg(struct leg *leg)
{
	leg->life = OVER;
	leg->asked = leg->asking = leg->held = leg->answered = leg->prack = false;
	leg->refreshing = leg->unacked = false;
}

static inline void answer_invite(struct leg *leg, unsigned status)
{
	if (!leg->invited)
		return;
	txn_answer(leg->invited, status);
	leg->invited->is_held = false;
	leg->invited = NULL;
}

const struct message *leg_received_invite(const struct leg *leg)
{
	return leg->life == WAITING ? leg->offered ? t.invite_sdp : t.invite : NULL;
}

enum err leg_new_uas(struct leg **out, const struct leg_env *env, struct server_txn *txn,
                     const struct leg_uas_cfg *cfg, const struct leg_handler *handler)
{
	size_t len;
	bool offered = said_sdp(server_txn_request(txn), &len) != NULL;

	(void)env;
	(void)cfg;
	if (one_in(20))
		return ERR_NOMEM;
	*out = leg_make(handler, WAITING, offered ? THEIRS : NOTHING);
	(*out)->offered = offered;
	(*out)->invited = txn;
	txn->is_held = true;
	return OK;
}

void leg_reject(struct leg *leg, unsigned status, const char *why)
{
	(void)why;
	assert_true(status >= 300 && status < 700);
	answer_invite(leg, status);
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
	answer_invite(leg, 200);
	leg->life = UNACKED;
	return OK;
}

enum err leg_change(struct leg *leg, enum method like, const char *sdp)
{
	bool early = leg->life == CALLING || leg->life == WAITING;

	(void)like;
	if (!(leg->life == STANDING || (early && sdp && leg->relies)) || leg->asking ||
	    leg->refreshing || leg->asked || leg->unacked || leg->held || leg->turn != AGREED)
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
	(void)sdp;
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

bool leg_is_busy(const struct leg *leg)
{
	return leg->life == UNACKED ||
	       (leg->life == STANDING && !leg->held && (leg->unacked || leg->refreshing));
}

const struct message *leg_asked(const struct leg *leg)
{
	return !leg->asked ? NULL : leg->fetched ? t.invite : t.invite_sdp;
}

unsigned leg_again_ms(const struct leg *leg, const struct message *refusal)
{
	(void)leg;
	return message_status(refusal) == 491 ? 1 + chance(1000) : 0;
}

bool leg_agreed(const struct leg *leg)
{
	return leg->turn == AGREED;
}

bool leg_may_say(const struct leg *leg)
{
	return leg->turn == NOTHING || leg->turn == THEIRS;
}

const char *leg_peer_sdp(const struct leg *leg)
{
	return leg->turn == NOTHING ? NULL : leg->other_fork ? OTHER_SDP : SDP;
}

static inline void hang_up(struct leg *leg)
{
	if (leg->answered) {
		end_leg(leg);
		leg->late = true;
	} else if (leg->life >= UNACKED && leg->life <= LEAVING) {
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

void leg_bye_after_ack(struct leg *leg, const char *reason)
{
	(void)reason;
	if (leg->life == UNACKED)
		leg->life = LEAVING;
	else
		hang_up(leg);
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

static inline void lose(struct leg *leg)
{
	hang_up(leg);
	leg_cancel(leg);
	if (leg->life == WAITING) {
		answer_invite(leg, 487);
		end_leg(leg);
	}
	tell(leg, LEG_LOST, NULL);
}

void leg_lose(struct leg *leg, const char *why)
{
	assert_non_null(why);
	lose(leg);
}

#endif
