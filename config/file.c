/* Reading of small files, whole. */
#include "config/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include "base/mem.h"

static enum err read_all(int fd, char *text, size_t size, size_t *len)
{
	ssize_t n;

	*len = 0;
	while (*len < size) {
		n = read(fd, text + *len, size - *len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return ERR_IO;
		if (n == 0)
			break; /* it became shorter */
		*len += (size_t)n;
	}
	return OK;
}

static enum err read_fd(int fd, size_t max, char **text, size_t *len, mode_t *mode,
                        const char **why)
{
	struct stat st;
	char *buf;

	if (fstat(fd, &st) < 0) {
		*why = strerror(errno);
		return ERR_IO;
	}
	if (!S_ISREG(st.st_mode)) {
		*why = S_ISDIR(st.st_mode) ? "it is a folder" : "it is not a plain file";
		return ERR_UNSUPPORTED;
	}
	if (st.st_size < 0 || (size_t)st.st_size > max) {
		*why = "it is too big";
		return ERR_LIMIT;
	}
	buf = mem_zalloc((size_t)st.st_size + 1);
	if (!buf)
		return ERR_NOMEM;
	if (read_all(fd, buf, (size_t)st.st_size, len) != OK) {
		*why = strerror(errno);
		mem_free(buf);
		return ERR_IO;
	}
	*text = buf;
	*mode = st.st_mode;
	return OK;
}

enum err file_read(const char *path, size_t max, char **text, size_t *len, mode_t *mode,
                   const char **why)
{
	/* Without O_NONBLOCK a pipe without a writer would hold us here. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	enum err err;

	if (fd < 0) {
		*why = strerror(errno);
		return errno == ENOENT ? ERR_NOT_FOUND : ERR_IO;
	}
	err = read_fd(fd, max, text, len, mode, why);
	close(fd);
	return err;
}

char *file_folder(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return mem_strdup(".");
	return mem_strndup(path, slash == path ? 1 : (size_t)(slash - path));
}
