/* Our side of digest authentication (RFC 3261 22, RFC 7616, RFC 8760): a challenge in, the value of
 * a header out. MD5 and SHA-256, their -sess forms, qop auth, and none where none is offered.
 * Keeps nothing: credentials.h does. Any thread. */
#ifndef SBC_SIP_DIGEST_CLIENT_H
#define SBC_SIP_DIGEST_CLIENT_H

#include <stdint.h>
#include "base/buf.h"
#include "sbc/sip/digest_parts.h"

struct digest_challenge {
	enum digest_algorithm algorithm;
	bool sess;
	bool qop;        /* auth is offered */
	bool stale;      /* the nonce was too old, the password is right */
	bool has_opaque; /* which goes back as it came, even when empty */
	char realm[DIGEST_VALUE_MAX], nonce[DIGEST_VALUE_MAX], opaque[DIGEST_VALUE_MAX];
};

/* Reads the value of WWW-Authenticate or Proxy-Authenticate. ERR_UNSUPPORTED: a scheme, algorithm
 * or protection that we cannot do. ERR_SYNTAX, ERR_LIMIT: what cannot go back between quotes. */
MUST_USE enum err digest_challenge_read(struct digest_challenge *out, const char *text);

struct digest_use {
	const char *username, *password;
	const char *method, *uri;
	const char *cnonce;
	uint32_t nc; /* how often the nonce is used with this one; from 1 */
};

/* Writes the value of Authorization or Proxy-Authorization. ERR_SYNTAX: the user or URI cannot
 * stand between quotes. ERR_LIMIT, ERR_NOMEM. */
MUST_USE enum err digest_credentials(const struct digest_challenge *challenge,
                                     const struct digest_use *use, struct buf *out);

#endif
