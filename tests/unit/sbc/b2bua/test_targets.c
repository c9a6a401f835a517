/* sbc/b2bua/targets.c: the order of targets, which failure goes on to the next one, and what
 * becomes of legs that were left. Legs, limits and what is passed are this test's. */
#include "sbc/b2bua/targets.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "sbc/b2bua/admission.h"
#include "tests/unit/alloc.h"

static char acme_name[] = "acme", spare_name[] = "spare", desk_name[] = "desk", prefix[] = "00",
            none[] = "";
static struct config_trunk acme = { .name = acme_name }, spare = { .name = spare_name };
static struct config_phone desk = { .name = desk_name };
static struct config_party to[] = { { .kind = PARTY_TRUNK, .trunk = &acme },
	                            { .kind = PARTY_TRUNK, .trunk = &spare },
	                            { .kind = PARTY_PHONE, .phone = &desk } };
static struct config_route route = { .to = to, .nto = 3 };

static struct {
	unsigned freed, cancelled, hung_up, refused, left, passed_ended;
	bool gone;
} t;
static char legs[2]; /* addresses */
#define LEG(i) ((struct leg *)(void *)&legs[i])

void leg_free(struct leg **lp)
{
	t.freed += *lp != NULL;
	*lp = NULL;
}

void leg_cancel_because(struct leg *leg, const char *reason)
{
	assert_non_null(leg);
	assert_string_equal(reason, "SIP;cause=200");
	t.cancelled++;
}

void leg_bye(struct leg *leg)
{
	assert_ptr_equal(leg, LEG(0));
	t.hung_up++;
}

void leg_refuse(struct leg *leg, unsigned status, unsigned retry_after_s)
{
	assert_ptr_equal(leg, LEG(0));
	assert_int_equal(status, 488);
	assert_int_equal(retry_after_s, 0);
	t.refused++;
}

bool leg_is_gone(const struct leg *leg)
{
	assert_ptr_equal(leg, LEG(0));
	return t.gone;
}

void admission_leave(struct party *p)
{
	p->trunk = NULL;
	t.left++;
}

const char *party_name(const struct config_party *who)
{
	return who->kind == PARTY_TRUNK ? who->trunk->name : who->phone->name;
}

void pass_end(struct call *c)
{
	(void)c;
	t.passed_ended++;
}

void party_set(struct party *p, const struct config_party *who, const char *number)
{
	p->who = *who;
	snprintf(p->number, sizeof(p->number), "%s", number);
}

static struct call call;

static int begin(void **state)
{
	(void)state;
	memset(&t, 0, sizeof(t));
	memset(&call, 0, sizeof(call));
	message_library_open();
	targets_open(&call);
	call.state = CALL_CALLING;
	return 0;
}

static int end(void **state)
{
	(void)state;
	targets_close(&call);
	return 0;
}

static void test_order(void **state)
{
	(void)state;
	assert_int_equal(targets_begin(&call, &route, "123"), OK);
	assert_ptr_equal(call.route, &route);
	assert_ptr_equal(call.callee.who.trunk, &acme);
	assert_true(targets_take(&call));
	assert_ptr_equal(call.callee.who.trunk, &acme);
	assert_string_equal(call.callee.number, "123");
	targets_leave(&call, "SIP;cause=200");
	assert_int_equal(t.left, 1);
	assert_int_equal(t.passed_ended, 1);
	assert_true(targets_take(&call));
	assert_ptr_equal(call.callee.who.trunk, &spare);
	targets_leave(&call, "SIP;cause=200");
	assert_true(targets_take(&call));
	assert_ptr_equal(call.callee.who.phone, &desk);
	assert_false(targets_take(&call));
	assert_int_equal(t.cancelled, 0); /* no leg was made */
}

/* Whatever comes between: a target brings its own route, and the caller's number as that shows it.
 * An emergency stays one. */
static void test_route_of_target(void **state)
{
	struct config_route other = { .to = &to[1],
		                      .nto = 1,
		                      .emergency = YES,
		                      .dialling = { none, none, prefix, none, DIGITS_DIALLED },
		                      .calling_form = NUMBERS_INTERNATIONAL };

	(void)state;
	strcpy(call.caller.number, "+4930");
	assert_int_equal(targets_begin(&call, &other, "110"), OK);
	assert_true(call.emergency);
	assert_int_equal(targets_add_route(&call, &route, "123", &call.targets.next), OK);
	assert_true(targets_take(&call));
	assert_ptr_equal(call.route, &other);
	assert_string_equal(call.caller.id.shown, "004930");
	assert_true(targets_take(&call));
	assert_ptr_equal(call.route, &route);
	assert_string_equal(call.caller.id.shown, "+4930");
	assert_true(call.emergency);
}

/* Nobody is called twice with one number. */
static void test_each_once(void **state)
{
	struct call_target again = { .who = to[0], .number = "123", .route = &route };
	char host[] = "other.example";

	(void)state;
	assert_int_equal(targets_begin(&call, &route, "123"), OK);
	assert_true(targets_take(&call));
	assert_int_equal(targets_add(&call, &again, &call.targets.next), OK); /* was tried */
	again.who = to[1];
	assert_int_equal(targets_add(&call, &again, &call.targets.next), OK); /* is listed */
	assert_true(targets_take(&call));
	assert_true(targets_take(&call));
	assert_false(targets_take(&call));
	again.who = to[0];
	again.host = host;
	assert_int_equal(targets_add(&call, &again, &call.targets.next), OK);
	assert_true(targets_take(&call));
	again.port = 5071;
	assert_int_equal(targets_add(&call, &again, &call.targets.next), OK);
	assert_true(targets_take(&call));
	for (unsigned i = 0; i < 100; i++) {
		snprintf(again.number, sizeof(again.number), "%u", i);
		assert_int_equal(targets_add(&call, &again, &call.targets.next), OK);
	}
	for (unsigned i = 5; i < 32; i++)
		assert_true(targets_take(&call));
	assert_false(targets_take(&call));
}

static struct message *answer(unsigned status)
{
	char text[256];
	struct message *m;

	snprintf(text, sizeof(text),
	         "SIP/2.0 %u X\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\n"
	         "To: <sip:c@d>;tag=2\r\nCall-ID: x\r\nCSeq: 1 INVITE\r\n\r\n",
	         status);
	assert_int_equal(message_parse(&m, text, strlen(text)), OK);
	return m;
}

static bool goes_on(unsigned status)
{
	struct message *m = status ? answer(status) : NULL;
	bool on;

	if (TAILQ_EMPTY(&call.targets.next)) /* the one before ruled them out */
		assert_int_equal(targets_begin(&call, &route, "123"), OK);
	on = targets_go_on(&call, m);
	assert_int_equal(on, !TAILQ_EMPTY(&call.targets.next) && call.exchange != EX_PROPOSED);

	message_free(&m);
	return on;
}

static void test_which_failures(void **state)
{
	static const unsigned of_the_way[] = { 0, 401, 407, 408, 500, 502, 503, 504 };
	static const unsigned of_the_called[] = { 302, 400, 403, 404, 480, 484, 486,
		                                  487, 488, 501, 505, 600, 603, 604 };

	(void)state;
	assert_false(targets_go_on(&call, NULL));
	for (size_t i = 0; i < ARRAY_LEN(of_the_way); i++)
		assert_true(goes_on(of_the_way[i]));
	for (size_t i = 0; i < ARRAY_LEN(of_the_called); i++)
		assert_false(goes_on(of_the_called[i]));
	call.exchange = EX_PROPOSED;
	assert_false(goes_on(503));
	call.exchange = EX_INVENTED;
	assert_true(goes_on(503));
	call.exchange = EX_FETCHING;
	assert_true(goes_on(503));
	call.state = CALL_RINGING;
	assert_false(goes_on(408));
	assert_true(goes_on(503));
	TAILQ_FIRST(&call.targets.next)->alternative = true;
	assert_true(goes_on(486));
	assert_false(goes_on(603));
	/* Of the way that is left: what is no place of the redirection. */
	assert_int_equal(targets_begin(&call, &route, "123"), OK);
	TAILQ_LAST(&call.targets.next, call_target_list)->alternative = true;
	assert_true(goes_on(486));
	assert_ptr_equal(TAILQ_FIRST(&call.targets.next)->who.phone, &desk);
}

static bool tries_again(unsigned status)
{
	struct message *m = answer(status);
	bool plain = targets_try_again(&call, m);

	message_free(&m);
	return plain;
}

/* A trunk that is only offered SRTP and refuses it is next once more, before the others, and once
 * only; one that requires it never is. */
static void test_go_plain(void **state)
{
	static const unsigned of_srtp[] = { 488, 415, 606 };
	static const enum srtp_mode offers[] = { SRTP_OFFERED, SRTP_OFFERED_BOTH, SRTP_OFFERED };

	for (size_t i = 0; i < ARRAY_LEN(of_srtp); i++) {
		end(state);
		begin(state);
		acme.srtp = SRTP_REQUIRED;
		assert_int_equal(targets_begin(&call, &route, "123"), OK);
		assert_false(tries_again(of_srtp[i])); /* nobody was called */
		assert_true(targets_take(&call));
		assert_false(tries_again(of_srtp[i]));
		acme.srtp = SRTP_OFF;
		assert_false(tries_again(of_srtp[i]));
		acme.srtp = offers[i];
		assert_false(tries_again(486));
		assert_false(targets_try_again(&call, NULL));
		call.exchange = EX_PROPOSED;
		assert_false(tries_again(of_srtp[i]));
		call.exchange = EX_FIRST;
		call.state = CALL_CANCELLING;
		assert_false(tries_again(of_srtp[i]));
		call.state = i == 0 ? CALL_REFERRED : CALL_RINGING;
		assert_false(call.callee.target->plain);
		assert_true(tries_again(of_srtp[i]));
		targets_leave(&call, NULL);
		assert_true(targets_take(&call));
		assert_ptr_equal(call.callee.who.trunk, &acme);
		assert_true(call.callee.target->plain);
		assert_false(tries_again(of_srtp[i]));
		targets_leave(&call, NULL);
		assert_true(targets_take(&call));
		assert_ptr_equal(call.callee.who.trunk, &spare);
		assert_false(call.callee.target->plain);
	}
	acme.srtp = SRTP_REQUIRED;
}

/* 415 to parts is none to SRTP: first they are left out, then SRTP. */
static void test_go_bare(void **state)
{
	(void)state;
	acme.srtp = SRTP_OFFERED;
	assert_int_equal(targets_begin(&call, &route, "123"), OK);
	assert_true(targets_take(&call));
	call.exchange = EX_FETCHING;
	assert_false(tries_again(415));
	call.callee.target->has_parts = true;
	assert_true(tries_again(415));
	targets_leave(&call, NULL);
	assert_true(targets_take(&call));
	assert_ptr_equal(call.callee.who.trunk, &acme);
	assert_true(call.callee.target->bare);
	assert_false(call.callee.target->has_parts);
	assert_false(call.callee.target->plain);
	call.exchange = EX_FIRST;
	assert_true(tries_again(415));
	targets_leave(&call, NULL);
	assert_true(targets_take(&call));
	assert_true(call.callee.target->bare);
	assert_true(call.callee.target->plain);
	assert_false(tries_again(415));
	acme.srtp = SRTP_REQUIRED;
}

static void test_left_legs(void **state)
{
	(void)state;
	assert_int_equal(targets_begin(&call, &route, "123"), OK);
	assert_true(targets_take(&call));
	assert_true(targets_are_gone(&call));
	call.callee.leg = LEG(0);
	assert_false(targets_on_event(&call, LEG(0), LEG_ANSWER)); /* the callee's */
	targets_leave(&call, "SIP;cause=200");
	assert_null(call.callee.leg);
	assert_int_equal(t.cancelled, 1);
	assert_false(targets_are_gone(&call));
	assert_true(targets_on_event(&call, LEG(0), LEG_PROGRESS));
	assert_int_equal(t.hung_up, 0);
	assert_true(targets_on_event(&call, LEG(0), LEG_OFFER));
	assert_int_equal(t.refused, 1);
	assert_true(targets_on_event(&call, LEG(0), LEG_ANSWER));
	assert_int_equal(t.hung_up, 1);
	assert_false(targets_on_event(&call, LEG(1), LEG_ANSWER));
	t.gone = true;
	assert_true(targets_are_gone(&call));
	targets_close(&call);
	assert_int_equal(t.freed, 1);
}

static void fill(void *arg)
{
	struct call_target elsewhere = { .who = to[0], .host = acme_name, .route = &route };
	struct call other = { .state = CALL_CALLING };

	(void)arg;
	targets_open(&other);
	if (targets_begin(&other, &route, "123") == OK &&
	    targets_add(&other, &elsewhere, &other.targets.next) == OK)
		assert_true(targets_take(&other));
	targets_close(&other);
}

static void test_no_memory(void **state)
{
	(void)state;
	assert_int_equal(each_allocation_fails(fill, NULL), 6);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(order),     TEST(route_of_target),
		                            TEST(each_once), TEST(which_failures),
		                            TEST(go_plain),  TEST(go_bare),
		                            TEST(left_legs), TEST(no_memory) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
