/* libFuzzer: lines "expression", "template", "text" as an operator's rules and a peer's number and
 * header meet: what a rule makes is no longer than its room, and what is said to be a number can
 * stand in a URI. Corpus: tests/fuzz/corpus/rules. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "sbc/b2bua/header_rules.h"
#include "sbc/b2bua/name_addr.h"
#include "sbc/b2bua/numbers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char domain[] = "provider.lab", header[] = "Subject", country[] = "49", area[] = "30";
static char international[] = "00", national[] = "0";

static void check_numbers(struct config_number_rule *rule, const char *text)
{
	struct config_trunk trunk = { .domain = domain,
		                      .number_rules = rule,
		                      .nnumber_rules = rule ? 1 : 0,
		                      .numbers_out = NUMBERS_NATIONAL,
		                      .numbers_in = NUMBERS_E164,
		                      .calling_in = NUMBERS_PLAIN,
		                      .dialling = { .country = country,
		                                    .area = area,
		                                    .international_prefix = international,
		                                    .national_prefix = national,
		                                    .digits = DIGITS_INTERNATIONAL } };
	char number[NUMBER_MAX], out[NUMBER_MAX];

	if (number_read(text, number, sizeof(number)))
		return;
	assert(number_is_clean(number) && strlen(number) < NUMBER_MAX);
	if (number_cross(&trunk, TRUNK_OUT, NUMBER_CALLED, number, out) == OK)
		assert(number_is_clean(out) && strlen(out) < NUMBER_MAX);
	if (number_cross(&trunk, TRUNK_IN, NUMBER_CALLING, number, out) == OK)
		assert(number_is_clean(out) && strlen(out) < NUMBER_MAX);
}

static void check_value(const char *text)
{
	struct name_addr who;
	char value[64];

	if (!name_addr_read(&who, text))
		return;
	assert(strlen(who.display) < DISPLAY_MAX && strlen(who.uri) < NAME_URI_MAX);
	assert(who.params >= text && who.params <= text + strlen(text));
	if (name_addr_param(who.params, "a", value, sizeof(value)))
		assert(strlen(value) < sizeof(value));
}

static void check_headers(struct config_header_rule *rule, const char *text)
{
	static const char head[] =
	    "INVITE sip:1@b SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\n"
	    "From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\nCall-ID: x\r\n"
	    "CSeq: 1 INVITE\r\nSubject: one\r\n\r\n";
	const struct config_phone phone = { .name = domain };
	const struct config_trunk trunk = { .domain = domain,
		                            .header_rules = rule,
		                            .nheader_rules = 1 };
	const struct config_party from = { .kind = PARTY_PHONE, .phone = &phone };
	const struct config_party to = { .kind = PARTY_TRUNK, .trunk = &trunk };
	const struct crossing_ends ends = { &from, &to };
	struct message *read, *m;
	struct passage p;
	struct buf wire;

	if (message_parse(&read, head, sizeof(head) - 1) || message_copy(&m, read))
		abort();
	if (!strpbrk(text, "\r\n"))
		message_add(m, header, "%s", text);
	passage_open(&p, NULL, m, &ends);
	for (rule->action = RULE_SET; rule->action <= RULE_REMOVE; rule->action++)
		header_rules_apply(&trunk, TRUNK_OUT, &p);
	buf_init(&wire, MESSAGE_MAX);
	if (message_encode(m, &wire))
		assert(*text); /* a header that cannot be one sticks as an error */
	buf_free(&wire);
	message_free(&m);
	message_free(&read);
}

static void check(char *expression)
{
	char *template = strsep(&expression, "\n"), *swap = template, *text, why[128];
	struct pattern *p;

	template = strsep(&expression, "\n");
	text = expression;
	if (!text)
		return;
	check_value(text);
	check_numbers(NULL, text);
	if (pattern_new(&p, swap, why, sizeof(why)) == OK) {
		struct config_number_rule rule = { .match = p, .replace = template };
		struct config_header_rule headers = { .header = header,
			                              .match = p,
			                              .value = template };

		if (template_groups(template) <= (int)pattern_groups(p)) {
			check_numbers(&rule, text);
			check_headers(&headers, text);
		}
		pattern_free(&p);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool is_open;
	char *text = malloc(size + 1);

	if (!is_open)
		message_library_open();
	is_open = true;
	if (!text)
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	check(text);
	free(text);
	return 0;
}
