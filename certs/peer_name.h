/* The names that a certificate is for, and whether a wanted one is among them (RFC 5922 7.1, 7.2):
 * SAN sip URIs without a user part and SAN dNSNames; common names only where there is no SAN of
 * these kinds. Any thread. */
#ifndef CERTS_PEER_NAME_H
#define CERTS_PEER_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

/* Without case, a trailing dot aside, the whole name; a wildcard matches nothing. */
bool peer_name_is(X509 *leaf, const char *wanted);
/* Whether a wildcard matches: its leftmost label alone is "*", and stands for exactly one label
 * (RFC 6125 6.4.3). For those who allow it, or for a word about it. */
bool peer_name_is_by_wildcard(X509 *leaf, const char *wanted);

/* "a.lab", "b.lab" and 3 more; or: no name. Printable. Returns buf. */
const char *peer_name_list(X509 *leaf, char *buf, size_t size);

#endif
