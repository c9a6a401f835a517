/* What an OCSP responder says of a certificate (RFC 6960), stapled or asked for. Any thread. */
#ifndef CERTS_OCSP_H
#define CERTS_OCSP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"
#include "certs/identity.h"
#include <openssl/err.h>
#include <openssl/x509v3.h>

enum cert_status { CERT_STATUS_GOOD, CERT_STATUS_REVOKED, CERT_STATUS_UNKNOWN };

struct ocsp_result {
	enum cert_status status;
	int64_t until_s;        /* wall clock; it may be remembered so long */
	char why[CERT_WHY_MAX]; /* one sentence, unless it is good */
};

/* der: an OCSPResponse, which issuer or whom it names for that has signed, for this moment. */
void ocsp_read(struct ocsp_result *out, X509 *leaf, X509 *issuer, const unsigned char *der,
               size_t len, int64_t now_s);
/* No answer, and why; kept for a minute, so that nobody is asked in vain all the time. */
void ocsp_unknown(struct ocsp_result *out, X509 *leaf, int64_t now_s, const char *why);

/* The DER of a question about leaf; OPENSSL_free it. ERR_NOMEM. */
MUST_USE enum err ocsp_question(unsigned char **out, size_t *len, X509 *leaf, X509 *issuer);
/* Whether leaf's peer must staple (RFC 7633). */
bool ocsp_must_staple(X509 *leaf);

#endif
