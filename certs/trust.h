/* The roots that one peer's certificate may end at. Counted. Signalling thread. */
#ifndef CERTS_TRUST_H
#define CERTS_TRUST_H

#include "base/err.h"
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

struct trust;

/* where: a PEM file, a directory of PEM files (*.pem, *.crt, *.cer), or "system" for the machine's
 * own store. Certificates that are no roots help to build a chain, but none ends at them. ERR_IO,
 * ERR_SYNTAX, ERR_NOT_FOUND (no root in there); why is CERT_WHY_MAX bytes. */
MUST_USE enum err trust_load(struct trust **out, const char *where, char *why);
struct trust *trust_ref(struct trust *trust);
void trust_free(struct trust **trustp);             /* lets go of one reference */
X509_STORE *trust_store(const struct trust *trust); /* borrowed */

/* Who signed cert, by name and key; X509_free it. NULL: nobody in here. */
X509 *trust_find_issuer(const struct trust *trust, X509 *cert);

#endif
