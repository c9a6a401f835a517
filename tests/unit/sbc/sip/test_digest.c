/* sbc/sip/digest.c: a phone of the test's own answers its challenges. */
#include "sbc/sip/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <openssl/evp.h>
#include "base/clock.h"
#include "base/mem.h"
#include "tests/unit/alloc.h"

#define URI "sip:trunkgate"

static struct digest *digest;

static int begin(void **state)
{
	(void)state;
	clock_fake(1000000, 1800000000);
	return digest_new(&digest, "trunkgate") == OK ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	digest_free(&digest);
	clock_real();
	return 0;
}

static void hash(enum digest_algorithm a, const char *text, char out[65])
{
	unsigned char sum[EVP_MAX_MD_SIZE];
	unsigned len;

	assert_int_equal(EVP_Digest(text, strlen(text), sum, &len,
	                            a == DIGEST_MD5 ? EVP_md5() : EVP_sha256(), NULL),
	                 1);
	for (unsigned i = 0; i < len; i++)
		snprintf(out + 2 * i, 3, "%02x", sum[i]);
}

static void nonce_of(enum digest_algorithm a, int stale, char nonce[64])
{
	char challenge[DIGEST_CHALLENGE_MAX];
	const char *at;

	digest_challenge(digest, a, stale, challenge, sizeof(challenge));
	assert_non_null(strstr(challenge, a == DIGEST_MD5 ? "algorithm=MD5" : "algorithm=SHA-256"));
	assert_true((strstr(challenge, "stale=true") != NULL) == (stale != 0));
	assert_non_null(strstr(challenge, "Digest realm=\"trunkgate\""));
	at = strstr(challenge, "nonce=\"") + 7;
	snprintf(nonce, 64, "%.*s", (int)strcspn(at, "\""), at);
}

/* RFC 7616 3.4.1, done anew. */
static void credentials(enum digest_algorithm a, const char *nonce, const char *password,
                        const char *method, char out[1024])
{
	char text[512], a1[65], a2[65], response[65];

	snprintf(text, sizeof(text), "desk:trunkgate:%s", password);
	hash(a, text, a1);
	snprintf(text, sizeof(text), "%s:" URI, method);
	hash(a, text, a2);
	snprintf(text, sizeof(text), "%s:%s:00000001:0a4f113b:auth:%s", a1, nonce, a2);
	hash(a, text, response);
	snprintf(out, 1024,
	         "Digest username=\"desk\", realm=\"trunkgate\", nonce=\"%s\", uri=\"" URI "\", "
	         "response=\"%s\", algorithm=%s, cnonce=\"0a4f113b\", qop=auth, nc=00000001",
	         nonce, response, a == DIGEST_MD5 ? "MD5" : "SHA-256");
}

static enum digest_result verify(enum digest_algorithm a, const char *password, const char *method)
{
	char nonce[64], text[1024];

	nonce_of(a, 0, nonce);
	credentials(a, nonce, password, method, text);
	return digest_verify(digest, text, "REGISTER", "a secret");
}

static void test_right_and_wrong(void **state)
{
	(void)state;
	for (int a = 0; a < DIGEST_NALGORITHMS; a++) {
		assert_int_equal(verify((enum digest_algorithm)a, "a secret", "REGISTER"),
		                 DIGEST_RIGHT);
		assert_int_equal(verify((enum digest_algorithm)a, "a secreT", "REGISTER"),
		                 DIGEST_WRONG);
		assert_int_equal(verify((enum digest_algorithm)a, "a secret", "INVITE"),
		                 DIGEST_WRONG);
	}
}

/* Every octet of what a phone sends counts. */
static void test_each_octet(void **state)
{
	char nonce[64], text[1024];
	size_t from, right = 0;

	(void)state;
	nonce_of(DIGEST_SHA256, 0, nonce);
	credentials(DIGEST_SHA256, nonce, "a secret", "REGISTER", text);
	assert_int_equal(digest_verify(digest, text, "REGISTER", "a secret"), DIGEST_RIGHT);
	from = (size_t)(strstr(text, "nonce=\"") - text) + 7;
	for (size_t i = from; text[i]; i++) {
		char was = text[i];

		text[i] = was == 'q' ? 'z' : 'q';
		/* What were right would be stale now: it is used. */
		if (digest_verify(digest, text, "REGISTER", "a secret") != DIGEST_WRONG)
			right++;
		text[i] = was;
	}
	assert_int_equal(right, 0);
}

static void test_stale(void **state)
{
	char nonce[64], text[1024], stale_nonce[64];
	struct digest *other;

	(void)state;
	nonce_of(DIGEST_MD5, 0, nonce);
	credentials(DIGEST_MD5, nonce, "a secret", "REGISTER", text);
	clock_fake_advance(300000);
	assert_int_equal(digest_verify(digest, text, "REGISTER", "a secret"), DIGEST_RIGHT);
	/* Once. */
	assert_int_equal(digest_verify(digest, text, "REGISTER", "a secret"), DIGEST_STALE);
	nonce_of(DIGEST_MD5, 0, nonce);
	credentials(DIGEST_MD5, nonce, "a secret", "REGISTER", text);
	clock_fake_advance(300001);
	assert_int_equal(digest_verify(digest, text, "REGISTER", "a secret"), DIGEST_STALE);
	assert_int_equal(digest_verify(digest, text, "REGISTER", "another"), DIGEST_WRONG);
	nonce_of(DIGEST_MD5, 1, stale_nonce);
	/* Nobody else's nonce is ours, and none of the future. */
	assert_int_equal(digest_new(&other, "trunkgate"), OK);
	credentials(DIGEST_MD5, stale_nonce, "a secret", "REGISTER", text);
	assert_int_equal(digest_verify(other, text, "REGISTER", "a secret"), DIGEST_STALE);
	digest_free(&other);
	clock_fake(1000, 0);
	assert_int_equal(digest_verify(digest, text, "REGISTER", "a secret"), DIGEST_STALE);
}

static void test_user(void **state)
{
	static const struct {
		const char *text, *user;
	} cases[] = {
		{ "Digest username=\"desk\", realm=\"trunkgate\"", "desk" },
		{ "digest realm=trunkgate,username=desk", "desk" },
		{ "Digest  username = \"de\\\"sk\" ,,realm=\"trunkgate\"", "de\"sk" },
		{ "Digest username=\"\", realm=\"trunkgate\"", "" },
		{ "Digest username=\"desk\", realm=\"other\"", NULL },
		{ "Digest username=\"desk\"", NULL },
		{ "Basic username=\"desk\", realm=\"trunkgate\"", NULL },
		{ "Digestusername=\"desk\", realm=\"trunkgate\"", NULL },
		{ "Digest realm=\"trunkgate\", username=\"desk", NULL },
		{ "Digest realm=\"trunkgate\", =\"desk\"", NULL },
		{ "", NULL },
	};
	char user[DIGEST_USER_MAX], text[1024], name[200];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		enum err err = digest_user(digest, cases[i].text, user);

		assert_int_equal(err, cases[i].user ? OK : ERR_NOT_FOUND);
		if (cases[i].user)
			assert_string_equal(user, cases[i].user);
	}
	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	snprintf(text, sizeof(text), "Digest realm=\"trunkgate\", username=\"%s\"", name);
	assert_int_equal(digest_user(digest, text, user), ERR_NOT_FOUND);
}

static void make(void *arg)
{
	struct digest *d;

	(void)arg;
	if (digest_new(&d, "x") == OK)
		digest_free(&d);
}

static void test_no_memory(void **state)
{
	(void)state;
	assert_int_equal(each_allocation_fails(make, NULL),
	                 5); /* digest, nonces, their table and its slots; then none */
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(right_and_wrong), TEST(each_octet), TEST(stale),
		                            TEST(user), TEST(no_memory) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
