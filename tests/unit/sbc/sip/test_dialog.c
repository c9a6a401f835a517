/* sbc/sip/dialog.c: both sides of a dialog, its forks and its table. */
#include "tests/unit/alloc.h"
#include "tests/unit/sbc/sip/dialog_rig.h"

static void test_uac(void **state)
{
	char from[128];
	struct message *m, *answered;
	uint32_t first;

	(void)state;
	assert_int_equal(new_uac(), OK);
	assert_int_equal(strlen(dialog_local_tag(t.dlg)), TAG_LEN);
	assert_string_equal(dialog_contact(t.dlg), "sips:us@sbc.lab:5061");
	m = send_from(t.dlg, "INVITE");
	first = message_cseq(m);
	assert_in_range(first, 1, 1U << 31);
	uri_is(m, "100", "provider.lab");
	snprintf(from, sizeof(from), "\"Us\" <sips:us@sbc.lab>;tag=%s", dialog_local_tag(t.dlg));
	header_is(m, "From", 0, from);
	header_is(m, "To", 0, "<sips:100@provider.lab>");
	header_is(m, "Contact", 0, "<sips:us@sbc.lab:5061>");
	header_is(m, "Max-Forwards", 0, "70");
	header_is(m, "Call-ID", 0, dialog_call_id(t.dlg));
	header_is(m, "Route", 0, NULL);
	message_free(&m);
	assert_int_equal(on_answer(200, "theirs", "Contact: <sips:there@10.9.9.9>\r\n"), OK);
	answered = answer(200, "theirs", "");
	m = send_for(t.dlg, "ACK", answered); /* 13.2.2.4: the INVITE's number */
	assert_true(message_cseq(m) == first);
	uri_is(m, "there", "10.9.9.9");
	header_is(m, "To", 0, "<sips:100@provider.lab>;tag=theirs");
	header_is(m, "Contact", 0, NULL);
	message_free(&m);
	m = send_from(t.dlg, "BYE");
	assert_true(message_cseq(m) == first + 1);
	message_free(&m);
	m = send_for(t.dlg, "ACK", answered);
	assert_true(message_cseq(m) == first);
	message_free(&m);
	message_free(&answered);
}

static void test_uas(void **state)
{
	char from[128];
	struct message *m;

	(void)state;
	assert_int_equal(new_uas("Contact: <sip:a@10.0.0.9:5070>\r\n"
	                         "Record-Route: <sip:p1;lr>, <sip:p2;lr>\r\n"),
	                 OK);
	assert_string_equal(dialog_call_id(t.dlg), "c");
	assert_ptr_equal(dialog_flow(t.dlg)->conn, &t.conns[INSIDE]);
	m = send_from(t.dlg, "BYE");
	uri_is(m, "a", "10.0.0.9");
	/* Of a To without brackets no parameter is the URI's (RFC 3261 20). */
	snprintf(from, sizeof(from), "sip:100@b;tag=%s", dialog_local_tag(t.dlg));
	if (strcmp(message_header(m, "From", 0), from) != 0) {
		snprintf(from, sizeof(from), "<sip:100@b>;tag=%s", dialog_local_tag(t.dlg));
		header_is(m, "From", 0, from);
	}
	header_is(m, "To", 0, "\"A\" <sip:a@inside>;tag=theirs");
	header_is(m, "Route", 0, "<sip:p1;lr>"); /* 12.1.1: in its order */
	header_is(m, "Route", 1, "<sip:p2;lr>");
	header_is(m, "Route", 2, NULL);
	message_free(&m);
}

static void *find(const char *method, uint32_t cseq, const char *from_tag)
{
	struct message *m = within(method, cseq, from_tag);
	void *owner = dialog_find(t.dialogs, m);

	message_free(&m);
	return owner;
}

static void test_find(void **state)
{
	struct message *m;

	(void)state;
	assert_int_equal(new_uas(""), OK);
	assert_ptr_equal(find("BYE", 8, "theirs"), &t.owner);
	assert_null(find("BYE", 8, "another"));
	m = parse("BYE sip:us SIP/2.0\r\nVia: SIP/2.0/UDP a\r\nFrom: <sip:a@b>;tag=theirs\r\n"
	          "To: <sip:b>;tag=%s\r\nCall-ID: other\r\nCSeq: 8 BYE\r\n\r\n",
	          dialog_local_tag(t.dlg));
	assert_null(dialog_find(t.dialogs, m));
	message_free(&m);
	m = invite("");
	assert_null(dialog_find(t.dialogs, m));
	message_free(&m);
	dialog_free(&t.dlg);
	assert_int_equal(new_uac(), OK);
	assert_null(find("BYE", 8, "theirs")); /* its peer is not known yet */
	assert_int_equal(on_answer(180, "theirs", ""), OK);
	assert_ptr_equal(find("BYE", 8, "theirs"), &t.owner);
}

/* RFC 6665 4.4.1: a NOTIFY begins a dialog as an answer does. */
static void test_notify(void **state)
{
	struct dialog *fork;
	struct message *m;

	(void)state;
	assert_int_equal(new_uac(), OK);
	m = within("NOTIFY", 1, "theirs");
	assert_ptr_equal(dialog_find_owner(t.dialogs, m), &t.owner);
	assert_int_equal(dialog_on_notify(t.dlg, m, &t.flow), OK);
	assert_ptr_equal(dialog_of(t.dlg, m), t.dlg);
	message_free(&m);
	m = within("NOTIFY", 1, "others");
	assert_null(dialog_of(t.dlg, m));
	assert_int_equal(dialog_new_fork(&fork, t.dlg, m, &t.flow), OK);
	assert_ptr_equal(dialog_of(t.dlg, m), fork);
	message_free(&m);
	dialog_free(&fork);
	m = parse("NOTIFY sip:us SIP/2.0\r\nVia: SIP/2.0/UDP a\r\nFrom: <sip:a@b>;tag=theirs\r\n"
	          "To: <sip:b>;tag=%s\r\nCall-ID: other\r\nCSeq: 8 NOTIFY\r\n\r\n",
	          dialog_local_tag(t.dlg));
	assert_null(dialog_find_owner(t.dialogs, m));
	message_free(&m);
}

static void test_sibling(void **state)
{
	struct dialog *sibling;
	struct message *m;
	char other;

	(void)state;
	assert_int_equal(new_uas("Contact: <sip:a@10.0.0.9:5070>\r\n"
	                         "Record-Route: <sip:p1;lr>, <sip:p2;lr>\r\n"),
	                 OK);
	assert_int_equal(dialog_new_sibling(&sibling, t.dlg, &other), OK);
	assert_string_equal(dialog_call_id(sibling), "c");
	assert_string_not_equal(dialog_local_tag(sibling), dialog_local_tag(t.dlg));
	m = send_from(sibling, "NOTIFY");
	uri_is(m, "a", "10.0.0.9");
	header_is(m, "To", 0, "\"A\" <sip:a@inside>;tag=theirs");
	header_is(m, "Route", 0, "<sip:p1;lr>");
	header_is(m, "Route", 1, "<sip:p2;lr>");
	message_free(&m);
	dialog_free(&sibling);
}

/* 12.2.2 */
static void test_cseq_order(void **state)
{
	(void)state;
	assert_int_equal(new_uas(""), OK);
	assert_int_equal(on_request("ACK", 7, INSIDE), OK);
	assert_int_equal(on_request("BYE", 7, INSIDE), ERR_REFUSED);
	assert_int_equal(on_request("INFO", 9, INSIDE), OK);
	assert_int_equal(on_request("BYE", 8, INSIDE), ERR_REFUSED);
	assert_int_equal(on_request("BYE", 9, INSIDE), ERR_REFUSED);
	assert_int_equal(on_request("ACK", 7, INSIDE), OK); /* late, but no less an ACK */
	assert_int_equal(on_request("BYE", 10, INSIDE), OK);
	dialog_free(&t.dlg);
	assert_int_equal(new_uac(), OK);
	assert_int_equal(on_answer(200, "theirs", ""), OK);
	assert_int_equal(on_request("BYE", 1, INSIDE), OK); /* its first: any number */
	assert_int_equal(on_request("BYE", 1, INSIDE), ERR_REFUSED);
}

static void test_other_door(void **state)
{
	(void)state;
	assert_int_equal(new_uas(""), OK);
	assert_int_equal(on_request("BYE", 8, OTHER_REALM), ERR_AUTH);
	assert_int_equal(on_request("BYE", 8, OF_TRUNK), ERR_AUTH);
	assert_int_equal(on_request("BYE", 8, INSIDE), OK); /* the refused left no trace */
	dialog_free(&t.dlg);
	t.flow.conn = &t.conns[OF_TRUNK];
	assert_int_equal(new_uas(""), OK);
	assert_int_equal(on_request("BYE", 8, OTHER_TRUNK), ERR_AUTH);
	assert_int_equal(on_request("BYE", 8, INSIDE), ERR_AUTH);
	assert_ptr_equal(dialog_flow(t.dlg)->conn, &t.conns[OF_TRUNK]);
	assert_int_equal(on_request("BYE", 8, SAME_TRUNK), OK);
	assert_ptr_equal(dialog_flow(t.dlg)->conn, &t.conns[SAME_TRUNK]);
}

/* 13.2.2.4: another fork's 2xx has an ACK and a BYE of its own; each is found by its own tag. */
static void test_forks(void **state)
{
	struct message *m, *second, *ack, *bye;
	struct dialog *fork;

	(void)state;
	assert_int_equal(new_uac(), OK);
	m = send_from(t.dlg, "INVITE");
	assert_int_equal(on_answer(200, "one", "Contact: <sip:one>\r\n"), OK);
	second = answer(200, "two", "Contact: <sip:two>\r\nRecord-Route: <sip:p;lr>\r\n");
	assert_null(dialog_of(t.dlg, second));
	assert_int_equal(dialog_new_fork(&fork, t.dlg, second, &t.flow), OK);
	assert_ptr_equal(dialog_of(t.dlg, second), fork);
	assert_int_equal(dialogs_count(t.dialogs), 1);
	assert_ptr_equal(find("BYE", 5, "two"), &t.owner);
	assert_null(find("BYE", 5, "three"));
	ack = send_for(fork, "ACK", second);
	uri_is(ack, "", "two");
	assert_string_equal(message_to_tag(ack), "two");
	assert_string_equal(message_from_tag(ack), message_from_tag(m));
	assert_true(message_cseq(ack) == message_cseq(m));
	header_is(ack, "Route", 0, "<sip:p;lr>");
	bye = send_from(fork, "BYE");
	assert_true(message_cseq(bye) == message_cseq(m) + 1);
	message_free(&bye);
	message_free(&ack);
	dialog_free(&fork);
	assert_null(find("BYE", 5, "two"));
	message_free(&second);
	message_free(&m);
	/* The first is as it was, and still found. */
	assert_int_equal(dialogs_count(t.dialogs), 1);
	assert_ptr_equal(find("BYE", 5, "one"), &t.owner);
	m = send_from(t.dlg, "BYE");
	uri_is(m, "", "one");
	message_free(&m);
}

static void test_answer_without_tag(void **state)
{
	struct message *m;

	(void)state;
	assert_int_equal(new_uac(), OK);
	assert_int_equal(on_answer(100, "", "Contact: <sip:there>\r\n"), OK);
	assert_null(dialog_flow(t.dlg)->conn);
	m = answer(100, "", "");
	assert_null(dialog_of(t.dlg, m));
	assert_false(dialog_has_peer(t.dlg));
	message_free(&m);
	m = send_from(t.dlg, "INVITE");
	uri_is(m, "100", "provider.lab");
	message_free(&m);
}

/* 12.2: what of a Contact a peer can be reached by, and what stays as it was. */
static void test_target_refresh(void **state)
{
	static const struct {
		const char *contact, *host; /* NULL: as it was */
	} cases[] = {
		{ "Contact: <sip:b@10.0.0.8>\r\n", "10.0.0.8" },
		{ "Contact: \"B\" <sips:b@10.0.0.7:5071>;q=0.5\r\n", "10.0.0.7" },
		{ "", NULL },
		{ "Contact: *\r\n", NULL },
		{ "Contact: <tel:+4930>\r\n", NULL },
		{ "Contact: <http://b>\r\n", NULL },
		{ "Contact: <sip:b@10.0.0.6>, <sip:c@10.0.0.6>\r\n", NULL },
	};
	const char *was = "10.0.0.9";

	(void)state;
	assert_int_equal(new_uas("Contact: <sip:a@10.0.0.9>\r\n"), OK);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct message *m = invite(cases[i].contact);

		assert_int_equal(dialog_contact_is_good(m), cases[i].host != NULL);
		assert_int_equal(dialog_take_target(t.dlg, m), OK);
		message_free(&m);
		was = cases[i].host ? cases[i].host : was;
		m = send_from(t.dlg, "UPDATE");
		assert_string_equal(message_header(m, "Contact", 0), "<sip:us@10.0.0.1>");
		uri_is(m, "b", was);
		message_free(&m);
	}
}

/* A Contact with a line break or blank in it would go into the first line of what we send. */
static void test_unclean_contact(void **state)
{
	static const char *const bad[] = { "Contact: <sip:a@b;x=\r\n X-Evil: 1>\r\n",
		                           "Contact: <sip:a b@c>\r\n",
		                           "Contact: <sip:a@b;x=1\r\n\t;y>\r\n" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct message *m = NULL;

		assert_int_equal(new_uas(bad[i]), OK);
		assert_int_equal(dialog_request(t.dlg, "BYE", &m), ERR_NOT_NOW);
		dialog_free(&t.dlg);
		assert_int_equal(new_uac(), OK);
		assert_int_equal(on_answer(200, "theirs", bad[i]), OK);
		m = send_from(t.dlg, "ACK");
		uri_is(m, "100", "provider.lab"); /* as it was */
		message_free(&m);
		dialog_free(&t.dlg);
	}
}

static void test_table_full(void **state)
{
	struct dialog *more[4] = { NULL };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(more); i++) {
		assert_int_equal(new_uac(), OK);
		more[i] = t.dlg;
		t.dlg = NULL;
	}
	assert_int_equal(new_uac(), ERR_LIMIT);
	assert_int_equal(new_uas(""), ERR_LIMIT);
	assert_null(t.dlg);
	for (size_t i = 0; i < ARRAY_LEN(more); i++)
		dialog_free(&more[i]);
}

static void life_starved(void *arg)
{
	const struct message *answered = arg;
	struct dialog *fork = NULL;
	struct message *m = NULL;
	enum err err = new_uac();
	struct message *held = NULL;
	struct uri uri;

	if (!err)
		err = dialog_request(t.dlg, "INVITE", &m);
	message_free(&m);
	if (!err)
		err = dialog_new_fork(&fork, t.dlg, answered, &t.flow);
	dialog_free(&fork);
	if (!err)
		err = dialog_on_answer(t.dlg, answered, &t.flow);
	if (!err && !dialog_next_hop(t.dlg, &held, &uri))
		err = ERR_NOMEM;
	message_free(&held);
	dialog_free(&t.dlg);
	assert_true(err == OK || mem_has_failed());
	assert_int_equal(dialogs_count(t.dialogs), 0);
}

static void uas_starved(void *arg)
{
	enum err err = dialog_new_uas(&t.dlg, t.dialogs, arg, &t.flow, "sip:us", &t.owner);

	assert_true(err == OK || mem_has_failed());
	dialog_free(&t.dlg);
	assert_int_equal(dialogs_count(t.dialogs), 0);
}

static void test_no_memory(void **state)
{
	struct message *m = invite("Contact: <sip:a>\r\nRecord-Route: <sip:p1;lr>\r\n");

	(void)state;
	assert_true(each_allocation_fails(uas_starved, m) >= 7);
	message_free(&m);
}

static void test_no_memory_uac(void **state)
{
	struct message *m;

	(void)state;
	assert_int_equal(new_uac(), OK);
	m = answer(200, "two",
	           "Contact: <sip:there>\r\nRecord-Route: <sip:p1;lr>, <sip:p2;lr>\r\n");
	dialog_free(&t.dlg);
	assert_true(each_allocation_fails(life_starved, m) >= 15);
	message_free(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(uac),
		TEST(uas),
		TEST(find),
		TEST(notify),
		TEST(sibling),
		TEST(cseq_order),
		TEST(other_door),
		TEST(forks),
		TEST(answer_without_tag),
		TEST(notify),
		TEST(sibling),
		TEST(unclean_contact),
		TEST(table_full),
		TEST(no_memory),
		TEST(no_memory_uac),
		TEST(target_refresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
