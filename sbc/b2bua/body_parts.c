/* Takes bodies apart, a line at a time and each octet once for each depth. Any thread. */
#include "sbc/b2bua/body_parts.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "sbc/b2bua/headers.h"
#include "sbc/b2bua/name_addr.h"

#define BOUNDARY_MAX 70 /* RFC 2046 5.1.1 */

struct span {
	const char *at, *end;
};

/* What the headers of a message or part say of it, each on one line; "" where nothing. */
struct about {
	char type[HEADER_VALUE_MAX], disposition[128], id[128], coding[64], transfer[64];
};

static bool take_line(struct span *text, struct span *line)
{
	const char *newline;

	if (text->at == text->end)
		return false;
	newline = memchr(text->at, '\n', (size_t)(text->end - text->at));
	line->at = text->at;
	line->end = newline ? newline : text->end;
	text->at = newline ? newline + 1 : text->end;
	if (line->end > line->at && line->end[-1] == '\r')
		line->end--;
	return true;
}

/* Of the part's field in about; NULL: it is of no interest. */
static char *field_of(struct about *a, const struct span *name, size_t *size)
{
	const struct {
		const char *name;
		char *field;
		size_t size;
	} fields[] = { { "Content-Type", a->type, sizeof(a->type) },
		       { "Content-Disposition", a->disposition, sizeof(a->disposition) },
		       { "Content-ID", a->id, sizeof(a->id) },
		       { "Content-Encoding", a->coding, sizeof(a->coding) },
		       { "Content-Transfer-Encoding", a->transfer, sizeof(a->transfer) } };
	size_t len = (size_t)(name->end - name->at);

	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		*size = fields[i].size;
		if (strlen(fields[i].name) == len &&
		    strncasecmp(fields[i].name, name->at, len) == 0)
			return fields[i].field;
	}
	return NULL;
}

/* Adds to a field what stands on a line, after a blank where there is something. What is too long
 * or cannot be shown leaves it empty, as if it were not there. */
static void append(char *field, size_t size, struct span line)
{
	size_t n = strlen(field);

	while (line.at < line.end && (*line.at == ' ' || *line.at == '\t'))
		line.at++;
	while (line.end > line.at && (line.end[-1] == ' ' || line.end[-1] == '\t'))
		line.end--;
	if (n && n + 1 < size)
		field[n++] = ' ';
	for (; line.at < line.end; line.at++) {
		unsigned char c = *line.at == '\t' ? ' ' : (unsigned char)*line.at;

		if (c < ' ' || c == 0x7f || n + 1 >= size) {
			*field = '\0';
			return;
		}
		field[n++] = (char)c;
	}
	field[n] = '\0';
}

/* The part's headers; what is left of text is its content. */
static void read_head(struct span *text, struct about *a)
{
	char *field = NULL;
	size_t size = 0;
	struct span line;

	memset(a, 0, sizeof(*a));
	while (take_line(text, &line) && line.at < line.end) {
		const char *colon = memchr(line.at, ':', (size_t)(line.end - line.at));
		struct span name = { line.at, colon };

		if (*line.at != ' ' && *line.at != '\t') {
			while (colon && name.end > name.at && name.end[-1] == ' ')
				name.end--;
			field = colon ? field_of(a, &name, &size) : NULL;
			if (field && *field) /* the first one counts */
				field = NULL;
			line.at = colon ? colon + 1 : line.at;
		}
		if (field)
			append(field, size, line);
	}
}

/* "--BOUNDARY", and what may follow it: 1; "--BOUNDARY--": 2; anything else: 0. */
static int is_delimiter(const struct span *line, const char *boundary)
{
	size_t len = strlen(boundary), n = (size_t)(line->end - line->at);
	const char *rest;
	bool closes;

	if (n < 2 + len || memcmp(line->at, "--", 2) != 0 ||
	    memcmp(line->at + 2, boundary, len) != 0)
		return 0;
	rest = line->at + 2 + len;
	closes = line->end - rest >= 2 && memcmp(rest, "--", 2) == 0;
	rest += closes ? 2 : 0;
	while (rest < line->end && (*rest == ' ' || *rest == '\t'))
		rest++;
	return rest < line->end ? 0 : closes ? 2 : 1;
}

static bool has_type(const struct about *a, const char *type)
{
	size_t len = strlen(type);

	return strncasecmp(a->type, type, len) == 0 &&
	       (type[len - 1] == '/' || !a->type[len] || strchr("; ", a->type[len]));
}

static bool is_plain(const char *coding)
{
	return !*coding || strcasecmp(coding, "identity") == 0 || strcasecmp(coding, "7bit") == 0 ||
	       strcasecmp(coding, "8bit") == 0 || strcasecmp(coding, "binary") == 0;
}

static void keep_id(struct body_part *part, const char *id)
{
	size_t len = strlen(id);

	if (len > 2 && id[0] == '<' && id[len - 1] == '>')
		snprintf(part->id, sizeof(part->id), "%.*s", (int)len - 2, id + 1);
}

static enum err add_leaf(struct body_parts *out, const struct about *a, const struct span *text,
                         bool optional)
{
	const char *params = a->disposition + strcspn(a->disposition, ";");
	struct body_part *part = &out->part[out->n];
	int type_len = (int)strcspn(a->type, "; "),
	    disposition_len = (int)strcspn(a->disposition, "; ");

	if (out->n == BODY_PARTS_MAX)
		return ERR_LIMIT;
	*part = (struct body_part){ .data = text->at, .len = (size_t)(text->end - text->at) };
	/* What says nothing is text (RFC 2046 5.2); a type too long to be kept is none we know. */
	snprintf(part->type, sizeof(part->type), "%.*s", *a->type ? type_len : 10,
	         *a->type ? a->type : "text/plain");
	snprintf(part->disposition, sizeof(part->disposition), "%.*s", disposition_len,
	         a->disposition);
	if (strlen(a->type + strcspn(a->type, ";")) < sizeof(part->params))
		snprintf(part->params, sizeof(part->params), "%s", a->type + strcspn(a->type, ";"));
	snprintf(part->coding, sizeof(part->coding), "%.23s", a->coding);
	snprintf(part->transfer, sizeof(part->transfer), "%.23s", a->transfer);
	keep_id(part, a->id);
	part->optional = optional || name_addr_param_is(params, "handling", "optional");
	part->encoded = !is_plain(a->coding) || !is_plain(a->transfer);
	out->n++;
	return OK;
}

static enum err take_apart(struct body_parts *out, const struct about *a, struct span text,
                           bool optional, unsigned depth);

/* A part with its head; an empty one is none. */
static enum err take_part(struct body_parts *out, struct span text, bool optional, unsigned depth)
{
	struct about a;

	read_head(&text, &a);
	return text.at == text.end ? OK : take_apart(out, &a, text, optional, depth);
}

/* Without the line break before a delimiter, which is the delimiter's. */
static void drop_line_break(struct span *text)
{
	if (text->end > text->at && text->end[-1] == '\n')
		text->end--;
	if (text->end > text->at && text->end[-1] == '\r')
		text->end--;
}

static enum err split(struct body_parts *out, const char *boundary, struct span text, bool optional,
                      unsigned depth)
{
	struct span line, part = { NULL, NULL };
	enum err err = OK;
	int delimiter = 0;

	while (!err && delimiter != 2 && take_line(&text, &line)) {
		delimiter = is_delimiter(&line, boundary);
		if (!delimiter)
			continue;
		part.end = line.at;
		if (part.at) {
			drop_line_break(&part);
			err = take_part(out, part, optional, depth);
		}
		part.at = text.at;
	}
	if (!part.at)
		return ERR_SYNTAX;
	part.end = text.end;
	/* Nobody said that it ends: it does with the body. */
	return err || delimiter == 2 ? err : take_part(out, part, optional, depth);
}

/* Of several alternatives any may be left out, of what is signed the signature. */
static enum err take_apart(struct body_parts *out, const struct about *a, struct span text,
                           bool optional, unsigned depth)
{
	const char *params = a->disposition + strcspn(a->disposition, ";");
	char boundary[BOUNDARY_MAX + 1];

	if (!has_type(a, "multipart/"))
		return add_leaf(out, a, &text, optional);
	if (depth == BODY_DEPTH_MAX)
		return ERR_LIMIT;
	if (!is_plain(a->coding) || !is_plain(a->transfer) ||
	    !name_addr_param(a->type + strcspn(a->type, ";"), "boundary", boundary,
	                     sizeof(boundary)) ||
	    !*boundary)
		return ERR_SYNTAX;
	optional = optional || has_type(a, "multipart/alternative") ||
	           has_type(a, "multipart/signed") ||
	           name_addr_param_is(params, "handling", "optional");
	return split(out, boundary, text, optional, depth + 1);
}

static void keep(const struct message *m, const char *name, const char *compact, char *out,
                 size_t size)
{
	unsigned n = 0;

	if (!header_next(m, name, compact, &n, out, size))
		*out = '\0';
}

enum err body_parts_read(struct body_parts *out, const struct message *m)
{
	struct about a = { .type = "" };
	size_t len;
	const char *body = message_body(m, &len);
	struct span text;

	out->n = 0;
	if (!body)
		return OK;
	text = (struct span){ body, body + len };
	keep(m, "Content-Type", NULL, a.type, sizeof(a.type));
	keep(m, "Content-Disposition", NULL, a.disposition, sizeof(a.disposition));
	keep(m, "Content-ID", NULL, a.id, sizeof(a.id));
	keep(m, "Content-Encoding", NULL, a.coding, sizeof(a.coding));
	keep(m, "Content-Transfer-Encoding", NULL, a.transfer, sizeof(a.transfer));
	return take_apart(out, &a, text, false, 0);
}

bool body_part_is_session(const struct body_part *part)
{
	return strcasecmp(part->type, "application/sdp") == 0 && !part->encoded &&
	       (!*part->disposition || strcasecmp(part->disposition, "session") == 0);
}

bool body_is_session(const struct message *m)
{
	return strcasecmp(message_content_type(m), "application/sdp") == 0 &&
	       !message_header(m, "Content-Disposition", 0) &&
	       !message_header(m, "Content-Encoding", 0) &&
	       !message_header(m, "Content-Transfer-Encoding", 0);
}

const char *body_parts_sdp(const struct message *m, size_t *len)
{
	const char *type = message_content_type(m);
	struct body_parts parts;

	if (body_is_session(m))
		return message_body(m, len);
	*len = 0;
	if ((strcasecmp(type, "application/sdp") != 0 &&
	     strncasecmp(type, "multipart/", 10) != 0) ||
	    body_parts_read(&parts, m))
		return NULL;
	for (size_t i = 0; i < parts.n; i++) {
		if (body_part_is_session(&parts.part[i])) {
			*len = parts.part[i].len;
			return parts.part[i].data;
		}
	}
	return NULL;
}
