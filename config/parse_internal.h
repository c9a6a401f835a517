/* What parse.c (sections and objects) and parse_options.c (their options) share. */
#ifndef CONFIG_PARSE_INTERNAL_H
#define CONFIG_PARSE_INTERNAL_H

#include "config/document.h"
#include "config/marks.h"
#include "config/options.h"
#include "config/profile.h"
#include "config/value.h"

#define WHERE_MAX 128 /* "realm 'NAME'", "trunk 'NAME': number-rules 3" */
#define WHAT_MAX  192

struct reader {
	struct config *cfg;
	struct problems *problems;
	struct marks marks;
	struct profile *profiles;
	struct table *names[NSECTIONS];   /* objects by name */
	yaml_node_t *sections[NSECTIONS]; /* NULL: not there */
	yaml_node_t **objects[NSECTIONS]; /* of each object */
};

/* A file that is read. */
struct source {
	const char *file, *folder;
	mode_t mode;
	struct document *document;
	bool is_profile;
};

/* The object, or the map in a list, that options are read into. */
struct target {
	enum section_id section; /* NSECTIONS: a map in a list */
	const struct option *options;
	size_t noptions;
	void *object;
	struct mark *row;
	char where[WHERE_MAX]; /* for messages */
};

/* parse_options.c. The text of a key; NULL with a problem. */
const char *parse_key(struct reader *r, const struct source *src, const yaml_node_pair_t *pair);
bool parse_is_map(struct reader *r, const struct source *src, const yaml_node_t *node,
                  const char *what);
void parse_twice(struct reader *r, const struct source *src, const char *where, const char *key,
                 unsigned line, unsigned first_line);
/* Reads the options of one object out of a map; what is not in the map stays as it was. */
void parse_options(struct reader *r, const struct source *src, const struct target *t,
                   const yaml_node_t *map);
void parse_defaults(struct reader *r, const struct source *src, const struct target *t);
void parse_required(struct reader *r, const struct target *t);

#endif
