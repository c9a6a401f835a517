/* A bounded hash table of things that have a text as key. One thread at a time. */
#ifndef BASE_TABLE_H
#define BASE_TABLE_H

#include <stddef.h>
#include "base/err.h"

struct table;

/* limit: the most entries that it takes. The hash is keyed by chance, so that nobody outside can
 * choose keys that collide. */
MUST_USE enum err table_new(struct table **out, size_t limit);
void table_free(struct table **tablep); /* the values stay their owners' */

/* Borrows key until the entry is removed: it usually lies inside value.
 * ERR_EXISTS, ERR_LIMIT, ERR_NOMEM. */
MUST_USE enum err table_put(struct table *t, const char *key, void *value);
void *table_get(const struct table *t, const char *key); /* NULL: none */
void *table_remove(struct table *t, const char *key);    /* the value; NULL: none */
size_t table_count(const struct table *t);
size_t table_limit(const struct table *t);

#endif
