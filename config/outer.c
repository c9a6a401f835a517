/* The texts of advertise and media-advertise. One thread. */
#include "config/outer.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/addr.h"

#define STUN "stun:"

bool outer_is_name(const char *text)
{
	size_t label = 0, len = strlen(text);
	bool letter = false;

	if (len == 0 || len > 253)
		return false;
	for (const char *c = text; *c; c++) {
		if (*c == '.') {
			if (label == 0 || c[-1] == '-' || c[1] == '\0')
				return false;
			label = 0;
			letter = false;
			continue;
		}
		if (!isascii(*c) || !(isalnum((unsigned char)*c) || (*c == '-' && label > 0)))
			return false;
		letter = letter || !isdigit((unsigned char)*c);
		if (++label > 63)
			return false;
	}
	return letter && text[len - 1] != '-';
}

static bool read_port(unsigned *port, const char *text)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	*port = (unsigned)value;
	return isdigit((unsigned char)*text) && !*end && value > 0 && value <= 65535;
}

/* HOST[:PORT]; an IPv6 address has brackets (RFC 7064 3.1). */
static bool read_server(struct config_outer *out, const char *text)
{
	size_t len = *text == '[' ? strcspn(text, "]") + 1 : strcspn(text, ":");
	struct addr numeric;

	out->port = OUTER_STUN_PORT;
	if (len > strlen(text) || len >= sizeof(out->host))
		return false;
	memcpy(out->host, text, len);
	out->host[len] = '\0';
	if (text[len] && (text[len] != ':' || !read_port(&out->port, text + len + 1)))
		return false;
	return outer_is_name(out->host) ||
	       (addr_parse(&numeric, out->host) == OK && !addr_is_any(&numeric));
}

bool outer_read(struct config_outer *out, const char *text)
{
	struct config_outer read = { 0 };

	if (strncmp(text, STUN, strlen(STUN)) == 0) {
		if (!read_server(&read, text + strlen(STUN)))
			return false;
	} else if (!outer_is_name(text)) {
		return false;
	} else {
		snprintf(read.host, sizeof(read.host), "%s", text);
	}
	*out = read;
	return true;
}
