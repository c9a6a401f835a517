/* Words of the inside, found in what is about to leave. Signalling thread. */
#include "sbc/b2bua/inside_words.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static void add(struct inside_words *words, const char *word, const struct config_trunk *to)
{
	if (!word || !*word || words->n == INSIDE_WORDS_MAX ||
	    (to && to->domain && strcasecmp(word, to->domain) == 0))
		return;
	words->word[words->n++] = word;
}

static void add_realm(struct inside_words *words, const struct config_realm *realm,
                      const struct config_trunk *to)
{
	if (!realm || (to && to->realm == realm))
		return;
	add(words, realm->advertise, to);
	for (size_t i = 0; i < realm->nlisteners && i < ARRAY_LEN(words->address); i++) {
		if (addr_is_any(&realm->listeners[i].addr))
			continue;
		addr_host(&realm->listeners[i].addr, words->address[i], ADDR_TEXT_MAX);
		add(words, words->address[i], to);
	}
}

void inside_words_of(struct inside_words *out, const struct message *m,
                     const struct config_party *from, const struct config_trunk *to)
{
	const char *host;
	struct uri uri;

	out->n = 0;
	add(out, message_call_id(m), to);
	if (message_contact_uri(m, &uri))
		add(out, uri.host, to);
	if (message_is_request(m) && message_from_uri(m, &uri))
		add(out, uri.host, to);
	add(out, message_header(m, "User-Agent", 0), to);
	add(out, message_header(m, "Server", 0), to);
	if (from->kind == PARTY_TRUNK)
		add(out, from->trunk->domain, to);
	else
		add_realm(out, from->kind == PARTY_PHONE ? from->phone->realm : from->realm, to);
	/* Last, for there may be more than there is room for. */
	for (unsigned n = 0; message_is_request(m) && (host = message_via_host(m, n)); n++)
		add(out, host, to);
}

/* "pbx" is not in "pbx-2", but an address or a whole name is in whatever is made of it. */
static bool is_edge(char c, bool is_whole)
{
	return !isalnum((unsigned char)c) && (is_whole || (c != '-' && c != '_'));
}

const char *inside_words_in(const struct inside_words *words, const char *text)
{
	for (size_t i = 0; i < words->n; i++) {
		size_t len = strlen(words->word[i]);
		bool is_whole = strpbrk(words->word[i], ".:@/") != NULL;

		for (const char *at = text; (at = strcasestr(at, words->word[i])); at++) {
			if ((at == text || is_edge(at[-1], is_whole)) && is_edge(at[len], is_whole))
				return words->word[i];
		}
	}
	return NULL;
}
