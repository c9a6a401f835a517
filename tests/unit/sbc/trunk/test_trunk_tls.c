/* sbc/trunk/trunk_tls.c: who is known by which certificate, and what is shown to whom. */
#include "sbc/trunk/trunk_tls.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include "tests/unit/sbc/trunk/rig.h"

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, rig_begin, NULL)

static struct trunk_tls *load(void)
{
	struct trunk_tls *t = NULL;

	if (trunk_tls_new(&t, &rig.cfg, NULL, rig.why) != OK)
		fail_msg("%s", rig.why);
	return t;
}

/* A peer that checks nothing and shows what is in file (NULL: nothing). */
static SSL *peer(bool is_server, const char *file)
{
	SSL_CTX *c = SSL_CTX_new(is_server ? TLS_server_method() : TLS_client_method());
	SSL *ssl;

	assert_non_null(c);
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

/* Both ends go on until neither can; true: ours is through. */
static bool shake(SSL *ours, SSL *theirs)
{
	int fds[2], done = 0;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	assert_int_equal(SSL_set_fd(ours, fds[0]), 1);
	assert_int_equal(SSL_set_fd(theirs, fds[1]), 1);
	for (int i = 0; i < 20; i++) {
		done = SSL_do_handshake(ours);
		SSL_do_handshake(theirs);
	}
	ERR_clear_error();
	close(fds[0]);
	close(fds[1]);
	return done == 1;
}

/* A client that shows file is let in as that trunk; "": let in as nobody; NULL: refused. */
static void accepts(const struct trunk_tls *t, size_t realm, const char *file, const char *trunk)
{
	SSL *ours = NULL, *theirs = peer(false, file);
	bool in;

	assert_int_equal(tls_context_ssl(trunk_tls_server(t, realm, false), NULL, &ours), OK);
	in = shake(ours, theirs);
	if (in != (trunk != NULL))
		fail_msg("%s in realm %zu: %s", file ? file : "no certificate", realm,
		         in ? "let in" : "refused");
	if (trunk && *trunk)
		assert_string_equal(tls_trunk(ours), trunk);
	else
		assert_null(tls_trunk(ours));
	SSL_free(ours);
	SSL_free(theirs);
}

static void test_listeners(void **state)
{
	struct trunk_tls *t = load();

	UNUSED(state);
	assert_null(trunk_tls_server(t, INSIDE, false));
	accepts(t, OUTSIDE, "acme.pem", "acme");
	accepts(t, OUTSIDE, "umbrella.pem", "umbrella");
	accepts(t, OUTSIDE, "special.pem", NULL);
	accepts(t, OUTSIDE, "evil/acme.pem", NULL);
	accepts(t, OUTSIDE, NULL, NULL);
	/* Trunks of one realm are nobody in another, which asks for no certificate. */
	accepts(t, ELSEWHERE, NULL, "");
	accepts(t, ELSEWHERE, "acme.pem", "");
	trunk_tls_free(&t);
	assert_null(t);
}

static void subject_is(X509 *cert, const char *wanted)
{
	char cn[64] = "none";

	if (cert)
		X509_NAME_get_text_by_NID(X509_get_subject_name(cert), NID_commonName, cn,
		                          sizeof(cn));
	assert_string_equal(cn, wanted);
}

/* Connects to who shows file; shown: our certificate's name, NULL: we refuse. */
static void connects(const struct trunk_tls *t, size_t trunk, const char *file, const char *shown)
{
	SSL *ours = NULL, *theirs = peer(true, file);

	assert_int_equal(tls_context_ssl(trunk_tls_client(t, trunk), "x.lab", &ours), OK);
	if (shake(ours, theirs) != (shown != NULL))
		fail_msg("%s", file);
	if (shown)
		subject_is(SSL_get_certificate(ours), shown);
	SSL_free(ours);
	SSL_free(theirs);
}

static void test_clients(void **state)
{
	struct trunk_tls *t = load();

	UNUSED(state);
	connects(t, ACME, "acme.pem", "sbc.lab");
	connects(t, UMBRELLA, "umbrella.pem", "special.lab");
	connects(t, ACME, "umbrella.pem", NULL);
	connects(t, ACME, "evil/acme.pem", NULL);
	connects(t, UMBRELLA, "acme.pem", NULL);
	trunk_tls_free(&t);
}

/* A client that wants these signatures, the first most, sees the certificate of shown, and so many
 * above.
 */
static void shows(const struct trunk_tls *t, const char *signatures, const char *shown, int above)
{
	SSL *ours = NULL, *theirs = peer(false, "acme.pem");
	bool wants = SSL_set1_sigalgs_list(theirs, signatures) == 1;

	assert_true(wants);
	assert_int_equal(tls_context_ssl(trunk_tls_server(t, OUTSIDE, false), NULL, &ours), OK);
	assert_true(shake(ours, theirs));
	subject_is(SSL_get0_peer_certificate(theirs), shown);
	assert_int_equal(sk_X509_num(SSL_get_peer_cert_chain(theirs)), 1 + above);
	SSL_free(ours);
	SSL_free(theirs);
}

static void test_two_types_of_key(void **state)
{
	struct trunk_tls *t;

	UNUSED(state);
	rig.identities[OURS].also = &rig.identities[SPECIAL];
	rig_path(1, "rsa.pem");
	t = load();
	shows(t, "ECDSA+SHA256", "sbc.lab", 2);
	shows(t, "RSA-PSS+SHA256:ECDSA+SHA256", "rsa.lab", 1);
	trunk_tls_free(&t);
	rig.trunks[UMBRELLA].send_root = YES;
	t = load();
	shows(t, "RSA-PSS+SHA256:ECDSA+SHA256", "rsa.lab", 2);
	trunk_tls_free(&t);
	rig_path(1, "special.pem");
	assert_int_equal(trunk_tls_new(&t, &rig.cfg, NULL, rig.why), ERR_REFUSED);
	assert_has(rig.why, "identities ours and special have keys of the same type");
}

/* A client that asks for name and shows file sees the certificate of shown; trunk as in accepts. */
static void asks_for(const struct trunk_tls *t, bool mutual, const char *name, const char *file,
                     const char *shown, const char *trunk)
{
	SSL *ours = NULL, *theirs = peer(false, file);
	bool asks = SSL_set_tlsext_host_name(theirs, name) == 1, in;

	assert_true(asks);
	assert_int_equal(tls_context_ssl(trunk_tls_server(t, ELSEWHERE, mutual), NULL, &ours), OK);
	in = shake(ours, theirs);
	subject_is(SSL_get0_peer_certificate(theirs), shown);
	assert_int_equal(in, trunk != NULL);
	if (trunk && *trunk)
		assert_string_equal(tls_trunk(ours), trunk);
	SSL_free(ours);
	SSL_free(theirs);
}

/* WBX-14: as a server a trunk may have another identity than as a client, and the name that is
 * asked for says whether a certificate is demanded. */
static void test_by_name(void **state)
{
	struct trunk_tls *t;

	UNUSED(state);
	rig.realms[OUTSIDE].client_certificate = CLIENT_CERT_OPTIONAL;
	rig.trunks[ACME].realm = &rig.realms[ELSEWHERE];
	rig.trunks[UMBRELLA].realm = &rig.realms[ELSEWHERE];
	rig.trunks[UMBRELLA].server_identity = &rig.identities[SPECIAL];
	t = load();
	asks_for(t, false, "sbc.lab", NULL, "sbc.lab", "");
	asks_for(t, false, "elsewhere.lab", NULL, "sbc.lab", "");
	asks_for(t, false, "sbc.lab", "acme.pem", "sbc.lab", "acme");
	asks_for(t, false, "special.lab", "umbrella.pem", "special.lab", "umbrella");
	asks_for(t, false, "SPECIAL.lab", "umbrella.pem", "special.lab", "umbrella");
	asks_for(t, false, "special.lab", "acme.pem", "special.lab", NULL);
	asks_for(t, false, "special.lab", NULL, "special.lab", NULL);
	trunk_tls_free(&t);
}

/* Port 5061 asks for a certificate, 5062 demands one. */
static void test_by_port(void **state)
{
	struct trunk_tls *t;

	UNUSED(state);
	rig.tls.mutual = true;
	rig.trunks[ACME].realm = &rig.realms[ELSEWHERE];
	t = load();
	asks_for(t, false, "sbc.lab", NULL, "sbc.lab", "");
	asks_for(t, true, "sbc.lab", NULL, "sbc.lab", NULL);
	asks_for(t, true, "sbc.lab", "acme.pem", "sbc.lab", "acme");
	assert_ptr_equal(trunk_tls_server(t, OUTSIDE, true), trunk_tls_server(t, OUTSIDE, false));
	trunk_tls_free(&t);
}

/* A client of this TLS version, with or without a certificate; words: why it is not let in. */
static void speaks(const struct trunk_tls *t, int version, const char *file, const char *words)
{
	SSL *ours = NULL, *theirs = peer(false, file);
	char why[CERT_WHY_MAX] = "";

	SSL_set_security_level(theirs, 0);
	assert_int_equal(SSL_set_min_proto_version(theirs, version), 1);
	assert_int_equal(SSL_set_max_proto_version(theirs, version), 1);
	assert_int_equal(tls_context_ssl(trunk_tls_server(t, ELSEWHERE, false), NULL, &ours), OK);
	if (!shake(ours, theirs))
		snprintf(why, sizeof(why), "%s", tls_verdict(ours)->why);
	else if (tls_finish(ours, NULL, NULL, why) == TLS_READY)
		assert_int_equal(SSL_version(ours), version);
	if (words)
		assert_has(why, words);
	else
		assert_string_equal(why, "");
	SSL_free(ours);
	SSL_free(theirs);
}

static void test_versions(void **state)
{
	struct trunk_tls *t;

	UNUSED(state);
	rig.realms[OUTSIDE].client_certificate = CLIENT_CERT_OPTIONAL;
	rig.trunks[ACME].realm = &rig.realms[ELSEWHERE];
	rig.trunks[UMBRELLA].realm = &rig.realms[ELSEWHERE];
	rig.trunks[UMBRELLA].tls_least = TLS_LEAST_1_3;
	t = load();
	speaks(t, TLS1_1_VERSION, "acme.pem", "sent no certificate"); /* it never came so far */
	speaks(t, TLS1_2_VERSION, "acme.pem", NULL);
	speaks(t, TLS1_3_VERSION, "umbrella.pem", NULL);
	speaks(t, TLS1_2_VERSION, "umbrella.pem",
	       "the peer speaks TLSv1.2, but trunk umbrella wants TLS 1.3 at least");
	trunk_tls_free(&t);
	/* WBX-11: 1.1 for the trunk that names it, and for nobody else. */
	rig.trunks[ACME].tls_least = TLS_LEAST_1_1;
	t = load();
	speaks(t, TLS1_1_VERSION, "acme.pem", NULL);
	speaks(t, TLS1_1_VERSION, "umbrella.pem", "trunk umbrella wants TLS 1.3 at least");
	speaks(t, TLS1_1_VERSION, NULL, "the peer speaks TLSv1.1 without a certificate");
	speaks(t, TLS1_2_VERSION, NULL, NULL);
	trunk_tls_free(&t);
}

static void test_ciphers(void **state)
{
	static char good[] = "ECDHE-ECDSA-AES256-GCM-SHA384", unknown[] = "ROT13",
	            anybody[] = "ADH-AES128-SHA";
	struct trunk_tls *t;
	SSL *ours = NULL, *theirs = peer(true, "acme.pem");

	UNUSED(state);
	rig.trunks[ACME].ciphers = good;
	t = load();
	assert_int_equal(tls_context_ssl(trunk_tls_client(t, ACME), "x.lab", &ours), OK);
	SSL_set_max_proto_version(theirs, TLS1_2_VERSION);
	assert_true(shake(ours, theirs));
	assert_string_equal(SSL_get_cipher_name(ours), good);
	SSL_free(ours);
	SSL_free(theirs);
	trunk_tls_free(&t);
	rig.trunks[ACME].ciphers = unknown;
	assert_int_equal(trunk_tls_new(&t, &rig.cfg, NULL, rig.why), ERR_REFUSED);
	assert_string_equal(rig.why,
	                    "trunk acme: ciphers \"ROT13\": none of them is known here and safe");
	rig.trunks[ACME].ciphers = anybody;
	rig.trunks[ACME].tls_least = TLS_LEAST_1_1;
	assert_int_equal(trunk_tls_new(&t, &rig.cfg, NULL, rig.why), ERR_REFUSED);
	assert_has(rig.why, "proves nobody's identity");
}

/* A client that has this cipher alone, of TLS 1.2, is let in as trunk; NULL: refused. */
static void comes_with(const struct trunk_tls *t, const char *cipher, const char *file,
                       const char *trunk)
{
	SSL *ours = NULL, *theirs = peer(false, file);

	assert_int_equal(SSL_set_max_proto_version(theirs, TLS1_2_VERSION), 1);
	assert_int_equal(SSL_set_cipher_list(theirs, cipher), 1);
	assert_int_equal(tls_context_ssl(trunk_tls_server(t, OUTSIDE, false), NULL, &ours), OK);
	assert_int_equal(shake(ours, theirs), trunk != NULL);
	if (trunk) {
		assert_string_equal(SSL_get_cipher_name(ours), cipher);
		assert_string_equal(tls_trunk(ours), trunk);
	}
	SSL_free(ours);
	SSL_free(theirs);
}

/* What one trunk needs is added for all of its listener, and takes nothing from the others. */
static void test_ciphers_of_a_listener(void **state)
{
	static char own[] = "ECDHE-ECDSA-AES256-SHA384", others[] = "ECDHE-ECDSA-AES128-SHA256";
	const char *standard = "ECDHE-ECDSA-AES128-GCM-SHA256";
	struct trunk_tls *t = load();

	UNUSED(state);
	comes_with(t, standard, "umbrella.pem", "umbrella");
	comes_with(t, own, "acme.pem", NULL);
	trunk_tls_free(&t);
	rig.trunks[ACME].ciphers = own;
	t = load();
	comes_with(t, standard, "umbrella.pem", "umbrella");
	comes_with(t, standard, "acme.pem", "acme");
	comes_with(t, own, "acme.pem", "acme");
	comes_with(t, others, "umbrella.pem", NULL);
	trunk_tls_free(&t);
	rig.trunks[UMBRELLA].ciphers = others;
	t = load();
	comes_with(t, standard, "umbrella.pem", "umbrella");
	comes_with(t, own, "acme.pem", "acme");
	comes_with(t, others, "umbrella.pem", "umbrella");
	trunk_tls_free(&t);
}

/* Whoever holds a context goes by the new files; what is wrong in them leaves all as it was. */
static void test_reload(void **state)
{
	struct trunk_tls *t;
	struct tls_context *client, *server;
	SSL *under_way = NULL, *theirs;

	UNUSED(state);
	assert_int_equal(lab_shell("cp sbc.pem live.pem && cp root.pem live-root.pem"), 0);
	rig_path(0, "live.pem");
	rig_path(2, "live-root.pem");
	t = load();
	client = trunk_tls_client(t, ACME);
	server = trunk_tls_server(t, OUTSIDE, false);
	connects(t, ACME, "acme.pem", "sbc.lab");
	theirs = peer(true, "acme.pem");
	assert_int_equal(tls_context_ssl(client, "x.lab", &under_way), OK);

	assert_int_equal(lab_shell("cp leaf.pem live.pem && cp evil/root.pem live-root.pem"), 0);
	assert_int_equal(trunk_tls_reload(t, rig.why), ERR_REFUSED);
	assert_has(rig.why, "live.pem: the chain has an open end");
	connects(t, ACME, "acme.pem", "sbc.lab");

	assert_int_equal(lab_shell("cp special.pem live.pem"), 0);
	assert_int_equal(trunk_tls_reload(t, rig.why), OK);
	assert_ptr_equal(trunk_tls_client(t, ACME), client);
	assert_ptr_equal(trunk_tls_server(t, OUTSIDE, false), server);
	connects(t, ACME, "acme.pem", NULL); /* its root is no longer known */
	connects(t, ACME, "evil/acme.pem", "special.lab");
	accepts(t, OUTSIDE, "acme.pem", NULL);
	accepts(t, OUTSIDE, "evil/acme.pem", "acme");
	/* What was under way goes on as it began. */
	assert_true(shake(under_way, theirs));
	subject_is(SSL_get_certificate(under_way), "sbc.lab");
	SSL_free(under_way);
	SSL_free(theirs);
	trunk_tls_free(&t);
}

static void test_open_chain(void **state)
{
	struct trunk_tls *t = NULL;

	UNUSED(state);
	rig_path(0, "leaf.pem");
	assert_int_equal(trunk_tls_new(&t, &rig.cfg, NULL, rig.why), ERR_REFUSED);
	assert_has(rig.why, "CN=Lab Issuing CA, which signed CN=leaf, is neither in the file");
}

/* Whose file it is stands in the sentence. */
static void test_bad_files(void **state)
{
	static const struct {
		size_t path;
		const char *name;
	} cases[] = { { 0, "absent.pem" },
		      { 1, "absent.pem" },
		      { 2, "absent.pem" },
		      { 0, "root.pem" },
		      { 2, "shell.log" } };
	struct trunk_tls *t = NULL;

	UNUSED(state);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		rig_begin(NULL);
		rig_path(cases[i].path, cases[i].name);
		assert_int_not_equal(trunk_tls_new(&t, &rig.cfg, NULL, rig.why), OK);
		assert_null(t);
		assert_has(rig.why, rig.paths[cases[i].path]);
	}
}

static void starved(void *arg)
{
	struct trunk_tls *t = NULL;
	enum err err = trunk_tls_new(&t, &rig.cfg, NULL, rig.why);

	UNUSED(arg);
	if (err) {
		assert_true(mem_has_failed());
		assert_null(t);
		assert_true(rig.why[0]);
	}
	trunk_tls_free(&t);
}

static void reload_starved(void *arg)
{
	struct trunk_tls *t = arg;

	if (trunk_tls_reload(t, rig.why)) {
		assert_true(mem_has_failed());
		assert_true(rig.why[0]);
	}
	assert_non_null(trunk_tls_client(t, ACME));
}

static void test_no_memory_to_reload(void **state)
{
	struct trunk_tls *t = load();

	UNUSED(state);
	assert_true(each_allocation_fails(reload_starved, t) >= 12);
	connects(t, ACME, "acme.pem", "sbc.lab");
	trunk_tls_free(&t);
}

static void test_no_memory(void **state)
{
	UNUSED(state);
	rig.trunks[UMBRELLA].server_identity = &rig.identities[SPECIAL];
	assert_true(each_allocation_fails(starved, NULL) >= 12);
}

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(listeners),
		                            TEST(clients),
		                            TEST(two_types_of_key),
		                            TEST(by_name),
		                            TEST(by_port),
		                            TEST(versions),
		                            TEST(ciphers),
		                            TEST(reload),
		                            TEST(open_chain),
		                            TEST(bad_files),
		                            TEST(no_memory),
		                            TEST(no_memory_to_reload),
		                            TEST(ciphers_of_a_listener) };

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, rig_open, rig_close);
}
