/* Reads small files. Any thread. */
#ifndef CONFIG_FILE_H
#define CONFIG_FILE_H

#include <stddef.h>
#include <sys/stat.h>
#include "base/err.h"

/* Reads all of path, which must be a file (no pipe or device) of at most max bytes. *text ends in a
 * NUL that len does not count; mem_free it. ERR_NOMEM, or ERR_NOT_FOUND, ERR_LIMIT,
 * ERR_UNSUPPORTED, ERR_IO with *why in words (constant or strerror's). */
MUST_USE enum err file_read(const char *path, size_t max, char **text, size_t *len, mode_t *mode,
                            const char **why);
/* The folder that path is in; NULL: no memory. mem_free it. */
MUST_USE char *file_folder(const char *path);

#endif
