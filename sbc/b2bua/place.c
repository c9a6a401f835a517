/* Places by reference: a URI at which a server tells where the caller is (RFC 6442 4.1). It is for
 * whoever is asked for help to look up, so it goes on as it is, or not at all. Places by value are
 * parts of the body (bodies.c). Signalling thread. */
#include "sbc/b2bua/place.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "base/log.h"
#include "sbc/b2bua/caller_id.h"
#include "sbc/b2bua/headers_internal.h"

bool place_may_go(const struct crossing_ends *ends, const struct message *invite, bool emergency)
{
	const struct config_party *trunk = ends->to->kind == PARTY_TRUNK ? ends->to : ends->from;

	if (trunk->kind != PARTY_TRUNK)
		return true;
	if (emergency)
		return trunk->trunk->location != LOCATION_NEVER;
	return trunk->trunk->location == LOCATION_ALWAYS && caller_id_may_go(invite, ends->to);
}

/* What stands behind the scheme of a URI that can be a place; NULL: it is none. A cid: would name a
 * part of the body that came. */
static const char *behind_scheme(const char *uri)
{
	static const char *const schemes[] = { "https://", "http://", "sips:", "sip:", "pres:" };

	for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
		size_t len = strlen(schemes[i]);

		if (strncasecmp(uri, schemes[i], len) == 0)
			return uri + len;
	}
	return NULL;
}

/* A name of more than one label, which others can ask for. The last one of an address, however it
 * is written, begins with a digit. */
static bool is_public(char *host)
{
	size_t len = strlen(host);
	const char *last;

	while (len > 0 && host[len - 1] == '.')
		host[--len] = '\0';
	for (size_t i = 0; i < len; i++) {
		if (!isalnum((unsigned char)host[i]) && !strchr("-.", host[i]))
			return false;
	}
	last = strrchr(host, '.');
	return last && isalpha((unsigned char)last[1]);
}

static bool has_public_host(const struct message *m, const char *uri, const char *rest)
{
	char text[HEADER_LINE_MAX + 8], *host;
	struct uri parsed;

	if (strncasecmp(uri, "http", 4) != 0) { /* pres: has the same parts (RFC 3859) */
		snprintf(text, sizeof(text), "sip:%s", rest);
		if (!message_parse_uri(m, text, &parsed))
			return false;
		snprintf(text, sizeof(text), "%s", parsed.host);
		return is_public(text);
	}
	snprintf(text, sizeof(text), "%.*s", (int)strcspn(rest, "/?#\\"), rest);
	host = strrchr(text, '@');
	host = host ? host + 1 : text;
	host[strcspn(host, ":")] = '\0';
	return is_public(host);
}

static void add_reference(const struct passage *p, const char *uri)
{
	const char *rest = behind_scheme(uri), *word;

	if (!rest || strpbrk(uri, " \"<"))
		return;
	word = inside_words_in(&p->words, uri);
	if (!word && p->way == CROSSING_OUT && !has_public_host(p->from, uri, rest))
		word = "its host";
	if (word)
		LOG(LOG_WARN, KV("event", "header-held-back"), KV("header", "Geolocation"),
		    KV("call-id", message_call_id(p->from)), KV("names", word));
	else
		message_add(p->to, "Geolocation", "<%s>", uri);
}

/* The parameters behind a URI are those of a draft, and no use (RFC 6442 4.1). */
static void add_references(const struct passage *p)
{
	char line[HEADER_LINE_MAX], *uri, *end;
	unsigned n = 0;

	while (n < HEADER_EACH_MAX &&
	       header_next(p->from, "Geolocation", NULL, &n, line, sizeof(line))) {
		for (uri = strchr(line, '<'); uri; uri = strchr(end, '<')) {
			end = strchr(uri, '>');
			if (!end)
				break;
			*end++ = '\0';
			add_reference(p, uri + 1);
		}
	}
}

/* RFC 6442 4.2 */
static bool write_yes_no(const char *value, enum crossing way, char out[HEADER_LINE_MAX])
{
	(void)way;
	snprintf(out, HEADER_LINE_MAX, "%s", value);
	return strcasecmp(value, "yes") == 0 || strcasecmp(value, "no") == 0;
}

void place_cross(const struct passage *p)
{
	static const struct policy routing = { .name = "Geolocation-Routing",
		                               .write = write_yes_no };

	add_references(p);
	if (message_header(p->to, "Geolocation", 0))
		passage_cross(p, &routing);
}
