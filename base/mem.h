/* Allocation with one hook: tests make the N-th allocation fail, for every N. Any thread. */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>
#include "base/err.h"

/* Zeroed memory; NULL when there is none. */
MUST_USE void *mem_zalloc(size_t size);
/* Grows or shrinks old (NULL is fine) to n elements of size bytes; NULL leaves old as it was. */
MUST_USE void *mem_array(void *old, size_t n, size_t size);
MUST_USE char *mem_strdup(const char *s);
MUST_USE char *mem_strndup(const char *s, size_t len);
MUST_USE char *mem_printf(const char *fmt, ...) PRINTF_LIKE(1, 2);
void mem_free(void *p); /* NULL is fine */

/* Overwrites memory that held a secret; the compiler keeps it. NULL with size 0 is fine. */
void mem_wipe(void *p, size_t size);
/* Wipes and frees a text that held one; *text becomes NULL, which is fine too. */
void mem_wipe_text(char **text);

/* Gives what is free back to the system, and has the next 64 MiB of the heap lie in pages of 2 MiB
 * where that grants it, for a call touches memory in many places. Walks through all of the heap. */
void mem_tidy(void);

/* Tests: the n-th allocation from now (1 is the next) fails, once; 0 turns it off. */
void mem_fail_nth(unsigned n);
/* Tests: whether the failure asked for has happened. */
int mem_has_failed(void);

#endif
