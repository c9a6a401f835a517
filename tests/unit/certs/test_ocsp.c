/* What OCSP responders say, as `openssl ocsp` makes it: read, stapled, and asked for over HTTP. */
#include <arpa/inet.h>
#include "base/loop.h"
#include "certs/ocsp_ask.h"
#include "tests/unit/certs/tls_pair.h"

/* `openssl ca` keeps the books of the lab's issuing CA, `openssl ocsp` answers from them. */
static const char books[] =
    "printf '[ca]\\ndefault_ca = lab\\n[lab]\\ndatabase = index.txt\\ndefault_md = sha256\\nunique_subject = no\\n' >ca.cnf &&"
    "touch index.txt && CA='openssl ca -config ca.cnf -cert issuing.pem -keyfile issuing.key' &&"
    "for i in good bad staple; do openssl x509 -in $i.pem -out $i.crt && $CA -valid $i.crt; done &&"
    "$CA -revoke bad.crt && openssl x509 -in other.pem -out other.crt &&"
    "printf 'extendedKeyUsage=OCSPSigning\\nkeyUsage=digitalSignature\\n' >ocsp.ext &&"
    "openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout delegate.key -subj /CN=Delegate "
    "-out delegate.csr && openssl x509 -req -in delegate.csr -CA issuing.pem -CAkey issuing.key -days 9 "
    "-extfile ocsp.ext -set_serial 77 -out delegate.crt";

static unsigned port; /* where nobody listens until a test has somebody do so */

static int setup(void **state)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	char command[1024];

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(fd, (struct sockaddr *)&address, len) ||
	    getsockname(fd, (struct sockaddr *)&address, &len))
		return -1;
	port = ntohs(address.sin_port);
	close(fd);
	if (pair_open(state))
		return -1;
	snprintf(
	    command, sizeof(command),
	    "P='--cn provider.lab --san DNS:provider.lab' && O='--ocsp http://127.0.0.1:%u/ocsp' &&"
	    "$LAB . good $P $O && $LAB . bad $P $O && $LAB . staple $P --must-staple &&"
	    "$LAB . silent $P && $LAB . secret $P --ocsp https://127.0.0.1:1/",
	    port);
	return lab_shell(command) || lab_shell(books);
}

static X509 *certificate(const char *file)
{
	STACK_OF(X509) *certs = lab_certificates(file);
	X509 *leaf = sk_X509_shift(certs);

	lab_free_certificates(certs);
	return leaf;
}

/* What `openssl ocsp` answers about name.crt, signed by signer.pem or .crt with its key. */
static size_t answer(const char *name, const char *signer, const char *options, unsigned char *der,
                     size_t size)
{
	char command[1024];
	size_t len;
	FILE *f;

	snprintf(
	    command, sizeof(command),
	    "openssl ocsp -issuer issuing.pem -cert %s.crt -reqout req.der -no_nonce && openssl ocsp "
	    "-index index.txt -CA issuing.pem -rsigner %s -rkey %.*s.key -reqin req.der -respout resp.der %s",
	    name, signer, (int)strcspn(signer, "."), signer, options);
	assert_int_equal(lab_shell(command), 0);
	f = fopen(lab_path("resp.der"), "r");
	assert_non_null(f);
	len = fread(der, 1, size, f);
	fclose(f);
	return len;
}

static void assert_read(const char *about, const char *name, const char *signer,
                        const char *options, int64_t later_s, enum cert_status status,
                        const char *words)
{
	unsigned char der[8192];
	size_t len = answer(name, signer, options, der, sizeof(der));
	X509 *leaf = certificate(about), *issuer = certificate("issuing.pem");
	int64_t now_s = clock_wall_s() + later_s;
	struct ocsp_result r;

	ocsp_read(&r, leaf, issuer, der, len, now_s);
	if (r.status != status)
		fail_msg("%s: %s", name, r.why);
	assert_has(r.why, words);
	assert_true(status == CERT_STATUS_UNKNOWN || r.until_s > now_s);
	assert_true(r.until_s <= now_s + DAY_S);
	assert_int_equal(ERR_peek_error(), 0);
	X509_free(leaf);
	X509_free(issuer);
}

static void clo07_an_answer_is_read(void **state)
{
	static const char unknown[] =
	    "whether the certificate of CN=provider.lab is revoked cannot be told: ";

	UNUSED(state);
	assert_read("good.crt", "good", "issuing.pem", "-ndays 2", 0, CERT_STATUS_GOOD, "");
	assert_read("good.crt", "good", "issuing.pem", "", 0, CERT_STATUS_GOOD, "");
	assert_read("good.crt", "good", "delegate.crt", "-ndays 2", 0, CERT_STATUS_GOOD, "");
	assert_read("bad.crt", "bad", "issuing.pem", "-ndays 2", 0, CERT_STATUS_REVOKED,
	            "the certificate of CN=provider.lab was revoked on 20");
	assert_read("bad.crt", "bad", "issuing.pem", "-ndays 2", 0, CERT_STATUS_REVOKED,
	            "says the OCSP responder of CN=Lab Issuing CA");
	assert_read("good.crt", "other", "issuing.pem", "-ndays 2", 0, CERT_STATUS_UNKNOWN,
	            unknown);
	assert_read("good.crt", "other", "issuing.pem", "-ndays 2", 0, CERT_STATUS_UNKNOWN,
	            "the OCSP answer is about another one");
	assert_read("other.crt", "other", "issuing.pem", "-ndays 2", 0, CERT_STATUS_UNKNOWN,
	            "its OCSP responder does not know it");
	assert_read("good.crt", "good", "issuing.pem", "-ndays 2", 3 * DAY_S, CERT_STATUS_UNKNOWN,
	            "the OCSP answer is out of date");
	assert_read("good.crt", "good", "issuing.pem", "", 2 * DAY_S, CERT_STATUS_UNKNOWN,
	            "the OCSP answer is old");
	assert_read("good.crt", "good", "issuing.pem", "-ndays 2", -3600, CERT_STATUS_UNKNOWN,
	            "the OCSP answer is from the future");
	/* Whoever may not: a peer of the same CA, and another CA. */
	assert_read("good.crt", "good", "other.crt", "-ndays 2", 0, CERT_STATUS_UNKNOWN,
	            "nobody who may has signed the OCSP answer");
	assert_read("good.crt", "good", "evil/issuing.pem", "-rkey evil/issuing.key -ndays 2", 0,
	            CERT_STATUS_UNKNOWN, "nobody who may has signed the OCSP answer");
}

static void what_is_no_answer_is_none(void **state)
{
	static const unsigned char try_later[] = { 0x30, 0x03, 0x0a, 0x01, 0x03 };
	unsigned char der[8192];
	size_t len = answer("good", "issuing.pem", "-ndays 2", der, sizeof(der));
	X509 *leaf = certificate("good.crt"), *issuer = certificate("issuing.pem");
	struct ocsp_result r;

	UNUSED(state);
	for (size_t n = 0; n < len; n += 7) { /* cut off anywhere */
		ocsp_read(&r, leaf, issuer, der, n, clock_wall_s());
		assert_int_equal(r.status, CERT_STATUS_UNKNOWN);
	}
	for (size_t n = 0; n < len; n += 11) { /* an octet turned */
		der[n] ^= 0x55;
		ocsp_read(&r, leaf, issuer, der, len, clock_wall_s());
		assert_int_not_equal(r.status, CERT_STATUS_REVOKED);
		der[n] ^= 0x55;
	}
	ocsp_read(&r, leaf, issuer, try_later, sizeof(try_later), clock_wall_s());
	assert_has(r.why, "cannot be told: trylater");
	X509_free(leaf);
	X509_free(issuer);
}

/* ---- stapled ---- */

static struct {
	unsigned char der[8192];
	size_t len;
} stapled;

static int give_staple(SSL *ssl, void *arg)
{
	unsigned char *copy;

	UNUSED(arg);
	if (stapled.len == 0)
		return SSL_TLSEXT_ERR_NOACK;
	copy = OPENSSL_memdup(stapled.der, stapled.len);
	SSL_set_tlsext_status_ocsp_resp(ssl, copy, (long)stapled.len);
	return SSL_TLSEXT_ERR_OK;
}

/* We connect to who shows file with a staple about name (NULL: none) under policy. */
static void assert_stapled(struct peer_policy *policy, const char *file, const char *name,
                           enum peer_fault fault, const char *words)
{
	static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };

	stapled.len =
	    name ? answer(name, "issuing.pem", "-ndays 2", stapled.der, sizeof(stapled.der)) : 0;
	for (size_t i = 0; i < ARRAY_LEN(versions); i++) {
		struct tls_context *ctx = context(CERT_ROLE_SERVER, sbc, policy, 1);
		struct end us, peer;
		SSL *theirs = raw(true, file);
		char why[CERT_WHY_MAX] = "";

		SSL_CTX_set_tlsext_status_cb(SSL_get_SSL_CTX(theirs), give_staple);
		join(&us, session(ctx, "provider.lab"), &peer, theirs);
		SSL_set_max_proto_version(us.ssl, versions[i]);
		shake(&us, &peer);
		if (tls_verdict(us.ssl)->fault != fault)
			fail_msg("%s: %s %s", file, tls_verdict(us.ssl)->why, us.words);
		assert_int_equal(is_up(&us), fault == PEER_OK);
		if (fault == PEER_OK)
			assert_int_equal(tls_finish(us.ssl, NULL, NULL, why), TLS_READY);
		else
			assert_has(us.words, "we refused the peer's certificate: ");
		assert_has(us.words, words);
		assert_int_equal(tls_trunk(us.ssl) != NULL, fault == PEER_OK);
		part(&us, &peer);
		tls_context_free(&ctx);
	}
}

static void clo07_what_is_stapled_counts(void **state)
{
	struct peer_policy p = POLICY("acme", lab_root, provider);

	UNUSED(state);
	assert_stapled(&p, "good.pem", "good", PEER_OK, "");
	assert_stapled(&p, "good.pem", NULL, PEER_OK, "");
	assert_stapled(&p, "bad.pem", "bad", PEER_REVOKED, "was revoked on 20");
	assert_stapled(&p, "bad.pem", "good", PEER_NO_STATUS, "is about another one");
	assert_stapled(&p, "staple.pem", "staple", PEER_OK, "");
	assert_stapled(&p, "staple.pem", NULL, PEER_NO_STATUS, "(must-staple)");
	p.tolerated = 1U << PEER_NO_STATUS;
	lab_log_clear();
	assert_stapled(&p, "staple.pem", NULL, PEER_OK, "");
	assert_has(lab.log, "warn trunk=acme event=tolerated why=");
	assert_stapled(&p, "bad.pem", "bad", PEER_REVOKED, "was revoked on 20");
	p.tolerated = 0;
	p.ocsp = OCSP_OFF;
	assert_stapled(&p, "staple.pem", NULL, PEER_OK, "");
	assert_stapled(&p, "bad.pem", "bad", PEER_OK, "");
}

/* ---- asked for ---- */

static struct {
	struct loop *loop;
	struct ocsp *ocsp;
	unsigned answers;
	struct ocsp_result last;
} rig;

static void on_answer(void *arg, const struct ocsp_result *result)
{
	UNUSED(arg);
	rig.answers++;
	rig.last = *result;
	loop_stop(rig.loop);
}

static int begin(void **state)
{
	UNUSED(state);
	rig.answers = 0;
	assert_int_equal(loop_new(&rig.loop), OK);
	assert_int_equal(ocsp_open(&rig.ocsp, rig.loop), OK);
	return 0;
}

static int end(void **state)
{
	UNUSED(state);
	ocsp_close(&rig.ocsp);
	loop_free(&rig.loop);
	clock_real();
	return 0;
}

/* `openssl ocsp` answers so many questions; pclose it. */
static FILE *responder(unsigned questions)
{
	char command[512], line[256] = "";
	FILE *f;

	snprintf(
	    command, sizeof(command),
	    "cd %s && exec timeout 30 openssl ocsp -index index.txt -port %u -rsigner issuing.pem -rkey "
	    "issuing.key -CA issuing.pem -nrequest %u -ndays 2 2>&1",
	    lab.dir, port, questions);
	f = popen(command, "r");
	assert_non_null(f);
	while (!strstr(line, "aiting for OCSP") && fgets(line, sizeof(line), f))
		;
	assert_has(line, "aiting for OCSP");
	return f;
}

/* Asks and waits. at_once: the answer is to be known without. */
static void assert_asked(const char *file, bool at_once, enum cert_status status, const char *words)
{
	X509 *leaf = certificate(file), *issuer = certificate("issuing.pem");
	struct ocsp_waiter w = { .fn = on_answer };
	bool known = ocsp_ask(rig.ocsp, leaf, issuer, &rig.last, &w);

	assert_int_equal(known, at_once);
	if (!known)
		loop_run(rig.loop);
	assert_null(w.job);
	if (rig.last.status != status)
		fail_msg("%s: %s", file, rig.last.why);
	assert_has(rig.last.why, words);
	X509_free(leaf);
	X509_free(issuer);
}

static void clo07_a_responder_is_asked_once(void **state)
{
	FILE *f = responder(2);

	UNUSED(state);
	assert_asked("good.pem", false, CERT_STATUS_GOOD, "");
	assert_asked("bad.pem", false, CERT_STATUS_REVOKED, "was revoked on 20");
	pclose(f);
	/* It is gone, what it said is not. */
	assert_asked("good.pem", true, CERT_STATUS_GOOD, "");
	assert_asked("bad.pem", true, CERT_STATUS_REVOKED, "was revoked on 20");
	assert_int_equal(rig.answers, 2);
	clock_fake(1000, clock_wall_s() + 2 * DAY_S);
	assert_asked("good.pem", false, CERT_STATUS_UNKNOWN, "does not answer");
	/* That nobody answers is kept for a moment, too. */
	assert_asked("good.pem", true, CERT_STATUS_UNKNOWN,
	             "its OCSP responder 127.0.0.1 does not answer");
	assert_asked("silent.pem", true, CERT_STATUS_UNKNOWN, "it names no OCSP responder");
	assert_asked("secret.pem", true, CERT_STATUS_UNKNOWN, "wants HTTPS");
}

static void who_leaves_is_not_told(void **state)
{
	X509 *leaf = certificate("good.pem"), *issuer = certificate("issuing.pem");
	struct ocsp_waiter stays = { .fn = on_answer }, leaves = { .fn = on_answer };
	FILE *f = responder(1);

	UNUSED(state);
	assert_false(ocsp_ask(rig.ocsp, leaf, issuer, &rig.last, &leaves));
	assert_false(
	    ocsp_ask(rig.ocsp, leaf, issuer, &rig.last, &stays)); /* one question for both */
	ocsp_forget(&leaves);
	ocsp_forget(&leaves);
	loop_run(rig.loop);
	assert_int_equal(rig.answers, 1);
	assert_int_equal(rig.last.status, CERT_STATUS_GOOD);
	pclose(f);
	X509_free(leaf);
	X509_free(issuer);
}

/* The end comes while a responder takes its time. */
static void nobody_waits_for_the_end(void **state)
{
	X509 *leaf = certificate("good.pem"), *issuer = certificate("issuing.pem");
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	struct ocsp_waiter w = { .fn = on_answer };
	int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;

	UNUSED(state);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_false(ocsp_ask(rig.ocsp, leaf, issuer, &rig.last, &w));
	ocsp_forget(&w);
	ocsp_close(&rig.ocsp);
	close(fd);
	X509_free(leaf);
	X509_free(issuer);
}

/* ---- a handshake that asks ---- */

static void go_on(void *arg)
{
	bool *called = arg;

	*called = true;
	loop_stop(rig.loop);
}

static void assert_finish(struct peer_policy *policy, enum cert_role peer_role, const char *file,
                          bool waits, enum tls_ready ready, const char *words)
{
	struct tls_context *ctx = context(peer_role, sbc, policy, 1);
	char why[CERT_WHY_MAX] = "";
	bool called = false;
	struct end us, peer;

	join(&us, session(ctx, NULL), &peer, raw(peer_role == CERT_ROLE_SERVER, file));
	shake(&us, &peer);
	assert_true(is_up(&us));
	if (waits) {
		assert_int_equal(tls_finish(us.ssl, go_on, &called, why), TLS_WAITS);
		assert_int_equal(tls_finish(us.ssl, go_on, &called, why), TLS_WAITS);
		loop_run(rig.loop);
		assert_true(called);
	}
	assert_int_equal(tls_finish(us.ssl, go_on, &called, why), ready);
	assert_has(why, words);
	if (ready == TLS_REFUSED)
		assert_null(tls_trunk(us.ssl));
	else
		assert_string_equal(tls_trunk(us.ssl), "acme");
	part(&us, &peer);
	tls_context_free(&ctx);
}

static void clo07_a_handshake_waits_for_the_responder(void **state)
{
	struct peer_policy p = POLICY("acme", lab_root, provider);
	FILE *f = responder(2);

	UNUSED(state);
	p.ocsp = OCSP_ASK;
	p.asks = rig.ocsp;
	assert_finish(&p, CERT_ROLE_SERVER, "good.pem", true, TLS_READY, "");
	assert_finish(&p, CERT_ROLE_CLIENT, "good.pem", false, TLS_READY, "");
	assert_finish(
	    &p, CERT_ROLE_CLIENT, "bad.pem", true, TLS_REFUSED,
	    "we refused the peer's certificate: the certificate of CN=provider.lab was revoked on ");
	assert_finish(&p, CERT_ROLE_SERVER, "bad.pem", false, TLS_REFUSED, "was revoked on ");
	pclose(f);
	assert_finish(&p, CERT_ROLE_SERVER, "silent.pem", false, TLS_REFUSED,
	              "names no OCSP responder");
	p.tolerated = 1U << PEER_NO_STATUS;
	assert_finish(&p, CERT_ROLE_SERVER, "silent.pem", false, TLS_READY, "");
	assert_finish(&p, CERT_ROLE_SERVER, "bad.pem", false, TLS_REFUSED, "was revoked on ");
	p.tolerated = 0;
	p.asks = NULL;
	assert_finish(&p, CERT_ROLE_SERVER, "good.pem", false, TLS_REFUSED, "nobody here can ask");
}

static void a_connection_that_closes_waits_no_longer(void **state)
{
	struct peer_policy p = POLICY("acme", lab_root, provider);
	struct tls_context *ctx;
	char why[CERT_WHY_MAX];
	bool called = false;
	struct end us, peer;

	UNUSED(state);
	p.ocsp = OCSP_ASK;
	p.asks = rig.ocsp;
	ctx = context(CERT_ROLE_SERVER, sbc, &p, 1);
	join(&us, session(ctx, NULL), &peer, raw(true, "good.pem"));
	shake(&us, &peer);
	assert_int_equal(tls_finish(us.ssl, go_on, &called, why), TLS_WAITS);
	part(&us, &peer);
	tls_context_free(&ctx);
	assert_false(called);
}

static void open_with_failing_memory(void *arg)
{
	X509 *leaf = certificate("good.pem"), *issuer = certificate("issuing.pem");
	struct ocsp_waiter w = { .fn = on_answer };
	struct ocsp *o = NULL;

	UNUSED(arg);
	if (ocsp_open(&o, rig.loop)) {
		assert_null(o);
	} else {
		if (ocsp_ask(o, leaf, issuer, &rig.last, &w))
			assert_int_equal(rig.last.status, CERT_STATUS_UNKNOWN);
		ocsp_forget(&w);
		ocsp_close(&o);
	}
	X509_free(leaf);
	X509_free(issuer);
}

static void every_allocation_may_fail(void **state)
{
	UNUSED(state);
	assert_true(each_allocation_fails(open_with_failing_memory, NULL) > 3);
}

#define ASK(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(clo07_an_answer_is_read),
		                            cmocka_unit_test(what_is_no_answer_is_none),
		                            cmocka_unit_test(clo07_what_is_stapled_counts),
		                            ASK(clo07_a_responder_is_asked_once),
		                            ASK(who_leaves_is_not_told),
		                            ASK(nobody_waits_for_the_end),
		                            ASK(clo07_a_handshake_waits_for_the_responder),
		                            ASK(a_connection_that_closes_waits_no_longer),
		                            ASK(every_allocation_may_fail) };

	return cmocka_run_group_tests(tests, setup, pair_close);
}
