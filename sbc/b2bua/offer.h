/* Offer and answer across the border (RFC 3264): what one side describes, the other sees as ours,
 * and the anchor carries it. Signalling thread. Owner: the call. */
#ifndef SBC_B2BUA_OFFER_H
#define SBC_B2BUA_OFFER_H

#include <stddef.h>
#include "base/buf.h"
#include "base/err.h"
#include "config/config.h"
#include "media/anchor.h"

struct offer;

/* One side of the border, as media sees it. */
struct offer_side {
	struct media_realm *media;
	const struct config_realm *realm;
	enum srtp_mode srtp;
};

struct offer_cfg {
	const char *id; /* the call's, for the log */
	struct media *media;
	struct offer_side caller, callee;
};

/* Why an offer or answer cannot be carried, for people; and the status that says it (488, 503,
 * 500). */
struct offer_problem {
	unsigned status;
	char why[160];
};

/* Takes the caller's offer, opens the anchor, appends the callee's offer to out. */
MUST_USE enum err offer_open(struct offer **out, const struct offer_cfg *cfg, const char *sdp,
                             size_t len, struct buf *to_callee, struct offer_problem *problem);
/* Takes the callee's answer, starts the media, appends the caller's answer. The same answer may
 * come again (183, then 200): what it makes is the same. */
MUST_USE enum err offer_answer(struct offer *o, const char *sdp, size_t len, struct buf *to_caller,
                               struct offer_problem *problem);
void offer_close(struct offer **op); /* closes the anchor; NULL is fine */
const struct anchor *offer_anchor(const struct offer *o);

#endif
