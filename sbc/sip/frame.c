/* Cuts a byte stream into SIP messages by Content-Length (RFC 3261 18.3); CRLFs before a message
 * are keepalives (RFC 5626 3.5.1). */
#include "sbc/sip/frame.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>
#include "sbc/sip/message.h"

static struct frame bad(const char *why)
{
	return (struct frame){ .kind = FRAME_BAD, .why = why };
}

static struct frame bad_request(unsigned status, size_t head, const char *why)
{
	return (struct frame){ .kind = FRAME_BAD, .why = why, .status = status, .head = head };
}

/* Its first lines may be all that an answer needs. */
static struct frame head_too_long(const char *data, size_t most)
{
	const char *last = memrchr(data, '\n', most);

	return bad_request(last ? 513 : 0, last ? (size_t)(last - data) + 1 : 0,
	                   "the head of a message is too long");
}

static struct frame between(const char *data, size_t len)
{
	if (len >= 4 && memcmp(data, "\r\n\r\n", 4) == 0)
		return (struct frame){ .kind = FRAME_PING, .len = 4 };
	/* A ping that is still coming looks like a pong: only the byte after the CRLF tells. */
	if (len == 3 && memcmp(data, "\r\n\r", 3) == 0)
		return (struct frame){ .kind = FRAME_MORE };
	if (len >= 2 && memcmp(data, "\r\n", 2) == 0)
		return (struct frame){ .kind = FRAME_SKIP, .len = 2 };
	if (len == 1 && data[0] == '\r')
		return (struct frame){ .kind = FRAME_MORE };
	return bad("a stray carriage return or line feed");
}

/* The value's digits; at most what a message may have. */
static bool read_length(const char *at, const char *end, size_t *out)
{
	size_t value = 0, digits = 0;

	while (at < end && (*at == ' ' || *at == '\t'))
		at++;
	for (; at < end && *at >= '0' && *at <= '9'; at++, digits++) {
		if (value <= BODY_MOST) /* more is too much, however much it is */
			value = value * 10 + (size_t)(*at - '0');
	}
	while (at < end && (*at == ' ' || *at == '\t'))
		at++;
	*out = value;
	return digits > 0 && at == end;
}

/* True when the line is Content-Length or its short form l; value is what follows the colon. */
static bool is_length_line(const char *line, const char *end, const char **value)
{
	const char *colon = memchr(line, ':', (size_t)(end - line));
	size_t n = colon ? (size_t)(colon - line) : 0;

	while (n > 0 && (line[n - 1] == ' ' || line[n - 1] == '\t'))
		n--;
	*value = colon ? colon + 1 : end;
	return (n == 14 && strncasecmp(line, "Content-Length", 14) == 0) ||
	       (n == 1 && (*line == 'l' || *line == 'L'));
}

/* Finds the one Content-Length in the head. NULL: well; else what is wrong. */
static const char *body_length(const char *head, size_t len, size_t *out)
{
	const char *line = head, *end = head + len, *value;
	bool found = false;

	while (line < end) {
		const char *eol = memchr(line, '\n', (size_t)(end - line));
		const char *stop = eol ? eol : end;
		size_t this_one;

		if (stop > line && stop[-1] == '\r')
			stop--;
		if (is_length_line(line, stop, &value)) {
			if (!read_length(value, stop, &this_one))
				return "Content-Length is not a number that we take";
			if (found && this_one != *out)
				return "two Content-Lengths that differ";
			*out = this_one;
			found = true;
		}
		line = eol ? eol + 1 : end;
	}
	return found ? NULL : "no Content-Length";
}

struct frame frame_of_datagram(const char *data, size_t len, struct frame_limits limits)
{
	const char *blank;
	size_t head;

	if (len <= limits.head && len <= limits.body) /* wherever the one ends */
		return (struct frame){ .kind = FRAME_MESSAGE, .len = len };
	blank = memmem(data, len, "\r\n\r\n", 4);
	head = blank ? (size_t)(blank - data) + 4 : len;
	if (head > limits.head)
		return head_too_long(data, limits.head);
	if (len - head > limits.body)
		return bad_request(413, head - 2, "the body of a message is too long");
	return (struct frame){ .kind = FRAME_MESSAGE, .len = len };
}

/* The octets of the message whose head ends before blank's empty line. FRAME_MORE: well. */
static struct frame read_head(const char *data, const char *blank, struct frame_limits limits)
{
	size_t head = (size_t)(blank - data) + 4, body = 0;
	const char *why;

	if (head > limits.head)
		return head_too_long(data, limits.head);
	why = body_length(data, head - 2, &body);
	if (why)
		return bad_request(400, head - 2, why);
	if (body > limits.body)
		return bad_request(413, head - 2, "the body of a message is too long");
	return (struct frame){ .kind = FRAME_MORE, .len = head + body };
}

struct frame frame_next(const char *data, size_t len, struct frame_limits limits,
                        struct frame_part *part)
{
	size_t from = part->sought > 3 ? part->sought - 3 : 0;
	const char *blank;
	struct frame f;

	if (len == 0)
		return (struct frame){ .kind = FRAME_MORE };
	if (data[0] == '\r' || data[0] == '\n')
		return between(data, len);
	if (!part->needs) {
		blank = memmem(data + from, len - from, "\r\n\r\n", 4);
		part->sought = len;
		if (!blank)
			return len > limits.head ? head_too_long(data, limits.head)
			                         : (struct frame){ .kind = FRAME_MORE };
		f = read_head(data, blank, limits);
		if (f.kind == FRAME_BAD)
			return f;
		part->needs = f.len;
	}
	if (len < part->needs)
		return (struct frame){ .kind = FRAME_MORE };
	f = (struct frame){ .kind = FRAME_MESSAGE, .len = part->needs };
	*part = (struct frame_part){ 0 };
	return f;
}
