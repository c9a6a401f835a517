/* libyaml at work: first the events, to refuse what we do not want to see, then the tree. */
#include "config/document.h"

#include <string.h>

#define DEPTH_HINT "the configuration is nowhere so deep"

/* What libyaml says, and what it mostly means. */
static const struct {
	const char *problem, *hint;
} hints[] = {
	{ "found character that cannot start any token",
	  "was it a tab? indent with spaces; quote text that begins with @, ` or %" },
	{ "did not find expected key", "is the line indented like its neighbours?" },
	{ "could not find expected ':'", "write KEY: VALUE, with a space after the colon" },
	{ "mapping values are not allowed in this context",
	  "a second colon on the line? quote the value, and indent by spaces" },
	{ "did not find expected alphabetic or numeric character",
	  "quote text that begins with * or &" },
	{ "did not find expected ',' or ']'", "close the list with ]" },
	{ "did not find expected ',' or '}'", "close the map with }" },
	{ "found unexpected end of stream", "is a quote not closed?" },
	{ "control characters are not allowed", "is it a text file?" },
};

static void parser_problem(const yaml_parser_t *parser, const char *file, struct problems *problems)
{
	const char *what = parser->problem ? parser->problem : "not YAML", *hint = NULL;
	size_t line = parser->problem_mark.line + 1;

	if (parser->error == YAML_MEMORY_ERROR) {
		problems->nomem = true;
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(hints) && !hint; i++) {
		if (strcmp(hints[i].problem, what) == 0)
			hint = hints[i].hint;
	}
	if (parser->error == YAML_READER_ERROR)
		line = parser->mark.line + 1;
	problem_add(problems, file, (unsigned)line, "not YAML: %s%s%s", what, hint ? "; " : "",
	            hint ? hint : "");
}

/* What stands in the event that we refuse; NULL: nothing. */
static const char *unwanted(const yaml_event_t *event, unsigned *depth, unsigned *documents)
{
	const char *anchor_hint = "anchors are not used here; write the value out, or quote text "
	                          "that begins with &";
	const char *tag_hint = "tags are not used here; quote text that begins with !";

	switch ((unsigned)event->type) {
	case YAML_DOCUMENT_START_EVENT:
		return ++*documents > 1 ? "a second document begins; remove the ---" : NULL;
	case YAML_ALIAS_EVENT:
		return "aliases are not used here; write the value out, or quote text that begins "
		       "with *";
	case YAML_SCALAR_EVENT:
		if (event->data.scalar.anchor)
			return anchor_hint;
		return event->data.scalar.tag ? tag_hint : NULL;
	case YAML_SEQUENCE_START_EVENT:
		if (++*depth > DOCUMENT_DEPTH_MAX)
			return "too many levels; " DEPTH_HINT;
		if (event->data.sequence_start.anchor)
			return anchor_hint;
		return event->data.sequence_start.tag ? tag_hint : NULL;
	case YAML_MAPPING_START_EVENT:
		if (++*depth > DOCUMENT_DEPTH_MAX)
			return "too many levels; " DEPTH_HINT;
		if (event->data.mapping_start.anchor)
			return anchor_hint;
		return event->data.mapping_start.tag ? tag_hint : NULL;
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		--*depth;
		return NULL;
	default:
		return NULL;
	}
}

static bool parser_open(yaml_parser_t *parser, const char *text, size_t len,
                        struct problems *problems)
{
	if (!yaml_parser_initialize(parser)) {
		problems->nomem = true;
		return false;
	}
	yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(parser, (const unsigned char *)(text ? text : ""), len);
	return true;
}

static bool is_welcome(const char *file, const char *text, size_t len, struct problems *problems)
{
	unsigned depth = 0, documents = 0;
	const char *what = NULL;
	yaml_parser_t parser;
	yaml_event_t event;
	bool end = false, good = true;

	if (!parser_open(&parser, text, len, problems))
		return false;
	while (good && !end) {
		if (!yaml_parser_parse(&parser, &event)) {
			parser_problem(&parser, file, problems);
			good = false;
			break;
		}
		what = unwanted(&event, &depth, &documents);
		if (what) {
			problem_add(problems, file, (unsigned)event.start_mark.line + 1, "%s",
			            what);
			good = false;
		}
		end = event.type == YAML_STREAM_END_EVENT;
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&parser);
	return good;
}

bool document_load(struct document *d, const char *file, const char *text, size_t len,
                   struct problems *problems)
{
	yaml_parser_t parser;

	if (len > DOCUMENT_SIZE_MAX) {
		problem_add(problems, file, 0, "is bigger than %d KiB; is it the right file?",
		            DOCUMENT_SIZE_MAX / 1024);
		return false;
	}
	if (!is_welcome(file, text, len, problems) || !parser_open(&parser, text, len, problems))
		return false;
	d->loaded = yaml_parser_load(&parser, &d->yaml) != 0;
	if (!d->loaded)
		parser_problem(&parser, file, problems);
	yaml_parser_delete(&parser);
	if (d->loaded && !document_root(d)) {
		problem_add(problems, file, 1, "nothing is written here");
		return false;
	}
	return d->loaded;
}

void document_free(struct document *d)
{
	if (d->loaded)
		yaml_document_delete(&d->yaml);
	d->loaded = false;
}

yaml_node_t *document_root(struct document *d)
{
	return yaml_document_get_root_node(&d->yaml);
}

yaml_node_t *document_node(struct document *d, int index)
{
	return yaml_document_get_node(&d->yaml, index);
}

unsigned node_line(const yaml_node_t *node)
{
	return (unsigned)node->start_mark.line + 1;
}

const char *node_text(const yaml_node_t *node, const char *what, const char *file,
                      struct problems *problems)
{
	const unsigned char *text = node->data.scalar.value;

	if (node->type != YAML_SCALAR_NODE) {
		problem_add(problems, file, node_line(node), "%s is a %s; write a single value",
		            what, node->type == YAML_SEQUENCE_NODE ? "list" : "map");
		return NULL;
	}
	if (node->data.scalar.length > SCALAR_MAX) {
		problem_add(problems, file, node_line(node), "%s is longer than %d characters",
		            what, SCALAR_MAX);
		return NULL;
	}
	for (size_t i = 0; i < node->data.scalar.length; i++) {
		if (text[i] < ' ' || text[i] == 0x7f) {
			problem_add(problems, file, node_line(node),
			            "%s has a control character in it; write it on one line", what);
			return NULL;
		}
	}
	return (const char *)text;
}

bool node_is_empty(const yaml_node_t *node)
{
	return node->type == YAML_SCALAR_NODE && node->data.scalar.length == 0 &&
	       node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}
