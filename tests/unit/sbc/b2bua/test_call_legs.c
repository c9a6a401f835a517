/* sbc/b2bua/call_legs.c: what either leg brings, as the call hears it; a leg that is made, and one
 * that moves. Legs, targets, transfers and sessions are this test's. */
#include "sbc/b2bua/call_legs.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

static struct {
	struct call call;
	struct border border;
	bool target_takes, transfer_takes, goes_on, goes_plain;
	unsigned events, changes, lost, checked, noted;
	enum call_event event; /* the last one */
	enum media_side side;
	enum err leg_err;
} t;

static char caller, callee;

static struct leg *leg_at(char *at)
{
	return (struct leg *)(void *)at;
}

void call_event(struct call *call, enum call_event event, const struct call_news *news)
{
	assert_ptr_equal(call, &t.call);
	assert_non_null(news->leg);
	t.events++;
	t.event = event;
}

void call_check_gone(struct call *call)
{
	assert_ptr_equal(call, &t.call);
	t.checked++;
}

bool targets_on_event(struct call *call, struct leg *leg, enum leg_event event)
{
	(void)call;
	(void)leg;
	(void)event;
	return t.target_takes;
}

bool targets_go_on(struct call *call, const struct message *m)
{
	(void)call;
	(void)m;
	return t.goes_on;
}

bool targets_try_again(struct call *call, const struct message *m)
{
	(void)call;
	(void)m;
	return t.goes_plain;
}

bool transfer_takes(struct call *call, struct leg *leg, enum leg_event event,
                    const struct message *m)
{
	(void)call;
	(void)leg;
	(void)event;
	(void)m;
	return t.transfer_takes;
}

bool caller_id_hides(const struct message *m)
{
	(void)m;
	return true;
}

void exchange_on_leg(struct call *call, enum media_side side, enum leg_event event,
                     const struct message *m, const char *why)
{
	(void)call;
	(void)event;
	(void)m;
	(void)why;
	t.changes++;
	t.side = side;
}

void leg_lose(struct leg *leg, const char *why)
{
	(void)why;
	assert_ptr_equal(leg, &callee);
	t.lost++;
}

void redirect_follow(struct call *call, const struct message *answer)
{
	(void)call;
	(void)answer;
	fail();
}

void trunk_report(struct trunk *trunk, const char *why)
{
	(void)trunk;
	(void)why;
	fail();
}

void call_note_leg(struct party *p)
{
	assert_non_null(p->leg);
	t.noted++;
}

void call_on_send(void *arg, struct leg *leg, struct message *m)
{
	(void)arg;
	(void)leg;
	(void)m;
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

/* A phone's host is kept in its party, as in names.c. */
void call_target(struct border *b, struct party *p, struct target *out)
{
	(void)b;
	*out = (struct target){ .host = p->host };
}

void party_contact(const struct party *p, const struct server_txn *txn, char *out, size_t size)
{
	(void)p;
	(void)txn;
	snprintf(out, size, "sip:us@192.0.2.9");
}

enum err leg_new_uas(struct leg **out, const struct leg_env *env, struct server_txn *txn,
                     const struct leg_uas_cfg *cfg, const struct leg_handler *handler)
{
	(void)env;
	(void)txn;
	assert_string_equal(cfg->contact, "sip:us@192.0.2.9");
	assert_int_equal(cfg->session.expires_s, 1800);
	assert_int_equal(cfg->session.min_se_s, 300);
	assert_ptr_equal(handler->arg, &t.call);
	if (!t.leg_err)
		*out = leg_at(&callee);
	return t.leg_err;
}

void leg_hand_over(struct leg *leg, const struct leg_handler *handler, const struct target *target)
{
	assert_ptr_equal(leg, &callee);
	assert_ptr_equal(handler->arg, &t.call);
	assert_ptr_equal(target->host, t.call.callee.host);
}

const char *leg_call_id(const struct leg *leg)
{
	(void)leg;
	return "c";
}

#define NOTHING EV_NEVENTS

static void test_events(void **state)
{
	/* What the caller's leg tells, and what the callee's. */
	static const struct {
		enum leg_event event;
		enum call_event caller, callee;
	} cases[] = {
		{ LEG_CANCEL, EV_CALLER_CANCEL, NOTHING },
		{ LEG_ACK, EV_CALLER_ACK, NOTHING },
		{ LEG_NO_ACK, EV_CALLER_NO_ACK, NOTHING },
		{ LEG_BYE, EV_CALLER_BYE, EV_CALLEE_BYE },
		{ LEG_LOST, EV_CALLER_BYE, EV_CALLEE_BYE },
		{ LEG_GONE, NOTHING, NOTHING },
		{ LEG_PROGRESS, NOTHING, EV_CALLEE_PROGRESS },
		{ LEG_ANSWER, NOTHING, EV_CALLEE_ANSWER },
		{ LEG_FAIL, NOTHING, EV_CALLEE_FAIL },
	};

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_LEN(cases); i++) {
		bool is_caller = i % 2 == 0;
		enum leg_event event = cases[i / 2].event;
		enum call_event told = is_caller ? cases[i / 2].caller : cases[i / 2].callee;

		/* A leg that called tells nothing of an INVITE of ours. */
		if (is_caller && told == NOTHING && event != LEG_GONE)
			continue;
		t.events = t.checked = 0;
		on_event(&t.call, leg_at(is_caller ? &caller : &callee), event, NULL, "w");
		assert_int_equal(t.events, told != NOTHING);
		if (told != NOTHING)
			assert_int_equal(t.event, told);
		assert_int_equal(t.checked, 1);
	}
	assert_true(t.call.callee.id.withheld); /* as its answer says */
	assert_int_equal(t.lost, 1);            /* who called to take a place did not confirm it */
	t.goes_on = true;
	on_event(&t.call, leg_at(&callee), LEG_FAIL, NULL, "w");
	assert_int_equal(t.event, EV_CALLEE_NEXT);
	t.goes_on = false;
	on_event(&t.call, leg_at(&callee), LEG_FAIL, NULL, "w");
	assert_int_equal(t.event, EV_CALLEE_FAIL);
	t.goes_plain = true;
	on_event(&t.call, leg_at(&callee), LEG_FAIL, NULL, "w");
	assert_int_equal(t.event, EV_CALLEE_NEXT);
}

static void test_sessions(void **state)
{
	(void)state;
	for (enum leg_event event = LEG_OFFER; event <= LEG_ANSWERED; event++) {
		t.changes = 0;
		on_event(&t.call, leg_at(&caller), event, NULL, NULL);
		assert_int_equal(t.side, SIDE_CALLER);
		on_event(&t.call, leg_at(&callee), event, NULL, NULL);
		assert_int_equal(t.side, SIDE_CALLEE);
		assert_int_equal(t.changes, 2);
	}
}

/* What belongs to a transfer, or to a target that was left, is none of the call's. */
static void test_taken(void **state)
{
	(void)state;
	t.target_takes = true;
	on_event(&t.call, leg_at(&callee), LEG_BYE, NULL, NULL);
	t.target_takes = false;
	t.transfer_takes = true;
	on_event(&t.call, leg_at(&callee), LEG_BYE, NULL, NULL);
	assert_int_equal(t.events, 0);
	assert_int_equal(t.checked, 2);
}

static void test_made_and_moved(void **state)
{
	static const struct config_realm realm = { .session_expires_ms = 1800000,
		                                   .min_se_ms = 300000 };
	static char slot;
	struct party p = { .realm = &realm,
		           .trunk = (struct trunk *)(void *)&slot,
		           .target = (struct call_target *)(void *)&slot };

	(void)state;
	t.leg_err = ERR_LIMIT;
	assert_int_equal(call_take_leg(&t.call, &p, NULL), ERR_LIMIT);
	assert_null(p.leg);
	t.leg_err = OK;
	assert_int_equal(call_take_leg(&t.call, &p, NULL), OK);
	assert_int_equal(t.noted, 1);
	assert_string_equal(p.call_id, "c");
	t.call.callee.leg = NULL;
	party_move(&t.call, &t.call.callee, &p);
	assert_ptr_equal(t.call.callee.leg, &callee);
	assert_ptr_equal(t.call.callee.trunk, &slot);
	assert_null(t.call.callee.target);
	assert_null(p.leg);
	assert_null(p.trunk);
	assert_string_equal(p.call_id, "c");
	mem_free(p.call_id);
	mem_free(t.call.callee.call_id);
}

static int begin(void **state)
{
	(void)state;
	memset(&t, 0, sizeof(t));
	t.call.border = &t.border;
	t.call.caller.leg = leg_at(&caller);
	t.call.callee.leg = leg_at(&callee);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup(test_##name, begin)

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(events), TEST(sessions), TEST(taken),
		                            TEST(made_and_moved) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
