/* What crosses the border: one table. Unknown headers stay behind, both ways. Signalling thread. */
#include "sbc/b2bua/headers.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "sbc/b2bua/numbers.h"

static const struct {
	const char *name;
	bool out, in;
} crossing_headers[] = {
	{ "Privacy", true, true },  /* RFC 3323 */
	{ "Priority", true, true }, /* RFC 3261 20.26 */
	{ "Reason", false, true },  /* RFC 3326: its text may name what is inside */
	{ "Subject", false, true }, /* of an inner call it may tell too much */
	{ "Retry-After", true, true }, { "Info-Package", true, true }, /* RFC 6086 */
	{ "Recv-Info", true, true },
};

void headers_cross(const struct message *from, struct message *to, enum crossing way)
{
	for (size_t i = 0; i < ARRAY_LEN(crossing_headers); i++) {
		bool crosses =
		    way == CROSSING_OUT ? crossing_headers[i].out : crossing_headers[i].in;
		const char *value;

		for (unsigned n = 0; crosses && n < 8; n++) {
			value = message_header(from, crossing_headers[i].name, n);
			if (!value)
				break;
			/* One that is folded over lines would break the message that it goes into.
			 */
			if (!strpbrk(value, "\r\n") && strlen(value) < HEADER_VALUE_MAX)
				message_add(to, crossing_headers[i].name, "%s", value);
		}
	}
}

static bool is_withheld(const struct message *invite, const struct uri *from)
{
	const char *privacy = message_header(invite, "Privacy", 0);

	if (strcasecmp(from->user, "anonymous") == 0 ||
	    strcasecmp(from->host, "anonymous.invalid") == 0)
		return true;
	return privacy && (strcasestr(privacy, "id") || strcasestr(privacy, "user"));
}

enum err headers_from(const struct message *invite, const char *number, const char *host,
                      const char *scheme, char out[HEADER_VALUE_MAX])
{
	const char *display = message_from_display(invite);
	struct uri from;
	int n;

	if (!message_from_uri(invite, &from) || is_withheld(invite, &from)) {
		n = snprintf(out, HEADER_VALUE_MAX,
		             "\"Anonymous\" <%s:anonymous@anonymous.invalid>", scheme);
	} else {
		n = snprintf(out, HEADER_VALUE_MAX, "%s%s<%s:%s@%s>", display, *display ? " " : "",
		             scheme, number, host);
	}
	return n < 0 || n >= HEADER_VALUE_MAX ? ERR_LIMIT : OK;
}
