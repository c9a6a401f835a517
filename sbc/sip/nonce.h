/* Nonces that we give and take back (RFC 7616 3.3, 5.5): signed, so that none need be stored until
 * it is used; then its count is, so that no credentials are good twice. Signalling thread. */
#ifndef SBC_SIP_NONCE_H
#define SBC_SIP_NONCE_H

#include <stddef.h>
#include "base/err.h"

struct nonces;

#define NONCE_LEN     56
#define NONCE_LIFE_MS (300 * 1000)
#define NONCES_MAX \
	4096 /* used ones that are remembered; above, the oldest become stale before their time */

MUST_USE enum err nonces_new(struct nonces **out);
void nonces_free(struct nonces **np);
void nonce_make(const struct nonces *n, char out[NONCE_LEN + 1]);
/* Takes the use of a nonce with its count nc (hex). OK; ERR_TIMEOUT: too old, not ours, or nc was
 * there before. Ask only once the rest of the credentials is right. */
MUST_USE enum err nonce_use(struct nonces *n, const char *nonce, const char *nc);

#endif
