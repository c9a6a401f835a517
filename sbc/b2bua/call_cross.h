/* What goes along from one leg of a call to the other: whatever a leg sends because the other leg
 * got something carries what of that may cross. Signalling thread. */
#ifndef SBC_B2BUA_CALL_CROSS_H
#define SBC_B2BUA_CALL_CROSS_H

#include "sbc/b2bua/headers.h"
#include "sbc/b2bua/leg.h"

struct call;
struct call_news;

/* For the handler of a call's leg; arg is the call. */
void call_on_send(void *arg, struct leg *leg, struct message *m);
/* The Reason with which a leg's INVITE is taken back, or its BYE goes out later, by what the other
 * leg got; NULL: none. */
const char *call_reason(const struct call *call, const struct leg *leg, char out[HEADER_LINE_MAX]);

#endif
