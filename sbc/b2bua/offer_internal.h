/* The inside of an offer, for its own rooms: offer.c (the session and what is offered),
 * offer_answer.c (what is answered) and offer_meet.c (two offers). */
#ifndef SBC_B2BUA_OFFER_INTERNAL_H
#define SBC_B2BUA_OFFER_INTERNAL_H

#include "sbc/b2bua/offer.h"
#include "sbc/b2bua/offer_line.h"
#include "sbc/b2bua/offer_slots.h"
#include "sbc/b2bua/offer_voice.h"
#include "sbc/sip/sdp.h"

/* What both sides have agreed on, or are about to. */
struct session {
	struct line *lines;
	size_t nlines;
	struct slots slots[MEDIA_NSIDES];
	char *said[MEDIA_NSIDES]; /* each side's own description; NULL: none (or the old one) */
};

enum exchange { EXCHANGE_NONE, EXCHANGE_OFFERED, EXCHANGE_ANSWERED };

struct offer {
	struct offer_cfg cfg;
	struct anchor *anchor;
	struct voice voices[MEDIA_NSIDES];
	struct session now, next; /* next: while an exchange is under way */
	enum exchange exchange;
	enum media_side from;
	bool invented; /* from did not offer: we did, in its stead */
	/* Two offers meet: the one of who is told; NULL: they do not. Borrowed. */
	const struct sdp *met;
};

/* Who is to answer. */
static inline enum media_side offer_asked(const struct offer *o)
{
	return o->from == SIDE_CALLER ? SIDE_CALLEE : SIDE_CALLER;
}

/* Appends how in is told to a side, as our own: as an answer to who offered or is met, else as an
 * offer. */
MUST_USE enum err offer_tell(struct offer *o, enum media_side side, const struct sdp *in,
                             struct buf *out);
/* next becomes a copy of the session with room for so many lines, or has more room. */
MUST_USE enum err offer_open_exchange(struct offer *o, size_t nlines);
/* The exchange has its answer: payload types are agreed on, and media hears of all. */
MUST_USE enum err offer_agree(struct offer *o);
/* For good once the exchange is settled. */
MUST_USE enum err offer_keep_said(struct offer *o, enum media_side side, const char *sdp,
                                  size_t len);
/* Gives ERR_REFUSED. */
enum err offer_problem_is(struct offer_problem *p, unsigned status, const char *why);

#endif
