/* The call as a table: state x event -> action, next state. An empty cell is logged and ignored.
 * The caller's leg is the one that called us, the callee's the one that we call; either may be the
 * phone's or the trunk's. Signalling thread. */
#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "sbc/b2bua/call_internal.h"
#include "sbc/b2bua/redirect.h"
#include "sbc/b2bua/headers.h"
#include "sbc/b2bua/state_table.h"
#include "sbc/b2bua/transfer.h"

/* RFC 3326; Q.850: normal, unspecified. */
#define NO_MEDIA "Q.850;cause=31;text=\"media time-out\""
/* The one that is left took the call and did not even ring. */
#define NOBODY_RESPONDS "Q.850;cause=18"

struct call_rule {
	void (*action)(struct call *call, const struct call_news *news);
	enum call_state next; /* CALL_NEW in a filled cell: the action decides by set_state */
};

static const char *const state_names[CALL_NSTATES] = { "new",      "referred", "joining",
	                                               "calling",  "ringing",  "cancelling",
	                                               "answered", "left",     "up",
	                                               "ending",   "over" };
static const char *const event_names[EV_NEVENTS] = {
	"start",         "callee-progress", "callee-answer", "callee-fail",
	"callee-next",   "callee-bye",      "caller-cancel", "caller-ack",
	"caller-no-ack", "caller-bye",      "no-answer",     "disagreed",
	"gone",          "no-media",        "shutdown",      "refer",
	"ask",           "joined",          "unreferred",    "picked-up",
	"transferred"
};

static void set_state(struct call *call, enum call_state next, enum call_event event)
{
	if (next == call->state)
		return;
	LOG(LOG_DEBUG, KV("call", call->id), KV("event", event_names[event]),
	    KV("state", state_names[next]));
	call->state = next;
}

/* Gives the caller a final answer that is no 2xx. The reason in words speaks of addresses and names
 * of the inside: a trunk does not get to read it. */
static void refuse_caller(struct call *call, unsigned status, const char *why)
{
	call_end(call, status, why);
	leg_reject(call->caller.leg, status, call->caller.trunk ? NULL : why);
}

static void add_retry_after(void *refusal, struct message *m)
{
	const struct call_refusal *r = refusal;

	if (r->retry_after_s)
		message_add(m, "Retry-After", "%u", r->retry_after_s);
}

static void act_start(struct call *call, const struct call_news *news)
{
	struct call_refusal refusal = { .status = 500 };

	(void)news;
	if (call_set_up(call, &refusal) == OK)
		return;
	call_end(call, refusal.status, refusal.why);
	leg_reject_with(call->caller.leg, refusal.status, call->caller.trunk ? NULL : refusal.why,
	                add_retry_after, &refusal);
	call_event(call, EV_GONE, NULL);
}

static void act_progress(struct call *call, const struct call_news *news)
{
	exchange_progress(call, news->message);
}

static void act_answer(struct call *call, const struct call_news *news)
{
	struct offer_problem problem;

	(void)news;
	timer_stop(&call->no_answer);
	call_note_leg(&call->callee);
	if (exchange_answer(call, &problem)) {
		/* The callee thinks that the call stands: it gets a BYE. */
		refuse_caller(call, problem.status, problem.why);
		leg_bye(call->callee.leg);
		set_state(call, CALL_ENDING, EV_CALLEE_ANSWER);
		return;
	}
	set_state(call, CALL_ANSWERED, EV_CALLEE_ANSWER);
	call->answered_us = clock_wall_us();
	LOG(LOG_INFO, KV("call", call->id), KV("event", "answered"));
}

static void act_fail(struct call *call, const struct call_news *news)
{
	const struct message *m = news->message;
	char why[CERT_WHY_MAX];

	timer_stop(&call->no_answer);
	if (m && redirect_pass(call, m))
		return;
	if (m && !message_is_request(m)) {
		snprintf(why, sizeof(why), "%s answered %u %s",
		         call->callee.trunk ? "the trunk" : "the phone", message_status(m),
		         message_phrase(m));
		refuse_caller(
		    call, failure_status(m, call->caller.trunk ? CROSSING_OUT : CROSSING_IN), why);
	} else if (m) {
		refuse_caller(call, 480, "the callee hung up before it answered");
	} else {
		/* A phone that is not there is no trouble of ours. */
		refuse_caller(call, call->callee.trunk ? 503 : 480, news->why);
	}
}

/* The caller hears nothing of it, or goes on hearing that it rings. What the last one could not
 * take is told for all. */
static void act_next(struct call *call, const struct call_news *news)
{
	const struct message *m = news->message;
	struct call_refusal refusal = { .status = 480 };

	timer_stop(&call->no_answer);
	LOG(LOG_INFO, KV("call", call->id), KV("event", "next-target"),
	    KV("failed", party_name(&call->callee.who)), KVN("code", m ? message_status(m) : 0),
	    KV("why", m ? message_phrase(m) : news->why));
	targets_leave(call, NOBODY_RESPONDS);
	if (call_set_up(call, &refusal) == OK)
		return;
	refuse_caller(call, refusal.status, refusal.why);
	set_state(call, CALL_ENDING, EV_CALLEE_NEXT);
}

static void cancel_callee(struct call *call)
{
	char reason[HEADER_LINE_MAX];

	leg_cancel_because(call->callee.leg, call_reason(call, call->callee.leg, reason));
}

static void act_cancel(struct call *call, const struct call_news *news)
{
	(void)news;
	timer_stop(&call->no_answer);
	refuse_caller(call, 487, "the caller gave up");
	cancel_callee(call);
}

/* A leg that is lost without a BYE says why. */
static void end_by(struct call *call, const struct call_news *news, unsigned code, const char *bye)
{
	call_end(call, news->why ? 408 : code, news->why ? news->why : bye);
}

/* BYE instead of CANCEL: the caller's leg is gone already. */
static void act_caller_left(struct call *call, const struct call_news *news)
{
	timer_stop(&call->no_answer);
	end_by(call, news, 487, "the caller hung up before the answer");
	cancel_callee(call);
}

static void act_no_answer(struct call *call, const struct call_news *news)
{
	(void)news;
	refuse_caller(call, 480, "nobody answered in time");
	cancel_callee(call);
}

static const char *stop_reason(const struct call_news *news)
{
	return news && news->why ? news->why : "Trunkgate stops";
}

static void act_shut_early(struct call *call, const struct call_news *news)
{
	timer_stop(&call->no_answer);
	refuse_caller(call, 503, stop_reason(news));
	cancel_callee(call);
}

/* 2xx and CANCEL crossed: the ACK is out, now the BYE (RFC 3261 9.1, 15). */
static void act_too_late(struct call *call, const struct call_news *news)
{
	(void)news;
	leg_bye(call->callee.leg);
}

static void act_over(struct call *call, const struct call_news *news)
{
	(void)news;
	call_bury(call);
}

static void act_up(struct call *call, const struct call_news *news)
{
	(void)news;
	call_note_leg(&call->caller);
	call_watch(call);
	LOG(LOG_INFO, KV("call", call->id), KV("event", "up"));
	exchange_up(call);
	transfer_on_up(call);
}

/* Who took somebody's place may not have confirmed that yet. */
static void hang_up(struct call *call, struct leg *leg)
{
	char reason[HEADER_LINE_MAX];

	leg_bye_after_ack(leg, call_reason(call, leg, reason));
}

static void act_caller_bye(struct call *call, const struct call_news *news)
{
	end_by(call, news, 200, "the caller hung up");
	hang_up(call, call->callee.leg);
}

static void act_callee_bye(struct call *call, const struct call_news *news)
{
	end_by(call, news, 200, "the callee hung up");
	hang_up(call, call->caller.leg);
}

/* RFC 3261 15: no BYE to the caller before its ACK, or before that is waited for no longer. */
static void act_callee_left(struct call *call, const struct call_news *news)
{
	char reason[HEADER_LINE_MAX];
	const char *because = call_reason(call, call->caller.leg, reason);

	call->left_because = because ? mem_strdup(because) : NULL;
	end_by(call, news, 200, "the callee hung up");
}

static void act_bye_caller(struct call *call, const struct call_news *news)
{
	(void)news;
	leg_bye_because(call->caller.leg, call->left_because);
}

/* Its 200 waited for a PRACK (RFC 3262 3). */
static void act_cancel_held(struct call *call, const struct call_news *news)
{
	(void)news;
	refuse_caller(call, 487, "the caller gave up");
	leg_bye(call->callee.leg);
}

static void act_no_ack(struct call *call, const struct call_news *news)
{
	call_end(call, 408, news->why);
	leg_bye(call->caller.leg);
	leg_bye(call->callee.leg);
}

static void act_no_media(struct call *call, const struct call_news *news)
{
	call_end(call, 408, news->why);
	leg_bye_because(call->caller.leg, NO_MEDIA);
	leg_bye_because(call->callee.leg, NO_MEDIA);
}

static void act_disagree_early(struct call *call, const struct call_news *news)
{
	timer_stop(&call->no_answer);
	refuse_caller(call, 488, news->why);
	cancel_callee(call);
}

static void act_disagree(struct call *call, const struct call_news *news)
{
	call_end(call, 488, news->why);
	leg_bye(call->caller.leg);
	leg_bye(call->callee.leg);
}

static void act_shut(struct call *call, const struct call_news *news)
{
	call_end(call, 200, stop_reason(news));
	leg_bye(call->caller.leg);
	leg_bye(call->callee.leg);
}

/* --- the call of a transfer, whose caller has no leg here before it is joined --- */

static void act_target_rings(struct call *call, const struct call_news *news)
{
	transfer_on_target(call, TRANSFER_RINGS, message_status(news->message));
}

static void act_target_answers(struct call *call, const struct call_news *news)
{
	(void)news;
	timer_stop(&call->no_answer);
	call_note_leg(&call->callee);
	transfer_on_target(call, TRANSFER_ANSWERED, 200);
}

static void act_target_fails(struct call *call, const struct call_news *news)
{
	const struct message *m = news ? news->message : NULL;
	unsigned status = m && !message_is_request(m) ? failure_status(m, CROSSING_IN) : 480;

	timer_stop(&call->no_answer);
	transfer_on_target(call, TRANSFER_FAILED, status);
	call_end(call, status, "the target of the transfer did not take the call");
}

static void act_target_next(struct call *call, const struct call_news *news)
{
	struct call_refusal refusal = { .status = 480 };

	(void)news;
	timer_stop(&call->no_answer);
	targets_leave(call, NOBODY_RESPONDS);
	if (call_set_up(call, &refusal) == OK)
		return;
	transfer_on_target(call, TRANSFER_FAILED, refusal.status);
	call_end(call, refusal.status, refusal.why);
	set_state(call, CALL_ENDING, EV_CALLEE_NEXT);
}

static void act_target_silent(struct call *call, const struct call_news *news)
{
	(void)news;
	transfer_on_target(call, TRANSFER_FAILED, 480);
	call_end(call, 480, "nobody answered in time");
	leg_cancel(call->callee.leg);
}

static void act_unrefer(struct call *call, const struct call_news *news)
{
	(void)news;
	timer_stop(&call->no_answer);
	call_end(call, 487, "nothing came of the transfer");
	leg_cancel(call->callee.leg);
}

static void act_unjoin(struct call *call, const struct call_news *news)
{
	struct leg *leg = call->callee.leg;

	(void)news;
	call_end(call, 487, "nothing came of the transfer");
	if (leg && !leg_received_invite(leg)) {
		leg_bye(leg);
		return;
	}
	if (leg) /* it called, to take over */
		leg_reject(leg, 480, NULL);
	call_event(call, EV_GONE, NULL);
}

static void act_joined(struct call *call, const struct call_news *news)
{
	(void)news;
	exchange_join(call);
	call->answered_us = clock_wall_us();
	call_watch(call);
	LOG(LOG_INFO, KV("call", call->id), KV("event", "up"));
}

static void act_picked_up(struct call *call, const struct call_news *news)
{
	(void)news;
	timer_stop(&call->no_answer);
	call_note_leg(&call->callee);
	exchange_join(call);
	call->answered_us = clock_wall_us();
	LOG(LOG_INFO, KV("call", call->id), KV("event", "answered"));
}

static void act_transferred(struct call *call, const struct call_news *news)
{
	(void)news;
	call_end(call, 200, "the call was transferred");
}

/* A call that rings differs from one that does not yet in what is shown alone. */
#define UNANSWERED_RULES                                                  \
	{                                                                 \
		[EV_CALLEE_PROGRESS] = { act_progress, CALL_RINGING },    \
		[EV_CALLEE_ANSWER] = { act_answer, CALL_NEW },            \
		[EV_CALLEE_FAIL] = { act_fail, CALL_ENDING },             \
		[EV_CALLEE_NEXT] = { act_next, CALL_CALLING },            \
		[EV_CALLEE_BYE] = { act_fail, CALL_ENDING },              \
		[EV_CALLER_CANCEL] = { act_cancel, CALL_CANCELLING },     \
		[EV_CALLER_BYE] = { act_caller_left, CALL_CANCELLING },   \
		[EV_NO_ANSWER] = { act_no_answer, CALL_CANCELLING },      \
		[EV_DISAGREED] = { act_disagree_early, CALL_CANCELLING }, \
		[EV_GONE] = { act_over, CALL_OVER },                      \
		[EV_PICKED_UP] = { act_picked_up, CALL_ANSWERED },        \
		[EV_SHUTDOWN] = { act_shut_early, CALL_CANCELLING },      \
	}

static const struct call_rule rules[CALL_NSTATES][EV_NEVENTS] = {
	[CALL_NEW] = {
		[EV_START] = { act_start, CALL_CALLING },
		[EV_REFER] = { NULL, CALL_REFERRED },
		[EV_ASK] = { NULL, CALL_JOINING },
		[EV_GONE] = { act_over, CALL_OVER },
	},
	[CALL_REFERRED] = {
		[EV_CALLEE_PROGRESS] = { act_target_rings, CALL_REFERRED },
		[EV_CALLEE_ANSWER] = { act_target_answers, CALL_JOINING },
		[EV_CALLEE_FAIL] = { act_target_fails, CALL_ENDING },
		[EV_CALLEE_NEXT] = { act_target_next, CALL_REFERRED },
		[EV_CALLEE_BYE] = { act_target_fails, CALL_ENDING },
		[EV_NO_ANSWER] = { act_target_silent, CALL_CANCELLING },
		[EV_GONE] = { act_over, CALL_OVER },
		[EV_SHUTDOWN] = { act_unrefer, CALL_CANCELLING },
		[EV_UNREFERRED] = { act_unrefer, CALL_CANCELLING },
	},
	[CALL_JOINING] = {
		[EV_CALLEE_BYE] = { act_target_fails, CALL_ENDING },
		[EV_GONE] = { act_over, CALL_OVER },
		[EV_SHUTDOWN] = { act_unjoin, CALL_ENDING },
		[EV_JOINED] = { act_joined, CALL_UP },
		[EV_UNREFERRED] = { act_unjoin, CALL_ENDING },
	},
	[CALL_CALLING] = UNANSWERED_RULES,
	[CALL_RINGING] = UNANSWERED_RULES,
	[CALL_CANCELLING] = {
		[EV_CALLEE_PROGRESS] = { NULL, CALL_CANCELLING },
		[EV_CALLEE_ANSWER] = { act_too_late, CALL_ENDING },
		[EV_CALLEE_FAIL] = { NULL, CALL_ENDING },
		[EV_CALLEE_NEXT] = { NULL, CALL_ENDING },
		[EV_CALLEE_BYE] = { NULL, CALL_ENDING },
		[EV_GONE] = { act_over, CALL_OVER },
		[EV_SHUTDOWN] = { NULL, CALL_CANCELLING },
	},
	[CALL_ANSWERED] = {
		[EV_CALLEE_BYE] = { act_callee_left, CALL_LEFT },
		[EV_CALLER_CANCEL] = { act_cancel_held, CALL_ENDING },
		[EV_CALLER_ACK] = { act_up, CALL_UP },
		[EV_CALLER_NO_ACK] = { act_no_ack, CALL_ENDING },
		[EV_CALLER_BYE] = { act_caller_bye, CALL_ENDING },
		[EV_DISAGREED] = { act_disagree, CALL_ENDING },
		[EV_SHUTDOWN] = { act_shut, CALL_ENDING },
	},
	[CALL_LEFT] = {
		[EV_CALLER_CANCEL] = { act_cancel_held, CALL_ENDING },
		[EV_CALLER_ACK] = { act_bye_caller, CALL_ENDING },
		[EV_CALLER_NO_ACK] = { act_bye_caller, CALL_ENDING },
		[EV_CALLER_BYE] = { NULL, CALL_ENDING },
		[EV_GONE] = { act_over, CALL_OVER },
		[EV_SHUTDOWN] = { act_bye_caller, CALL_ENDING },
	},
	[CALL_UP] = {
		[EV_CALLEE_BYE] = { act_callee_bye, CALL_ENDING },
		[EV_CALLER_BYE] = { act_caller_bye, CALL_ENDING },
		[EV_NO_MEDIA] = { act_no_media, CALL_ENDING },
		[EV_DISAGREED] = { act_disagree, CALL_ENDING },
		[EV_SHUTDOWN] = { act_shut, CALL_ENDING },
		[EV_TRANSFERRED] = { act_transferred, CALL_ENDING },
	},
	[CALL_ENDING] = {
		[EV_CALLEE_ANSWER] = { act_too_late, CALL_ENDING },
		[EV_CALLEE_FAIL] = { NULL, CALL_ENDING },
		[EV_CALLEE_NEXT] = { NULL, CALL_ENDING },
		[EV_CALLEE_BYE] = { NULL, CALL_ENDING },
		[EV_CALLER_BYE] = { NULL, CALL_ENDING },
		[EV_GONE] = { act_over, CALL_OVER },
		[EV_SHUTDOWN] = { NULL, CALL_ENDING },
	},
	[CALL_OVER] = {
		[EV_SHUTDOWN] = { NULL, CALL_OVER },
		[EV_GONE] = { NULL, CALL_OVER },
	},
};

/* What each action does, for people. */
static const struct {
	void (*action)(struct call *call, const struct call_news *news);
	const char *says;
} actions[] = {
	{ act_start, "Sets the callee's side up and sends its INVITE; what prevents that is "
	             "the caller's answer." },
	{ act_progress, "Passes the provisional answer on, with what it says of the session." },
	{ act_answer, "Answers the caller with the callee's answer; one that cannot be carried "
	              "is a failure to the caller and BYE to the callee." },
	{ act_fail, "Answers the caller with the callee's failure, or with what stands for "
	            "it." },
	{ act_next, "Goes on to the next target; what prevents that is the caller's answer." },
	{ act_cancel, "487 to the caller, CANCEL to the callee." },
	{ act_caller_left, "The caller is gone: CANCEL to the callee." },
	{ act_no_answer, "480 to the caller, CANCEL to the callee." },
	{ act_shut_early, "503 to the caller, CANCEL to the callee." },
	{ act_too_late, "The answer crossed the CANCEL: BYE to the callee." },
	{ act_over, "Nobody is left: the call is told of and buried." },
	{ act_up, "The call stands." },
	{ act_caller_bye, "BYE to the callee." },
	{ act_callee_bye, "BYE to the caller." },
	{ act_callee_left, "The callee is gone; the caller gets its BYE after its ACK." },
	{ act_bye_caller, "The BYE that had to wait goes to the caller." },
	{ act_cancel_held, "487 to the caller, whose 200 still waited for a PRACK; BYE to the "
	                   "callee." },
	{ act_no_ack, "BYE to both: the caller never confirmed." },
	{ act_no_media, "BYE to both, with the reason." },
	{ act_disagree_early,
	  "488 to the caller, CANCEL to the callee: the session cannot be had." },
	{ act_disagree, "BYE to both: one has a session that the other cannot have." },
	{ act_shut, "BYE to both." },
	{ act_target_rings, "Who asked for the transfer hears that the target rings." },
	{ act_target_answers, "Who stays is offered the target's session." },
	{ act_target_fails, "Who asked for the transfer hears that it failed." },
	{ act_target_next, "The next target of the transfer's route is called." },
	{ act_target_silent, "CANCEL to the target; who asked for the transfer hears 480." },
	{ act_unrefer, "CANCEL to the target: nothing came of the transfer." },
	{ act_unjoin, "BYE to the target: nothing came of the transfer." },
	{ act_joined, "Both have come: the call stands." },
	{ act_picked_up, "Somebody else has answered: the callee's place is taken." },
	{ act_transferred, "One of the two has gone to another call." },
};

void call_event(struct call *call, enum call_event event, const struct call_news *news)
{
	const struct call_rule *rule = &rules[call->state][event];
	const struct call_news *before;

	if (!rule->action && rule->next == CALL_NEW) {
		LOG(LOG_DEBUG, KV("call", call->id), KV("event", event_names[event]),
		    KV("state", state_names[call->state]), KV("result", "ignored"));
		return;
	}
	if (rule->next != CALL_NEW)
		set_state(call, rule->next, event);
	if (!rule->action)
		return;
	before = call->news;
	call->news = news;
	rule->action(call, news);
	call->news = before;
}

const char *call_state_name(enum call_state state)
{
	return state_names[state];
}

static bool cell(size_t state, size_t event, const char **says, size_t *next)
{
	const struct call_rule *rule = &rules[state][event];

	*says = NULL;
	for (size_t i = 0; i < ARRAY_LEN(actions); i++) {
		if (rule->action && actions[i].action == rule->action)
			*says = actions[i].says;
	}
	/* The one action that decides: when all goes well. */
	*next = rule->action == act_answer ? CALL_ANSWERED : rule->next;
	return rule->action || rule->next != CALL_NEW;
}

const struct state_table call_states = {
	.title = "A call",
	.states = state_names,
	.nstates = CALL_NSTATES,
	.events = event_names,
	.nevents = EV_NEVENTS,
	.cell = cell,
};
