/* The one set of errors that functions return, and what the compiler is told about it. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stddef.h>

#define MUST_USE               __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#define ENDS_WITH_NULL         __attribute__((sentinel))
#define ARRAY_LEN(a)           (sizeof(a) / sizeof((a)[0]))

/* The object of `type` that holds `member` at ptr. */
#define CONTAINER_OF(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

enum err {
	OK = 0,
	ERR_NOMEM,       /* an allocation failed */
	ERR_LIMIT,       /* a table, queue or range is full */
	ERR_TOO_LONG,    /* more octets than may go this way */
	ERR_SYNTAX,      /* input is not what the format says */
	ERR_NOT_FOUND,   /* no such thing */
	ERR_EXISTS,      /* there is one already */
	ERR_IO,          /* the system refused a read, write, bind or connect */
	ERR_TIMEOUT,     /* no answer in time */
	ERR_REFUSED,     /* the peer, or our policy, said no */
	ERR_TLS,         /* the handshake or the check of the peer's certificate failed */
	ERR_DNS,         /* the look-up gave no address */
	ERR_AUTH,        /* wrong or missing credentials */
	ERR_NOT_NOW,     /* not possible in this state */
	ERR_UNSUPPORTED, /* understood, but we do not do that */
	ERR_CLOSED,      /* the connection is gone */
};

/* A few plain words for a log line; never NULL. */
const char *err_text(enum err err);
/* Writes what failed, and how, to why; OK leaves why as it is. Gives err. */
MUST_USE enum err err_explain(enum err err, const char *what, char *why, size_t size);

#endif
