/* The formats of a line on its two sides: who speaks what, and under which payload type (RFC 3264
 * 5.1, 6.1, 8.3.2). A side has one number for a codec as long as it is there, whatever the other
 * side calls it. Signalling thread. */
#ifndef SBC_B2BUA_OFFER_CODECS_H
#define SBC_B2BUA_OFFER_CODECS_H

#include "sbc/b2bua/offer_line.h"

/* Why a line of an offer of from's would be nothing that both may speak; NULL: it is. G.711 counts
 * as both of its laws to who lists one: the other one is made of it. */
const char *codecs_judge(const struct offer_side sides[MEDIA_NSIDES], enum media_side from,
                         const struct sdp *sdp, size_t i);
/* Whether an offered line is to have both laws of G.711 for its reader. */
bool codecs_want_both_laws(const struct offer_side sides[MEDIA_NSIDES]);
/* How m, of the other side, is told to a side with these codecs. False: it needs no change. */
bool codecs_for(const struct line *line, enum media_side reader, const struct sdp_codecs *codecs,
                const struct sdp_media *m, bool offers, struct sdp_types *out);
/* Whether two ends can speak: a codec of one is one of the other's, or both have G.711 in some law.
 * What is not known of them is taken for yes. */
bool codecs_share(const struct sdp_formats *a, const struct sdp_formats *b);
/* Both sides have said theirs: where DTMF events are, and whether the laws differ. */
void codecs_agree(struct line *line);
/* What becomes of what a side sends. */
void codecs_map(const struct line *line, enum media_side from, struct payload_map *out);

#endif
