/* What of a message crosses the border, and in what form. Nothing of the inside is seen outside.
 * Signalling thread. */
#ifndef SBC_B2BUA_HEADERS_H
#define SBC_B2BUA_HEADERS_H

#include <stddef.h>
#include "base/err.h"
#include "sbc/sip/message.h"

#define HEADER_VALUE_MAX 512

/* The direction that a message takes across the border. */
enum crossing { CROSSING_OUT /* to a trunk */, CROSSING_IN /* to a phone */ };

/* Copies the headers that may cross from one message to another. */
void headers_cross(const struct message *from, struct message *to, enum crossing way);
/* The value of From for the other leg: the caller's name and number at our host; number NULL: the
 * caller's own. A caller that withholds its number stays withheld (RFC 3323). ERR_LIMIT: too long.
 */
MUST_USE enum err headers_from(const struct message *invite, const char *number, const char *host,
                               const char *scheme, char out[HEADER_VALUE_MAX]);
/* Whether text can stand as the user part of a URI (RFC 3261 25.1: unreserved, escaped,
 * user-unreserved). */
int headers_user_is_clean(const char *user);

/* The number in the user part of a URI: without the parameters behind it (RFC 3261 19.1.6:
 * ";npdi;rn=..."), and with what needs no escape unescaped (19.1.4), so that a route sees it as the
 * provider will. ERR_SYNTAX, ERR_LIMIT. */
MUST_USE enum err headers_number(const char *user, char *out, size_t size);

#endif
