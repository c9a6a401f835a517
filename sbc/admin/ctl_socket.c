/* The control socket's place in the file system: who may have it, and what an earlier owner left
 * there (unix(7)). Signalling thread, before the loop runs. */
#include "sbc/admin/ctl_socket.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/addr.h"
#include "certs/identity.h"

#define BACKLOG 16

/* One level and no more: a mistyped path should not become a tree. */
static enum err make_directory(const char *path, char *why)
{
	char directory[sizeof(((struct sockaddr_un *)0)->sun_path)];
	char *slash;

	snprintf(directory, sizeof(directory), "%s", path);
	slash = strrchr(directory, '/');
	if (!slash || slash == directory)
		return OK;
	*slash = '\0';
	if (mkdir(directory, 0755) == 0 || errno == EEXIST)
		return OK;
	snprintf(why, CERT_WHY_MAX,
	         "control-socket %s: there is no directory %s, and it cannot be made: %s", path,
	         directory, strerror(errno));
	return ERR_IO;
}

/* Asks by connecting: only then does the kernel tell a living socket from a file left behind. */
static bool somebody_listens(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	bool alive;

	if (fd < 0)
		return true;
	alive = connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 ||
	        errno != ECONNREFUSED;
	close(fd);
	return alive;
}

/* Takes away what a dead process left at the path, and nothing else. */
static enum err clear_way(const struct sockaddr_un *address, char *why)
{
	const char *path = address->sun_path;
	struct stat st;

	if (lstat(path, &st) != 0)
		return OK; /* gone in the meantime */
	if (!S_ISSOCK(st.st_mode)) {
		snprintf(why, CERT_WHY_MAX,
		         "control-socket %s: that file is no socket: move it away, or choose "
		         "another path",
		         path);
		return ERR_EXISTS;
	}
	if (somebody_listens(address)) {
		snprintf(why, CERT_WHY_MAX,
		         "control-socket %s: another process listens there: stop it, or choose "
		         "another path",
		         path);
		return ERR_EXISTS;
	}
	if (unlink(path) != 0 && errno != ENOENT) {
		snprintf(why, CERT_WHY_MAX,
		         "control-socket %s: an old socket is in the way and cannot be removed: %s",
		         path, strerror(errno));
		return ERR_IO;
	}
	return OK;
}

static enum err bind_to(int fd, const struct sockaddr_un *address, char *why)
{
	const struct sockaddr *sa = (const struct sockaddr *)address;
	enum err err = OK;

	if (bind(fd, sa, sizeof(*address)) == 0)
		return OK;
	if (errno == ENOENT)
		err = make_directory(address->sun_path, why);
	else if (errno == EADDRINUSE)
		err = clear_way(address, why);
	if (err)
		return err;
	if (bind(fd, sa, sizeof(*address)) == 0)
		return OK;
	snprintf(why, CERT_WHY_MAX, "control-socket %s: %s", address->sun_path, strerror(errno));
	return ERR_IO;
}

enum err ctl_listen(int *fd, const char *path, char *why)
{
	struct sockaddr_un address;
	enum err err = addr_unix(&address, path);
	int s;

	if (err) {
		snprintf(why, CERT_WHY_MAX, "control-socket %s: a path has 1 to %zu octets", path,
		         sizeof(address.sun_path) - 1);
		return err;
	}
	s = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	/* Before bind, which gives the file the socket's mode: at no moment may others connect. */
	if (s < 0 || fchmod(s, 0600) != 0) {
		snprintf(why, CERT_WHY_MAX, "control-socket %s: %s", path, strerror(errno));
		err = ERR_IO;
	}
	if (!err)
		err = bind_to(s, &address, why);
	if (!err && listen(s, BACKLOG) != 0) {
		snprintf(why, CERT_WHY_MAX, "control-socket %s: %s", path, strerror(errno));
		unlink(path);
		err = ERR_IO;
	}
	if (err && s >= 0)
		close(s);
	else if (!err)
		*fd = s;
	return err;
}
