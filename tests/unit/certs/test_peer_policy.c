/* What a trunk's policy changes in the check of a peer: wildcards, pins, depth, what is tolerated,
 * and lists of the revoked as `openssl ca` makes them. */
#include "tests/unit/certs/lab.h"

static const char *const wanted[] = { "a.provider.lab" };

static int setup(void **state)
{
	UNUSED(state);
	if (lab_open())
		return -1;
	lab_write("ca.cnf",
	          "[ca]\ndefault_ca = lab\n[lab]\ndatabase = index.txt\ndefault_md = sha256\n");
	return lab_shell(
	    "P='--cn provider --san DNS:a.provider.lab' && $LAB . good $P && $LAB . bad $P &&"
	    "$LAB . wild --san 'DNS:*.provider.lab' && $LAB . wide --san 'DNS:*.lab' &&"
	    "$LAB . part --san 'DNS:a*.provider.lab' && $LAB . inner --san 'DNS:a.*.lab' &&"
	    "$LAB . self $P --self-signed && $LAB . selfold $P --self-signed --expired &&"
	    "$LAB . old $P --expired && $LAB . early $P --not-yet && $LAB . weak $P --weak &&"
	    "$LAB . client $P --usage client && $LAB . other --cn other.lab &&"
	    "CA='openssl ca -config ca.cnf -cert issuing.pem -keyfile issuing.key' && touch index.txt &&"
	    "openssl x509 -in bad.pem -out bad.crt && openssl x509 -in self.pem -out self.crt &&"
	    "$CA -gencrl -crldays 10 -out before.crl && $CA -revoke bad.crt &&"
	    "$CA -gencrl -crldays 10 -out after.crl &&"
	    "openssl crl -in after.crl -outform DER -out after.der.crl &&"
	    "$CA -gencrl -crl_lastupdate 20200101000000Z -crl_nextupdate 20200201000000Z -out stale.crl &&"
	    "openssl ca -config ca.cnf -cert evil/issuing.pem -keyfile evil/issuing.key -gencrl "
	    "-crldays 10 -out evil.crl &&"
	    "cp after.der.crl forged.crl && printf 'abcd' | dd of=forged.crl bs=1 conv=notrunc "
	    "seek=$(($(stat -c %s forged.crl) - 4)) && mkdir crls && cp after.crl crls/ && echo x >crls/README");
}

static int teardown(void **state)
{
	UNUSED(state);
	lab_close();
	return 0;
}

static struct trust *load(const struct trust_cfg *cfg)
{
	struct trust *t = NULL;

	if (trust_load(&t, cfg, lab.why) != OK)
		fail_msg("%s", lab.why);
	return t;
}

/* A peer, a server here, shows file under p. */
static struct peer_verdict check_at(struct peer_policy *p, const char *file, int64_t now_s)
{
	STACK_OF(X509) *certs = lab_certificates(file);
	X509 *leaf = sk_X509_shift(certs);
	const struct peer_shown shown = {
		.leaf = leaf, .chain = certs, .role = CERT_ROLE_SERVER, .now_s = now_s
	};
	struct peer_verdict v;
	bool good;

	p->trunk = "acme";
	p->names = wanted;
	p->nnames = 1;
	good = peer_check(p, &shown, &v);
	assert_int_equal(good, v.fault == PEER_OK);
	assert_int_equal(ERR_peek_error(), 0);
	X509_free(leaf);
	lab_free_certificates(certs);
	return v;
}

static void assert_verdict(struct peer_policy *p, const char *file, enum peer_fault fault,
                           const char *words)
{
	struct peer_verdict v = check_at(p, file, clock_wall_s());

	if (v.fault != fault)
		fail_msg("%s: %d: %s", file, (int)v.fault, v.why);
	assert_has(v.why, words);
}

static void a_wildcard_stands_for_one_leftmost_label(void **state)
{
	struct peer_policy p = { .trust = lab_trust("root.pem") };

	UNUSED(state);
	assert_verdict(&p, "wild.pem", PEER_WRONG_NAME, "unless the trunk has wildcards: yes");
	p.wildcards = true;
	assert_verdict(&p, "wild.pem", PEER_OK, "");
	assert_verdict(&p, "good.pem", PEER_OK, "");
	assert_verdict(&p, "wide.pem", PEER_WRONG_NAME, "but trunk acme expects");
	assert_verdict(&p, "part.pem", PEER_WRONG_NAME, "");
	assert_verdict(&p, "inner.pem", PEER_WRONG_NAME, "");
	assert_verdict(&p, "other.pem", PEER_WRONG_NAME, "");
	trust_free(&p.trust);
}

static void a_pinned_key_needs_no_root_but_all_else(void **state)
{
	char path[128], hash[TRUST_PIN_MAX];
	char *pins[] = { path };
	const struct trust_cfg cfg = { .pins = pins, .npins = 1 };
	STACK_OF(X509) *certs = lab_certificates("selfold.pem");
	struct peer_policy p = { 0 };

	UNUSED(state);
	snprintf(path, sizeof(path), "%s", lab_path("self.crt"));
	p.trust = load(&cfg);
	assert_true(trust_has_pins(p.trust));
	assert_verdict(&p, "self.pem", PEER_OK, "");
	assert_verdict(&p, "good.pem", PEER_WRONG_KEY, "the key of CN=provider is sha256/");
	assert_verdict(&p, "good.pem", PEER_WRONG_KEY,
	               "not among those that are pinned for trunk acme");
	trust_free(&p.trust);

	pins[0] = hash;
	trust_pin_text(sk_X509_value(certs, 0), hash);
	p.trust = load(&cfg);
	assert_verdict(&p, "selfold.pem", PEER_EXPIRED, "expired on");
	assert_verdict(&p, "self.pem", PEER_WRONG_KEY, "");
	trust_free(&p.trust);
	lab_free_certificates(certs);

	snprintf(path, sizeof(path), "%s", lab_path("other.pem"));
	pins[0] = path;
	p.trust = load(&cfg);
	assert_verdict(&p, "other.pem", PEER_WRONG_NAME, "is for \"other.lab\"");
	trust_free(&p.trust);
}

static void what_is_no_pin_is_refused(void **state)
{
	static char good[] = "sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
	char *bad[] = { (char[]){ "sha256/AAAA" },
		        (char[]){ "sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" },
		        (char[]){ "sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==" },
		        (char[]){ "sha256/AAAAAAAAAAA*AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=" } };
	char *pins[] = { good, good };
	const struct trust_cfg cfg = { .pins = pins, .npins = 2 };
	struct trust *t = load(&cfg);

	UNUSED(state);
	trust_free(&t);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		pins[1] = bad[i];
		assert_int_equal(trust_load(&t, &cfg, lab.why), ERR_SYNTAX);
		assert_has(lab.why, "is not the base64 of a SHA-256");
	}
	pins[1] = (char[]){ "/nowhere.crt" };
	assert_int_equal(trust_load(&t, &cfg, lab.why), ERR_IO);
	assert_has(lab.why, "/nowhere.crt");
	assert_null(t);
}

static void what_is_tolerated_is_said(void **state)
{
	static const struct {
		const char *file;
		enum peer_fault fault;
		const char *words;
	} cases[] = {
		{ "old.pem", PEER_EXPIRED, "expired on" },
		{ "early.pem", PEER_NOT_YET_VALID, "is valid only from" },
		{ "client.pem", PEER_WRONG_USAGE, "lacks serverAuth" },
		{ "weak.pem", PEER_WEAK, "RSA with 1024 bits" },
	};
	struct peer_policy p = { .trust = lab_trust("root.pem") };

	UNUSED(state);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		p.tolerated = 0;
		assert_verdict(&p, cases[i].file, cases[i].fault, cases[i].words);
		p.tolerated = 1U << cases[i].fault;
		assert_verdict(&p, cases[i].file, PEER_OK, cases[i].words);
		p.tolerated = PEER_TOLERABLE & ~(1U << cases[i].fault);
		assert_verdict(&p, cases[i].file, cases[i].fault, cases[i].words);
	}
	/* Never: who somebody is. */
	p.tolerated = ~0U;
	assert_verdict(&p, "self.pem", PEER_UNKNOWN_ROOT, "");
	assert_verdict(&p, "other.pem", PEER_WRONG_NAME, "");
	assert_verdict(&p, "good.pem", PEER_OK, "");
	trust_free(&p.trust);
}

static void the_chain_is_no_longer_than_allowed(void **state)
{
	struct peer_policy p = { .depth = 1 };

	UNUSED(state);
	assert_int_equal(
	    lab_shell(
	        "openssl req -x509 -key root.key -subj '/CN=Deep Root' -days 30 -out deeproot.pem &&"
	        "printf 'basicConstraints=critical,CA:TRUE\\n' >sub.ext && openssl req -new -key root.key "
	        "-subj /CN=Sub -out sub.csr && openssl x509 -req -in sub.csr -CA deeproot.pem -CAkey root.key "
	        "-extfile sub.ext -set_serial 5 -days 9 -out sub1.crt &&"
	        "openssl req -new -key issuing.key -subj /CN=Sub2 -out sub2.csr && openssl x509 -req -in "
	        "sub2.csr -CA sub1.crt -CAkey root.key -extfile sub.ext -set_serial 6 -days 9 -out sub2.crt &&"
	        "printf 'subjectAltName=DNS:a.provider.lab\\n' >leaf.ext &&"
	        "openssl req -new -key evil/root.key -subj /CN=deep -out deep.csr && openssl x509 -req -in "
	        "deep.csr -CA sub2.crt -CAkey issuing.key -extfile leaf.ext -set_serial 7 -days 9 -out deep.crt &&"
	        "cat deep.crt sub2.crt sub1.crt >deep.pem"),
	    0);
	p.trust = lab_trust("deeproot.pem");
	assert_verdict(&p, "deep.pem", PEER_BAD_CHAIN, "does not hold at");
	p.depth = 2;
	assert_verdict(&p, "deep.pem", PEER_OK, "");
	trust_free(&p.trust);
}

/* What becomes of a peer with file under these lists. */
static void assert_revocation(const char *crl, const char *file, unsigned tolerated,
                              enum peer_fault fault, const char *words)
{
	char path[128], root[128];
	char *crls[] = { path };
	const struct trust_cfg cfg = { .roots = root, .crls = crls, .ncrls = 1 };
	struct peer_policy p = { .tolerated = tolerated };

	snprintf(path, sizeof(path), "%s", lab_path(crl));
	snprintf(root, sizeof(root), "%s", lab_path("root.pem"));
	p.trust = load(&cfg);
	assert_verdict(&p, file, fault, words);
	trust_free(&p.trust);
}

static void clo07_a_crl_is_asked(void **state)
{
	const unsigned soft = 1U << PEER_NO_STATUS;

	UNUSED(state);
	assert_revocation("before.crl", "bad.pem", 0, PEER_OK, "");
	assert_revocation("after.crl", "good.pem", 0, PEER_OK, "");
	assert_revocation("after.crl", "bad.pem", 0, PEER_REVOKED,
	                  "the certificate of CN=provider was revoked on 20");
	assert_revocation("after.crl", "bad.pem", 0, PEER_REVOKED,
	                  "says the CRL of CN=Lab Issuing CA");
	assert_revocation("after.crl", "bad.pem", ~0U, PEER_REVOKED, "");
	assert_revocation("after.der.crl", "bad.pem", 0, PEER_REVOKED, "");
	assert_revocation("crls", "bad.pem", 0, PEER_REVOKED, "");
	assert_revocation(
	    "evil.crl", "good.pem", 0, PEER_NO_STATUS,
	    "whether the certificate of CN=provider is revoked cannot be told: there is no CRL of "
	    "CN=Lab Issuing CA among those of trunk acme");
	assert_revocation("evil.crl", "good.pem", soft, PEER_OK, "there is no CRL of");
	assert_revocation("stale.crl", "good.pem", 0, PEER_NO_STATUS,
	                  "the CRL of CN=Lab Issuing CA was good until 2020-02-01: get a new one");
	assert_revocation("stale.crl", "good.pem", soft, PEER_OK, "was good until");
	/* What a stale list says counts all the same. */
	assert_revocation("stale.crl", "bad.pem", soft, PEER_REVOKED, "was revoked on");
	assert_revocation("forged.crl", "good.pem", 0, PEER_NO_STATUS, "is no good: ");
}

static void what_is_no_crl_is_refused(void **state)
{
	char path[128], root[128];
	char *crls[] = { path };
	const struct trust_cfg cfg = { .roots = root, .crls = crls, .ncrls = 1 };
	struct trust *t = NULL;

	UNUSED(state);
	snprintf(root, sizeof(root), "%s", lab_path("root.pem"));
	snprintf(path, sizeof(path), "%s", lab_path("root.pem"));
	assert_int_equal(trust_load(&t, &cfg, lab.why), ERR_SYNTAX);
	assert_has(lab.why, "root.pem: there is no CRL in it, or it is damaged");
	lab_shell("head -c 90 after.der.crl >torn.crl");
	snprintf(path, sizeof(path), "%s", lab_path("torn.crl"));
	assert_int_equal(trust_load(&t, &cfg, lab.why), ERR_SYNTAX);
	snprintf(path, sizeof(path), "%s", lab_path("nowhere.crl"));
	assert_int_equal(trust_load(&t, &cfg, lab.why), ERR_IO);
	assert_has(lab.why, "nowhere.crl: cannot be opened");
	assert_null(t);
}

static void load_with_failing_memory(void *arg)
{
	struct trust *t = NULL;
	enum err err = trust_load(&t, arg, lab.why);

	if (err) {
		assert_int_equal(err, ERR_NOMEM);
		assert_has(lab.why, "no memory");
	}
	trust_free(&t);
}

static void every_allocation_may_fail(void **state)
{
	char pin[128], crl[128], root[128];
	char *pins[] = { pin, pin }, *crls[] = { crl };
	const struct trust_cfg pinned = { .pins = pins, .npins = 2 };
	const struct trust_cfg listed = { .roots = root, .crls = crls, .ncrls = 1 };

	UNUSED(state);
	snprintf(pin, sizeof(pin), "%s", lab_path("self.crt"));
	snprintf(crl, sizeof(crl), "%s", lab_path("crls"));
	snprintf(root, sizeof(root), "%s", lab_path("root.pem"));
	assert_true(each_allocation_fails(load_with_failing_memory, (void *)(uintptr_t)&pinned) >
	            3);
	assert_true(each_allocation_fails(load_with_failing_memory, (void *)(uintptr_t)&listed) >
	            3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_wildcard_stands_for_one_leftmost_label),
		cmocka_unit_test(a_pinned_key_needs_no_root_but_all_else),
		cmocka_unit_test(what_is_no_pin_is_refused),
		cmocka_unit_test(what_is_tolerated_is_said),
		cmocka_unit_test(the_chain_is_no_longer_than_allowed),
		cmocka_unit_test(clo07_a_crl_is_asked),
		cmocka_unit_test(what_is_no_crl_is_refused),
		cmocka_unit_test(every_allocation_may_fail),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
