/* What a leg's two sides said of the session in one dialog (RFC 3264), so that an offer that
 * changes nothing can be answered as RFC 3261 14.2 and RFC 3311 ask: peers send them to see whether
 * the session still stands (RFC 4028). Signalling thread. Part of its leg. */
#ifndef SBC_B2BUA_REFRESH_H
#define SBC_B2BUA_REFRESH_H

#include <stdbool.h>
#include <stddef.h>
#include "sbc/sip/message.h"
#include "sbc/sip/txn.h"

struct refresh {
	char *ours,
	    *theirs; /* the session descriptions; NULL: none yet. With keys: wiped when freed */
	bool agreed; /* the first offer has an answer that cannot be lost */
	struct server_txn *txn; /* a re-INVITE whose 2xx waits for its ACK; NULL: none */
};

/* The session description that a message carries; NULL: none. */
const char *refresh_sdp(const struct message *m, size_t *len);
/* Keep what was said last. Without memory a refresh is refused later, no more. */
void refresh_keep_ours(struct refresh *r, const char *sdp, size_t len); /* NULL: as it was */
void refresh_keep_theirs(struct refresh *r, const struct message *m);   /* without SDP: as it was */
/* Whether the request offers what the peer said before, to the letter. */
bool refresh_is_one(const struct refresh *r, const struct message *request);
/* Sends the 2xx to a re-INVITE; refresh_acked ends its copies. ERR_...: it could not be sent. */
MUST_USE enum err refresh_answer(struct refresh *r, struct server_txn *txn, struct message *answer);
/* An ACK came: true when it was for a refresh. */
bool refresh_acked(struct refresh *r);
void refresh_free(struct refresh *r);

#endif
