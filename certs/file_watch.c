/* inotify on the folders that the files lie in: a file that is replaced (rename, a symbolic link
 * that is turned) is another inode, its folder stays. */
#include "certs/file_watch.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/mem.h"

#define EVENTS (IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE)

struct watched {
	int wd;
	char *name; /* within the folder; NULL: all */
};

struct file_watch {
	struct loop *loop;
	struct io *io;
	struct timer settle;
	uint64_t first_ms; /* of the changes that are settling */
	struct watched *watched;
	size_t nwatched;
	void (*fn)(void *arg);
	void *arg;
	int fd;
};

static void on_settled(void *arg)
{
	struct file_watch *w = arg;

	w->fn(w->arg);
}

static void on_change(struct file_watch *w)
{
	uint64_t now = clock_mono_ms(), latest;

	if (!timer_running(&w->settle))
		w->first_ms = now;
	latest = w->first_ms + FILE_WATCH_LATEST_MS;
	if (now + FILE_WATCH_SETTLE_MS <= latest)
		timer_start(loop_timers(w->loop), &w->settle, FILE_WATCH_SETTLE_MS, on_settled, w);
}

/* "..data" and the like: links that are turned for all files of a folder at once. */
static bool concerns(const struct file_watch *w, const struct inotify_event *e)
{
	const char *name = e->len > 0 ? e->name : "";

	for (size_t i = 0; i < w->nwatched; i++) {
		if (w->watched[i].wd == e->wd &&
		    (!w->watched[i].name || strcmp(w->watched[i].name, name) == 0 ||
		     strncmp(name, "..", 2) == 0))
			return true;
	}
	return e->mask & IN_Q_OVERFLOW;
}

static void on_readable(void *arg, int events)
{
	struct file_watch *w = arg;
	_Alignas(struct inotify_event) char data[4096];
	ssize_t n;

	(void)events;
	while ((n = read(w->fd, data, sizeof(data))) > 0) {
		for (ssize_t at = 0; at < n;) {
			const struct inotify_event *e = (const void *)(data + at);

			if (concerns(w, e))
				on_change(w);
			at += (ssize_t)(sizeof(*e) + e->len);
		}
	}
}

enum err file_watch_new(struct file_watch **out, struct loop *loop, void (*fn)(void *arg),
                        void *arg)
{
	struct file_watch *w = mem_zalloc(sizeof(*w));
	enum err err;

	if (!w)
		return ERR_NOMEM;
	w->loop = loop;
	w->fn = fn;
	w->arg = arg;
	w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	err = w->fd < 0 ? ERR_IO : io_new(&w->io, loop, w->fd, IO_READ, on_readable, w);
	if (err)
		file_watch_free(&w);
	else
		*out = w;
	return err;
}

void file_watch_free(struct file_watch **wp)
{
	struct file_watch *w = *wp;

	*wp = NULL;
	if (!w)
		return;
	timer_stop(&w->settle);
	io_free(&w->io);
	if (w->fd >= 0)
		close(w->fd);
	for (size_t i = 0; i < w->nwatched; i++)
		mem_free(w->watched[i].name);
	mem_free(w->watched);
	mem_free(w);
}

/* folder is path's, or path itself where name is NULL. */
static enum err add(struct file_watch *w, const char *folder, const char *name)
{
	struct watched *more = mem_array(w->watched, w->nwatched + 1, sizeof(*more));
	struct watched *last;

	if (!more)
		return ERR_NOMEM;
	w->watched = more;
	last = &more[w->nwatched];
	*last = (struct watched){ .name = name ? mem_strdup(name) : NULL };
	if (name && !last->name)
		return ERR_NOMEM;
	last->wd = inotify_add_watch(w->fd, folder, EVENTS);
	if (last->wd < 0) {
		mem_free(last->name);
		return ERR_IO;
	}
	w->nwatched++;
	return OK;
}

enum err file_watch_add(struct file_watch *w, const char *path)
{
	const char *slash = strrchr(path, '/');
	struct stat st;
	char *folder;
	enum err err;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return add(w, path, NULL);
	if (!slash)
		return add(w, ".", path);
	folder = slash == path ? mem_strdup("/") : mem_strndup(path, (size_t)(slash - path));
	if (!folder)
		return ERR_NOMEM;
	err = add(w, folder, slash + 1);
	mem_free(folder);
	return err;
}
