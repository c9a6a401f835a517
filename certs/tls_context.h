/* TLS as a trunk or listener wants it: our identity, the policies that a peer must meet, and the
 * words for what went wrong. TLS 1.2 and 1.3, 1.1 where it is named; no renegotiation, no
 * compression, no 0-RTT; resumption within one context alone. Signalling thread. */
#ifndef CERTS_TLS_CONTEXT_H
#define CERTS_TLS_CONTEXT_H

#include <stdbool.h>
#include <stddef.h>
#include "base/err.h"
#include "certs/identity.h"
#include "certs/peer_check.h"
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

struct tls_context;

struct tls_context_cfg {
	enum cert_role peer_role; /* CERT_ROLE_SERVER: we connect; CERT_ROLE_CLIENT: we accept */
	const struct identity *identity; /* NULL only when we connect without one */
	const struct identity *also;     /* with another type of key; NULL: none */
	bool with_root; /* send the root of ours though its file has it not (WBX-07) */
	/* A peer meets one of them, or the handshake fails; the first that it meets is its policy.
	 * Copied, with a reference on each trust; names and trunk are borrowed, by the SSLs too
	 * until their handshakes are over. Each has trust and names; none at all only where
	 * accepting with certificate_optional (phones). */
	const struct peer_policy *policies;
	size_t npolicies;
	bool certificate_optional;    /* accepting only: a client without any may come in */
	enum tls_version min_version; /* the least of its policies' */
	/* For TLS 1.2 and below, as OpenSSL writes them: instead of ours when we connect, beside
	 * ours when we accept. NULL: ours alone. */
	const char *ciphers;
};

/* ERR_REFUSED when any peer would do; why (CERT_WHY_MAX bytes) says it. */
MUST_USE enum err tls_context_new(struct tls_context **out, const struct tls_context_cfg *cfg,
                                  char *why);
void tls_context_free(struct tls_context **ctxp);
/* A listener's further certificate, with policies of its own: for a client that asks for one of the
 * names in it (SNI). */
MUST_USE enum err tls_context_add_named(struct tls_context *ctx, const struct tls_context_cfg *cfg,
                                        char *why);
/* Each becomes what the other was, for handshakes that begin from now on; those under way, and
 * connections that stand, keep what they began with. */
void tls_context_swap(struct tls_context *a, struct tls_context *b);

/* The one trunk that its peers must prove to be; NULL: one of several, or none. Lives as
 * tls_trunk's. */
const char *tls_context_trunk(const struct tls_context *ctx);

/* A new SSL in connect or accept state, with the check wired in; SSL_free it. sni: the name asked
 * for (connecting; NULL: none). */
MUST_USE enum err tls_context_ssl(struct tls_context *ctx, const char *sni, SSL **out);

/* After SSL_do_handshake is through, and before anything else: whether the connection may be used.
 * TLS_REFUSED: why says the reason. TLS_WAITS: an OCSP responder is asked, and fn(arg) is called
 * when it is time to come again; not after the SSL is freed. */
enum tls_ready { TLS_READY, TLS_WAITS, TLS_REFUSED };
enum tls_ready tls_finish(SSL *ssl, void (*fn)(void *arg), void *arg, char *why);
/* After the handshake: the verdict on the peer, never NULL. */
const struct peer_verdict *tls_verdict(const SSL *ssl);
/* The trunk of the policy that it met; NULL: none. Lives as long as the policies' owner keeps it.
 */
const char *tls_trunk(const SSL *ssl);
/* After a failed handshake, or a failed read: one sentence on which side refused and why (our
 * verdict, the peer's alert in plain words, no common version, a closed connection). why is
 * CERT_WHY_MAX bytes. Empties OpenSSL's error queue. Gives the fault of the peer's that was the
 * reason; PEER_OK: none was. */
enum peer_fault tls_explain(const SSL *ssl, int ssl_result, char *why);

/* Writes every session's secrets to file, so that a capture can be decrypted: a lab's tool. Says so
 * in the log as a warning. All contexts made from now on. */
MUST_USE enum err tls_keylog_open(const char *file);
void tls_keylog_close(void);

#endif
