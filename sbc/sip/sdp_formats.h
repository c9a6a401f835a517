/* The formats of an m-line of RTP, read, chosen and written: room for them of sdp.c and sdp_line.c.
 * Signalling thread. */
#ifndef SBC_SIP_SDP_FORMATS_H
#define SBC_SIP_SDP_FORMATS_H

#include <stdbool.h>
#include <stddef.h>
#include <sofia-sip/sdp.h>
#include "base/buf.h"
#include "sbc/sip/sdp.h"

/* What rtpmap says of one, or what RFC 3551 6 does. Texts are the session's and are none's end. */
struct sdp_line_format {
	uint8_t type, to; /* its payload type, and the one that is written */
	const char *name;
	size_t name_len;    /* 0: nothing is known of it */
	unsigned long rate; /* Hz */
	const char *params; /* channels */
	size_t params_len;
	const char *fmtp; /* that the parser keeps apart; NULL: none */
};

struct sdp_line_formats {
	struct sdp_line_format list[SDP_TYPES];
	size_t n;
};

/* Those of a line, once sdp_read has seen that they are payload types. */
void sdp_formats_of(const sdp_media_t *m, struct sdp_line_formats *out);
/* What they say of the line. */
void sdp_formats_read(const struct sdp_line_formats *f, struct sdp_media *out);
/* Those that we know apart, under the types that are written. */
void sdp_formats_list(const struct sdp_line_formats *f, struct sdp_formats *out);
/* Whether one of them is among codecs and is speech: neither digits nor silence. */
bool sdp_formats_speak(const struct sdp_line_formats *f, const struct sdp_codecs *codecs);

/* Leaves those whose names are among codecs, in the order of these. */
void sdp_formats_filter(struct sdp_line_formats *f, const struct sdp_codecs *codecs);
/* G.711's other law behind the one that is there; else, and where both are, nothing. */
void sdp_formats_add_law(struct sdp_line_formats *f);
/* Other types; those that are dropped go. */
void sdp_formats_renumber(struct sdp_line_formats *f, const struct sdp_types *types);

/* " 8 0 101" */
void sdp_formats_write(const struct sdp_line_formats *f, struct buf *out);
/* Their rtpmaps, and the fmtps that are kept apart. */
void sdp_formats_write_maps(const struct sdp_line_formats *f, struct buf *out);
/* Whether an attribute speaks of one format. */
bool sdp_formats_speaks_of(const sdp_attribute_t *a);
/* Such a one, where its format is there; rtpmaps are written above. */
void sdp_formats_write_attribute(const struct sdp_line_formats *f, const sdp_attribute_t *a,
                                 struct buf *out);

#endif
