/* Values: the text of one option into the field of a struct, by the option's kind. One thread. */
#ifndef CONFIG_VALUE_H
#define CONFIG_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include "base/table.h"
#include "config/options.h"
#include "config/problem.h"

/* What a value needs to know of the place where it stands. */
struct value_env {
	struct problems *problems;
	const struct config *cfg;
	struct table *const
	    *names; /* of NSECTIONS: objects by name; NULL entries: no names there */
	const char *file;
	const char *folder; /* relative paths start here */
	mode_t mode;        /* of file; 0: unknown */
	unsigned line;
	const char *where; /* "realm 'office'"; "": top level */
};

struct kind {
	const char *type;    /* "a duration" */
	const char *write;   /* how to write one; for messages, help and schema */
	const char *pattern; /* JSON Schema; NULL: none */
	size_t size;         /* of the field */
	/* Frees what the field holds and zeroes it; NULL: it holds nothing of its own. */
	void (*clear)(const struct option *o, void *field);
	/* False: a problem was added, *field is as before. */
	bool (*parse)(struct value_env *env, const struct option *o, const char *text, void *field);
};

extern const struct kind config_kinds[NKINDS];

/* One value, or one element of a list, into field. What was there is freed. */
bool value_set(struct value_env *env, const struct option *o, const char *text, void *field);
/* Octets of the field, or of an element of the list. */
size_t value_size(const struct option *o);
/* Frees what option o holds in object, all of a list too, and zeroes it. */
void value_clear(const struct option *o, void *object);

/* Adds "WHERE: KEY 'TEXT' message" for option o. text NULL: without it (secrets). */
void value_problem(const struct value_env *env, const struct option *o, const char *text,
                   const char *fmt, ...) PRINTF_LIKE(4, 5);

/* "1 to 64 threads", "100ms to 1m"; "" where the kind has no range. Of an element for lists. */
const char *value_range(const struct option *o, char *buf, size_t size);

#define NAME_RULE "letters, digits and . _ - +"
bool name_is_valid(const char *name); /* of an object: 1 to 64 characters of NAME_RULE */
bool profile_name_is_valid(const char *name);
MUST_USE char *path_join(const char *folder, const char *path); /* NULL: no memory */

#endif
