/* Finds options and sections in the table, and the objects of a configuration by it. Any thread. */
#include <stdint.h>
#include <string.h>
#include "config/options.h"

const struct option *option_find(enum section_id section, const char *key)
{
	const struct section *s = &config_sections[section];

	for (size_t i = 0; i < s->noptions; i++) {
		if (strcmp(s->options[i].key, key) == 0)
			return &s->options[i];
	}
	return NULL;
}

enum section_id section_find(const char *key)
{
	unsigned i = SECTION_TOP + 1;

	while (i < NSECTIONS && strcmp(config_sections[i].key, key) != 0)
		i++;
	return (enum section_id)i;
}

size_t section_count(const struct config *cfg, enum section_id section)
{
	const struct section *s = &config_sections[section];
	size_t n = 1;

	if (s->shape != SHAPE_ONE)
		memcpy(&n, (const char *)cfg + s->count_offset, sizeof(n));
	return n;
}

void *section_object(const struct config *cfg, enum section_id section, size_t i)
{
	const struct section *s = &config_sections[section];
	char *array;

	if (s->shape == SHAPE_ONE)
		return (void *)(uintptr_t)cfg;
	memcpy(&array, (const char *)cfg + s->offset, sizeof(array));
	return array ? array + i * s->size : NULL;
}

const char *section_name(const struct config *cfg, enum section_id section, size_t i)
{
	const char *name;

	memcpy(&name, section_object(cfg, section, i), sizeof(name));
	return name;
}
