/* YAML text as a tree of nodes with lines; the only user of libyaml. One thread.
 * Less than YAML on purpose: one document, no anchors, aliases or tags, bounded in depth and size.
 */
#ifndef CONFIG_DOCUMENT_H
#define CONFIG_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <yaml.h>
#include "config/problem.h"

#define DOCUMENT_SIZE_MAX  (1024 * 1024) /* bytes */
#define DOCUMENT_DEPTH_MAX 8             /* trunk option lists need 4 */
#define SCALAR_MAX         1024          /* bytes */

struct document {
	yaml_document_t yaml;
	bool loaded;
};

/* False: there was a problem. d must be zeroed; document_free it either way. Borrows text. */
bool document_load(struct document *d, const char *file, const char *text, size_t len,
                   struct problems *problems);
void document_free(struct document *d);

yaml_node_t *document_root(struct document *d);
yaml_node_t *document_node(struct document *d, int index);
unsigned node_line(const yaml_node_t *node);
/* The text of a plain value; NULL with a problem ("WHAT ...") for a list or map, for text with
 * control characters and for text too long. */
const char *node_text(const yaml_node_t *node, const char *what, const char *file,
                      struct problems *problems);
bool node_is_empty(const yaml_node_t *node); /* "key:" and nothing behind */

#endif
