/* An m-line and what belongs to it, written anew: sdp.c's room for that. Sofia-SIP's printer knows
 * names that its parser has lost, prints all through printf and leaves keys in memory. Signalling
 * thread. */
#ifndef SBC_SIP_SDP_LINE_H
#define SBC_SIP_SDP_LINE_H

#include <stdbool.h>
#include <sofia-sip/sdp.h>
#include "base/buf.h"
#include "sbc/sip/sdp.h"

/* RTP audio. */
bool sdp_line_is_speech(const struct sdp_media *m);
/* m, which was read as was, as with says. session: the direction of lines that say none. */
void sdp_line_write(const sdp_media_t *m, const struct sdp_media *was,
                    const struct sdp_out_media *with, sdp_mode_t session, struct buf *out);
/* A rejected one of a kind that the other side knows; NULL: RTP audio. */
void sdp_line_write_unknown(const struct sdp_media *like, struct buf *out);
void sdp_line_write_bandwidths(const sdp_bandwidth_t *b, struct buf *out);
/* value: NULL for none. */
void sdp_line_write_attribute(const char *name, const char *value, struct buf *out);

#endif
