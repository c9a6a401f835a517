/* inotify on every folder that a path leads through, its symbolic links included: a file that is
 * replaced is another inode, and so is a folder; what stays is the name in the folder above. When
 * something has changed, all paths are followed anew. */
#include "certs/file_watch.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

#define GONE      (IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED)
#define EVENTS    (IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | GONE)

#define LINKS_MAX 40 /* one behind the other; as Linux (path_resolution(7)) */

struct watched {
	int wd;
	char *name; /* within the folder; NULL: all */
};

struct watches {
	struct watched *list;
	size_t n;
};

struct path {
	char *text;
	bool is_lost; /* it cannot be followed to its end; tried again by the timer */
};

struct file_watch {
	struct loop *loop;
	struct io *io;
	struct timer settle;
	uint64_t first_ms; /* of the changes that are settling */
	bool has_changed;  /* since fn was called */
	struct watches watches;
	struct path *paths;
	size_t npaths;
	void (*fn)(void *arg);
	void *arg;
	int fd;
};

/* One name of a path. */
struct step {
	const char *folder, *name, *full; /* full: folder/name */
	const char *rest;                 /* of the path, behind it */
	unsigned links;                   /* that led here */
};

static enum err walk(struct file_watch *w, const char *from, const char *path, unsigned links);

static bool is_same(const struct watched *a, int wd, const char *name)
{
	return a->wd == wd && (name && a->name ? strcmp(name, a->name) == 0 : name == a->name);
}

/* name NULL: all in folder. ERR_IO: it cannot be watched. */
static enum err note(struct file_watch *w, const char *folder, const char *name)
{
	struct watches *all = &w->watches;
	struct watched one = { .wd = inotify_add_watch(w->fd, folder, EVENTS) };
	struct watched *more;

	if (one.wd < 0)
		return ERR_IO;
	for (size_t i = 0; i < all->n; i++) {
		if (is_same(&all->list[i], one.wd, name))
			return OK;
	}
	more = mem_array(all->list, all->n + 1, sizeof(*more));
	if (more)
		all->list = more;
	if (!more || (name && !(one.name = mem_strdup(name))))
		return ERR_NOMEM;
	all->list[all->n++] = one;
	return OK;
}

static enum err follow_link(struct file_watch *w, const struct step *s)
{
	char target[PATH_MAX], *path;
	ssize_t len = readlink(s->full, target, sizeof(target));
	enum err err;

	if (len < 0 || len == sizeof(target) || s->links == LINKS_MAX)
		return ERR_IO;
	path = mem_printf("%.*s/%s", (int)len, target, s->rest);
	if (!path)
		return ERR_NOMEM;
	err = walk(w, s->folder, path, s->links + 1);
	mem_free(path);
	return err;
}

/* A folder above that we may pass through but not read says itself when it goes. */
static enum err take_step(struct file_watch *w, const struct step *s, bool *goes_on)
{
	struct stat st;
	bool is_there = lstat(s->full, &st) == 0, is_folder = is_there && S_ISDIR(st.st_mode);
	enum err err = note(w, s->folder, s->name);

	*goes_on = is_folder && *s->rest;
	if (is_folder && (!err || err == ERR_IO))
		return *s->rest ? OK : note(w, s->full, NULL);
	if (!err && is_there && S_ISLNK(st.st_mode))
		return follow_link(w, s);
	return !err && *s->rest ? ERR_IO : err;
}

/* path: from that folder, where it does not begin at the root. The last name may be missing. */
static enum err walk(struct file_watch *w, const char *from, const char *path, unsigned links)
{
	char *folder = mem_strdup(*path == '/' ? "/" : from);
	enum err err = folder ? OK : ERR_NOMEM;
	bool goes_on = true;

	path += strspn(path, "/");
	while (!err && goes_on && *path) {
		size_t len = strcspn(path, "/");
		char *name = mem_strndup(path, len);
		char *full = name ? mem_printf("%s/%s", folder, name) : NULL;

		path += len + strspn(path + len, "/");
		err =
		    full ? take_step(w, &(struct step){ folder, name, full, path, links }, &goes_on)
		         : ERR_NOMEM;
		mem_free(name);
		mem_free(folder);
		folder = full;
	}
	mem_free(folder);
	return err;
}

/* Links that lie in a folder lead to files that are as good as in it. One that leads nowhere
 * is none of ours. */
static enum err walk_inside(struct file_watch *w, const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	enum err err = OK;

	while (dir && (!err || err == ERR_IO) && (entry = readdir(dir)) != NULL) {
		if (entry->d_type == DT_LNK)
			err = walk(w, path, entry->d_name, 0);
	}
	if (dir)
		closedir(dir);
	return err == ERR_IO ? OK : err;
}

static enum err follow(struct file_watch *w, const char *path)
{
	enum err err = walk(w, ".", path, 0);

	return err ? err : walk_inside(w, path);
}

static void forget(struct watches *all)
{
	for (size_t i = 0; i < all->n; i++)
		mem_free(all->list[i].name);
	mem_free(all->list);
	*all = (struct watches){ 0 };
}

static bool has_folder(const struct watches *all, int wd)
{
	for (size_t i = 0; i < all->n; i++) {
		if (all->list[i].wd == wd)
			return true;
	}
	return false;
}

/* Gives whether it was lost and is no more. */
static bool follow_again(struct file_watch *w, struct path *path)
{
	enum err err = follow(w, path->text);
	bool was_lost = path->is_lost;

	if (err && !was_lost)
		LOG(LOG_WARN, KV("event", "watch"), KV("result", "lost"), KV("file", path->text),
		    KV("why", err == ERR_NOMEM ? "no memory" : "its folder cannot be watched"),
		    KV("help", "it is looked for every 10 s"));
	path->is_lost = err != OK;
	return was_lost && !err;
}

/* All paths anew; what they no longer lead through is watched no more. Gives whether one that was
 * lost is found. */
static bool follow_all(struct file_watch *w)
{
	struct watches before = w->watches;
	bool found = false;

	w->watches = (struct watches){ 0 };
	for (size_t i = 0; i < w->npaths; i++)
		found = follow_again(w, &w->paths[i]) || found;
	for (size_t i = 0; i < before.n; i++) {
		if (!has_folder(&w->watches, before.list[i].wd))
			inotify_rm_watch(w->fd, before.list[i].wd);
	}
	forget(&before);
	return found;
}

static void on_settled(void *arg);

static void wait_for_lost(struct file_watch *w)
{
	for (size_t i = 0; i < w->npaths; i++) {
		if (!w->paths[i].is_lost)
			continue;
		timer_start(loop_timers(w->loop), &w->settle, FILE_WATCH_LATEST_MS, on_settled, w);
		return;
	}
}

static void on_settled(void *arg)
{
	struct file_watch *w = arg;
	bool found = follow_all(w), tells = w->has_changed || found;

	w->has_changed = false;
	wait_for_lost(w);
	if (tells)
		w->fn(w->arg);
}

static void on_change(struct file_watch *w)
{
	uint64_t now = clock_mono_ms();

	if (!w->has_changed)
		w->first_ms = now;
	w->has_changed = true;
	if (now + FILE_WATCH_SETTLE_MS <= w->first_ms + FILE_WATCH_LATEST_MS)
		timer_start(loop_timers(w->loop), &w->settle, FILE_WATCH_SETTLE_MS, on_settled, w);
}

static bool concerns(const struct file_watch *w, const struct inotify_event *e)
{
	const char *name = e->len > 0 ? e->name : "";

	for (size_t i = 0; i < w->watches.n; i++) {
		const struct watched *one = &w->watches.list[i];

		if (one->wd == e->wd &&
		    (e->mask & GONE || !one->name || strcmp(one->name, name) == 0))
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
	forget(&w->watches);
	for (size_t i = 0; i < w->npaths; i++)
		mem_free(w->paths[i].text);
	mem_free(w->paths);
	mem_free(w);
}

enum err file_watch_add(struct file_watch *w, const char *path)
{
	struct path *more = mem_array(w->paths, w->npaths + 1, sizeof(*more));
	struct path added = { .text = mem_strdup(path) };
	enum err err;

	if (more)
		w->paths = more;
	if (!more || !added.text) {
		mem_free(added.text);
		return ERR_NOMEM;
	}
	err = follow(w, path);
	added.is_lost = err == ERR_IO;
	w->paths[w->npaths++] = added;
	wait_for_lost(w);
	return err;
}
