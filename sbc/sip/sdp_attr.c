/* What says something about the sender's network, and what promises things that end at the border,
 * stays behind; all the rest crosses. Any thread. RFC 8866, 8839, 8843, 5576, 5939. */
#include "sbc/sip/sdp_attr.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>
#include "base/err.h"
#include "base/mem.h"

#define HEX "0123456789abcdefABCDEF"

/* Addresses, keys and names of the sender's; several lines in one transport; other ways to set a
 * stream up; and capabilities that the other lines do not have (RFC 5939, 6871). A name that ends
 * in '*' is the beginning of several. */
static const char *const stays[] = { "candidate",
	                             "remote-candidates",
	                             "end-of-candidates",
	                             "ice-*",
	                             "alt",
	                             "nat",
	                             "rtcp",
	                             "rtcp-mux",
	                             "rtcp-mux-only",
	                             "source-filter",
	                             "crypto",
	                             "fingerprint",
	                             "setup",
	                             "connection",
	                             "dtls-*",
	                             "tls-*",
	                             "identity",
	                             "key-mgmt",
	                             "zrtp-hash",
	                             "3ge2ae",
	                             "group",
	                             "mid",
	                             "bundle-only",
	                             "msid",
	                             "msid-semantic",
	                             "ssrc",
	                             "ssrc-group",
	                             "tool",
	                             "cat",
	                             "keywds",
	                             "path",
	                             "msrp-cema",
	                             "sctp*",
	                             "max-message-size",
	                             "tcap",
	                             "acap",
	                             "pcfg",
	                             "acfg",
	                             "csup",
	                             "creq",
	                             "mcap",
	                             "rmcap",
	                             "omcap",
	                             "mfcap",
	                             "mscap",
	                             "lcfg",
	                             "sescap",
	                             "bcap",
	                             "ccap",
	                             "icap" };

static bool is_named(const char *name, const char *pattern)
{
	size_t len = strlen(pattern);

	if (tolower((unsigned char)*name) != *pattern) /* most of them */
		return false;
	if (pattern[len - 1] == '*')
		return strncasecmp(name, pattern, len - 1) == 0;
	return strcasecmp(name, pattern) == 0;
}

/* Words of letters and digits with dots between: an IPv4 address, or a name whose last part is of
 * letters. "1.0" and "H.264" are neither. */
static bool is_host(const char *word, size_t len)
{
	size_t dots = 0, last = 0, letters = 0, digits = 0;

	for (size_t i = 0; i < len; i++) {
		if (word[i] == '.') {
			dots++;
			last = i + 1;
			letters = 0;
		} else if (isalpha((unsigned char)word[i])) {
			letters++;
		} else if (isdigit((unsigned char)word[i])) {
			digits++;
		}
	}
	return dots > 0 &&
	       ((letters >= 2 && letters == len - last) || (dots == 3 && digits == len - dots));
}

static bool names_a_host(const char *text)
{
	for (; *text; text += *text != '\0') {
		size_t len = 0;

		while (isalnum((unsigned char)text[len]) || text[len] == '.' || text[len] == '-')
			len++;
		if (is_host(text, len))
			return true;
		text += len;
	}
	return false;
}

/* An IPv6 address or a MAC address: two colons or more among hexadecimal digits, or twelve of
 * these. */
static bool names_hardware(const char *text)
{
	for (; *text; text += *text != '\0') {
		size_t len = strspn(text, HEX ":"), colons = 0;

		for (size_t i = 0; i < len; i++)
			colons += text[i] == ':';
		if (colons >= 2 || (len == 12 && colons == 0 && !isalnum((unsigned char)text[len])))
			return true;
		text += len;
		while (isalnum((unsigned char)*text))
			text++;
	}
	return false;
}

bool sdp_attribute_crosses(const char *name, const char *value)
{
	for (size_t i = 0; i < ARRAY_LEN(stays); i++) {
		if (is_named(name, stays[i]))
			return false;
	}
	if (names_a_host(name))
		return false;
	/* Registered names with dots in them are no hosts of the sender's. */
	if (!value || strcasecmp(name, "extmap") == 0 || strcasecmp(name, "rtpmap") == 0)
		return true;
	if (strchr(value, '@') || names_a_host(value))
		return false;
	/* A codec's configuration is in hexadecimal digits, too. */
	return strcasecmp(name, "fmtp") == 0 || !names_hardware(value);
}
