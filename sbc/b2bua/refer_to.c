/* Refer-To: a URI, perhaps with headers of the INVITE that is asked for. Signalling thread. */
#include "sbc/b2bua/refer_to.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "sbc/b2bua/caller_id.h"

#define URI_MOST 1024

/* The URI alone, without name, brackets and parameters of the header. */
static bool take_uri(const char *value, char out[URI_MOST])
{
	const char *open = strchr(value, '<'), *begin = open ? open + 1 : value;
	size_t len = strcspn(begin, open ? ">" : "; \t\r\n");

	if (len == 0 || len >= URI_MOST || (open && begin[len] != '>'))
		return false;
	memcpy(out, begin, len);
	out[len] = '\0';
	return true;
}

/* RFC 3261 19.1.2: what stands escaped in a URI's header. */
static bool unescape(const char *at, size_t len, char out[3 * REPLACES_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		char hex[3] = { 0 };

		if (n + 1 >= 3 * REPLACES_MAX)
			return false;
		out[n] = at[i];
		if (at[i] == '%') {
			if (i + 2 >= len || !isxdigit((unsigned char)at[i + 1]) ||
			    !isxdigit((unsigned char)at[i + 2]))
				return false;
			memcpy(hex, at + i + 1, 2);
			out[n] = (char)strtol(hex, NULL, 16);
			i += 2;
		}
		if (!out[n++])
			return false;
	}
	out[n] = '\0';
	return true;
}

/* Of the headers Replaces alone is followed. */
static unsigned take_headers(const char *headers, struct refer_to *out)
{
	char value[3 * REPLACES_MAX];

	while (*headers) {
		size_t len = strcspn(headers, "&");

		if (strncasecmp(headers, "Replaces=", 9) == 0) {
			if (out->has_replaces || !unescape(headers + 9, len - 9, value) ||
			    !replaces_read(value, &out->replaces))
				return 400;
			out->has_replaces = true;
		}
		headers += len + (headers[len] == '&');
	}
	return 0;
}

/* Another method than INVITE is nobody's to ask of us. */
static bool asks_for_call(const char *uri)
{
	const char *method = strcasestr(uri, ";method=");

	return !method ||
	       (strncasecmp(method + 8, "INVITE", 6) == 0 && !isalnum((unsigned char)method[14]));
}

unsigned refer_to_read(const struct message *refer, struct refer_to *out)
{
	const char *value = message_header(refer, "Refer-To", 0);
	char uri[URI_MOST], *headers;
	struct uri parsed;

	memset(out, 0, sizeof(*out));
	out->says_who = caller_id_refers(refer);
	if (!value || message_header(refer, "Refer-To", 1) || !take_uri(value, uri))
		return 400;
	headers = strchr(uri, '?');
	if (headers)
		*headers++ = '\0';
	if (!asks_for_call(uri))
		return 403;
	if (!message_parse_uri(refer, uri, &parsed) || strlen(parsed.user) >= sizeof(out->user))
		return 416;
	memcpy(out->user, parsed.user, strlen(parsed.user) + 1);
	return headers ? take_headers(headers, out) : 0;
}
