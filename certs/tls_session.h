/* What certs/ knows of one SSL; private to this layer. Owned by the SSL. */
#ifndef CERTS_TLS_SESSION_H
#define CERTS_TLS_SESSION_H

#include <stdbool.h>
#include "certs/peer_check.h"
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

struct tls_session {
	enum cert_role peer_role;
	bool is_checked;   /* the peer has sent a certificate, and verdict is about it */
	int policy_met;    /* -1: none */
	const char *trunk; /* of that policy; borrowed from it */
	struct peer_verdict verdict;
};

const struct tls_session *tls_session_of(const SSL *ssl); /* NULL: not one of ours */

#endif
