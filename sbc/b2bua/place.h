/* Where a caller is (RFC 6442), beside the call itself. Signalling thread. */
#ifndef SBC_B2BUA_PLACE_H
#define SBC_B2BUA_PLACE_H

#include "sbc/b2bua/headers.h"

/* Whether a place may go from one end to the other: as the location of their trunk says. It names
 * whose it is: but in an emergency it stays behind where the caller of invite is withheld. */
bool place_may_go(const struct crossing_ends *ends, const struct message *invite, bool emergency);
/* Adds to an INVITE the places that the one that came names by reference, and what it says of their
 * use where it has any place by now. */
void place_cross(const struct passage *p);

#endif
