/* Texts: what is done for every message, for which printf takes ten times as long; and what comes
 * from the wire and goes to a terminal or into JSON. Any thread. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stddef.h>
#include <stdint.h>

#define TEXT_NUMBER_MAX 21 /* decimal digits of 64 bits, and a NUL */

/* Writes n; gives the number of its digits. */
size_t text_number(char out[TEXT_NUMBER_MAX], uint64_t n);
/* Copies text, or as much of it as size octets hold with a NUL. */
void text_copy(char *out, size_t size, const char *text);

/* What a terminal would obey instead of showing it, and what is no UTF-8 (RFC 3629), a letter that
 * was cut included, becomes '?'. Changes text in place; gives the columns that it takes. */
size_t text_make_safe(char *text);

#endif
