/* An identity: a private key with its whole certificate chain. The only holder of private keys.
 * Signalling thread. */
#ifndef CERTS_IDENTITY_H
#define CERTS_IDENTITY_H

#include <stddef.h>
#include <stdint.h>
#include <openssl/ssl.h>
#include "base/err.h"

struct identity;

/* Room for one sentence that says what is wrong with a file, a certificate or a handshake. */
#define CERT_WHY_MAX 512

/* Reads the leaf, its chain (put in order; leaf first) and the key from PEM files, which may be one.
 * On failure why (CERT_WHY_MAX bytes) says which file, what is wrong and what to do:
 * ERR_IO, ERR_SYNTAX, or ERR_REFUSED (key and certificate do not belong together, a key that others can
 * read, a chain with a hole). An expired one loads: the log says it, the peer refuses it. */
MUST_USE enum err identity_load(struct identity **out, const char *name, const char *certificate,
				const char *key, char *why);
void identity_free(struct identity **idp);

const char *identity_name(const struct identity *id);
/* The leaf's subject as one line, and the end of its validity in seconds since 1970. */
const char *identity_subject(const struct identity *id);
int64_t identity_not_after_s(const struct identity *id);

/* Gives key and whole chain to ctx. */
MUST_USE enum err identity_apply(const struct identity *id, SSL_CTX *ctx);

#endif
