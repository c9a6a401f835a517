/* Sofia-SIP's parser trusts m-lines. RFC 8866 5.14. Any thread. */
#include "sbc/sip/sdp_guard.h"

#include <string.h>

#define DIGITS  "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define WORD    LETTERS DIGITS "-._+*"

/* Where the word that begins at at ends; NULL: there is none, or no blank or end behind it. Up to
 * so many slashes join parts of it. */
static const char *skip_word(const char *at, const char *end, const char *signs, unsigned slashes)
{
	const char *p = at;

	for (; p < end && *p && (*p == '/' || strchr(signs, *p)); p++) {
		if (*p == '/' && (p == at || p[-1] == '/' || slashes-- == 0))
			return NULL;
	}
	return p > at && p[-1] != '/' && (p == end || *p == ' ') ? p : NULL;
}

/* RFC 4566 5.14: kind, port, protocol and at least one format, of letters, digits and few signs,
 * blanks between them. Of other lines Sofia's parser may never come to the end, and takes all
 * memory on its way. */
static bool media_line_is_well(const char *at, const char *end)
{
	for (unsigned n = 0;; n++) {
		at = skip_word(at, end, n == 1 ? DIGITS : WORD, n == 1 ? 1 : n == 2 ? 4 : 0);
		if (!at)
			return false;
		while (at < end && *at == ' ')
			at++;
		if (at == end)
			return n >= 3;
	}
}

bool sdp_guard(const char *text, size_t len)
{
	const char *line = text, *end = text + len, *stop;

	for (; line < end; line = stop + 1) {
		for (stop = line; stop < end && *stop != '\n' && *stop != '\r'; stop++)
			;
		while (line < stop && (*line == ' ' || *line == '\t'))
			line++; /* as Sofia does */
		if (stop - line >= 2 && (line[0] == 'm' || line[0] == 'M') && line[1] == '=' &&
		    !media_line_is_well(line + 2, stop))
			return false;
	}
	return true;
}
