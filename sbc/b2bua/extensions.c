/* Option tags (RFC 3261 8.2.2.3, 19.2). Signalling thread. */
#include "sbc/b2bua/extensions.h"

#include <string.h>
#include <strings.h>

static const char *const ours[] = { "100rel" /* RFC 3262 */, "timer" /* RFC 4028 */,
	                            "norefersub" /* RFC 4488 */, "replaces" /* RFC 3891 */ };

/* The next word of a list at *at, its length in *len; NULL: no more. */
static const char *next_word(const char **at, size_t *len)
{
	const char *word = *at + strspn(*at, ", \t\r\n");

	*len = strcspn(word, ", \t\r\n;");
	*at = word + *len + strcspn(word + *len, ",");
	return *len ? word : NULL;
}

static bool is_word(const char *word, size_t len, const char *of)
{
	return strlen(of) == len && strncasecmp(word, of, len) == 0;
}

bool extension_in(const struct message *m, const char *header, const char *of)
{
	return message_lists(m, header, of);
}

/* RFC 4662, RFC 3911: it is for the two ends to have. */
static bool is_for_ends(const struct message *request, const char *word, size_t len)
{
	const char *method = message_method_name(request);

	if (strcmp(method, "INVITE") == 0 && message_header(request, "Join", 0))
		return is_word(word, len, "join");
	return (strcmp(method, "SUBSCRIBE") == 0 || strcmp(method, "NOTIFY") == 0) &&
	       is_word(word, len, "eventlist");
}

static bool have(const char *word, size_t len)
{
	for (size_t i = 0; i < ARRAY_LEN(ours); i++) {
		if (is_word(word, len, ours[i]))
			return true;
	}
	return false;
}

/* What we lack of a Require, as a list; a part of it where it is longer than the answer may be. */
static void list_missing(const struct message *request, struct buf *out)
{
	const char *value, *word;
	size_t len;

	for (unsigned n = 0; (value = message_header(request, "Require", n)); n++) {
		while ((word = next_word(&value, &len))) {
			if (!have(word, len) && !is_for_ends(request, word, len) &&
			    out->len + len < 1024)
				buf_printf(out, "%s%.*s", out->len ? ", " : "", (int)len, word);
		}
	}
}

bool extensions_refuse(struct server_txn *txn, const struct message *request)
{
	struct buf missing;
	bool refused;

	buf_init(&missing, 2048);
	list_missing(request, &missing);
	refused = missing.len > 0 || buf_err(&missing);
	if (refused)
		server_txn_reply_with(txn, 420, "Unsupported", missing.data ? missing.data : "");
	buf_free(&missing);
	return refused;
}
