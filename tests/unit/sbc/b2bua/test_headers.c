/* sbc/b2bua/headers.c */
#include "sbc/b2bua/headers.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "base/buf.h"
#include "base/mem.h"

/* A PBX on 10.0.0.1, and what it says of itself. */
static const char *const inside[] = { "10.0.0.1", "10.0.0.9",    "pbx.inside",
	                              "phone/1",  "call-of-pbx", "10.0.0.254" };

static struct config_listener listener = { .transport = TRANSPORT_UDP };
static struct config_realm office = { .listeners = &listener, .nlisteners = 1 };
static const struct config_phone phone = { .realm = &office };
static char domain[] = "provider.lab", listed[] = "X-Listed", *pass[] = { listed };
static const struct config_trunk trunk = { .domain = domain,
	                                   .pass_headers = pass,
	                                   .npass_headers = 1 };
static const struct config_party the_phone = { .kind = PARTY_PHONE, .phone = &phone };
static const struct config_party the_trunk = { .kind = PARTY_TRUNK, .trunk = &trunk };
static const struct crossing_ends out = { &the_phone, &the_trunk }, in = { &the_trunk, &the_phone };

static const struct config_trunk keeper = { .domain = domain, .trusted = YES };
static const struct config_party the_keeper = { .kind = PARTY_TRUNK, .trunk = &keeper };
static const struct crossing_ends to_keeper = { &the_phone, &the_keeper };

static struct message *message(const char *first, const char *tag, const char *more)
{
	char text[16384];
	struct message *m;
	bool request = strncmp(first, "SIP/", 4) != 0;

	snprintf(text, sizeof(text),
	         "%s\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bK1\r\n"
	         "From: <sip:a@%s>;tag=1\r\nTo: <sip:c@d>%s\r\nCall-ID: call-of-pbx\r\n"
	         "CSeq: 1 INVITE\r\nContact: <sip:a@10.0.0.1>\r\nUser-Agent: phone/1\r\n%s\r\n",
	         first, request ? "pbx.inside" : "sbc.lab", request ? "10.0.0.9" : "sbc.lab", tag,
	         more);
	assert_int_equal(message_parse(&m, text, strlen(text)), OK);
	return m;
}

/* What crosses of more, in a message that begins with first, into one that begins with to: the
 * caller frees it. */
static char *crossed(const struct crossing_ends *ends, const char *first, const char *to,
                     const char *more)
{
	struct message *from = message(first, "", more), *read, *m;
	char text[512];
	struct passage p;
	struct buf wire;
	char *result;

	snprintf(text, sizeof(text),
	         "%s\r\nVia: SIP/2.0/TLS s;branch=z9hG4bK2\r\nFrom: <sip:x@y>;tag=1\r\n"
	         "To: <sip:c@d>%s\r\nCall-ID: z\r\nCSeq: 1 INVITE\r\n\r\n",
	         to, strncmp(to, "BYE", 3) == 0 ? ";tag=2" : "");
	assert_int_equal(message_parse(&read, text, strlen(text)), OK);
	assert_int_equal(message_copy(&m, read), OK);
	message_free(&read);
	passage_open(&p, from, m, ends);
	headers_cross(&p);
	buf_init(&wire, MESSAGE_MAX);
	assert_int_equal(message_encode(m, &wire), OK);
	assert_int_equal(buf_take(&wire, &result), OK);
	buf_free(&wire);
	message_free(&from);
	message_free(&m);
	return result;
}

#define INVITE  "INVITE sip:1@10.0.0.254 SIP/2.0"
#define BYE     "BYE sip:1@10.0.0.254 SIP/2.0"
#define RINGING "SIP/2.0 180 Ringing"
#define ANSWER  "SIP/2.0 200 OK"
#define BUSY    "SIP/2.0 486 Busy"

static void check(const struct crossing_ends *ends, const char *first, const char *more,
                  const char *wanted)
{
	char *result = crossed(ends, first, first, more);
	char line[2200];

	if (wanted) {
		snprintf(line, sizeof(line), "\r\n%s\r\n", wanted);
		if (!strstr(result, line))
			print_error("%s\nis not in\n%s\n", wanted, result);
		assert_non_null(strstr(result, line));
	} else {
		snprintf(line, sizeof(line), "\r\n%.*s", (int)strcspn(more, ": \t"), more);
		assert_null(strcasestr(result, line));
	}
	mem_free(result);
}

static void test_cross(void **state)
{
	(void)state;
	check(&out, INVITE, "Priority: emergency\r\n", "Priority: emergency");
	check(&out, BYE, "Priority: emergency\r\n", NULL);
	check(&out, INVITE, "Subject: s\r\n", NULL);
	check(&in, INVITE, "s: of all\r\n", "Subject: of all"); /* a compact form */
	check(&out, INVITE, "X-Other: x\r\n", NULL);
	check(&in, INVITE, "X-Other: x\r\n", NULL);
	check(&in, INVITE, "Alert-Info: <urn:alert:service:auto-answer>\r\n", NULL);
	check(&in, INVITE, "Answer-Mode: Auto\r\n", NULL);
	check(&out, BUSY, "Server: phone/1\r\n", NULL);
	check(&out, BUSY, "Retry-After: 18000 (at 10.0.0.9);duration=3600\r\n",
	      "Retry-After: 18000");
	check(&out, ANSWER, "Retry-After: 5\r\n", NULL);
	check(&out, RINGING, "P-Early-Media: sendrecv\r\n", "P-Early-Media: sendrecv");
	check(&out, RINGING, "P-Early-Media: at.home\r\n", NULL);
	check(&in, RINGING, "P-Early-Media: at.home\r\n", "P-Early-Media: at.home");
	check(&out, INVITE, "Resource-Priority: esnet.1\r\n", "Resource-Priority: esnet.1");
	check(&out, INVITE, "Resource-Priority: floor.1\r\n", NULL);
	/* Of one line, however it came. */
	check(&in, INVITE, "Subject: one\r\n\t two\r\n  three\r\n", "Subject: one two three");
	check(&out, INVITE, "X-Listed: a\r\n b\r\n", "X-Listed: a b");
}

static void test_reason_and_warning(void **state)
{
	(void)state;
	check(&out, BYE, "Reason: Q.850;cause=16;text=\"at 10.0.0.1\"\r\n",
	      "Reason: Q.850;cause=16");
	check(&out, BUSY, "Reason: q.850 ; cause=17\r\n", "Reason: Q.850;cause=17");
	check(&out, BYE, "Reason: pbx;cause=16\r\n", NULL);
	check(&out, BYE, "Reason: SIP;cause=4711\r\n", NULL);
	check(&out, BYE, "Reason: SIP;text=\"x\"\r\n", NULL);
	check(&in, BYE, "Reason: Q.850;cause=16;text=\"bye\"\r\n",
	      "Reason: Q.850;cause=16;text=\"bye\"");
	check(&in, INVITE, "Reason: SIP;cause=1\r\n", NULL);
	check(&out, BUSY, "Warning: 304 pbx.inside \"no G.729\"\r\n",
	      "Warning: 304 trunkgate \"Media type not available\"");
	check(&out, BUSY, "Warning: 399 pbx.inside \"no G.729\"\r\n", NULL);
	check(&in, BUSY, "Warning: 399 gw1 \"no G.729\"\r\n",
	      "Warning: 399 trunkgate \"no G.729\"");
}

/* RFC 8224: what is signed arrives as it was; the date is a part of it. */
static void test_identity(void **state)
{
#define SIGNED \
	"eyJhbGciOiJFUzI1NiJ9.eyJkZXN0Ijp7fX0.c2ln;info=<https://cert.lab/p.cer>;alg=ES256;ppt=shaken"
	static const char date[] = "Date: Sat, 21 Nov 2026 17:00:00 GMT";
	char both[512];

	(void)state;
	check(&out, INVITE, "Identity: " SIGNED "\r\n", "Identity: " SIGNED);
	check(&in, INVITE, "y: " SIGNED "\r\n", "Identity: " SIGNED);
	snprintf(both, sizeof(both), "%s\r\nIdentity: x\r\n", date);
	check(&out, INVITE, both, date);
	snprintf(both, sizeof(both), "%s\r\n", date);
	check(&out, INVITE, both, NULL);
	/* The number of the caller is in it: withheld, it goes to those alone who keep it. */
	check(&out, INVITE, "Identity: " SIGNED "\r\nPrivacy: id\r\n", NULL);
	check(&in, INVITE, "y: " SIGNED "\r\nPrivacy: user\r\n", "Privacy: user");
	check(&in, INVITE, "Identity: " SIGNED "\r\nPrivacy: user\r\n", NULL);
	check(&to_keeper, INVITE, "Identity: " SIGNED "\r\nPrivacy: id\r\n", "Identity: " SIGNED);
	snprintf(both, sizeof(both), "%s\r\nIdentity: x\r\nPrivacy: id\r\n", date);
	check(&out, INVITE, both, NULL);
}

/* A value of a shape, with word for each @. */
static void shape(char value[256], const char *form, const char *word)
{
	size_t n = 0;

	for (; *form; form++) {
		if (*form == '@')
			n += (size_t)snprintf(value + n, 256 - n, "%s", word);
		else
			value[n++] = *form;
	}
	value[n] = '\0';
}

/* Whatever stands in the policy, now or later, and whatever a trunk lists: no value of it that
 * names the inside leaves. */
static void test_no_leak(void **state)
{
	static const char *const shapes[] = {
		"@",
		"a;b=@",
		"\"text of @\"",
		"<sip:@:5060>;x=1",
		"SIP;cause=200;text=\"@\"",
		"@;cause=200",
		"304 @ \"@\"",
		"30 (@)",
		"token, @",
		"Sat, 21 Nov 2026 17:00:00 GMT\r\n\t@",
	};
	static const char *const firsts[] = { INVITE, BYE, RINGING, ANSWER, BUSY };
	char more[1024], value[256];
	unsigned seen = 0;

	(void)state;
	for (size_t h = 0; h <= ARRAY_LEN(policies); h++) {
		const char *name = h < ARRAY_LEN(policies) ? policies[h].name : listed;

		for (size_t w = 0; w < ARRAY_LEN(inside) * ARRAY_LEN(shapes); w++) {
			const char *word = inside[w % ARRAY_LEN(inside)];

			shape(value, shapes[w / ARRAY_LEN(inside)], word);
			snprintf(more, sizeof(more), "%s: %s\r\nIdentity: signed\r\n", name, value);
			for (size_t f = 0; f < ARRAY_LEN(firsts); f++) {
				char *result = crossed(&out, firsts[f], firsts[f], more);

				/* An answer's own Call-ID and From are ours on the other leg. */
				if (f < 2 ||
				    (strcmp(word, "pbx.inside") && strcmp(word, "10.0.0.9") &&
				     strcmp(word, "10.0.0.254")))
					assert_null(strstr(strchr(result, '\n'), word));
				seen += strstr(result, name) != NULL;
				mem_free(result);
			}
		}
	}
	assert_true(seen > 100); /* of the rest something does cross */
}

static int begin(void **state)
{
	(void)state;
	message_library_open();
	assert_int_equal(addr_parse(&listener.addr, "10.0.0.254:5060"), OK);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cross),
		cmocka_unit_test(test_reason_and_warning),
		cmocka_unit_test(test_identity),
		cmocka_unit_test(test_no_leak),
	};

	return cmocka_run_group_tests(tests, begin, NULL);
}
