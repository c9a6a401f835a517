/* TLS under a stream connection: OpenSSL does the bytes, certs/ the judging. Signalling thread. */
#include <stdio.h>
#include <string.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include "certs/tls_context.h"
#include "sbc/sip/conn_stream.h"

static enum stream_result result_of(SSL *ssl, int rc)
{
	switch (SSL_get_error(ssl, rc)) {
	case SSL_ERROR_WANT_READ:
		return STREAM_WANT_READ;
	case SSL_ERROR_WANT_WRITE:
		return STREAM_WANT_WRITE;
	case SSL_ERROR_ZERO_RETURN:
		return STREAM_EOF;
	default:
		return STREAM_FAILED;
	}
}

/* What the peer proved, for those above. */
static void take_identity(struct conn_stream *s, SSL *ssl)
{
	const struct peer_verdict *verdict = tls_verdict(ssl);

	snprintf(s->conn.tls_version, sizeof(s->conn.tls_version), "%s", SSL_get_version(ssl));
	s->conn.tls_cipher = SSL_get_cipher_name(ssl);
	s->conn.trunk = tls_trunk(ssl);
	s->conn.verified_until_s = s->conn.trunk ? verdict->until_s : 0;
	if (s->conn.trunk)
		snprintf(s->conn.verified_name, sizeof(s->conn.verified_name), "%s", verdict->name);
}

static enum stream_result finish(struct conn_stream *s, SSL *ssl, char *why)
{
	switch (tls_finish(ssl, conn_stream_go_on, s, why)) {
	case TLS_READY:
		take_identity(s, ssl);
		return STREAM_OK;
	case TLS_WAITS:
		return STREAM_WAIT;
	case TLS_REFUSED:
		s->conn.fault = tls_verdict(ssl)->fault;
		break;
	}
	return STREAM_FAILED;
}

static enum stream_result tls_handshake(struct conn_stream *s, char *why)
{
	SSL *ssl = s->tls;
	enum stream_result result;
	int rc;

	ERR_clear_error();
	rc = SSL_do_handshake(ssl);
	if (rc == 1)
		return finish(s, ssl, why);
	result = result_of(ssl, rc);
	if (result == STREAM_WANT_READ || result == STREAM_WANT_WRITE)
		return result;
	s->conn.fault = tls_explain(ssl, rc, why);
	return STREAM_FAILED;
}

static enum stream_result tls_read(struct conn_stream *s, char *data, size_t size, size_t *got)
{
	int rc;

	ERR_clear_error();
	rc = SSL_read_ex(s->tls, data, size, got);
	return rc == 1 ? STREAM_OK : result_of(s->tls, rc);
}

/* A TLS 1.3 peer that refuses our certificate says so behind the handshake (RFC 8446 4.4.2.4). */
static void explain_read(struct conn_stream *s, char *why)
{
	s->conn.fault = tls_explain(s->tls, -1, why);
}

static enum stream_result tls_write(struct conn_stream *s, const char *data, size_t len,
                                    size_t *put)
{
	int rc;

	ERR_clear_error();
	rc = SSL_write_ex(s->tls, data, len, put);
	return rc == 1 ? STREAM_OK : result_of(s->tls, rc);
}

static void tls_close(struct conn_stream *s)
{
	/* Says goodbye where it can; waits for nobody. */
	ERR_clear_error();
	if (s->conn.tls_version[0])
		SSL_shutdown(s->tls);
	ERR_clear_error();
	SSL_free(s->tls);
	s->tls = NULL;
}

const struct stream_ops stream_tls_ops = { tls_handshake, tls_read, tls_write, explain_read,
	                                   tls_close };

enum err conn_tls_attach(struct conn_stream *s, struct tls_context *ctx, const char *sni)
{
	SSL *ssl;
	enum err err = tls_context_ssl(ctx, sni, &ssl);

	if (err)
		return err;
	if (SSL_set_fd(ssl, s->fd) != 1) {
		SSL_free(ssl);
		return ERR_NOMEM;
	}
	/* The queue may move between two tries of the same write. */
	SSL_set_mode(ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
	                      SSL_MODE_RELEASE_BUFFERS);
	s->tls = ssl;
	s->ops = &stream_tls_ops;
	return OK;
}
