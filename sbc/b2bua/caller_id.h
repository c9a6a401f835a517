/* Who calls: read out of what came, as far as its sender is believed, and written as the other side
 * wants it (RFC 3261 20.20, RFC 3323, RFC 3325, draft-ietf-sip-privacy-04 for Remote-Party-ID).
 * A number that is withheld goes to those alone who are trusted to keep it. Signalling thread. */
#ifndef SBC_B2BUA_CALLER_ID_H
#define SBC_B2BUA_CALLER_ID_H

#include <stdbool.h>
#include "sbc/b2bua/headers.h"
#include "sbc/b2bua/numbers.h"

#define DISPLAY_MAX 128 /* octets of a name, with quotes and NUL */

struct caller_id {
	char number[NUMBER_MAX];   /* as the inside writes it; "unknown": there is none */
	char display[DISPLAY_MAX]; /* with its quotes; "" for none */
	bool withheld;
};

/* What an INVITE says of its caller. */
void caller_id_read(struct caller_id *out, const struct message *invite,
                    const struct config_party *from);
/* Whether to may learn the number of who sent m: it is not withheld, or to is trusted with it. */
bool caller_id_may_go(const struct message *m, const struct config_party *to);
/* The caller's number as a trunk is to see it; one that cannot be written is "unknown". */
const char *caller_id_number(const struct config_party *from, const char *number,
                             const struct config_trunk *to, char out[NUMBER_MAX]);
/* The value of From for the other side, with number at our host. to: the trunk that gets it; NULL:
 * a phone. ERR_LIMIT: too long. */
MUST_USE enum err caller_id_from(const struct message *invite, const struct config_party *from,
                                 const struct config_trunk *to, const char *number,
                                 const char *host, const char *scheme, char out[HEADER_VALUE_MAX]);
/* Adds to an INVITE of ours, which has its Contact, the other headers by which a trunk wants to
 * know the caller, and what keeps a withheld number withheld. */
void caller_id_add(const struct message *received, struct message *invite,
                   const struct crossing_ends *ends);
/* Adds to an answer of ours, which has its Contact, who it is that answered, where the answer that
 * it is made of says so (RFC 3325, P-Asserted-Identity). */
void caller_id_add_connected(const struct message *received, struct message *answer,
                             const struct crossing_ends *ends);

#endif
