/* Where each object and each option of it stands in the files: for the checks' messages. */
#ifndef CONFIG_MARKS_H
#define CONFIG_MARKS_H

#include <stdbool.h>
#include "config/options.h"

struct mark {
	const char *file; /* borrowed from the reader */
	unsigned line;    /* 0: not written */
};

/* For each section a row of marks an object: the object's own, then one for each option. */
struct marks {
	struct mark *of[NSECTIONS];
};

MUST_USE enum err marks_open(struct marks *m, enum section_id section, size_t nobjects);
void marks_free(struct marks *m);
struct mark *marks_row(const struct marks *m, enum section_id section, size_t i);
/* key NULL: the object's. */
struct mark *marks_at(const struct marks *m, enum section_id section, size_t i, const char *key);

#endif
