/* What both sides of digest authentication share: how its parameters are read, and the response
 * itself (RFC 7616 3.4.1, RFC 8760). Any thread. */
#ifndef SBC_SIP_DIGEST_PARTS_H
#define SBC_SIP_DIGEST_PARTS_H

#include <stdbool.h>
#include "base/err.h"

#define DIGEST_VALUE_MAX 256 /* of one parameter, with its NUL */
#define DIGEST_HEX_MAX   65

/* The later, the stronger. */
enum digest_algorithm { DIGEST_MD5, DIGEST_SHA256, DIGEST_NALGORITHMS };

const char *digest_algorithm_name(enum digest_algorithm a);

/* The value of one parameter of a challenge or of credentials. ERR_NOT_FOUND: it is not there, or
 * another scheme's; ERR_LIMIT: too long. */
MUST_USE enum err digest_param(const char *text, const char *name, char value[DIGEST_VALUE_MAX]);
/* The parameter algorithm, MD5 where there is none; sess: it ends in -sess. ERR_UNSUPPORTED. */
MUST_USE enum err digest_read_algorithm(const char *text, enum digest_algorithm *out, bool *sess);

struct digest_inputs {
	enum digest_algorithm algorithm;
	bool sess;
	const char *user, *realm, *password;
	const char *method, *uri;
	const char *nonce;
	const char *nc, *cnonce; /* nc NULL: without qop (RFC 2069) */
};
/* Empty when it cannot be computed. */
void digest_response(const struct digest_inputs *in, char out[DIGEST_HEX_MAX]);

#endif
