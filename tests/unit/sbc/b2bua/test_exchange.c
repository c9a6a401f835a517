/* sbc/b2bua/exchange.c with exchange_act.c and exchange_owe.c: every cell of its table, from either
 * side. Legs and offer are this test's: they write down what they were asked for. */
#include "sbc/b2bua/exchange.c"
#include "sbc/b2bua/exchange_owe.c"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define SDP "v=0\r\n"

static struct {
	char done[256]; /* what the actions did, a word each */
	enum err make_err, answer_err, change_err, accept_err;
	bool said, holds, owed, disagreed, open;
	unsigned again_ms, tries;      /* what the leg wants; how often it was asked before */
	bool owes_caller, owes_callee; /* in the end */
	bool moves, waits;             /* something moves meanwhile; it is tried again later */
	bool caller_holds;
	bool busy;             /* what is in a leg's way ends by itself */
	struct message *asked; /* what waits in a leg */
	struct border border;
	const char *peer_sdp;
	unsigned hosts; /* that the offer heard of */
} t;
static char legs[2];
static struct timers *timers;
static struct message *asked;

#define CALLER ((struct leg *)(void *)&legs[0])
#define CALLEE ((struct leg *)(void *)&legs[1])
#define OFFER  ((struct offer *)(void *)legs)

static void note(const char *what, const struct leg *leg)
{
	size_t len = strlen(t.done);

	snprintf(t.done + len, sizeof(t.done) - len, "%s%s ", what,
	         !leg            ? ""
	         : leg == CALLER ? ":caller"
	                         : ":callee");
}

static void note_status(const char *what, const struct leg *leg, unsigned status)
{
	char text[32];

	snprintf(text, sizeof(text), "%s%u", what, status);
	note(text, leg);
}

void call_event(struct call *call, enum call_event event, const struct call_news *news)
{
	(void)call;
	assert_int_equal(event, EV_DISAGREED);
	assert_non_null(news->why);
	t.disagreed = true;
}

enum err leg_progress(struct leg *leg, unsigned status, const char *sdp)
{
	note_status(sdp ? "media" : "progress", leg, status);
	return OK;
}

enum err leg_answer(struct leg *leg, const char *sdp)
{
	note(sdp ? "answer" : "bare", leg);
	return OK;
}

enum err leg_change(struct leg *leg, enum method like, const char *sdp)
{
	(void)like;
	note(sdp ? "change" : "fetch", leg);
	return t.change_err;
}

void leg_cancel_change(struct leg *leg)
{
	note("cancel", leg);
}

enum err leg_accept(struct leg *leg, const char *sdp)
{
	note(sdp ? "accept" : "repeat", leg);
	return t.accept_err;
}

void leg_refuse(struct leg *leg, unsigned status, unsigned retry_after_s)
{
	note_status(retry_after_s == 7 ? "later" : "refuse", leg, status);
}

bool leg_is_busy(const struct leg *leg)
{
	(void)leg;
	return t.busy;
}

const struct message *leg_asked(const struct leg *leg)
{
	(void)leg;
	return t.asked;
}

unsigned leg_again_ms(const struct leg *leg, const struct message *refusal)
{
	assert_non_null(refusal);
	note("when", leg);
	return t.again_ms;
}

struct timers *stack_timers(const struct stack *stack)
{
	(void)stack;
	return timers;
}

enum err leg_confirm(struct leg *leg, const char *sdp)
{
	note(sdp ? "confirm" : "anyway", leg);
	return OK;
}

bool leg_holds_offer(const struct leg *leg)
{
	return t.holds && leg == (t.caller_holds ? CALLER : CALLEE);
}

bool leg_said(const struct leg *leg, const char *sdp)
{
	(void)leg;
	assert_non_null(sdp);
	return t.said;
}

bool leg_agreed(const struct leg *leg)
{
	(void)leg;
	return t.change_err == OK;
}

const char *leg_peer_sdp(const struct leg *leg)
{
	(void)leg;
	return t.peer_sdp;
}

static const struct flow *flow_of(const struct leg *leg)
{
	static struct conn conn;
	static struct flow flows[2];
	struct flow *f = &flows[leg == CALLEE];

	f->conn = &conn;
	assert_int_equal(addr_parse(&f->peer, leg == CALLEE ? "192.0.2.2:5061" : "10.0.0.1:5060"),
	                 OK);
	return f;
}

const struct flow *leg_flow(const struct leg *leg)
{
	return flow_of(leg);
}

void offer_note_host(struct offer *o, enum media_side side, const struct addr *host)
{
	(void)o;
	assert_true(addr_equal(host, &flow_of(side == SIDE_CALLER ? CALLER : CALLEE)->peer));
	t.hosts++;
}

static enum err offer_says(enum err err, struct buf *out, struct offer_problem *problem)
{
	*problem = (struct offer_problem){ .status = 488, .why = "no" };
	if (!err && out)
		buf_puts(out, SDP);
	return err;
}

enum err offer_make(struct offer *o, enum media_side side, const char *sdp, size_t len,
                    struct buf *out, struct offer_problem *problem)
{
	(void)o;
	(void)len;
	assert_non_null(sdp);
	note("make", side == SIDE_CALLER ? CALLER : CALLEE);
	return offer_says(t.make_err, out, problem);
}

enum err offer_answer(struct offer *o, const char *sdp, size_t len, struct buf *out,
                      struct offer_problem *problem)
{
	(void)o;
	(void)len;
	assert_non_null(sdp);
	note("take", NULL);
	return offer_says(t.answer_err, out, problem);
}

bool offer_is_open(const struct offer *o)
{
	(void)o;
	return t.open;
}

enum err call_new_offer(struct call *call)
{
	(void)call;
	note("new", NULL);
	return t.make_err;
}

void offer_settle(struct offer *o)
{
	(void)o;
	t.open = false;
	note("settle", NULL);
}

void offer_drop(struct offer *o)
{
	(void)o;
	note("drop", NULL);
}

void offer_take_back(struct offer *o)
{
	(void)o;
	note("back", NULL);
}

static struct message *make(const char *first, const char *method, const char *body)
{
	char text[1024];
	struct message *m;

	snprintf(text, sizeof(text),
	         "%s\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\n"
	         "To: <sip:c@d>;tag=2\r\nCall-ID: x\r\nCSeq: 1 %s\r\nRetry-After: 7\r\n%s\r\n%s",
	         first, method, *body ? "Content-Type: application/sdp\r\n" : "", body);
	assert_int_equal(message_parse(&m, text, strlen(text)), OK);
	return m;
}

static enum exchange_state fire_with(enum exchange_state state, enum exchange_event event,
                                     enum media_side side, struct message *m)
{
	static const enum leg_event leg_events[XE_NEVENTS] = {
		[XE_OFFER] = LEG_OFFER,       [XE_FETCH] = LEG_FETCH,
		[XE_CHANGED] = LEG_CHANGED,   [XE_REFUSED] = LEG_REFUSED,
		[XE_ANSWERED] = LEG_ANSWERED, [XE_WITHDRAWN] = LEG_WITHDRAWN,
		[XE_MOVED] = LEG_MOVED,       [XE_FREE] = LEG_FREE,
	};
	struct call call = { .exchange = state,
		             .asker = side == SIDE_CALLER ? SIDE_CALLEE : SIDE_CALLER };
	struct offer_problem problem;

	call.border = &t.border;
	call.caller.leg = CALLER;
	call.callee.leg = CALLEE;
	call.offer = OFFER;
	call.owes[SIDE_CALLEE] = state == EX_OWED || t.moves;
	call.tries = t.tries;
	t.done[0] = '\0';
	t.disagreed = false;
	t.open = state == EX_FIRST;
	t.hosts = 0;
	t.holds = t.owed || event == XE_EARLY_OFFER;
	call.heard = t.owed ? mem_strdup("v=1\r\n") : NULL;
	/* These come from who asked. */
	if (event == XE_ANSWERED || event == XE_WITHDRAWN)
		call.asker = side;
	if (event == XE_PROGRESS || event == XE_EARLY_OFFER)
		exchange_progress(&call, m);
	else if (event == XE_UP)
		exchange_up(&call);
	else if (event == XE_AGAIN)
		on_again(&call);
	else if (event != XE_ANSWER)
		exchange_on_leg(&call, side, leg_events[event], m, NULL);
	else if (exchange_answer(&call, &problem))
		note_status("fails", NULL, problem.status);
	t.owes_caller = call.owes[SIDE_CALLER];
	t.owes_callee = call.owes[SIDE_CALLEE];
	t.waits = timer_running(&call.again);
	exchange_owe_nothing(&call);
	mem_free(call.heard);
	mem_free(call.answer_sdp);
	message_free(&m);
	return call.exchange;
}

static struct message *message_of(enum exchange_event event)
{
	switch (event) {
	case XE_PROGRESS:
	case XE_EARLY_OFFER:
		return make("SIP/2.0 183 Session Progress", "INVITE", SDP);
	case XE_OFFER:
		return make("INVITE sip:a@b SIP/2.0", "INVITE", SDP);
	case XE_FETCH:
		return make("INVITE sip:a@b SIP/2.0", "INVITE", "");
	case XE_CHANGED:
	case XE_MOVED:
	case XE_FREE:
		return make("SIP/2.0 200 OK", "INVITE", SDP);
	case XE_REFUSED:
		return make("SIP/2.0 488 Not Acceptable Here", "INVITE", "");
	case XE_ANSWERED:
		return make("ACK sip:a@b SIP/2.0", "ACK", SDP);
	case XE_ANSWER:
	case XE_WITHDRAWN:
	case XE_UP:
	case XE_AGAIN:
	case XE_NEVENTS:
		return NULL;
	}
	return NULL;
}

static enum exchange_state fire(enum exchange_state state, enum exchange_event event,
                                enum media_side side)
{
	return fire_with(state, event, side, message_of(event));
}

/* What is done at the caller's event; at the callee's with the sides turned round. What is not here
 * leaves the state, and refuses an offer. */
static const struct cell {
	enum exchange_state state;
	enum exchange_event event;
	enum exchange_state next;
	const char *done;
} cells[] = {
	{ EX_FIRST, XE_PROGRESS, EX_FIRST, "take media183:caller " },
	{ EX_FIRST, XE_ANSWER, EX_REST, "take answer:caller settle " },
	{ EX_FIRST, XE_OFFER, EX_PASSED, "settle make:caller change:callee " },
	{ EX_REST, XE_PROGRESS, EX_REST, "progress183:caller " },
	{ EX_REST, XE_ANSWER, EX_REST, "bare:caller " },
	{ EX_REST, XE_OFFER, EX_PASSED, "make:caller change:callee " },
	{ EX_REST, XE_FETCH, EX_FETCHING, "fetch:callee " },
	{ EX_REST, XE_MOVED, EX_TOLD, "make:caller change:callee " },
	{ EX_PASSED, XE_PROGRESS, EX_PASSED, "progress183:caller " },
	{ EX_PASSED, XE_ANSWER, EX_PASSED, "bare:caller " },
	{ EX_PASSED, XE_CHANGED, EX_REST, "take settle accept:callee " },
	{ EX_PASSED, XE_REFUSED, EX_REST, "drop later488:callee " },
	{ EX_PASSED, XE_WITHDRAWN, EX_PASSED, "cancel:callee " },
	{ EX_PASSED, XE_MOVED, EX_PASSED, "" },
	{ EX_HELD, XE_WITHDRAWN, EX_REST, "refuse487:caller " },
	{ EX_HELD, XE_MOVED, EX_HELD, "" },
	{ EX_HELD, XE_FREE, EX_PASSED, "make:callee change:caller " },
	{ EX_HELD, XE_UP, EX_PASSED, "make:callee change:caller " },
	{ EX_FETCHING, XE_PROGRESS, EX_FETCHING, "progress183:caller " },
	{ EX_FETCHING, XE_EARLY_OFFER, EX_PROPOSED, "make:callee media183:caller " },
	{ EX_FETCHING, XE_ANSWER, EX_PROPOSED, "make:callee answer:caller " },
	{ EX_FETCHING, XE_CHANGED, EX_PROPOSED, "make:caller accept:callee " },
	{ EX_FETCHING, XE_REFUSED, EX_REST, "drop later488:callee " },
	{ EX_FETCHING, XE_WITHDRAWN, EX_FETCHING, "cancel:callee " },
	{ EX_FETCHING, XE_MOVED, EX_FETCHING, "" },
	{ EX_PROPOSED, XE_PROGRESS, EX_PROPOSED, "progress183:caller " },
	{ EX_PROPOSED, XE_EARLY_OFFER, EX_PROPOSED, "progress183:caller " },
	{ EX_PROPOSED, XE_ANSWER, EX_PROPOSED, "bare:caller " },
	{ EX_INVENTED, XE_PROGRESS, EX_INVENTED, "progress183:caller " },
	{ EX_INVENTED, XE_ANSWER, EX_SHOWN, "take settle make:callee answer:caller " },
	{ EX_SHOWN, XE_ANSWERED, EX_TOLD, "settle make:caller change:callee " },
	{ EX_SHOWN, XE_MOVED, EX_SHOWN, "" },
	{ EX_OWED, XE_OFFER, EX_PASSED, "make:caller change:callee " },
	{ EX_OWED, XE_FETCH, EX_FETCHING, "fetch:callee " },
	{ EX_OWED, XE_MOVED, EX_OWED, "" },
	{ EX_OWED, XE_UP, EX_TOLD, "make:callee change:caller " },
	{ EX_OWED, XE_AGAIN, EX_TOLD, "make:callee change:caller " },
	{ EX_TOLD, XE_CHANGED, EX_REST, "take settle accept:callee " },
	{ EX_TOLD, XE_REFUSED, EX_REST, "when:caller drop " },
	{ EX_TOLD, XE_MOVED, EX_TOLD, "" },
	{ EX_PROPOSED, XE_ANSWERED, EX_REST, "take settle confirm:callee " },
	{ EX_PROPOSED, XE_MOVED, EX_PROPOSED, "" },
};

/* caller <-> callee */
static const char *turned(const char *text, char out[256])
{
	snprintf(out, 256, "%s", text);
	for (char *at = out; (at = strstr(at, ":calle")); at += 7)
		at[6] = at[6] == 'r' ? 'e' : 'r';
	return out;
}

static const char *empty_cell(enum exchange_event event, enum media_side side)
{
	switch (event) {
	case XE_OFFER:
	case XE_FETCH:
		return side == SIDE_CALLER ? "refuse491:caller " : "refuse491:callee ";
	case XE_ANSWER:
		return "fails491 ";
	case XE_PROGRESS:
	case XE_EARLY_OFFER:
	case XE_CHANGED:
	case XE_REFUSED:
	case XE_ANSWERED:
	case XE_WITHDRAWN:
	case XE_MOVED:
	case XE_FREE:
	case XE_UP:
	case XE_AGAIN:
	case XE_NEVENTS:
		return "";
	}
	return "";
}

static void check_cell(enum exchange_state s, enum exchange_event e, enum media_side side)
{
	const struct cell *cell = NULL;
	bool of_callee = e == XE_PROGRESS || e == XE_EARLY_OFFER || e == XE_ANSWER ||
	                 (e == XE_UP && s != EX_HELD) || e == XE_AGAIN;
	enum exchange_state next, got;
	const char *what;
	char text[256];

	for (size_t i = 0; i < ARRAY_LEN(cells); i++) {
		if (cells[i].state == s && cells[i].event == e)
			cell = &cells[i];
	}
	next = cell ? cell->next : s;
	what = !cell                               ? empty_cell(e, side)
	       : side == SIDE_CALLEE && !of_callee ? turned(cell->done, text)
	                                           : cell->done;
	got = fire(s, e, side);
	if (got != next || strcmp(t.done, what) != 0)
		fail_msg("%s x %s: %s, \"%s\"; wanted %s, \"%s\"", state_names[s], event_names[e],
		         state_names[got], t.done, state_names[next], what);
	assert_int_equal(t.disagreed, !cell && (e == XE_CHANGED || e == XE_ANSWERED));
	assert_int_equal(side == SIDE_CALLER ? t.owes_caller : t.owes_callee && s != EX_OWED,
	                 e == XE_MOVED && cell && s != EX_REST && !(s == EX_OWED && side));
}

static void test_every_cell(void **state)
{
	(void)state;
	for (int s = 0; s < EX_NSTATES; s++) {
		for (int e = 0; e < XE_NEVENTS; e++) {
			check_cell((enum exchange_state)s, (enum exchange_event)e, SIDE_CALLER);
			check_cell((enum exchange_state)s, (enum exchange_event)e, SIDE_CALLEE);
		}
	}
}

/* A trunk that refuses INVITEs without an offer: what was said before is offered instead. */
static void test_spared(void **state)
{
	static const struct config_trunk config = { .delayed_offer = DELAYED_INVENT };
	struct call call = { .exchange = EX_REST };
	struct message *m = message_of(XE_FETCH);

	(void)state;
	call.caller.leg = CALLER;
	call.callee.leg = CALLEE;
	call.callee.trunk = (struct trunk *)(void *)legs;
	call.callee.who.trunk = &config;
	exchange_on_leg(&call, SIDE_CALLER, LEG_FETCH, m, NULL);
	assert_string_equal(t.done, "repeat:caller ");
	assert_int_equal(call.exchange, EX_SHOWN);
	t.done[0] = '\0';
	call.exchange = EX_REST;
	exchange_on_leg(&call, SIDE_CALLEE, LEG_FETCH, m, NULL);
	assert_string_equal(t.done, "fetch:caller ");
	exchange_begin(&call, false);
	assert_int_equal(call.exchange, EX_INVENTED);
	message_free(&m);
}

/* Another fork answers than the one whose offer the caller has heard. */
static void test_owed(void **state)
{
	(void)state;
	t.owed = true;
	assert_int_equal(fire(EX_REST, XE_ANSWER, SIDE_CALLEE), EX_OWED);
	assert_string_equal(t.done, "bare:caller ");
	assert_int_equal(fire(EX_PASSED, XE_ANSWER, SIDE_CALLEE), EX_PASSED);
	assert_string_equal(t.done, "fails500 ");
	assert_int_equal(fire(EX_PROPOSED, XE_ANSWERED, SIDE_CALLER), EX_OWED);
	assert_string_equal(t.done, "take settle ");
	assert_int_equal(fire(EX_OWED, XE_UP, SIDE_CALLEE), EX_TOLD);
	assert_string_equal(t.done, "new make:callee change:caller ");
	assert_int_equal(fire(EX_TOLD, XE_CHANGED, SIDE_CALLER), EX_REST);
	assert_string_equal(t.done, "take settle confirm:callee ");
	fire(EX_TOLD, XE_REFUSED, SIDE_CALLER);
	assert_string_equal(t.done, "when:caller drop ");
	assert_true(t.disagreed);
	t.make_err = ERR_LIMIT;
	assert_int_equal(fire(EX_OWED, XE_UP, SIDE_CALLER), EX_OWED);
	assert_true(t.disagreed);
	t.make_err = OK;
}

/* The other side has no time: 491, or an offer that is in the way. */
static void test_again(void **state)
{
	(void)state;
	t.again_ms = 2100;
	assert_int_equal(fire(EX_TOLD, XE_REFUSED, SIDE_CALLER), EX_OWED);
	assert_string_equal(t.done, "when:caller drop ");
	assert_true(t.waits && t.owes_callee && !t.disagreed);
	t.tries = 19;
	assert_int_equal(fire(EX_TOLD, XE_REFUSED, SIDE_CALLER), EX_OWED);
	t.tries = 20;
	assert_int_equal(fire(EX_TOLD, XE_REFUSED, SIDE_CALLER), EX_REST);
	assert_false(t.waits || t.owes_callee || t.disagreed);
	t.owed = true;
	fire(EX_TOLD, XE_REFUSED, SIDE_CALLER);
	assert_true(t.disagreed);
	t.owed = false;
	t.tries = 0;
	t.change_err = ERR_NOT_NOW;
	assert_int_equal(fire(EX_REST, XE_MOVED, SIDE_CALLEE), EX_OWED);
	assert_string_equal(t.done, "make:callee change:caller back ");
	assert_true(t.waits && t.owes_callee);
	assert_int_equal(fire(EX_SHOWN, XE_ANSWERED, SIDE_CALLER), EX_OWED);
	assert_true(t.waits && t.owes_caller);
	assert_int_equal(fire(EX_OWED, XE_AGAIN, SIDE_CALLEE), EX_OWED);
	assert_true(t.waits && t.owes_callee);
	assert_int_equal(fire(EX_OWED, XE_OFFER, SIDE_CALLER), EX_OWED);
	assert_true(t.owes_callee);
}

static void count_line(void *arg, enum log_level level, const char *line)
{
	unsigned *lines = arg;

	(void)level;
	(void)line;
	++*lines;
}

/* Every ACK to a change says that its side is free: where nothing waits that is no news. */
static void test_free_is_quiet(void **state)
{
	unsigned lines = 0;

	(void)state;
	log_set_level(LOG_DEBUG);
	log_capture(count_line, &lines);
	for (int s = 0; s < EX_NSTATES; s++) {
		if (s != EX_HELD)
			fire((enum exchange_state)s, XE_FREE, SIDE_CALLEE);
	}
	log_capture(NULL, NULL);
	log_set_level(LOG_ERROR);
	assert_int_equal(lines, 0);
}

/* The other side is to say ACK first. */
static void test_held(void **state)
{
	struct message *fetch = message_of(XE_FETCH);

	(void)state;
	t.busy = true;
	t.change_err = ERR_NOT_NOW;
	assert_int_equal(fire(EX_REST, XE_OFFER, SIDE_CALLEE), EX_HELD);
	assert_string_equal(t.done, "make:callee change:caller back ");
	assert_int_equal(fire(EX_REST, XE_FETCH, SIDE_CALLEE), EX_HELD);
	assert_string_equal(t.done, "fetch:caller ");
	assert_int_equal(fire(EX_HELD, XE_OFFER, SIDE_CALLEE), EX_HELD);
	assert_string_equal(t.done, "refuse491:callee ");
	/* Something else is in its way. */
	assert_int_equal(fire(EX_HELD, XE_FREE, SIDE_CALLER), EX_HELD);
	t.busy = false;
	assert_int_equal(fire(EX_HELD, XE_FREE, SIDE_CALLER), EX_REST);
	assert_string_equal(t.done, "make:callee change:caller back refuse491:callee ");
	t.busy = true;
	assert_int_equal(fire(EX_OWED, XE_OFFER, SIDE_CALLER), EX_HELD);
	assert_string_equal(t.done, "make:caller change:callee back ");
	assert_true(t.owes_callee);
	assert_int_equal(fire(EX_OWED, XE_FETCH, SIDE_CALLER), EX_HELD);
	assert_string_equal(t.done, "fetch:callee ");
	/* What is owed comes behind it. */
	t.moves = true;
	assert_int_equal(fire(EX_HELD, XE_WITHDRAWN, SIDE_CALLER), EX_OWED);
	assert_true(t.waits);
	t.moves = false;
	t.change_err = OK;
	t.asked = fetch;
	assert_int_equal(fire(EX_HELD, XE_UP, SIDE_CALLER), EX_FETCHING);
	assert_string_equal(t.done, "fetch:caller ");
	t.asked = NULL;
	assert_int_equal(fire(EX_HELD, XE_FREE, SIDE_CALLER), EX_REST);
	message_free(&fetch);
}

/* Of a transfer, who asked for it hangs up. */
static void leave(enum exchange_state state, enum media_side asker, const char *wanted)
{
	struct call call = { .exchange = state, .asker = asker, .border = &t.border };
	bool stays = !*wanted;

	call.caller.leg = CALLER;
	call.callee.leg = CALLEE;
	call.offer = OFFER;
	t.done[0] = '\0';
	exchange_leave(&call, SIDE_CALLEE);
	assert_string_equal(t.done, wanted);
	assert_int_equal(call.exchange, stays ? state : EX_REST);
}

static void test_leave(void **state)
{
	(void)state;
	leave(EX_REST, SIDE_CALLER, "drop refuse491:caller ");
	leave(EX_HELD, SIDE_CALLER, "drop refuse491:caller ");
	leave(EX_PASSED, SIDE_CALLER, "drop refuse491:caller ");
	leave(EX_FETCHING, SIDE_CALLER, "drop refuse491:caller ");
	leave(EX_TOLD, SIDE_CALLER, "drop refuse491:caller ");
	leave(EX_OWED, SIDE_CALLER, "drop refuse491:caller ");
	/* It has yet to answer, or to say ACK. */
	leave(EX_PASSED, SIDE_CALLEE, "");
	leave(EX_FETCHING, SIDE_CALLEE, "");
	leave(EX_TOLD, SIDE_CALLEE, "");
	leave(EX_PROPOSED, SIDE_CALLER, "");
	leave(EX_SHOWN, SIDE_CALLER, "");
	t.holds = t.caller_holds = true;
	leave(EX_PROPOSED, SIDE_CALLEE, "drop refuse491:caller anyway:caller ");
	/* Nobody waits for the offer that was asked for. */
	t.accept_err = ERR_NOT_NOW;
	assert_int_equal(fire(EX_FETCHING, XE_CHANGED, SIDE_CALLER), EX_REST);
	assert_string_equal(t.done, "make:caller accept:callee drop anyway:caller ");
	assert_false(t.disagreed);
}

/* What came while another exchange was under way is next. */
static void test_moved_meanwhile(void **state)
{
	(void)state;
	t.moves = true;
	assert_int_equal(fire(EX_PASSED, XE_CHANGED, SIDE_CALLER), EX_OWED);
	assert_true(t.waits && t.owes_callee);
	assert_int_equal(fire(EX_PASSED, XE_REFUSED, SIDE_CALLER), EX_OWED);
	assert_int_equal(fire(EX_PROPOSED, XE_ANSWERED, SIDE_CALLER), EX_OWED);
	assert_int_equal(fire(EX_TOLD, XE_CHANGED, SIDE_CALLER), EX_OWED);
	assert_int_equal(fire(EX_TOLD, XE_REFUSED, SIDE_CALLER), EX_OWED);
	assert_true(t.waits && t.owes_callee);
}

/* Nothing new for the other side: it is not asked. */
static void test_stays_here(void **state)
{
	(void)state;
	t.said = true;
	assert_int_equal(fire(EX_REST, XE_OFFER, SIDE_CALLEE), EX_REST);
	assert_string_equal(t.done, "make:callee take settle accept:callee ");
	t.answer_err = ERR_REFUSED;
	assert_int_equal(fire(EX_REST, XE_OFFER, SIDE_CALLEE), EX_REST);
	assert_string_equal(t.done, "make:callee take back refuse488:callee ");
}

/* Whatever fails leaves the state, and who asked hears of it. */
static void test_fails(void **state)
{
	(void)state;
	t.make_err = ERR_REFUSED;
	assert_int_equal(fire(EX_REST, XE_OFFER, SIDE_CALLER), EX_REST);
	assert_string_equal(t.done, "make:caller back refuse488:caller ");
	/* The first answer is settled all the same: another fork's is no answer to that offer. */
	assert_int_equal(fire(EX_FIRST, XE_OFFER, SIDE_CALLER), EX_REST);
	assert_string_equal(t.done, "settle make:caller back refuse488:caller ");
	assert_int_equal(fire(EX_FETCHING, XE_ANSWER, SIDE_CALLEE), EX_FETCHING);
	assert_string_equal(t.done, "make:callee fails488 ");
	assert_int_equal(fire(EX_FETCHING, XE_CHANGED, SIDE_CALLER), EX_FETCHING);
	assert_true(t.disagreed);
	t.make_err = OK;
	t.change_err = ERR_NOT_NOW;
	assert_int_equal(fire(EX_REST, XE_OFFER, SIDE_CALLER), EX_REST);
	assert_int_equal(t.hosts, 1);
	assert_string_equal(t.done, "make:caller change:callee back refuse491:caller ");
	assert_int_equal(fire(EX_FIRST, XE_OFFER, SIDE_CALLER), EX_FIRST);
	assert_string_equal(t.done, "refuse491:caller ");
	assert_int_equal(fire(EX_REST, XE_FETCH, SIDE_CALLER), EX_REST);
	assert_string_equal(t.done, "fetch:callee refuse491:caller ");
	t.change_err = OK;
	t.answer_err = ERR_REFUSED;
	assert_int_equal(fire(EX_FIRST, XE_PROGRESS, SIDE_CALLEE), EX_FIRST);
	assert_string_equal(t.done, "take progress183:caller ");
	assert_int_equal(fire(EX_FIRST, XE_ANSWER, SIDE_CALLEE), EX_FIRST);
	assert_string_equal(t.done, "take fails488 ");
	assert_int_equal(fire(EX_PASSED, XE_CHANGED, SIDE_CALLER), EX_PASSED);
	assert_true(t.disagreed);
	assert_int_equal(fire(EX_PROPOSED, XE_ANSWERED, SIDE_CALLER), EX_PROPOSED);
	assert_true(t.disagreed);
	t.answer_err = OK;
	t.peer_sdp = NULL;
	assert_int_equal(fire(EX_FIRST, XE_ANSWER, SIDE_CALLEE), EX_FIRST);
	assert_string_equal(t.done, "fails502 ");
	assert_int_equal(fire(EX_FETCHING, XE_ANSWER, SIDE_CALLEE), EX_FETCHING);
	assert_string_equal(t.done, "fails502 ");
	/* An ACK without the answer. */
	fire_with(EX_PROPOSED, XE_ANSWERED, SIDE_CALLER, make("ACK sip:a@b SIP/2.0", "ACK", ""));
	assert_true(t.disagreed);
	/* Nobody waits any more. */
	t.accept_err = ERR_NOT_NOW;
	assert_int_equal(fire(EX_PASSED, XE_CHANGED, SIDE_CALLER), EX_REST);
	assert_false(t.disagreed);
}

/* The next target may say what the one before said: it counts all the same. */
static void test_next_target(void **state)
{
	struct call call = { .exchange = EX_FIRST };
	struct offer_problem problem;
	struct message *m = make("SIP/2.0 183 Session Progress", "INVITE", SDP);

	(void)state;
	call.caller.leg = CALLER;
	call.callee.leg = CALLEE;
	exchange_progress(&call, m);
	exchange_progress(&call, m);
	assert_string_equal(t.done, "take media183:caller media183:caller ");
	t.done[0] = '\0';
	exchange_begin(&call, true);
	assert_string_equal(t.done, "refuse491:caller ");
	assert_int_equal(exchange_answer(&call, &problem), OK);
	assert_string_equal(t.done, "refuse491:caller take answer:caller settle ");
	exchange_begin(&call, false);
	assert_int_equal(call.exchange, EX_FETCHING);
	assert_null(call.heard);
	message_free(&m);
}

static void test_statuses(void **state)
{
	static const struct {
		const char *line, *done;
	} cases[] = { { "SIP/2.0 401 No", "drop later403:caller " },
		      { "SIP/2.0 422 No", "drop later480:caller " },
		      { "SIP/2.0 503 No", "drop later500:caller " },
		      { "SIP/2.0 302 Elsewhere", "drop later480:caller " },
		      { "SIP/2.0 408 Silent", "drop later480:caller " },
		      { "SIP/2.0 481 Gone", "drop later500:caller " },
		      { "SIP/2.0 491 Pending", "drop later491:caller " },
		      { "SIP/2.0 405 No", "drop later500:caller " },
		      { "SIP/2.0 415 No", "drop later488:caller " },
		      { "SIP/2.0 420 No", "drop later500:caller " },
		      { "SIP/2.0 500 Later", "drop later500:caller " },
		      { "SIP/2.0 603 No", "drop later603:caller " } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		fire_with(EX_PASSED, XE_REFUSED, SIDE_CALLEE, make(cases[i].line, "INVITE", ""));
		assert_string_equal(t.done, cases[i].done);
	}
	fire_with(EX_PASSED, XE_REFUSED, SIDE_CALLEE, NULL);
	assert_string_equal(t.done, "drop refuse500:caller ");
}

static int open_library(void **state)
{
	(void)state;
	message_library_open();
	log_set_level(LOG_ERROR);
	return timers_new(&timers);
}

static int close_library(void **state)
{
	(void)state;
	timers_free(&timers);
	message_free(&asked);
	return 0;
}

static int begin(void **state)
{
	(void)state;
	memset(&t, 0, sizeof(t));
	t.peer_sdp = SDP;
	message_free(&asked);
	asked = t.asked = message_of(XE_OFFER);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup(test_##name, begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_cell),  TEST(stays_here),    TEST(spared), TEST(fails),
		TEST(next_target), TEST(statuses),      TEST(owed),   TEST(again),
		TEST(held),        TEST(free_is_quiet), TEST(leave),  TEST(moved_meanwhile)
	};

	return cmocka_run_group_tests(tests, open_library, close_library);
}
