/* Tells when files change, once they have settled: many are written one after the other. Signalling
 * thread. */
#ifndef CERTS_FILE_WATCH_H
#define CERTS_FILE_WATCH_H

#include "base/err.h"
#include "base/loop.h"

#define FILE_WATCH_SETTLE_MS 1000
#define FILE_WATCH_LATEST_MS 10000 /* also where the changes do not end */

struct file_watch;

/* fn(arg) is called after changes, until file_watch_free. ERR_IO: the system has no inotify left.
 */
MUST_USE enum err file_watch_new(struct file_watch **out, struct loop *loop, void (*fn)(void *arg),
                                 void *arg);
void file_watch_free(struct file_watch **wp); /* NULL is fine */

/* A file, which may be replaced by another of its name, or a folder with all in it; where links on
 * the way lead to, and those in the folder, as well. Copies path. ERR_IO: it cannot be watched
 * yet; it is, and told, once it can. */
MUST_USE enum err file_watch_add(struct file_watch *w, const char *path);

#endif
