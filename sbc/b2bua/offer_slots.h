/* The m-lines of a side's descriptions, its slots, and the lines of the session that they stand
 * for: one each, or two of one, where one is the other with SRTP (what best effort was before RFC
 * 8643). Signalling thread. */
#ifndef SBC_B2BUA_OFFER_SLOTS_H
#define SBC_B2BUA_OFFER_SLOTS_H

#include <stdbool.h>
#include <stdint.h>
#include "sbc/b2bua/offer.h"
#include "sbc/sip/sdp.h"

struct slot {
	uint8_t line;
	uint8_t proto; /* enum sdp_proto, as it was offered last */
	bool feedback;
	bool open; /* that had a port */
};

/* Zeroed: the side has heard of no line. Lines come in the order of their first slots. */
struct slots {
	struct slot all[SDP_MEDIA_MAX];
	uint8_t n, nlines;
	uint8_t used[SDP_MEDIA_MAX]; /* of a line's slots the one that counts */
};

/* The side offers: what is new in it becomes slots. */
void slots_take(struct slots *s, const struct sdp *offer);
/* in, which the side said, has the lines of the session from here on: of two slots of one line the
 * one that is in use, else SRTP if that can be. */
void slots_fold(struct slots *s, const struct offer_side *side, struct sdp *in);
/* A slot for the next line, or two where those of so many more lines have room behind them. Without
 * room for it: nothing. */
void slots_open(struct slots *s, bool two, size_t more);
/* Writes lines (ours, of each line) into the slots that they have. beside: the line's other slot is
 * offered, without SRTP. of: as in struct sdp_out. Both have room for SDP_MEDIA_MAX. */
void slots_write(struct slots *s, const struct sdp_out_media *lines, const bool *beside,
                 bool offers, struct sdp_out_media *media, uint8_t *of);

#endif
