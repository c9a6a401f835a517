/* Marks of objects and options. */
#include "config/marks.h"

#include "base/mem.h"

enum err marks_open(struct marks *m, enum section_id section, size_t nobjects)
{
	size_t width = config_sections[section].noptions + 1;

	m->of[section] = mem_zalloc(nobjects * width * sizeof(struct mark));
	return m->of[section] ? OK : ERR_NOMEM;
}

void marks_free(struct marks *m)
{
	for (unsigned i = 0; i < NSECTIONS; i++) {
		mem_free(m->of[i]);
		m->of[i] = NULL;
	}
}

struct mark *marks_row(const struct marks *m, enum section_id section, size_t i)
{
	return m->of[section] + i * (config_sections[section].noptions + 1);
}

struct mark *marks_at(const struct marks *m, enum section_id section, size_t i, const char *key)
{
	struct mark *row = marks_row(m, section, i);

	if (!key)
		return row;
	return row + 1 + (option_find(section, key) - config_sections[section].options);
}
