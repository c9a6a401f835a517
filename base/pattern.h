/* Regular expressions as an operator writes them: POSIX extended ones without back references. Of
 * our own, so that no expression and no text to it costs more than is foreseen: time is their
 * lengths multiplied, and memory is taken when the expression is read. The C library's grows with
 * what it is shown, by 170 KB an octet where both are chosen for that, and takes seconds over a
 * line. Letters are octets. One thread at a time for each. */
#ifndef BASE_PATTERN_H
#define BASE_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include "base/err.h"

struct pattern;

#define PATTERN_TEXT_MAX    256  /* octets of an expression */
#define PATTERN_GROUPS_MAX  9    /* pairs of parentheses: \1 to \9 */
#define PATTERN_STEPS_MAX   2000 /* of its program; what {n,m} repeat counts n to m times */
#define PATTERN_SUBJECT_MAX 2000 /* octets of a text; a longer one does not match */

/* ERR_SYNTAX: why says what is wrong, for people. */
MUST_USE enum err pattern_new(struct pattern **out, const char *text, char *why, size_t size);
void pattern_free(struct pattern **pp); /* NULL is fine */

bool pattern_matches(const struct pattern *p, const char *subject);
/* Where subject matches: template with \0 for the whole match and \1 to \9 for its groups, \\ for a
 * backslash. It takes the place of the whole subject, not of the match alone. Of several matches it
 * is the first one, and there the longest. ERR_NOT_FOUND: it does not match; ERR_LIMIT: longer than
 * out. */
MUST_USE enum err pattern_replace(const struct pattern *p, const char *subject,
                                  const char *template, char *out, size_t size);
const char *pattern_text(const struct pattern *p);
unsigned pattern_groups(const struct pattern *p);
/* The highest group that a template names; -1: there is something else behind a backslash. */
int template_groups(const char *template);

#endif
