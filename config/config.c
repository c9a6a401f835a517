/* Loading from a file, and the end of a configuration. */
#include "config/config.h"

#include <string.h>
#include "base/mem.h"
#include "config/document.h"
#include "config/file.h"
#include "config/options.h"
#include "config/value.h"

const char *transport_name(enum transport t)
{
	switch (t) {
	case TRANSPORT_UDP:
		return "udp";
	case TRANSPORT_TCP:
		return "tcp";
	case TRANSPORT_TLS:
		return "tls";
	}
	return "?";
}

enum err config_load(struct config **out, const char *file, FILE *errors)
{
	const char *why = "";
	size_t len = 0;
	mode_t mode = 0;
	char *text;
	enum err err;

	err = file_read(file, DOCUMENT_SIZE_MAX, &text, &len, &mode, &why);
	if (err) {
		fprintf(errors, "%s: cannot be read: %s\n", file,
		        err == ERR_NOMEM ? err_text(err) : why);
		return err;
	}
	if (mode & S_IWOTH) {
		fprintf(errors, "%s: everybody can write to it; chmod o-w %s\n", file, file);
		err = ERR_REFUSED;
	} else {
		err = config_parse(out, file, text, len, mode, errors);
	}
	mem_wipe(text, len); /* it may hold passwords */
	mem_free(text);
	return err;
}

static void free_section(struct config *cfg, enum section_id section)
{
	const struct section *s = &config_sections[section];
	size_t n = section_count(cfg, section);

	for (size_t i = 0; i < n; i++) {
		void *object = section_object(cfg, section, i);

		for (size_t k = 0; k < s->noptions; k++)
			value_clear(&s->options[k], object);
		if (s->shape == SHAPE_MAP)
			mem_free(*(char **)object);
	}
	if (s->shape != SHAPE_ONE)
		mem_free(section_object(cfg, section, 0));
}

void config_free(struct config **cfgp)
{
	struct config *cfg = *cfgp;

	if (!cfg)
		return;
	for (unsigned i = 0; i < NSECTIONS; i++)
		free_section(cfg, (enum section_id)i);
	mem_free(cfg->file);
	mem_free(cfg);
	*cfgp = NULL;
}
