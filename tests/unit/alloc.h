/* Makes every allocation of a piece of code fail in turn. */
#ifndef TESTS_UNIT_ALLOC_H
#define TESTS_UNIT_ALLOC_H

#include "base/mem.h"

/* Runs fn(arg) with the first allocation failing, then the second, and so on until a run needs no
 * more. fn must survive it and leave nothing behind (the sanitizer looks). Gives the number of
 * runs. */
static inline unsigned each_allocation_fails(void (*fn)(void *arg), void *arg)
{
	unsigned n = 0;

	do {
		mem_fail_nth(++n);
		fn(arg);
	} while (mem_has_failed() && n < 100000);
	mem_fail_nth(0);
	return n;
}

#endif
