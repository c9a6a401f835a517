/* Profiles: what is known of a provider, as a file of trunk options. One thread. */
#ifndef CONFIG_PROFILE_H
#define CONFIG_PROFILE_H

#include "config/document.h"

struct profile {
	struct profile *next;
	char *name;
	char *file, *folder;
	char *text;
	struct document document;
	bool good; /* the document is there */
};

/* The profile NAME out of list, or read and put there: providers/NAME.yaml in folder, else in the
 * data directory (TRUNKGATE_DATADIR; the environment's goes before the one compiled in).
 * NULL: there is none, and problems has it, at file:line. */
struct profile *profile_get(struct profile **list, const char *name, const char *folder,
                            const char *file, unsigned line, struct problems *problems);
void profiles_free(struct profile **list);

#endif
