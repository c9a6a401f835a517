/* Session descriptions on Sofia-SIP's parser and printer (RFC 4566, 3264, 4568). What is not known
 * to be harmless does not cross: addresses, ICE candidates, tool names and keys stay behind.
 * Signalling thread. */
#include "sbc/sip/sdp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sofia-sip/sdp.h>
#include <sofia-sip/su_alloc.h>
#include "base/mem.h"
#include "sbc/sip/sdp_attr.h"
#include "sbc/sip/sdp_crypto.h"
#include "sbc/sip/sdp_formats.h"
#include "sbc/sip/sdp_guard.h"

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
	out->kind = m->m_type_name;
	out->transport = m->m_proto_name ? m->m_proto_name : "";
	out->proto = proto_of(out->transport, &out->feedback);
	out->rejected = m->m_port == 0;
	out->sends = m->m_mode & sdp_sendonly;
	if (out->proto < SDP_DATAGRAM)
		sdp_formats_read(m, out);
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

	if (codecs->n == 0 || !is_speech(sdp_media_at(sdp, i)))
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

static enum err write_formats(su_home_t *home, sdp_media_t *m, const struct sdp_media *was,
                              const struct sdp_out_media *with)
{
	enum err err = OK;

	for (size_t i = 0; is_speech(was) && i < ARRAY_LEN(with->codecs); i++) {
		if (i == 1 && with->both_laws)
			err = sdp_formats_add_law(home, m);
		if (with->codecs[i].n)
			sdp_formats_filter(m, with->codecs[i].names, with->codecs[i].n);
	}
	if (!err && with->types)
		err = sdp_formats_renumber(home, m, with->types);
	if (with->written)
		sdp_formats_list(m, with->written);
	return err;
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
	if (was->proto < SDP_DATAGRAM && !with->rejected)
		err = write_formats(home, m, was, with);
	write_rtpmaps(m->m_rtpmaps);
	/* A line that is rejected keeps its protocol, too (RFC 3264 6). */
	if (with->proto < SDP_DATAGRAM && was->proto < SDP_DATAGRAM)
		sdp_media_transport(m, proto_name(with->proto, with->feedback));
	if (err || with->rejected)
		return err;
	if (with->ptime_ms && is_speech(was))
		err = set_ptime(home, m, with->ptime_ms);
	if (with->mux && !err)
		err = add_attribute(home, m, "rtcp-mux", NULL);
	for (size_t i = with->ncrypto; i > 0 && !err; i--) {
		const char *value = sdp_crypto_text(home, &with->crypto[i - 1]);

		err = value ? add_attribute(home, m, "crypto", value) : ERR_NOMEM;
	}
	return err;
}

static enum err make_rejected(su_home_t *home, const struct sdp_media *like, sdp_media_t **out)
{
	sdp_media_t *m = su_salloc(home, sizeof(*m));
	sdp_rtpmap_t *rm = su_salloc(home, sizeof(*rm));

	if (!m || !rm)
		return ERR_NOMEM;
	rm->rm_predef = true; /* format 0 */
	sdp_media_type(m, like ? like->kind : "audio");
	sdp_media_transport(m, like ? like->transport : "RTP/AVP");
	m->m_rtpmaps = rm;
	m->m_rejected = true;
	*out = m;
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

/* s, a copy of in's, has what with says of its m-lines. */
static enum err write_lines(su_home_t *home, sdp_session_t *s, const struct sdp *in,
                            const struct sdp_out *with)
{
	sdp_media_t *theirs[SDP_MEDIA_MAX] = { NULL }, *ours[SDP_MEDIA_MAX] = { NULL };
	sdp_media_t *m, **at = &s->sdp_media;
	unsigned used = 0;

	list_media(in->session, theirs);
	list_media(s, ours);
	*at = NULL;
	for (size_t i = 0; i < with->nmedia; i++) {
		size_t of = with->of ? with->of[i] : i;
		enum err err = OK;

		if (of >= in->nmedia) {
			err = make_rejected(home, with->media[i].like, &m);
		} else {
			/* Written over where it is used for the first time. */
			m = used & 1U << of ? sdp_media_dup(home, theirs[of], s) : ours[of];
			used |= 1U << of;
			err = m ? write_media(home, m, sdp_media_at(in, of), &with->media[i])
			        : ERR_NOMEM;
		}
		if (err)
			return err;
		m->m_next = NULL;
		*at = m;
		at = &m->m_next;
	}
	return OK;
}

enum err sdp_write(const struct sdp *in, const struct sdp_out *with, struct buf *out)
{
	su_home_t *home;
	sdp_session_t *s;
	sdp_printer_t *printer = NULL;
	const char *text;
	enum err err = ERR_NOMEM;

	home = su_home_new(sizeof(su_home_t));
	if (!home)
		return ERR_NOMEM;
	s = sdp_session_dup(home, in->session);
	if (!s)
		goto done;
	err = write_session(home, s, with);
	if (!err)
		err = write_lines(home, s, in, with);
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
