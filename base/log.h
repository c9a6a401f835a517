/* The log: one line an event, key=value. It never blocks a caller: a thread of its own writes the
 * lines, and what it cannot keep up with is dropped, counted and said. Any thread. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdint.h>
#include "base/err.h"

enum log_level {
	LOG_ERROR, /* the operator must act */
	LOG_WARN,  /* something is off */
	LOG_INFO,  /* a call or registration began or ended */
	LOG_DEBUG, /* the rest */
};

enum log_target { LOG_TO_STDERR, LOG_TO_JOURNALD };

/* One key with its value. A value from the wire is escaped here, so that it cannot forge a line. */
struct log_kv {
	const char *key;
	const char *text; /* NULL: number counts */
	int64_t number;
};

#define KV(k, v)  ((struct log_kv){ .key = (k), .text = log_text(v) })
#define KVN(k, v) ((struct log_kv){ .key = (k), .number = (int64_t)(v) })

/* Only when it is not 0; the last of a line. */
#define KVN_LAST(k, v) ((struct log_kv){ .key = (v) ? (k) : NULL, .number = (int64_t)(v) })

static inline const char *log_text(const char *text)
{
	return text ? text : "-";
}

/* LOG(LOG_INFO, KV("call", id), KV("event", "answered"), KVN("code", 200)); the call's id first. */
#define LOG(level, ...)                                                                    \
	do {                                                                               \
		if (log_wants(level))                                                      \
			log_write((level), (const struct log_kv[]){ __VA_ARGS__, { 0 } }); \
	} while (0)

int log_wants(enum log_level level);
void log_write(enum log_level level, const struct log_kv *kvs); /* ends at key NULL */

/* For lines that anybody outside can cause: LOG_BURST of a kind in LOG_WINDOW_MS, then silence,
 * whose count the next line carries. One thread a limit; zeroed to begin with. */
#define LOG_BURST     20
#define LOG_WINDOW_MS 10000
struct log_limit {
	uint64_t window_from_ms;
	unsigned said, suppressed;
};
/* True: say it, with KVN_LAST("suppressed", *suppressed). */
int log_limit_admits(struct log_limit *limit, unsigned *suppressed);

/* Before log_start lines go to stderr at once (tests, tools). log_stop writes what is left. */
void log_set_level(enum log_level level);
MUST_USE enum err log_start(enum log_target target);
void log_stop(void);

/* Tests, and who has other words for what happens: every line goes to fn instead. NULL: back to
 * normal. */
void log_capture(void (*fn)(void *arg, enum log_level level, const char *line), void *arg);

#endif
