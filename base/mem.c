/* Allocation through one door, so that tests can close it. Any thread. */
#include "base/mem.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static atomic_uint fail_in;
static atomic_int has_failed;

static int must_fail(void)
{
	if (atomic_load_explicit(&fail_in, memory_order_relaxed) == 0)
		return 0;
	if (atomic_fetch_sub(&fail_in, 1) != 1)
		return 0;
	atomic_store(&has_failed, 1);
	return 1;
}

void mem_fail_nth(unsigned n)
{
	atomic_store(&has_failed, 0);
	atomic_store(&fail_in, n);
}

int mem_has_failed(void)
{
	return atomic_load(&has_failed);
}

/* What glibc keeps at hand for each thread, which its calloc does not look at. */
#define SMALL 1024

void *mem_zalloc(size_t size)
{
	void *p;

	if (must_fail())
		return NULL;
	if (size > SMALL)
		return calloc(1, size);
	p = malloc(size ? size : 1);
	return p ? memset(p, 0, size) : NULL;
}

void *mem_array(void *old, size_t n, size_t size)
{
	if (must_fail() || (size && n > SIZE_MAX / size))
		return NULL;
	return realloc(old, n > 0 && size > 0 ? n * size : 1);
}

char *mem_strndup(const char *s, size_t len)
{
	char *copy = mem_zalloc(len + 1);

	if (copy)
		memcpy(copy, s, len);
	return copy;
}

char *mem_strdup(const char *s)
{
	return mem_strndup(s, strlen(s));
}

char *mem_printf(const char *fmt, ...)
{
	va_list args;
	char *text = NULL;
	int n;

	if (must_fail())
		return NULL;
	va_start(args, fmt);
	n = vasprintf(&text, fmt, args);
	va_end(args);
	return n < 0 ? NULL : text;
}

void mem_free(void *p)
{
	free(p);
}

void mem_wipe(void *p, size_t size)
{
	if (size > 0)
		explicit_bzero(p, size);
}

void mem_wipe_text(char **text)
{
	if (*text)
		mem_wipe(*text, strlen(*text));
	mem_free(*text);
	*text = NULL;
}
