/* Offer and answer across the border (RFC 3264): what one side describes, the other sees as ours,
 * and the anchor carries it. One session a call, in exchanges one after the other, from either
 * side. The m-lines of both sides are the same ones, in the same order. Signalling thread. Owner:
 * the call. */
#ifndef SBC_B2BUA_OFFER_H
#define SBC_B2BUA_OFFER_H

#include <stddef.h>
#include "base/buf.h"
#include "base/err.h"
#include "config/config.h"
#include "media/anchor.h"
#include "sbc/sip/sdp.h"

struct offer;

/* One side of the border, as media sees it. */
struct offer_side {
	struct media_realm *media;
	struct addr shown; /* our address in what the side is told, without a port */
	enum srtp_mode srtp;
	bool both;  /* SRTP_OFFERED: RTP is offered beside SRTP, as an m-line of its own */
	bool plain; /* SRTP_OFFERED: it refused SRTP or stands without, so ours have none */
	/* What goes without encryption where SRTP is required, all other protocols than RTP; none:
	 * UDP/BFCP and UDP/UDT/IX. Borrowed. */
	char *const *plain_media;
	size_t nplain_media;
	/* In order of preference, borrowed; none: AES_CM_128_HMAC_SHA1_80 is offered, and any is
	 * taken whose tags are long. */
	const unsigned *suites; /* each one less than in enum srtp_suite, as config has them */
	size_t nsuites;
	struct sdp_codecs codecs; /* that may be used with it; borrowed; none: all */
	unsigned ptime_ms;        /* that it is told; 0: the other side's */
	struct addr host;         /* where its signalling comes from; unset: not known */
};

struct offer_cfg {
	const char *id; /* the call's, for the log; borrowed for as long as the offer lives */
	struct media *media;
	struct offer_side sides[MEDIA_NSIDES];
};

/* Why an offer or answer cannot be carried, for people; and the status that says it (400, 488, 491,
 * 502, 503, 500). */
struct offer_problem {
	unsigned status;
	char why[160];
};

/* No ports yet. */
MUST_USE enum err offer_new(struct offer **out, const struct offer_cfg *cfg);

/* side offers: for the first time, or again later. Appends what the other side is offered for it.
 * New m-lines have their streams from here on; what changes in old ones waits for the answer. While
 * no answer has settled it, the same side may offer again (another target is tried: offer_replace,
 * then this). out NULL: the other side does not hear of it. ERR_NOT_NOW, 491: the other side's
 * offer is under way. After an error there is no exchange, as after offer_drop. */
MUST_USE enum err offer_make(struct offer *o, enum media_side side, const char *sdp, size_t len,
                             struct buf *out, struct offer_problem *problem);
/* The answer to the offer that is under way; appends the offerer's (nothing after offer_invent).
 * out NULL: the offerer does not hear of it, since it is offered the same next. It may come again
 * (183, then 200; another fork): the newest counts, and the same one makes the same. After an error
 * the exchange is still under way. */
MUST_USE enum err offer_answer(struct offer *o, const char *sdp, size_t len, struct buf *out,
                               struct offer_problem *problem);
/* Two offers meet, since who calls is picked up by somebody who calls as well: each is the answer
 * to the other, in the lines and with one of the keys of who gets it. Errors as of offer_make;
 * after one there is no exchange. */
struct offer_meeting {
	const char *called, *picked;       /* of the caller, and of who stands for the callee */
	struct buf *to_caller, *to_picker; /* appended to */
};
MUST_USE enum err offer_meet(struct offer *o, const struct offer_meeting *m,
                             struct offer_problem *problem);
/* The answer was final. Lines that it did not take give their ports back. */
void offer_settle(struct offer *o);
/* The exchange failed: the session is as before it (RFC 3261 14.1), and what was new gives its
 * ports back. Without one, nothing. */
void offer_drop(struct offer *o);
/* As offer_drop, where the offer of offer_make could not be sent: what goes instead has its
 * version. */
void offer_take_back(struct offer *o);
/* That side is another party from now on (transfer, next target): forgets what the old one said,
 * was told and sent, and has new ports there; the other side's stay. An offer of the old party that
 * is under way is dropped. Copies cfg. ERR_LIMIT, ERR_IO, ERR_NOMEM: no ports for it, and this call
 * can only end. */
MUST_USE enum err offer_replace(struct offer *o, enum media_side side,
                                const struct offer_side *cfg);
/* An offer of our own to that side: what the other side described last, else audio. When its answer
 * has settled, that answer is the offer to the other side: give it to offer_make. */
MUST_USE enum err offer_invent(struct offer *o, enum media_side side, struct buf *out,
                               struct offer_problem *problem);
/* What a side was told in another session goes on in this one, under the same origin and with a
 * version that rises (RFC 3264 8): its dialog moves here, and stays plain where it is that. Before
 * the first offer. */
MUST_USE enum err offer_continue(struct offer *o, enum media_side side, const struct offer *was,
                                 enum media_side was_side);
/* Where a side's signalling comes from, for what it says from now on. */
void offer_note_host(struct offer *o, enum media_side side, const struct addr *host);
/* Whether an exchange is under way. */
bool offer_is_open(const struct offer *o);
void offer_close(struct offer **op); /* closes the anchor; NULL is fine */
/* NULL before the first offer. */
/* The suite of the first line that is carried; SRTP_NONE: plain, or not agreed yet. */
enum srtp_suite offer_suite(const struct offer *o, enum media_side side);
struct anchor *offer_anchor(const struct offer *o);

#endif
