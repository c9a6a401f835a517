/* What a leg's two sides agreed on, so that a re-INVITE that changes nothing can be answered as RFC
 * 3261 14.2 asks: peers send them to see whether the session still stands (RFC 4028). Signalling
 * thread. Part of its leg. */
#ifndef SBC_B2BUA_REFRESH_H
#define SBC_B2BUA_REFRESH_H

#include <stdbool.h>
#include <stddef.h>
#include "sbc/sip/message.h"
#include "sbc/sip/txn.h"

struct refresh {
	char *ours,
	    *theirs; /* the session descriptions; NULL: none yet. With keys: wiped when freed */
	struct server_txn *txn; /* a re-INVITE whose 2xx waits for its ACK; NULL: none */
};

/* Keep what was said last. Without memory a refresh is refused later, no more. */
void refresh_keep_ours(struct refresh *r, const char *sdp, size_t len); /* NULL: as it was */
void refresh_keep_theirs(struct refresh *r, const struct message *m);   /* without SDP: as it was */
/* Whether the re-INVITE has the session description that the peer sent before, to the letter. */
bool refresh_is_one(const struct refresh *r, const struct message *invite);
/* Answers it: 200 with what we said before. tag and contact: of our dialog. */
void refresh_answer(struct refresh *r, struct server_txn *txn, const char *tag,
                    const char *contact);
/* An ACK came: true when it was for a refresh. */
bool refresh_acked(struct refresh *r);
void refresh_free(struct refresh *r);

#endif
