/* sbc/b2bua/border.c: what becomes of requests that begin something. Calls, legs, phones, trunks
 * and routes are this test's. */
#include "sbc/b2bua/border.c"

#include "tests/unit/sbc/sip/stack_rig.h"

static struct {
	struct border *border;
	struct dialogs *dialogs;
	struct dialog *dlg;
	struct call call;
	struct config cfg;
	bool knows_phone, has_route, calls_fail;
	enum err slot_err, leg_err, targets_err;
	unsigned request_refused, registered, freed, events, in_leg;
	enum call_event event; /* the last one */
} t;

static struct media_realm *media_realms[1];
static struct config_realm office = {
	.name = "office", .srtp = SRTP_OFF, .session_expires_ms = 1800000, .min_se_ms = 300000
};
static struct config_phone phone = { .name = "desk", .realm = &office };
static struct addr_net networks[1];
static struct config_trunk acme_cfg = { .name = "acme", .realm = &office };
static struct config_party desk = { .kind = PARTY_PHONE };
static struct config_route route = { .to = &desk, .nto = 1 };
static char acme, leg;

struct trunk *trunk_find(struct trunks *all, const char *name)
{
	(void)all;
	return name ? (struct trunk *)(void *)&acme : NULL;
}

const struct config_trunk *trunk_config(const struct trunk *trunk)
{
	assert_ptr_equal(trunk, &acme);
	return &acme_cfg;
}

enum err admission_open(struct border *b)
{
	(void)b;
	return OK;
}

void admission_close(struct border *b)
{
	(void)b;
}

const char *admission_of_all(struct border *b, bool emergency)
{
	assert_int_equal(emergency, t.has_route && route.emergency);
	return b->shut || (b->ncalls >= 2 && !emergency) ? "no" : NULL;
}

enum err admission_of_party(struct call *call, struct party *p, struct call_refusal *refusal)
{
	assert_ptr_equal(p, &call->caller);
	assert_ptr_equal(call->route, &route);
	if (t.slot_err)
		refusal->status = 486;
	else if (p->who.kind == PARTY_TRUNK)
		p->trunk = (struct trunk *)(void *)&acme;
	return t.slot_err;
}

unsigned admission_of_request(struct border *b, const struct party *from, const struct party *to)
{
	(void)b;
	assert_string_equal(from->number, "a");
	assert_string_equal(to->number, "100");
	return t.request_refused;
}

void admission_log(struct border *b, const struct config_party *who, const char *why)
{
	(void)b;
	(void)who;
	assert_non_null(why);
}

enum err targets_begin(struct call *call, const struct config_route *picked, const char *number)
{
	assert_ptr_equal(picked, &route);
	call->route = picked;
	party_set(&call->callee, &route.to[0], number);
	return t.targets_err;
}

void party_set(struct party *p, const struct config_party *who, const char *number)
{
	p->who = *who;
	p->realm = &office;
	snprintf(p->number, sizeof(p->number), "%s", number);
}

const char *party_name(const struct config_party *who)
{
	(void)who;
	return "who";
}

const struct config_phone *phone_auth_check(struct phone_auth *auth, struct server_txn *txn,
                                            const struct config_realm *realm)
{
	(void)auth;
	(void)realm;
	if (!t.knows_phone)
		server_txn_reply(txn, 401, NULL, NULL);
	return t.knows_phone ? &phone : NULL;
}

void registrar_on_register(struct locations *l, struct server_txn *txn,
                           const struct config_phone *p)
{
	(void)l;
	assert_ptr_equal(p, &phone);
	t.registered++;
	server_txn_reply(txn, 200, NULL, NULL);
}

const struct config_route *route_pick(const struct config *cfg, const struct route_query *q)
{
	(void)cfg;
	assert_string_equal(q->called, "100");
	return t.has_route ? &route : NULL;
}

enum err call_new(struct call **out, struct border *b)
{
	if (t.calls_fail)
		return ERR_NOMEM;
	mem_free(t.call.caller.call_id);
	memset(&t.call, 0, sizeof(t.call));
	t.call.border = b;
	*out = &t.call;
	return OK;
}

void call_free(struct call **cp)
{
	t.freed++;
	*cp = NULL;
}

void call_event(struct call *call, enum call_event event, const struct call_news *news)
{
	(void)news;
	if (call)
		t.events++;
	t.event = event;
}

struct session_timer_cfg call_session(const struct config_realm *realm)
{
	return (struct session_timer_cfg){ .expires_s = realm->session_expires_ms / 1000,
		                           .min_se_s = realm->min_se_ms / 1000 };
}

enum err call_take_leg(struct call *call, struct party *p, struct server_txn *txn)
{
	assert_ptr_equal(p, &call->caller);
	if (!t.leg_err)
		server_txn_reply(txn, 180, NULL, NULL);
	p->leg = (struct leg *)(void *)&leg;
	return t.leg_err;
}

bool pickup_on_invite(struct border *b, struct server_txn *txn, const struct party *from)
{
	(void)b;
	assert_string_equal(from->number, "a");
	if (!message_header(server_txn_request(txn), "Replaces", 0))
		return false;
	server_txn_reply(txn, 481, NULL, NULL);
	return true;
}

bool outside_knows(const char *method)
{
	return strcmp(method, "MESSAGE") == 0;
}

void outside_pass(struct border *b, struct server_txn *txn, const struct party *from,
                  const struct party *to)
{
	(void)b;
	assert_string_equal(from->number, "a");
	assert_string_equal(to->number, "100");
	server_txn_reply(txn, 202, NULL, NULL);
}

void outside_end(struct border *b)
{
	(void)b;
}

void subscriptions_end(struct border *b)
{
	(void)b;
}

bool subscription_on_request(struct border *b, struct server_txn *txn,
                             const struct message *request)
{
	(void)b;
	if (strcmp(message_to_tag(request), "sub") != 0)
		return false;
	server_txn_reply(txn, 202, NULL, NULL);
	return true;
}

void leg_on_request(struct leg *of, struct server_txn *txn, const struct message *request)
{
	(void)request;
	assert_ptr_equal(of, &leg);
	t.in_leg++;
	server_txn_reply(txn, 200, NULL, NULL);
}

void leg_on_ack(struct leg *of, const struct message *ack, const struct flow *flow)
{
	(void)ack;
	(void)flow;
	assert_ptr_equal(of, &leg);
	t.in_leg++;
}

static void on_request(void *arg, struct server_txn *txn, const struct message *request)
{
	border_on_request(*(struct border **)arg, txn, request);
}

static void on_ack(void *arg, const struct message *ack, const struct flow *flow)
{
	border_on_ack(*(struct border **)arg, ack, flow);
}

static const struct stack_handler handler = { on_request, on_ack, &t.border };

static int begin(void **state)
{
	struct border_cfg cfg = { .cfg = &t.cfg, .media_realms = media_realms };

	(void)state;
	memset(&t, 0, sizeof(t));
	t.cfg = (struct config){ .realms = &office, .nrealms = 1, .max_calls = 2 };
	t.knows_phone = t.has_route = true;
	desk.phone = &phone;
	acme_cfg.nnetworks = 0;
	rig_open(&handler);
	assert_int_equal(dialogs_new(&t.dialogs, 2), OK);
	cfg.stack = rig.stack;
	cfg.dialogs = t.dialogs;
	assert_int_equal(border_new(&t.border, &cfg), OK);
	return 0;
}

static int end(void **state)
{
	(void)state;
	mem_free(t.call.caller.call_id);
	border_free(&t.border);
	assert_null(t.border);
	dialog_free(&t.dlg);
	dialogs_free(&t.dialogs);
	rig_close();
	return 0;
}

#define CONTACT "Contact: <sip:a@192.0.2.1>\r\n"

/* The status that answers it; 0: nothing. to_tag "": outside of dialogs. */
static unsigned ask(const char *method, const char *user, const char *to_tag, unsigned hops,
                    const char *headers)
{
	unsigned n = rig.branch += 2;

	rig_forget();
	rig_receive(
	    "%s sip:%s@192.0.2.9 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK%u\r\n"
	    "Max-Forwards: %u\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>%s%s\r\nCall-ID: %s%u\r\n"
	    "CSeq: 1 %s\r\n%sContent-Length: 0\r\n\r\n",
	    method, user, n, hops, *to_tag ? ";tag=" : "", to_tag, *to_tag ? "dialog" : "x",
	    *to_tag ? 0 : n, method, headers);
	return rig.nsent ? message_status(rig.sent[0]) : 0;
}

static unsigned invite(const char *headers)
{
	return ask("INVITE", "100", "", 70, headers);
}

static void test_methods(void **state)
{
	static const struct {
		const char *method, *to_tag, *headers;
		unsigned hops, status;
	} cases[] = {
		{ "OPTIONS", "", "", 70, 200 },
		{ "OPTIONS", "", "", 0, 200 },
		{ "SUBSCRIBE", "", "", 70, 405 },
		{ "MESSAGE", "", "", 70, 202 },
		{ "MESSAGE", "", "", 0, 483 },
		{ "BYE", "", "", 70, 481 },
		{ "PRACK", "", "RAck: 1 1 INVITE\r\n", 70, 481 },
		{ "UPDATE", "", "", 70, 481 },
		{ "REGISTER", "", "", 70, 200 },
		{ "INVITE", "", CONTACT, 70, 180 },
		{ "INVITE", "", CONTACT, 0, 483 },
		{ "REGISTER", "", "", 0, 483 },
		{ "INVITE", "", CONTACT "Require: foo\r\n", 70, 420 },
		{ "OPTIONS", "", "Require: foo\r\n", 70, 420 },
		{ "INVITE", "nobody", CONTACT, 70, 481 },
		{ "BYE", "nobody", "Require: foo\r\n", 70, 481 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		unsigned is =
		    ask(cases[i].method, "100", cases[i].to_tag, cases[i].hops, cases[i].headers);

		if (is != cases[i].status)
			fail_msg("%s %zu is %u, not %u", cases[i].method, i, is, cases[i].status);
	}
	assert_int_equal(t.registered, 1);
	assert_int_equal(ask("OPTIONS", "100", "", 70, ""), 200);
	assert_string_equal(message_header(rig.sent[0], "Allow", 0), ALLOW_ALL);
}

static void begin_dialog(void)
{
	static const char text[] =
	    "INVITE sip:c@d SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bKd\r\n"
	    "From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\nCall-ID: dialog0\r\n"
	    "CSeq: 1 INVITE\r\n\r\n";
	struct message *m;

	assert_int_equal(message_parse(&m, text, strlen(text)), OK);
	assert_int_equal(dialog_new_uas(&t.dlg, t.dialogs, m, &rig.flow, "sip:us", &leg), OK);
	message_free(&m);
}

static void test_too_many(void **state)
{
	(void)state;
	t.has_route = t.knows_phone = true;
	t.request_refused = 500;
	assert_int_equal(ask("MESSAGE", "100", "", 70, ""), 500);
	t.request_refused = 503;
	assert_int_equal(ask("MESSAGE", "100", "", 70, ""), 503);
}

static void test_in_dialog(void **state)
{
	const char *us;

	(void)state;
	begin_dialog();
	us = dialog_local_tag(t.dlg);
	assert_int_equal(ask("BYE", "100", us, 70, ""), 200);
	assert_int_equal(t.in_leg, 1);
	assert_int_equal(ask("BYE", "100", us, 0, ""), 200); /* it is for us: no next hop */
	assert_int_equal(ask("UPDATE", "100", us, 70, "Require: foo\r\n"), 420);
	assert_int_equal(t.in_leg, 2);
	assert_int_equal(ask("NOTIFY", "100", "sub", 70, ""), 202);
	assert_int_equal(ask("ACK", "100", us, 70, ""), 0);
	assert_int_equal(t.in_leg, 3);
	assert_int_equal(ask("ACK", "100", "nobody", 70, ""), 0);
	assert_int_equal(t.in_leg, 3);
}

static void test_invite(void **state)
{
	char number[200] = "";

	(void)state;
	assert_int_equal(invite(CONTACT), 180);
	assert_int_equal(t.event, EV_START);
	assert_int_equal(t.events, 1);
	assert_int_equal(t.freed, 0);
	assert_int_equal(invite(""), 400);
	assert_int_equal(invite("Contact: *\r\n"), 400);
	assert_int_equal(invite(CONTACT "Replaces: a;to-tag=b;from-tag=c\r\n"), 481);
	memset(number, '1', sizeof(number) - 1);
	assert_int_equal(ask("INVITE", number, "", 70, CONTACT), 404);
	assert_int_equal(invite(CONTACT "Supported: timer\r\nSession-Expires: 299\r\n"), 422);
	assert_int_equal(invite(CONTACT "Supported: timer\r\nSession-Expires: 300\r\n"), 180);
	t.has_route = false;
	assert_int_equal(invite(CONTACT), 404);
	t.has_route = true;
	t.knows_phone = false;
	assert_int_equal(invite(CONTACT), 401);
	assert_int_equal(ask("REGISTER", "100", "", 70, ""), 401);
	t.knows_phone = true;
	t.calls_fail = true;
	assert_int_equal(invite(CONTACT), 503);
	t.calls_fail = false;
	t.leg_err = ERR_NOMEM;
	assert_int_equal(invite(CONTACT), 500);
	assert_int_equal(t.freed, 1);
	t.leg_err = OK;
	t.targets_err = ERR_NOMEM;
	assert_int_equal(invite(CONTACT), 503);
	assert_int_equal(t.freed, 2);
	t.targets_err = OK;
	t.border->ncalls = 2;
	assert_int_equal(invite(CONTACT), 503);
	assert_int_equal(border_ncalls(t.border), 2);
	assert_int_equal(t.events, 2);
	route.emergency = YES;
	assert_int_equal(invite(CONTACT), 180);
	route.emergency = NO;
	t.border->ncalls = 0;
	assert_int_equal(t.events, 3);
}

static void test_trunk(void **state)
{
	(void)state;
	rig.conn.trunk = "acme";
	t.knows_phone = false;
	assert_int_equal(invite(CONTACT), 180);
	assert_ptr_equal(t.call.caller.trunk, &acme);
	assert_int_equal(ask("REGISTER", "100", "", 70, ""), 403);
	t.slot_err = ERR_LIMIT;
	assert_int_equal(invite(CONTACT), 486);
	assert_null(t.call.caller.trunk);
	assert_int_equal(t.freed, 1);
	t.slot_err = OK;
	assert_int_equal(addr_net_parse(&networks[0], "198.51.100.0/24"), OK);
	acme_cfg.networks = networks;
	acme_cfg.nnetworks = 1;
	assert_int_equal(invite(CONTACT), 403);
	assert_int_equal(addr_net_parse(&networks[0], "192.0.2.0/24"), OK);
	assert_int_equal(invite(CONTACT), 180);
}

static void count(void *arg)
{
	(*(unsigned *)arg)++;
}

static void test_shut(void **state)
{
	unsigned empty = 0;

	(void)state;
	border_shut(t.border, count, &empty);
	assert_int_equal(empty, 1);
	assert_int_equal(invite(CONTACT), 503);
	TAILQ_INSERT_TAIL(&t.border->calls, &t.call, link);
	t.border->ncalls = 1;
	border_shut(t.border, count, &empty);
	assert_int_equal(empty, 1);
	assert_int_equal(t.event, EV_SHUTDOWN);
	TAILQ_REMOVE(&t.border->calls, &t.call, link);
	t.border->ncalls = 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(methods), TEST(too_many), TEST(in_dialog),
		                            TEST(invite),  TEST(trunk),    TEST(shut) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
