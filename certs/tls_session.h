/* What certs/ keeps with each SSL_CTX and each SSL; private to this layer. */
#ifndef CERTS_TLS_SESSION_H
#define CERTS_TLS_SESSION_H

#include <stdbool.h>
#include "certs/ocsp_ask.h"
#include "certs/peer_check.h"
#include "certs/tls_context.h"
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

/* Owned by its SSL_CTX, which lives until the last SSL of it is gone: a context that is replaced
 * while hands are shaken harms nobody. */
struct tls_rules {
	enum cert_role peer_role;
	struct peer_policy *policies; /* each holds a reference on its trust */
	size_t npolicies;
	SSL_CTX **named; /* for a client that asks for a name of their certificates (SNI) */
	size_t nnamed;
};

/* Owned by the SSL. */
struct tls_session {
	enum cert_role peer_role;
	bool is_checked;   /* the peer has sent a certificate, and verdict is about it */
	int policy_met;    /* -1: none */
	const char *trunk; /* of that policy; borrowed from it */
	struct peer_verdict verdict;
	const struct peer_policy *policy; /* that was met; the SSL_CTX's */
	X509 *issuer;                     /* of the peer's certificate; NULL: unknown */
	bool knows_status;                /* that it is not revoked, or that this is tolerated */
	struct ocsp_waiter waiter;
	void (*on_status)(void *arg); /* of tls_finish */
	void *on_status_arg;
};

const struct tls_session *tls_session_of(const SSL *ssl); /* NULL: not one of ours */
MUST_USE enum err tls_session_attach(SSL *ssl, enum cert_role peer_role);

/* tls_rules.c: an SSL_CTX with everything of cfg in it; SSL_CTX_free it. */
MUST_USE enum err tls_rules_build(SSL_CTX **out, const struct tls_context_cfg *cfg, char *why);
/* One more certificate of a listener, chosen by name. */
MUST_USE enum err tls_rules_add_named(SSL_CTX *c, const struct tls_context_cfg *cfg, char *why);
struct tls_rules *tls_rules_of(const SSL_CTX *c);

/* tls_judge.c: OpenSSL's callback, arg is the struct tls_rules. */
int tls_judge(X509_STORE_CTX *sent, void *arg);
/* tls_status.c: the same for what the peer staples. */
int tls_on_staple(SSL *ssl, void *arg);
/* The peer is not to be talked to after all. */
void tls_session_refuse(struct tls_session *s, enum peer_fault fault, const char *why);
/* Another fault than a revocation may be tolerated: true, and the log has it. */
bool tls_session_tolerates(struct tls_session *s, enum peer_fault fault, const char *why);

/* tls_context.c: where secrets go for a lab; NULL: nowhere. */
void tls_keylog_attach(SSL_CTX *c);

#endif
