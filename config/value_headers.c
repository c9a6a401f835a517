/* Names of headers that a configuration may speak of. One thread. */
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

VALUE_PARSER(header)
{
	size_t len = strlen(text);

	if (len < 2 || len > 64 || !is_token(text)) {
		value_problem(env, o, text, "is not the name of a header; write %s",
		              len == 1 ? "the long form of its name" : "it as in X-Account");
		return false;
	}
	for (size_t i = 0; i < ARRAY_LEN(protocol); i++) {
		if (strcasecmp(protocol[i], text) == 0) {
			value_problem(env, o, text,
			              "is a part of the protocol, which Trunkgate writes itself");
			return false;
		}
	}
	return value_keep(env, text, field);
}
