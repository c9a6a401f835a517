/* What a trunk proves itself with, and what it was last asked for: the challenges of the realms
 * behind it, kept so that the next request goes out answered at once (RFC 3261 22.1 to 22.3, RFC
 * 7616 3.6). Bounded. Signalling thread. Owner: the trunk. */
#ifndef SBC_SIP_CREDENTIALS_H
#define SBC_SIP_CREDENTIALS_H

#include <stdbool.h>
#include "base/err.h"
#include "sbc/sip/message.h"

struct credentials;

#define CREDENTIALS_REALMS 4 /* kept; of more the one that was asked for longest ago goes */
#define CREDENTIALS_TRIES                                                                          \
	4 /* a request is sent with credentials: for a proxy, for the UAS behind it, and each once \
	     more for a nonce that was stale */

/* All borrowed. */
struct credentials_cfg {
	const char *trunk;               /* for the log */
	const char *username, *password; /* NULL: none, all challenges are refusals */
	const char *realm;               /* the only one that is answered; NULL: any */
};
MUST_USE enum err credentials_new(struct credentials **out, const struct credentials_cfg *cfg);
void credentials_free(struct credentials **cp); /* NULL is fine */

/* Puts credentials for all that is known into request, in place of those it has. again: it was
 * challenged; else only where the server counts uses of its nonce (qop). c NULL: nothing. */
void credentials_add(struct credentials *c, struct message *request, bool again);
/* Takes what a 401 or 407 to request asks for, which was sent again before times already. OK: with
 * credentials_add it may be once more. ERR_AUTH: there are none, or those that it had were refused.
 * ERR_UNSUPPORTED: nothing that is asked for can be answered. ERR_LIMIT: it was sent
 * CREDENTIALS_TRIES times. Says so in the log. */
MUST_USE enum err credentials_challenged(struct credentials *c, const struct message *request,
                                         const struct message *response, unsigned before);
/* What the ACK for a 2xx carries: the same as its INVITE (RFC 3261 22.1). */
void credentials_copy(const struct message *invite, struct message *ack);
bool credentials_are_in(const struct message *request);

#endif
