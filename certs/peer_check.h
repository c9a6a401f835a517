/* The one check of a peer's certificate: chain, dates, name, usage (RFC 5280, 5922, 6125).
 * Signalling thread. */
#ifndef CERTS_PEER_CHECK_H
#define CERTS_PEER_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"
#include "certs/identity.h"
#include "certs/trust.h"
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

enum cert_role { CERT_ROLE_SERVER, CERT_ROLE_CLIENT }; /* what the peer is in this handshake */

/* What we demand of a peer. names: one of them must be in the certificate; a SAN dNSName or sip URI
 * counts first, the CN only where there is no SAN of these kinds (RFC 5922 7.1). Compared without
 * case, whole label by label; no wildcards. Borrows all. */
struct peer_policy {
	const char *trunk; /* for messages */
	const struct trust *trust;
	const char *const *names;
	size_t nnames;
};

enum peer_fault {
	PEER_OK,
	PEER_NO_CERTIFICATE,
	PEER_UNKNOWN_ROOT,
	PEER_EXPIRED,
	PEER_NOT_YET_VALID,
	PEER_WRONG_NAME,
	PEER_WRONG_USAGE,
	PEER_WEAK,
	PEER_BAD_CHAIN, /* anything else that OpenSSL's chain check refuses */
};

const char *peer_fault_name(enum peer_fault fault); /* "ok", "expired", "wrong-name", ... */

struct peer_verdict {
	enum peer_fault fault;
	char name[256];         /* the name that matched; empty before */
	char why[CERT_WHY_MAX]; /* one sentence: what was presented, what was wanted */
};

/* leaf NULL: no certificate. chain: the others that the peer sent, NULL is fine. True when all is
 * well. */
bool peer_check(const struct peer_policy *policy, X509 *leaf, STACK_OF(X509) * chain,
                enum cert_role role, int64_t now_s, struct peer_verdict *verdict);

#endif
