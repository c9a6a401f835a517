/* Replaces (RFC 3891): a dialog of ours that somebody names. Signalling thread. */
#ifndef SBC_B2BUA_REPLACES_H
#define SBC_B2BUA_REPLACES_H

#include <stdbool.h>
#include "sbc/b2bua/call_internal.h"

#define REPLACES_MAX 256 /* octets of each part, with the NUL */

struct replaces {
	char call_id[REPLACES_MAX];
	char to_tag[REPLACES_MAX], from_tag[REPLACES_MAX]; /* ours, the peer's */
	bool early_only;
};

/* Reads the header's value. False: it is none. */
bool replaces_read(const char *value, struct replaces *out);
/* The call whose leg has that dialog, and in *party the side of that leg; NULL: none (RFC 3891 3:
 * 481). */
struct call *replaces_find(const struct border *b, const struct replaces *r, struct party **party);

#endif
