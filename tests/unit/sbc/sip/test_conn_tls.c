/* sbc/sip/conn_tls.c: TLS streams over the loopback, with ourselves and with the openssl command.
 */
#include "certs/ocsp_ask.h"
#include "tests/unit/certs/lab.h"
#include "tests/unit/sbc/sip/conn_rig.h"

#include <signal.h>

#define MESSAGE "OPTIONS sip:b SIP/2.0\r\nContent-Length: 4\r\n\r\nbody"

static struct {
	struct trust *root;
	struct identity *sbc, *provider;
	struct tls_context *server, *client; /* each demands the other's name */
} tls;

static const char *const sbc_names[] = { "sbc.lab" }, *const provider_names[] = { "provider.lab" };

static struct tls_context *context(enum cert_role peer_role, const struct identity *id,
                                   const char *trunk, const char *const *names)
{
	const struct peer_policy policy = {
		.trunk = trunk, .trust = tls.root, .names = names, .nnames = 1
	};
	const struct tls_context_cfg cfg = {
		.peer_role = peer_role, .identity = id, .policies = &policy, .npolicies = 1
	};
	struct tls_context *ctx = NULL;

	if (tls_context_new(&ctx, &cfg, lab.why) != OK)
		fail_msg("%s", lab.why);
	return ctx;
}

static int begin_all(void **state)
{
	UNUSED(state);
	signal(SIGPIPE, SIG_IGN);
	if (lab_open() ||
	    lab_shell("$LAB . sbc --cn sbc.lab && $LAB . provider --cn provider.lab &&"
	              "$LAB . stranger --cn stranger.lab &&"
	              "$LAB . asked --cn provider.lab --ocsp http://127.0.0.1:1/"))
		return -1;
	tls.root = lab_trust("root.pem");
	tls.sbc = lab_identity("sbc.pem");
	tls.provider = lab_identity("provider.pem");
	tls.server = context(CERT_ROLE_CLIENT, tls.sbc, "acme", provider_names);
	tls.client = context(CERT_ROLE_SERVER, tls.provider, "us", sbc_names);
	return 0;
}

static int end_all(void **state)
{
	UNUSED(state);
	tls_context_free(&tls.server);
	tls_context_free(&tls.client);
	identity_free(&tls.sbc);
	identity_free(&tls.provider);
	trust_free(&tls.root);
	lab_close();
	return 0;
}

static int begin(void **state)
{
	if (rig_begin(state))
		return -1;
	rig_listen(tls.server);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, begin, rig_end)

static enum err connect_to(const struct addr *to, struct tls_context *ctx, unsigned timeout_ms)
{
	const struct conn_connect_cfg cfg = { .loop = rig.loop,
		                              .peer = *to,
		                              .tls = ctx,
		                              .sni = "sbc.lab",
		                              .timeout_ms = timeout_ms,
		                              .handler = &rig_handler,
		                              .realm = rig.realm };

	return conn_connect(&rig.out, &cfg);
}

static void test_both_ways(void **state)
{
	UNUSED(state);
	assert_int_equal(connect_to(&rig.listener->local, tls.client, RIG_WAIT_MS), OK);
	assert_int_equal(conn_send(rig.out, NULL, MESSAGE, strlen(MESSAGE)), ERR_CLOSED);
	rig_until(&rig.opened, 2);
	assert_int_equal(rig.in->transport, TRANSPORT_TLS);
	assert_string_equal(rig.in->trunk, "acme");
	assert_string_equal(rig.in->verified_name, "provider.lab");
	assert_string_equal(rig.out->trunk, "us");
	assert_string_equal(rig.out->verified_name, "sbc.lab");
	assert_string_equal(rig.out->tls_version, "TLSv1.3");
	assert_int_equal(conn_send(rig.out, NULL, MESSAGE, strlen(MESSAGE)), OK);
	rig_until(&rig.messages, 1);
	assert_string_equal(rig.got, MESSAGE);
	assert_int_equal(conn_send(rig.in, NULL, MESSAGE MESSAGE, 2 * strlen(MESSAGE)), OK);
	rig_until(&rig.messages, 3);
	assert_string_equal(rig.got, MESSAGE);
	conn_close(rig.out, OK, "the test says so");
	rig_until(&rig.closed, 2);
	assert_int_equal(rig.err, ERR_CLOSED);
	assert_string_equal(rig.why, "the peer closed the connection");
}

/* Many records, and messages that end within one. */
static void test_long_messages(void **state)
{
	static char text[60000];
	int head =
	    snprintf(text, sizeof(text), "OPTIONS sip:b SIP/2.0\r\nContent-Length: 50000\r\n\r\n");

	UNUSED(state);
	memset(text + head, 'b', 50000);
	assert_int_equal(connect_to(&rig.listener->local, tls.client, RIG_WAIT_MS), OK);
	rig_until(&rig.opened, 2);
	for (unsigned i = 1; i <= 5; i++) {
		assert_int_equal(conn_send(rig.out, NULL, text, (size_t)head + 50000), OK);
		rig_until(&rig.messages, i);
		assert_int_equal(rig.got_len, head + 50000);
		assert_memory_equal(rig.got, text, rig.got_len);
	}
}

static void test_back_pressure(void **state)
{
	static char lots[60000];
	enum err err = OK;
	size_t sent = 0;

	UNUSED(state);
	assert_int_equal(connect_to(&rig.listener->local, tls.client, RIG_WAIT_MS), OK);
	rig_until(&rig.opened, 2);
	while (!err && sent < 1000 * sizeof(lots)) { /* the loop stands: nobody reads */
		err = conn_send(rig.in, NULL, lots, sizeof(lots));
		sent += sizeof(lots);
	}
	assert_int_equal(err, ERR_LIMIT);
	assert_int_equal(rig.in->state, CONN_CLOSED);
	assert_non_null(strstr(rig.why, "does not read"));
}

/* `openssl s_client` with that certificate says what is in file in; what it says goes to out. */
static FILE *s_client(const char *more, const char *in)
{
	char line[1024];
	FILE *f;

	/* Its end of input is not the connection's: it stays for the answer. */
	snprintf(
	    line, sizeof(line),
	    "cd %s && openssl s_client -connect 127.0.0.1:%u -servername sbc.lab -CAfile root.pem "
	    "-verify_return_error -quiet %s <%s 2>>shell.log",
	    lab.dir, addr_port(&rig.listener->local), more, in);
	f = popen(line, "r");
	assert_non_null(f);
	return f;
}

static void test_openssl(void **state)
{
	static const char *const versions[] = { "-tls1_2", "-tls1_3" };
	char more[128], line[256];

	UNUSED(state);
	lab_write("said", "\r\n\r\n" MESSAGE);
	for (unsigned i = 0; i < 2; i++) {
		FILE *f;

		snprintf(more, sizeof(more),
		         "%s -cert provider.pem -key provider.pem -cert_chain provider.pem",
		         versions[i]);
		f = s_client(more, "said");
		rig_until(&rig.messages, i + 1);
		assert_string_equal(rig.got, MESSAGE);
		assert_string_equal(rig.in->trunk, "acme");
		assert_string_equal(rig.in->tls_version, i ? "TLSv1.3" : "TLSv1.2");
		assert_int_equal(conn_send(rig.in, NULL, "heard\r\n", 7), OK);
		assert_non_null(fgets(line, sizeof(line), f));
		assert_string_equal(line, "\r\n"); /* the ping's answer */
		assert_non_null(fgets(line, sizeof(line), f));
		assert_string_equal(line, "heard\r\n");
		conn_close(rig.in, OK, "the test says so");
		assert_int_equal(pclose(f), 0); /* we said goodbye */
	}
}

static void test_refused_certificates(void **state)
{
	static const struct {
		const char *more, *why;
	} cases[] = { { "", "certificate" },
		      { "-cert stranger.pem -key stranger.pem -cert_chain stranger.pem",
		        "stranger.lab" },
		      { "-cert provider.pem -key provider.pem -tls1_1 -cipher DEFAULT@SECLEVEL=0",
		        "version" } };

	UNUSED(state);
	lab_write("said", MESSAGE);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		FILE *f = s_client(cases[i].more, "said");

		rig_until(&rig.closed, (unsigned)i + 1);
		assert_int_equal(rig.err, ERR_TLS);
		assert_has(rig.why, cases[i].why);
		pclose(f);
	}
	assert_int_equal(rig.messages, 0);
	assert_int_equal(rig.opened, 0);
}

/* The one that we connect to is not who we asked for. */
static void test_wrong_server(void **state)
{
	struct tls_context *wants = context(CERT_ROLE_SERVER, tls.provider, "x", provider_names);

	UNUSED(state);
	assert_int_equal(connect_to(&rig.listener->local, wants, RIG_WAIT_MS), OK);
	rig_until(&rig.closed, 2);
	assert_int_equal(rig.out->state, CONN_CLOSED);
	assert_null(rig.out->trunk);
	assert_int_equal(rig.err, ERR_TLS);
	conn_unref(&rig.out);
	conn_unref(&rig.in);
	tls_context_free(&wants);
}

/* The client's responder is asked before its first message is read: that it does not answer closes
 * the connection, or is tolerated; then what came meanwhile is there. */
static void client_is_asked_about(unsigned tolerated)
{
	struct ocsp *asks = NULL;
	struct peer_policy policy = { .trunk = "acme",
		                      .trust = tls.root,
		                      .names = provider_names,
		                      .nnames = 1,
		                      .ocsp = OCSP_ASK,
		                      .tolerated = tolerated };
	const struct tls_context_cfg cfg = { .peer_role = CERT_ROLE_CLIENT,
		                             .identity = tls.sbc,
		                             .policies = &policy,
		                             .npolicies = 1 };
	struct tls_context *server = NULL, *client;
	struct identity *asked = lab_identity("asked.pem");

	assert_int_equal(ocsp_open(&asks, rig.loop), OK);
	policy.asks = asks;
	assert_int_equal(tls_context_new(&server, &cfg, lab.why), OK);
	client = context(CERT_ROLE_SERVER, asked, "us", sbc_names);
	conn_unref(&rig.listener);
	rig_listen(server);
	assert_int_equal(connect_to(&rig.listener->local, client, RIG_WAIT_MS), OK);
	rig_until(&rig.opened, 1);
	assert_int_equal(rig.out->state, CONN_OPEN);
	assert_int_equal(conn_send(rig.out, NULL, MESSAGE, strlen(MESSAGE)), OK);
	if (tolerated) {
		rig_until(&rig.messages, 1);
		assert_string_equal(rig.in->trunk, "acme");
		assert_string_equal(rig.got, MESSAGE);
	} else {
		rig_until(&rig.closed, 1);
		assert_int_equal(rig.in->state, CONN_CLOSED);
		assert_null(rig.in->trunk);
		assert_int_equal(rig.messages, 0);
		assert_int_equal(rig.opened, 1); /* the client alone */
	}
	conn_close(rig.out, OK, "the test says so");
	rig_until(&rig.closed, 2);
	conn_unref(&rig.out);
	conn_unref(&rig.in);
	conn_unref(&rig.listener);
	ocsp_close(&asks);
	tls_context_free(&server);
	tls_context_free(&client);
	identity_free(&asked);
}

static void test_asks_before_the_first_message(void **state)
{
	UNUSED(state);
	client_is_asked_about(0);
}

static void test_goes_on_when_that_is_tolerated(void **state)
{
	UNUSED(state);
	client_is_asked_about(1U << PEER_NO_STATUS);
}

/* A peer that goes away, talks something else, or says nothing, before TLS stands. */
static void test_broken_handshakes(void **state)
{
	static const struct {
		const char *says;
		bool stays;
		enum err err;
	} cases[] = { { "", false, ERR_TLS },
		      { "\x16\x03\x01", false, ERR_TLS },
		      { MESSAGE, true, ERR_TLS },
		      { "", true, ERR_TIMEOUT },
		      { "\x16\x03\x01", true, ERR_TIMEOUT } };

	UNUSED(state);
	rig.realm_cfg.handshake_timeout_ms = 300;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int fd = rig_connect(&rig.listener->local);

		if (*cases[i].says)
			rig_write(fd, cases[i].says, strlen(cases[i].says));
		if (!cases[i].stays)
			shutdown(fd, SHUT_WR);
		rig_until(&rig.closed, (unsigned)i + 1);
		if (rig.err != cases[i].err)
			fail_msg("case %zu: %d, %s", i, (int)rig.err, rig.why);
		assert_true(rig.why[0]);
		close(fd);
	}
	assert_has(rig.why, "end of the TLS handshake in time");
	assert_int_equal(rig.opened, 0);
	assert_int_equal(rig.messages, 0);
}

/* We connect, and the peer closes within the handshake, or never begins it. */
static void test_silent_server(void **state)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), theirs;
	struct addr at = rig_addr("127.0.0.1");
	socklen_t len = sizeof(at);

	UNUSED(state);
	assert_int_equal(bind(fd, &at.sa, addr_len(&at)), 0);
	assert_int_equal(getsockname(fd, &at.sa, &len), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(connect_to(&at, tls.client, RIG_WAIT_MS), OK);
	theirs = accept(fd, NULL, NULL);
	shutdown(theirs, SHUT_WR);
	rig_until(&rig.closed, 1);
	assert_int_equal(rig.err, ERR_TLS);
	assert_true(rig.why[0]);
	conn_unref(&rig.out);
	close(theirs);
	assert_int_equal(connect_to(&at, tls.client, 100), OK);
	rig_until(&rig.closed, 2);
	assert_int_equal(rig.err, ERR_TIMEOUT);
	assert_has(rig.why, "end of the TLS handshake in time");
	assert_int_equal(rig.opened, 0);
	close(fd);
}

static void starved(void *arg)
{
	unsigned closed = rig.closed, opened = rig.opened;

	UNUSED(arg);
	if (connect_to(&rig.listener->local, tls.client, RIG_WAIT_MS)) {
		assert_true(mem_has_failed());
		return;
	}
	while (rig.opened < opened + 2 && rig.closed == closed && !mem_has_failed())
		rig_until(&rig.realm_cfg.keepalive_ms, 0); /* one turn */
	assert_true(rig.opened == opened + 2 || mem_has_failed());
	conn_unref(&rig.out);
	conn_unref(&rig.in);
	rig_until(&rig.realm_cfg.keepalive_ms, 0);
}

static void test_no_memory(void **state)
{
	UNUSED(state);
	assert_true(each_allocation_fails(starved, NULL) >= 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(both_ways),
		TEST(long_messages),
		TEST(back_pressure),
		TEST(openssl),
		TEST(refused_certificates),
		TEST(wrong_server),
		TEST(broken_handshakes),
		TEST(silent_server),
		TEST(no_memory),
		TEST(asks_before_the_first_message),
		TEST(goes_on_when_that_is_tolerated),
	};

	return cmocka_run_group_tests(tests, begin_all, end_all);
}
