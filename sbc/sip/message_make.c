/* Has Sofia-SIP's parser read a message, and helps it with first lines that it does not know to
 * read. Signalling thread. */
#include <ctype.h>
#include <string.h>
#include <strings.h>
#include <sofia-sip/msg_addr.h>
#include <sofia-sip/msg_mclass.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_parser.h>
#include "base/buf.h"
#include "sbc/sip/message_internal.h"

#define PRELOAD_MOST 65535 /* Sofia-SIP's */

/* Where the method stands in a line of CSeq; NULL: it is another line. */
static const char *cseq_method(const char *line, const char *end)
{
	const char *at = line + 4;

	if (end - line < 6 || strncasecmp(line, "CSeq", 4) != 0)
		return NULL;
	while (at < end && (*at == ' ' || *at == '\t'))
		at++;
	if (at == end || *at++ != ':')
		return NULL;
	while (at < end && (*at == ' ' || *at == '\t' || isdigit((unsigned char)*at)))
		at++;
	return at < end && (unsigned char)*at > ' ' ? at : NULL;
}

/* Behind the first line, with an X before the method of CSeq. */
static void mark_cseq(struct buf *out, const char *data, const char *end)
{
	while (data < end) {
		const char *eol = memchr(data, '\n', (size_t)(end - data));
		const char *next = eol ? eol + 1 : end, *method = cseq_method(data, next);

		if (method) {
			buf_add(out, data, (size_t)(method - data));
			buf_add(out, "X", 1);
			data = method;
		}
		buf_add(out, data, (size_t)(next - data));
		data = next;
	}
}

static void drop(msg_t **msg)
{
	if (*msg)
		msg_destroy(*msg);
	*msg = NULL;
}

/* As Sofia-SIP's msg_make, but with room for the headers too in one piece: some fifteen allocations
 * become one. */
static msg_t *make(const char *data, size_t len, size_t head)
{
	msg_t *msg = msg_create(sip_default_mclass(), 0);
	size_t room = len + 4 * head + 500; /* as messages are; what more one needs it gets */
	msg_iovec_t into[2];

	if (!msg || len == 0)
		goto fail;
	if (room <= PRELOAD_MOST)
		su_home_preload(msg_home(msg), 1, (isize_t)room);
	if (msg_recv_iovec(msg, into, 2, (usize_t)len, 1) < 0 || into[0].mv_len != len)
		goto fail;
	memcpy(into[0].mv_base, data, len);
	msg_recv_commit(msg, (usize_t)len, 1);
	if (msg_extract(msg) < 0)
		sip_object(msg)->sip_flags |= MSG_FLG_ERROR;
	return msg;
fail:
	drop(&msg);
	return NULL;
}

/* A request whose first line Sofia-SIP does not read, with an X before its method, and with uri in
 * place of its own where that is set. It takes short methods that begin as a known one does
 * ("NOPE", "IN") for no method at all, which none that begins with an X is; and what has a
 * Request-URI that cannot be read can be refused in its own words. NULL: no request either, or out
 * of memory. */
static msg_t *make_marked(const char *data, size_t len, size_t head, const char *uri)
{
	const char *end = data + len, *eol = memchr(data, '\n', len), *blank;
	const char *space = eol ? memchr(data, ' ', (size_t)(eol - data)) : NULL;
	msg_t *msg = NULL;
	struct buf text;

	if (!space || space == data || (len > 4 && strncasecmp(data, "SIP/", 4) == 0))
		return NULL;
	blank = memmem(data, len, "\r\n\r\n", 4);
	buf_init(&text, MESSAGE_MAX + 64 + HEAD_VALUES_MAX);
	buf_add(&text, "X", 1);
	if (uri) {
		buf_add(&text, data, (size_t)(space - data));
		buf_printf(&text, " %s SIP/2.0\r\n", uri);
	} else {
		buf_add(&text, data, (size_t)(eol + 1 - data));
	}
	mark_cseq(&text, eol + 1, blank ? blank + 2 : end);
	if (blank)
		buf_add(&text, blank + 2, (size_t)(end - blank - 2));
	if (buf_err(&text) == OK)
		msg = make(text.data, text.len, head);
	buf_free(&text);
	return msg;
}

static bool has_first_line(const msg_t *msg)
{
	const sip_t *sip = msg ? sip_object(msg) : NULL;

	return sip && (sip->sip_request || sip->sip_status);
}

static void unmark(msg_t *msg)
{
	sip_t *sip = sip_object(msg);

	if (sip->sip_request && sip->sip_request->rq_method_name[0] == 'X')
		sip->sip_request->rq_method_name++;
	if (sip->sip_cseq && sip->sip_cseq->cs_method_name[0] == 'X')
		sip->sip_cseq->cs_method_name++;
}

msg_t *message_make(const char *data, size_t len, size_t head, bool *has_uri)
{
	msg_t *msg = make(data, len, head);

	*has_uri = true;
	if (!msg || has_first_line(msg))
		return msg;
	drop(&msg);
	msg = make_marked(data, len, head, NULL);
	if (msg && !has_first_line(msg)) {
		drop(&msg);
		*has_uri = false;
		msg = make_marked(data, len, head, "sip:unreadable.invalid");
	}
	if (msg)
		unmark(msg);
	return msg;
}
