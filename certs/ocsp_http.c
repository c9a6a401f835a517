/* HTTP/1.0 POST (RFC 6960 A.1): the answer ends where the responder says, or where it closes. All
 * waiting is bounded, together and each. */
#include "certs/ocsp_http.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"

#define TIMEOUT_MS 5000 /* all in all, the look-up aside */
#define ANSWER_MAX 65536

static enum err say(char *why, size_t size, const char *what, const char *detail)
{
	snprintf(why, size, "%s%s%s", what, detail ? ": " : "", detail ? detail : "");
	return ERR_IO;
}

/* False: time is up, or it is to stop. */
static bool wait_for(int fd, short events, const struct ocsp_http *ask, uint64_t until_ms)
{
	struct pollfd fds[2] = { { .fd = fd, .events = events },
		                 { .fd = ask->stop_fd, .events = POLLIN } };
	uint64_t now = clock_mono_ms();

	return now < until_ms && poll(fds, 2, (int)(until_ms - now)) > 0 && !fds[1].revents;
}

static bool is_connected(int fd)
{
	int error = 0;
	socklen_t len = sizeof(error);

	getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
	errno = error;
	return error == 0;
}

/* -1: to none of the addresses; errno says why. */
static int connect_any(const struct addrinfo *list, const struct ocsp_http *ask, uint64_t until_ms)
{
	for (const struct addrinfo *a = list; a; a = a->ai_next) {
		int fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), error;

		if (fd < 0)
			return -1;
		if (connect(fd, a->ai_addr, a->ai_addrlen) == 0)
			return fd;
		errno = errno == EINPROGRESS ? ETIMEDOUT : errno;
		if (errno == ETIMEDOUT && wait_for(fd, POLLOUT, ask, until_ms) && is_connected(fd))
			return fd;
		error = errno;
		close(fd);
		errno = error;
	}
	return -1;
}

static enum err send_all(int fd, const struct buf *question, const struct ocsp_http *ask,
                         uint64_t until_ms)
{
	for (size_t done = 0; done < question->len;) {
		ssize_t n;

		if (!wait_for(fd, POLLOUT, ask, until_ms))
			return ERR_TIMEOUT;
		n = send(fd, question->data + done, question->len - done, MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return ERR_IO;
		done += n > 0 ? (size_t)n : 0;
	}
	return OK;
}

/* Where the body begins; 0: not yet there. *end: where it ends, SIZE_MAX where that is not said. */
static size_t find_body(const struct buf *answer, size_t *end)
{
	const char *head_end = answer->data ? strstr(answer->data, "\r\n\r\n") : NULL;
	const char *length = answer->data ? strcasestr(answer->data, "\r\nContent-Length:") : NULL;
	size_t body = head_end ? (size_t)(head_end - answer->data) + 4 : 0;
	unsigned long said;

	*end = SIZE_MAX;
	if (!head_end || !length || length > head_end)
		return body;
	said = strtoul(length + strlen("\r\nContent-Length:"), NULL, 10);
	if (said < ANSWER_MAX)
		*end = body + said;
	return body;
}

static enum err receive(int fd, struct buf *answer, const struct ocsp_http *ask, uint64_t until_ms)
{
	char part[4096];
	size_t end;

	for (;;) {
		ssize_t n;

		if (find_body(answer, &end) && answer->len >= end)
			return OK;
		if (!wait_for(fd, POLLIN, ask, until_ms))
			return ERR_TIMEOUT;
		n = recv(fd, part, sizeof(part), 0);
		if (n == 0)
			return OK;
		if (n > 0)
			buf_add(answer, part, (size_t)n);
		else if (errno != EAGAIN && errno != EINTR)
			return ERR_IO;
		if (buf_err(answer))
			return buf_err(answer);
	}
}

static enum err take_body(unsigned char **out, size_t *len, const struct buf *answer, char *why,
                          size_t size)
{
	size_t end, body = find_body(answer, &end);
	unsigned status = 0;

	if (!body || sscanf(answer->data, "HTTP/1.%*1[01] %3u", &status) != 1)
		return say(why, size, "it does not speak HTTP", NULL);
	if (status != 200) {
		snprintf(why, size, "it says %u", status);
		return ERR_IO;
	}
	if (end != SIZE_MAX && answer->len < end)
		return say(why, size, "its answer breaks off", NULL);
	*len = (end == SIZE_MAX ? answer->len : end) - body;
	*out = mem_zalloc(*len + 1);
	if (!*out)
		return say(why, size, "there is no memory for its answer", NULL);
	memcpy(*out, answer->data + body, *len);
	return OK;
}

static enum err talk(int fd, struct buf *answer, const struct ocsp_http *ask, uint64_t until_ms)
{
	bool is_v6 = strchr(ask->host, ':') != NULL;
	struct buf question;
	enum err err;

	buf_init(&question, ANSWER_MAX);
	buf_printf(&question,
	           "POST %s%s HTTP/1.0\r\nHost: %s%s%s:%s\r\nContent-Type: "
	           "application/ocsp-request\r\nContent-Length: %zu\r\n\r\n",
	           *ask->path == '/' ? "" : "/", ask->path, is_v6 ? "[" : "", ask->host,
	           is_v6 ? "]" : "", ask->port, ask->question_len);
	buf_add(&question, ask->question, ask->question_len);
	err = buf_err(&question);
	if (!err)
		err = send_all(fd, &question, ask, until_ms);
	buf_free(&question);
	return err ? err : receive(fd, answer, ask, until_ms);
}

enum err ocsp_http_post(unsigned char **out, size_t *len, const struct ocsp_http *ask, char *why,
                        size_t why_size)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *list = NULL;
	int fd, error = getaddrinfo(ask->host, ask->port, &hints, &list);
	uint64_t until_ms = clock_mono_ms() + TIMEOUT_MS;
	struct buf answer;
	enum err err;

	if (error)
		return say(why, why_size, "no address", gai_strerror(error));
	fd = connect_any(list, ask, until_ms);
	error = errno;
	freeaddrinfo(list);
	if (fd < 0)
		return say(why, why_size, "no connection", strerror(error));
	buf_init(&answer, ANSWER_MAX);
	err = talk(fd, &answer, ask, until_ms);
	close(fd);
	if (err)
		say(why, why_size, "nothing in time, or too much", NULL);
	else
		err = take_body(out, len, &answer, why, why_size);
	buf_free(&answer);
	return err;
}
