/* The lab's session descriptions (RFC 3264, 4568): the provider answers an offer, the phone makes
 * one and reads the answer. Signalling thread. */
#ifndef SBC_LAB_SESSION_H
#define SBC_LAB_SESSION_H

#include <stddef.h>
#include "base/addr.h"
#include "base/buf.h"
#include "base/err.h"
#include "media/srtp.h"
#include "sbc/lab/tone.h"

/* What a provider and its peer agreed on. Holds keys: session_wipe. */
struct session {
	struct addr peer;
	enum srtp_suite suite;
	struct srtp_key in, out; /* the peer's; ours, made here */
};

/* Appends the answer to an offer: its first audio stream that comes with a key of a suite that we
 * have, at ours, with all of its formats; the other streams are rejected. ERR_SYNTAX: no SDP;
 * ERR_UNSUPPORTED: no such stream. */
MUST_USE enum err session_answer(struct session *out, const char *offer, size_t len,
                                 const struct addr *ours, struct buf *answer);
void session_wipe(struct session *s);

/* Appends an offer of G.711 over plain RTP at ours. */
MUST_USE enum err session_offer(const struct addr *ours, struct buf *offer);
/* Where to send, and which of the two laws was taken. ERR_SYNTAX; ERR_UNSUPPORTED: no audio, or not
 * as we offered it. */
MUST_USE enum err session_read_answer(const char *answer, size_t len, struct addr *peer,
                                      enum g711 *law);

#endif
