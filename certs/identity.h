/* An identity: a private key with its whole certificate chain. The only holder of private keys.
 * Signalling thread. */
#ifndef CERTS_IDENTITY_H
#define CERTS_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

struct identity;
struct trust;

/* Room for one sentence that says what is wrong with a file, a certificate or a handshake. */
#define CERT_WHY_MAX 512

/* All borrowed for the call. */
struct identity_cfg {
	const char *name;
	const char *certificate; /* PEM file: the leaf and its chain */
	const char *key;         /* PEM file; NULL: the same */
	const char *passphrase;  /* a file with the key's; NULL: it has none */
	/* Where an issuer is looked for that the file has not; without any the chain may stay
	 * open. */
	struct trust *const *stores;
	size_t nstores;
};

/* Reads the leaf (the certificate that belongs to the key), its chain (put in order, completed,
 * sent whole, with the root if it is in the file) and the key. On failure why (CERT_WHY_MAX bytes)
 * says which file, what is wrong and what to do: ERR_IO, ERR_SYNTAX, ERR_NOT_FOUND (no certificate
 * or key in there), or ERR_REFUSED (key and certificate do not belong together, a weak key, a key
 * that everybody on the machine can read, a passphrase that does not open it, a chain whose next
 * issuer is nowhere, a certificate that is not part of the chain). An expired one loads: the
 * peer refuses it. */
MUST_USE enum err identity_load(struct identity **out, const struct identity_cfg *cfg, char *why);
void identity_free(struct identity **idp);

const char *identity_name(const struct identity *id);
X509 *identity_leaf(const struct identity *id); /* borrowed */
/* The certificate of the chain whose validity ends first (borrowed), and that end in seconds since
 * 1970. */
X509 *identity_first_to_end(const struct identity *id);
int64_t identity_not_after_s(const struct identity *id);
/* The leaf's subject as one line. */
const char *identity_subject(const struct identity *id);

/* What an operator's check asks. Whether the file holds the root (WBX-07); the name that the chain
 * ends at, in the file or just beyond it (WBX-08); whether the leaf may be used in both directions
 * (WBX-14) and is for name (WBX-06: SAN or CN, as peer_check compares them). */
bool identity_has_root(const struct identity *id);
const char *identity_chain_end(const struct identity *id);
bool identity_serves_as_server(const struct identity *id);
bool identity_serves_as_client(const struct identity *id);
bool identity_is_for(const struct identity *id, const char *name);

/* What the doctor asks. Whether every certificate of the chain is valid at that time; if not, why
 * (CERT_WHY_MAX bytes) says which and since or from when. Whether the chain ends at a root of
 * trust, whatever the date. */
bool identity_is_valid_at(const struct identity *id, int64_t when_s, char *why);
bool identity_ends_at(const struct identity *id, const struct trust *trust);

/* Whether both have keys of one type, so that a context can hold only one of them. */
bool identity_same_type(const struct identity *a, const struct identity *b);

/* Gives key and whole chain to ctx, beside those of another type that it has. with_root: also a
 * root that the file has not; ERR_REFUSED where it is unknown. */
MUST_USE enum err identity_apply(const struct identity *id, SSL_CTX *ctx, bool with_root);

#endif
