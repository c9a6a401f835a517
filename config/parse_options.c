/* The options of one object, or of one map in a list: keys, values, what is missing. One thread. */
#include "config/parse_internal.h"

#include <string.h>
#include "base/mem.h"

const char *parse_key(struct reader *r, const struct source *src, const yaml_node_pair_t *pair)
{
	const yaml_node_t *key = document_node(src->document, pair->key);

	return node_text(key, "a key", src->file, r->problems);
}

bool parse_is_map(struct reader *r, const struct source *src, const yaml_node_t *node,
                  const char *what)
{
	if (node->type == YAML_MAPPING_NODE)
		return true;
	problem_add(r->problems, src->file, node_line(node), "%s: write KEY: VALUE lines", what);
	return false;
}

static void unknown_key(struct reader *r, const struct source *src, const struct target *t,
                        const char *key, unsigned line)
{
	char hint[SUGGESTION_HINT_MAX];
	struct suggestion near;

	if (problems_full(r->problems)) {
		r->problems->more = true; /* no search for what nobody reads */
		return;
	}
	suggestion_init(&near, key);
	for (unsigned i = SECTION_TOP + 1; t->section == SECTION_TOP && i < NSECTIONS; i++)
		suggestion_offer(&near, config_sections[i].key);
	for (size_t i = 0; i < t->noptions; i++)
		suggestion_offer(&near, t->options[i].key);
	problem_add(r->problems, src->file, line, "%s%sno option is called '%.80s'; %s", t->where,
	            *t->where ? ": " : "", key, suggestion_hint(&near, "", hint));
}

void parse_twice(struct reader *r, const struct source *src, const char *where, const char *key,
                 unsigned line, unsigned first_line)
{
	problem_add(r->problems, src->file, line, "%s%s'%.80s' is already there in line %u", where,
	            *where ? ": " : "", key, first_line);
}

/* The i-th element of a list of maps. */
static bool read_map(struct reader *r, const struct source *src, const struct value_env *list,
                     const struct option *o, size_t i, void *element, const yaml_node_t *node)
{
	struct mark row[OPTIONS_MAX + 1] = { { src->file, node_line(node) } };
	struct target t = { .section = NSECTIONS,
		            .options = o->group->options,
		            .noptions = o->group->noptions,
		            .object = element,
		            .row = row };
	struct value_env env = *list;
	size_t before = r->problems->n;

	snprintf(t.where, sizeof(t.where), "%s%s%s %zu", list->where, *list->where ? ": " : "",
	         o->key, i + 1);
	env.where = t.where;
	env.line = node_line(node);
	if (!parse_is_map(r, src, node, t.where))
		return false;
	parse_defaults(r, src, &t);
	parse_options(r, src, &t, node);
	parse_required(r, &t);
	if (r->problems->n != before || r->problems->nomem || problems_full(r->problems))
		return false;
	return !o->group->check || o->group->check(&env, element);
}

/* A list, or a single value that stands for a list of one. */
static bool read_list(struct reader *r, const struct source *src, struct value_env *env,
                      const struct option *o, void *object, const yaml_node_t *node)
{
	bool one = node->type == YAML_SCALAR_NODE;
	size_t n =
	    one ? 1 : (size_t)(node->data.sequence.items.top - node->data.sequence.items.start);
	size_t size = value_size(o);
	char what[WHAT_MAX], *array;
	bool good = true;

	if (n < o->min || n > o->max) {
		value_problem(env, o, NULL, "has %zu elements; write %u to %u", n, o->min, o->max);
		return false;
	}
	array = mem_zalloc(n * size);
	if (!array) {
		r->problems->nomem = true;
		return false;
	}
	value_clear(o, object);
	memcpy((char *)object + o->offset, &array, sizeof(array));
	memcpy((char *)object + o->offset2, &n, sizeof(n));
	snprintf(what, sizeof(what), "%s: an element of %s", env->where, o->key);
	for (size_t i = 0; i < n; i++) {
		const yaml_node_t *item =
		    one ? node : document_node(src->document, node->data.sequence.items.start[i]);
		const char *text;

		if (o->kind == KIND_MAP) {
			good = read_map(r, src, env, o, i, array + i * size, item) && good;
			continue;
		}
		text = node_text(item, what, src->file, r->problems);
		env->line = node_line(item);
		good = text && value_set(env, o, text, array + i * size) && good;
	}
	if (!good)
		value_clear(o, object);
	return good;
}

static void read_option(struct reader *r, const struct source *src, const struct target *t,
                        const struct option *o, const yaml_node_t *node)
{
	struct value_env env = {
		.problems = r->problems,
		.cfg = r->cfg,
		.names = r->names,
		.file = src->file,
		.folder = src->folder,
		.mode = src->mode,
		.line = node_line(node),
		.where = t->where,
	};
	char what[WHAT_MAX];
	const char *text;

	if (node_is_empty(node)) {
		value_problem(&env, o, NULL, "has no value; write one, or leave the line out");
	} else if (o->flags & OPTION_LIST) {
		if (node->type == YAML_SEQUENCE_NODE ||
		    (node->type == YAML_SCALAR_NODE && o->flags & OPTION_ONE))
			(void)read_list(r, src, &env, o, t->object, node);
		else
			value_problem(
			    &env, o, NULL, "takes a list; did you mean %s: [ %.80s ]?", o->key,
			    node->type == YAML_SCALAR_NODE ? (const char *)node->data.scalar.value
			                                   : "...");
	} else {
		snprintf(what, sizeof(what), "%s%s%s", t->where, *t->where ? ": " : "", o->key);
		text = node_text(node, what, src->file, r->problems);
		if (text)
			(void)value_set(&env, o, text, (char *)t->object + o->offset);
	}
}

static const struct option *find_option(const struct target *t, const char *key)
{
	for (size_t i = 0; key && i < t->noptions; i++) {
		if (strcmp(t->options[i].key, key) == 0)
			return &t->options[i];
	}
	return NULL;
}

void parse_options(struct reader *r, const struct source *src, const struct target *t,
                   const yaml_node_t *map)
{
	unsigned lines[OPTIONS_MAX] = { 0 };
	const yaml_node_pair_t *pair;

	for (pair = map->data.mapping.pairs.start; pair < map->data.mapping.pairs.top; pair++) {
		const char *key = parse_key(r, src, pair);
		const yaml_node_t *value = document_node(src->document, pair->value);
		unsigned line = node_line(document_node(src->document, pair->key));
		const struct option *o = find_option(t, key);
		size_t i = o ? (size_t)(o - t->options) : 0;

		if (!key || (t->section == SECTION_TOP && section_find(key) != NSECTIONS))
			continue;
		if (!o) {
			unknown_key(r, src, t, key, line);
		} else if (lines[i]) {
			parse_twice(r, src, t->where, key, line, lines[i]);
		} else if (src->is_profile && o->flags & OPTION_OWN) {
			problem_add(r->problems, src->file, line,
			            "%s: %s stands in the configuration, not in a profile",
			            t->where, key);
		} else {
			lines[i] = line;
			t->row[1 + i] = (struct mark){ src->file, line };
			read_option(r, src, t, o, value);
		}
	}
}

void parse_defaults(struct reader *r, const struct source *src, const struct target *t)
{
	struct value_env env = { .problems = r->problems,
		                 .cfg = r->cfg,
		                 .names = r->names,
		                 .file = src->file,
		                 .folder = src->folder,
		                 .line = t->row->line,
		                 .where = t->where };

	for (size_t i = 0; i < t->noptions; i++) {
		const struct option *o = &t->options[i];

		if (o->standard)
			(void)value_set(&env, o, o->standard, (char *)t->object + o->offset);
	}
}

void parse_required(struct reader *r, const struct target *t)
{
	for (size_t i = 0; i < t->noptions; i++) {
		const struct option *o = &t->options[i];

		if (o->flags & OPTION_REQUIRED && !t->row[1 + i].line)
			problem_add(r->problems, t->row->file, t->row->line,
			            "%s: %s is missing; for example %s: %s", t->where, o->key,
			            o->key, o->example);
	}
}
