/* Finds and reads profiles; each once. */
#include "config/profile.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "config/file.h"

#define FOLDERS     2
#define PROFILE_MAX (64 * 1024) /* bytes */
#define SUFFIX      ".yaml"

/* Beside the configuration, then where they are installed. */
static char *providers_folder(unsigned i, const char *folder)
{
	const char *datadir = secure_getenv("TRUNKGATE_DATADIR");

	if (i == 0)
		return mem_printf("%s/providers", folder);
	return mem_printf("%s/providers", datadir && *datadir ? datadir : TRUNKGATE_DATADIR);
}

/* Offers NAME of every NAME.yaml in a folder; best keeps the name after the listing is gone. */
static void offer_folder(struct suggestion *s, const char *path, char best[256])
{
	struct dirent **entries;
	int n = scandir(path, &entries, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		char *name = entries[i]->d_name, *dot = strrchr(name, '.');

		if (dot && dot > name && strcmp(dot, SUFFIX) == 0) {
			*dot = '\0';
			suggestion_offer(s, name);
			if (s->best == name) {
				snprintf(best, 256, "%s", name);
				s->best = best;
			}
		}
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
}

static void not_found(const char *name, const char *folder, const char *file, unsigned line,
                      struct problems *problems)
{
	char best[256], hint[SUGGESTION_HINT_MAX];
	struct suggestion s;

	suggestion_init(&s, name);
	for (unsigned i = 0; i < FOLDERS; i++) {
		char *path = providers_folder(i, folder);

		if (!path)
			problems->nomem = true;
		else
			offer_folder(&s, path, best);
		mem_free(path);
	}
	problem_add(problems, file, line, "there is no profile '%.80s'; %s", name,
	            suggestion_hint(&s, "no profile is installed", hint));
}

/* Reads into p from the first folder that has the file. */
static enum err read_profile(struct profile *p, const char *folder, size_t *len, mode_t *mode,
                             const char **why)
{
	enum err err = ERR_NOT_FOUND;

	for (unsigned i = 0; i < FOLDERS && err == ERR_NOT_FOUND; i++) {
		mem_free(p->folder);
		mem_free(p->file);
		p->file = NULL;
		p->folder = providers_folder(i, folder);
		if (p->folder)
			p->file = mem_printf("%s/%s" SUFFIX, p->folder, p->name);
		if (!p->file)
			return ERR_NOMEM;
		err = file_read(p->file, PROFILE_MAX, &p->text, len, mode, why);
	}
	return err;
}

static void profile_free(struct profile *p)
{
	document_free(&p->document);
	mem_free(p->name);
	mem_free(p->file);
	mem_free(p->folder);
	mem_free(p->text);
	mem_free(p);
}

struct profile *profile_get(struct profile **list, const char *name, const char *folder,
                            const char *file, unsigned line, struct problems *problems)
{
	struct profile *p = *list;
	const char *why = "";
	size_t len = 0;
	mode_t mode = 0;
	enum err err = ERR_NOMEM;

	while (p && strcmp(p->name, name) != 0)
		p = p->next;
	if (p)
		return p;
	p = mem_zalloc(sizeof(*p));
	if (p && (p->name = mem_strdup(name)) != NULL)
		err = read_profile(p, folder, &len, &mode, &why);
	if (err == OK && mode & S_IWOTH)
		err = ERR_REFUSED;
	if (err == OK) {
		p->good = document_load(&p->document, p->file, p->text, len, problems);
		p->next = *list;
		*list = p;
		return p;
	}
	if (err == ERR_NOMEM)
		problems->nomem = true;
	else if (err == ERR_NOT_FOUND)
		not_found(name, folder, file, line, problems);
	else if (err == ERR_REFUSED)
		problem_add(problems, file, line,
		            "profile '%.80s': everybody can write to it; chmod o-w %s", name,
		            p->file);
	else
		problem_add(problems, file, line, "profile '%.80s': %s cannot be read: %s", name,
		            p->file, why);
	if (p)
		profile_free(p);
	return NULL;
}

void profiles_free(struct profile **list)
{
	while (*list) {
		struct profile *p = *list;

		*list = p->next;
		profile_free(p);
	}
}
