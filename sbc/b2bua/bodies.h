/* Which bodies cross the border besides session descriptions, which never cross as they are.
 * Signalling thread. */
#ifndef SBC_B2BUA_BODIES_H
#define SBC_B2BUA_BODIES_H

#include <stdbool.h>
#include "sbc/b2bua/headers.h"

/* A message without a body may. */
bool bodies_may_cross(const struct message *m, enum crossing way);
/* Those that may, for Accept. */
const char *bodies_accepted(enum crossing way);
/* Copies the body that may cross, octet by octet, with the headers that say what it is. */
void bodies_cross(const struct passage *p);

#endif
