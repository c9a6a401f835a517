/* The formats of an m-line, on Sofia-SIP's structures: sdp.c's room for them. Signalling thread. */
#ifndef SBC_SIP_SDP_FORMATS_H
#define SBC_SIP_SDP_FORMATS_H

#include <stdbool.h>
#include <stddef.h>
#include <sofia-sip/sdp.h>
#include "sbc/sip/sdp.h"

/* What the formats of RTP say of a line. */
void sdp_formats_read(const sdp_media_t *m, struct sdp_media *out);
/* Those that are there now. */
void sdp_formats_list(const sdp_media_t *m, struct sdp_formats *out);
/* Other payload types, wherever one is named; texts are made in home. */
MUST_USE enum err sdp_formats_renumber(su_home_t *home, sdp_media_t *m,
                                       const struct sdp_types *types);
/* G.711's other law behind the one that is there; else, and where both are, nothing. */
MUST_USE enum err sdp_formats_add_law(su_home_t *home, sdp_media_t *m);
/* Leaves those formats whose names are among codecs, in the order of these, and what is said of
 * them. */
void sdp_formats_filter(sdp_media_t *m, char *const *codecs, size_t ncodecs);
/* Whether one of them is speech: neither digits nor silence. */
bool sdp_formats_speak(const sdp_media_t *m, char *const *codecs, size_t ncodecs);

#endif
