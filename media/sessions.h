/* The SRTP sessions of one direction of one side. One serves. What served before is kept for a
 * while: its late packets are good (a re-key loses none), and it serves on with its roll-over
 * counters when a change is taken back (RFC 3261 14.1). Two halves: signalling knows the keys and
 * says which session serves, the worker has the sessions. */
#ifndef MEDIA_SESSIONS_H
#define MEDIA_SESSIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"
#include "media/srtp.h"

#define SESSIONS_MAX 3
#define SESSION_NONE SESSIONS_MAX /* plain */

/* So long is a key good that another one followed, while nothing comes under that: as long as an
 * answer may be on its way (64 x T1); and so long once something came. */
#define SESSION_WAIT_MS 32000
#define SESSION_LATE_MS 2000

/* --- the worker --- Zeroed: plain. */

struct sessions {
	struct srtp_session *all[SESSIONS_MAX]; /* owned */
	struct srtp_session *now;               /* one of them; NULL: plain */
	struct srtp_session *before;            /* one of them; NULL: its time is over */
	uint64_t before_until_ms;
	bool late; /* what was unprotected last is before's */
};

/* What signalling wants. Owns what it has: before, new sessions for their slots; afterwards those
 * that were there. */
struct sessions_change {
	uint8_t slot; /* that serves */
	struct srtp_session *all[SESSIONS_MAX];
};

/* True: another one serves now. */
bool sessions_apply(struct sessions *s, struct sessions_change *change, uint64_t now_ms);
/* All go: change has them. */
void sessions_renew(struct sessions *s, struct sessions_change *change);
void sessions_free(struct srtp_session *all[SESSIONS_MAX]);
/* As srtp_session_unprotect, with the key of before where that is due. */
MUST_USE enum err sessions_unprotect(struct sessions *s, uint8_t *packet, size_t *len, bool rtcp,
                                     uint64_t now_ms);

/* --- signalling --- Zeroed, then session_keys_init. */

struct session_keys {
	struct {
		enum srtp_suite suite; /* SRTP_NONE: free */
		struct srtp_key key;
		bool tried; /* in the exchange that is under way */
	} slots[SESSIONS_MAX];
	uint8_t now, settled; /* slots; SESSION_NONE: plain */
};

void session_keys_init(struct session_keys *k);
/* Has a key serve from now on, with a new session where there is none with it. ERR_LIMIT: outbound,
 * and too many keys were tried since one was settled; to forget one would be to use its key stream
 * twice (RFC 3711 9.1). ERR_NOMEM. Nothing has changed then. */
MUST_USE enum err session_keys_use(struct session_keys *k, enum srtp_suite suite,
                                   const struct srtp_key *key, bool outbound,
                                   struct sessions_change *change);
/* What serves now is what has been agreed on. */
void session_keys_settle(struct session_keys *k);

#endif
