/* sbc/b2bua/header_rules.c; on the way of a call: tests/replay/headers/rules.replay. */
#include "sbc/b2bua/header_rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

static const struct config_realm office;
static const struct config_phone phone = { .realm = &office };
static char domain[] = "provider.lab", x_a[] = "X-A", x_b[] = "X-B";
static const struct config_party the_phone = { .kind = PARTY_PHONE, .phone = &phone };

static const char *our_from, *their_from; /* NULL: the usual one */

static struct message *make(const char *first, const char *headers, const char *name)
{
	char text[16384];
	struct message *m;
	int len = snprintf(text, sizeof(text),
	                   "%s\r\nVia: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bK1\r\n"
	                   "From: %s\r\nTo: <sip:c@d>\r\nCall-ID: x\r\n"
	                   "CSeq: 1 INVITE\r\n%sContent-Length: 0\r\n\r\n",
	                   first, name ? name : "<sip:a@10.0.0.9>;tag=1", headers);

	assert_int_equal(message_parse(&m, text, (size_t)len), OK);
	return m;
}

#define INVITE "INVITE sip:1@b SIP/2.0"
#define BUSY   "SIP/2.0 486 Busy"

static struct pattern *compiled(const char *text)
{
	struct pattern *p;
	char why[128];

	assert_int_equal(pattern_new(&p, text, why, sizeof(why)), OK);
	return p;
}

/* All values of a header, with a | behind each. */
static const char *values(const struct message *m, const char *name)
{
	static char text[8192];
	const char *value;

	*text = '\0';
	for (unsigned n = 0; (value = message_header(m, name, n)); n++) {
		strcat(text, value);
		strcat(text, "|");
	}
	return text;
}

/* What a rule makes of headers that came (theirs) and go (ours): X-A, X-B. */
static void check(const struct config_header_rule *rule, const char *first, const char *theirs,
                  const char *ours, const char *a, const char *b)
{
	struct config_header_rule rules[] = { *rule };
	const struct config_trunk trunk = { .domain = domain,
		                            .header_rules = rules,
		                            .nheader_rules = 1 };
	const struct config_party the_trunk = { .kind = PARTY_TRUNK, .trunk = &trunk };
	const struct crossing_ends out = { &the_phone, &the_trunk };
	struct message *from = theirs ? make(first, theirs, their_from) : NULL,
	               *read = make(first, ours, our_from), *to;
	struct passage p;

	assert_int_equal(message_copy(&to, read), OK);
	passage_open(&p, from, to, &out);
	header_rules_apply(&trunk, TRUNK_OUT, &p);
	assert_string_equal(values(to, "X-A"), a);
	assert_string_equal(values(to, "X-B"), b);
	message_free(&from);
	message_free(&read);
	message_free(&to);
}

/* A header that we make, a From of ours: what came of it is not looked at. */
static void test_ours(void **state)
{
	char diversion[] = "Diversion", identity[] = "p-asserted-identity", name[] = "From";
	struct config_header_rule rule = { .action = RULE_COPY, .header = diversion, .to = x_b };

	(void)state;
	check(&rule, INVITE, "Diversion: <sip:1@provider.lab>\r\n", "Diversion: <sip:2@y>\r\n", "",
	      "<sip:2@y>|");
	check(&rule, INVITE, "Diversion: <sip:1@provider.lab>\r\n", "", "", "");
	rule.header = identity;
	rule.action = RULE_RENAME;
	check(&rule, INVITE, "P-Asserted-Identity: <sip:1@provider.lab>\r\n", "X-A: 1\r\n", "1|",
	      "");
	rule.header = name;
	rule.action = RULE_COPY;
	their_from = "<sip:+4930@provider.lab>;tag=1";
	check(&rule, INVITE, "", "", "", "<sip:+4930@provider.lab>;tag=1|");
	our_from = "<sip:anonymous@anonymous.invalid>;tag=1";
	check(&rule, INVITE, "", "", "", "<sip:anonymous@anonymous.invalid>;tag=1|");
	their_from = our_from = NULL;
}

static void test_set(void **state)
{
	struct pattern *p = compiled("^id=(.*)$");
	char value[] = "n", captured[] = "n-\\1";
	struct config_header_rule rule = { .action = RULE_SET, .header = x_a, .value = value };

	(void)state;
	check(&rule, INVITE, NULL, "", "n|", "");
	check(&rule, INVITE, NULL, "X-A: 1\r\nX-A: 2\r\n", "n|", "");
	check(&rule, BUSY, NULL, "", "", "");
	rule.match = p;
	rule.value = captured;
	check(&rule, INVITE, NULL, "X-A: 1\r\nX-A: id=7\r\n", "n-7|", "");
	check(&rule, INVITE, NULL, "X-A: 1\r\n", "1|", "");
	pattern_free(&p);
}

static void test_remove(void **state)
{
	struct pattern *p = compiled("secret");
	struct config_header_rule rule = { .action = RULE_REMOVE, .header = x_a };
	char many[8192] = "", left[1024] = "", stays[2200];

	(void)state;
	check(&rule, INVITE, NULL, "X-A: 1\r\nX-A: 2\r\nX-B: 3\r\n", "", "3|");
	rule.match = p;
	check(&rule, INVITE, NULL, "X-A: 1\r\nX-A: my secret\r\nX-A: 2\r\n", "1|2|", "");
	/* Whatever their number and length, those that match go and the others stay. */
	for (unsigned i = 0; i < 40; i++) {
		snprintf(many + strlen(many), sizeof(many) - strlen(many), "X-A: %s%u\r\n",
		         i % 2 ? "" : "secret", i);
		if (i % 2)
			snprintf(left + strlen(left), sizeof(left) - strlen(left), "%u|", i);
	}
	check(&rule, INVITE, NULL, many, left, "");
	snprintf(many, sizeof(many), "X-A: %0*usecret\r\nX-A: 2\r\n", 1900, 0);
	check(&rule, INVITE, NULL, many, "2|", "");
	/* One that is no line that could be looked at stays, and what stands behind it is seen. */
	snprintf(many, sizeof(many), "X-A: %0*u\r\nX-A: secret\r\n", 2100, 0);
	snprintf(stays, sizeof(stays), "%0*u|", 2100, 0);
	check(&rule, INVITE, NULL, many, stays, "");
	pattern_free(&p);
}

static void test_rename_and_copy(void **state)
{
	struct pattern *p = compiled("^id=([0-9]+)$");
	char value[] = "no \\1";
	struct config_header_rule rule = { .action = RULE_RENAME, .header = x_a, .to = x_b };

	(void)state;
	check(&rule, INVITE, NULL, "X-A: 1\r\nX-A: 2\r\nX-B: 3\r\n", "", "1|2|");
	check(&rule, INVITE, NULL, "X-B: 3\r\n", "", "3|");
	rule.action = RULE_COPY;
	check(&rule, INVITE, NULL, "X-A: 1\r\n", "1|", "1|");
	/* What came is asked first, and is kept when it names its sender. */
	check(&rule, INVITE, "X-A: theirs\r\n", "X-A: ours\r\n", "ours|", "theirs|");
	check(&rule, INVITE, "X-A: at 10.0.0.9\r\n", "", "", "");
	rule.match = p;
	rule.value = value;
	check(&rule, INVITE, "X-A: 1\r\nX-A: id=7\r\n", "", "", "no 7|");
	rule.value = NULL;
	check(&rule, INVITE, "X-A: 1\r\nX-A: id=7\r\n", "", "", "id=7|");
	pattern_free(&p);
}

static void test_what_it_is_for(void **state)
{
	char value[] = "n";
	unsigned methods[] = { 1 /* BYE */ }, busy[] = { 486 }, failures[] = { 4 }, ok[] = { 2 };
	struct config_header_rule rule = { .action = RULE_SET, .header = x_a, .value = value };

	(void)state;
	rule.methods = methods;
	rule.nmethods = 1;
	assert_string_equal(config_rule_methods[1], "BYE");
	check(&rule, INVITE, NULL, "", "", "");
	rule.nmethods = 0;
	rule.statuses = busy;
	rule.nstatuses = 1;
	check(&rule, INVITE, NULL, "", "", "");
	check(&rule, BUSY, NULL, "", "n|", "");
	rule.statuses = failures;
	check(&rule, BUSY, NULL, "", "n|", "");
	rule.statuses = ok;
	check(&rule, BUSY, NULL, "", "", "");
	rule.nstatuses = 0;
	rule.way = TRUNK_IN;
	check(&rule, INVITE, NULL, "", "", "");
}

static int begin(void **state)
{
	(void)state;
	message_library_open();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_ours), cmocka_unit_test(test_set),
		                            cmocka_unit_test(test_remove),
		                            cmocka_unit_test(test_rename_and_copy),
		                            cmocka_unit_test(test_what_it_is_for) };

	return cmocka_run_group_tests(tests, begin, NULL);
}
