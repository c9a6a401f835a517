/* The roots that one peer's certificate may end at. Signalling thread. */
#ifndef CERTS_TRUST_H
#define CERTS_TRUST_H

#include <openssl/x509.h>
#include "base/err.h"

struct trust;

/* where: a PEM file, a directory of PEM files, or "system" for the machine's own store.
 * ERR_IO, ERR_SYNTAX, ERR_NOT_FOUND (no certificate in there); why is CERT_WHY_MAX bytes. */
MUST_USE enum err trust_load(struct trust **out, const char *where, char *why);
void trust_free(struct trust **trustp);
X509_STORE *trust_store(const struct trust *trust); /* borrowed */

#endif
