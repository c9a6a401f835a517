/* sbc/phone/auth.c: who calls from inside, by address and by password (RFC 3261 22, RFC 7616). */
#include <openssl/evp.h>
#include "tests/unit/sbc/phone/rig.h"

#define PEER "192.0.2.1:5062"
#define URI  "sip:trunkgate" /* that rig_receive asks for */

struct proof {
	const char *user, *password, *method, *uri;
	bool sha256;
};

static const struct proof right = { "desk", "a secret", "REGISTER", URI, false };

static void hash(bool sha256, const char *text, char out[65])
{
	unsigned char sum[EVP_MAX_MD_SIZE];
	unsigned len;

	assert_int_equal(
	    EVP_Digest(text, strlen(text), sum, &len, sha256 ? EVP_sha256() : EVP_md5(), NULL), 1);
	for (unsigned i = 0; i < len; i++)
		snprintf(out + 2 * i, 3, "%02x", sum[i]);
}

/* The nonce of the challenge that was sent last, for that algorithm. */
static void nonce_of(bool sha256, char nonce[64])
{
	const char *at = strstr(rig.sent, "WWW-Authenticate: "), *end;

	for (; at; at = strstr(end, "WWW-Authenticate: ")) {
		const char *algorithm = strstr(at, sha256 ? "algorithm=SHA-256" : "algorithm=MD5");

		end = strstr(at, "\r\n");
		if (!algorithm || algorithm > end)
			continue;
		at = strstr(at, "nonce=\"") + 7;
		snprintf(nonce, 64, "%.*s", (int)strcspn(at, "\""), at);
		return;
	}
	fail_msg("no challenge in:\n%s", rig.sent);
}

/* RFC 7616 3.4.1, for a nonce that was given out: an Authorization header. */
static const char *prove(const struct proof *p, const char *nonce)
{
	static char header[1024];
	char text[512], a1[65], a2[65], response[65];

	snprintf(text, sizeof(text), "%s:trunkgate:%s", p->user, p->password);
	hash(p->sha256, text, a1);
	snprintf(text, sizeof(text), "%s:%s", p->method, p->uri);
	hash(p->sha256, text, a2);
	snprintf(text, sizeof(text), "%s:%s:00000001:c:auth:%s", a1, nonce, a2);
	hash(p->sha256, text, response);
	snprintf(
	    header, sizeof(header),
	    "Authorization: Digest username=\"%s\", realm=\"trunkgate\", nonce=\"%s\", "
	    "uri=\"%s\", response=\"%s\", algorithm=%s, cnonce=\"c\", qop=auth, nc=00000001\r\n",
	    p->user, nonce, p->uri, response, p->sha256 ? "SHA-256" : "MD5");
	return header;
}

/* Asks for a challenge and answers it. */
static unsigned try_proof(size_t realm, const struct proof *p)
{
	char nonce[64];

	assert_int_equal(rig_receive(realm, PEER, "REGISTER", ""), 401);
	assert_null(rig.known);
	nonce_of(p->sha256, nonce);
	return rig_receive(realm, PEER, "REGISTER", prove(p, nonce));
}

static void test_challenge(void **state)
{
	const char *sha, *md5;

	(void)state;
	assert_int_equal(rig_receive(OFFICE, PEER, "INVITE", ""), 401);
	sha = strstr(rig.sent, "algorithm=SHA-256");
	md5 = strstr(rig.sent, "algorithm=MD5");
	assert_true(sha && md5 && sha < md5); /* RFC 8760 2.4 */
	assert_null(strstr(rig.sent, "stale"));
	rig.realms[OFFICE].digest = DIGEST_OFFER_MD5;
	assert_int_equal(rig_receive(OFFICE, PEER, "REGISTER", ""), 401);
	assert_null(strstr(rig.sent, "SHA-256"));
	assert_non_null(strstr(rig.sent, "algorithm=MD5"));
	assert_null(rig.known);
}

static void test_passwords(void **state)
{
	(void)state;
	for (int sha256 = 0; sha256 < 2; sha256++) {
		struct proof p = right;

		p.sha256 = sha256;
		assert_int_equal(try_proof(OFFICE, &p), 200);
		assert_ptr_equal(rig.known, &rig.phones[DESK]);
		p.password = "a secreT";
		assert_int_equal(try_proof(OFFICE, &p), 401);
		assert_null(strstr(rig.sent, "stale"));
		assert_null(rig.known);
		p.password = "";
		assert_int_equal(try_proof(OFFICE, &p), 401);
		assert_null(rig.known);
	}
}

/* Nobody has no password: an unknown name with an empty one is refused as well. */
static void test_unknown_names(void **state)
{
	static const char *const names[] = { "nobody", "gate", "Desk", "desk ", "" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct proof p = right;

		p.user = names[i];
		p.password = "";
		assert_int_equal(try_proof(OFFICE, &p), 401);
		assert_null(rig.known);
		p.password = "a secret";
		assert_int_equal(try_proof(OFFICE, &p), 401);
		assert_null(rig.known);
	}
}

/* Else strangers could fill the table of used nonces, and those of phones became stale. */
static void test_strangers_use_no_nonces(void **state)
{
	const struct proof stranger = { "nobody", "", "REGISTER", URI, false };
	char nonce[64];

	(void)state;
	assert_int_equal(rig_receive(OFFICE, PEER, "REGISTER", ""), 401);
	nonce_of(false, nonce);
	assert_int_equal(rig_receive(OFFICE, PEER, "REGISTER", prove(&stranger, nonce)), 401);
	assert_int_equal(rig_receive(OFFICE, PEER, "REGISTER", prove(&right, nonce)), 200);
}

static void test_other_realms_phone(void **state)
{
	const struct proof guest = { "guest", "a word", "REGISTER", URI, true };

	(void)state;
	assert_int_equal(try_proof(LOBBY, &guest), 200);
	assert_ptr_equal(rig.known, &rig.phones[GUEST]);
	assert_int_equal(try_proof(OFFICE, &guest), 401);
	assert_null(rig.known);
	assert_int_equal(try_proof(LOBBY, &right), 401);
	assert_null(rig.known);
}

/* RFC 7616 3.4.6 */
static void test_other_uri(void **state)
{
	static const struct {
		const char *uri;
		unsigned status;
	} cases[] = { { URI, 200 },
		      { "sip:TRUNKGATE", 200 },
		      { "sip:trunkgate;transport=udp", 200 },
		      { "sip:elsewhere", 401 },
		      { "sip:100@trunkgate", 401 },
		      { "mailto:trunkgate", 401 },
		      { "", 401 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct proof p = right;

		p.uri = cases[i].uri;
		if (try_proof(OFFICE, &p) != cases[i].status)
			fail_msg("%s: %s", cases[i].uri, rig.sent);
		assert_true((rig.known != NULL) == (cases[i].status == 200));
	}
}

static void test_other_method(void **state)
{
	struct proof p = right;

	(void)state;
	p.method = "INVITE";
	assert_int_equal(try_proof(OFFICE, &p), 401);
	assert_null(rig.known);
}

/* RFC 7616 5.5: what was seen on the way is worth nothing; the phone itself is told to go on. */
static void test_replayed(void **state)
{
	char nonce[64], header[1024];

	(void)state;
	assert_int_equal(rig_receive(OFFICE, PEER, "REGISTER", ""), 401);
	nonce_of(false, nonce);
	snprintf(header, sizeof(header), "%s", prove(&right, nonce));
	assert_int_equal(rig_receive(OFFICE, PEER, "REGISTER", header), 200);
	assert_int_equal(rig_receive(OFFICE, "192.0.2.66:5060", "REGISTER", header), 401);
	assert_null(rig.known);
	assert_non_null(strstr(rig.sent, "stale=true"));
	nonce_of(false, nonce);
	assert_int_equal(rig_receive(OFFICE, PEER, "REGISTER", prove(&right, nonce)), 200);
	assert_ptr_equal(rig.known, &rig.phones[DESK]);
}

static void test_old_nonce(void **state)
{
	char nonce[64];

	(void)state;
	assert_int_equal(rig_receive(OFFICE, PEER, "REGISTER", ""), 401);
	nonce_of(true, nonce);
	rig_turn(301000);
	for (int known = 0; known < 2; known++) {
		const struct proof p = { known ? "desk" : "nobody", known ? "a secret" : "",
			                 "REGISTER", URI, true };

		assert_int_equal(rig_receive(OFFICE, PEER, "REGISTER", prove(&p, nonce)), 401);
		assert_null(rig.known);
		/* Who guesses names must not hear which there are. */
		assert_true((strstr(rig.sent, "stale=true") != NULL) == known);
	}
}

/* A phone may bring credentials for others along. */
static void test_several_credentials(void **state)
{
	char nonce[64], more[2048];

	(void)state;
	assert_int_equal(rig_receive(OFFICE, PEER, "REGISTER", ""), 401);
	nonce_of(false, nonce);
	snprintf(more, sizeof(more),
	         "Authorization: Digest username=\"x\", realm=\"elsewhere\", nonce=\"n\", "
	         "uri=\"" URI "\", response=\"00\"\r\n%s",
	         prove(&right, nonce));
	assert_int_equal(rig_receive(OFFICE, PEER, "REGISTER", more), 200);
	assert_ptr_equal(rig.known, &rig.phones[DESK]);
	assert_int_equal(rig_receive(OFFICE, PEER, "REGISTER", "Authorization: Basic eDp5\r\n"),
	                 401);
	assert_null(rig.known);
}

static void test_by_address(void **state)
{
	static const struct {
		size_t realm;
		const char *peer;
		unsigned status;
		int phone;
	} cases[] = {
		{ OFFICE, "192.0.2.7:5060", 200, GATE }, { OFFICE, "192.0.2.7:9", 200, GATE },
		{ OFFICE, "192.0.2.8:5070", 401, -1 },   { YARD, "192.0.2.8:5070", 200, DOOR },
		{ YARD, "192.0.2.8:5071", 403, -1 },     { YARD, "192.0.2.7:5060", 403, -1 },
		{ YARD, "[2001:db8::1]:5060", 403, -1 }, { LOBBY, "192.0.2.7:5060", 401, -1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		unsigned status = rig_receive(cases[i].realm, cases[i].peer, "OPTIONS", "");

		if (status != cases[i].status)
			fail_msg("%u: %zu %s", status, cases[i].realm, cases[i].peer);
		assert_ptr_equal(rig.known,
		                 cases[i].phone < 0 ? NULL : &rig.phones[cases[i].phone]);
	}
}

/* A password is not made good by the address. */
static void test_address_and_password(void **state)
{
	(void)state;
	assert_int_equal(addr_parse(&rig.phones[DESK].address, "192.0.2.1"), OK);
	assert_int_equal(rig_receive(OFFICE, PEER, "REGISTER", ""), 401);
	assert_null(rig.known);
	assert_int_equal(try_proof(OFFICE, &right), 200);
}

static void starved(void *arg)
{
	unsigned status;

	(void)arg;
	status = rig_receive(OFFICE, PEER, "REGISTER", "");
	assert_true(status == 401 || mem_has_failed());
	if (status == 401) {
		char nonce[64];

		nonce_of(true, nonce);
		status = rig_receive(
		    OFFICE, PEER, "OPTIONS",
		    prove(&(const struct proof){ "desk", "a secret", "OPTIONS", URI, true },
		          nonce));
		assert_true(status == 200 || mem_has_failed());
	}
	/* Never in by a failure. */
	assert_int_equal(rig_receive(OFFICE, PEER, "OPTIONS", "") == 200, 0);
	rig_turn(40000);
}

static void new_starved(void *arg)
{
	struct phone_auth *a = NULL;

	(void)arg;
	if (phone_auth_new(&a, &rig.cfg))
		assert_true(mem_has_failed());
	phone_auth_free(&a);
	assert_null(a);
}

static void test_no_memory(void **state)
{
	(void)state;
	assert_true(each_allocation_fails(starved, NULL) >= 8);
	assert_true(each_allocation_fails(new_starved, NULL) >= 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(challenge),          RIG_TEST(passwords),
		RIG_TEST(unknown_names),      RIG_TEST(strangers_use_no_nonces),
		RIG_TEST(other_realms_phone), RIG_TEST(other_uri),
		RIG_TEST(other_method),       RIG_TEST(replayed),
		RIG_TEST(old_nonce),          RIG_TEST(several_credentials),
		RIG_TEST(by_address),         RIG_TEST(address_and_password),
		RIG_TEST(no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
