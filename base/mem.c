/* Allocation through one door, so that tests can close it. Any thread. */
#include "base/mem.h"

#include <malloc.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

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

#define HEAP_OCTETS     (64 * 1024 * 1024) /* of it that come at once; of an address space */
#define PROBE_OCTETS    (512 * 1024)       /* more than is left of it before */
#define PAGE_OCTETS     (2 * 1024 * 1024)
#define TOP_PAD_DEFAULT (128 * 1024)

void mem_tidy(void)
{
	uintptr_t begin, end;
	void *volatile probe; /* or the compiler leaves it out */

	malloc_trim(0);
	begin = (uintptr_t)sbrk(0);
	/* From the heap, not as a mapping of its own; and kept until it is tidied again. */
	mallopt(M_MMAP_THRESHOLD, 2 * PROBE_OCTETS);
	mallopt(M_TRIM_THRESHOLD, 2 * HEAP_OCTETS);
	mallopt(M_TOP_PAD, HEAP_OCTETS);
	probe = malloc(PROBE_OCTETS);
	free(probe);
	mallopt(M_TOP_PAD, TOP_PAD_DEFAULT);
	end = (uintptr_t)sbrk(0);
	begin = (begin + PAGE_OCTETS - 1) / PAGE_OCTETS * PAGE_OCTETS;
	if (end > begin)
		madvise((void *)begin, end - begin, MADV_HUGEPAGE); /* a wish */
}
