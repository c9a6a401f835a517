/* Headers of events (RFC 6665, RFC 3903): their own table, for they mean nothing elsewhere.
 * Signalling thread. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "sbc/b2bua/headers_internal.h"

/* The package with its id; outward no more than that: RFC 4235 6.1.3 puts Call-IDs and tags into
 * its parameters. */
static bool write_event(const char *value, enum crossing way, char out[HEADER_LINE_MAX])
{
	size_t package = strcspn(value, "; ");
	const char *id = strcasestr(value, ";id=");
	size_t len = id ? strcspn(id + 1, "; ") + 1 : 0;

	if (way == CROSSING_IN)
		snprintf(out, HEADER_LINE_MAX, "%s", value);
	else
		snprintf(out, HEADER_LINE_MAX, "%.*s%.*s", (int)package, value, (int)len,
		         id ? id : "");
	return true;
}

static const struct policy state = { .name = "Subscription-State" };
static const struct policy policies[] = {
	{ .name = "Event", .write = write_event },
	{ .name = "Min-Expires" },
	{ .name = "Accept" },
	{ .name = "Allow-Events" },
	{ .name = "SIP-ETag" },
	{ .name = "SIP-If-Match" },
	{ .name = "Suppress-If-Match" },
};

unsigned headers_expires_s(const struct message *m)
{
	const char *value = message_header(m, "Expires", 0);
	unsigned long s = value ? strtoul(value, NULL, 10) : 3600; /* what most packages have */

	return s < EXPIRES_MOST_S ? (unsigned)s : EXPIRES_MOST_S;
}

void headers_cross_event(const struct passage *p)
{
	if (message_header(p->from, "Expires", 0))
		message_add(p->to, "Expires", "%u", headers_expires_s(p->from));
	passage_cross(p, &state);
	for (size_t i = 0; i < ARRAY_LEN(policies); i++)
		passage_cross(p, &policies[i]);
}

/* The subscription is that of the phone's own REFER. */
void headers_cross_refer(const struct passage *p, uint32_t cseq)
{
	const char *event = message_header(p->from, "Event", 0);

	if (event && strcasestr(event, ";id="))
		message_add(p->to, "Event", "refer;id=%u", cseq);
	else
		message_put(p->to, "Event", "refer");
	passage_cross(p, &state);
}
