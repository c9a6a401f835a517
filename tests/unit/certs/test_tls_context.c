/* TLS contexts: what both ends of a handshake get, and what is not made at all. */
#include "tests/unit/certs/tls_pair.h"

static void both_ours(int version, void (*look)(struct end *server, struct end *client))
{
	const struct peer_policy to_client = POLICY("in", lab_root, provider);
	const struct peer_policy to_server = POLICY("out", lab_root, sbc_names);
	struct identity *id = lab_identity("good.pem");
	struct tls_context *s = context(CERT_ROLE_CLIENT, sbc, &to_client, 1);
	struct tls_context *c = context(CERT_ROLE_SERVER, id, &to_server, 1);
	struct end server, client;

	join(&server, session(s, NULL), &client, session(c, "sbc.lab"));
	SSL_set_max_proto_version(server.ssl, version);
	shake(&server, &client);
	assert_true(is_up(&server) && is_up(&client));
	assert_string_equal(tls_trunk(server.ssl), "in");
	assert_string_equal(tls_trunk(client.ssl), "out");
	look(&server, &client);
	part(&server, &client);
	tls_context_free(&s);
	tls_context_free(&c);
	identity_free(&id);
}

static void assert_ends_at_root(STACK_OF(X509) * chain, int n)
{
	char name[64];

	assert_int_equal(sk_X509_num(chain), n);
	X509_NAME_get_text_by_NID(X509_get_subject_name(sk_X509_value(chain, n - 1)),
	                          NID_commonName, name, sizeof(name));
	assert_string_equal(name, "Lab Root");
}

static void look_at_chains(struct end *server, struct end *client)
{
	assert_ends_at_root(SSL_get_peer_cert_chain(client->ssl), 3);
	assert_ends_at_root(SSL_get_peer_cert_chain(server->ssl),
	                    2); /* OpenSSL keeps the leaf apart here */
}

static void wbx07_both_sides_send_the_whole_chain(void **state)
{
	UNUSED(state);
	both_ours(TLS1_3_VERSION, look_at_chains);
	both_ours(TLS1_2_VERSION, look_at_chains);
}

static void look_at_session(struct end *server, struct end *client)
{
	assert_null(SSL_get_current_compression(client->ssl));
	assert_int_equal(SSL_get_max_early_data(server->ssl), 0);
	assert_int_equal(SSL_SESSION_get_max_early_data(SSL_get_session(client->ssl)), 0);
	assert_string_equal(SSL_get_servername(server->ssl, TLSEXT_NAMETYPE_host_name), "sbc.lab");
}

static void no_compression_no_0rtt_and_sni_arrives(void **state)
{
	UNUSED(state);
	both_ours(TLS1_3_VERSION, look_at_session);
	both_ours(TLS1_2_VERSION, look_at_session);
}

static void look_for_forward_secrecy(struct end *server, struct end *client)
{
	UNUSED(client);
	assert_has(SSL_get_cipher_name(server->ssl), "ECDHE-");
}

static void tls12_has_forward_secrecy(void **state)
{
	UNUSED(state);
	both_ours(TLS1_2_VERSION, look_for_forward_secrecy);
}

/* The peer wants to begin anew on a connection that is up: a client with a hello, a server with a
 * request. */
static void renegotiation_in_role(enum cert_role peer_role)
{
	const struct peer_policy policy = POLICY("acme", lab_root, provider);
	struct tls_context *ctx = context(peer_role, sbc, &policy, 1);
	struct end us, peer;
	char byte;

	join(&us, session(ctx, NULL), &peer, raw(peer_role == CERT_ROLE_SERVER, "good.pem"));
	SSL_set_max_proto_version(peer.ssl, TLS1_2_VERSION);
	shake(&us, &peer);
	assert_true(is_up(&us));
	assert_int_equal(SSL_renegotiate(peer.ssl), 1);
	SSL_do_handshake(peer.ssl);
	assert_int_equal(SSL_read(us.ssl, &byte, 1), -1);
	assert_int_equal(SSL_get_error(us.ssl, -1), SSL_ERROR_WANT_READ);
	assert_int_equal(SSL_read(peer.ssl, &byte, 1), -1);
	assert_int_equal(SSL_get_error(peer.ssl, -1), SSL_ERROR_SSL);
	assert_int_equal(ERR_GET_REASON(ERR_peek_error()), SSL_R_NO_RENEGOTIATION);
	ERR_clear_error();
	part(&us, &peer);
	tls_context_free(&ctx);
}

static void renegotiation_is_refused(void **state)
{
	UNUSED(state);
	renegotiation_in_role(CERT_ROLE_CLIENT);
	renegotiation_in_role(CERT_ROLE_SERVER);
}

static void what_is_no_host_name_is_no_sni(void **state)
{
	static const struct {
		const char *sni, *sent;
	} cases[] = {
		{ "a.lab", "a.lab" },
		{ "a.lab.", "a.lab" },
		{ "192.0.2.1", NULL },
		{ "2001:db8::1", NULL },
	};
	const struct peer_policy policy = POLICY("acme", lab_root, provider);
	struct tls_context *ctx = context(CERT_ROLE_SERVER, NULL, &policy, 1);
	static char big[300];
	SSL *ssl = NULL;

	UNUSED(state);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *sent;

		ssl = session(ctx, cases[i].sni);
		sent = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
		if (cases[i].sent)
			assert_string_equal(sent, cases[i].sent);
		else
			assert_null(sent);
		SSL_free(ssl);
	}
	ssl = NULL;
	memset(big, 'a', sizeof(big) - 1);
	assert_int_equal(tls_context_ssl(ctx, big, &ssl), ERR_SYNTAX);
	assert_int_equal(tls_context_ssl(ctx, ".", &ssl), ERR_SYNTAX);
	assert_null(ssl);
	tls_context_free(&ctx);
}

static void assert_refused(const struct tls_context_cfg *cfg, const char *words)
{
	struct tls_context *ctx = NULL;

	assert_int_equal(tls_context_new(&ctx, cfg, lab.why), ERR_REFUSED);
	assert_null(ctx);
	assert_has(lab.why, words);
}

static void what_would_let_everybody_in_is_refused(void **state)
{
	const struct peer_policy good = POLICY("acme", lab_root, provider);
	const struct peer_policy no_name = {
		.trunk = "acme", .trust = lab_root, .names = NULL, .nnames = 0
	};
	const struct peer_policy no_trust = POLICY("acme", NULL, provider);
	struct tls_context_cfg cfg = { .peer_role = CERT_ROLE_SERVER,
		                       .certificate_optional = true };

	UNUSED(state);
	assert_refused(&cfg, "nothing says which certificate the peer must have");
	cfg.npolicies = 1;
	cfg.policies = &no_name;
	assert_refused(&cfg, "trunk acme has no name to verify");
	cfg.policies = &no_trust;
	assert_refused(&cfg, "trunk acme has no roots that it trusts");
	cfg.policies = &good;
	cfg.peer_role = CERT_ROLE_CLIENT;
	assert_refused(&cfg, "a TLS listener needs an identity");
}

static void a_foreign_ssl_is_no_surprise(void **state)
{
	SSL *ssl = raw(false, NULL);

	UNUSED(state);
	assert_null(tls_trunk(ssl));
	assert_int_equal(tls_verdict(ssl)->fault, PEER_NO_CERTIFICATE);
	SSL_free(ssl);
}

static void shake_with_failing_memory(void *arg)
{
	const struct peer_policy policy = POLICY("acme", lab_root, provider);
	const struct tls_context_cfg cfg = {
		.peer_role = CERT_ROLE_CLIENT, .identity = sbc, .policies = &policy, .npolicies = 1
	};
	struct tls_context *ctx = NULL;
	struct end us, peer;
	SSL *ssl = NULL;
	enum err err = tls_context_new(&ctx, &cfg, lab.why);

	UNUSED(arg);
	if (err) {
		assert_int_equal(err, ERR_NOMEM);
		assert_null(ctx);
		return;
	}
	err = tls_context_ssl(ctx, NULL, &ssl);
	if (err) {
		assert_int_equal(err, ERR_NOMEM);
		assert_null(ssl);
	} else {
		join(&us, ssl, &peer, raw(false, "good.pem"));
		shake(&us, &peer);
		assert_true(is_up(&us));
		part(&us, &peer);
	}
	tls_context_free(&ctx);
}

static void every_allocation_may_fail(void **state)
{
	UNUSED(state);
	assert_true(each_allocation_fails(shake_with_failing_memory, NULL) > 3);
}

static void nothing_of_interest(struct end *server, struct end *client)
{
	UNUSED(server);
	UNUSED(client);
}

static void secrets_go_to_a_file_only_when_asked(void **state)
{
	char text[4096] = "";
	struct stat st;
	FILE *f;

	UNUSED(state);
	lab_log_clear();
	assert_int_equal(tls_keylog_open(lab_path("no/keys")), ERR_IO);
	assert_int_equal(tls_keylog_open(lab_path("keys")), OK);
	assert_has(lab.log, "warn event=tls-keylog");
	both_ours(TLS1_2_VERSION, nothing_of_interest);
	both_ours(TLS1_3_VERSION, nothing_of_interest);
	tls_keylog_close();
	tls_keylog_close();
	assert_int_equal(stat(lab_path("keys"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	f = fopen(lab_path("keys"), "r");
	assert_non_null(f);
	assert_true(fread(text, 1, sizeof(text) - 1, f) > 0);
	fclose(f);
	assert_has(text, "CLIENT_RANDOM ");
	assert_has(text, "CLIENT_TRAFFIC_SECRET_0 ");
	both_ours(TLS1_3_VERSION, nothing_of_interest);
	assert_int_equal(stat(lab_path("keys"), &st), 0);
	assert_int_equal((size_t)st.st_size, strlen(text));
	lab_log_clear();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wbx07_both_sides_send_the_whole_chain),
		cmocka_unit_test(no_compression_no_0rtt_and_sni_arrives),
		cmocka_unit_test(tls12_has_forward_secrecy),
		cmocka_unit_test(renegotiation_is_refused),
		cmocka_unit_test(what_is_no_host_name_is_no_sni),
		cmocka_unit_test(what_would_let_everybody_in_is_refused),
		cmocka_unit_test(a_foreign_ssl_is_no_surprise),
		cmocka_unit_test(every_allocation_may_fail),
		cmocka_unit_test(secrets_go_to_a_file_only_when_asked),
	};

	return cmocka_run_group_tests(tests, pair_open, pair_close);
}
