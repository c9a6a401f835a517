/* Reads SIP messages with Sofia-SIP's parser and judges them (RFC 3261 7, 8.1.1, 8.2). Signalling
 * thread. */
#include "sbc/sip/message.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sofia-sip/msg_header.h>
#include <sofia-sip/msg_mclass.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_parser.h>
#include <sofia-sip/sip_util.h>
#include <sofia-sip/su.h>
#include "base/mem.h"
#include "sbc/sip/frame.h"
#include "sbc/sip/message_internal.h"

static const struct {
	const char *name;
	enum method method;
} methods[] = {
	{ "INVITE", METHOD_INVITE }, { "ACK", METHOD_ACK },         { "BYE", METHOD_BYE },
	{ "CANCEL", METHOD_CANCEL }, { "OPTIONS", METHOD_OPTIONS }, { "REGISTER", METHOD_REGISTER },
	{ "PRACK", METHOD_PRACK },   { "UPDATE", METHOD_UPDATE },
};

void message_library_open(void)
{
	su_init();
}

enum err message_new_empty(struct message **out)
{
	struct message *m = mem_zalloc(sizeof(*m));

	if (!m)
		return ERR_NOMEM;
	m->msg = msg_create(sip_default_mclass(), 0);
	if (!m->msg) {
		mem_free(m);
		return ERR_NOMEM;
	}
	m->sip = sip_object(m->msg);
	m->refs = 1;
	*out = m;
	return OK;
}

struct message *message_ref(struct message *m)
{
	m->refs++;
	return m;
}

void message_free(struct message **mp)
{
	struct message *m = *mp;

	*mp = NULL;
	if (!m || --m->refs > 0)
		return;
	msg_destroy(m->msg);
	mem_free(m);
}

/* A NUL in the head hides what follows it from every C reader behind us; a lone CR ends a line for
 * some readers and for others not. */
static bool head_is_text(const char *data, size_t len)
{
	const char *blank = memmem(data, len, "\r\n\r\n", 4);
	const char *end = blank ? blank : data + len, *cr = data;

	while ((cr = memchr(cr, '\r', (size_t)(end - cr)))) {
		if (++cr < end && *cr != '\n')
			return false;
	}
	return memchr(data, '\0', (size_t)(end - data)) == NULL;
}

static void set_problem(struct message *m, unsigned status, const char *phrase)
{
	if (!m->problem) {
		m->problem = status;
		m->problem_phrase = phrase;
	}
}

static bool via_is_well(const sip_via_t *via)
{
	return via && via->v_host && via->v_host[0] && via->v_protocol;
}

/* On a stream the framing sees to it; a datagram may lack the end of what it announces (18.3). */
static bool body_is_whole(const sip_t *sip)
{
	return !sip->sip_content_length || (sip->sip_payload ? sip->sip_payload->pl_len : 0) >=
	                                       sip->sip_content_length->l_length;
}

/* A scheme by its grammar (RFC 3261 25.1), known or not: what has none is no URI at all. */
static bool has_scheme(const url_t *uri)
{
	const char *s = uri->url_scheme;

	return s && isalpha((unsigned char)*s) &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.") ==
	           strlen(s);
}

/* What makes a request wrong, in the order in which a UAS looks (RFC 3261 8.2, 16.3). */
static void judge_request(struct message *m)
{
	const sip_t *sip = m->sip;
	const url_t *uri = sip->sip_request->rq_url;

	if (strcasecmp(sip->sip_request->rq_version, "SIP/2.0") != 0)
		set_problem(m, 505, "Version Not Supported");
	if (!has_scheme(uri))
		set_problem(m, 400, "Malformed Request-URI");
	if (sip->sip_error)
		set_problem(m, 400, "Malformed Header");
	if (!body_is_whole(sip))
		set_problem(m, 400, "Body Shorter Than Content-Length");
	if (!sip->sip_cseq || strcmp(sip->sip_cseq->cs_method_name, message_method_name(m)) != 0)
		set_problem(m, 400, "CSeq Does Not Match Method");
	if (uri->url_type != url_sip && uri->url_type != url_sips && uri->url_type != url_tel)
		set_problem(m, 416, "Unsupported URI Scheme");
	if (!sip->sip_from->a_tag)
		set_problem(m, 400, "Missing From Tag");
}

/* Sofia-SIP strings the values of a header together by walking the list each time: thousands of
 * them, in lines or behind commas, would take seconds. Honest messages have some dozens. */
static bool head_is_modest(const char *data, size_t len)
{
	const char *blank = memmem(data, len, "\r\n\r\n", 4);
	size_t head = blank ? (size_t)(blank - data) : len, values = 0;

	for (size_t i = 0; i < head; i++)
		values += data[i] == '\n' || data[i] == ',';
	return head <= HEAD_MOST && values <= HEAD_VALUES_MAX;
}

enum err message_parse(struct message **out, const char *data, size_t len)
{
	struct message *m;
	const sip_t *sip;
	bool has_uri;

	if (len > MESSAGE_MAX || !head_is_text(data, len) || !head_is_modest(data, len))
		return ERR_SYNTAX;
	m = mem_zalloc(sizeof(*m));
	if (!m)
		return ERR_NOMEM;
	m->refs = 1;
	m->msg = message_make(data, len, &has_uri);
	m->sip = m->msg ? sip_object(m->msg) : NULL;
	if (!has_uri)
		set_problem(m, 400, "Malformed Request-URI");
	sip = m->sip;
	if (!sip || (!sip->sip_request == !sip->sip_status) || !via_is_well(sip->sip_via) ||
	    !sip->sip_from || !sip->sip_to || !sip->sip_call_id || !sip->sip_cseq) {
		if (m->msg)
			msg_destroy(m->msg);
		mem_free(m);
		return ERR_SYNTAX;
	}
	if (sip->sip_request)
		judge_request(m);
	else if (sip->sip_status->st_status < 100 || sip->sip_status->st_status > 699 ||
	         sip->sip_error || !body_is_whole(sip))
		set_problem(m, 400, "Malformed Response");
	*out = m;
	return OK;
}

unsigned message_problem(const struct message *m, const char **phrase)
{
	if (phrase)
		*phrase = m->problem_phrase;
	return m->problem;
}

bool message_is_request(const struct message *m)
{
	return m->sip->sip_request != NULL;
}

const char *message_method_name(const struct message *m)
{
	if (m->sip->sip_request)
		return m->sip->sip_request->rq_method_name;
	return m->sip->sip_cseq->cs_method_name;
}

enum method message_method(const struct message *m)
{
	const char *name = message_method_name(m);

	for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
		if (strcmp(name, methods[i].name) == 0)
			return methods[i].method;
	}
	return METHOD_OTHER;
}

unsigned message_status(const struct message *m)
{
	return m->sip->sip_status ? (unsigned)m->sip->sip_status->st_status : 0;
}

const char *message_phrase(const struct message *m)
{
	return m->sip->sip_status ? m->sip->sip_status->st_phrase : "";
}

const char *message_call_id(const struct message *m)
{
	return m->sip->sip_call_id->i_id;
}

static const char *or_empty(const char *s)
{
	return s ? s : "";
}

const char *message_from_tag(const struct message *m)
{
	return or_empty(m->sip->sip_from->a_tag);
}

const char *message_to_tag(const struct message *m)
{
	return or_empty(m->sip->sip_to->a_tag);
}

uint32_t message_cseq(const struct message *m)
{
	return m->sip->sip_cseq->cs_seq;
}

unsigned message_max_forwards(const struct message *m)
{
	return m->sip->sip_max_forwards ? (unsigned)m->sip->sip_max_forwards->mf_count : 70;
}

const char *message_branch(const struct message *m)
{
	return or_empty(m->sip->sip_via ? m->sip->sip_via->v_branch : NULL);
}

const char *message_via_branch(const struct message *m, unsigned n)
{
	const sip_via_t *via = m->sip->sip_via;

	for (; via && n > 0; n--)
		via = via->v_next;
	return via ? or_empty(via->v_branch) : NULL;
}

unsigned message_alias_port(const struct message *m)
{
	const sip_via_t *via = m->sip->sip_via;
	unsigned long port = 5061;

	if (!via || !msg_header_find_param(via->v_common, "alias"))
		return 0;
	if (via->v_port)
		port = strtoul(via->v_port, NULL, 10);
	return port < 65536 ? (unsigned)port : 0;
}

const char *message_sent_by(const struct message *m)
{
	const sip_via_t *via = m->sip->sip_via;

	if (!via->v_port)
		return via->v_host;
	return or_empty(su_sprintf(msg_home(m->msg), "%s:%s", via->v_host, via->v_port));
}

static bool transport_from_name(const char *name, enum transport *out)
{
	static const enum transport all[] = { TRANSPORT_UDP, TRANSPORT_TCP, TRANSPORT_TLS };

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		if (strcasecmp(name, transport_name(all[i])) == 0) {
			*out = all[i];
			return true;
		}
	}
	return false;
}

/* The host of a URI without the brackets of an IPv6 address. */
static const char *bare_host(su_home_t *home, const char *host)
{
	size_t len = strlen(host);

	if (len < 2 || host[0] != '[' || host[len - 1] != ']')
		return host;
	return or_empty(su_strndup(home, host + 1, (isize_t)(len - 2)));
}

/* The value of one parameter, cut to size. Sofia's url_param reads beyond the end of "transport/x".
 */
static bool uri_param(const char *params, const char *name, char *value, size_t size)
{
	size_t n = strlen(name);

	while (params) {
		size_t len = strcspn(params, ";?");

		if (len > n && params[n] == '=' && strncasecmp(params, name, n) == 0) {
			snprintf(value, size, "%.*s", (int)(len - n - 1), params + n + 1);
			return true;
		}
		params = params[len] == ';' ? params + len + 1 : NULL;
	}
	return false;
}

/* The parser lets a folded line, blanks and brackets stand inside a URI. Written out again in a
 * request line they would be something else than they were. */
static bool is_whole(const char *part)
{
	for (; part && *part; part++) {
		if ((unsigned char)*part <= ' ' || strchr("<>\"\x7f", *part))
			return false;
	}
	return true;
}

static bool url_is_whole(const url_t *url)
{
	return is_whole(url->url_user) && is_whole(url->url_password) && is_whole(url->url_host) &&
	       is_whole(url->url_port) && is_whole(url->url_path) && is_whole(url->url_params) &&
	       is_whole(url->url_headers) && is_whole(url->url_fragment);
}

static bool read_uri(const struct message *m, const url_t *url, struct uri *out)
{
	char name[8];

	if (!url || !url_is_whole(url) ||
	    (url->url_type != url_sip && url->url_type != url_sips && url->url_type != url_tel))
		return false;
	memset(out, 0, sizeof(*out));
	out->sips = url->url_type == url_sips;
	out->tel = url->url_type == url_tel;
	/* A tel URI is all "host" to the parser. */
	out->user = or_empty(out->tel && !url->url_user ? url->url_host : url->url_user);
	out->host = out->tel ? "" : bare_host(msg_home(m->msg), or_empty(url->url_host));
	if (url->url_port && url->url_port[0]) {
		unsigned long port = strtoul(url->url_port, NULL, 10);

		if (port == 0 || port > 65535)
			return false;
		out->port = (unsigned)port;
	}
	if (uri_param(url->url_params, "transport", name, sizeof(name)))
		out->has_transport = transport_from_name(name, &out->transport);
	return true;
}

bool message_request_uri(const struct message *m, struct uri *out)
{
	return m->sip->sip_request && read_uri(m, m->sip->sip_request->rq_url, out);
}

const char *message_request_uri_text(const struct message *m)
{
	return m->sip->sip_request ? url_as_string(msg_home(m->msg), m->sip->sip_request->rq_url)
	                           : NULL;
}

bool message_from_uri(const struct message *m, struct uri *out)
{
	return read_uri(m, m->sip->sip_from->a_url, out);
}

bool message_contact_uri(const struct message *m, struct uri *out)
{
	return m->sip->sip_contact && read_uri(m, m->sip->sip_contact->m_url, out);
}

bool message_parse_uri(const struct message *m, const char *text, struct uri *out)
{
	return read_uri(m, url_make(msg_home(m->msg), text), out);
}

const char *message_from_display(const struct message *m)
{
	return or_empty(m->sip->sip_from->a_display);
}

const char *message_contact_text(const struct message *m)
{
	if (!m->sip->sip_contact || !url_is_whole(m->sip->sip_contact->m_url))
		return NULL;
	return url_as_string(msg_home(m->msg), m->sip->sip_contact->m_url);
}

bool message_contact_is_star(const struct message *m)
{
	return m->sip->sip_contact && m->sip->sip_contact->m_url->url_type == url_any;
}

/* RFC 3261 10.2.1.1: what is no number counts as an hour. */
static int64_t read_expires(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	return digits == 0 || digits > 10 || text[digits] ? 3600 : (int64_t)strtoul(text, NULL, 10);
}

bool message_contact_at(const struct message *m, unsigned n, const char **uri, int64_t *expires_s)
{
	const sip_contact_t *contact = m->sip->sip_contact;

	while (contact && n-- > 0)
		contact = contact->m_next;
	if (contact && contact->m_expires)
		*expires_s = read_expires(contact->m_expires);
	else
		*expires_s = m->sip->sip_expires ? (int64_t)m->sip->sip_expires->ex_delta : -1;
	if (!contact)
		*uri = NULL;
	else if (url_is_whole(contact->m_url))
		*uri = or_empty(url_as_string(msg_home(m->msg), contact->m_url));
	else
		*uri = "";
	return contact != NULL;
}

int64_t message_expires_s(const struct message *m)
{
	const char *uri;
	int64_t expires_s;

	message_contact_at(m, 0, &uri, &expires_s);
	return expires_s;
}

static const char *unknown_header(const struct message *m, const char *name, unsigned n)
{
	for (const sip_unknown_t *un = m->sip->sip_unknown; un; un = un->un_next) {
		if (strcasecmp(un->un_name, name) == 0 && n-- == 0)
			return un->un_value;
	}
	return NULL;
}

/* Sofia-SIP 1.12's sip_header_as_string drops the last parameter of a value that is longer than its
 * first guess, so the value is printed into room that is enough for any head that we take. */
static const char *header_text(const struct message *m, const sip_header_t *h)
{
	static char text[HEAD_MOST];
	issize_t len = sip_header_field_e(text, sizeof(text), h, 0);

	return len < 0 || (size_t)len >= sizeof(text) ? NULL : su_strdup(msg_home(m->msg), text);
}

msg_header_t **message_first(const struct message *m, const char *name)
{
	char line[64];
	isize_t start;
	const msg_href_t *href;

	snprintf(line, sizeof(line), "%s:", name);
	href = msg_find_hclass(sip_default_mclass(), line, &start);
	if (!href || href->hr_class == sip_unknown_class)
		return NULL;
	return msg_hclass_offset(sip_default_mclass(), (msg_pub_t *)m->sip, href->hr_class);
}

const char *message_header(const struct message *m, const char *name, unsigned n)
{
	msg_header_t **first = message_first(m, name);
	sip_header_t *h = first ? (sip_header_t *)*first : NULL;

	if (!first)
		return unknown_header(m, name, n);
	for (; h && n > 0; n--)
		h = (sip_header_t *)h->sh_next;
	return h ? header_text(m, h) : NULL;
}

const char *message_body(const struct message *m, size_t *len)
{
	const sip_payload_t *body = m->sip->sip_payload;

	*len = body ? (size_t)body->pl_len : 0;
	return *len ? body->pl_data : NULL;
}

const char *message_content_type(const struct message *m)
{
	return or_empty(m->sip->sip_content_type ? m->sip->sip_content_type->c_type : NULL);
}

void message_reopen_addr(const struct message *request, const struct addr *src,
                         unsigned standard_port, struct addr *out)
{
	const sip_via_t *via = request->sip->sip_via;
	unsigned long port = via->v_port ? strtoul(via->v_port, NULL, 10) : standard_port;

	*out = *src;
	if (port > 0 && port < 65536)
		addr_set_port(out, (uint16_t)port);
}

void message_reply_addr(const struct message *request, const struct addr *src, struct addr *out)
{
	if (request->sip->sip_via->v_rport)
		*out = *src;
	else
		message_reopen_addr(request, src, 5060, out);
}
