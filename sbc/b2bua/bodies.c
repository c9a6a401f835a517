/* Bodies by their type. Outward go those alone that cannot hold a name of the inside unless
 * somebody wrote it there; a message in a message, a session description or a state of dialogs can.
 * Inward goes what says what it is, but for session descriptions: they are the offer's to write.
 * Signalling thread. */
#include "sbc/b2bua/bodies.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "sbc/b2bua/headers_internal.h"
#include "sbc/b2bua/name_addr.h"

static const char *const outward[] = {
	"application/dtmf-relay",
	"application/dtmf",
	"application/media_control+xml",  /* RFC 5168 */
	"application/im-iscomposing+xml", /* RFC 3994 */
	"text/plain",
	"text/html",
};
#define OUTWARD_ACCEPT                                                              \
	"application/dtmf-relay, application/dtmf, application/media_control+xml, " \
	"application/im-iscomposing+xml, text/plain, text/html"

/* Outward the type with the character set alone: a parameter can say anything. */
static bool write_type(const char *value, enum crossing way, char out[HEADER_LINE_MAX])
{
	static const char token[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	                            "0123456789-_";
	char set[32];
	bool has_set = name_addr_param(value + strcspn(value, ";"), "charset", set, sizeof(set)) &&
	               *set && !set[strspn(set, token)];

	if (way == CROSSING_IN)
		snprintf(out, HEADER_LINE_MAX, "%s", value);
	else
		snprintf(out, HEADER_LINE_MAX, "%.*s%s%s", (int)strcspn(value, "; "), value,
		         has_set ? ";charset=" : "", has_set ? set : "");
	return true;
}

static const struct policy about[] = {
	{ .name = "Content-Type", .write = write_type },
	{ .name = "Content-Disposition" },
	{ .name = "Content-Encoding" },
	{ .name = "Content-Language" },
};

bool bodies_may_cross(const struct message *m, enum crossing way)
{
	const char *type = message_content_type(m);
	char value[HEADER_LINE_MAX];
	unsigned n = 0;
	size_t len;

	if (!message_body(m, &len))
		return true;
	if (!*type || !header_next(m, "Content-Type", NULL, &n, value, sizeof(value)))
		return false;
	if (way == CROSSING_IN)
		return strcasecmp(type, "application/sdp") != 0 &&
		       (strncasecmp(type, "multipart/", 10) != 0 ||
		        strcasecmp(type, "multipart/related") == 0 /* RFC 4662 */);
	for (size_t i = 0; i < ARRAY_LEN(outward); i++) {
		if (strcasecmp(type, outward[i]) == 0)
			return true;
	}
	return false;
}

const char *bodies_accepted(enum crossing way)
{
	return way == CROSSING_OUT ? OUTWARD_ACCEPT : "*/*";
}

void bodies_cross(const struct passage *p)
{
	size_t len;
	const char *body = message_body(p->from, &len);

	if (!body)
		return;
	message_set_body(p->to, NULL, body, len);
	for (size_t i = 0; i < ARRAY_LEN(about); i++)
		passage_cross(p, &about[i]);
}
