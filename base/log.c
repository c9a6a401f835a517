/* Lines are made by the thread that has something to say, put into a bounded queue and written by a
 * thread that may block. The queue's lock is held for a copy of one line, never during a write. */
#include "base/log.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>
/* syslog.h comes with it and has other meanings for two of our names. */
#undef LOG_INFO
#undef LOG_DEBUG
#include "base/clock.h"
#include "base/text.h"

#define LINE_MAX_LEN 2048
#define QUEUE_LINES  1024
/* The writer lets that much time pass before it writes what is no trouble: a call's lines come
 * together, and waking a thread costs more than writing a line. */
#define GATHER_MS     200
#define GATHER_OCTETS 16384

struct line {
	enum log_level level;
	uint64_t wall_us;
	char text[LINE_MAX_LEN];
};

static struct {
	_Atomic(enum log_level) level;
	pthread_mutex_t lock;
	pthread_cond_t filled;
	struct line queue[QUEUE_LINES]; /* what is counted, until the writer gives it back */
	unsigned head, count;           /* under lock */
	uint64_t dropped;               /* under lock */
	bool running, stopping, urgent; /* under lock */
	enum log_target target;
	pthread_t writer;
	void (*capture)(void *, enum log_level, const char *);
	void *capture_arg;
} state = { .level = LOG_INFO,
	    .lock = PTHREAD_MUTEX_INITIALIZER,
	    .filled = PTHREAD_COND_INITIALIZER };

static const char *const level_names[] = { "error", "warn", "info", "debug" };

void log_set_level(enum log_level level)
{
	state.level = level;
}

int log_wants(enum log_level level)
{
	return level <= atomic_load_explicit(&state.level, memory_order_relaxed);
}

void log_capture(void (*fn)(void *, enum log_level, const char *), void *arg)
{
	state.capture = fn;
	state.capture_arg = arg;
}

struct writer_buf {
	char *at, *end; /* end leaves room for the NUL */
};

static void put(struct writer_buf *w, char c)
{
	if (w->at < w->end)
		*w->at++ = c;
}

static void put_text(struct writer_buf *w, const char *text)
{
	size_t len = strnlen(text, (size_t)(w->end - w->at));

	memcpy(w->at, text, len);
	w->at += len;
}

static bool needs_quotes(const char *text)
{
	if (!*text)
		return true;
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c <= ' ' || c >= 0x7f || c == '"' || c == '=' || c == '\\')
			return true;
	}
	return false;
}

static void put_value(struct writer_buf *w, const char *text)
{
	if (!needs_quotes(text)) {
		put_text(w, text);
		return;
	}
	put(w, '"');
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		char hex[5];

		if (c == '"' || c == '\\') {
			put(w, '\\');
			put(w, (char)c);
		} else if (c < ' ' ||
		           c >= 0x7f) { /* also what a terminal may obey, and what is no UTF-8 */
			snprintf(hex, sizeof(hex), "\\x%02x", c);
			put_text(w, hex);
		} else {
			put(w, (char)c);
		}
	}
	put(w, '"');
}

static void format_line(char *out, size_t size, const struct log_kv *kvs)
{
	struct writer_buf w = { out, out + size - 1 };
	char digits[TEXT_NUMBER_MAX];

	for (; kvs->key; kvs++) {
		if (w.at != out)
			put(&w, ' ');
		put_text(&w, kvs->key);
		put(&w, '=');
		if (kvs->text) {
			put_value(&w, kvs->text);
			continue;
		}
		text_number(digits,
		            kvs->number < 0 ? -(uint64_t)kvs->number : (uint64_t)kvs->number);
		if (kvs->number < 0)
			put(&w, '-');
		put_text(&w, digits);
	}
	*w.at = '\0';
}

/* What goes to stderr at once. */
struct gathered {
	time_t when_s;
	char when[32]; /* the text of that second */
	size_t len;
	char text[GATHER_OCTETS];
};

static void write_gathered(struct gathered *g)
{
	size_t done = 0;

	while (done < g->len) {
		ssize_t w = write(STDERR_FILENO, g->text + done, g->len - done);

		if (w <= 0)
			break;
		done += (size_t)w;
	}
	g->len = 0;
}

static void gather(struct gathered *g, const struct line *line)
{
	time_t s = (time_t)(line->wall_us / 1000000);
	struct tm tm;
	int n;

	if (sizeof(g->text) - g->len < LINE_MAX_LEN + 64)
		write_gathered(g);
	/* strftime looks each time whether the zone's file has changed. */
	if (!g->when[0] || s != g->when_s) {
		gmtime_r(&s, &tm);
		strftime(g->when, sizeof(g->when), "%Y-%m-%dT%H:%M:%S", &tm);
		g->when_s = s;
	}
	n = snprintf(g->text + g->len, LINE_MAX_LEN + 64, "%s.%03uZ level=%s %s\n", g->when,
	             (unsigned)(line->wall_us / 1000 % 1000), level_names[line->level], line->text);
	g->len += n < 0 ? 0 : (size_t)n;
}

/* Writes line now, or gathers it for stderr. */
static void write_line(struct gathered *g, const struct line *line)
{
	static const int priority[] = { 3, 4, 6, 7 };

	if (state.target == LOG_TO_STDERR ||
	    sd_journal_send("MESSAGE=%s", line->text, "PRIORITY=%i", priority[line->level], NULL) <
	        0)
		gather(g, line);
}

static void say_dropped(struct gathered *g, uint64_t dropped)
{
	struct line line = { .level = LOG_WARN, .wall_us = clock_wall_us() };

	snprintf(line.text, sizeof(line.text), "event=log-overflow dropped=%llu",
	         (unsigned long long)dropped);
	write_line(g, &line);
}

/* With the lock: until there is something to write, and a little longer unless it is urgent. */
static void wait_for_lines(void)
{
	struct timespec until;
	int rc = 0;

	while (!state.count && !state.stopping)
		pthread_cond_wait(&state.filled, &state.lock);
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += GATHER_MS * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000L;
	until.tv_nsec %= 1000000000L;
	while (!state.urgent && !state.stopping && rc == 0)
		rc = pthread_cond_clockwait(&state.filled, &state.lock, CLOCK_MONOTONIC, &until);
	state.urgent = false;
}

static void *writer_main(void *arg)
{
	static struct gathered gathered;
	unsigned from, n;
	uint64_t dropped;

	(void)arg;
	pthread_mutex_lock(&state.lock);
	for (;;) {
		wait_for_lines();
		if (!state.count)
			break;
		from = state.head;
		n = state.count;
		dropped = state.dropped;
		state.dropped = 0;
		pthread_mutex_unlock(&state.lock);
		if (dropped)
			say_dropped(&gathered, dropped);
		for (unsigned i = 0; i < n; i++)
			write_line(&gathered, &state.queue[(from + i) % QUEUE_LINES]);
		write_gathered(&gathered);
		pthread_mutex_lock(&state.lock);
		state.head = (from + n) % QUEUE_LINES;
		state.count -= n;
	}
	pthread_mutex_unlock(&state.lock);
	return NULL;
}

/* Puts a line into the queue; the writer is woken without the lock, which it would want at once. */
static void enqueue(const struct line *line)
{
	bool wake;

	pthread_mutex_lock(&state.lock);
	wake = state.count == 0;
	if (state.count == QUEUE_LINES) {
		state.dropped++;
	} else {
		struct line *to = &state.queue[(state.head + state.count++) % QUEUE_LINES];

		to->level = line->level;
		to->wall_us = line->wall_us;
		memcpy(to->text, line->text, strlen(line->text) + 1);
	}
	if (!state.urgent && (line->level <= LOG_WARN || state.count > QUEUE_LINES / 2))
		state.urgent = wake = true;
	pthread_mutex_unlock(&state.lock);
	if (wake)
		pthread_cond_signal(&state.filled);
}

static void write_now(const struct line *line)
{
	struct gathered g;

	g.len = 0;
	g.when[0] = '\0';
	gather(&g, line);
	write_gathered(&g);
}

void log_write(enum log_level level, const struct log_kv *kvs)
{
	struct line line;

	if (!log_wants(level))
		return;
	line.level = level;
	line.wall_us = clock_wall_us();
	format_line(line.text, sizeof(line.text), kvs);
	if (state.capture) {
		state.capture(state.capture_arg, level, line.text);
		return;
	}
	if (state.running)
		enqueue(&line);
	else
		write_now(&line);
}

int log_limit_admits(struct log_limit *limit, unsigned *suppressed)
{
	uint64_t now_ms = clock_mono_ms();

	if (limit->said == 0 || now_ms - limit->window_from_ms >= LOG_WINDOW_MS) {
		limit->window_from_ms = now_ms;
		limit->said = 0;
	}
	if (limit->said >= LOG_BURST) {
		limit->suppressed++;
		return 0;
	}
	limit->said++;
	*suppressed = limit->suppressed;
	limit->suppressed = 0;
	return 1;
}

enum err log_start(enum log_target target)
{
	sigset_t all, old;
	int rc;

	assert(!state.running);
	state.target = target;
	state.stopping = state.urgent = false;
	/* Signals belong to the loop's thread. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = pthread_create(&state.writer, NULL, writer_main, NULL);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (rc != 0)
		return ERR_LIMIT;
	state.running = true;
	return OK;
}

void log_stop(void)
{
	if (!state.running)
		return;
	pthread_mutex_lock(&state.lock);
	state.stopping = true;
	pthread_cond_signal(&state.filled);
	pthread_mutex_unlock(&state.lock);
	pthread_join(state.writer, NULL);
	state.running = false;
}
