/* Numbers on their way across a trunk, or by a route: written anew by one of its rules, else
 * brought into the form that the other side knows. Any thread. */
#ifndef SBC_B2BUA_NUMBERS_H
#define SBC_B2BUA_NUMBERS_H

#include <stddef.h>
#include "base/err.h"
#include "config/config.h"

#define NUMBER_MAX 128 /* octets, with the NUL */

/* The number in the user part of a URI: without the parameters behind it (RFC 3261 19.1.6:
 * ";npdi;rn=..."), with what needs no escape unescaped (19.1.4) and # escaped, and where it is
 * digits without their visual separators (RFC 3966 5.1.1), so that a route sees it as the provider
 * will. ERR_SYNTAX, ERR_LIMIT. */
MUST_USE enum err number_read(const char *user, char *out, size_t size);
/* Whether text can stand as the user part of a URI (RFC 3261 25.1: unreserved, escaped,
 * user-unreserved). */
bool number_is_clean(const char *text);

/* The number as it goes to the trunk or comes from it. ERR_LIMIT: it became too long; ERR_SYNTAX:
 * it became something that cannot stand in a URI. */
MUST_USE enum err number_cross(const struct config_trunk *trunk, enum trunk_way way,
                               enum number_of which, const char *number, char out[NUMBER_MAX]);
/* The first rule of a list that fits writes number anew. ERR_NOT_FOUND: none does, and out is as it
 * was; errors as above. */
MUST_USE enum err number_rewrite(const struct config_number_rule *rules, size_t nrules,
                                 enum trunk_way way, enum number_of which, const char *number,
                                 char out[NUMBER_MAX]);

/* The number of a call that takes a route, by the rules of that, or without one that fits in its
 * form. Errors as above, but for ERR_NOT_FOUND. */
MUST_USE enum err number_by_route(const struct config_route *route, enum number_of which,
                                  const char *number, char out[NUMBER_MAX]);
/* The caller's number as the route wants it shown; one that it makes unusable is "unknown". */
void number_shown(const struct config_route *route, const char *number, char out[NUMBER_MAX]);

#endif
