/* What the configuration names in files: identities, and the roots that each trunk's peer may end
 * at. Signalling thread. */
#ifndef SBC_TRUNK_TRUNK_FILES_H
#define SBC_TRUNK_TRUNK_FILES_H

#include "base/err.h"
#include "certs/identity.h"
#include "certs/trust.h"
#include "config/config.h"

struct trunk_files {
	const struct config *cfg;
	struct identity **identities; /* as in cfg */
	struct trust **trusts;        /* by trunk; those of the same files are one */
	struct trust *machine;        /* its roots, for our own chains; NULL: it has none */
	char (*whys)[CERT_WHY_MAX];   /* as identities: why one of them is NULL */
};

/* All of it, or nothing: why (CERT_WHY_MAX bytes) says which file is at fault. */
MUST_USE enum err trunk_files_load(struct trunk_files *out, const struct config *cfg, char *why);
/* What can be loaded of it, for who wants to know what is wrong. ERR_NOMEM. */
MUST_USE enum err trunk_files_try(struct trunk_files *out, const struct config *cfg);
void trunk_files_free(struct trunk_files *f); /* zeroed is fine */

/* NULL for NULL, and for one that could not be loaded. */
struct identity *trunk_files_identity(const struct trunk_files *f,
                                      const struct config_identity *id);

#endif
