/* sbc/sip/credentials.c: what is taken of a response, what is kept, and when it ends. What goes
 * over the wire stands in tests/replay/credentials. */
#include "sbc/sip/credentials.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "sbc/sip/digest_client.h"
#include "tests/unit/alloc.h"

#define ASK(realm, nonce) \
	"Proxy-Authenticate: Digest realm=\"" realm "\", nonce=\"" nonce "\", qop=\"auth\"\r\n"

static const struct credentials_cfg cfg = { .trunk = "acme",
	                                    .username = "acme-4711",
	                                    .password = "Circle of Life" };
static struct credentials *creds;

static int begin(void **state)
{
	(void)state;
	message_library_open();
	return credentials_new(&creds, &cfg) == OK ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	credentials_free(&creds);
	return 0;
}

static struct message *new_request(const char *method)
{
	struct message *m;

	assert_int_equal(message_new_request(&m, method, "sips:100@provider.lab"), OK);
	message_add(m, "From", "<sips:us@sbc.lab>;tag=a");
	message_add(m, "To", "<sips:100@provider.lab>");
	message_add(m, "Call-ID", "1");
	message_add(m, "CSeq", "1 %s", method);
	return m;
}

/* What the provider says to request, for which it asked before times already: 407 with these
 * lines. */
static enum err challenged_again(struct credentials *c, const struct message *request,
                                 const char *lines, unsigned before)
{
	char text[4096];
	struct message *response;
	enum err err;
	int n = snprintf(text, sizeof(text),
	                 "SIP/2.0 407 Proxy Authentication Required\r\n"
	                 "Via: SIP/2.0/TLS sbc.lab:5061;branch=z9hG4bK1\r\n"
	                 "From: <sips:us@sbc.lab>;tag=a\r\nTo: <sips:100@provider.lab>;tag=b\r\n"
	                 "Call-ID: 1\r\nCSeq: 1 INVITE\r\n%sContent-Length: 0\r\n\r\n",
	                 lines);

	if (message_parse(&response, text, (size_t)n))
		return ERR_NOMEM; /* with allocations failing */
	err = credentials_challenged(c, request, response, before);
	message_free(&response);
	return err;
}

static enum err challenged(struct credentials *c, const struct message *request, const char *lines)
{
	return challenged_again(c, request, lines, 0);
}

static void expect_param(const struct message *m, const char *header, unsigned n, const char *name,
                         const char *right)
{
	char value[DIGEST_VALUE_MAX];
	const char *text = message_header(m, header, n);

	assert_non_null(text);
	assert_int_equal(digest_param(text, name, value), OK);
	assert_string_equal(value, right);
}

#define expect_proxy(m, n, name, right) expect_param(m, "Proxy-Authorization", n, name, right)

static void nothing_until_asked(void **state)
{
	struct message *m = new_request("INVITE");

	(void)state;
	credentials_add(creds, m, false);
	credentials_add(creds, m, true);
	credentials_add(NULL, m, true);
	assert_null(message_header(m, "Authorization", 0));
	assert_null(message_header(m, "Proxy-Authorization", 0));
	message_free(&m);
}

static void counts_and_replaces(void **state)
{
	struct message *m = new_request("INVITE"), *ack = new_request("ACK");

	(void)state;
	assert_int_equal(challenged(creds, m, ASK("r", "n1")), OK);
	credentials_add(creds, m, true);
	expect_proxy(m, 0, "nc", "00000001");
	expect_proxy(m, 0, "uri", "sips:100@provider.lab");
	credentials_add(creds, m, false);
	expect_proxy(m, 0, "nc", "00000002");
	assert_null(message_header(m, "Proxy-Authorization", 1));
	credentials_copy(m, ack);
	assert_string_equal(message_header(ack, "Proxy-Authorization", 0),
	                    message_header(m, "Proxy-Authorization", 0));
	message_free(&ack);
	message_free(&m);
}

/* The response is the one for our user, method, URI, nonce and cnonce. */
static void response_is_right(void **state)
{
	struct message *m = new_request("BYE");
	char cnonce[DIGEST_VALUE_MAX], right[DIGEST_HEX_MAX];
	struct digest_inputs in = { .algorithm = DIGEST_MD5,
		                    .user = "acme-4711",
		                    .realm = "r",
		                    .password = "Circle of Life",
		                    .method = "BYE",
		                    .uri = "sips:100@provider.lab",
		                    .nonce = "n1",
		                    .nc = "00000001",
		                    .cnonce = cnonce };

	(void)state;
	assert_int_equal(challenged(creds, m, ASK("r", "n1")), OK);
	credentials_add(creds, m, true);
	assert_int_equal(
	    digest_param(message_header(m, "Proxy-Authorization", 0), "cnonce", cnonce), OK);
	assert_true(strlen(cnonce) >= 20);
	digest_response(&in, right);
	expect_proxy(m, 0, "response", right);
	message_free(&m);
}

static void ends(void **state)
{
	struct message *m = new_request("INVITE");

	(void)state;
	assert_int_equal(challenged(creds, m, ASK("r", "n1")), OK);
	credentials_add(creds, m, true);
	assert_int_equal(challenged(creds, m, ASK("r", "n2")), ERR_AUTH);
	/* It is forgotten with that. */
	credentials_add(creds, m, true);
	assert_null(message_header(m, "Proxy-Authorization", 0));
	assert_int_equal(challenged(creds, m, ""), ERR_UNSUPPORTED);
	assert_int_equal(challenged(creds, m, "Proxy-Authenticate: Basic realm=\"r\"\r\n"),
	                 ERR_UNSUPPORTED);
	assert_int_equal(challenged_again(creds, m, ASK("r", "n3"), CREDENTIALS_TRIES), ERR_LIMIT);
	assert_int_equal(challenged_again(creds, m, ASK("r", "n3"), CREDENTIALS_TRIES - 1), OK);
	message_free(&m);
}

/* Refused is only what was made from a nonce that nobody had used. */
static void used_before_is_no_refusal(void **state)
{
	struct message *m = new_request("INVITE");

	(void)state;
	assert_int_equal(challenged(creds, m, ASK("r", "n1")), OK);
	credentials_add(creds, m, true);
	credentials_add(creds, m, false);
	assert_int_equal(challenged(creds, m, ASK("r", "n2")), OK);
	credentials_add(creds, m, true);
	expect_proxy(m, 0, "nonce", "n2");
	/* Another realm's challenge is none either; nor a UAS's of that name. */
	assert_int_equal(challenged(creds, m, ASK("other", "n3")), OK);
	assert_int_equal(
	    challenged(creds, m, "WWW-Authenticate: Digest realm=\"r\", nonce=\"n4\"\r\n"), OK);
	message_free(&m);
}

static void one_realm_only(void **state)
{
	struct credentials_cfg strict = cfg;
	struct message *m = new_request("INVITE");
	struct credentials *c;

	(void)state;
	strict.realm = "mine";
	assert_int_equal(credentials_new(&c, &strict), OK);
	assert_int_equal(challenged(c, m, ASK("theirs", "n")), ERR_UNSUPPORTED);
	assert_int_equal(challenged(c, m, ASK("theirs", "n") ASK("mine", "m")), OK);
	credentials_add(c, m, true);
	expect_proxy(m, 0, "realm", "mine");
	assert_null(message_header(m, "Proxy-Authorization", 1));
	credentials_free(&c);
	strict.username = NULL;
	assert_int_equal(credentials_new(&c, &strict), OK);
	assert_int_equal(challenged(c, m, ASK("mine", "n")), ERR_AUTH);
	credentials_free(&c);
	message_free(&m);
}

/* A hostile server names one realm after the other: the latest are kept, and no more. */
static void is_bounded(void **state)
{
	struct message *m = new_request("INVITE");
	char text[4000] = "";

	(void)state;
	for (int i = 0; i < 40; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
		         "Proxy-Authenticate: Digest realm=\"r%d\", nonce=\"n\", qop=\"auth\"\r\n",
		         i);
	assert_int_equal(challenged(creds, m, text), OK);
	credentials_add(creds, m, true);
	assert_non_null(message_header(m, "Proxy-Authorization", CREDENTIALS_REALMS - 1));
	assert_null(message_header(m, "Proxy-Authorization", CREDENTIALS_REALMS));
	message_free(&m);
}

static void ask_once(void *arg)
{
	struct credentials *c;
	struct message *m;

	(void)arg;
	if (credentials_new(&c, &cfg))
		return;
	if (message_new_request(&m, "INVITE", "sips:100@provider.lab") == OK) {
		if (challenged(c, m, ASK("r", "n1")) == OK)
			credentials_add(c, m, true);
		message_free(&m);
	}
	credentials_free(&c);
}

static void without_memory(void **state)
{
	(void)state;
	assert_true(each_allocation_fails(ask_once, NULL) > 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nothing_until_asked, begin, end),
		cmocka_unit_test_setup_teardown(counts_and_replaces, begin, end),
		cmocka_unit_test_setup_teardown(response_is_right, begin, end),
		cmocka_unit_test_setup_teardown(ends, begin, end),
		cmocka_unit_test_setup_teardown(used_before_is_no_refusal, begin, end),
		cmocka_unit_test_setup_teardown(one_realm_only, begin, end),
		cmocka_unit_test_setup_teardown(is_bounded, begin, end),
		cmocka_unit_test_setup_teardown(without_memory, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
