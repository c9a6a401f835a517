/* Resumption: for whom a handshake is shorter the second time, and for whom it never is. */
#include "tests/unit/certs/tls_pair.h"

#define MINUTE_MS UINT64_C(60000)

static struct identity *good, *other;
static struct tls_context *server, *client;
static struct peer_policy to_client[2];
static const char *const other_names[] = { "other.lab" };

static struct tls_context *listener(void)
{
	const struct tls_context_cfg cfg = { .peer_role = CERT_ROLE_CLIENT,
		                             .identity = sbc,
		                             .policies = to_client,
		                             .npolicies = 2,
		                             .certificate_optional = true };
	struct tls_context *ctx = NULL;

	assert_int_equal(tls_context_new(&ctx, &cfg, lab.why), OK);
	return ctx;
}

static int begin(void **state)
{
	const struct peer_policy to_server = POLICY("out", lab_root, sbc_names);

	UNUSED(state);
	clock_fake(1000, clock_wall_s());
	to_client[0] = (struct peer_policy)POLICY("other", lab_root, other_names);
	to_client[1] = (struct peer_policy)POLICY("acme", lab_root, provider);
	good = lab_identity("good.pem");
	other = lab_identity("other.pem");
	server = listener();
	client = context(CERT_ROLE_SERVER, good, &to_server, 1);
	return 0;
}

static int end(void **state)
{
	UNUSED(state);
	tls_context_free(&server);
	tls_context_free(&client);
	identity_free(&good);
	identity_free(&other);
	clock_real();
	return 0;
}

/* A connection of c to s; resumed: whether it goes the short way. In the end all is as if it had
 * gone the long one. */
static void assert_meets(struct tls_context *s, struct tls_context *c, int version, bool resumed,
                         const char *trunk)
{
	struct end in, out;
	char why[CERT_WHY_MAX] = "";

	join(&in, session(s, NULL), &out, session(c, "sbc.lab"));
	SSL_set_max_proto_version(in.ssl, version);
	while (!in.is_done || !out.is_done) {
		out.is_done = SSL_do_handshake(out.ssl) == 1;
		in.is_done = SSL_do_handshake(in.ssl) == 1;
		ERR_clear_error();
	}
	assert_int_equal(tls_finish(in.ssl, NULL, NULL, why), TLS_READY);
	assert_int_equal(tls_finish(out.ssl, NULL, NULL, why), TLS_READY);
	shake(&in, &out); /* tickets come behind */
	assert_true(is_up(&in) && is_up(&out));
	if (SSL_session_reused(in.ssl) != resumed || SSL_session_reused(out.ssl) != resumed)
		fail_msg("%s: in %d out %d, wanted %d", SSL_get_version(in.ssl),
		         SSL_session_reused(in.ssl), SSL_session_reused(out.ssl), resumed);
	assert_string_equal(tls_trunk(in.ssl), trunk);
	assert_string_equal(tls_trunk(out.ssl), "out");
	assert_string_equal(tls_verdict(in.ssl)->name,
	                    strcmp(trunk, "acme") == 0 ? "provider.lab" : "other.lab");
	assert_string_equal(tls_verdict(out.ssl)->name, "sbc.lab");
	assert_int_equal(tls_verdict(in.ssl)->fault, PEER_OK);
	part(&in, &out);
}

static void the_second_time_is_shorter(void **state)
{
	UNUSED(state);
	for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
		assert_meets(server, client, version, false, "acme");
		assert_meets(server, client, version, true, "acme");
		assert_meets(server, client, version, true, "acme");
		end(NULL);
		begin(NULL);
	}
}

static void only_in_the_same_context(void **state)
{
	const struct peer_policy to_server = POLICY("out", lab_root, sbc_names);
	struct tls_context *twin = listener();
	struct tls_context *stranger = context(CERT_ROLE_SERVER, other, &to_server, 1);

	UNUSED(state);
	assert_meets(server, client, TLS1_3_VERSION, false, "acme");
	assert_meets(twin, client, TLS1_3_VERSION, false, "acme");
	/* Another trunk of ours has nothing of this one's. */
	assert_meets(server, stranger, TLS1_3_VERSION, false, "other");
	assert_meets(server, stranger, TLS1_3_VERSION, true, "other");
	/* New files end what was proved under the old. */
	assert_meets(server, client, TLS1_3_VERSION, false, "acme");
	tls_context_swap(server, twin);
	assert_meets(server, client, TLS1_3_VERSION, false, "acme");
	assert_meets(server, client, TLS1_3_VERSION, true, "acme");
	tls_context_free(&twin);
	tls_context_free(&stranger);
}

static void a_proof_lasts_an_hour(void **state)
{
	UNUSED(state);
	assert_meets(server, client, TLS1_3_VERSION, false, "acme");
	for (unsigned i = 0; i < 3; i++) {
		clock_fake_advance(15 * MINUTE_MS);
		assert_meets(server, client, TLS1_3_VERSION, true, "acme");
	}
	clock_fake_advance(16 * MINUTE_MS);
	assert_meets(server, client, TLS1_3_VERSION, false, "acme");
	/* The key has turned meanwhile; the one before still opens what it closed. */
	assert_meets(server, client, TLS1_3_VERSION, true, "acme");
	clock_fake_advance(50 * MINUTE_MS);
	assert_meets(server, client, TLS1_3_VERSION, true, "acme");
	clock_fake_advance(9 * MINUTE_MS);
	assert_meets(server, client, TLS1_3_VERSION, true, "acme");
	clock_fake_advance(300 * MINUTE_MS);
	assert_meets(server, client, TLS1_3_VERSION, false, "acme");
}

/* A certificate that runs out takes its proof with it. */
static void a_proof_ends_with_the_certificate(void **state)
{
	int64_t end_s = identity_not_after_s(good);

	UNUSED(state);
	clock_fake(1000, end_s - 60);
	assert_meets(server, client, TLS1_3_VERSION, false, "acme");
	assert_meets(server, client, TLS1_3_VERSION, true, "acme");
	clock_fake_advance(2 * MINUTE_MS);
	for (unsigned i = 0; i < 2; i++) {
		struct end in, out;

		join(&in, session(server, NULL), &out, session(client, "sbc.lab"));
		shake(&in, &out);
		assert_false(SSL_session_reused(in.ssl));
		assert_false(is_up(&in));
		part(&in, &out);
	}
}

/* Raw OpenSSL with what it was given the first time; file: what it shows then, and later nothing.
 */
static void second_of_raw(const char *file, int version, bool resumed, const char *trunk)
{
	SSL_SESSION *kept = NULL;

	for (unsigned i = 0; i < 2; i++) {
		SSL *theirs = raw(false, i == 0 ? file : NULL);
		char why[CERT_WHY_MAX] = "";
		struct end in, out;

		SSL_set_max_proto_version(theirs, version);
		if (kept)
			assert_int_equal(SSL_set_session(theirs, kept), 1);
		SSL_SESSION_free(kept);
		join(&in, session(server, NULL), &out, theirs);
		shake(&in, &out);
		assert_true(is_up(&in));
		assert_int_equal(tls_finish(in.ssl, NULL, NULL, why), TLS_READY);
		if (i == 1) {
			assert_int_equal(SSL_session_reused(in.ssl), resumed);
			if (trunk)
				assert_string_equal(tls_trunk(in.ssl), trunk);
			else
				assert_null(tls_trunk(in.ssl));
		}
		kept = SSL_get1_session(theirs);
		/* Else OpenSSL takes a session whose end did not say goodbye for spoilt. */
		SSL_set_shutdown(theirs, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
		part(&in, &out);
	}
	SSL_SESSION_free(kept);
}

static void who_proved_nothing_resumes_nothing(void **state)
{
	UNUSED(state);
	second_of_raw("good.pem", TLS1_3_VERSION, true, "acme");
	second_of_raw("good.pem", TLS1_2_VERSION, true, "acme");
	second_of_raw(NULL, TLS1_3_VERSION, false, NULL);
	second_of_raw(NULL, TLS1_2_VERSION, false, NULL);
	/* Whom we ask about each time, we ask about each time. */
	to_client[1].ocsp = OCSP_ASK;
	to_client[1].tolerated = 1U << PEER_NO_STATUS;
	tls_context_free(&server);
	server = listener();
	second_of_raw("good.pem", TLS1_3_VERSION, false, NULL);
}

/* A ticket goes in clear, so anybody has one. With a cipher that it is not for the handshake is
 * whole, and the certificate that is shown then is asked about as if there had been no ticket. */
static void a_ticket_vouches_for_no_certificate(void **state)
{
	SSL_SESSION *kept = NULL;

	UNUSED(state);
	to_client[1].ocsp = OCSP_ASK; /* whom nobody here can ask */
	tls_context_free(&server);
	server = listener();
	for (unsigned i = 0; i < 2; i++) {
		SSL *theirs = raw(false, i == 0 ? "other.pem" : "good.pem");
		char why[CERT_WHY_MAX] = "";
		struct end in, out;

		SSL_set_ciphersuites(theirs,
		                     i == 0 ? "TLS_AES_256_GCM_SHA384" : "TLS_AES_128_GCM_SHA256");
		if (kept)
			assert_int_equal(SSL_set_session(theirs, kept), 1);
		SSL_SESSION_free(kept);
		join(&in, session(server, NULL), &out, theirs);
		shake(&in, &out);
		assert_true(is_up(&in));
		assert_false(SSL_session_reused(in.ssl));
		assert_int_equal(tls_finish(in.ssl, NULL, NULL, why),
		                 i == 0 ? TLS_READY : TLS_REFUSED);
		kept = SSL_get1_session(theirs);
		SSL_set_shutdown(theirs, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
		part(&in, &out);
	}
	SSL_SESSION_free(kept);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(the_second_time_is_shorter),
		                            TEST(only_in_the_same_context),
		                            TEST(a_proof_lasts_an_hour),
		                            TEST(a_proof_ends_with_the_certificate),
		                            TEST(who_proved_nothing_resumes_nothing),
		                            TEST(a_ticket_vouches_for_no_certificate) };

	return cmocka_run_group_tests(tests, pair_open, pair_close);
}
