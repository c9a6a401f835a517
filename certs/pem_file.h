/* Certificates and keys out of PEM files. Any thread. */
#ifndef CERTS_PEM_FILE_H
#define CERTS_PEM_FILE_H

#include "base/err.h"
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

/* All certificates of a file in its order, none at all included.
 * ERR_IO, ERR_SYNTAX; why (CERT_WHY_MAX bytes) names the file and what is wrong. */
MUST_USE enum err pem_read_certificates(STACK_OF(X509) * *out, const char *path, char *why);
/* The first private key of a file. passphrase: a file whose first line opens it, NULL for none. As
 * above, and ERR_NOT_FOUND when there is no key, ERR_REFUSED when others on this machine can read
 * one of both or the passphrase is missing or wrong. */
MUST_USE enum err pem_read_key(EVP_PKEY **out, const char *path, const char *passphrase, char *why);

/* All CRLs of a file, PEM or one in DER; sk_X509_CRL_pop_free. As above; one at least. */
MUST_USE enum err pem_read_crls(STACK_OF(X509_CRL) * *out, const char *path, char *why);

void pem_free_certificates(STACK_OF(X509) * certs); /* NULL is fine */

#endif
