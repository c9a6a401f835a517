/* Failures of one side as the other side may take them. What a peer says of our request, of its
 * passwords or of itself is no business of the other; what it says of the call is. Any thread. */
#ifndef SBC_B2BUA_FAILURE_MAP_H
#define SBC_B2BUA_FAILURE_MAP_H

#include "sbc/b2bua/headers.h"

/* What an operator or a PBX makes of a failure. */
enum failure_class { FAILURE_BUSY, FAILURE_REFUSED, FAILURE_UNAVAILABLE, FAILURE_FAILED };

enum failure_class failure_class(unsigned status);
const char *failure_class_name(enum failure_class c);

/* The status by which the other side of a call hears of a final answer to its INVITE. Where the
 * answer tells nothing of the call but its Reason has a cause of Q.850, that counts. */
unsigned failure_status(const struct message *answer, enum crossing way);
/* The same of any other request: what speaks of the hop between us alone is told as above, the rest
 * as it is. */
unsigned failure_status_passed(unsigned status, enum crossing way);
/* The same of a re-INVITE or UPDATE that changes the session: as of an INVITE, for what is refused
 * was made by us, and an offer that meets another one is that for both sides. */
unsigned failure_status_of_change(unsigned status, enum crossing way);
/* RFC 3398 8.2.6.1; 0: none. */
unsigned failure_q850(unsigned status);

#endif
