/* An m-line, its bandwidth and its attributes as the other side gets them. Signalling thread. RFC
 * 8866 5.14, RFC 3264, RFC 4568. */
#include "sbc/sip/sdp_line.h"

#include <string.h>
#include <strings.h>
#include "base/err.h"
#include "sbc/sip/sdp_attr.h"
#include "sbc/sip/sdp_crypto.h"
#include "sbc/sip/sdp_formats.h"

/* By sdp_mode_t. */
static const char *const modes[] = { "inactive", "sendonly", "recvonly", "sendrecv" };

bool sdp_line_is_speech(const struct sdp_media *m)
{
	return m->proto < SDP_DATAGRAM && strcasecmp(m->kind, "audio") == 0;
}

void sdp_line_write_attribute(const char *name, const char *value, struct buf *out)
{
	buf_puts(out, "a=");
	buf_puts(out, name);
	if (value) {
		buf_puts(out, ":");
		buf_puts(out, value);
	}
	buf_puts(out, "\r\n");
}

static bool is_as(const sdp_bandwidth_t *b)
{
	return b->b_modifier_name && strcasecmp(b->b_modifier_name, "AS") == 0;
}

/* CT and AS alone: of most others the parser has lost the name, and a name of somebody's own may be
 * that of the inside. */
void sdp_line_write_bandwidths(const sdp_bandwidth_t *b, struct buf *out)
{
	for (; b; b = b->b_next) {
		if (b->b_modifier != sdp_bw_ct && !is_as(b))
			continue;
		buf_puts(out, b->b_modifier == sdp_bw_ct ? "b=CT:" : "b=AS:");
		buf_put_number(out, b->b_value);
		buf_puts(out, "\r\n");
	}
}

static const char *proto_name(enum sdp_proto proto, bool feedback)
{
	if (proto == SDP_SRTP)
		return feedback ? "RTP/SAVPF" : "RTP/SAVP";
	return feedback ? "RTP/AVPF" : "RTP/AVP";
}

/* Those that the reader gets, under their new payload types. */
static void choose_formats(const struct sdp_media *was, const struct sdp_out_media *with,
                           struct sdp_line_formats *formats)
{
	for (size_t i = 0; sdp_line_is_speech(was) && i < ARRAY_LEN(with->codecs); i++) {
		if (i == 1 && with->both_laws)
			sdp_formats_add_law(formats);
		if (with->codecs[i].n)
			sdp_formats_filter(formats, &with->codecs[i]);
	}
	if (with->types)
		sdp_formats_renumber(formats, with->types);
	if (with->written)
		sdp_formats_list(formats, with->written);
}

/* m=audio 36000 RTP/AVP 8 0; formats: of RTP. */
static void write_first(const sdp_media_t *m, const struct sdp_media *was,
                        const struct sdp_out_media *with, const struct sdp_line_formats *formats,
                        struct buf *out)
{
	bool rtp = was->proto < SDP_DATAGRAM;

	buf_puts(out, "m=");
	buf_puts(out, was->kind);
	buf_puts(out, " ");
	buf_put_number(out, with->rejected ? 0 : with->port);
	buf_puts(out, " ");
	/* A line that is rejected keeps its protocol, too (RFC 3264 6). */
	buf_puts(out, rtp && with->proto < SDP_DATAGRAM ? proto_name(with->proto, with->feedback)
	                                                : was->transport);
	if (rtp)
		sdp_formats_write(formats, out);
	for (const sdp_list_t *word = m->m_format; word && !rtp; word = word->l_next) {
		buf_puts(out, " ");
		buf_puts(out, word->l_text);
	}
	buf_puts(out, "\r\n");
}

/* What is written from what we know of the line. */
static bool is_ours(const char *name, bool ptime)
{
	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		if (strcasecmp(name, modes[i]) == 0)
			return true;
	}
	return ptime && strcasecmp(name, "ptime") == 0;
}

static void write_attributes(const sdp_media_t *m, const struct sdp_media *was,
                             const struct sdp_out_media *with,
                             const struct sdp_line_formats *formats, struct buf *out)
{
	bool ptime = with->ptime_ms && sdp_line_is_speech(was);

	for (size_t i = 0; i < with->ncrypto; i++)
		sdp_crypto_write(&with->crypto[i], out);
	if (with->mux)
		sdp_line_write_attribute("rtcp-mux", NULL, out);
	if (ptime) {
		buf_puts(out, "a=ptime:");
		buf_put_number(out, with->ptime_ms);
		buf_puts(out, "\r\n");
	}
	for (const sdp_attribute_t *a = m->m_attributes; a; a = a->a_next) {
		if (is_ours(a->a_name, ptime) || !sdp_attribute_crosses(a->a_name, a->a_value))
			continue;
		if (was->proto >= SDP_DATAGRAM || !sdp_formats_speaks_of(a))
			sdp_line_write_attribute(a->a_name, a->a_value, out);
		else
			sdp_formats_write_attribute(formats, a, out);
	}
}

/* No c= line of its own: all streams of a side have the session's address. */
void sdp_line_write(const sdp_media_t *m, const struct sdp_media *was,
                    const struct sdp_out_media *with, sdp_mode_t session, struct buf *out)
{
	struct sdp_line_formats formats;

	formats.n = 0; /* and the rest is not touched */
	if (was->proto < SDP_DATAGRAM)
		sdp_formats_of(m, &formats);
	if (was->proto < SDP_DATAGRAM && !with->rejected)
		choose_formats(was, with, &formats);
	write_first(m, was, with, &formats, out);
	sdp_line_write_bandwidths(m->m_bandwidths, out);
	if (with->rejected)
		return;
	sdp_formats_write_maps(&formats, out);
	if (m->m_mode != session)
		sdp_line_write_attribute(modes[m->m_mode], NULL, out);
	write_attributes(m, was, with, &formats, out);
}

void sdp_line_write_unknown(const struct sdp_media *like, struct buf *out)
{
	buf_puts(out, "m=");
	buf_puts(out, like ? like->kind : "audio");
	buf_puts(out, " 0 ");
	buf_puts(out, like ? like->transport : "RTP/AVP");
	buf_puts(out, " 0\r\n");
}
