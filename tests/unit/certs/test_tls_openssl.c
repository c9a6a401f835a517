/* Handshakes with the openssl command, a peer that we did not write. */
#include "tests/unit/certs/tls_pair.h"

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

/* `openssl s_client` comes to ctx; begins: what it says of its session, "New" or "Reused". */
static void s_client_comes(struct tls_context *ctx, const char *options, const char *begins)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		                       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int listener = tcp_socket(&address, true), fd;
	char command[512], text[32768], why[CERT_WHY_MAX] = "", wanted[64];
	SSL *ssl;
	FILE *f;

	snprintf(
	    command, sizeof(command),
	    "cd %s && exec timeout 20 openssl s_client -connect 127.0.0.1:%u -CAfile root.pem -tls1_2 %s "
	    "</dev/null 2>&1",
	    lab.dir, ntohs(address.sin_port), options);
	f = popen(command, "r");
	assert_non_null(f);
	fd = accept(listener, NULL, NULL);
	assert_true(finish(ctx, fd, why, &ssl));
	assert_int_equal(tls_finish(ssl, NULL, NULL, why), TLS_READY);
	assert_int_equal(SSL_session_reused(ssl), strcmp(begins, "Reused") == 0);
	assert_string_equal(tls_trunk(ssl), "acme");
	SSL_shutdown(ssl);
	SSL_free(ssl);
	close(fd);
	close(listener);
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	pclose(f);
	snprintf(wanted, sizeof(wanted), "%s, TLSv1.2", begins);
	assert_has(text, wanted);
}

static void openssl_s_client_resumes(void **state)
{
	const char *first =
	    "-cert good.pem -key good.pem -cert_chain issuing.pem -sess_out session.pem";
	const char *second =
	    "-cert good.pem -key good.pem -cert_chain issuing.pem -sess_in session.pem";
	const struct peer_policy policy = POLICY("acme", lab_root, provider);
	struct tls_context *ctx = context(CERT_ROLE_CLIENT, sbc, &policy, 1);
	struct tls_context *another = context(CERT_ROLE_CLIENT, sbc, &policy, 1);

	UNUSED(state);
	s_client_comes(ctx, first, "New");
	s_client_comes(ctx, second, "Reused");
	s_client_comes(ctx, "-sess_in session.pem", "Reused"); /* it was proved before */
	s_client_comes(another, second, "New");
	tls_context_free(&ctx);
	tls_context_free(&another);
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
		cmocka_unit_test(wbx07_wbx15_openssl_s_client),
		cmocka_unit_test(openssl_s_client_resumes),
		cmocka_unit_test(wbx15_openssl_s_server),
	};

	return cmocka_run_group_tests(tests, pair_open, pair_close);
}
