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
	words->word[words->n++] =
	    (struct inside_word){ .text = word,
		                  .len = strnlen(word, INSIDE_WORD_BEGIN),
		                  .is_long =
		                      strnlen(word, INSIDE_WORD_BEGIN + 1) > INSIDE_WORD_BEGIN,
		                  .is_whole = strpbrk(word, ".:@/") != NULL };
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

static bool same(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* Whether the word stands at at, in text that ends at end. */
static bool is_at(const struct inside_word *w, const char *text, const char *at, const char *end)
{
	return same(*at, *w->text) && w->len <= (size_t)(end - at) &&
	       (at == text || is_edge(at[-1], w->is_whole)) &&
	       strncasecmp(at, w->text, w->len) == 0 &&
	       (w->is_long || at + w->len == end || is_edge(at[w->len], w->is_whole));
}

static const struct inside_word *first_at(const struct inside_words *words, const char *text,
                                          const char *at, const char *end)
{
	for (size_t i = 0; i < words->n; i++) {
		if (is_at(&words->word[i], text, at, end))
			return &words->word[i];
	}
	return NULL;
}

/* What of the text at at is the word. */
static size_t extent(const struct inside_word *w, const char *at, const char *end)
{
	size_t len = w->len;

	while (w->is_long && at + len < end && w->text[len] && same(at[len], w->text[len]))
		len++;
	return len;
}

const char *inside_words_in(const struct inside_words *words, const char *text)
{
	const char *end = text + strlen(text);
	const struct inside_word *word = NULL;

	for (const char *at = text; words->n && at < end && !word; at++)
		word = first_at(words, text, at, end);
	return word ? word->text : NULL;
}

void inside_words_hide(const struct inside_words *words, const char *text, size_t len,
                       const char *instead, struct buf *out)
{
	const char *at = text, *end = text + len;

	while (at < end) {
		const struct inside_word *word = first_at(words, text, at, end);

		if (word)
			buf_puts(out, instead);
		else
			buf_add(out, at, 1);
		at += word ? extent(word, at, end) : 1;
	}
}
