/* sbc/b2bua/redirect.c: which places are followed, in what order, and what the caller is told.
 * Legs, targets and realms are this test's. */
#include "sbc/b2bua/redirect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "base/mem.h"
#include "sbc/b2bua/call_internal.h"
#include "sbc/trunk/route.h"

static char domain[] = "provider.example", other[] = "other.example", acme_name[] = "acme",
            desk_name[] = "desk";
static char *others[] = { other };
static struct config_trunk acme = {
	.name = acme_name, .domain = domain, .redirect_domains = others, .nredirect_domains = 1
};
static struct config_phone desk = { .name = desk_name };
static struct config_route route, picked;
static struct config cfg;
static struct border border = { .cfg = { .cfg = &cfg } };
static struct call call;
static char listed[512], told[512];
static unsigned rejected;
static enum err add_err;
static const char *routable, *spoilt; /* that has a route; whose rules make nothing of it */

enum err targets_add(struct call *of, const struct call_target *t, struct call_target_list *to)
{
	char line[NUMBER_MAX + 64];
	struct call_target *copy;

	(void)of;
	if (add_err)
		return add_err;
	assert_true(t->alternative);
	assert_ptr_equal(t->route, &route);
	snprintf(line, sizeof(line), "%s@%s:%u%s ", t->number, t->host ? t->host : "-", t->port,
	         t->as_is ? "" : "!");
	strncat(listed, line, sizeof(listed) - strlen(listed) - 1);
	copy = mem_zalloc(sizeof(*copy));
	*copy = *t;
	TAILQ_INSERT_TAIL(to, copy, link);
	return OK;
}

enum err targets_add_route(struct call *of, const struct config_route *r, const char *number,
                           struct call_target_list *to)
{
	struct call_target t = { .route = &route, .alternative = true, .as_is = true };

	assert_ptr_equal(r, &picked);
	if (spoilt && strcmp(number, spoilt) == 0)
		return ERR_SYNTAX;
	snprintf(t.number, sizeof(t.number), "%s", number);
	return targets_add(of, &t, to);
}

const struct config_route *route_pick(const struct config *c, const struct route_query *q)
{
	assert_ptr_equal(c, &cfg);
	assert_ptr_equal(q->from->phone, &desk);
	assert_string_equal(q->caller, "555");
	return (routable && strcmp(q->called, routable) == 0) ||
	               (spoilt && strcmp(q->called, spoilt) == 0)
	           ? &picked
	           : NULL;
}

const char *party_name(const struct config_party *who)
{
	return who->kind == PARTY_TRUNK ? who->trunk->name : who->phone->name;
}

void call_end(struct call *of, unsigned code, const char *why)
{
	assert_non_null(why);
	of->code = code;
}

const struct flow *leg_flow(const struct leg *leg)
{
	static const struct flow none;

	(void)leg;
	return &none;
}

static struct message *make(unsigned status, const char *contacts)
{
	char text[1024];
	struct message *m;

	snprintf(text, sizeof(text),
	         "SIP/2.0 %u X\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\n"
	         "To: <sip:c@d>;tag=2\r\nCall-ID: x\r\nCSeq: 1 INVITE\r\n%s%s%s\r\n",
	         status, *contacts ? "Contact: " : "", contacts, *contacts ? "\r\n" : "");
	assert_int_equal(message_parse(&m, text, strlen(text)), OK);
	return m;
}

void leg_reject_with(struct leg *leg, unsigned status, const char *why,
                     void (*add)(void *arg, struct message *m), void *arg)
{
	struct message *m = make(status, "");
	const char *value;

	(void)leg;
	assert_null(why);
	rejected = status;
	add(arg, m);
	for (unsigned i = 0; (value = message_header(m, "Contact", i)); i++)
		snprintf(told + strlen(told), sizeof(told) - strlen(told), "%s|", value);
	message_free(&m);
}

static void clear(struct call_target_list *list)
{
	struct call_target *t;

	while ((t = TAILQ_FIRST(list))) {
		TAILQ_REMOVE(list, t, link);
		mem_free(t);
	}
}

static int begin(void **state)
{
	(void)state;
	message_library_open();
	log_set_level(LOG_ERROR);
	memset(&call, 0, sizeof(call));
	TAILQ_INIT(&call.targets.next);
	TAILQ_INIT(&call.targets.tried);
	call.border = &border;
	call.route = &route;
	call.callee.who = (struct config_party){ .kind = PARTY_TRUNK, .trunk = &acme };
	call.caller.who = (struct config_party){ .kind = PARTY_TRUNK, .trunk = &acme };
	snprintf(call.caller.number, sizeof(call.caller.number), "555");
	snprintf(call.callee.number, sizeof(call.callee.number), "100");
	route = (struct config_route){ .redirects = REDIRECTS_FOLLOW };
	*listed = *told = '\0';
	rejected = 0;
	add_err = OK;
	routable = spoilt = NULL;
	return 0;
}

static int end(void **state)
{
	(void)state;
	clear(&call.targets.next);
	return 0;
}

static void follow(unsigned status, const char *contacts, const char *expected)
{
	struct message *m = make(status, contacts);

	*listed = '\0';
	redirect_follow(&call, m);
	assert_string_equal(listed, expected);
	message_free(&m);
}

static void test_of_trunk(void **state)
{
	static const struct {
		unsigned status;
		const char *contacts, *expected;
	} cases[] = {
		{ 302, "<sips:1@provider.example>", "1@-:0 " },
		{ 302, "<sip:1@PROVIDER.example>", "1@-:0 " },
		{ 302, "<sips:1@provider.example:5071>", "1@provider.example:5071 " },
		{ 302, "<sips:1@other.example>", "1@other.example:0 " },
		{ 302, "<sips:1@evil.example>", "" },
		{ 302, "<sips:1@provider.example.evil.example>", "" },
		{ 302, "<tel:+49>", "+49@-:0 " },
		{ 302, "<sips:provider.example>", "" },
		{ 302, "<mailto:a@provider.example>", "" },
		{ 302, "", "" },
		{ 300,
		  "<sips:1@other.example>;q=0.1, <sips:2@provider.example>, "
		  "<sips:3@provider.example>;q=0.55, <sips:4@provider.example>;q=1.0",
		  "2@-:0 4@-:0 3@-:0 1@other.example:0 " },
		{ 301, "<sips:1@provider.example>;q=7, <sips:2@provider.example>;q=0.001",
		  "2@-:0 1@-:0 " },
		{ 305, "<sips:other.example:5071>", "100@other.example:5071! " },
		{ 305, "<sips:1@other.example>", "100@other.example:0! " },
		{ 305, "<tel:+49>", "" },
		{ 380, "<sips:1@provider.example>", "" },
		{ 304, "<sips:1@provider.example>", "" },
		{ 486, "<sips:1@provider.example>", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		call.targets.redirects = 0;
		follow(cases[i].status, cases[i].contacts, cases[i].expected);
	}
	assert_string_equal(call.targets.diverted, "");
}

static void test_of_phone(void **state)
{
	(void)state;
	call.callee.who = (struct config_party){ .kind = PARTY_PHONE, .phone = &desk };
	follow(302, "<sip:7@inside>", "");
	assert_string_equal(call.targets.diverted, "");
	routable = "7";
	follow(302, "<sip:7@inside>, <sip:8@inside>", "7@-:0 ");
	assert_string_equal(call.targets.diverted, "100");
	assert_ptr_equal(call.route, &route); /* until it is called */
	call.route = &route;
	follow(305, "<sip:7@inside>", "");
	spoilt = "6";
	follow(302, "<sip:6@inside>", "");
	assert_ptr_equal(call.route, &route);
	follow(302, "<sip:6@inside>, <sip:7@inside>", "7@-:0 ");
}

static void test_not_for_ever(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 5; i++)
		follow(302, "<sips:1@provider.example>", "1@-:0 ");
	follow(302, "<sips:1@provider.example>", "");
}

/* The places go before what was still to come, in their order. */
static void test_first_of_all(void **state)
{
	struct call_target *later = mem_zalloc(sizeof(*later));

	(void)state;
	snprintf(later->number, sizeof(later->number), "later");
	TAILQ_INSERT_TAIL(&call.targets.next, later, link);
	follow(302, "<sips:1@provider.example>, <sips:2@provider.example>", "1@-:0 2@-:0 ");
	assert_string_equal(TAILQ_FIRST(&call.targets.next)->number, "1");
	assert_string_equal(TAILQ_LAST(&call.targets.next, call_target_list)->number, "later");
	add_err = ERR_NOMEM;
	follow(302, "<sips:3@provider.example>", "");
	assert_string_equal(TAILQ_FIRST(&call.targets.next)->number, "1");
}

static void test_as_the_route_says(void **state)
{
	struct message *m = make(302, "<sips:1@x.example>;q=0.25, <sips:2@x.example>"),
	               *other_service = make(380, "<sips:1@x.example>");

	(void)state;
	assert_false(redirect_pass(&call, m));
	route.redirects = REDIRECTS_REFUSE;
	redirect_follow(&call, m);
	assert_string_equal(listed, "");
	assert_false(redirect_pass(&call, m));
	route.redirects = REDIRECTS_PASS;
	redirect_follow(&call, m);
	assert_string_equal(listed, "");
	assert_false(redirect_pass(&call, other_service));
	assert_int_equal(rejected, 0);
	assert_true(redirect_pass(&call, m));
	assert_int_equal(rejected, 302);
	assert_int_equal(call.code, 302);
	assert_string_equal(told, "<sips:2@provider.example>;q=1.000|"
	                          "<sips:1@provider.example>;q=0.250|");
	message_free(&m);
	message_free(&other_service);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(of_trunk), TEST(of_phone), TEST(not_for_ever),
		                            TEST(first_of_all), TEST(as_the_route_says) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
