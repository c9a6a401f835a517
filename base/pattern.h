/* Regular expressions as an operator writes them: PCRE2's, in octets. What one costs is bounded
 * whatever text it is shown: after PATTERN_TRIES it has not matched. One thread at a time for
 * each. */
#ifndef BASE_PATTERN_H
#define BASE_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include "base/err.h"

struct pattern;

#define PATTERN_TEXT_MAX    256   /* octets of an expression */
#define PATTERN_GROUPS_MAX  9     /* pairs of parentheses: \1 to \9 */
#define PATTERN_TRIES       20000 /* of its parts at places of a text, in one run: a few ms */
#define PATTERN_SUBJECT_MAX 2000  /* octets of a text; a longer one does not match */

/* ERR_SYNTAX: why says what is wrong, for people. */
MUST_USE enum err pattern_new(struct pattern **out, const char *text, char *why, size_t size);
void pattern_free(struct pattern **pp); /* NULL is fine */

/* False where it gave up as well, which is logged once for each expression. */
bool pattern_matches(struct pattern *p, const char *subject);
/* Where subject matches: template with \0 for the whole match and \1 to \9 for its groups, \\ for a
 * backslash. It takes the place of the whole subject, not of the match alone. ERR_NOT_FOUND: it
 * does not match; ERR_LIMIT: longer than out. */
MUST_USE enum err pattern_replace(struct pattern *p, const char *subject, const char *template,
                                  char *out, size_t size);
unsigned pattern_groups(const struct pattern *p);
/* The highest group that a template names; -1: there is something else behind a backslash. */
int template_groups(const char *template);

#endif
