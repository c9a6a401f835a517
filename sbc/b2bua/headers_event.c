/* Headers of events (RFC 6665, RFC 3903): their own table, for they mean nothing elsewhere.
 * Signalling thread. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "sbc/b2bua/headers.h"

static const char *const crossing[] = { "Subscription-State", "Min-Expires", "Accept",
	                                "Allow-Events",       "SIP-ETag",    "SIP-If-Match",
	                                "Suppress-If-Match" };
#define VALUES_MOST 16 /* of one header */

static bool is_clean(const char *value)
{
	return !strpbrk(value, "\r\n") && strlen(value) < HEADER_VALUE_MAX;
}

/* The package with its id; outward no more than that: RFC 4235 6.1.3 puts Call-IDs and tags into
 * its parameters. */
static void cross_event(const struct message *from, struct message *to, enum crossing way)
{
	const char *value = message_header(from, "Event", 0), *id;
	size_t package, len;

	if (!value || !is_clean(value))
		return;
	package = strcspn(value, "; \t");
	id = strcasestr(value, ";id=");
	len = id ? strcspn(id + 1, "; \t") + 1 : 0;
	if (way == CROSSING_IN)
		message_add(to, "Event", "%s", value);
	else
		message_add(to, "Event", "%.*s%.*s", (int)package, value, (int)len, id ? id : "");
}

unsigned headers_expires_s(const struct message *m)
{
	const char *value = message_header(m, "Expires", 0);
	unsigned long s = value ? strtoul(value, NULL, 10) : 3600; /* what most packages have */

	return s < EXPIRES_MOST_S ? (unsigned)s : EXPIRES_MOST_S;
}

void headers_cross_event(const struct message *from, struct message *to, enum crossing way)
{
	cross_event(from, to, way);
	if (message_header(from, "Expires", 0))
		message_add(to, "Expires", "%u", headers_expires_s(from));
	for (size_t i = 0; i < ARRAY_LEN(crossing); i++) {
		const char *value;

		for (unsigned n = 0; n < VALUES_MOST; n++) {
			value = message_header(from, crossing[i], n);
			if (!value)
				break;
			if (is_clean(value))
				message_add(to, crossing[i], "%s", value);
		}
	}
}
