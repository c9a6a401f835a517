/* Reads SIP messages with Sofia-SIP's parser and judges them (RFC 3261 7, 8.1.1, 8.2). Signalling
 * thread. */
#include "sbc/sip/message.h"

#include <assert.h>
#include <ctype.h>
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

/* Octets that the headers of a message of ours take, mostly: thirty allocations become one. */
#define BUILT_ROOM     2560

#define CLASS_NAME_MAX 64  /* of a header, with its NUL */
#define CLASSES_KNOWN  256 /* so that few of them share a place */

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
	su_home_preload(msg_home(m->msg), 1, BUILT_ROOM);
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

/* The octets of the head; 0: the parser may not see it. A NUL hides what follows it from every C
 * reader behind us; a lone CR ends a line for some readers and for others not. And Sofia-SIP
 * strings the values of a header together by walking the list each time: thousands of them, in
 * lines or behind commas, would take seconds. Honest messages have some dozens. */
static size_t fit_head(const char *data, size_t len)
{
	const char *line = data, *end = data + (len > HEAD_MOST ? HEAD_MOST + 1 : len);
	size_t values = 0;

	for (;;) {
		const char *eol = memchr(line, '\n', (size_t)(end - line)), *stop = eol ? eol : end;
		const char *cr = memchr(line, '\r', (size_t)(stop - line));

		if ((cr && cr + 1 != stop) || memchr(line, '\0', (size_t)(stop - line)))
			return 0;
		if (eol && cr == line && line - data >= 2 && line[-2] == '\r')
			return (size_t)(line - 2 - data);
		for (const char *at = line; (at = memchr(at, ',', (size_t)(stop - at))); at++)
			values++;
		if (values > HEAD_VALUES_MAX)
			return 0;
		if (!eol)
			return len <= HEAD_MOST ? len : 0;
		values++;
		line = eol + 1;
	}
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

	if (!s || !isalpha((unsigned char)*s))
		return false;
	while (isalnum((unsigned char)*s) || *s == '+' || *s == '-' || *s == '.')
		s++;
	return !*s;
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

enum err message_parse(struct message **out, const char *data, size_t len)
{
	struct message *m;
	const sip_t *sip;
	size_t head = len > MESSAGE_MAX ? 0 : fit_head(data, len);
	bool has_uri;

	if (!head)
		return ERR_SYNTAX;
	m = mem_zalloc(sizeof(*m));
	if (!m)
		return ERR_NOMEM;
	m->refs = 1;
	m->msg = message_make(data, len, head, &has_uri);
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

const char *message_via_host(const struct message *m, unsigned n)
{
	const sip_via_t *via = m->sip->sip_via;

	for (; via && n > 0; n--)
		via = via->v_next;
	return via ? or_empty(via->v_host) : NULL;
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
	return or_empty(su_strcat_all(msg_home(m->msg), via->v_host, ":", via->v_port, NULL));
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

/* Sofia-SIP's own look-up. */
static const msg_href_t *look_up(const char *name, size_t len)
{
	char line[CLASS_NAME_MAX + 1];
	isize_t start;
	const msg_href_t *href;

	memcpy(line, name, len);
	memcpy(line + len, ":", 2);
	href = msg_find_hclass(sip_default_mclass(), line, &start);
	return href && href->hr_class != sip_unknown_class ? href : NULL;
}

/* A call asks for some forty names a hundred times: what is known of each is kept, where no other
 * has taken its place. */
const msg_href_t *message_known(const char *name)
{
	static struct {
		char name[CLASS_NAME_MAX];
		const msg_href_t *href;
	} known[CLASSES_KNOWN];
	size_t len = strlen(name), at;

	if (len == 0 || len >= CLASS_NAME_MAX)
		return NULL;
	at = (len * 5 + (unsigned char)name[0] * 3 + (unsigned char)name[len / 2] * 7 +
	      (unsigned char)name[len - 1]) %
	     CLASSES_KNOWN;
	if (strcmp(known[at].name, name) != 0) {
		memcpy(known[at].name, name, len + 1);
		known[at].href = look_up(name, len);
	}
	return known[at].href;
}

msg_header_t **message_first(const struct message *m, const char *name)
{
	const msg_href_t *known = message_known(name);

	return known ? (msg_header_t **)(void *)((char *)m->sip + known->hr_offset) : NULL;
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

uint32_t message_number(const struct message *m, const char *name)
{
	const char *text = message_header(m, name, 0);
	unsigned long long n = text && isdigit((unsigned char)*text) ? strtoull(text, NULL, 10) : 0;

	return n < UINT32_MAX ? (uint32_t)n : UINT32_MAX;
}

bool message_lists(const struct message *m, const char *name, const char *word)
{
	msg_header_t **first = message_first(m, name);
	const msg_list_t *list = first && *first ? (*first)->sh_list : NULL;
	size_t len = strlen(word);

	assert(first == (void *)&m->sip->sip_allow || first == (void *)&m->sip->sip_require ||
	       first == (void *)&m->sip->sip_supported);
	for (msg_param_t const *item = list ? list->k_items : NULL; item && *item; item++) {
		if (strncasecmp(*item, word, len) == 0 && strchr("; \t", (*item)[len]))
			return true;
	}
	return false;
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
