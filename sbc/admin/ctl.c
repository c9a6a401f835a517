/* The control socket: one line in, one JSON document out, closed. Whoever connects is bounded in
 * what it may send, in time and in number, and never waited for. Signalling thread. The control
 * owns its clients and the history. */
#include "sbc/admin/ctl.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "certs/identity.h"
#include "sbc/admin/ctl_socket.h"
#include "sbc/admin/history.h"
#include "sbc/admin/show.h"

#define CLIENTS_MAX 16
/* From connecting until the last octet of the answer is taken. */
#define CLIENT_MS 10000
/* Until connections are taken again after the system had none left to give. */
#define PAUSE_MS   1000
#define ANSWER_MAX (16 * 1024 * 1024)

enum client_state { CLIENT_ASKING, CLIENT_READING };

struct client {
	TAILQ_ENTRY(client) link;
	struct ctl *ctl;
	enum client_state state;
	int fd;
	struct io *io;
	struct timer deadline;
	char question[CTL_QUESTION_MAX + 1];
	size_t len;
	struct buf answer;
	const char *rest; /* of the answer, what is still to be sent */
	size_t nrest;
	struct show_rest more; /* and what is still to be said */
};

struct ctl {
	struct show_env env;
	struct history *history;
	struct stat file; /* the socket's, as we made it */
	int fd;
	struct io *io;
	struct timer pause;
	TAILQ_HEAD(, client) clients;
	unsigned nclients;
};

static void client_free(struct client *c)
{
	timer_stop(&c->deadline);
	io_free(&c->io);
	close(c->fd);
	buf_free(&c->answer);
	show_stop(&c->more);
	TAILQ_REMOVE(&c->ctl->clients, c, link);
	c->ctl->nclients--;
	mem_free(c);
}

static void on_deadline(void *arg)
{
	struct client *c = arg;

	LOG(LOG_DEBUG, KV("event", "control"),
	    KV("result", c->state == CLIENT_ASKING ? "no question" : "answer not read"));
	client_free(c);
}

/* The answer so far. What fails behind its beginning breaks off: no reader takes that for a whole.
 */
static void take_answer(struct client *c)
{
	static const char no_memory[] = "{\"error\":\"the answer did not fit into memory\"}\n";
	bool is_begun = c->state == CLIENT_READING, failed = buf_err(&c->answer) != OK;

	if (failed)
		show_stop(&c->more);
	c->rest = failed ? no_memory : c->answer.data;
	c->nrest = !failed ? c->answer.len : is_begun ? 0 : sizeof(no_memory) - 1;
}

/* One part of it a waking: others are served between two. */
static void go_on(struct client *c)
{
	buf_consume(&c->answer, c->answer.len);
	show_go_on(&c->ctl->env, &c->more, &c->answer);
	take_answer(c);
}

/* Sends what the socket takes now. */
static void send_rest(struct client *c)
{
	if (c->nrest == 0 && c->more.list)
		go_on(c);
	while (c->nrest > 0) {
		ssize_t n = send(c->fd, c->rest, c->nrest, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return;
		if (n < 0)
			break;
		c->rest += n;
		c->nrest -= (size_t)n;
	}
	if (c->nrest > 0 || !c->more.list)
		client_free(c);
}

static void answer(struct client *c)
{
	c->question[c->len] = '\0';
	show_answer(&c->ctl->env, c->question, &c->more, &c->answer);
	take_answer(c);
	c->state = CLIENT_READING;
	if (io_set(c->io, IO_WRITE))
		client_free(c);
	else
		send_rest(c);
}

static void read_question(struct client *c)
{
	static const char too_long[] = "{\"error\":\"a question is one short line\"}\n";
	size_t room = sizeof(c->question) - c->len;
	ssize_t n = recv(c->fd, c->question + c->len, room, MSG_DONTWAIT);
	char *end;

	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		return;
	if (n <= 0) {
		client_free(c);
		return;
	}
	end = memchr(c->question + c->len, '\n', (size_t)n);
	c->len += (size_t)n;
	if (end) {
		c->len = (size_t)(end - c->question);
		answer(c);
	} else if (c->len == sizeof(c->question)) {
		c->rest = too_long;
		c->nrest = sizeof(too_long) - 1;
		send_rest(c);
	}
}

static void on_client(void *arg, int events)
{
	struct client *c = arg;

	(void)events;
	switch (c->state) {
	case CLIENT_ASKING:
		read_question(c);
		return;
	case CLIENT_READING:
		send_rest(c);
		return;
	}
}

/* Takes fd. */
static void client_new(struct ctl *ctl, int fd)
{
	struct client *c = mem_zalloc(sizeof(*c));

	if (!c || io_new(&c->io, ctl->env.from.loop, fd, IO_READ, on_client, c)) {
		mem_free(c);
		close(fd);
		return;
	}
	c->ctl = ctl;
	c->fd = fd;
	buf_init(&c->answer, ANSWER_MAX);
	TAILQ_INSERT_TAIL(&ctl->clients, c, link);
	ctl->nclients++;
	timer_start(loop_timers(ctl->env.from.loop), &c->deadline, CLIENT_MS, on_deadline, c);
}

/* A word that fits into any socket's buffer; whether it is heard is not our concern. */
static void turn_away(int fd)
{
	static const char busy[] = "{\"error\":\"too many ask at the same time: try again\"}\n";

	if (send(fd, busy, sizeof(busy) - 1, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		LOG(LOG_DEBUG, KV("event", "control"), KV("result", strerror(errno)));
	close(fd);
}

static void on_pause_over(void *arg)
{
	struct ctl *ctl = arg;

	if (io_set(ctl->io, IO_READ))
		timer_start(loop_timers(ctl->env.from.loop), &ctl->pause, PAUSE_MS, on_pause_over,
		            ctl);
}

/* Without descriptors or memory the connection stays in the queue and the socket readable: looking
 * away for a moment keeps the loop from spinning. */
static void pause_listening(struct ctl *ctl)
{
	LOG(LOG_WARN, KV("event", "control"), KV("why", strerror(errno)));
	if (io_set(ctl->io, 0) == OK)
		timer_start(loop_timers(ctl->env.from.loop), &ctl->pause, PAUSE_MS, on_pause_over,
		            ctl);
}

static void on_listener(void *arg, int events)
{
	struct ctl *ctl = arg;

	(void)events;
	for (int i = 0; i < CLIENTS_MAX; i++) {
		int fd = accept4(ctl->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0) {
			if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
			    errno == ENOMEM)
				pause_listening(ctl);
			return;
		}
		if (ctl->nclients < CLIENTS_MAX)
			client_new(ctl, fd);
		else
			turn_away(fd);
	}
}

static enum err listen_on(struct ctl *ctl, char *why)
{
	const char *path = ctl->env.from.cfg->control_socket;
	enum err err = ctl_listen(&ctl->fd, path, why);

	if (err)
		return err;
	if (lstat(path, &ctl->file) != 0) {
		snprintf(why, CERT_WHY_MAX, "control-socket %s: %s", path, strerror(errno));
		return ERR_IO;
	}
	err = io_new(&ctl->io, ctl->env.from.loop, ctl->fd, IO_READ, on_listener, ctl);
	if (err)
		snprintf(why, CERT_WHY_MAX, "control-socket %s: %s", path, err_text(err));
	return err;
}

enum err ctl_open(struct ctl **out, const struct ctl_cfg *cfg, char *why)
{
	struct ctl *ctl = mem_zalloc(sizeof(*ctl));
	enum err err;

	snprintf(why, CERT_WHY_MAX, "control-socket: %s", err_text(ERR_NOMEM));
	if (!ctl)
		return ERR_NOMEM;
	ctl->fd = -1;
	TAILQ_INIT(&ctl->clients);
	ctl->env = (struct show_env){ .from = *cfg, .opened_ms = clock_mono_ms() };
	err = history_new(&ctl->history);
	ctl->env.history = ctl->history;
	if (!err)
		err = listen_on(ctl, why);
	if (err) {
		ctl_close(&ctl);
		return err;
	}
	border_on_call_end(cfg->border, history_on_call_end, ctl->history);
	stack_set_tracer(cfg->stack, history_on_message, ctl->history);
	*out = ctl;
	return OK;
}

/* The file, unless another took its place. */
static void remove_file(const struct ctl *ctl)
{
	const char *path = ctl->env.from.cfg->control_socket;
	struct stat st;

	if (lstat(path, &st) == 0 && st.st_dev == ctl->file.st_dev && st.st_ino == ctl->file.st_ino)
		unlink(path);
}

void ctl_close(struct ctl **cp)
{
	struct ctl *ctl = *cp;
	struct client *c;

	if (!ctl)
		return;
	border_on_call_end(ctl->env.from.border, NULL, NULL);
	stack_set_tracer(ctl->env.from.stack, NULL, NULL);
	while ((c = TAILQ_FIRST(&ctl->clients)))
		client_free(c);
	timer_stop(&ctl->pause);
	io_free(&ctl->io);
	if (ctl->fd >= 0) {
		remove_file(ctl);
		close(ctl->fd);
	}
	history_free(&ctl->history);
	mem_free(ctl);
	*cp = NULL;
}
