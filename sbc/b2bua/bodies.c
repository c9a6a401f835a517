/* Bodies by their type. Outward go those alone that cannot hold a name of the inside unless
 * somebody wrote it there; a message in a message, a session description or a state of dialogs can.
 * Inward goes what says what it is, but for session descriptions: they are the offer's to write.
 * Signalling thread. */
#include "sbc/b2bua/bodies.h"

#include <string.h>
#include <strings.h>

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

static bool is_clean(const char *value)
{
	return value && !strpbrk(value, "\r\n") && strlen(value) < HEADER_VALUE_MAX;
}

bool bodies_may_cross(const struct message *m, enum crossing way)
{
	const char *type = message_content_type(m);
	size_t len;

	if (!message_body(m, &len) || len == 0)
		return true;
	if (!is_clean(message_header(m, "Content-Type", 0)))
		return false;
	if (way == CROSSING_IN)
		return *type && strcasecmp(type, "application/sdp") != 0 &&
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

void bodies_cross(const struct message *from, struct message *to)
{
	static const char *const about[] = { "Content-Disposition", "Content-Encoding",
		                             "Content-Language" };
	const char *body, *value;
	size_t len;

	body = message_body(from, &len);
	if (!body || len == 0)
		return;
	message_set_body(to, message_header(from, "Content-Type", 0), body, len);
	for (size_t i = 0; i < ARRAY_LEN(about); i++) {
		value = message_header(from, about[i], 0);
		if (is_clean(value))
			message_add(to, about[i], "%s", value);
	}
}
