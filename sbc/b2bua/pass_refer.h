/* A phone's REFER that its trunk carries out (`transfer: pass`): what it names is brought into the
 * trunk's words. Signalling thread. */
#ifndef SBC_B2BUA_PASS_REFER_H
#define SBC_B2BUA_PASS_REFER_H

#include "sbc/b2bua/call_internal.h"

/* Whether the trunk at the other end of the leg's call is to do it: it carries transfers out, and
 * whom the REFER names the phone would call through it, or speaks to there. Anything else is ours
 * to carry out or to refuse. */
bool pass_refer_is_trunks(struct call *call, const struct leg *leg, const struct message *refer);
/* Adds the Refer-To for the trunk, and who asks where the phone says so. ERR_REFUSED, ERR_SYNTAX,
 * ERR_NOT_FOUND: it is the trunk's no more, for a route's hours are over or the other dialog is
 * gone. */
MUST_USE enum err pass_refer_add(struct call *call, const struct message *refer,
                                 const struct passage *p);
/* Whether a NOTIFY speaks of a REFER that was passed. */
bool pass_refer_notifies(const struct call *call, const struct message *notify);

#endif
