/* Who calls: read out of what came, as far as its sender is believed, and written as the other side
 * wants it (RFC 3261 20.20, RFC 3323, RFC 3325, draft-ietf-sip-privacy-04 for Remote-Party-ID).
 * A number that is withheld goes to those alone who are trusted to keep it. Signalling thread. */
#ifndef SBC_B2BUA_CALLER_ID_H
#define SBC_B2BUA_CALLER_ID_H

#include <stdbool.h>
#include "sbc/b2bua/headers.h"
#include "sbc/b2bua/name_addr.h"
#include "sbc/b2bua/numbers.h"

/* Besides the number, which a party has. */
struct caller_id {
	char shown[NUMBER_MAX];    /* the number by its route's rules; "": as it is */
	char display[DISPLAY_MAX]; /* with its quotes; "" for none */
	bool tells;                /* it has a word of the inside in it: not for a trunk */
	bool withheld;             /* neither is to be shown (RFC 3323) */
	bool screened;             /* we may vouch for the number (RFC 3325 5) */
};

/* What a request says of its caller: once, when it comes. number is as the inside writes it,
 * "unknown" where there is none. */
void caller_id_read(struct caller_id *out, char number[NUMBER_MAX], const struct message *request,
                    const struct config_party *from);
/* Whether a REFER says who asks (RFC 3892), as somebody who wants to be known. */
bool caller_id_refers(const struct message *refer);
/* Whether a phone may say that a number is its own. */
bool caller_id_is_own(const struct config_phone *phone, const char *number);
/* Whether who sent m asks that its number is not told (RFC 3323). */
bool caller_id_hides(const struct message *m);
/* Whether to may learn the number of who sent m: it is not withheld, or to is trusted with it. */
bool caller_id_may_go(const struct message *m, const struct config_party *to);
/* The caller's number as a trunk is to see it; one that cannot be written is "unknown". */
const char *caller_id_number(const struct config_party *from, const char *number,
                             const struct config_trunk *to, char out[NUMBER_MAX]);
/* The value of From for the other side, with number at our host. to_trunk: it is none of ours that
 * gets it. ERR_LIMIT: too long. */
MUST_USE enum err caller_id_from(const struct caller_id *id, bool to_trunk, const char *number,
                                 const char *host, const char *scheme, char out[HEADER_VALUE_MAX]);
/* Our URI of a number: ours is that of our Contact. */
void caller_id_uri(const struct uri *ours, const char *number, char out[HEADER_VALUE_MAX]);
/* Adds to an INVITE of ours, which has its Contact, the other headers by which a trunk wants to
 * know the caller, and what keeps a withheld number withheld. */
void caller_id_add(const struct passage *p, const struct caller_id *id, const char *number);
/* Adds to an INVITE or REFER of ours, which has its Contact, who asked for the call (RFC 3892),
 * unless that is withheld. */
void caller_id_add_referrer(const struct passage *p, const struct config_party *who,
                            const struct caller_id *id, const char *number);
/* Adds to an answer of ours, which has its Contact, who it is that answered, where the answer that
 * it is made of says so (RFC 3325, P-Asserted-Identity). */
void caller_id_add_connected(const struct passage *p);

#endif
