/* The words for a handshake that fails: versions, ciphers, alerts, and peers without TLS. */
#include "tests/unit/certs/tls_pair.h"

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
	assert_int_equal(us.fault, version == TLS1_1_VERSION ? PEER_OLD_VERSION : PEER_OK);
	assert_has(us.words, ours);
	part(&us, &peer);
	tls_context_free(&ctx);
}

static void wbx11_tls11_is_refused(void **state)
{
	const char *words = "no TLS version in common: we speak 1.2 and 1.3";

	UNUSED(state);
	against_raw(CERT_ROLE_CLIENT, TLS1_1_VERSION, "ALL:@SECLEVEL=0", words);
	against_raw(CERT_ROLE_SERVER, TLS1_1_VERSION, "ALL:@SECLEVEL=0",
	            "(alert protocol_version from the peer); we speak 1.2 and 1.3");
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

/* The line of each call whose peer just ends must not look for the fault in the handshake. */
static void a_peer_that_closes_when_up_is_named(void **state)
{
	const struct peer_policy policy = POLICY("acme", lab_root, provider);
	struct tls_context *ctx = context(CERT_ROLE_CLIENT, sbc, &policy, 1);
	struct end us, peer;
	char why[CERT_WHY_MAX], data[16];

	UNUSED(state);
	join(&us, session(ctx, NULL), &peer, raw(false, "good.pem"));
	shake(&us, &peer);
	assert_true(is_up(&us));
	shutdown(peer.fd, SHUT_WR);
	us.result = SSL_read(us.ssl, data, sizeof(data));
	tls_explain(us.ssl, us.result, why);
	assert_string_equal(why, "the peer closed the connection, without a reason");
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
		if (alert == SSL_AD_UNKNOWN_CA)
			assert_has(us.words,
			           "(alert unknown_ca from the peer); ours is CN=sbc.lab for "
			           "\"sbc.lab\", issued by CN=Lab Issuing CA, good until 20");
		if (alert == SSL_AD_UNSUPPORTED_CERTIFICATE)
			assert_has(us.words, ", as server and client");
		if (alert == SSL_AD_INTERNAL_ERROR)
			assert_has_not(us.words, "ours is");
		if (alert == SSL_AD_ACCESS_DENIED)
			assert_has(us.words,
			           "does not let its owner in (alert access_denied from the peer)");
		part(&us, &peer);
	}
	tls_context_free(&ctx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wbx11_tls11_is_refused),
		cmocka_unit_test(ciphers_without_forward_secrecy_are_refused),
		cmocka_unit_test(a_peer_without_tls_is_named),
		cmocka_unit_test(a_peer_that_closes_is_named),
		cmocka_unit_test(a_peer_that_cuts_or_is_silent_is_named),
		cmocka_unit_test(a_peer_that_closes_when_up_is_named),
		cmocka_unit_test(every_alert_has_words),
	};

	return cmocka_run_group_tests(tests, pair_open, pair_close);
}
