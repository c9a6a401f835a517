/* The formats of an m-line, on Sofia-SIP's structures: sdp.c's room for them. Signalling thread. */
#ifndef SBC_SIP_SDP_FORMATS_H
#define SBC_SIP_SDP_FORMATS_H

#include <stdbool.h>
#include <stddef.h>
#include <sofia-sip/sdp.h>

/* Leaves those formats whose names are among codecs, in the order of these, and what is said of
 * them. */
void sdp_formats_filter(sdp_media_t *m, char *const *codecs, size_t ncodecs);
/* Whether one of them is speech: neither digits nor silence. */
bool sdp_formats_speak(const sdp_media_t *m, char *const *codecs, size_t ncodecs);

#endif
