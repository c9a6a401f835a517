/* The callee sends the call elsewhere (RFC 3261 8.1.3.4, 21.3): followed, told the caller, or the
 * call's end, as its route says. Signalling thread. */
#ifndef SBC_B2BUA_REDIRECT_H
#define SBC_B2BUA_REDIRECT_H

#include <stdbool.h>
#include "sbc/b2bua/leg.h"

struct call;

/* A final answer of the callee. Where it is a redirection that is followed, its places become the
 * next targets: of a trunk those within its domain and redirect-domains, of a phone whatever its
 * number would be routed to had it called itself. */
void redirect_follow(struct call *call, const struct message *answer);
/* Whether it is one that the caller is told, which is done then: the numbers at hosts that the
 * caller knows. */
bool redirect_pass(struct call *call, const struct message *answer);

#endif
