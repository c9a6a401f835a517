/* From YAML to struct config, along the option table: first the objects get their places and names,
 * then their options their values, so that a reference finds its object wherever that stands.
 * One thread. Owner of all that is read: the struct config. */
#include "config/config.h"

#include <string.h>
#include "base/mem.h"
#include "config/check.h"
#include "config/document.h"
#include "config/file.h"
#include "config/parse_internal.h"

/* Lays the profile that a trunk names under its own options. */
static void read_profile(struct reader *r, const struct source *src, struct target *t,
                         const yaml_node_t *map)
{
	const yaml_node_t *value = NULL;
	struct source profile_src = { .is_profile = true };
	struct profile *profile;
	const yaml_node_pair_t *pair;
	const char *name;

	for (pair = map->data.mapping.pairs.start; pair < map->data.mapping.pairs.top; pair++) {
		const yaml_node_t *key = document_node(src->document, pair->key);

		if (!value && key->type == YAML_SCALAR_NODE &&
		    strcmp((const char *)key->data.scalar.value, "profile") == 0)
			value = document_node(src->document, pair->value);
	}
	/* What is wrong with the name itself, parse_options says. */
	if (!value || value->type != YAML_SCALAR_NODE)
		return;
	name = (const char *)value->data.scalar.value;
	if (!profile_name_is_valid(name))
		return;
	profile =
	    profile_get(&r->profiles, name, src->folder, src->file, node_line(value), r->problems);
	if (!profile || !profile->good)
		return;
	profile_src.file = profile->file;
	profile_src.folder = profile->folder;
	profile_src.document = &profile->document;
	if (parse_is_map(r, &profile_src, document_root(&profile->document), "a profile"))
		parse_options(r, &profile_src, t, document_root(&profile->document));
}

static void target_init(struct target *t, const struct reader *r, enum section_id section, size_t i)
{
	const struct section *s = &config_sections[section];

	*t = (struct target){ .section = section,
		              .options = s->options,
		              .noptions = s->noptions,
		              .object = section_object(r->cfg, section, i),
		              .row = marks_row(&r->marks, section, i) };
	switch (s->shape) {
	case SHAPE_ONE:
		snprintf(t->where, sizeof(t->where), "%s", s->one ? s->one : "");
		break;
	case SHAPE_MAP:
		snprintf(t->where, sizeof(t->where), "%s '%s'", s->one,
		         section_name(r->cfg, section, i));
		break;
	case SHAPE_LIST:
		snprintf(t->where, sizeof(t->where), "%s %zu", s->one, i + 1);
		break;
	}
}

static void read_object(struct reader *r, const struct source *src, enum section_id section,
                        size_t i, const yaml_node_t *node)
{
	char what[WHAT_MAX];
	struct target t;

	target_init(&t, r, section, i);
	parse_defaults(r, src, &t);
	if (section == SECTION_ROUTES)
		r->cfg->routes[i].line = t.row->line;
	if (!node)
		return;
	snprintf(what, sizeof(what), "%s has no options", t.where);
	if (!parse_is_map(r, src, node, what))
		return;
	if (section == SECTION_TRUNKS)
		read_profile(r, src, &t, node);
	parse_options(r, src, &t, node);
	parse_required(r, &t);
}

/* Counts the objects that a section's node has room for; 0 with a problem. */
static size_t count_objects(struct reader *r, const struct source *src, enum section_id section,
                            const yaml_node_t *node)
{
	const struct section *s = &config_sections[section];
	size_t n;

	if (s->shape == SHAPE_MAP && node->type == YAML_MAPPING_NODE)
		n = (size_t)(node->data.mapping.pairs.top - node->data.mapping.pairs.start);
	else if (s->shape == SHAPE_LIST && node->type == YAML_SEQUENCE_NODE)
		n = (size_t)(node->data.sequence.items.top - node->data.sequence.items.start);
	else {
		problem_add(r->problems, src->file, node_line(node), "%s: write %s", s->key,
		            s->shape == SHAPE_MAP ? "NAME: { OPTIONS } lines"
		                                  : "a list, each line beginning with -");
		return 0;
	}
	if (n > s->max) {
		problem_add(r->problems, src->file, node_line(node),
		            "%s: has %zu; at most %zu are possible", s->key, n, s->max);
		return 0;
	}
	if (n == 0 && s->required)
		problem_add(r->problems, src->file, node_line(node),
		            "%s: is empty; at least one %s is needed", s->key, s->one);
	return n;
}

static void add_object(struct reader *r, const struct source *src, enum section_id section,
                       yaml_node_t *node, unsigned line)
{
	const struct section *s = &config_sections[section];
	size_t n = section_count(r->cfg, section);

	r->objects[section][n] = node;
	*marks_row(&r->marks, section, n) = (struct mark){ src->file, line };
	n++;
	memcpy((char *)r->cfg + s->count_offset, &n, sizeof(n));
}

static void add_named(struct reader *r, const struct source *src, enum section_id section,
                      const yaml_node_pair_t *pair)
{
	const struct section *s = &config_sections[section];
	unsigned line = node_line(document_node(src->document, pair->key));
	size_t n = section_count(r->cfg, section);
	void *object = section_object(r->cfg, section, n);
	const char *name = parse_key(r, src, pair);
	enum err err;
	char *copy;

	if (!name)
		return;
	if (!name_is_valid(name)) {
		problem_add(r->problems, src->file, line,
		            "%s name '%.80s' is not possible; a name has 1 to 64 of " NAME_RULE,
		            s->one, name);
		return;
	}
	copy = mem_strdup(name);
	err = copy ? table_put(r->names[section], copy, object) : ERR_NOMEM;
	if (err) {
		mem_free(copy);
		if (err == ERR_EXISTS)
			problem_add(r->problems, src->file, line,
			            "%s '%s' is already there; give this one another name", s->one,
			            name);
		else
			r->problems->nomem = true;
		return;
	}
	memcpy(object, &copy, sizeof(copy));
	add_object(r, src, section, document_node(src->document, pair->value), line);
}

static enum err open_section(struct reader *r, enum section_id section, size_t n)
{
	const struct section *s = &config_sections[section];
	void *array;

	if (marks_open(&r->marks, section, n))
		return ERR_NOMEM;
	if (n == 0 || s->shape == SHAPE_ONE)
		return OK;
	r->objects[section] = mem_zalloc(n * sizeof(yaml_node_t *));
	array = mem_zalloc(n * s->size);
	if (!array || !r->objects[section]) {
		mem_free(array);
		return ERR_NOMEM;
	}
	memcpy((char *)r->cfg + s->offset, &array, sizeof(array));
	return s->shape == SHAPE_MAP ? table_new(&r->names[section], n) : OK;
}

/* Gives a section's objects their places and names. */
static void name_objects(struct reader *r, const struct source *src, enum section_id section)
{
	const struct section *s = &config_sections[section];
	yaml_node_t *node = r->sections[section];
	size_t n = node && s->shape != SHAPE_ONE ? count_objects(r, src, section, node) : 0;

	if (open_section(r, section, s->shape == SHAPE_ONE ? 1 : n)) {
		r->problems->nomem = true;
		return;
	}
	for (size_t i = 0; i < n; i++) {
		if (s->shape == SHAPE_MAP) {
			add_named(r, src, section, &node->data.mapping.pairs.start[i]);
		} else {
			yaml_node_t *item =
			    document_node(src->document, node->data.sequence.items.start[i]);

			add_object(r, src, section, item, node_line(item));
		}
	}
}

static void find_sections(struct reader *r, const struct source *src, const yaml_node_t *root)
{
	unsigned lines[NSECTIONS] = { 0 };
	const yaml_node_pair_t *pair;

	for (pair = root->data.mapping.pairs.start; pair < root->data.mapping.pairs.top; pair++) {
		const yaml_node_t *key = document_node(src->document, pair->key);
		enum section_id id = NSECTIONS;
		const char *text = NULL;

		if (key->type == YAML_SCALAR_NODE) {
			text = (const char *)key->data.scalar.value;
			id = section_find(text);
		}
		if (id == NSECTIONS)
			continue; /* parse_options sees to it */
		if (lines[id]) {
			parse_twice(r, src, "", text, node_line(key), lines[id]);
			continue;
		}
		lines[id] = node_line(key);
		r->sections[id] = document_node(src->document, pair->value);
	}
	for (unsigned i = 0; i < NSECTIONS; i++) {
		const struct section *s = &config_sections[i];

		if (s->required && !lines[i])
			problem_add(r->problems, src->file, node_line(root),
			            "%s: is missing; at least one %s is needed", s->key, s->one);
	}
}

static void read_all(struct reader *r, const struct source *src)
{
	yaml_node_t *root = document_root(src->document);

	if (!parse_is_map(r, src, root, "this is not a configuration"))
		return;
	find_sections(r, src, root);
	r->sections[SECTION_TOP] = root;
	for (unsigned id = 0; id < NSECTIONS && !r->problems->nomem; id++)
		name_objects(r, src, (enum section_id)id);
	for (unsigned id = 0; id < NSECTIONS && !r->problems->nomem; id++) {
		bool one = config_sections[id].shape == SHAPE_ONE;
		size_t n = section_count(r->cfg, (enum section_id)id);

		for (size_t i = 0; i < n && !r->problems->nomem; i++)
			read_object(r, src, (enum section_id)id, i,
			            one ? r->sections[id] : r->objects[id][i]);
	}
}

static void reader_free(struct reader *r)
{
	for (unsigned i = 0; i < NSECTIONS; i++) {
		table_free(&r->names[i]);
		mem_free(r->objects[i]);
	}
	marks_free(&r->marks);
	profiles_free(&r->profiles);
}

/* Reads, fills in and checks; what is wrong is in problems. */
static void build(struct config *cfg, const struct source *src, struct problems *problems)
{
	struct reader r = { .cfg = cfg, .problems = problems };
	struct check ck = {
		.cfg = cfg, .marks = &r.marks, .problems = problems, .file = src->file
	};

	read_all(&r, src);
	if (!problems->nomem && r.marks.of[SECTION_TOP]) {
		if (config_derive(cfg) != OK)
			problems->nomem = true;
		else
			config_check(&ck);
	}
	reader_free(&r);
}

enum err config_parse(struct config **out, const char *file, const char *text, size_t len,
                      mode_t mode, FILE *errors)
{
	struct problems problems = { .main_file = file };
	struct document document = { 0 };
	struct config *cfg = mem_zalloc(sizeof(*cfg));
	char *folder = file_folder(file);
	struct source src = { .file = file, .folder = folder, .mode = mode, .document = &document };
	enum err err;

	if (cfg)
		cfg->file = mem_strdup(file);
	if (!cfg || !cfg->file || !folder)
		problems.nomem = true;
	else if (document_load(&document, file, text, len, &problems))
		build(cfg, &src, &problems);
	err = problems_err(&problems);
	problems_print(&problems, errors);
	problems_free(&problems);
	document_free(&document);
	mem_free(folder);
	if (err)
		config_free(&cfg);
	else
		*out = cfg;
	return err;
}
