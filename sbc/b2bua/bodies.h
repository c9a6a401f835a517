/* Which bodies cross the border besides session descriptions, which never cross as they are.
 * Signalling thread. */
#ifndef SBC_B2BUA_BODIES_H
#define SBC_B2BUA_BODIES_H

#include <stdbool.h>
#include "sbc/b2bua/headers.h"

/* A message without a body may; so may one of parts (multipart/mixed), of which some cross and none
 * is refused. */
bool bodies_may_cross(const struct message *m, enum crossing way);
/* Those that may, for Accept. */
const char *bodies_accepted(enum crossing way);
/* Adds to a 415 what would be taken instead (RFC 3261 21.4.13): inward what the far end says; a
 * phone's own list may name its make, so a trunk is told what all of ours may be sent. */
void bodies_say_accepted(const struct passage *p);
/* Copies the body that may cross, octet by octet, with the headers that say what it is; of parts
 * those that may, in a body of our own. */
void bodies_cross(const struct passage *p);

/* A call's body has the session description and may have other parts; they cross where the table in
 * bodies.c says so, in a body of our own. The status that answers one that cannot be served (400,
 * 415); 0: it can. What it has for a trunk or phone that must not have it is left out. */
unsigned bodies_call_problem(const struct message *invite);
#define BODIES_CALL_ACCEPT "application/sdp, application/pidf+xml, multipart/mixed"
/* Adds the parts of what came to the session description of what goes, and the headers that speak
 * of them. False: there are none. */
bool bodies_cross_call(const struct passage *p);

#endif
