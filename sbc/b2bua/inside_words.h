/* The words by which a message gives its sender away: where it is, what it runs, what it calls its
 * dialog. None of them goes to a trunk, in whatever header. Signalling thread. */
#ifndef SBC_B2BUA_INSIDE_WORDS_H
#define SBC_B2BUA_INSIDE_WORDS_H

#include "base/buf.h"
#include "sbc/sip/message.h"

#define INSIDE_WORDS_MAX 24
/* So much of a word is looked for, since a Call-ID may have kilobytes. A longer one is found by its
 * beginning, and hidden as far as it goes on. */
#define INSIDE_WORD_BEGIN 64

struct inside_word {
	const char *text; /* lives as long as the message and the configuration */
	size_t len;       /* of what is looked for */
	bool is_long;     /* there is more of it */
	bool is_whole;    /* an address or a whole name */
};

struct inside_words {
	struct inside_word word[INSIDE_WORDS_MAX];
	size_t n;
	char address[8][ADDR_TEXT_MAX]; /* of our listeners on that side */
};

/* Those of a message that came from a party, but for words that the trunk it goes to knows: its own
 * domain. */
void inside_words_of(struct inside_words *out, const struct message *m,
                     const struct config_party *from, const struct config_trunk *to);
/* The first of them that stands in text, as a word of its own; NULL: none. */
const char *inside_words_in(const struct inside_words *words, const char *text);

/* Appends text with instead in place of each of them. */
void inside_words_hide(const struct inside_words *words, const char *text, size_t len,
                       const char *instead, struct buf *out);

#endif
