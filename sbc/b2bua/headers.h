/* What of a message crosses the border, and in what form. Nothing of the inside is seen outside.
 * Signalling thread. */
#ifndef SBC_B2BUA_HEADERS_H
#define SBC_B2BUA_HEADERS_H

#include "base/err.h"
#include "sbc/sip/message.h"

#define HEADER_VALUE_MAX 512

/* The direction that a message takes across the border. */
enum crossing { CROSSING_OUT /* to a trunk */, CROSSING_IN /* to a phone */ };

/* Copies the headers that may cross from one message to another. */
void headers_cross(const struct message *from, struct message *to, enum crossing way);
/* A day. */
#define EXPIRES_MOST_S 86400
/* Copies what RFC 6665 and RFC 3903 have, Expires as headers_expires_s reads it. */
void headers_cross_event(const struct message *from, struct message *to, enum crossing way);
/* A day at most; an hour where nothing is said. */
unsigned headers_expires_s(const struct message *m);
/* The value of From for the other leg: the caller's name, and number, at our host. A caller that
 * withholds its number stays withheld (RFC 3323). ERR_LIMIT: too long. */
MUST_USE enum err headers_from(const struct message *invite, const char *number, const char *host,
                               const char *scheme, char out[HEADER_VALUE_MAX]);

#endif
