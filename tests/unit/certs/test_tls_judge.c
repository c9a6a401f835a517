/* The check of the peer within a handshake: every fault in both roles, one policy or many. */
#include "tests/unit/certs/tls_pair.h"

static const struct fault_case {
	const char *file; /* NULL: the peer has no certificate */
	enum peer_fault fault;
	const char *ours, *theirs; /* what each side is told */
} faults[] = {
	{ "good.pem", PEER_OK, "", "" },
	{ NULL, PEER_NO_CERTIFICATE, "we demand a certificate and the peer sent none", "" },
	{ "evil/peer.pem", PEER_UNKNOWN_ROOT,
	  "we refused the peer's certificate: chain ends at \"CN=Evil Root\", which is not among the roots that trunk "
	  "acme trusts",
	  "the peer refused our certificate: it does not know the root that signed it (alert unknown_ca from the peer)" },
	{ "self.pem", PEER_UNKNOWN_ROOT, "chain ends at \"CN=provider.lab\"", "(alert unknown_ca" },
	{ "old.pem", PEER_EXPIRED, "the certificate of CN=provider.lab expired on ",
	  "it has expired or is not yet valid (alert certificate_expired" },
	{ "early.pem", PEER_NOT_YET_VALID, "is valid only from ", "(alert bad_certificate" },
	{ "other.pem", PEER_WRONG_NAME,
	  "we refused the peer's certificate: the certificate is for \"other.lab\" (CN=other.lab, issued by Lab "
	  "Issuing CA) but trunk acme expects \"provider.lab\"",
	  "the peer refused our certificate: perhaps for the name in it" },
	{ "wrong usage", PEER_WRONG_USAGE, "its extended key usage lacks ",
	  "(alert unsupported_certificate" },
	{ "weak.pem", PEER_WEAK, "is too weak: RSA with 1024 bits", "(alert bad_certificate" },
	{ "trick.pem", PEER_BAD_CHAIN, "does not hold at CN=other.lab", "(alert bad_certificate" },
};

static void fault_in_role(const struct fault_case *c, enum cert_role peer_role, int version)
{
	const struct peer_policy policy = POLICY("acme", lab_root, provider);
	struct tls_context *ctx = context(peer_role, sbc, &policy, 1);
	bool peer_serves = peer_role == CERT_ROLE_SERVER;
	const char *file = c->file;
	struct end us, peer;

	if (c->fault == PEER_WRONG_USAGE)
		file = peer_serves ? "client.pem" : "server.pem";
	join(&us, session(ctx, "provider.lab"), &peer, raw(peer_serves, file));
	SSL_set_max_proto_version(us.ssl, version);
	shake(&us, &peer);
	if (tls_verdict(us.ssl)->fault != c->fault)
		fail_msg("%s: %s: %s", file, tls_verdict(us.ssl)->why, us.words);
	assert_int_equal(is_up(&us), c->fault == PEER_OK);
	assert_int_equal(is_up(&peer), c->fault == PEER_OK);
	assert_has(us.words, c->ours);
	assert_int_equal(us.fault, c->fault);
	assert_has(peer.words, c->theirs);
	if (c->fault == PEER_OK) {
		assert_string_equal(tls_trunk(us.ssl), "acme");
		assert_string_equal(tls_verdict(us.ssl)->name, "provider.lab");
		assert_int_equal(SSL_version(us.ssl), version);
	} else {
		assert_null(tls_trunk(us.ssl));
	}
	part(&us, &peer);
	tls_context_free(&ctx);
}

static void wbx15_every_fault_of_a_server(void **state)
{
	UNUSED(state);
	for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
		if (!faults[i].file) /* there is no TLS server without */
			continue;
		fault_in_role(&faults[i], CERT_ROLE_SERVER, TLS1_3_VERSION);
		fault_in_role(&faults[i], CERT_ROLE_SERVER, TLS1_2_VERSION);
	}
}

static void wbx15_every_fault_of_a_client(void **state)
{
	UNUSED(state);
	for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
		fault_in_role(&faults[i], CERT_ROLE_CLIENT, TLS1_3_VERSION);
		fault_in_role(&faults[i], CERT_ROLE_CLIENT, TLS1_2_VERSION);
	}
}

static void wbx05_our_clock_decides(void **state)
{
	static const struct fault_case late = { "good.pem", PEER_EXPIRED, "expired on ",
		                                "certificate_expired" };

	UNUSED(state);
	clock_fake(1000, clock_wall_s() + 400 * 86400);
	fault_in_role(&late, CERT_ROLE_SERVER, TLS1_3_VERSION);
	clock_real();
}

static void a_client_without_certificate_is_told(void **state)
{
	static const struct {
		int version;
		const char *words;
	} cases[] = {
		{ TLS1_3_VERSION,
		  "the peer demands a certificate and we sent none (alert certificate_required" },
		{ TLS1_2_VERSION,
		  "or wanted a certificate that we did not send (alert handshake_failure" },
	};
	const struct peer_policy policy = POLICY("acme", lab_root, provider);
	struct tls_context *server = context(CERT_ROLE_CLIENT, sbc, &policy, 1);

	UNUSED(state);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct end us, peer;

		join(&us, session(server, NULL), &peer, raw(false, NULL));
		SSL_set_max_proto_version(peer.ssl, cases[i].version);
		shake(&us, &peer);
		assert_has(peer.words, cases[i].words);
		part(&us, &peer);
	}
	tls_context_free(&server);
}

/* What a listener with these policies makes of a client with file. */
static void against_listener(const struct peer_policy *policies, size_t n, const char *file,
                             const char *met, enum peer_fault fault, const char *words)
{
	struct tls_context *ctx = context(CERT_ROLE_CLIENT, sbc, policies, n);
	struct end us, peer;

	join(&us, session(ctx, NULL), &peer, raw(false, file));
	shake(&us, &peer);
	if (met)
		assert_string_equal(tls_trunk(us.ssl), met);
	else
		assert_null(tls_trunk(us.ssl));
	assert_int_equal(tls_verdict(us.ssl)->fault, fault);
	assert_has(tls_verdict(us.ssl)->why, words);
	part(&us, &peer);
	tls_context_free(&ctx);
}

static void the_first_policy_met_wins(void **state)
{
	static const char *const others[] = { "other.lab" };
	struct trust *evil = lab_trust("evil/root.pem");
	const struct peer_policy p[] = { POLICY("evil", evil, provider),
		                         POLICY("other", lab_root, others),
		                         POLICY("acme", lab_root, provider),
		                         POLICY("twin", lab_root, provider) };

	UNUSED(state);
	against_listener(p, 4, "good.pem", "acme", PEER_OK, "");
	against_listener(p, 4, "other.pem", "other", PEER_OK, "");
	against_listener(p, 4, "evil/peer.pem", "evil", PEER_OK, "");
	trust_free(&evil);
}

static void the_most_useful_verdict_is_kept(void **state)
{
	static const char *const others[] = { "other.lab" };
	struct trust *evil = lab_trust("evil/root.pem");
	const struct peer_policy p[] = { POLICY("evil", evil, provider),
		                         POLICY("other", lab_root, others),
		                         POLICY("evil2", evil, provider) };

	UNUSED(state);
	assert_int_equal(lab_shell("$LAB . stale --cn stale.lab --expired"), 0);
	/* Whose name it is has the word. */
	against_listener(p, 3, "good.pem", NULL, PEER_UNKNOWN_ROOT, "trunk evil trusts");
	against_listener(p, 3, "self.pem", NULL, PEER_UNKNOWN_ROOT, "trunk evil trusts");
	/* Nobody's name: who knows the root says most. */
	against_listener(p, 3, "sbc.pem", NULL, PEER_WRONG_NAME,
	                 "but trunk other expects \"other.lab\"");
	against_listener(p, 3, "stale.pem", NULL, PEER_EXPIRED, "expired on");
	against_listener(p, 3, NULL, NULL, PEER_NO_CERTIFICATE, "the peer has sent no certificate");
	trust_free(&evil);
}

static void an_optional_certificate(void **state)
{
	const struct peer_policy policy = POLICY("acme", lab_root, provider);
	struct tls_context_cfg cfg = { .peer_role = CERT_ROLE_CLIENT,
		                       .identity = sbc,
		                       .policies = &policy,
		                       .npolicies = 1,
		                       .certificate_optional = true };
	struct tls_context *ctx = NULL;
	struct end us, peer;

	UNUSED(state);
	for (cfg.npolicies = 0; cfg.npolicies < 2; cfg.npolicies++) {
		assert_int_equal(tls_context_new(&ctx, &cfg, lab.why), OK);
		join(&us, session(ctx, NULL), &peer, raw(false, NULL));
		shake(&us, &peer);
		assert_true(is_up(&us));
		assert_null(tls_trunk(us.ssl));
		assert_int_equal(tls_verdict(us.ssl)->fault, PEER_NO_CERTIFICATE);
		part(&us, &peer);
		if (cfg.npolicies == 1) { /* one that is sent must be good */
			join(&us, session(ctx, NULL), &peer, raw(false, "other.pem"));
			shake(&us, &peer);
			assert_false(is_up(&us));
			part(&us, &peer);
		}
		tls_context_free(&ctx);
	}
}

/* So many roots does a listener of these name to its clients. */
static void names_roots(const struct peer_policy *policies, size_t n, int roots)
{
	struct tls_context *ctx = context(CERT_ROLE_CLIENT, sbc, policies, n);
	struct end us, peer;
	int named;

	join(&us, session(ctx, NULL), &peer, raw(false, "good.pem"));
	shake(&us, &peer);
	named = sk_X509_NAME_num(SSL_get0_peer_CA_list(peer.ssl));
	assert_int_equal(named < 0 ? 0 : named, roots);
	part(&us, &peer);
	tls_context_free(&ctx);
}

static void acceptable_roots_are_named_while_few(void **state)
{
	const struct peer_policy policy = POLICY("acme", lab_root, provider);

	UNUSED(state);
	names_roots(&policy, 1, 1);

	assert_int_equal(
	    lab_shell(
	        "for i in 1 2 3 4 5 6 7 8 9 a b c d e f g h; do openssl req -x509 -key root.key "
	        "-subj /CN=$i -days 9; done >many.pem"),
	    0);
	struct trust *many = lab_trust("many.pem");
	const struct peer_policy big = POLICY("acme", many, provider);

	names_roots(&big, 1, 0);
	trust_free(&many);
}

/* The system's are not named, however few its file has, nor those beside them. */
static void the_systems_roots_are_not_named(void **state)
{
	struct peer_policy both[] = { POLICY("acme", lab_root, provider),
		                      POLICY("umbrella", NULL, provider) };

	UNUSED(state);
	setenv("SSL_CERT_FILE", lab_path("root.pem"), 1);
	both[1].trust = lab_trust_of("system");
	unsetenv("SSL_CERT_FILE");
	assert_true(trust_is_system(both[1].trust) && !trust_is_system(lab_root));
	names_roots(&both[1], 1, 0);
	names_roots(both, 2, 0);
	trust_free(&both[1].trust);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wbx15_every_fault_of_a_server),
		cmocka_unit_test(wbx15_every_fault_of_a_client),
		cmocka_unit_test(wbx05_our_clock_decides),
		cmocka_unit_test(a_client_without_certificate_is_told),
		cmocka_unit_test(the_first_policy_met_wins),
		cmocka_unit_test(the_most_useful_verdict_is_kept),
		cmocka_unit_test(an_optional_certificate),
		cmocka_unit_test(acceptable_roots_are_named_while_few),
		cmocka_unit_test(the_systems_roots_are_not_named),
	};

	return cmocka_run_group_tests(tests, pair_open, pair_close);
}
