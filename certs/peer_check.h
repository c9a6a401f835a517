/* The one check of a peer's certificate: chain, dates, name, usage (RFC 5280, 5922, 6125).
 * Signalling thread. */
#ifndef CERTS_PEER_CHECK_H
#define CERTS_PEER_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"
#include "certs/cert_info.h"
#include "certs/identity.h"
#include "certs/trust.h"
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

/* The oldest that is spoken; TLS 1.1 only for a trunk that names it (WBX-11). */
enum tls_version { TLS_1_2, TLS_1_3, TLS_1_1 };

int tls_version_number(enum tls_version version);       /* OpenSSL's */
const char *tls_version_name(enum tls_version version); /* "TLS 1.2" */

enum cert_role { CERT_ROLE_SERVER, CERT_ROLE_CLIENT }; /* what the peer is in this handshake */

enum peer_fault {
	PEER_OK,
	PEER_NO_CERTIFICATE,
	PEER_UNKNOWN_ROOT,
	PEER_EXPIRED,
	PEER_NOT_YET_VALID,
	PEER_WRONG_NAME,
	PEER_WRONG_USAGE,
	PEER_WEAK,
	PEER_WRONG_KEY, /* none of those that are pinned */
	PEER_REVOKED,
	PEER_NO_STATUS,   /* whether it is revoked cannot be told */
	PEER_OLD_VERSION, /* of TLS */
	PEER_BAD_CHAIN,   /* anything else that OpenSSL's chain check refuses */
};

/* Faults that a policy may let pass with a line in the log. */
#define PEER_TOLERABLE                                                            \
	(1U << PEER_EXPIRED | 1U << PEER_NOT_YET_VALID | 1U << PEER_WRONG_USAGE | \
	 1U << PEER_WEAK | 1U << PEER_NO_STATUS)

struct ocsp; /* ocsp_ask.h */

/* Whether OCSP is asked about a peer. */
enum ocsp_use {
	OCSP_STAPLED, /* what the peer brings is checked; it must bring it where it promised to */
	OCSP_ASK,     /* and where it brings nothing, we ask */
	OCSP_OFF
};

/* What a peer showed last that met a policy. */
struct peer_seen {
	struct cert_info info;
	int64_t seen_s; /* wall clock; 0: never */
};

/* What we demand of a peer. names: one of them must be in the certificate; a SAN dNSName or sip URI
 * counts first, the CN only where there is no SAN of these kinds (RFC 5922 7.1). Compared without
 * case, whole label by label. Borrows all. */
struct peer_policy {
	const char *trunk; /* for messages */
	struct trust *trust;
	const char *const *names;
	size_t nnames;
	bool
	    wildcards; /* one leftmost label may be "*" (RFC 6125 6.4.3); RFC 5922 7.2 forbids it */
	unsigned tolerated; /* bits of PEER_TOLERABLE */
	unsigned depth;     /* intermediates at most; 0: 10 */
	enum tls_version min_version;
	enum ocsp_use ocsp;
	struct ocsp *asks;      /* for OCSP_ASK; borrowed */
	struct peer_seen *seen; /* written when it is met; NULL: nobody wants to know */
};

struct peer_verdict {
	enum peer_fault fault;
	char name[256];  /* the name that matched; empty before */
	int64_t until_s; /* with PEER_OK: when the first certificate of the chain ends */
	/* One sentence: what was presented, what was wanted; with PEER_OK what was tolerated. */
	char why[CERT_WHY_MAX];
};

struct peer_shown {
	X509 *leaf;             /* NULL: no certificate */
	STACK_OF(X509) * chain; /* the others that the peer sent; NULL is fine */
	enum cert_role role;
	int64_t now_s;
	X509 *
	    *issuer; /* gets a reference on who signed leaf, or NULL; NULL: nobody wants to know */
};

/* Whether leaf is for one of the policy's names; out gets which, NULL: nobody wants to know. */
bool peer_has_name(const struct peer_policy *policy, X509 *leaf, const char **out);
/* Whether the policy lets that fault pass. */
bool peer_tolerates(const struct peer_policy *policy, enum peer_fault fault);
/* True when all is well. */
bool peer_check(const struct peer_policy *policy, const struct peer_shown *shown,
                struct peer_verdict *verdict);

#endif
