/* Who is calling from inside: known by address, or by password. Signalling thread. */
#ifndef SBC_PHONE_AUTH_H
#define SBC_PHONE_AUTH_H

#include "base/err.h"
#include "config/config.h"
#include "sbc/sip/txn.h"

struct phone_auth;

/* Borrows cfg. */
MUST_USE enum err phone_auth_new(struct phone_auth **out, const struct config *cfg);
void phone_auth_free(struct phone_auth **ap);

/* The phone that sent the transaction's request. NULL: it is not known, and the request was
 * answered (401, 403). */
const struct config_phone *phone_auth_check(struct phone_auth *a, struct server_txn *txn,
                                            const struct config_realm *realm);

#endif
