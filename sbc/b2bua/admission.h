/* Whether one more call may begin: the limits of all calls, of trunks and of phones. Signalling
 * thread. */
#ifndef SBC_B2BUA_ADMISSION_H
#define SBC_B2BUA_ADMISSION_H

#include "sbc/b2bua/call_internal.h"

/* The limits of a border's phones and of all its calls. */
MUST_USE enum err admission_open(struct border *b);
void admission_close(struct border *b);

/* Of all calls; NULL: one more may begin. Else why not. */
const char *admission_of_all(struct border *b, bool emergency);
/* Of a call's party: takes a place among the calls of its trunk or phone, which the party's end
 * gives back. ERR_LIMIT, and what the call is refused with. */
MUST_USE enum err admission_of_party(struct call *call, struct party *p,
                                     struct call_refusal *refusal);
/* The same for who takes the place of another party. Where both are one trunk or phone nothing is
 * asked of its limits: for a moment it counts twice. */
MUST_USE enum err admission_in_place(struct call *call, struct party *p,
                                     const struct party *replaced, struct call_refusal *refusal);
void admission_leave(struct party *p);
/* A request out of any call, which has a second's share of its own, as large as that of calls: 0,
 * or with what it is refused. */
unsigned admission_of_request(struct border *b, const struct party *from, const struct party *to);

/* Counts a refusal in the log, where it is not said too often. */
void admission_log(struct border *b, const struct config_party *who, const char *why);

#endif
