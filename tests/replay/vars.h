/* Variables of a scenario, texts with {names} in them, and patterns. */
#ifndef TESTS_REPLAY_VARS_H
#define TESTS_REPLAY_VARS_H

#include <stdbool.h>
#include <stddef.h>

/* What stops the scenario: says so, and does not come back. */
void fail(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

void vars_set(const char *name, const char *value);
const char *vars_get(const char *name); /* NULL: none */
void vars_clear(void);

/* A copy of text with each {name} replaced. {.name} is {PEER.name}, {@name} is the text NAME of the
 * scenario with its own replaced, {fresh} something new each time; {?name} stays, for
 * pattern_match. Fails the scenario on an unknown name. */
char *vars_expand(const char *text, const char *peer);
void vars_add_text(const char *name, const char *text);
const char *vars_text(const char *name); /* NULL: none */

/* Whether all of text is what the pattern says: `*` is anything, {?name} is anything, which then is
 * the value of name. Both take as little as they can. */
bool pattern_match(const char *pattern, const char *text, const char *peer);

#endif
