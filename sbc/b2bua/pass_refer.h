/* A phone's REFER that its trunk carries out (`transfer: pass`): what it names is brought into the
 * trunk's words. Signalling thread. */
#ifndef SBC_B2BUA_PASS_REFER_H
#define SBC_B2BUA_PASS_REFER_H

#include "sbc/b2bua/call_internal.h"

/* Whether the trunk at the other end of the leg's call is to do it. */
bool pass_refer_is_trunks(struct call *call, const struct leg *leg);
/* Adds the Refer-To for the trunk. ERR_REFUSED: the phone has no route for the number in its own;
 * ERR_SYNTAX: that cannot be followed; ERR_NOT_FOUND: it names a dialog that is none of the phone's
 * with that trunk. */
MUST_USE enum err pass_refer_add(struct call *call, const struct message *refer,
                                 struct message *to);
/* Whether a NOTIFY speaks of a REFER that was passed. */
bool pass_refer_notifies(const struct call *call, const struct message *notify);

#endif
