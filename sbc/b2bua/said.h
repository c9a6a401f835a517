/* What a leg's two sides said of the session in one dialog, and whose turn it is (RFC 3264, RFC
 * 6337). Signalling thread. Part of its leg. */
#ifndef SBC_B2BUA_SAID_H
#define SBC_B2BUA_SAID_H

#include <stdbool.h>
#include <stddef.h>
#include "sbc/sip/message.h"

enum said_turn {
	SAID_NOTHING, /* the first offer is still to come */
	SAID_OURS,    /* ours has no answer that cannot be lost */
	SAID_THEIRS,  /* theirs waits for our answer */
	SAID_AGREED,
};

struct said {
	enum said_turn turn;
	/* The session descriptions; NULL: none yet. With keys: wiped when freed. */
	char *ours, *theirs;
};

/* The session description that a message carries, alone or in one of its parts; NULL: none. */
const char *said_sdp(const struct message *m, size_t *len);
/* Keep what was said last. Without memory an offer that changes nothing is passed on later as if it
 * did, no more. */
void said_keep_ours(struct said *s, const char *sdp, size_t len); /* NULL: as it was */
void said_keep_theirs(struct said *s, const struct message *m);   /* without SDP: as it was */
/* Whether the request offers what the peer said before, to the letter, and we know our answer. */
bool said_before(const struct said *s, const struct message *request);
void said_free(struct said *s);

#endif
