/* Session descriptions on Sofia-SIP's parser (RFC 4566, 3264, 4568). What is not known
 * to be harmless does not cross: addresses, ICE candidates, tool names and keys stay behind.
 * Signalling thread. */
#include "sbc/sip/sdp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sofia-sip/sdp.h>
#include "base/mem.h"
#include "sbc/sip/sdp_attr.h"
#include "sbc/sip/sdp_crypto.h"
#include "sbc/sip/sdp_formats.h"
#include "sbc/sip/sdp_guard.h"
#include "sbc/sip/sdp_line.h"

struct sdp {
	sdp_parser_t *parser; /* owned; all of session lies in it */
	sdp_session_t *session;
	size_t nmedia, nread;         /* those that are had, and all of media */
	uint8_t order[SDP_MEDIA_MAX]; /* of media, as session has them */
	struct sdp_media media[];
};

/* All of UDP but what has its keys by DTLS: these do not cross, so it could not be heard. */
static bool is_datagram(const char *name)
{
	if (strcasecmp(name, "udptl") == 0 || strcasecmp(name, "UDP") == 0)
		return true;
	return strncasecmp(name, "UDP/", 4) == 0 && !strcasestr(name, "TLS") &&
	       !strcasestr(name, "/SCTP");
}

static enum sdp_proto proto_of(const char *name, bool *feedback)
{
	static const struct {
		const char *name;
		enum sdp_proto proto;
		bool feedback;
	} protos[] = { { "RTP/AVP", SDP_RTP, false },
		       { "RTP/AVPF", SDP_RTP, true },
		       { "RTP/SAVP", SDP_SRTP, false },
		       { "RTP/SAVPF", SDP_SRTP, true } };

	for (size_t i = 0; i < ARRAY_LEN(protos); i++) {
		if (strcasecmp(name, protos[i].name) == 0) {
			*feedback = protos[i].feedback;
			return protos[i].proto;
		}
	}
	return is_datagram(name) ? SDP_DATAGRAM : SDP_OTHER;
}

static void read_addr(const sdp_media_t *m, struct addr *out)
{
	const sdp_connection_t *c = sdp_media_connections(m);

	memset(out, 0, sizeof(*out));
	if (!c || !c->c_address || c->c_mcast || addr_parse(out, c->c_address))
		memset(out, 0, sizeof(*out));
	addr_set_port(out, (uint16_t)m->m_port);
}

/* a=rtcp:53020 or a=rtcp:53020 IN IP4 126.16.64.4 (RFC 3605 2.1). */
static void read_rtcp(const char *value, const struct addr *rtp, struct addr *out)
{
	char host[64];
	unsigned port;
	int n = sscanf(value, "%5u IN IP%*1[46] %63s", &port, host);

	if (n < 1 || port == 0 || port > 65535)
		return;
	*out = *rtp;
	if (n == 2 && (addr_parse(out, host) || out->sa.sa_family != rtp->sa.sa_family))
		*out = *rtp;
	addr_set_port(out, (uint16_t)port);
}

static void read_attributes(const sdp_attribute_t *a, struct sdp_media *out)
{
	for (; a; a = a->a_next) {
		if (strcasecmp(a->a_name, "fingerprint") == 0)
			out->has_keys_elsewhere = true;
		if (strcasecmp(a->a_name, "rtcp-mux") == 0)
			out->mux = true;
		if (!a->a_value)
			continue;
		if (strcasecmp(a->a_name, "rtcp") == 0)
			read_rtcp(a->a_value, &out->rtp, &out->rtcp);
		if (strcasecmp(a->a_name, "crypto") == 0 && out->ncrypto < SDP_CRYPTO_MAX &&
		    sdp_crypto_read(a->a_value, &out->crypto[out->ncrypto]))
			out->ncrypto++;
	}
}

static void read_media(const sdp_session_t *session, const sdp_media_t *m, struct sdp_media *out)
{
	struct sdp_line_formats formats;

	out->kind = m->m_type_name;
	out->transport = m->m_proto_name ? m->m_proto_name : "";
	if (m->m_proto == sdp_proto_udp)
		out->transport = "udp"; /* RFC 8866 8.2.2; not in capitals, as Sofia-SIP does */
	out->proto = proto_of(out->transport, &out->feedback);
	out->rejected = m->m_port == 0;
	out->sends = m->m_mode & sdp_sendonly;
	if (out->proto < SDP_DATAGRAM) {
		sdp_formats_of(m, &formats);
		sdp_formats_read(&formats, out);
	}
	read_addr(m, &out->rtp);
	read_attributes(session->sdp_attributes, out);
	read_attributes(m->m_attributes, out);
}

/* RFC 8866 5.14: RTP has its payload types there. Sofia-SIP asks that of RTP/AVP and RTP/SAVP
 * alone. */
static bool has_odd_format(const sdp_media_t *m)
{
	bool feedback;

	if (proto_of(m->m_proto_name ? m->m_proto_name : "", &feedback) >= SDP_DATAGRAM)
		return false;
	for (const sdp_list_t *l = m->m_format; l; l = l->l_next) {
		size_t digits = strspn(l->l_text, "0123456789");

		if (digits == 0 || digits > 3 || l->l_text[digits] ||
		    strtoul(l->l_text, NULL, 10) > 127)
			return true;
	}
	return false;
}

static enum err count_media(const sdp_session_t *session, size_t *n)
{
	*n = 0;
	for (const sdp_media_t *m = session->sdp_media; m; m = m->m_next) {
		if (m->m_port > 65535 || has_odd_format(m))
			return ERR_SYNTAX;
		if (++*n > SDP_MEDIA_MAX)
			return ERR_LIMIT;
	}
	return OK;
}

static enum err read_session(struct sdp **out, sdp_parser_t *parser)
{
	sdp_session_t *session = sdp_session(parser);
	struct sdp *sdp;
	size_t nmedia;
	enum err err;

	if (!session)
		return ERR_SYNTAX;
	err = count_media(session, &nmedia);
	if (err)
		return err;
	sdp = mem_zalloc(sizeof(*sdp) + nmedia * sizeof(*sdp->media));
	if (!sdp)
		return ERR_NOMEM;
	sdp->parser = parser;
	sdp->session = session;
	for (const sdp_media_t *m = session->sdp_media; m; m = m->m_next) {
		sdp->order[sdp->nread] = (uint8_t)sdp->nread;
		read_media(session, m, &sdp->media[sdp->nread++]);
	}
	sdp->nmedia = sdp->nread;
	*out = sdp;
	return OK;
}

/* In the parser's own text. */
static void wipe_keys(const sdp_attribute_t *a)
{
	for (; a; a = a->a_next) {
		if (a->a_value && strcasecmp(a->a_name, "crypto") == 0)
			mem_wipe((void *)(uintptr_t)a->a_value, strlen(a->a_value));
	}
}

static void free_parser(sdp_parser_t *parser)
{
	const sdp_session_t *session = sdp_session(parser);

	if (session)
		wipe_keys(session->sdp_attributes);
	for (const sdp_media_t *m = session ? session->sdp_media : NULL; m; m = m->m_next)
		wipe_keys(m->m_attributes);
	sdp_parser_free(parser);
}

enum err sdp_read(struct sdp **out, const char *text, size_t len)
{
	sdp_parser_t *parser;
	enum err err;

	if (!sdp_guard(text, len))
		return ERR_SYNTAX;
	parser = sdp_parse(NULL, text, (issize_t)len, sdp_f_c_missing | sdp_f_mode_0000);
	if (!parser)
		return ERR_NOMEM;
	err = read_session(out, parser);
	if (err)
		free_parser(parser);
	return err;
}

void sdp_free(struct sdp **sdpp)
{
	struct sdp *sdp = *sdpp;

	if (!sdp)
		return;
	free_parser(sdp->parser);
	mem_wipe(sdp->media, sdp->nread * sizeof(*sdp->media));
	mem_free(sdp);
	*sdpp = NULL;
}

size_t sdp_nmedia(const struct sdp *sdp)
{
	return sdp->nmedia;
}

const struct sdp_media *sdp_media_at(const struct sdp *sdp, size_t i)
{
	return &sdp->media[sdp->order[i]];
}

/* The session's m-lines, in order. */
static void list_media(const sdp_session_t *s, sdp_media_t *list[SDP_MEDIA_MAX])
{
	size_t n = 0;

	for (sdp_media_t *m = s->sdp_media; m && n < SDP_MEDIA_MAX; m = m->m_next)
		list[n++] = m;
}

void sdp_pick(struct sdp *sdp, const uint8_t *pick, size_t n)
{
	sdp_media_t *list[SDP_MEDIA_MAX] = { NULL }, **at = &sdp->session->sdp_media;
	uint8_t was[SDP_MEDIA_MAX];

	list_media(sdp->session, list);
	memcpy(was, sdp->order, sizeof(was));
	for (size_t i = 0; i < n; i++) {
		sdp->order[i] = was[pick[i]];
		*at = list[pick[i]];
		at = &(*at)->m_next;
		list[pick[i]] = NULL;
	}
	*at = NULL;
	for (size_t i = 0; i < SDP_MEDIA_MAX; i++) {
		if (list[i])
			wipe_keys(list[i]->m_attributes); /* sdp_free sees it no more */
	}
	sdp->nmedia = n;
}

bool sdp_media_speaks(const struct sdp *sdp, size_t i, const struct sdp_codecs *codecs)
{
	sdp_media_t *lines[SDP_MEDIA_MAX] = { NULL };
	struct sdp_line_formats formats;

	if (codecs->n == 0 || !sdp_line_is_speech(sdp_media_at(sdp, i)))
		return true;
	list_media(sdp->session, lines);
	sdp_formats_of(lines[i], &formats);
	return sdp_formats_speak(&formats, codecs);
}

/* Where the streams are, as o= and c= say it. */
static void write_place(const struct addr *a, struct buf *out)
{
	char host[ADDR_TEXT_MAX];

	buf_puts(out, a->sa.sa_family == AF_INET6 ? "IN IP6 " : "IN IP4 ");
	buf_puts(out, addr_host(a, host, sizeof(host)));
	buf_puts(out, "\r\n");
}

/* RFC 3264 5, 6: an answer repeats the time. */
static void write_session(const sdp_session_t *s, const struct sdp_out *with, struct buf *out)
{
	buf_puts(out, "v=0\r\no=- ");
	buf_put_number(out, with->session_id);
	buf_puts(out, " ");
	buf_put_number(out, with->version);
	buf_puts(out, " ");
	write_place(&with->addr, out);
	buf_puts(out, "s=-\r\nc=");
	write_place(&with->addr, out);
	sdp_line_write_bandwidths(s->sdp_bandwidths, out);
	buf_puts(out, "t=");
	buf_put_number(out, s->sdp_time ? s->sdp_time->t_start : 0);
	buf_puts(out, " ");
	buf_put_number(out, s->sdp_time ? s->sdp_time->t_stop : 0);
	buf_puts(out, "\r\n");
	for (const sdp_attribute_t *a = s->sdp_attributes; a; a = a->a_next) {
		if (sdp_attribute_crosses(a->a_name, a->a_value))
			sdp_line_write_attribute(a->a_name, a->a_value, out);
	}
}

enum err sdp_write(const struct sdp *in, const struct sdp_out *with, struct buf *out)
{
	const sdp_session_t *s = in->session;
	sdp_mode_t mode = sdp_attribute_mode(s->sdp_attributes, sdp_sendrecv);
	sdp_media_t *lines[SDP_MEDIA_MAX] = { NULL };

	list_media(s, lines);
	write_session(s, with, out);
	for (size_t i = 0; i < with->nmedia; i++) {
		size_t of = with->of ? with->of[i] : i;

		if (of >= in->nmedia)
			sdp_line_write_unknown(with->media[i].like, out);
		else
			sdp_line_write(lines[of], sdp_media_at(in, of), &with->media[i], mode, out);
	}
	return buf_err(out);
}
