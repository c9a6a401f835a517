/* A growing text with a limit. One thread at a time. */
#include "base/buf.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include "base/mem.h"
#include "base/text.h"

#define FIRST_SIZE 256

void buf_init(struct buf *b, size_t limit)
{
	memset(b, 0, sizeof(*b));
	b->limit = limit;
}

void buf_free(struct buf *b)
{
	mem_free(b->data);
	buf_init(b, b->limit);
}

void buf_wipe(struct buf *b)
{
	mem_wipe(b->data, b->len);
	buf_free(b);
}

/* Room for more bytes and the NUL. */
static bool reserve(struct buf *b, size_t more)
{
	size_t need, size = b->size ? b->size : FIRST_SIZE;
	char *data;

	if (b->err)
		return false;
	if (more > b->limit - b->len) {
		b->err = ERR_LIMIT;
		return false;
	}
	need = b->len + more + 1;
	if (need <= b->size)
		return true;
	while (size < need)
		size *= 2;
	data = mem_array(NULL, size, 1);
	if (!data) {
		b->err = ERR_NOMEM;
		return false;
	}
	if (b->len) { /* it may be a secret: none stays where it was */
		memcpy(data, b->data, b->len + 1);
		mem_wipe(b->data, b->len);
	}
	mem_free(b->data);
	b->data = data;
	b->size = size;
	return true;
}

void buf_add(struct buf *b, const void *data, size_t len)
{
	if (!reserve(b, len))
		return;
	if (len)
		memcpy(b->data + b->len, data, len);
	b->len += len;
	b->data[b->len] = '\0';
}

void buf_puts(struct buf *b, const char *text)
{
	buf_add(b, text, strlen(text));
}

void buf_put_number(struct buf *b, uint64_t n)
{
	char digits[TEXT_NUMBER_MAX];

	buf_add(b, digits, text_number(digits, n));
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	char text[512], *big = NULL;
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (n < 0) {
		b->err = ERR_SYNTAX;
		return;
	}
	if ((size_t)n < sizeof(text)) {
		buf_add(b, text, (size_t)n);
		return;
	}
	big = mem_zalloc((size_t)n + 1);
	if (!big) {
		b->err = ERR_NOMEM;
		return;
	}
	va_start(args, fmt);
	vsnprintf(big, (size_t)n + 1, fmt, args);
	va_end(args);
	buf_add(b, big, (size_t)n);
	mem_free(big);
}

void buf_consume(struct buf *b, size_t len)
{
	if (len > b->len)
		len = b->len;
	if (!len)
		return;
	b->len -= len;
	memmove(b->data, b->data + len, b->len + 1);
}

enum err buf_err(const struct buf *b)
{
	return b->err;
}

enum err buf_take(struct buf *b, char **out)
{
	buf_add(b, "", 0);
	if (b->err)
		return b->err;
	*out = b->data;
	b->data = NULL;
	buf_free(b);
	return OK;
}
