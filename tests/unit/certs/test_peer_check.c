/* The check of a peer: every fault in both roles, its words, and the names of RFC 5922. */
#include <time.h>
#include "tests/unit/certs/lab.h"

static struct trust *lab_root;
static const char *const wanted[] = { "provider.lab" };

static int setup(void **state)
{
	UNUSED(state);
	if (lab_open())
		return -1;
	if (lab_shell(
	        "P='--cn provider.lab --san DNS:provider.lab' && $LAB . good $P &&"
	        "$LAB . server $P --usage server && $LAB . client $P --usage client &&"
	        "$LAB . anyuse $P --usage none && $LAB . leaf $P --leaf-only &&"
	        "$LAB . old $P --expired && $LAB . early $P --not-yet && $LAB . weak $P --weak &&"
	        "$LAB . self $P --self-signed && $LAB . other --cn other.lab --san DNS:other.lab &&"
	        "$LAB evil peer $P && $LAB evil noroot $P --no-root && $LAB again peer $P"))
		return -1;
	lab_root = lab_trust("root.pem");
	return 0;
}

static int teardown(void **state)
{
	UNUSED(state);
	trust_free(&lab_root);
	lab_close();
	return 0;
}

static bool check(const struct peer_policy *policy, X509 *leaf, STACK_OF(X509) * chain,
                  enum cert_role role, int64_t now_s, struct peer_verdict *v)
{
	const struct peer_shown shown = {
		.leaf = leaf, .chain = chain, .role = role, .now_s = now_s
	};

	return peer_check(policy, &shown, v);
}

static struct peer_verdict check_at(const char *file, enum cert_role role, int64_t now_s)
{
	const struct peer_policy policy = POLICY("acme", lab_root, wanted);
	STACK_OF(X509) *certs = lab_certificates(file);
	X509 *leaf = sk_X509_shift(certs);
	struct peer_verdict v;
	bool good;

	memset(&v, 0xff, sizeof(v));
	good = check(&policy, leaf, certs, role, now_s, &v);
	assert_int_equal(good, v.fault == PEER_OK);
	assert_int_equal(ERR_peek_error(), 0);
	if (v.fault == PEER_OK) {
		assert_string_equal(v.name, "provider.lab");
		assert_string_equal(v.why, "");
	} else {
		assert_string_equal(v.name, "");
	}
	X509_free(leaf);
	lab_free_certificates(certs);
	return v;
}

static void assert_fault(const char *file, enum cert_role role, enum peer_fault fault,
                         const char *words)
{
	struct peer_verdict v = check_at(file, role, clock_wall_s());

	if (v.fault != fault)
		fail_msg("%s: %d: %s", file, (int)v.fault, v.why);
	assert_has(v.why, words);
}

static void assert_fault_in_both_roles(const char *file, enum peer_fault fault, const char *words)
{
	assert_fault(file, CERT_ROLE_SERVER, fault, words);
	assert_fault(file, CERT_ROLE_CLIENT, fault, words);
}

static void wbx15_a_good_peer_is_good_in_both_roles(void **state)
{
	UNUSED(state);
	assert_fault_in_both_roles("good.pem", PEER_OK, "");
	assert_fault_in_both_roles("anyuse.pem", PEER_OK, "");
	assert_fault("server.pem", CERT_ROLE_SERVER, PEER_OK, "");
	assert_fault("client.pem", CERT_ROLE_CLIENT, PEER_OK, "");
}

static void no_certificate(void **state)
{
	const struct peer_policy policy = POLICY("acme", lab_root, wanted);
	struct peer_verdict v;

	UNUSED(state);
	assert_false(check(&policy, NULL, NULL, CERT_ROLE_CLIENT, clock_wall_s(), &v));
	assert_int_equal(v.fault, PEER_NO_CERTIFICATE);
	assert_string_equal(v.why, "trunk acme demands a certificate, but the peer has sent none");
	assert_false(check(&policy, NULL, NULL, CERT_ROLE_SERVER, clock_wall_s(), &v));
	assert_int_equal(v.fault, PEER_NO_CERTIFICATE);
}

static void unknown_root(void **state)
{
	UNUSED(state);
	assert_fault_in_both_roles(
	    "evil/peer.pem", PEER_UNKNOWN_ROOT,
	    "chain ends at \"CN=Evil Root\", which is not among the roots that trunk acme trusts");
	assert_fault_in_both_roles(
	    "evil/noroot.pem", PEER_UNKNOWN_ROOT,
	    "chain ends at a certificate that \"CN=Evil Root\" signed, which the "
	    "peer did not send and which is not among the roots that trunk acme trusts");
	assert_fault_in_both_roles(
	    "leaf.pem", PEER_UNKNOWN_ROOT,
	    "a certificate that \"CN=Lab Issuing CA\" signed, which the peer did not send");
	assert_fault_in_both_roles("self.pem", PEER_UNKNOWN_ROOT,
	                           "chain ends at \"CN=provider.lab\", which is not");
}

static void unknown_root_of_a_known_name(void **state)
{
	UNUSED(state);
	assert_fault_in_both_roles(
	    "again/peer.pem", PEER_UNKNOWN_ROOT,
	    "chain ends at \"CN=Lab Root\"; trunk acme trusts a root of that name, but "
	    "it is another one, with another key");
}

static void wbx05_expired(void **state)
{
	UNUSED(state);
	assert_fault_in_both_roles("old.pem", PEER_EXPIRED,
	                           "the certificate of CN=provider.lab expired on 20");
}

static void not_yet_valid(void **state)
{
	UNUSED(state);
	assert_fault_in_both_roles("early.pem", PEER_NOT_YET_VALID,
	                           "the certificate of CN=provider.lab is valid only from 20");
}

/* The caller's now counts, no clock: a certificate is good, runs out, and so does its root. */
static void wbx05_dates_are_judged_by_the_given_time(void **state)
{
	int64_t now_s = clock_wall_s();
	struct peer_verdict v;

	UNUSED(state);
	assert_int_equal(check_at("good.pem", CERT_ROLE_SERVER, now_s + 364 * DAY_S).fault,
	                 PEER_OK);
	v = check_at("good.pem", CERT_ROLE_SERVER, now_s + 366 * DAY_S);
	assert_int_equal(v.fault, PEER_EXPIRED);
	assert_has(v.why, "(today is 20");
	assert_int_equal(check_at("good.pem", CERT_ROLE_SERVER, now_s - DAY_S).fault,
	                 PEER_NOT_YET_VALID);
	assert_int_equal(check_at("old.pem", CERT_ROLE_SERVER, now_s - 45 * DAY_S).fault, PEER_OK);
	v = check_at("good.pem", CERT_ROLE_SERVER, now_s + 20 * 365 * (int64_t)DAY_S);
	assert_has(v.why, "the certificate of CN=Lab Root expired on");
}

static void wrong_name(void **state)
{
	UNUSED(state);
	assert_fault_in_both_roles(
	    "other.pem", PEER_WRONG_NAME,
	    "the certificate is for \"other.lab\" (CN=other.lab, issued by Lab Issuing "
	    "CA) but trunk acme expects \"provider.lab\"");
}

static void wbx14_wrong_usage(void **state)
{
	UNUSED(state);
	assert_fault(
	    "client.pem", CERT_ROLE_SERVER, PEER_WRONG_USAGE,
	    "the certificate of CN=provider.lab may not be used as a server, which the peer is "
	    "here: its extended key usage lacks serverAuth");
	assert_fault("server.pem", CERT_ROLE_CLIENT, PEER_WRONG_USAGE, "lacks clientAuth");
}

static void weak(void **state)
{
	UNUSED(state);
	assert_fault_in_both_roles("weak.pem", PEER_WEAK,
	                           "the key of CN=provider.lab is too weak: RSA with 1024 bits");
}

static void weak_signature(void **state)
{
	UNUSED(state);
	assert_int_equal(
	    lab_shell("openssl req -new -key issuing.key -subj /CN=provider.lab -out sha1.csr &&"
	              "openssl x509 -req -sha1 -in sha1.csr -CA root.pem -CAkey root.key -days 9 "
	              "-set_serial 3 -out sha1.crt"),
	    0);
	assert_fault_in_both_roles(
	    "sha1.crt", PEER_WEAK,
	    "the certificate of CN=provider.lab is signed with ecdsa-with-SHA1, which "
	    "is too weak");
}

/* A certificate that signs, though it is no CA: the oldest trick of all. */
static void bad_chain(void **state)
{
	UNUSED(state);
	assert_int_equal(
	    lab_shell(
	        "openssl pkey -in other.pem -out other.key; openssl x509 -in other.pem -out other.crt;"
	        "openssl req -new -key issuing.key -subj /CN=provider.lab -out trick.csr &&"
	        "openssl x509 -req -in trick.csr -CA other.crt -CAkey other.key -days 9 "
	        "-set_serial 3 -out trick.crt &&"
	        "cat trick.crt other.crt issuing.pem root.pem >trick.pem"),
	    0);
	assert_fault_in_both_roles(
	    "trick.pem", PEER_BAD_CHAIN,
	    "the chain of the peer's certificate does not hold at CN=other.lab: ");
}

/* ---- names ---- */

struct made {
	const char *cn[3]; /* NULL: none */
	struct {
		int type; /* GEN_DNS, GEN_URI, GEN_EMAIL */
		const char *text;
		int len; /* 0: strlen */
	} san[6];
	int cn_len;
};

static void add_san(X509 *cert, const struct made *m)
{
	GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();

	for (size_t i = 0; i < ARRAY_LEN(m->san) && m->san[i].type; i++) {
		GENERAL_NAME *name = GENERAL_NAME_new();
		ASN1_IA5STRING *text = ASN1_IA5STRING_new();

		ASN1_STRING_set(text, m->san[i].text, m->san[i].len ? m->san[i].len : -1);
		GENERAL_NAME_set0_value(name, m->san[i].type, text);
		sk_GENERAL_NAME_push(names, name);
	}
	if (sk_GENERAL_NAME_num(names) > 0)
		X509_add1_ext_i2d(cert, NID_subject_alt_name, names, 0, 0);
	GENERAL_NAMES_free(names);
}

/* A certificate with the names of m, signed by itself. */
static X509 *make(const struct made *m)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	X509_NAME *subject = X509_get_subject_name(cert);

	X509_set_version(cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 7);
	for (size_t i = 0; i < ARRAY_LEN(m->cn) && m->cn[i]; i++)
		X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8,
		                           (const unsigned char *)m->cn[i],
		                           m->cn_len ? m->cn_len : -1, -1, 0);
	X509_set_issuer_name(cert, subject);
	ASN1_TIME_set(X509_getm_notBefore(cert), (time_t)(clock_wall_s() - DAY_S));
	ASN1_TIME_set(X509_getm_notAfter(cert), (time_t)(clock_wall_s() + DAY_S));
	X509_set_pubkey(cert, key);
	add_san(cert, m);
	assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
	EVP_PKEY_free(key);
	return cert;
}

/* Checked as a peer's, with itself as its root. */
static struct peer_verdict check_made(const struct made *m, const char *name)
{
	X509 *cert = make(m);
	BIO *bio = BIO_new_file(lab_path("made.pem"), "w");
	struct peer_policy policy = POLICY("acme", NULL, &name);
	struct trust *trust;
	struct peer_verdict v;

	PEM_write_bio_X509(bio, cert);
	BIO_free(bio);
	trust = lab_trust("made.pem");
	policy.trust = trust;
	check(&policy, cert, NULL, CERT_ROLE_SERVER, clock_wall_s(), &v);
	if (v.fault != PEER_OK && v.fault != PEER_WRONG_NAME)
		fail_msg("%s", v.why);
	for (const char *c = v.why; *c; c++)
		assert_true(*c >= 0x20 && *c < 0x7f);
	trust_free(&trust);
	X509_free(cert);
	return v;
}

static void assert_names(const struct made *m, const char *name, enum peer_fault fault)
{
	struct peer_verdict v = check_made(m, name);

	if (v.fault != fault)
		fail_msg("%s: %s", name, v.fault ? v.why : "matched");
}

static void wbx15_rfc5922_names_that_match(void **state)
{
	static const struct made dns = { .san = { { GEN_DNS, "a.lab", 0 },
		                                  { GEN_DNS, "B.Lab.", 0 } } };
	static const struct made uri = { .cn = { "x" }, .san = { { GEN_URI, "SIP:c.lab", 0 } } };
	static const struct made cn = { .cn = { "d.lab", "e.lab" } };
	static const struct made both = { .san = { { GEN_URI, "sip:f.lab", 0 },
		                                   { GEN_DNS, "g.lab", 0 } } };
	/* Names of other kinds leave the CN in force. */
	static const struct made mail = { .cn = { "h.lab" },
		                          .san = { { GEN_EMAIL, "x@y.lab", 0 },
		                                   { GEN_URI, "https://z.lab", 0 } } };

	UNUSED(state);
	assert_names(&dns, "a.lab", PEER_OK);
	assert_names(&dns, "A.LAB", PEER_OK);
	assert_names(&dns, "a.lab.", PEER_OK);
	assert_names(&dns, "b.lab", PEER_OK);
	assert_names(&uri, "c.lab", PEER_OK);
	assert_names(&cn, "d.lab", PEER_OK);
	assert_names(&cn, "e.lab", PEER_OK);
	assert_names(&both, "f.lab", PEER_OK);
	assert_names(&both, "g.lab", PEER_OK);
	assert_names(&mail, "h.lab", PEER_OK);
	assert_names(&mail, "y.lab", PEER_WRONG_NAME);
	assert_names(&mail, "z.lab", PEER_WRONG_NAME);
}

static void wbx15_rfc5922_cn_counts_only_without_san(void **state)
{
	static const struct made dns = { .cn = { "cn.lab" }, .san = { { GEN_DNS, "a.lab", 0 } } };
	static const struct made uri = { .cn = { "cn.lab" },
		                         .san = { { GEN_URI, "sip:a.lab", 0 } } };
	static const struct made user = { .cn = { "cn.lab" },
		                          .san = { { GEN_URI, "sip:bob@cn.lab", 0 } } };
	static const struct made sips = { .cn = { "cn.lab" },
		                          .san = { { GEN_URI, "sips:cn.lab", 0 } } };

	UNUSED(state);
	assert_names(&dns, "cn.lab", PEER_WRONG_NAME);
	assert_names(&uri, "cn.lab", PEER_WRONG_NAME);
	assert_names(&user, "cn.lab", PEER_WRONG_NAME);
	assert_names(&sips, "cn.lab", PEER_WRONG_NAME);
}

static void wbx15_rfc5922_names_that_never_match(void **state)
{
	static const struct made m = {
		.san = { { GEN_DNS, "a.lab\0.evil.lab", 15 },
		         { GEN_URI, "sip:a.lab\0", 10 },
		         { GEN_URI, "sip:a.lab:5061", 0 },
		         { GEN_URI, "sip:a.lab;transport=tls", 0 },
		         { GEN_DNS, "", 0 } },
	};
	static const struct made wild = { .san = { { GEN_DNS, "*.lab", 0 }, { GEN_DNS, "*", 0 } } };
	static const struct made part = { .san = { { GEN_DNS, "provider.lab", 0 } } };
	static const struct made nul = { .cn = { "a.lab\0x" }, .cn_len = 7 };

	UNUSED(state);
	assert_names(&m, "a.lab", PEER_WRONG_NAME);
	assert_names(&m, "", PEER_WRONG_NAME);
	assert_names(&m, ".", PEER_WRONG_NAME);
	assert_names(&wild, "a.lab", PEER_WRONG_NAME);
	assert_names(&wild, "*.lab", PEER_WRONG_NAME);
	assert_names(&wild, "*", PEER_WRONG_NAME);
	assert_names(&part, "lab", PEER_WRONG_NAME);
	assert_names(&part, "xprovider.lab", PEER_WRONG_NAME);
	assert_names(&part, "provider.lab.evil", PEER_WRONG_NAME);
	assert_names(&part, "provider.la", PEER_WRONG_NAME);
	assert_names(&part, "a.provider.lab", PEER_WRONG_NAME);
	assert_names(&nul, "a.lab", PEER_WRONG_NAME);
}

static void wrong_name_says_what_was_there(void **state)
{
	static const struct made many = { .san = { { GEN_DNS, "a", 0 },
		                                   { GEN_DNS, "b", 0 },
		                                   { GEN_DNS, "c", 0 },
		                                   { GEN_DNS, "d", 0 },
		                                   { GEN_URI, "sip:e", 0 } } };
	static const struct made wild = { .san = { { GEN_DNS, "*.lab", 0 } } };
	static const struct made hostile = { .cn = { "x\033[31m\"\nlevel=error" },
		                             .san = { { GEN_DNS, "a\"\r\nevent=\0forged\x7f\xff",
		                                        20 } } };
	static const struct made none = { .cn = { NULL } };

	UNUSED(state);
	assert_has(check_made(&many, "z").why,
	           "is for \"a\", \"b\", \"c\" and 2 more ((no name), issued by");
	assert_has(check_made(&wild, "a.lab").why, "SIP does not let a wildcard stand for a name");
	assert_has_not(check_made(&wild, "a.b.lab").why, "wildcard");
	assert_has(check_made(&hostile, "a").why, "is for \"a'??event=?forged");
	assert_has(check_made(&none, "a").why, "is for no name");
}

static void words_are_bounded(void **state)
{
	static char big[5000];
	struct made m = { .san = {
		              { GEN_DNS, big, 0 }, { GEN_DNS, big, 0 }, { GEN_DNS, big, 0 } } };

	UNUSED(state);
	memset(big, 'a', sizeof(big) - 1);
	assert_has(check_made(&m, "a.lab").why, "aaa...\"");
	assert_names(&m, big, PEER_OK);
}

static void one_of_many_names_is_enough(void **state)
{
	static const char *const names[] = { "x.lab", "Provider.LAB", "y.lab" };
	static const char *const wrong[] = { "x.lab", "y.lab" };
	struct peer_policy policy = {
		.trunk = "acme", .trust = lab_root, .names = names, .nnames = 3
	};
	STACK_OF(X509) *certs = lab_certificates("good.pem");
	X509 *leaf = sk_X509_value(certs, 0);
	struct peer_verdict v;

	UNUSED(state);
	assert_true(check(&policy, leaf, certs, CERT_ROLE_SERVER, clock_wall_s(), &v));
	assert_string_equal(v.name, "Provider.LAB");
	policy.names = wrong;
	policy.nnames = 2;
	assert_false(check(&policy, leaf, certs, CERT_ROLE_SERVER, clock_wall_s(), &v));
	assert_has(v.why, "expects \"x.lab\" (or one of 1 others)");
	policy.nnames = 0; /* nobody's name: nobody comes in */
	assert_false(check(&policy, leaf, certs, CERT_ROLE_SERVER, clock_wall_s(), &v));
	assert_int_equal(v.fault, PEER_WRONG_NAME);
	lab_free_certificates(certs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wbx15_a_good_peer_is_good_in_both_roles),
		cmocka_unit_test(no_certificate),
		cmocka_unit_test(unknown_root),
		cmocka_unit_test(unknown_root_of_a_known_name),
		cmocka_unit_test(wbx05_expired),
		cmocka_unit_test(not_yet_valid),
		cmocka_unit_test(wbx05_dates_are_judged_by_the_given_time),
		cmocka_unit_test(wrong_name),
		cmocka_unit_test(wbx14_wrong_usage),
		cmocka_unit_test(weak),
		cmocka_unit_test(weak_signature),
		cmocka_unit_test(bad_chain),
		cmocka_unit_test(wbx15_rfc5922_names_that_match),
		cmocka_unit_test(wbx15_rfc5922_cn_counts_only_without_san),
		cmocka_unit_test(wbx15_rfc5922_names_that_never_match),
		cmocka_unit_test(wrong_name_says_what_was_there),
		cmocka_unit_test(words_are_bounded),
		cmocka_unit_test(one_of_many_names_is_enough),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
