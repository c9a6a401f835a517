/* sbc/b2bua/admission.c: who is let in over a limit, and who goes for it. Trunks and the table of
 * calls are this test's. */
#include "sbc/b2bua/admission.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "base/mem.h"

#define NCALLS 4

static char desk_name[] = "desk", acme_name[] = "acme";
static struct config_phone desk = { .name = desk_name, .max_calls = 2 };
static struct config_trunk acme = { .name = acme_name, .max_calls = 2 };
static struct config cfg = { .phones = &desk, .nphones = 1, .max_calls = 3 };
static char trunk; /* an address */
#define TRUNK ((struct trunk *)(void *)&trunk)

static struct border b;
static struct call calls[NCALLS];
static const struct call *ended;
static bool always_seen;
static unsigned slots; /* of the trunk, that are left */

struct trunk *trunk_find(struct trunks *all, const char *name)
{
	(void)all;
	assert_string_equal(name, "acme");
	return TRUNK;
}

const struct config_trunk *trunk_config(const struct trunk *t)
{
	assert_ptr_equal(t, TRUNK);
	return &acme;
}

enum err trunk_take_slot(struct trunk *t, bool outgoing, bool always)
{
	assert_ptr_equal(t, TRUNK);
	assert_true(outgoing);
	always_seen = always;
	if (slots == 0 && !always)
		return ERR_LIMIT;
	slots -= slots ? 1 : 0;
	return OK;
}

enum err trunk_take_request(struct trunk *t)
{
	assert_ptr_equal(t, TRUNK);
	return slots ? OK : ERR_LIMIT;
}

void trunk_free_slot(struct trunk *t)
{
	assert_ptr_equal(t, TRUNK);
	slots++;
}

const char *party_name(const struct config_party *who)
{
	return who->kind == PARTY_TRUNK ? who->trunk->name : who->phone->name;
}

void call_event(struct call *call, enum call_event event, const struct call_news *news)
{
	assert_int_equal(event, EV_SHUTDOWN);
	assert_non_null(strstr(news->why, "emergency"));
	assert_null(ended);
	ended = call;
	call->code = 503;
}

static int begin(void **state)
{
	(void)state;
	memset(&b, 0, sizeof(b));
	memset(calls, 0, sizeof(calls));
	b.cfg.cfg = &cfg;
	TAILQ_INIT(&b.calls);
	for (size_t i = 0; i < NCALLS; i++) {
		calls[i].border = &b;
		calls[i].caller.who = (struct config_party){ .kind = PARTY_PHONE, .phone = &desk };
		calls[i].callee.who = (struct config_party){ .kind = PARTY_TRUNK, .trunk = &acme };
	}
	acme.over_limit = desk.over_limit = OVER_LIMIT_AUTO;
	cfg.calls_per_second = 0;
	ended = NULL;
	slots = 2;
	return admission_open(&b) == OK ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	admission_close(&b);
	return 0;
}

static void goes_on(size_t n)
{
	for (size_t i = 0; i < n; i++) {
		TAILQ_INSERT_TAIL(&b.calls, &calls[i], link);
		b.ncalls++;
	}
}

static void test_of_all(void **state)
{
	(void)state;
	goes_on(2);
	assert_null(admission_of_all(&b, false));
	b.ncalls = 3;
	assert_non_null(admission_of_all(&b, false));
	assert_null(admission_of_all(&b, true));
	assert_null(ended); /* one of the three is over and waits to be buried */
	b.shut = true;
	assert_non_null(admission_of_all(&b, true));
}

static void test_a_second_of_all(void **state)
{
	(void)state;
	b.rate.per_s = 1;
	assert_null(admission_of_all(&b, false));
	assert_string_equal(admission_of_all(&b, false), "calls-per-second is reached");
	assert_null(admission_of_all(&b, true));
}

static void test_youngest_goes(void **state)
{
	(void)state;
	goes_on(4);
	calls[3].code = 200; /* is ending */
	calls[2].emergency = true;
	assert_null(admission_of_all(&b, true));
	assert_ptr_equal(ended, &calls[1]);
}

static void test_nobody_goes(void **state)
{
	(void)state;
	goes_on(3);
	for (size_t i = 0; i < 3; i++)
		calls[i].emergency = true;
	assert_null(admission_of_all(&b, true));
	assert_null(ended);
}

static void test_places(void **state)
{
	struct call_refusal refusal = { 0 };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(admission_of_party(&calls[i], &calls[i].caller, &refusal), OK);
		assert_int_equal(admission_of_party(&calls[i], &calls[i].callee, &refusal), OK);
		assert_ptr_equal(calls[i].callee.trunk, TRUNK);
		assert_false(always_seen);
	}
	assert_int_equal(border_phone_limit(&b, &desk)->calls, 2);
	assert_int_equal(admission_of_party(&calls[2], &calls[2].caller, &refusal), ERR_LIMIT);
	assert_int_equal(refusal.status, 480);
	assert_string_equal(refusal.why, "desk has as many calls as its limits allow");
	acme.over_limit = OVER_LIMIT_503;
	assert_int_equal(admission_of_party(&calls[2], &calls[2].callee, &refusal), ERR_LIMIT);
	assert_int_equal(refusal.status, 503);
	assert_in_range(refusal.retry_after_s, 1, 10);
	acme.over_limit = OVER_LIMIT_486;
	assert_int_equal(admission_of_party(&calls[2], &calls[2].callee, &refusal), ERR_LIMIT);
	assert_int_equal(refusal.status, 486);
	assert_int_equal(refusal.retry_after_s, 0);
	admission_leave(&calls[0].caller);
	admission_leave(&calls[0].callee);
	admission_leave(&calls[0].callee); /* once */
	assert_int_equal(slots, 1);
	assert_int_equal(border_phone_limit(&b, &desk)->calls, 1);
	assert_int_equal(border_phone_limit(&b, &desk)->refused, 1);
}

/* Who sends, who is asked, and all together have a bucket each, which calls do not empty. */
static void test_requests(void **state)
{
	struct call_refusal refusal = { 0 };
	const struct party *from = &calls[0].caller, *to = &calls[0].callee;

	(void)state;
	b.phones[0].requests.per_s = b.phones[0].rate.per_s = 2;
	b.requests.per_s = 3;
	assert_int_equal(admission_of_party(&calls[0], &calls[0].caller, &refusal), OK);
	assert_int_equal(admission_of_party(&calls[1], &calls[1].caller, &refusal), OK);
	assert_int_equal(admission_of_request(&b, from, to), 0);
	assert_int_equal(admission_of_request(&b, to, from), 0);
	assert_int_equal(admission_of_request(&b, from, to), 500);
	assert_int_equal(admission_of_request(&b, to, from), 500);
	assert_int_equal(admission_of_request(&b, to, to), 0);
	assert_int_equal(admission_of_request(&b, to, to), 503);
	slots = 0;
	assert_int_equal(admission_of_request(&b, to, to), 500);
	admission_leave(&calls[0].caller);
	admission_leave(&calls[1].caller);
}

static void test_trunk_hears_486(void **state)
{
	struct call_refusal refusal = { 0 };

	(void)state;
	slots = 0;
	calls[0].caller = calls[0].callee;
	assert_int_equal(admission_of_party(&calls[0], &calls[0].callee, &refusal), ERR_LIMIT);
	assert_int_equal(refusal.status, 486);
}

/* Of the trunk's calls the youngest, though another call is younger still. */
static void test_trunk_makes_room(void **state)
{
	struct call_refusal refusal = { 0 };

	(void)state;
	goes_on(4);
	calls[0].callee.trunk = calls[1].callee.trunk = TRUNK;
	calls[3].emergency = true;
	slots = 0;
	assert_int_equal(admission_of_party(&calls[3], &calls[3].callee, &refusal), OK);
	assert_true(always_seen);
	assert_ptr_equal(ended, &calls[1]);
	assert_ptr_equal(calls[3].callee.trunk, TRUNK);
}

static void test_no_memory(void **state)
{
	struct border other = { .cfg = { .cfg = &cfg } };

	(void)state;
	mem_fail_nth(1);
	assert_int_equal(admission_open(&other), ERR_NOMEM);
	mem_fail_nth(0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(of_all),           TEST(a_second_of_all),
		                            TEST(youngest_goes),    TEST(nobody_goes),
		                            TEST(places),           TEST(trunk_hears_486),
		                            TEST(trunk_makes_room), TEST(requests),
		                            TEST(no_memory) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
