/* sbc/sip/digest_client.c and digest_parts.c: the examples of RFC 7616 3.9.1, RFC 2617 3.5 and RFC
 * 2069 2.4 (with its erratum), and challenges that nobody should answer. */
#include "sbc/sip/digest_client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "tests/unit/alloc.h"

/* RFC 7616 3.9.1 */
#define NONCE     "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"
#define OPAQUE    "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"
#define CNONCE    "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
#define CHALLENGE "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm="
#define REST      ", nonce=\"" NONCE "\", opaque=\"" OPAQUE "\""

static const struct digest_use mufasa = { .username = "Mufasa",
	                                  .password = "Circle of Life",
	                                  .method = "GET",
	                                  .uri = "/dir/index.html",
	                                  .cnonce = CNONCE,
	                                  .nc = 1 };

/* The credentials for a challenge; the caller frees them. */
static void answer(const char *text, const struct digest_use *use, struct buf *out)
{
	struct digest_challenge challenge;

	assert_int_equal(digest_challenge_read(&challenge, text), OK);
	buf_init(out, 2000);
	assert_int_equal(digest_credentials(&challenge, use, out), OK);
}

static void expect_param(const char *credentials, const char *name, const char *right)
{
	char value[DIGEST_VALUE_MAX];

	assert_int_equal(digest_param(credentials, name, value), OK);
	assert_string_equal(value, right);
}

static void expect_response(const char *challenge, const struct digest_use *use, const char *right)
{
	struct buf out;

	answer(challenge, use, &out);
	expect_param(out.data, "response", right);
	buf_free(&out);
}

static void examples_of_the_rfcs(void **state)
{
	struct digest_use use = mufasa;

	(void)state;
	expect_response(CHALLENGE "MD5" REST, &use, "8ca523f5e9506fed4657c9700eebdbec");
	expect_response(CHALLENGE "SHA-256" REST, &use,
	                "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1");
	/* Done once with another program: no RFC has an example. */
	expect_response(CHALLENGE "MD5-sess" REST, &use, "e783283f46242139c486a698fec7211d");
	expect_response(CHALLENGE "sha-256-SESS" REST, &use,
	                "2fd51b3a77ad75bad6afad6003e818d767133c46d9e2749e7f5232ae1ea3efd7");
	use.password = "Circle Of Life";
	use.cnonce = "0a4f113b";
	expect_response("Digest realm=\"testrealm@host.com\", qop=\"auth,auth-int\", "
	                "nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", "
	                "opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"",
	                &use, "6629fae49393a05397450978507c4ef1");
	use.password = "CircleOfLife";
	expect_response("Digest realm=\"testrealm@host.com\", "
	                "nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\"",
	                &use, "1949323746fe6a43ef61f9606e7febea");
}

static void what_goes_back(void **state)
{
	struct digest_use use = mufasa;
	struct buf out;
	char value[DIGEST_VALUE_MAX];

	(void)state;
	use.nc = 0xabcdef01;
	answer(CHALLENGE "MD5" REST, &use, &out);
	expect_param(out.data, "username", "Mufasa");
	expect_param(out.data, "realm", "http-auth@example.org");
	expect_param(out.data, "nonce", NONCE);
	expect_param(out.data, "uri", "/dir/index.html");
	expect_param(out.data, "opaque", OPAQUE);
	expect_param(out.data, "cnonce", CNONCE);
	expect_param(out.data, "algorithm", "MD5");
	expect_param(out.data, "qop", "auth");
	expect_param(out.data, "nc", "abcdef01");
	assert_null(strstr(out.data, "Circle"));
	buf_free(&out);
	/* Without qop there is neither count nor cnonce (RFC 2617 3.2.2). */
	answer("Digest nonce=n,realm=\"r\"", &use, &out);
	assert_int_equal(digest_param(out.data, "nc", value), ERR_NOT_FOUND);
	assert_int_equal(digest_param(out.data, "cnonce", value), ERR_NOT_FOUND);
	assert_int_equal(digest_param(out.data, "opaque", value), ERR_NOT_FOUND);
	buf_free(&out);
	/* But with -sess the server needs it; what is empty goes back empty. */
	answer("digest realm=r, nonce=\"n\", algorithm=MD5-sess, opaque=\"\"", &use, &out);
	expect_param(out.data, "cnonce", CNONCE);
	expect_param(out.data, "opaque", "");
	buf_free(&out);
}

static void what_a_challenge_says(void **state)
{
	struct digest_challenge c;

	(void)state;
	assert_int_equal(digest_challenge_read(&c, "Digest realm=\"a\", nonce=\"b\", stale=TRUE"),
	                 OK);
	assert_true(c.stale && !c.qop && !c.sess && c.algorithm == DIGEST_MD5);
	assert_int_equal(digest_challenge_read(
	                     &c, " \tDigest qop=\"auth-int , AUTH\",realm=\"a, b\",nonce=\"b\", "
	                         "stale=false, algorithm=\"SHA-256\", unheard=of"),
	                 OK);
	assert_true(!c.stale && c.qop && c.algorithm == DIGEST_SHA256);
	assert_string_equal(c.realm, "a, b");
}

static void expect_refused(const char *text, enum err right)
{
	struct digest_challenge c;

	assert_int_equal(digest_challenge_read(&c, text), right);
}

static void what_is_not_answered(void **state)
{
	char text[1024], longest[300];

	(void)state;
	expect_refused("", ERR_UNSUPPORTED);
	expect_refused("Basic realm=\"r\", nonce=\"n\"", ERR_UNSUPPORTED);
	expect_refused("Digestive realm=\"r\", nonce=\"n\"", ERR_SYNTAX);
	expect_refused("Digest realm=\"r\", nonce=\"n\", algorithm=SHA-512-256", ERR_UNSUPPORTED);
	expect_refused("Digest realm=\"r\", nonce=\"n\", algorithm=MD5-sessions", ERR_UNSUPPORTED);
	expect_refused("Digest realm=\"r\", nonce=\"n\", algorithm=", ERR_UNSUPPORTED);
	expect_refused("Digest realm=\"r\", nonce=\"n\", qop=\"auth-int\"", ERR_UNSUPPORTED);
	expect_refused("Digest realm=\"r\", nonce=\"n\", qop=\"\"", ERR_UNSUPPORTED);
	expect_refused("Digest realm=\"r\"", ERR_SYNTAX);
	expect_refused("Digest nonce=\"n\"", ERR_SYNTAX);
	expect_refused("Digest nonce=\"n\", realm=\"r", ERR_SYNTAX);
	/* What would end our quotes, or our line. */
	expect_refused("Digest realm=\"r\\\"s\", nonce=\"n\"", ERR_SYNTAX);
	expect_refused("Digest realm=\"r\", nonce=\"n\\\\\"", ERR_SYNTAX);
	expect_refused("Digest realm=\"r\", nonce=\"n\r\nX: y\"", ERR_SYNTAX);
	expect_refused("Digest realm=\"r\nX: y\", nonce=\"n\"", ERR_SYNTAX);
	expect_refused("Digest realm=\"r\", nonce=\"n\", opaque=\"\x7f\"", ERR_SYNTAX);
	memset(longest, 'x', sizeof(longest));
	for (size_t n = DIGEST_VALUE_MAX - 1; n <= DIGEST_VALUE_MAX; n++) {
		enum err right = n < DIGEST_VALUE_MAX ? OK : ERR_LIMIT;

		snprintf(text, sizeof(text), "Digest realm=\"r\", nonce=\"%.*s\"", (int)n, longest);
		expect_refused(text, right);
		snprintf(text, sizeof(text), "Digest realm=\"%.*s\", nonce=\"n\"", (int)n, longest);
		expect_refused(text, right);
		snprintf(text, sizeof(text), "Digest realm=\"r\", nonce=\"n\", opaque=\"%.*s\"",
		         (int)n, longest);
		expect_refused(text, right);
		/* What we do not look at may be as long as it likes. */
		snprintf(text, sizeof(text), "Digest domain=\"%.*s\", realm=\"r\", nonce=\"n\"",
		         (int)n, longest);
		expect_refused(text, OK);
	}
}

static void what_cannot_be_quoted(void **state)
{
	static const char *const bad[] = { "a\"b", "a\\b", "a\r\nb", "a\x01" };
	struct digest_use use;
	struct digest_challenge c;
	struct buf out;

	(void)state;
	assert_int_equal(digest_challenge_read(&c, "Digest realm=\"a\", nonce=\"b\""), OK);
	buf_init(&out, 2000);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		use = mufasa;
		use.uri = bad[i];
		assert_int_equal(digest_credentials(&c, &use, &out), ERR_SYNTAX);
		use = mufasa;
		use.username = bad[i];
		assert_int_equal(digest_credentials(&c, &use, &out), ERR_SYNTAX);
	}
	assert_int_equal(out.len, 0);
	buf_free(&out);
	buf_init(&out, 100);
	assert_int_equal(digest_credentials(&c, &mufasa, &out), ERR_LIMIT);
	buf_free(&out);
}

static void answer_once(void *arg)
{
	struct digest_challenge c;
	struct buf out;

	(void)arg;
	buf_init(&out, 2000);
	assert_int_equal(digest_challenge_read(&c, CHALLENGE "SHA-256" REST), OK);
	if (digest_credentials(&c, &mufasa, &out) == OK)
		expect_param(out.data, "nc", "00000001");
	buf_free(&out);
}

static void without_memory(void **state)
{
	(void)state;
	assert_true(each_allocation_fails(answer_once, NULL) > 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(examples_of_the_rfcs),  cmocka_unit_test(what_goes_back),
		cmocka_unit_test(what_a_challenge_says), cmocka_unit_test(what_is_not_answered),
		cmocka_unit_test(what_cannot_be_quoted), cmocka_unit_test(without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
