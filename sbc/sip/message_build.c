/* Builds SIP messages on Sofia-SIP's structures (RFC 3261 8.1.1, 8.2.6, 9.1, 17.1.1.3). Signalling
 * thread. */
#include "sbc/sip/message.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sofia-sip/msg_header.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_parser.h>
#include <sofia-sip/sip_status.h>
#include <sofia-sip/url.h>
#include "base/mem.h"
#include "base/text.h"
#include "sbc/sip/message_internal.h"

/* Any of Sofia's headers as the general kind. */
#define HEADER(h) ((const sip_header_t *)(const void *)(h))

/* Octets of a header: its name with what follows it, its value with a NUL. */
#define NAME_MAX_LEN  150
#define VALUE_MAX_LEN 2048

static void check(struct message *m, int rc)
{
	if (rc < 0 && !m->err)
		m->err = ERR_NOMEM;
}

static void copy(struct message *m, const void *header)
{
	if (header)
		check(m, sip_add_dup(m->msg, m->sip, HEADER(header)));
}

/* Hands over m, or frees it when it could not be built. */
static enum err finish(struct message *m, struct message **out)
{
	enum err err = m->err;

	if (err)
		message_free(&m);
	else
		*out = m;
	return err;
}

/* uri: a text, or one of Sofia's URIs. */
static enum err new_request(struct message **out, const char *method, const void *uri)
{
	struct message *m;
	sip_request_t *line;
	enum err err = message_new_empty(&m);

	if (err)
		return err;
	line = sip_request_create(msg_home(m->msg), sip_method_unknown, method, uri, NULL);
	if (!line || msg_header_insert(m->msg, (msg_pub_t *)m->sip, (msg_header_t *)line) < 0)
		m->err = ERR_SYNTAX;
	return finish(m, out);
}

enum err message_new_request(struct message **out, const char *method, const char *uri)
{
	/* A blank would end the URI, a line break the line: what follows would be somebody else's
	 * header. */
	for (const char *c = uri; *c; c++) {
		if ((unsigned char)*c <= ' ' || *c == 0x7f)
			return ERR_SYNTAX;
	}
	return *uri ? new_request(out, method, uri) : ERR_SYNTAX;
}

/* RFC 3261 18.2.1: received always; RFC 3581 4: rport where it was asked for. */
static void stamp_via(struct message *m, const struct addr *src)
{
	sip_via_t *via = m->sip->sip_via;
	su_home_t *home = msg_home(m->msg);
	char host[ADDR_TEXT_MAX];

	addr_host(src, host, sizeof(host));
	check(m, msg_header_replace_param(home, via->v_common, su_strcat(home, "received=", host)));
	if (via->v_rport)
		check(m, msg_header_replace_param(home, via->v_common,
		                                  su_sprintf(home, "rport=%u", addr_port(src))));
}

const char *message_status_phrase(unsigned status)
{
	const char *phrase = sip_status_phrase((int)status);

	return phrase && *phrase ? phrase : "Unknown";
}

/* RFC 3261 12.1.1, RFC 6665 4.4.1 */
static bool begins_dialog(const struct message *request)
{
	return message_method(request) == METHOD_INVITE ||
	       strcmp(message_method_name(request), "SUBSCRIBE") == 0;
}

enum err message_new_response(struct message **out, const struct message *request,
                              const struct addr *src, unsigned status, const char *phrase,
                              const char *to_tag)
{
	const sip_t *rq = request->sip;
	struct message *m;
	sip_status_t *line;
	enum err err = message_new_empty(&m);

	if (err)
		return err;
	line = sip_status_create(msg_home(m->msg), status,
	                         phrase ? phrase : message_status_phrase(status), NULL);
	if (!line || msg_header_insert(m->msg, (msg_pub_t *)m->sip, (msg_header_t *)line) < 0)
		m->err = ERR_NOMEM;
	copy(m, rq->sip_via);
	if (status > 100 && status < 300 && begins_dialog(request))
		copy(m, rq->sip_record_route);
	copy(m, rq->sip_from);
	copy(m, rq->sip_to);
	copy(m, rq->sip_call_id);
	copy(m, rq->sip_cseq);
	if (status == 100 && rq->sip_timestamp) /* 8.2.6.1 */
		copy(m, rq->sip_timestamp);
	if (!m->err && to_tag && !m->sip->sip_to->a_tag)
		check(m, sip_to_tag(msg_home(m->msg), m->sip->sip_to, to_tag));
	if (!m->err)
		stamp_via(m, src);
	return finish(m, out);
}

enum err message_new_from_invite(struct message **out, const struct message *invite,
                                 const char *method, const struct message *to)
{
	const sip_t *rq = invite->sip;
	struct message *m;
	enum err err = new_request(&m, method, rq->sip_request->rq_url);
	sip_via_t *via;

	if (err)
		return err;
	via = sip_via_dup(msg_home(m->msg), rq->sip_via);
	if (via)
		via->v_next = NULL;
	copy(m, via);
	copy(m, rq->sip_route);
	copy(m, rq->sip_from);
	copy(m, to ? to->sip->sip_to : rq->sip_to);
	copy(m, rq->sip_call_id);
	message_add(m, "CSeq", "%u %s", rq->sip_cseq->cs_seq, method);
	message_put(m, "Max-Forwards", "70");
	return finish(m, out);
}

/* A header that Sofia-SIP has no class for. */
static void put_unknown(struct message *m, const char *name, const char *value)
{
	char line[NAME_MAX_LEN + VALUE_MAX_LEN];
	size_t len = strlen(name);

	if (len + 2 > NAME_MAX_LEN) {
		m->err = ERR_SYNTAX;
		return;
	}
	memcpy(line, name, len);
	memcpy(line + len, ": ", 2);
	memcpy(line + len + 2, value, strlen(value) + 1);
	check(m, msg_header_add_str(m->msg, (msg_pub_t *)m->sip, line));
}

void message_put(struct message *m, const char *name, const char *value)
{
	const msg_href_t *known = message_known(name);

	/* A line break would begin a header that nobody meant. */
	if (strlen(value) >= VALUE_MAX_LEN || strpbrk(value, "\r\n"))
		m->err = ERR_SYNTAX;
	else if (known)
		check(m, sip_add_make(m->msg, m->sip, known->hr_class, value));
	else
		put_unknown(m, name, value);
}

void message_join(struct message *m, const char *name, ...)
{
	char value[VALUE_MAX_LEN];
	size_t at = 0;
	va_list texts;

	va_start(texts, name);
	for (const char *text; (text = va_arg(texts, const char *)) && at < sizeof(value);) {
		text_copy(value + at, sizeof(value) - at, text);
		at += strlen(text);
	}
	va_end(texts);
	if (at < sizeof(value))
		message_put(m, name, value);
	else
		m->err = ERR_SYNTAX;
}

void message_add(struct message *m, const char *name, const char *fmt, ...)
{
	char value[VALUE_MAX_LEN];
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(value, sizeof(value), fmt, args);
	va_end(args);
	if (n < 0 || n >= VALUE_MAX_LEN)
		m->err = ERR_SYNTAX;
	else
		message_put(m, name, value);
}

/* The n-th of those that the parser knows, or does not know. */
void message_remove_at(struct message *m, const char *name, unsigned n)
{
	msg_header_t **first = message_first(m, name), *h = first ? *first : NULL;
	sip_unknown_t *un = first ? NULL : m->sip->sip_unknown;

	for (; h && n > 0; n--)
		h = h->sh_next;
	for (; un && (strcasecmp(un->un_name, name) != 0 || n-- > 0); un = un->un_next)
		;
	if (h || un)
		sip_header_remove(m->msg, m->sip,
		                  h ? (sip_header_t *)h : (sip_header_t *)(void *)un);
}

static void remove_unknown(struct message *m, const char *name)
{
	sip_unknown_t *un, *next;

	for (un = m->sip->sip_unknown; un; un = next) {
		next = un->un_next;
		if (strcasecmp(un->un_name, name) == 0)
			sip_header_remove(m->msg, m->sip, (sip_header_t *)(void *)un);
	}
}

void message_remove(struct message *m, const char *name)
{
	msg_header_t **first = message_first(m, name), *h;

	while (first && (h = *first))
		sip_header_remove(m->msg, m->sip, (sip_header_t *)h);
	if (!first)
		remove_unknown(m, name);
}

void message_set_max_forwards(struct message *m, unsigned hops)
{
	message_remove(m, "Max-Forwards");
	message_add(m, "Max-Forwards", "%u", hops);
}

void message_push_via(struct message *m, enum transport t, const char *sent_by, const char *branch)
{
	static const char *const names[] = { "UDP", "TCP", "TLS" };

	message_join(m, "Via", "SIP/2.0/", names[t], " ", sent_by, ";branch=", branch, ";rport",
	             NULL);
}

void message_pop_via(struct message *m)
{
	if (m->sip->sip_via)
		sip_header_remove(m->msg, m->sip, (sip_header_t *)m->sip->sip_via);
}

void message_set_body(struct message *m, const char *content_type, const char *data, size_t len)
{
	sip_payload_t *body = sip_payload_create(msg_home(m->msg), data, (isize_t)len);

	if (m->sip->sip_payload) {
		sip_header_remove(m->msg, m->sip, (sip_header_t *)m->sip->sip_payload);
		message_remove(m, "Content-Type");
	}
	if (!body || msg_header_insert(m->msg, (msg_pub_t *)m->sip, (msg_header_t *)body) < 0)
		m->err = ERR_NOMEM;
	if (content_type)
		message_put(m, "Content-Type", content_type);
}

/* Prints with Sofia-SIP, into room that is enough for any head that we take: without it 1.12 drops
 * the end of some headers. */
static enum err write_header(const msg_header_t *h, struct buf *out)
{
	static char line[HEAD_MOST];
	issize_t len = msg_header_e(line, sizeof(line), h, 0);

	if (len < 0 || (size_t)len >= sizeof(line))
		return ERR_SYNTAX;
	buf_add(out, line, (size_t)len);
	return OK;
}

static enum err write_request_line(const sip_request_t *rq, struct buf *out)
{
	static char uri[HEAD_MOST];
	issize_t len = url_e(uri, sizeof(uri), rq->rq_url);

	if (len < 0 || (size_t)len >= sizeof(uri))
		return ERR_SYNTAX;
	buf_puts(out, rq->rq_method_name);
	buf_puts(out, " ");
	buf_add(out, uri, (size_t)len);
	buf_puts(out, " SIP/2.0\r\n");
	return OK;
}

static void write_status_line(const sip_status_t *st, struct buf *out)
{
	buf_puts(out, "SIP/2.0 ");
	buf_put_number(out, (uint64_t)st->st_status);
	buf_puts(out, " ");
	buf_puts(out, or_empty(st->st_phrase));
	buf_puts(out, "\r\n");
}

static void write_cseq(const sip_cseq_t *cseq, struct buf *out)
{
	buf_puts(out, "CSeq: ");
	buf_put_number(out, cseq->cs_seq);
	buf_puts(out, " ");
	buf_puts(out, cseq->cs_method_name);
	buf_puts(out, "\r\n");
}

/* What every message has is written without Sofia-SIP, which takes four times as long. */
static enum err write_line(const sip_t *sip, const msg_header_t *h, struct buf *out)
{
	if (h == (const msg_header_t *)sip->sip_request)
		return write_request_line(sip->sip_request, out);
	if (h == (const msg_header_t *)sip->sip_status)
		write_status_line(sip->sip_status, out);
	else if (h == (const msg_header_t *)sip->sip_cseq)
		write_cseq(sip->sip_cseq, out);
	else
		return write_header(h, out);
	return OK;
}

/* With Content-Length and the empty line, which nobody adds by hand. */
static enum err write_head(const struct message *m, struct buf *out)
{
	const sip_t *sip = m->sip;
	enum err err = OK;

	for (const msg_header_t *h = *msg_chain_head(m->msg); h && !err; h = h->sh_succ) {
		if (h != (const msg_header_t *)sip->sip_payload &&
		    h != (const msg_header_t *)sip->sip_separator)
			err = write_line(sip, h, out);
	}
	if (!sip->sip_content_length) {
		buf_puts(out, "Content-Length: ");
		buf_put_number(out, sip->sip_payload ? sip->sip_payload->pl_len : 0);
		buf_puts(out, "\r\n");
	}
	buf_puts(out, "\r\n");
	return err;
}

enum err message_encode(struct message *m, struct buf *out)
{
	const sip_payload_t *body;

	if (!m->err && msg_serialize(m->msg, (msg_pub_t *)m->sip) < 0)
		m->err = ERR_NOMEM;
	if (!m->err)
		m->err = write_head(m, out);
	if (m->err)
		return m->err;
	body = m->sip->sip_payload;
	if (body)
		buf_add(out, body->pl_data, body->pl_len);
	return buf_err(out);
}

/* Lets message_add write into the head of what was read: a header goes to the end of what is there,
 * which message_encode gives its last line and the body anew. */
static void open_head(struct message *m)
{
	sip_payload_t *body = m->sip->sip_payload;

	if (body)
		sip_header_remove(m->msg, m->sip, (sip_header_t *)body);
	if (m->sip->sip_separator)
		sip_header_remove(m->msg, m->sip, (sip_header_t *)m->sip->sip_separator);
	m->sip->sip_payload = body;
}

enum err message_copy(struct message **out, struct message *m)
{
	struct buf wire;
	enum err err;

	buf_init(&wire, MESSAGE_MAX);
	err = message_encode(m, &wire);
	if (!err)
		err = message_parse(out, wire.data, wire.len);
	if (!err)
		open_head(*out);
	buf_wipe(&wire);
	return err;
}
