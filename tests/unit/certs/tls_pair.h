/* Two ends of a handshake over a socket pair: ours, and raw OpenSSL, which checks nothing. */
#ifndef TESTS_UNIT_CERTS_TLS_PAIR_H
#define TESTS_UNIT_CERTS_TLS_PAIR_H

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include "certs/tls_context.h"
#include "tests/unit/certs/lab.h"

static struct trust *lab_root;
static struct identity *sbc; /* ours */
static const char *const provider[] __attribute__((unused)) = { "provider.lab" };
static const char *const sbc_names[] __attribute__((unused)) = { "sbc.lab" };

static inline int pair_open(void **state)
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

static inline int pair_close(void **state)
{
	UNUSED(state);
	identity_free(&sbc);
	trust_free(&lab_root);
	lab_close();
	return 0;
}

struct end {
	SSL *ssl;
	int fd;
	int result; /* of the last step */
	bool is_done;
	char words[CERT_WHY_MAX]; /* tls_explain's, after a failure */
	enum peer_fault fault;
};

static inline struct tls_context *context(enum cert_role peer_role, const struct identity *id,
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
static inline SSL *raw(bool is_server, const char *file)
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

static inline SSL *session(struct tls_context *ctx, const char *sni)
{
	SSL *ssl = NULL;

	assert_int_equal(tls_context_ssl(ctx, sni, &ssl), OK);
	return ssl;
}

static inline void join(struct end *a, SSL *a_ssl, struct end *b, SSL *b_ssl)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	*a = (struct end){ .ssl = a_ssl, .fd = fds[0] };
	*b = (struct end){ .ssl = b_ssl, .fd = fds[1] };
	SSL_set_fd(a_ssl, fds[0]);
	if (b_ssl)
		SSL_set_fd(b_ssl, fds[1]);
}

static inline void part(struct end *a, struct end *b)
{
	SSL_free(a->ssl);
	SSL_free(b->ssl);
	close(a->fd);
	if (b->fd >= 0)
		close(b->fd);
}

/* One step; the end of a handshake is followed by reading: in TLS 1.3 a refusal comes after it. */
static inline void step(struct end *e)
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
	e->fault = tls_explain(e->ssl, e->result, e->words);
	assert_int_equal(ERR_peek_error(), 0);
}

static inline void shake(struct end *a, struct end *b)
{
	for (int i = 0; i < 12; i++) {
		step(a);
		step(b);
	}
}

static inline bool is_up(const struct end *e)
{
	return e->is_done && !e->words[0];
}

#endif
