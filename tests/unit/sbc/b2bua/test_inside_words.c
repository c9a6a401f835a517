/* sbc/b2bua/inside_words.c */
#include "sbc/b2bua/inside_words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "base/clock.h"

static char domain[] = "provider.lab", advertised[] = "sbc.inside";
static struct config_listener listeners[2];
static struct config_realm office = { .listeners = listeners,
	                              .nlisteners = 2,
	                              .advertise = advertised };
static const struct config_realm internet;
static const struct config_phone phone = { .realm = &office };
static const struct config_trunk trunk = { .domain = domain, .realm = &internet };
static const struct config_party the_phone = { .kind = PARTY_PHONE, .phone = &phone };

static struct message *parse(const char *first, const char *vias)
{
	char text[8192];
	struct message *m;

	snprintf(text, sizeof(text),
	         "%s\r\n%sFrom: <sip:a@10.0.0.9>;tag=1\r\nTo: <sip:c@d>\r\nCall-ID: id-7\r\n"
	         "CSeq: 1 INVITE\r\nContact: <sip:a@10.0.0.1:5070>\r\nUser-Agent: phone/1\r\n\r\n",
	         first, vias);
	assert_int_equal(message_parse(&m, text, strlen(text)), OK);
	return m;
}

static const char *found(const struct inside_words *words, const char *text)
{
	const char *word = inside_words_in(words, text);

	return word ? word : "nothing";
}

static void test_of_a_request(void **state)
{
	struct message *m = parse("INVITE sip:1@10.0.0.254 SIP/2.0",
	                          "Via: SIP/2.0/UDP proxy;branch=z9hG4bK1\r\n"
	                          "Via: SIP/2.0/UDP pbx.inside;branch=z9hG4bK2\r\n");
	struct inside_words words;

	(void)state;
	inside_words_of(&words, m, &the_phone, &trunk);
	assert_string_equal(found(&words, "x 10.0.0.254:5060"), "10.0.0.254");
	assert_string_equal(found(&words, "10.0.0.1"), "10.0.0.1");
	assert_string_equal(found(&words, "<sip:a@10.0.0.9>"), "10.0.0.9");
	assert_string_equal(found(&words, "a@PBX.Inside;x"), "pbx.inside");
	assert_string_equal(found(&words, "in proxy, there"), "proxy");
	assert_string_equal(found(&words, "PHONE/1"), "phone/1");
	assert_string_equal(found(&words, "<id-7>"), "id-7");
	assert_string_equal(found(&words, "sbc.inside"), "sbc.inside");
	assert_string_equal(found(&words, "tag-10.0.0.1-5060"), "10.0.0.1");
	assert_string_equal(found(&words, "in my_proxy"), "nothing");
	/* Another word than those. */
	assert_string_equal(found(&words, "10.0.0.10"), "nothing");
	assert_string_equal(found(&words, "110.0.0.1"), "nothing");
	assert_string_equal(found(&words, "myproxy proxyx proxy-2"), "nothing");
	assert_string_equal(found(&words, "myproxy.proxy"), "proxy");
	assert_string_equal(found(&words, ""), "nothing");
	message_free(&m);
}

static void test_hide(void **state)
{
	struct message *m = parse("INVITE sip:1@10.0.0.254 SIP/2.0",
	                          "Via: SIP/2.0/UDP pbx.inside;branch=z9hG4bK2\r\n");
	struct inside_words words;
	struct buf out;

	(void)state;
	inside_words_of(&words, m, &the_phone, &trunk);
	buf_init(&out, 1024);
	inside_words_hide(&words, "a@10.0.0.1, pbx.inside; x.pbx.insider10.0.0.9", 31, "-", &out);
	assert_string_equal(out.data, "a@-, -; x.pbx.i");
	buf_free(&out);
	buf_init(&out, 1024);
	inside_words_hide(&words, "10.0.0.1", 7, "-", &out); /* ends before it is one */
	assert_string_equal(out.data, "10.0.0.");
	buf_free(&out);
	message_free(&m);
}

/* An answer's own Via and From are what we wrote. */
static void test_of_an_answer(void **state)
{
	struct message *m = parse("SIP/2.0 200 OK", "Via: SIP/2.0/UDP ours;branch=z9hG4bK1\r\n");
	struct inside_words words;

	(void)state;
	inside_words_of(&words, m, &the_phone, &trunk);
	assert_string_equal(found(&words, "10.0.0.1"), "10.0.0.1");
	assert_string_equal(found(&words, "10.0.0.9 ours"), "nothing");
	message_free(&m);
}

/* The name of the one that it goes to is no secret to it; that of another trunk is. */
static void test_trunks(void **state)
{
	static char other[] = "other.lab";
	const struct config_trunk from = { .domain = other, .realm = &internet };
	const struct config_party party = { .kind = PARTY_TRUNK, .trunk = &from };
	struct message *m = parse("INVITE sip:1@provider.lab SIP/2.0",
	                          "Via: SIP/2.0/TLS provider.lab;branch=z9hG4bK1\r\n");
	struct inside_words words;

	(void)state;
	inside_words_of(&words, m, &party, &trunk);
	assert_string_equal(found(&words, "x@provider.lab"), "nothing");
	assert_string_equal(found(&words, "x@other.lab"), "other.lab");
	message_free(&m);
}

/* More than there is room for: the rest is not looked for, and nothing is overrun. */
static void test_many(void **state)
{
	char vias[4096] = "";
	struct inside_words words;
	struct message *m;

	(void)state;
	for (unsigned i = 0; i < 60; i++)
		sprintf(vias + strlen(vias), "Via: SIP/2.0/UDP h%u.in;branch=z9hG4bK%u\r\n", i, i);
	m = parse("INVITE sip:1@x SIP/2.0", vias);
	inside_words_of(&words, m, &the_phone, &trunk);
	assert_int_equal(words.n, INSIDE_WORDS_MAX);
	assert_string_equal(found(&words, "h3.in"), "h3.in");
	assert_string_equal(found(&words, "10.0.0.254"), "10.0.0.254");
	assert_string_equal(found(&words, "10.0.0.1"), "10.0.0.1");
	message_free(&m);
}

/* As long as a message may have it, all of it edges, in a body that is nearly it at each octet: to
 * compare it as a whole would take seconds. */
static void test_long(void **state)
{
	static char text[65536], id[8001], invite[9000];
	struct inside_words words;
	struct message *m;
	struct buf out;
	uint64_t began_ms;

	(void)state;
	memset(id, '.', sizeof(id) - 1);
	id[sizeof(id) - 2] = 'x';
	snprintf(invite, sizeof(invite),
	         "INVITE sip:1@x SIP/2.0\r\nVia: SIP/2.0/UDP h.in;branch=z9hG4bK1\r\n"
	         "From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\nCall-ID: %s\r\nCSeq: 1 INVITE\r\n\r\n",
	         id);
	assert_int_equal(message_parse(&m, invite, strlen(invite)), OK);
	inside_words_of(&words, m, &the_phone, &trunk);
	snprintf(text, sizeof(text), "<%s> %.63s; %.64s;", id, id, id);
	assert_string_equal(found(&words, text + 1), id);
	buf_init(&out, sizeof(text));
	inside_words_hide(&words, text, strlen(text), "-", &out);
	snprintf(invite, sizeof(invite), "<-> %.63s; -;", id);
	assert_string_equal(out.data, invite);
	buf_free(&out);
	memset(text, '.', sizeof(text) - 1);
	for (size_t i = INSIDE_WORD_BEGIN - 1; i < sizeof(text) - 1; i += INSIDE_WORD_BEGIN)
		text[i] = ',';
	began_ms = clock_mono_ms();
	for (unsigned i = 0; i < 8; i++)
		assert_string_equal(found(&words, text), "nothing");
	assert_true(clock_mono_ms() - began_ms < 1000);
	message_free(&m);
}

static int begin(void **state)
{
	(void)state;
	message_library_open();
	assert_int_equal(addr_parse(&listeners[0].addr, "0.0.0.0:5060"), OK);
	return addr_parse(&listeners[1].addr, "10.0.0.254:5060") == OK ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_of_a_request), cmocka_unit_test(test_hide),
		cmocka_unit_test(test_of_an_answer), cmocka_unit_test(test_trunks),
		cmocka_unit_test(test_many),         cmocka_unit_test(test_long)
	};

	return cmocka_run_group_tests(tests, begin, NULL);
}
