/* Digest authentication of those who call us (RFC 3261 22, RFC 7616, RFC 8760): MD5 and SHA-256,
 * qop auth, nonces that we sign, that live five minutes and count (RFC 7616 3.3, 5.5). Signalling
 * thread. */
#ifndef SBC_SIP_DIGEST_H
#define SBC_SIP_DIGEST_H

#include <stddef.h>
#include "base/err.h"
#include "sbc/sip/digest_parts.h"

struct digest;

enum digest_result {
	DIGEST_RIGHT,
	DIGEST_WRONG, /* the password, or something that does not fit */
	DIGEST_STALE, /* the password is right, the nonce too old or used before: challenge again
	                 with stale */
};

#define DIGEST_CHALLENGE_MAX 384
#define DIGEST_USER_MAX      128
#define DIGEST_URI_MAX       256

/* realm: shown in the challenge. */
MUST_USE enum err digest_new(struct digest **out, const char *realm);
void digest_free(struct digest **dp);

/* The value of WWW-Authenticate. */
void digest_challenge(const struct digest *d, enum digest_algorithm a, int stale, char *buf,
                      size_t size);
/* The user name in the value of Authorization. ERR_NOT_FOUND: none, or it is for another realm than
 * ours. */
MUST_USE enum err digest_user(const struct digest *d, const char *credentials,
                              char user[DIGEST_USER_MAX]);
/* The URI that they are made for (3.4.6): the caller compares it with the request's. ERR_NOT_FOUND,
 * ERR_LIMIT. */
MUST_USE enum err digest_uri(const char *credentials, char *uri, size_t size);
/* Compares in constant time. Credentials are good once: those that come again are stale. password
 * NULL: there is no such user; DIGEST_WRONG then, whatever was sent, and no nonce is used by it. */
enum digest_result digest_verify(struct digest *d, const char *credentials, const char *method,
                                 const char *password);

#endif
