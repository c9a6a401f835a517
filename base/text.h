/* Texts that come from the wire and go to a terminal or into JSON. Any thread. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stddef.h>

/* What a terminal would obey instead of showing it, and what is no UTF-8 (RFC 3629), a letter that
 * was cut included, becomes '?'. Changes text in place; gives the columns that it takes. */
size_t text_make_safe(char *text);

#endif
