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

	if (trunk_tls_new(&t, &rig.cfg, rig.why) != OK)
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

	assert_int_equal(tls_context_ssl(trunk_tls_server(t, realm), NULL, &ours), OK);
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
	assert_null(trunk_tls_server(t, INSIDE));
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

	assert_int_equal(SSL_set1_sigalgs_list(theirs, signatures), 1);
	assert_int_equal(tls_context_ssl(trunk_tls_server(t, OUTSIDE), NULL, &ours), OK);
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
	assert_int_equal(trunk_tls_new(&t, &rig.cfg, rig.why), ERR_REFUSED);
	assert_has(rig.why, "identities ours and special have keys of the same type");
}

static void test_open_chain(void **state)
{
	struct trunk_tls *t = NULL;

	UNUSED(state);
	rig_path(0, "leaf.pem");
	assert_int_equal(trunk_tls_new(&t, &rig.cfg, rig.why), ERR_REFUSED);
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
		assert_int_not_equal(trunk_tls_new(&t, &rig.cfg, rig.why), OK);
		assert_null(t);
		assert_has(rig.why, rig.paths[cases[i].path]);
	}
}

static void starved(void *arg)
{
	struct trunk_tls *t = NULL;
	enum err err = trunk_tls_new(&t, &rig.cfg, rig.why);

	UNUSED(arg);
	if (err) {
		assert_true(mem_has_failed());
		assert_null(t);
		assert_true(rig.why[0]);
	}
	trunk_tls_free(&t);
}

static void test_no_memory(void **state)
{
	UNUSED(state);
	assert_true(each_allocation_fails(starved, NULL) >= 12);
}

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(listeners),        TEST(clients),
		                            TEST(two_types_of_key), TEST(open_chain),
		                            TEST(bad_files),        TEST(no_memory) };

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, rig_open, rig_close);
}
