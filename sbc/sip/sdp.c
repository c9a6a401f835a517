/* Session descriptions on Sofia-SIP's parser and printer (RFC 4566, 3264, 4568). What is not known
 * to be harmless does not cross: addresses, ICE candidates, tool names and keys stay behind.
 * Signalling thread. */
#include "sbc/sip/sdp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sofia-sip/base64.h>
#include <sofia-sip/sdp.h>
#include <sofia-sip/su_alloc.h>
#include "base/mem.h"
#include "sbc/sip/sdp_attr.h"
#include "sbc/sip/sdp_formats.h"

struct sdp {
	su_home_t *home; /* owned; all of session lies in it */
	sdp_session_t *session;
	struct sdp_media media[SDP_MEDIA_MAX];
	size_t nmedia;
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

/* "2^31|1:4": a lifetime, which the library's own limit stands for, and an MKI with its length; or
 * one of them (RFC 4568 6.1). */
static bool read_key_rest(const char *rest, struct sdp_crypto *out)
{
	const char *mki = strrchr(rest, '|');
	unsigned long long value;
	unsigned len;
	char end;

	mki = mki ? mki + 1 : rest;
	if (!strchr(mki, ':'))
		return mki == rest; /* a lifetime comes first */
	if (sscanf(mki, "%20llu:%3u%c", &value, &len, &end) != 2 || len == 0 || len > SDP_MKI_MAX ||
	    (len < 8 && value >> (8 * len)))
		return false;
	out->mki_len = len;
	for (unsigned i = 0; i < len; i++)
		out->mki[i] = (uint8_t)(value >> (8 * (len - 1 - i)));
	return true;
}

/* Of the session parameters (RFC 4568 6.3) the window's size is a hint, any other one changes what
 * packets look like. */
static bool are_hints(const char *params)
{
	while (*params) {
		size_t len = strcspn(params, " ");

		if (strncmp(params, "WSH=", 4) != 0)
			return false;
		params += len;
		params += strspn(params, " ");
	}
	return true;
}

/* "1 AES_CM_128_HMAC_SHA1_80 inline:KEY|2^31|1:4 WSH=64": a line that we cannot honour whole is
 * none (RFC 4568 7.1.1). */
static bool read_crypto(const char *value, struct sdp_crypto *out)
{
	char key[128], *bar;
	int at = 0;
	isize_t n;

	memset(out, 0, sizeof(*out));
	if (sscanf(value, "%9u %39s inline:%127s %n", &out->tag, out->suite, key, &at) != 3)
		return false;
	if (strchr(key, ';')) /* several keys */
		goto unusable;
	bar = strchr(key, '|');
	if (bar) {
		*bar = '\0';
		if (!read_key_rest(bar + 1, out))
			goto unusable;
	}
	if (!are_hints(value + at))
		goto unusable;
	n = base64_d((char *)out->key, sizeof(out->key), key);
	if (n <= 0 || (size_t)n > sizeof(out->key))
		goto unusable;
	out->key_len = (size_t)n;
	mem_wipe(key, sizeof(key));
	return true;
unusable:
	mem_wipe(key, sizeof(key));
	return false;
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
		    read_crypto(a->a_value, &out->crypto[out->ncrypto]))
			out->ncrypto++;
	}
}

static bool has_format(const sdp_media_t *m, unsigned type)
{
	for (const sdp_rtpmap_t *rm = m->m_rtpmaps; rm; rm = rm->rm_next) {
		if (rm->rm_pt == type)
			return true;
	}
	for (const sdp_list_t *l = m->m_format; l; l = l->l_next) {
		if (strtoul(l->l_text, NULL, 10) == type)
			return true;
	}
	return false;
}

/* Where the parser left the rtpmap among the attributes (AVPF, SAVPF), too. */
static uint8_t find_events(const sdp_media_t *m)
{
	static const char events[] = "telephone-event/";
	unsigned type;
	int at;

	for (const sdp_rtpmap_t *rm = m->m_rtpmaps; rm; rm = rm->rm_next) {
		if (rm->rm_encoding && strcasecmp(rm->rm_encoding, "telephone-event") == 0)
			return (uint8_t)rm->rm_pt;
	}
	for (const sdp_attribute_t *a = m->m_attributes; a; a = a->a_next) {
		at = 0;
		if (a->a_value && strcasecmp(a->a_name, "rtpmap") == 0 &&
		    sscanf(a->a_value, "%3u %n", &type, &at) == 1 && type < 128 &&
		    strncasecmp(a->a_value + at, events, strlen(events)) == 0)
			return (uint8_t)type;
	}
	return 0;
}

static void read_formats(const sdp_media_t *m, struct sdp_media *out)
{
	unsigned type = 127;

	out->event_type = find_events(m);

	while (type >= 96 && has_format(m, type))
		type--;
	out->unused_type = (uint8_t)(type >= 96 ? type : 0);
	out->comfort_noise = has_format(m, 13);
}

static enum err read_media(struct sdp *sdp)
{
	for (const sdp_media_t *m = sdp->session->sdp_media; m; m = m->m_next) {
		struct sdp_media *out = &sdp->media[sdp->nmedia];

		if (sdp->nmedia == SDP_MEDIA_MAX)
			return ERR_LIMIT;
		if (m->m_port > 65535)
			return ERR_SYNTAX;
		sdp->nmedia++;
		out->kind = m->m_type_name;
		out->transport = m->m_proto_name ? m->m_proto_name : "";
		out->proto = proto_of(out->transport, &out->feedback);
		out->rejected = m->m_port == 0;
		out->sends = m->m_mode & sdp_sendonly;
		read_formats(m, out);
		read_addr(m, &out->rtp);
		read_attributes(sdp->session->sdp_attributes, out);
		read_attributes(m->m_attributes, out);
	}
	return OK;
}

#define DIGITS  "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define WORD    LETTERS DIGITS "-._+*"

/* Where the word that begins at at ends; NULL: there is none, or no blank or end behind it. Up to
 * so many slashes join parts of it. */
static const char *skip_word(const char *at, const char *end, const char *signs, unsigned slashes)
{
	const char *p = at;

	for (; p < end && *p && (*p == '/' || strchr(signs, *p)); p++) {
		if (*p == '/' && (p == at || p[-1] == '/' || slashes-- == 0))
			return NULL;
	}
	return p > at && p[-1] != '/' && (p == end || *p == ' ') ? p : NULL;
}

/* RFC 4566 5.14: kind, port, protocol and at least one format, of letters, digits and few signs,
 * blanks between them. Of other lines Sofia's parser may never come to the end, and takes all
 * memory on its way. */
static bool media_line_is_well(const char *at, const char *end)
{
	for (unsigned n = 0;; n++) {
		at = skip_word(at, end, n == 1 ? DIGITS : WORD, n == 1 ? 1 : n == 2 ? 4 : 0);
		if (!at)
			return false;
		while (at < end && *at == ' ')
			at++;
		if (at == end)
			return n >= 3;
	}
}

static bool media_lines_are_well(const char *text, size_t len)
{
	const char *line = text, *end = text + len, *stop;

	for (; line < end; line = stop + 1) {
		for (stop = line; stop < end && *stop != '\n' && *stop != '\r'; stop++)
			;
		while (line < stop && (*line == ' ' || *line == '\t'))
			line++; /* as Sofia does */
		if (stop - line >= 2 && (line[0] == 'm' || line[0] == 'M') && line[1] == '=' &&
		    !media_line_is_well(line + 2, stop))
			return false;
	}
	return true;
}

enum err sdp_read(struct sdp **out, const char *text, size_t len)
{
	struct sdp *sdp;
	sdp_parser_t *parser = NULL;
	const sdp_session_t *read;
	enum err err = ERR_NOMEM;

	if (!media_lines_are_well(text, len))
		return ERR_SYNTAX;
	sdp = mem_zalloc(sizeof(*sdp));
	if (!sdp)
		return ERR_NOMEM;
	sdp->home = su_home_new(sizeof(su_home_t));
	if (!sdp->home)
		goto fail;
	parser = sdp_parse(sdp->home, text, (issize_t)len, sdp_f_c_missing | sdp_f_mode_0000);
	read = parser ? sdp_session(parser) : NULL;
	err = ERR_SYNTAX;
	if (!read)
		goto fail;
	sdp->session = sdp_session_dup(sdp->home, read);
	err = sdp->session ? read_media(sdp) : ERR_NOMEM;
	if (err)
		goto fail;
	sdp_parser_free(parser);
	*out = sdp;
	return OK;
fail:
	if (parser)
		sdp_parser_free(parser);
	sdp_free(&sdp);
	return err;
}

void sdp_free(struct sdp **sdpp)
{
	struct sdp *sdp = *sdpp;

	if (!sdp)
		return;
	if (sdp->home)
		su_home_unref(sdp->home);
	mem_wipe(sdp->media, sizeof(sdp->media));
	mem_free(sdp);
	*sdpp = NULL;
}

size_t sdp_nmedia(const struct sdp *sdp)
{
	return sdp->nmedia;
}

const struct sdp_media *sdp_media_at(const struct sdp *sdp, size_t i)
{
	return &sdp->media[i];
}

static sdp_connection_t *make_connection(su_home_t *home, const struct addr *a)
{
	sdp_connection_t *c = su_salloc(home, sizeof(*c));
	char host[ADDR_TEXT_MAX];

	if (!c)
		return NULL;
	c->c_nettype = sdp_net_in;
	c->c_addrtype = a->sa.sa_family == AF_INET6 ? sdp_addr_ip6 : sdp_addr_ip4;
	c->c_address = su_strdup(home, addr_host(a, host, sizeof(host)));
	return c->c_address ? c : NULL;
}

static void filter_attributes(sdp_attribute_t **at)
{
	while (*at) {
		if (sdp_attribute_crosses((*at)->a_name, (*at)->a_value))
			at = &(*at)->a_next;
		else
			*at = (*at)->a_next;
	}
}

static enum err add_attribute(su_home_t *home, sdp_media_t *m, const char *name, const char *value)
{
	sdp_attribute_t *a = su_salloc(home, sizeof(*a));

	if (!a)
		return ERR_NOMEM;
	a->a_name = name;
	a->a_value = value;
	a->a_next = m->m_attributes;
	m->m_attributes = a;
	return OK;
}

static enum err add_crypto(su_home_t *home, sdp_media_t *m, const struct sdp_crypto *crypto)
{
	struct sdp_crypto copy = *crypto; /* the encoder takes no const */
	char key[SDP_KEY_MAX * 2];
	const char *value;

	base64_e(key, sizeof(key), copy.key, (isize_t)copy.key_len);
	mem_wipe(&copy, sizeof(copy));
	value = su_sprintf(home, "%u %s inline:%s", crypto->tag, crypto->suite, key);
	mem_wipe(key, sizeof(key));
	return value ? add_attribute(home, m, "crypto", value) : ERR_NOMEM;
}

static const char *proto_name(enum sdp_proto proto, bool feedback)
{
	if (proto == SDP_SRTP)
		return feedback ? "RTP/SAVPF" : "RTP/SAVP";
	return feedback ? "RTP/AVPF" : "RTP/AVP";
}

/* The well-known formats too get their rtpmap; one that is neither known nor mapped crosses without
 * (the printer would write "/0"). */
static void write_rtpmaps(sdp_rtpmap_t *rm)
{
	for (; rm; rm = rm->rm_next) {
		rm->rm_predef = !rm->rm_encoding || !*rm->rm_encoding;
		if (rm->rm_fmtp && !sdp_attribute_crosses("fmtp", rm->rm_fmtp))
			rm->rm_fmtp = NULL;
	}
}

static bool is_speech(const struct sdp_media *m)
{
	return m->proto < SDP_DATAGRAM && strcasecmp(m->kind, "audio") == 0;
}

bool sdp_media_speaks(const struct sdp *sdp, size_t i, const struct sdp_codecs *codecs)
{
	const sdp_media_t *m = sdp->session->sdp_media;

	if (codecs->n == 0 || !is_speech(&sdp->media[i]))
		return true;
	while (i-- > 0)
		m = m->m_next;
	return sdp_formats_speak(m, codecs->names, codecs->n);
}

static enum err set_ptime(su_home_t *home, sdp_media_t *m, unsigned ptime_ms)
{
	const char *value = su_sprintf(home, "%u", ptime_ms);

	while (sdp_attribute_remove(&m->m_attributes, "ptime"))
		;
	return value ? add_attribute(home, m, "ptime", value) : ERR_NOMEM;
}

/* No c= line of its own: all streams of a side have the session's address. */
static enum err write_media(su_home_t *home, sdp_media_t *m, const struct sdp_media *was,
                            const struct sdp_out_media *with)
{
	enum err err = OK;

	m->m_information = NULL;
	m->m_connections = NULL;
	m->m_key = NULL;
	m->m_number_of_ports = 0;
	m->m_rejected = with->rejected;
	m->m_port = with->rejected ? 0 : with->port;
	if (with->rejected)
		m->m_attributes = NULL;
	filter_attributes(&m->m_attributes);
	for (size_t i = 0; is_speech(was) && !with->rejected && i < ARRAY_LEN(with->codecs); i++) {
		if (with->codecs[i].n)
			sdp_formats_filter(m, with->codecs[i].names, with->codecs[i].n);
	}
	write_rtpmaps(m->m_rtpmaps);
	/* A line that is rejected keeps its protocol, too (RFC 3264 6). */
	if (with->proto < SDP_DATAGRAM && was->proto < SDP_DATAGRAM)
		sdp_media_transport(m, proto_name(with->proto, with->feedback));
	if (with->rejected)
		return OK;
	if (with->ptime_ms && is_speech(was))
		err = set_ptime(home, m, with->ptime_ms);
	if (with->mux && !err)
		err = add_attribute(home, m, "rtcp-mux", NULL);
	for (size_t i = with->ncrypto; i > 0 && !err; i--)
		err = add_crypto(home, m, &with->crypto[i - 1]);
	return err;
}

static enum err add_rejected(su_home_t *home, sdp_media_t **at)
{
	sdp_media_t *m = su_salloc(home, sizeof(*m));
	sdp_rtpmap_t *rm = su_salloc(home, sizeof(*rm));

	if (!m || !rm)
		return ERR_NOMEM;
	rm->rm_predef = true; /* format 0 */
	sdp_media_type(m, "audio");
	sdp_media_transport(m, "RTP/AVP");
	m->m_rtpmaps = rm;
	m->m_rejected = true;
	*at = m;
	return OK;
}

static enum err write_session(su_home_t *home, sdp_session_t *s, const struct sdp_out *with)
{
	sdp_origin_t *o = su_salloc(home, sizeof(*o));

	if (!o)
		return ERR_NOMEM;
	o->o_username = "-";
	o->o_id = with->session_id;
	o->o_version = with->version;
	o->o_address = s->sdp_connection = make_connection(home, &with->addr);
	s->sdp_origin = o;
	s->sdp_subject = "-";
	s->sdp_information = NULL;
	s->sdp_uri = NULL;
	s->sdp_emails = s->sdp_phones = NULL;
	s->sdp_key = NULL;
	filter_attributes(&s->sdp_attributes);
	s->sdp_charset = NULL;
	return o->o_address ? OK : ERR_NOMEM;
}

enum err sdp_write(const struct sdp *in, const struct sdp_out *with, struct buf *out)
{
	su_home_t *home;
	sdp_session_t *s;
	sdp_printer_t *printer = NULL;
	const char *text;
	sdp_media_t **at;
	enum err err = ERR_NOMEM;
	size_t i;

	home = su_home_new(sizeof(su_home_t));
	if (!home)
		return ERR_NOMEM;
	s = sdp_session_dup(home, in->session);
	if (!s)
		goto done;
	err = write_session(home, s, with);
	for (at = &s->sdp_media, i = 0; i < with->nmedia && !err; at = &(*at)->m_next, i++) {
		if (i < in->nmedia)
			err = write_media(home, *at, &in->media[i], &with->media[i]);
		else
			err = add_rejected(home, at);
	}
	*at = NULL;
	if (err)
		goto done;
	printer = sdp_print(home, s, NULL, 0, 0);
	text = printer ? sdp_message(printer) : NULL;
	if (text)
		buf_puts(out, text);
	err = text ? buf_err(out) : ERR_NOMEM;
done:
	if (printer)
		sdp_printer_free(printer);
	su_home_unref(home);
	return err;
}
