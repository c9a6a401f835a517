/* The roots that one peer's certificate may end at. Counted. Signalling thread. */
#ifndef CERTS_TRUST_H
#define CERTS_TRUST_H

#include <stdbool.h>
#include <stddef.h>
#include "base/err.h"
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

struct trust;

#define TRUST_PIN_MAX 64

/* All borrowed for the call. */
struct trust_cfg {
	/* A PEM file, a directory of PEM files (*.pem, *.crt, *.cer), or "system" for the machine's
	 * own store. Certificates that are no roots help to build a chain, but none ends at them.
	 */
	const char *roots;
	bool late; /* "system" alone: read when trust_find_issuer first asks, if ever */
	/* "sha256/" and the base64 of a public key's SHA-256 (RFC 7469 2.4), or a PEM file with a
	 * certificate of that key. Where there is one, no root counts. */
	char *const *pins;
	size_t npins;
	/* Files, PEM or DER, or directories of them (*.crl, *.pem). Not beside pins. */
	char *const *crls;
	size_t ncrls;
};

/* ERR_IO, ERR_SYNTAX, ERR_NOT_FOUND (no root in there); why is CERT_WHY_MAX bytes. */
MUST_USE enum err trust_load(struct trust **out, const struct trust_cfg *cfg, char *why);
struct trust *trust_ref(struct trust *trust);
void trust_free(struct trust **trustp);             /* lets go of one reference */
X509_STORE *trust_store(const struct trust *trust); /* borrowed */
bool trust_is_system(const struct trust *trust); /* all the machine's roots, and no list of them */
bool trust_has_crls(const struct trust *trust);

bool trust_has_pins(const struct trust *trust);
bool trust_is_pinned(const struct trust *trust, X509 *leaf);
/* "sha256/...": how the key of cert would be pinned. Returns buf (TRUST_PIN_MAX). */
const char *trust_pin_text(X509 *cert, char *buf);

/* The file or folder that a word for roots or pins stands for; mem_free it. NULL: none, for it is a
 * key's own text, or the system's and this machine has none. ERR_NOMEM. */
MUST_USE enum err trust_path(char **out, const char *text);

/* Who signed cert, by name and key; X509_free it. NULL: nobody in here. */
X509 *trust_find_issuer(struct trust *trust, X509 *cert);

#endif
