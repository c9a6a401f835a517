/* TLS contexts: handshakes over a socket pair between two of ours, with raw OpenSSL as the peer
 * that ours could not be, and with the openssl command. */
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include "certs/tls_context.h"
#include "tests/unit/certs/lab.h"

static struct trust *lab_root;
static struct identity *sbc; /* ours */
static const char *const provider[] = { "provider.lab" };
static const char *const sbc_names[] = { "sbc.lab" };

static int setup(void **state)
{
	UNUSED(state);
	signal(SIGPIPE, SIG_IGN);
	if (lab_open())
		return -1;
	if (lab_shell(
	        "P='--cn provider.lab --san DNS:provider.lab' && $LAB . sbc --cn sbc.lab &&"
	        "$LAB . good $P && $LAB . server $P --usage server && $LAB . client $P --usage client &&"
	        "$LAB . old $P --expired && $LAB . early $P --not-yet && $LAB . weak $P --weak &&"
	        "$LAB . other --cn other.lab && $LAB evil peer $P && $LAB . self $P --self-signed &&"
	        "openssl pkey -in other.pem -out other.key && openssl x509 -in other.pem -out other.crt &&"
	        "openssl req -new -key issuing.key -subj /CN=provider.lab -out trick.csr &&"
	        "openssl x509 -req -in trick.csr -CA other.crt -CAkey other.key -days 9 "
	        "-set_serial 3 -out trick.crt &&"
	        "cat issuing.key trick.crt other.crt issuing.pem root.pem >trick.pem && chmod 600 trick.pem"))
		return -1;
	lab_root = lab_trust("root.pem");
	sbc = lab_identity("sbc.pem");
	return 0;
}

static int teardown(void **state)
{
	UNUSED(state);
	identity_free(&sbc);
	trust_free(&lab_root);
	lab_close();
	return 0;
}

/* ---- two ends of a handshake ---- */

struct end {
	SSL *ssl;
	int fd;
	int result; /* of the last step */
	bool is_done;
	char words[CERT_WHY_MAX]; /* tls_explain's, after a failure */
};

static struct tls_context *context(enum cert_role peer_role, const struct identity *id,
                                   const struct peer_policy *policies, size_t n)
{
	const struct tls_context_cfg cfg = {
		.peer_role = peer_role, .identity = id, .policies = policies, .npolicies = n
	};
	struct tls_context *ctx = NULL;

	if (tls_context_new(&ctx, &cfg, lab.why) != OK)
		fail_msg("%s", lab.why);
	return ctx;
}

/* A peer that does as OpenSSL does, and checks nothing. file: its identity, or NULL. */
static SSL *raw(bool is_server, const char *file)
{
	SSL_CTX *c = SSL_CTX_new(is_server ? TLS_server_method() : TLS_client_method());
	SSL *ssl;

	SSL_CTX_set_security_level(c, 0);
	if (file) {
		assert_int_equal(SSL_CTX_use_certificate_chain_file(c, lab_path(file)), 1);
		assert_int_equal(SSL_CTX_use_PrivateKey_file(c, lab_path(file), SSL_FILETYPE_PEM),
		                 1);
	}
	ssl = SSL_new(c);
	SSL_CTX_free(c);
	if (is_server)
		SSL_set_accept_state(ssl);
	else
		SSL_set_connect_state(ssl);
	return ssl;
}

static SSL *session(struct tls_context *ctx, const char *sni)
{
	SSL *ssl = NULL;

	assert_int_equal(tls_context_ssl(ctx, sni, &ssl), OK);
	return ssl;
}

static void join(struct end *a, SSL *a_ssl, struct end *b, SSL *b_ssl)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	*a = (struct end){ .ssl = a_ssl, .fd = fds[0] };
	*b = (struct end){ .ssl = b_ssl, .fd = fds[1] };
	SSL_set_fd(a_ssl, fds[0]);
	if (b_ssl)
		SSL_set_fd(b_ssl, fds[1]);
}

static void part(struct end *a, struct end *b)
{
	SSL_free(a->ssl);
	SSL_free(b->ssl);
	close(a->fd);
	if (b->fd >= 0)
		close(b->fd);
}

/* One step; the end of a handshake is followed by reading: in TLS 1.3 a refusal comes after it. */
static void step(struct end *e)
{
	char byte;
	int kind;

	if (e->words[0])
		return;
	e->result = e->is_done ? SSL_read(e->ssl, &byte, 1) : SSL_do_handshake(e->ssl);
	if (e->result == 1) {
		e->is_done = true;
		return;
	}
	kind = SSL_get_error(e->ssl, e->result);
	if (kind == SSL_ERROR_WANT_READ || kind == SSL_ERROR_WANT_WRITE)
		return;
	tls_explain(e->ssl, e->result, e->words);
	assert_int_equal(ERR_peek_error(), 0);
}

static void shake(struct end *a, struct end *b)
{
	for (int i = 0; i < 12; i++) {
		step(a);
		step(b);
	}
}

static bool is_up(const struct end *e)
{
	return e->is_done && !e->words[0];
}

/* ---- every fault, both roles ---- */

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
	assert_int_equal(tls_policy_met(us.ssl), c->fault == PEER_OK ? 0 : -1);
	assert_int_equal(is_up(&us), c->fault == PEER_OK);
	assert_int_equal(is_up(&peer), c->fault == PEER_OK);
	assert_has(us.words, c->ours);
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

/* ---- both ends ours ---- */

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
	const SSL_SESSION *kept = SSL_get_session(client->ssl);
	unsigned len = 0;

	assert_false(SSL_SESSION_has_ticket(kept));
	if (SSL_version(client->ssl) == TLS1_2_VERSION) {
		SSL_SESSION_get_id(kept, &len);
		assert_int_equal(len, 0);
	}
	assert_null(SSL_get_current_compression(server->ssl));
	assert_int_equal(SSL_get_max_early_data(server->ssl), 0);
	assert_string_equal(SSL_get_servername(server->ssl, TLSEXT_NAMETYPE_host_name), "sbc.lab");
}

static void nothing_to_resume_and_sni_arrives(void **state)
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

/* ---- versions, ciphers, and what is no TLS ---- */

/* Our words about a raw peer that speaks up to version with these ciphers. */
static void against_raw(enum cert_role peer_role, int version, const char *ciphers,
                        const char *ours)
{
	const struct peer_policy policy = POLICY("acme", lab_root, provider);
	struct tls_context *ctx = context(peer_role, sbc, &policy, 1);
	struct end us, peer;

	join(&us, session(ctx, NULL), &peer, raw(peer_role == CERT_ROLE_SERVER, "good.pem"));
	SSL_set_min_proto_version(peer.ssl, TLS1_VERSION);
	SSL_set_max_proto_version(peer.ssl, version);
	assert_int_equal(SSL_set_cipher_list(peer.ssl, ciphers), 1);
	shake(&us, &peer);
	assert_false(is_up(&us));
	assert_has(us.words, ours);
	part(&us, &peer);
	tls_context_free(&ctx);
}

static void wbx11_tls11_is_refused(void **state)
{
	const char *words = "no TLS version in common: we speak 1.2 and 1.3";

	UNUSED(state);
	against_raw(CERT_ROLE_CLIENT, TLS1_1_VERSION, "ALL:@SECLEVEL=0", words);
	against_raw(CERT_ROLE_SERVER, TLS1_1_VERSION, "ALL:@SECLEVEL=0", words);
}

static void ciphers_without_forward_secrecy_are_refused(void **state)
{
	UNUSED(state);
	against_raw(CERT_ROLE_CLIENT, TLS1_2_VERSION, "AES128-SHA", "no cipher in common");
	against_raw(CERT_ROLE_CLIENT, TLS1_2_VERSION, "ECDHE-ECDSA-AES128-SHA",
	            "no cipher in common");
	against_raw(CERT_ROLE_SERVER, TLS1_2_VERSION, "ECDHE-ECDSA-AES128-SHA",
	            "found nothing in common with us");
}

/* text NULL: the peer only closes. */
static void against_text(enum cert_role peer_role, const char *text, const char *ours)
{
	const struct peer_policy policy = POLICY("acme", lab_root, provider);
	struct tls_context *ctx = context(peer_role, sbc, &policy, 1);
	struct end us, peer;

	join(&us, session(ctx, NULL), &peer, NULL);
	step(&us);
	if (text) {
		assert_true(write(peer.fd, text, strlen(text)) > 0);
	} else {
		shutdown(peer.fd, SHUT_WR);
	}
	step(&us);
	assert_has(us.words, ours);
	part(&us, &peer);
	tls_context_free(&ctx);
}

static void a_peer_without_tls_is_named(void **state)
{
	const char *words = "the peer does not speak TLS on this port";

	UNUSED(state);
	against_text(CERT_ROLE_CLIENT, "INVITE sip:a@b SIP/2.0\r\nVia: SIP/2.0/TCP x\r\n\r\n",
	             words);
	against_text(CERT_ROLE_CLIENT, "OPTIONS sip:a@b SIP/2.0\r\n\r\n", words);
	against_text(CERT_ROLE_CLIENT, "REGISTER sip:a@b SIP/2.0\r\n\r\n", words);
	against_text(CERT_ROLE_CLIENT, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", words);
	against_text(CERT_ROLE_SERVER, "SIP/2.0 400 Bad Request\r\n\r\n", words);
	against_text(CERT_ROLE_SERVER, "HTTP/1.1 400 Bad Request\r\n\r\n", words);
}

static void a_peer_that_closes_is_named(void **state)
{
	UNUSED(state);
	against_text(CERT_ROLE_CLIENT, NULL, "the peer closed the connection during the handshake");
	against_text(CERT_ROLE_SERVER, NULL, "the peer closed the connection during the handshake");
}

static void a_peer_that_cuts_or_is_silent_is_named(void **state)
{
	const struct peer_policy policy = POLICY("acme", lab_root, provider);
	struct tls_context *ctx = context(CERT_ROLE_SERVER, sbc, &policy, 1);
	struct end us, peer;
	char why[CERT_WHY_MAX];

	UNUSED(state);
	join(&us, session(ctx, NULL), &peer, NULL);
	us.result = SSL_do_handshake(us.ssl);
	tls_explain(us.ssl, us.result, why);
	assert_string_equal(why, "the peer did not answer in the handshake");
	close(peer.fd); /* with our bytes unread: a reset */
	peer.fd = -1;
	step(&us);
	assert_has(us.words, "the peer cut the connection during the handshake");
	part(&us, &peer);
	tls_context_free(&ctx);
}

static void every_alert_has_words(void **state)
{
	const struct peer_policy policy = POLICY("acme", lab_root, provider);
	struct tls_context *ctx = context(CERT_ROLE_SERVER, sbc, &policy, 1);

	UNUSED(state);
	for (int alert = 10; alert <= 120; alert++) {
		const unsigned char record[] = { 21, 3, 3, 0, 2, 2, (unsigned char)alert };
		struct end us, peer;

		join(&us, session(ctx, NULL), &peer, NULL);
		step(&us);
		assert_int_equal(write(peer.fd, record, sizeof(record)), sizeof(record));
		step(&us);
		assert_has(us.words, "the peer ");
		assert_has(us.words, "alert ");
		if (alert == SSL_AD_ACCESS_DENIED)
			assert_has(us.words,
			           "does not let its owner in (alert access_denied from the peer)");
		part(&us, &peer);
	}
	tls_context_free(&ctx);
}

/* ---- many policies ---- */

/* What a listener with these policies makes of a client with file. */
static void against_listener(const struct peer_policy *policies, size_t n, const char *file,
                             int met, enum peer_fault fault, const char *words)
{
	struct tls_context *ctx = context(CERT_ROLE_CLIENT, sbc, policies, n);
	struct end us, peer;

	join(&us, session(ctx, NULL), &peer, raw(false, file));
	shake(&us, &peer);
	assert_int_equal(tls_policy_met(us.ssl), met);
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
	against_listener(p, 4, "good.pem", 2, PEER_OK, "");
	against_listener(p, 4, "other.pem", 1, PEER_OK, "");
	against_listener(p, 4, "evil/peer.pem", 0, PEER_OK, "");
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
	against_listener(p, 3, "good.pem", -1, PEER_WRONG_NAME,
	                 "but trunk other expects \"other.lab\"");
	against_listener(p, 3, "old.pem", -1, PEER_EXPIRED, "expired on");
	against_listener(p, 3, "self.pem", -1, PEER_UNKNOWN_ROOT, "trunk evil trusts");
	against_listener(p, 3, NULL, -1, PEER_NO_CERTIFICATE, "the peer has sent no certificate");
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
		assert_int_equal(tls_policy_met(us.ssl), -1);
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

static void acceptable_roots_are_named_while_few(void **state)
{
	const struct peer_policy policy = POLICY("acme", lab_root, provider);
	struct tls_context *ctx = context(CERT_ROLE_CLIENT, sbc, &policy, 1);
	struct end us, peer;

	UNUSED(state);
	join(&us, session(ctx, NULL), &peer, raw(false, "good.pem"));
	shake(&us, &peer);
	assert_int_equal(sk_X509_NAME_num(SSL_get0_peer_CA_list(peer.ssl)), 1);
	part(&us, &peer);
	tls_context_free(&ctx);

	assert_int_equal(
	    lab_shell(
	        "for i in 1 2 3 4 5 6 7 8 9 a b c d e f g h; do openssl req -x509 -key root.key "
	        "-subj /CN=$i -days 9; done >many.pem"),
	    0);
	struct trust *many = lab_trust("many.pem");
	const struct peer_policy big = POLICY("acme", many, provider);

	ctx = context(CERT_ROLE_CLIENT, sbc, &big, 1);
	join(&us, session(ctx, NULL), &peer, raw(false, "good.pem"));
	shake(&us, &peer);
	assert_true(sk_X509_NAME_num(SSL_get0_peer_CA_list(peer.ssl)) <= 0);
	part(&us, &peer);
	tls_context_free(&ctx);
	trust_free(&many);
}

/* ---- what is not made ---- */

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
	assert_int_equal(tls_policy_met(ssl), -1);
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

/* ---- a peer that we did not write ---- */

static int tcp_socket(struct sockaddr_in *address, bool listens)
{
	const struct timeval patience = { .tv_sec = 10 };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t len = sizeof(*address);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (listens) {
		assert_int_equal(bind(fd, (const struct sockaddr *)address, len), 0);
		assert_int_equal(listen(fd, 1), 0);
		assert_int_equal(getsockname(fd, (struct sockaddr *)address, &len), 0);
	} else {
		assert_int_equal(connect(fd, (const struct sockaddr *)address, len), 0);
	}
	return fd;
}

/* Blocking, to its end. */
static bool finish(struct tls_context *ctx, int fd, char *why, SSL **out)
{
	SSL *ssl = session(ctx, "provider.lab");
	int result;

	SSL_set_fd(ssl, fd);
	result = SSL_do_handshake(ssl);
	if (result != 1)
		tls_explain(ssl, result, why);
	*out = ssl;
	return result == 1;
}

static void s_client_against_our_listener(const char *options, bool good, const char *words)
{
	const struct peer_policy policy = POLICY("acme", lab_root, provider);
	struct tls_context *ctx = context(CERT_ROLE_CLIENT, sbc, &policy, 1);
	struct sockaddr_in address = { .sin_family = AF_INET,
		                       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int listener = tcp_socket(&address, true), fd;
	const struct timeval patience = { .tv_sec = 10 };
	char command[1024], text[32768], why[CERT_WHY_MAX] = "";
	SSL *ssl;
	FILE *f;

	snprintf(
	    command, sizeof(command),
	    "cd %s && exec timeout 20 openssl s_client -connect 127.0.0.1:%u -CAfile root.pem -showcerts "
	    "-verify_return_error %s </dev/null 2>&1",
	    lab.dir, ntohs(address.sin_port), options);
	f = popen(command, "r");
	assert_non_null(f);
	fd = accept(listener, NULL, NULL);
	assert_true(fd >= 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	assert_int_equal(finish(ctx, fd, why, &ssl), good);
	if (!good)
		assert_has(why, words);
	SSL_shutdown(ssl);
	SSL_free(ssl);
	close(fd);
	close(listener);
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	pclose(f);
	tls_context_free(&ctx);
	if (good) {
		assert_has(text, words);
		assert_has(text, "Verify return code: 0 (ok)");
		assert_has(text, "s:CN = sbc.lab");
		assert_has(text, "s:CN = Lab Issuing CA");
		assert_has(text, "s:CN = Lab Root");
	}
}

static void wbx07_wbx15_openssl_s_client(void **state)
{
	UNUSED(state);
	s_client_against_our_listener("-cert good.pem -key good.pem -cert_chain issuing.pem", true,
	                              "TLSv1.3");
	s_client_against_our_listener(
	    "-cert good.pem -key good.pem -cert_chain issuing.pem -tls1_2", true, "TLSv1.2");
	s_client_against_our_listener("-cert other.pem -key other.pem -cert_chain issuing.pem",
	                              false, "is for \"other.lab\"");
	s_client_against_our_listener("", false, "we demand a certificate and the peer sent none");
	s_client_against_our_listener("-tls1_1 -cipher ALL:@SECLEVEL=0", false,
	                              "no TLS version in common");
}

static void we_against_s_server(const char *options, bool good, const char *words)
{
	const struct peer_policy policy = POLICY("acme", lab_root, provider);
	struct tls_context *ctx = context(CERT_ROLE_SERVER, sbc, &policy, 1);
	struct sockaddr_in address = { .sin_family = AF_INET,
		                       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	char command[1024], line[512], why[CERT_WHY_MAX] = "";
	unsigned port = 0;
	SSL *ssl;
	FILE *f;
	int fd;

	snprintf(
	    command, sizeof(command),
	    "cd %s && exec timeout 20 openssl s_server -accept 127.0.0.1:0 -CAfile root.pem -naccept 1 -rev "
	    "-Verify 5 -verify_return_error %s </dev/null 2>&1",
	    lab.dir, options);
	f = popen(command, "r");
	assert_non_null(f);
	while (port == 0 && fgets(line, sizeof(line), f))
		sscanf(line, "ACCEPT 127.0.0.1:%u", &port);
	assert_true(port > 0);
	address.sin_port = htons((uint16_t)port);
	fd = tcp_socket(&address, false);
	if (finish(ctx, fd, why, &ssl) != good)
		fail_msg("%s", why);
	assert_has(why, good ? "" : words);
	if (good) {
		assert_string_equal(SSL_get_version(ssl), words);
		assert_int_equal(SSL_write(ssl, "abc\n", 4), 4);
		assert_int_equal(SSL_read(ssl, line, sizeof(line)), 4); /* it liked ours, too */
		assert_memory_equal(line, "cba\n", 4);
	}
	SSL_shutdown(ssl);
	SSL_free(ssl);
	close(fd);
	ERR_clear_error();
	while (fgets(line, sizeof(line), f))
		assert_has_not(line, "verify error");
	pclose(f);
	tls_context_free(&ctx);
}

static void wbx15_openssl_s_server(void **state)
{
	UNUSED(state);
	we_against_s_server("-cert good.pem -key good.pem -cert_chain issuing.pem", true,
	                    "TLSv1.3");
	we_against_s_server("-cert good.pem -key good.pem -cert_chain issuing.pem -tls1_2", true,
	                    "TLSv1.2");
	we_against_s_server("-cert good.pem -key good.pem", false,
	                    "\"CN=Lab Issuing CA\" signed, which the peer did not send");
	we_against_s_server("-cert other.pem -key other.pem -cert_chain issuing.pem", false,
	                    "is for \"other.lab\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_foreign_ssl_is_no_surprise),
		cmocka_unit_test(wbx15_every_fault_of_a_server),
		cmocka_unit_test(wbx15_every_fault_of_a_client),
		cmocka_unit_test(wbx05_our_clock_decides),
		cmocka_unit_test(a_client_without_certificate_is_told),
		cmocka_unit_test(wbx07_both_sides_send_the_whole_chain),
		cmocka_unit_test(nothing_to_resume_and_sni_arrives),
		cmocka_unit_test(tls12_has_forward_secrecy),
		cmocka_unit_test(renegotiation_is_refused),
		cmocka_unit_test(what_is_no_host_name_is_no_sni),
		cmocka_unit_test(wbx11_tls11_is_refused),
		cmocka_unit_test(ciphers_without_forward_secrecy_are_refused),
		cmocka_unit_test(a_peer_without_tls_is_named),
		cmocka_unit_test(a_peer_that_closes_is_named),
		cmocka_unit_test(a_peer_that_cuts_or_is_silent_is_named),
		cmocka_unit_test(every_alert_has_words),
		cmocka_unit_test(the_first_policy_met_wins),
		cmocka_unit_test(the_most_useful_verdict_is_kept),
		cmocka_unit_test(an_optional_certificate),
		cmocka_unit_test(acceptable_roots_are_named_while_few),
		cmocka_unit_test(what_would_let_everybody_in_is_refused),
		cmocka_unit_test(every_allocation_may_fail),
		cmocka_unit_test(secrets_go_to_a_file_only_when_asked),
		cmocka_unit_test(wbx07_wbx15_openssl_s_client),
		cmocka_unit_test(wbx15_openssl_s_server),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
