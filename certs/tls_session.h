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

struct tls_ticket_key {
	unsigned char name[16], cipher[32], mac[32];
	uint64_t made_ms; /* 0: none */
};

struct tls_ticket_keys {
	struct tls_ticket_key now, before;
};

/* What a handshake proved, for a later one that is shortened by it. */
struct tls_proof {
	uint32_t policy;  /* that was met, of the rules' */
	int64_t proved_s; /* when the certificate was shown; wall clock */
	int64_t until_s;  /* when the first of its chain ends */
	char name[256];   /* that was verified */
};

/* Owned by its SSL_CTX, which lives until the last SSL of it is gone: a context that is replaced
 * while hands are shaken harms nobody. */
struct tls_rules {
	enum cert_role peer_role;
	struct peer_policy *policies; /* each holds a reference on its trust */
	size_t npolicies;
	struct tls_ticket_keys keys; /* of a listener */
	SSL_SESSION *kept;           /* of one who connects: for the next time; NULL: none */
	struct tls_proof kept_proof;
	SSL_CTX **named; /* for a client that asks for a name of their certificates (SNI) */
	size_t nnamed;
};

/* How the peer of a handshake stands. */
enum tls_standing {
	TLS_NOBODY,   /* it has shown no certificate */
	TLS_STRANGER, /* one that meets no policy, or that was revoked */
	TLS_PROVED,   /* one that meets policy; its issuer has not said that it still holds */
	TLS_CLEARED,  /* and has said so, or need not */
	TLS_RESUMED,  /* it was cleared in another handshake */
};

/* Owned by the SSL. */
struct tls_session {
	enum cert_role peer_role;
	struct tls_rules *rules; /* of ssl_ctx */
	const SSL_CTX *ssl_ctx;  /* that the SSL was made of; it may have turned to a named one */
	enum tls_standing standing;
	const struct peer_policy *policy; /* that was met, the SSL_CTX's; NULL: none */
	int64_t proved_s;                 /* when the certificate was shown; wall clock */
	struct peer_verdict verdict;
	X509 *issuer;             /* of the peer's certificate; NULL: unknown */
	struct tls_proof offered; /* by the session that we offered */
	struct ocsp_waiter waiter;
	void (*on_status)(void *arg); /* of tls_finish */
	void *on_status_arg;
};

struct tls_session *tls_session_of(const SSL *ssl); /* NULL: not one of ours */
MUST_USE enum err tls_session_attach(SSL *ssl, enum cert_role peer_role);
/* As it was before the peer showed anything. */
void tls_session_reset(struct tls_session *s);

/* tls_rules.c: an SSL_CTX with everything of cfg in it; SSL_CTX_free it. */
MUST_USE enum err tls_rules_build(SSL_CTX **out, const struct tls_context_cfg *cfg, char *why);
/* One more certificate of a listener, chosen by name. */
MUST_USE enum err tls_rules_add_named(SSL_CTX *c, const struct tls_context_cfg *cfg, char *why);
struct tls_rules *tls_rules_of(const SSL_CTX *c);

/* tls_ticket.c */
bool tls_ticket_setup(SSL_CTX *c, enum cert_role peer_role);
void tls_ticket_offer(SSL *ssl);  /* before we connect */
void tls_ticket_finish(SSL *ssl); /* after the handshake: what it was worth */

/* tls_judge.c: OpenSSL's callback, arg is the struct tls_rules. */
int tls_judge(X509_STORE_CTX *sent, void *arg);
/* tls_status.c: the same for what the peer staples. */
int tls_on_staple(SSL *ssl, void *arg);

/* tls_context.c: where secrets go for a lab; NULL: nowhere. */
void tls_keylog_attach(SSL_CTX *c);

#endif
