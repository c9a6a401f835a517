/* The asking side of the control socket: a program of its own that may wait. Exit status: 0 an
 * answer, 1 none, 2 a question that makes no sense. */
#include "sbc/admin/ctl_client.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include "base/addr.h"
#include "base/buf.h"
#include "base/mem.h"
#include "sbc/admin/ctl.h"
#include "sbc/admin/ctl_socket.h"
#include "sbc/admin/print.h"
#include "sbc/admin/text_table.h"

#define TIMEOUT_MS 10000
#define ANSWER_MAX (64 * 1024 * 1024)
#define WHICH_MAX  64

static int cannot_connect(const char *path, FILE *errors)
{
	switch (errno) {
	case ENOENT:
	case ENOTDIR:
		fprintf(errors,
		        "trunkgate: there is no %s: is Trunkgate running, and is that its "
		        "control-socket? (--socket PATH names another)\n",
		        path);
		return 1;
	case ECONNREFUSED:
		fprintf(errors,
		        "trunkgate: nobody listens at %s: Trunkgate is not running, or has another "
		        "control-socket (--socket PATH)\n",
		        path);
		return 1;
	case EACCES:
	case EPERM:
		fprintf(errors,
		        "trunkgate: %s is not for you to open: ask as root or as the user that "
		        "Trunkgate runs as\n",
		        path);
		return 1;
	case EAGAIN:
		fprintf(errors, "trunkgate: %s: Trunkgate takes no questions now: try again\n",
		        path);
		return 1;
	default:
		fprintf(errors, "trunkgate: %s: %s\n", path, strerror(errno));
		return 1;
	}
}

static int open_socket(const struct ctl_question *q, int *fd, FILE *errors)
{
	struct timeval wait = { .tv_sec = q->timeout_ms / 1000,
		                .tv_usec = q->timeout_ms % 1000 * 1000 };
	struct sockaddr_un address;
	int status;

	if (addr_unix(&address, q->socket)) {
		fprintf(errors, "trunkgate: %s: a socket's path has 1 to %zu octets\n", q->socket,
		        sizeof(address.sun_path) - 1);
		return 2;
	}
	*fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (*fd < 0)
		return cannot_connect(q->socket, errors);
	if (setsockopt(*fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) == 0 &&
	    setsockopt(*fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait)) == 0 &&
	    connect(*fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return 0;
	status = cannot_connect(q->socket, errors);
	close(*fd);
	return status;
}

/* The whole answer, until the server closes. */
static enum err talk(int fd, const char *question, struct buf *answer)
{
	char part[16384];
	ssize_t n;

	/* One that turns us away may be gone already; what it said counts. */
	if (send(fd, question, strlen(question), MSG_NOSIGNAL) < 0 && errno != EPIPE)
		return ERR_IO;
	while ((n = recv(fd, part, sizeof(part), 0)) > 0) {
		buf_add(answer, part, (size_t)n);
		if (buf_err(answer))
			return buf_err(answer);
	}
	if (n < 0 && errno == EAGAIN)
		return ERR_TIMEOUT;
	if (n < 0 && errno != ECONNRESET)
		return ERR_IO;
	return answer->len > 0 ? OK : ERR_CLOSED;
}

static enum err print_json(const json_t *answer, FILE *out)
{
	/* Digits enough for milliseconds of a day, and none of the noise behind them. */
	if (json_dumpf(answer, out, JSON_INDENT(2) | JSON_REAL_PRECISION(12)) != 0)
		return ERR_IO;
	return fputc('\n', out) == EOF ? ERR_IO : OK;
}

/* Gives an exit status. */
static int print(const struct ctl_question *q, const struct buf *text, FILE *out, FILE *errors)
{
	json_error_t problem;
	json_t *answer = json_loadb(text->data, text->len, 0, &problem);
	const char *refusal = json_string_value(json_object_get(answer, "error"));
	enum err err;

	if (!answer || refusal) {
		if (refusal)
			fprintf(errors, "trunkgate: %s\n", refusal);
		else
			fprintf(errors, "trunkgate: the answer from %s cannot be read: %s\n",
			        q->socket, problem.text);
		json_decref(answer);
		return 1;
	}
	err = q->json ? print_json(answer, out) : print_answer(out, q->what, answer);
	json_decref(answer);
	if (!err && fflush(out) != 0)
		err = ERR_IO;
	if (err)
		fprintf(errors, "trunkgate: the answer cannot be printed: %s\n",
		        err == ERR_IO ? strerror(errno) : err_text(err));
	return err ? 1 : 0;
}

static int bad_question(const struct ctl_question *q, FILE *errors)
{
	bool takes_name;

	if (!print_knows(q->what, &takes_name)) {
		fprintf(errors,
		        "trunkgate: there is no \"%s\" to show: it is calls, trunks, phones, "
		        "certs, status or ladder\n",
		        q->what);
		return 2;
	}
	if (q->which && !takes_name) {
		fprintf(errors, "trunkgate: show %s takes no name\n", q->what);
		return 2;
	}
	if (q->which &&
	    (strlen(q->which) > WHICH_MAX || strpbrk(q->which, " \t\r\n") || !*q->which)) {
		fprintf(errors, "trunkgate: that is no call's name: `trunkgate show calls` lists "
		                "them\n");
		return 2;
	}
	return 0;
}

/* Gives an exit status. */
static int ask(const struct ctl_question *q, const char *question, FILE *out, FILE *errors)
{
	int fd = -1, status = open_socket(q, &fd, errors);
	struct buf answer;
	enum err err;

	if (status)
		return status;
	buf_init(&answer, ANSWER_MAX);
	err = talk(fd, question, &answer);
	close(fd);
	if (err) {
		fprintf(errors, "trunkgate: no answer from %s: %s\n", q->socket, err_text(err));
		status = 1;
	} else {
		status = print(q, &answer, out, errors);
	}
	buf_free(&answer);
	return status;
}

int ctl_ask(const struct ctl_question *q, FILE *out, FILE *errors)
{
	char question[CTL_QUESTION_MAX + 2];
	int status = strcmp(q->what, PRINT_RELOAD) == 0 ? 0 : bad_question(q, errors);

	if (status)
		return status;
	if (strcmp(q->what, PRINT_RELOAD) == 0)
		return ask(q, "reload\n", out, errors);
	snprintf(question, sizeof(question), "show %s%s%s\n", q->what, q->which ? " " : "",
	         q->which ? q->which : "");
	return ask(q, question, out, errors);
}

int ctl_reload(const char *socket)
{
	const struct ctl_question q = { .socket = socket,
		                        .what = PRINT_RELOAD,
		                        .timeout_ms = TIMEOUT_MS };

	return ctl_ask(&q, stdout, stderr);
}

int ctl_show(const char *socket, const char *what, const char *which, int json)
{
	const struct ctl_question q = { .socket = socket,
		                        .what = what,
		                        .which = which,
		                        .json = json,
		                        .timeout_ms = TIMEOUT_MS };

	return ctl_ask(&q, stdout, stderr);
}
