/* Pinned public keys; for trust.c. Any thread. */
#ifndef CERTS_TRUST_PIN_H
#define CERTS_TRUST_PIN_H

#include <stdbool.h>
#include <stddef.h>
#include "base/err.h"
#include <openssl/sha.h>
#include <openssl/x509v3.h>

/* mem_free *out. As trust_load, of whose configuration pins are. */
MUST_USE enum err trust_pins_read(unsigned char (**out)[SHA256_DIGEST_LENGTH], char *const *pins,
                                  size_t npins, char *why);
/* SHA-256 of the SubjectPublicKeyInfo; false: it has none that can be read. */
bool trust_key_digest(X509 *cert, unsigned char digest[SHA256_DIGEST_LENGTH]);

#endif
