/* Ends a call that somebody answered after its INVITE was given up. Signalling thread. */
#ifndef SBC_SIP_LATE_ANSWER_H
#define SBC_SIP_LATE_ANSWER_H

#include "sbc/sip/credentials.h"
#include "sbc/sip/stack.h"

/* A 2xx that nobody waits for is confirmed and followed by a BYE (RFC 3261 13.2.2.4, 15.1.1); copy:
 * it came before, and the ACK alone is missing. invite: as it was sent. c answers for the BYE when
 * it is challenged. Says so in the log. */
void late_answer_end(struct stack *stack, const struct message *invite,
                     const struct message *answer, const struct flow *flow, struct credentials *c,
                     bool copy);

#endif
