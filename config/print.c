/* The option table for people (full.yaml) and for editors (schema.json). */
#include "config/config.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "base/buf.h"
#include "config/options.h"
#include "config/value.h"

#define COLUMNS      96
#define TEXT_MAX     1024
#define NAME_PATTERN "^[A-Za-z0-9._+-]{1,64}$"

/* text as a comment at indent, broken between words. */
static void print_comment(FILE *out, int indent, const char *text)
{
	int column = 0;

	while (*text) {
		int len = (int)strcspn(text, " ");

		if (column && column + 1 + len > COLUMNS) {
			fputc('\n', out);
			column = 0;
		}
		if (!column)
			column = fprintf(out, "%*s# %.*s", indent, "", len, text);
		else
			column += fprintf(out, " %.*s", len, text);
		text += len;
		text += strspn(text, " ");
	}
	if (column)
		fputc('\n', out);
}

static void add_text(char buf[TEXT_MAX], const char *fmt, ...) PRINTF_LIKE(2, 3);

static void add_text(char buf[TEXT_MAX], const char *fmt, ...)
{
	size_t len = strlen(buf);
	va_list args;

	va_start(args, fmt);
	vsnprintf(buf + len, TEXT_MAX - len, fmt, args);
	va_end(args);
}

/* "A duration: a number with ms, s, m or h, as in 5s; 100ms to 1m. Default: 5s." */
static void describe(const struct option *o, char buf[TEXT_MAX])
{
	const struct kind *kind = &config_kinds[o->kind];
	char range[64];

	*buf = '\0';
	if (o->flags & OPTION_LIST)
		add_text(buf, "%s of %u to %u, each ",
		         o->flags & OPTION_ONE ? "One, or list" : "List", o->min, o->max);
	if (o->kind == KIND_ENUM) {
		for (size_t i = 0; o->names[i]; i++)
			add_text(buf, "%s%s", i ? " | " : "", o->names[i]);
	} else if (o->kind == KIND_REF) {
		add_text(buf, "%s: one of %s", kind->type, config_sections[o->section].key);
	} else {
		add_text(buf, "%s: %s", kind->type, kind->write);
	}
	if (*value_range(o, range, sizeof(range)) && o->kind != KIND_SECRET)
		add_text(buf, "; %s", range);
	if (o->flags & OPTION_REQUIRED)
		add_text(buf, ". Required.");
	else if (o->standard)
		add_text(buf, ". Default: %s.", o->standard);
	else if (o->otherwise)
		add_text(buf, ". Without it: %s.", o->otherwise);
	else
		add_text(buf, ".");
	if (o->kind != KIND_ENUM && *buf >= 'a' && *buf <= 'z')
		*buf = (char)(*buf - 'a' + 'A');
}

static void print_option(FILE *out, int indent, const struct option *o, const char *first,
                         bool comment);

/* The options of one map of a list, all as comments. */
static void print_group(FILE *out, int indent, const struct option *o)
{
	fprintf(out, "%*s#%s:\n", indent, "", o->key);
	for (size_t i = 0; i < o->group->noptions; i++)
		print_option(out, indent + 4, &o->group->options[i], i == 0 ? "- " : NULL, true);
}

/* An option that has a value to show is written out; another one is a comment. */
static void print_option(FILE *out, int indent, const struct option *o, const char *first,
                         bool comment)
{
	bool shown = !comment && (o->standard || o->flags & (OPTION_REQUIRED | OPTION_SHOWN));
	const char *quote = o->standard && o->kind == KIND_DIGITS ? "\"" : ""; /* 00 is 0 to YAML */
	char text[TEXT_MAX];

	print_comment(out, indent, o->help);
	describe(o, text);
	print_comment(out, indent, text);
	if (o->kind == KIND_MAP) {
		print_group(out, indent, o);
		return;
	}
	fprintf(out, "%*s%s%s%s: %s%s%s\n", first ? indent - 2 : indent, "", shown ? "" : "#",
	        first ? first : "", o->key, quote, o->standard ? o->standard : o->example, quote);
}

static void print_section(FILE *out, const struct section *s)
{
	int indent = 0;

	if (s->help) {
		fputc('\n', out);
		print_comment(out, 0, s->help);
	}
	if (s->key) {
		fprintf(out, "%s:\n", s->key);
		indent = s->shape == SHAPE_ONE ? 2 : 4;
	}
	if (s->shape == SHAPE_MAP)
		fprintf(out, "  %s:\n", s->example);
	for (size_t i = 0; i < s->noptions; i++)
		print_option(out, indent, &s->options[i],
		             s->shape == SHAPE_LIST && i == 0 ? "- " : NULL, false);
}

enum err config_print_full(FILE *out)
{
	print_comment(out, 0,
	              "Every option of Trunkgate: what it does, what it takes, and its default. A "
	              "line that begins with # and has no space behind it is an option that is not "
	              "set here. Made from the option table; minimal.yaml is the place to begin.");
	fputc('\n', out);
	for (unsigned i = 0; i < NSECTIONS; i++)
		print_section(out, &config_sections[i]);
	return ferror(out) ? ERR_IO : OK;
}

static json_t *text_schema(const struct option *o)
{
	const struct kind *kind = &config_kinds[o->kind];
	json_t *schema = o->kind == KIND_USER || o->kind == KIND_PATTERN
	                     ? json_pack("{s:[s,s]}", "type", "string", "integer")
	                     : json_pack("{s:s}", "type", "string");

	if (kind->pattern)
		json_object_set_new(schema, "pattern", json_string(kind->pattern));
	if (o->kind == KIND_SECRET) {
		json_object_set_new(schema, "minLength", json_integer(o->min));
		json_object_set_new(schema, "maxLength", json_integer(o->max));
	} else if (o->kind == KIND_SOCKET) {
		json_object_set_new(schema, "maxLength", json_integer(o->max));
	}
	return schema;
}

/* What stands without quotes is a number to those who read YAML by its own rules: 1.2, 486. */
static void add_number(json_t *array, const char *text)
{
	char *end;
	double number = strtod(text, &end);

	if (end != text && *end == '\0')
		json_array_append_new(array, strchr(text, '.') ? json_real(number)
		                                               : json_integer((json_int_t)number));
}

static json_t *enum_schema(const struct option *o)
{
	json_t *names = json_array();

	for (size_t i = 0; o->names[i]; i++) {
		json_array_append_new(names, json_string(o->names[i]));
		add_number(names, o->names[i]);
	}
	return json_pack("{s:o}", "enum", names);
}

static json_t *option_schema(const struct option *o);

/* A map with its options, as a section's object or an element of a list. */
static json_t *map_schema(const struct option *options, size_t n, bool may_be_elsewhere)
{
	json_t *properties = json_object(), *required = json_array();
	json_t *schema = json_pack("{s:s, s:b}", "type", "object", "additionalProperties", 0);

	for (size_t i = 0; i < n; i++) {
		const struct option *o = &options[i];

		json_object_set_new(properties, o->key, option_schema(o));
		if (o->flags & OPTION_REQUIRED && (!may_be_elsewhere || o->flags & OPTION_OWN))
			json_array_append_new(required, json_string(o->key));
	}
	json_object_set_new(schema, "properties", properties);
	if (json_array_size(required))
		json_object_set(schema, "required", required);
	json_decref(required);
	return schema;
}

static json_t *option_schema(const struct option *o)
{
	json_t *schema;
	char text[TEXT_MAX] = "";

	if (o->kind == KIND_STATUS)
		schema = json_pack("{s:[s,s]}", "type", "integer", "string");
	else if (o->kind == KIND_MAP)
		schema = map_schema(o->group->options, o->group->noptions, false);
	else if (o->kind == KIND_PORT || o->kind == KIND_WEIGHT)
		schema = json_pack("{s:s}", "type", "integer");
	else if (o->kind == KIND_NUMBER)
		schema = json_pack("{s:s, s:i, s:i}", "type", "integer", "minimum", (int)o->min,
		                   "maximum", (int)o->max);
	else
		schema = o->kind == KIND_ENUM ? enum_schema(o) : text_schema(o);
	if (o->flags & OPTION_ONE)
		schema =
		    json_pack("{s:[O, {s:s, s:o, s:i, s:i}]}", "anyOf", schema, "type", "array",
		              "items", schema, "minItems", (int)o->min, "maxItems", (int)o->max);
	else if (o->flags & OPTION_LIST)
		schema = json_pack("{s:s, s:o, s:i, s:i}", "type", "array", "items", schema,
		                   "minItems", (int)o->min, "maxItems", (int)o->max);
	if (o->standard && o->kind == KIND_NUMBER)
		json_object_set_new(schema, "default", json_integer(strtol(o->standard, NULL, 10)));
	else if (o->standard)
		json_object_set_new(schema, "default", json_string(o->standard));
	describe(o, text);
	json_object_set_new(schema, "description", json_sprintf("%s %s", o->help, text));
	return schema;
}

/* A trunk's required options can come from its profile. */
static json_t *object_schema(enum section_id id)
{
	const struct section *s = &config_sections[id];

	return map_schema(s->options, s->noptions, id == SECTION_TRUNKS);
}

static json_t *section_schema(enum section_id id)
{
	const struct section *s = &config_sections[id];
	json_t *schema, *object = object_schema(id);

	if (s->shape == SHAPE_MAP)
		schema = json_pack("{s:s, s:{s:s}, s:i, s:o}", "type", "object", "propertyNames",
		                   "pattern", NAME_PATTERN, "maxProperties", (int)s->max,
		                   "additionalProperties", object);
	else if (s->shape == SHAPE_LIST)
		schema = json_pack("{s:s, s:i, s:o}", "type", "array", "maxItems", (int)s->max,
		                   "items", object);
	else
		schema = object;
	if (s->required)
		json_object_set_new(schema, "minProperties", json_integer(1));
	json_object_set_new(schema, "description", json_string(s->help));
	return schema;
}

enum err config_print_schema(FILE *out)
{
	json_t *schema = object_schema(SECTION_TOP), *required = json_array();
	json_t *properties = json_object_get(schema, "properties");
	int failed;

	for (unsigned i = SECTION_TOP + 1; i < NSECTIONS; i++) {
		json_object_set_new(properties, config_sections[i].key,
		                    section_schema((enum section_id)i));
		if (config_sections[i].required)
			json_array_append_new(required, json_string(config_sections[i].key));
	}
	json_object_set_new(schema, "required", required);
	json_object_set_new(schema, "$schema",
	                    json_string("https://json-schema.org/draft/2020-12/schema"));
	json_object_set_new(schema, "title", json_string("Trunkgate configuration"));
	failed = json_dumpf(schema, out, JSON_INDENT(2) | JSON_REAL_PRECISION(6)) < 0 ||
	         fputc('\n', out) == EOF;
	json_decref(schema);
	return failed ? ERR_IO : OK;
}
