/* A growing text with a limit. A failure sticks: write all, then ask buf_err once. One thread. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stddef.h>
#include <stdint.h>
#include "base/err.h"

struct buf {
	char *data; /* always NUL-terminated once something was written; NULL before */
	size_t len, size, limit;
	enum err err;
};

/* limit: the most bytes that it grows to. */
void buf_init(struct buf *b, size_t limit);
void buf_free(struct buf *b);
void buf_wipe(struct buf *b); /* the same for one that holds a secret */
void buf_add(struct buf *b, const void *data, size_t len);
void buf_puts(struct buf *b, const char *text);
void buf_put_number(struct buf *b, uint64_t n); /* decimal */
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Removes the first len bytes. */
void buf_consume(struct buf *b, size_t len);
enum err buf_err(const struct buf *b);
/* Hands over the text (never NULL on OK); mem_free it. The buffer is empty afterwards. */
MUST_USE enum err buf_take(struct buf *b, char **out);

#endif
