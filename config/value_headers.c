/* Names of headers that a configuration may speak of. One thread. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/mem.h"
#include "config/value_kinds.h"

/* What makes a message, a dialog or a body what it is: wrong values of these break calls, and right
 * ones are known to the program alone. Compact forms (RFC 3261 20) are refused by their length. */
static const char *const protocol[] = {
	"Accept",
	"Accept-Encoding",
	"Allow",
	"Allow-Events",
	"Authentication-Info",
	"Authorization",
	"Call-ID",
	"Contact",
	"Content-Disposition",
	"Content-Encoding",
	"Content-Length",
	"Content-Type",
	"CSeq",
	"Event",
	"Expires",
	"Flow-Timer",
	"From",
	"Join",
	"Max-Breadth",
	"Max-Forwards",
	"MIME-Version",
	"Min-Expires",
	"Min-SE",
	"Path",
	"Proxy-Authenticate",
	"Proxy-Authorization",
	"Proxy-Require",
	"RAck",
	"Record-Route",
	"Refer-Sub",
	"Refer-To",
	"Replaces",
	"Require",
	"Route",
	"RSeq",
	"Security-Client",
	"Security-Server",
	"Security-Verify",
	"Service-Route",
	"Session-Expires",
	"SIP-ETag",
	"SIP-If-Match",
	"Subscription-State",
	"Supported",
	"Timestamp",
	"To",
	"Unsupported",
	"Via",
	"WWW-Authenticate",
};

static bool is_token(const char *text)
{
	return strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	                    "-.!%*_+`'~") == strlen(text);
}

bool header_is_protocol(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(protocol); i++) {
		if (strcasecmp(protocol[i], name) == 0)
			return true;
	}
	return false;
}

static bool is_name(struct value_env *env, const struct option *o, const char *text)
{
	size_t len = strlen(text);

	if (len >= 2 && len <= 64 && is_token(text))
		return true;
	value_problem(env, o, text, "is not the name of a header; write %s",
	              len == 1 ? "the long form of its name" : "it as in X-Account");
	return false;
}

VALUE_PARSER(header)
{
	if (!is_name(env, o, text))
		return false;
	if (!header_is_protocol(text))
		return value_keep(env, text, field);
	value_problem(env, o, text, "is a part of the protocol, which Trunkgate writes itself");
	return false;
}

/* Who calls and is called may be looked at; where they are and what they know may not. */
VALUE_PARSER(header_read)
{
	if (strcasecmp(text, "From") == 0 || strcasecmp(text, "To") == 0)
		return value_keep(env, text, field);
	return value_parse_header(env, o, text, field);
}

/* What Trunkgate makes itself of what its sender may say; as it came it would go past that. */
static const struct {
	const char *header, *option; /* NULL: there is none for it */
} made[] = {
	{ "Diversion", "diversion" },
	{ "Geolocation", "location" },
	{ "Geolocation-Routing", "location" },
	{ "History-Info", "diversion" },
	{ "Identity", NULL },
	{ "P-Asserted-Identity", "caller-id-out" },
	{ "P-Preferred-Identity", "caller-id-out" },
	{ "Referred-By", NULL },
	{ "Remote-Party-ID", "caller-id-out" },
};

/* ARRAY_LEN(made): it is none of them. */
static size_t find_made(const char *name)
{
	size_t i = 0;

	while (i < ARRAY_LEN(made) && strcasecmp(made[i].header, name) != 0)
		i++;
	return i;
}

bool config_makes_header(const char *name)
{
	return find_made(name) < ARRAY_LEN(made);
}

VALUE_PARSER(header_pass)
{
	size_t i = find_made(text);

	if (i == ARRAY_LEN(made))
		return value_parse_header(env, o, text, field);
	if (made[i].option)
		value_problem(env, o, text, "is made by Trunkgate itself; write %s: for it",
		              made[i].option);
	else
		value_problem(env, o, text, "is made by Trunkgate itself; leave it out");
	return false;
}

VALUE_PARSER(status)
{
	bool digit = *text >= '1' && *text <= '6';
	unsigned status = digit ? (unsigned)strtoul(text, NULL, 10) : 0;

	if (digit && strcmp(text + 1, "xx") == 0)
		status = (unsigned)(*text - '0');
	else if (strlen(text) != 3 || strspn(text, "0123456789") != 3 || status < 101) {
		value_problem(env, o, text, "is no status; write one as in 180, or 4xx");
		return false;
	}
	memcpy(field, &status, sizeof(status));
	return true;
}
