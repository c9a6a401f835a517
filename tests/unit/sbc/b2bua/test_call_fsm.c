/* sbc/b2bua/call_fsm.c: every cell of the table. Legs, offer and setup are this test's: they write
 * down what they were asked for. */
#include "sbc/b2bua/call_fsm.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static char done[256]; /* what the actions did, a word each */
static enum err set_up_err, answer_err;
static char legs[2]; /* two addresses: the caller's and the callee's leg */

#define CALLER ((struct leg *)(void *)&legs[0])
#define CALLEE ((struct leg *)(void *)&legs[1])

static void note(const char *what, const struct leg *leg)
{
	size_t len = strlen(done);

	snprintf(done + len, sizeof(done) - len, "%s%s%s ", what, leg ? ":" : "",
	         !leg            ? ""
	         : leg == CALLER ? "caller"
	                         : "callee");
}

static void note_status(const char *what, const struct leg *leg, unsigned status)
{
	char text[32];

	snprintf(text, sizeof(text), "%s%u", what, status);
	note(text, leg);
}

void call_end(struct call *call, unsigned code, const char *why)
{
	assert_non_null(why);
	if (!call->code)
		call->code = code;
}

void call_bury(struct call *call)
{
	(void)call;
	note("bury", NULL);
}

void call_note_leg(struct party *p)
{
	(void)p;
}

bool redirect_pass(struct call *call, const struct message *answer)
{
	(void)call;
	if (message_status(answer) != 300)
		return false;
	note("passed", NULL);
	return true;
}

const char *party_name(const struct config_party *who)
{
	(void)who;
	return "who";
}

void targets_leave(struct call *call, const char *reason)
{
	(void)reason;
	(void)call;
	note("leave", NULL);
}

enum err call_set_up(struct call *call, struct call_refusal *refusal)
{
	(void)call;
	note("setup", NULL);
	refusal->status = 480;
	return set_up_err;
}

void leg_reject(struct leg *leg, unsigned status, const char *why)
{
	(void)why;
	note_status("reject", leg, status);
}

void leg_reject_with(struct leg *leg, unsigned status, const char *why,
                     void (*add)(void *arg, struct message *m), void *arg)
{
	assert_non_null(add);
	assert_non_null(arg);
	leg_reject(leg, status, why);
}

void exchange_up(struct call *call)
{
	(void)call;
}

void exchange_join(struct call *call)
{
	call->exchange = EX_REST;
}

void exchange_progress(struct call *call, const struct message *m)
{
	note_status("progress", call->caller.leg, message_status(m));
}

enum err exchange_answer(struct call *call, struct offer_problem *problem)
{
	*problem = (struct offer_problem){ .status = 488, .why = "no" };
	note("answer", call->caller.leg);
	return answer_err;
}

void transfer_on_up(struct call *call)
{
	(void)call;
}

void transfer_on_target(struct call *call, enum transfer_news news, unsigned status)
{
	static const char *const names[] = { "rings", "answered", "failed" };
	char text[32];

	(void)call;
	snprintf(text, sizeof(text), "%s%u", names[news], status);
	note(text, NULL);
}

const struct message *leg_received_invite(const struct leg *leg)
{
	assert_ptr_equal(leg, CALLEE);
	return NULL;
}

void leg_cancel(struct leg *leg)
{
	note("cancel", leg);
}

void leg_cancel_because(struct leg *leg, const char *reason)
{
	assert_null(reason);
	note("cancel", leg);
}

const char *call_reason(const struct call *call, const struct leg *leg, char out[HEADER_LINE_MAX])
{
	(void)out;
	assert_true(leg == call->callee.leg || leg == call->caller.leg);
	return NULL;
}

void leg_bye(struct leg *leg)
{
	note("bye", leg);
}

void leg_bye_because(struct leg *leg, const char *reason)
{
	assert_true(!reason || strstr(reason, "media time-out"));
	note(reason ? "dead" : "bye", leg);
}

void leg_bye_after_ack(struct leg *leg, const char *reason)
{
	assert_null(reason);
	note("bye", leg);
}

void call_watch(struct call *call)
{
	(void)call;
	note("watch", NULL);
}

static struct message *make(const char *first, const char *method, const char *body)
{
	char text[1024];
	struct message *m;

	snprintf(text, sizeof(text),
	         "%s\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\n"
	         "To: <sip:c@d>;tag=2\r\nCall-ID: x\r\nCSeq: 1 %s\r\n%s\r\n%s",
	         first, method, *body ? "Content-Type: application/sdp\r\n" : "", body);
	assert_int_equal(message_parse(&m, text, strlen(text)), OK);
	return m;
}

/* What an event brings. */
static struct message *message_of(enum call_event event)
{
	switch (event) {
	case EV_CALLEE_PROGRESS:
		return make("SIP/2.0 180 Ringing", "INVITE", "");
	case EV_CALLEE_ANSWER:
		return make("SIP/2.0 200 OK", "INVITE", "v=0\r\n");
	case EV_CALLEE_NEXT:
		return make("SIP/2.0 503 No", "INVITE", "");
	case EV_CALLEE_FAIL:
		return make("SIP/2.0 486 Busy Here", "INVITE", "");
	case EV_CALLEE_BYE:
	case EV_CALLER_BYE:
		return make("BYE sip:a@b SIP/2.0", "BYE", "");
	case EV_START:
	case EV_CALLER_CANCEL:
	case EV_CALLER_ACK:
	case EV_CALLER_NO_ACK:
	case EV_NO_ANSWER:
	case EV_NO_MEDIA:
	case EV_DISAGREED:
	case EV_GONE:
	case EV_SHUTDOWN:
	case EV_REFER:
	case EV_ASK:
	case EV_JOINED:
	case EV_UNREFERRED:
	case EV_PICKED_UP:
	case EV_TRANSFERRED:
	case EV_NEVENTS:
		return NULL;
	}
	return NULL;
}

/* Fires event at a call in state; gives the state after it. */
static enum call_state fire_with(enum call_state state, enum call_event event, struct message *m)
{
	struct call call = { .state = state };
	struct call_news news = { .message = m, .why = "why" };

	strcpy(call.id, "test");
	call.caller.leg = CALLER;
	call.callee.leg = CALLEE;
	done[0] = '\0';
	call_event(&call, event, &news);
	message_free(&m);
	return call.state;
}

static enum call_state fire(enum call_state state, enum call_event event)
{
	return fire_with(state, event, message_of(event));
}

/* The table as RFC 3261 9, 13, 14, 15 want it; what is not here is ignored. */
static const struct cell {
	enum call_state state;
	enum call_event event;
	enum call_state next;
	const char *done;
} cells[] = {
	{ CALL_NEW, EV_START, CALL_CALLING, "setup " },
	{ CALL_NEW, EV_GONE, CALL_OVER, "bury " },
	{ CALL_NEW, EV_REFER, CALL_REFERRED, "" },
	{ CALL_NEW, EV_ASK, CALL_JOINING, "" },
	{ CALL_REFERRED, EV_CALLEE_PROGRESS, CALL_REFERRED, "rings180 " },
	{ CALL_REFERRED, EV_CALLEE_ANSWER, CALL_JOINING, "answered200 " },
	{ CALL_REFERRED, EV_CALLEE_FAIL, CALL_ENDING, "failed486 " },
	{ CALL_REFERRED, EV_CALLEE_NEXT, CALL_REFERRED, "leave setup " },
	{ CALL_REFERRED, EV_CALLEE_BYE, CALL_ENDING, "failed480 " },
	{ CALL_REFERRED, EV_NO_ANSWER, CALL_CANCELLING, "failed480 cancel:callee " },
	{ CALL_REFERRED, EV_SHUTDOWN, CALL_CANCELLING, "cancel:callee " },
	{ CALL_REFERRED, EV_UNREFERRED, CALL_CANCELLING, "cancel:callee " },
	{ CALL_REFERRED, EV_GONE, CALL_OVER, "bury " },
	{ CALL_JOINING, EV_CALLEE_BYE, CALL_ENDING, "failed480 " },
	{ CALL_JOINING, EV_JOINED, CALL_UP, "watch " },
	{ CALL_JOINING, EV_SHUTDOWN, CALL_ENDING, "bye:callee " },
	{ CALL_JOINING, EV_UNREFERRED, CALL_ENDING, "bye:callee " },
	{ CALL_JOINING, EV_GONE, CALL_OVER, "bury " },
	{ CALL_UP, EV_TRANSFERRED, CALL_ENDING, "" },
#define BEFORE_ANSWER(state)                                                                    \
	{ state, EV_CALLEE_PROGRESS, CALL_RINGING, "progress180:caller " },                     \
	    { state, EV_CALLEE_ANSWER, CALL_ANSWERED, "answer:caller " },                       \
	    { state, EV_CALLEE_FAIL, CALL_ENDING, "reject486:caller " },                        \
	    { state, EV_CALLEE_NEXT, CALL_CALLING, "leave setup " },                            \
	    { state, EV_CALLEE_BYE, CALL_ENDING, "reject480:caller " },                         \
	    { state, EV_CALLER_CANCEL, CALL_CANCELLING, "reject487:caller cancel:callee " },    \
	    { state, EV_CALLER_BYE, CALL_CANCELLING, "cancel:callee " },                        \
	    { state, EV_NO_ANSWER, CALL_CANCELLING, "reject480:caller cancel:callee " },        \
	    { state, EV_DISAGREED, CALL_CANCELLING, "reject488:caller cancel:callee " },        \
	    { state, EV_PICKED_UP, CALL_ANSWERED, "" }, { state, EV_GONE, CALL_OVER, "bury " }, \
	{                                                                                       \
		state, EV_SHUTDOWN, CALL_CANCELLING, "reject503:caller cancel:callee "          \
	}
	BEFORE_ANSWER(CALL_CALLING),
	BEFORE_ANSWER(CALL_RINGING),
	{ CALL_CANCELLING, EV_CALLEE_ANSWER, CALL_ENDING, "bye:callee " },
	{ CALL_CANCELLING, EV_CALLEE_FAIL, CALL_ENDING, "" },
	{ CALL_CANCELLING, EV_CALLEE_NEXT, CALL_ENDING, "" },
	{ CALL_CANCELLING, EV_CALLEE_BYE, CALL_ENDING, "" },
	{ CALL_CANCELLING, EV_GONE, CALL_OVER, "bury " },
	{ CALL_ANSWERED, EV_CALLEE_BYE, CALL_LEFT, "" },
	{ CALL_ANSWERED, EV_CALLER_CANCEL, CALL_ENDING, "reject487:caller bye:callee " },
	{ CALL_ANSWERED, EV_CALLER_ACK, CALL_UP, "watch " },
	{ CALL_ANSWERED, EV_CALLER_NO_ACK, CALL_ENDING, "bye:caller bye:callee " },
	{ CALL_ANSWERED, EV_CALLER_BYE, CALL_ENDING, "bye:callee " },
	{ CALL_ANSWERED, EV_DISAGREED, CALL_ENDING, "bye:caller bye:callee " },
	{ CALL_UP, EV_DISAGREED, CALL_ENDING, "bye:caller bye:callee " },
	{ CALL_ANSWERED, EV_SHUTDOWN, CALL_ENDING, "bye:caller bye:callee " },
	{ CALL_LEFT, EV_CALLER_CANCEL, CALL_ENDING, "reject487:caller bye:callee " },
	{ CALL_LEFT, EV_CALLER_ACK, CALL_ENDING, "bye:caller " },
	{ CALL_LEFT, EV_CALLER_NO_ACK, CALL_ENDING, "bye:caller " },
	{ CALL_LEFT, EV_CALLER_BYE, CALL_ENDING, "" },
	{ CALL_LEFT, EV_GONE, CALL_OVER, "bury " },
	{ CALL_LEFT, EV_SHUTDOWN, CALL_ENDING, "bye:caller " },
	{ CALL_UP, EV_CALLEE_BYE, CALL_ENDING, "bye:caller " },
	{ CALL_UP, EV_CALLER_BYE, CALL_ENDING, "bye:callee " },
	{ CALL_UP, EV_NO_MEDIA, CALL_ENDING, "dead:caller dead:callee " },
	{ CALL_UP, EV_SHUTDOWN, CALL_ENDING, "bye:caller bye:callee " },
	{ CALL_ENDING, EV_CALLEE_ANSWER, CALL_ENDING, "bye:callee " },
	{ CALL_ENDING, EV_GONE, CALL_OVER, "bury " },
};

static void test_every_cell(void **state)
{
	(void)state;
	for (int s = 0; s < CALL_NSTATES; s++) {
		for (int e = 0; e < EV_NEVENTS; e++) {
			enum call_state next = (enum call_state)s, got;
			const char *what = "";

			for (size_t i = 0; i < ARRAY_LEN(cells); i++) {
				if ((int)cells[i].state != s || (int)cells[i].event != e)
					continue;
				next = cells[i].next;
				what = cells[i].done;
			}
			got = fire((enum call_state)s, (enum call_event)e);
			if (got != next || strcmp(done, what) != 0)
				fail_msg("%s x %s: %s, \"%s\"; wanted %s, \"%s\"", state_names[s],
				         event_names[e], state_names[got], done, state_names[next],
				         what);
		}
	}
}

/* What people read has a sentence for each action, and names every state and event. */
static void test_printed(void **state)
{
	const char *says;
	size_t next;

	(void)state;
	for (size_t s = 0; s < CALL_NSTATES; s++) {
		assert_non_null(state_names[s]);
		for (size_t e = 0; e < EV_NEVENTS; e++) {
			assert_non_null(event_names[e]);
			if (call_states.cell(s, e, &says, &next))
				assert_int_equal(says != NULL, rules[s][e].action != NULL);
		}
	}
}

static void test_setup_fails(void **state)
{
	(void)state;
	set_up_err = ERR_NOT_FOUND;
	assert_int_equal(fire(CALL_NEW, EV_START), CALL_OVER);
	assert_string_equal(done, "setup reject480:caller bury ");
	assert_int_equal(fire(CALL_REFERRED, EV_CALLEE_NEXT), CALL_ENDING);
	assert_string_equal(done, "leave setup failed480 ");
	assert_int_equal(fire(CALL_RINGING, EV_CALLEE_NEXT), CALL_ENDING);
	assert_string_equal(done, "leave setup reject480:caller ");
	set_up_err = OK;
}

/* The callee thinks that the call stands: it gets BYE, the caller the reason. */
static void test_answer_unusable(void **state)
{
	(void)state;
	answer_err = ERR_REFUSED;
	assert_int_equal(fire(CALL_RINGING, EV_CALLEE_ANSWER), CALL_ENDING);
	assert_string_equal(done, "answer:caller reject488:caller bye:callee ");
	answer_err = OK;
}

static void test_statuses(void **state)
{
	static const struct {
		const char *line, *done;
	} cases[] = { { "SIP/2.0 401 No", "reject403:caller " },
		      { "SIP/2.0 407 No", "reject403:caller " },
		      { "SIP/2.0 408 No", "reject480:caller " },
		      { "SIP/2.0 302 Elsewhere", "reject480:caller " },
		      { "SIP/2.0 300 Several", "passed " },
		      { "SIP/2.0 404 No", "reject404:caller " },
		      { "SIP/2.0 603 No", "reject603:caller " } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		fire_with(CALL_CALLING, EV_CALLEE_FAIL, make(cases[i].line, "INVITE", ""));
		assert_string_equal(done, cases[i].done);
	}
	/* No answer at all: of a phone it says that the phone is away. */
	fire_with(CALL_CALLING, EV_CALLEE_FAIL, NULL);
	assert_string_equal(done, "reject480:caller ");
}

static int begin(void **state)
{
	(void)state;
	message_library_open();
	log_set_level(LOG_ERROR);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_cell),  cmocka_unit_test(test_printed),
		cmocka_unit_test(test_setup_fails), cmocka_unit_test(test_answer_unusable),
		cmocka_unit_test(test_statuses),
	};

	return cmocka_run_group_tests(tests, begin, NULL);
}
