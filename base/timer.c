/* Two pairing heaps of embedded timers: start O(1), stop and run O(log n), no allocation.
 * The thread of the set's loop only. */
#include "base/timer.h"

#include <assert.h>
#include <stddef.h>
#include "base/clock.h"
#include "base/mem.h"

struct timers {
	struct timer *roots[2]; /* the second: of those that are lazy */
};

enum err timers_new(struct timers **out)
{
	struct timers *set = mem_zalloc(sizeof(*set));

	if (!set)
		return ERR_NOMEM;
	*out = set;
	return OK;
}

void timers_free(struct timers **setp)
{
	if (!*setp)
		return;
	for (int i = 0; i < 2; i++) {
		while ((*setp)->roots[i])
			timer_stop((*setp)->roots[i]);
	}
	mem_free(*setp);
	*setp = NULL;
}

/* Joins two heaps. prev of a first child is its parent, of another its left sibling. */
static struct timer *meld(struct timer *a, struct timer *b)
{
	struct timer *low;

	if (!a || !b)
		return a ? a : b;
	if (b->due_ms < a->due_ms) {
		low = a;
		a = b;
		b = low;
	}
	b->next = a->child;
	if (a->child)
		a->child->prev = b;
	b->prev = a;
	a->child = b;
	a->next = a->prev = NULL;
	return a;
}

/* Melds the siblings from first on in pairs, then the pairs from the last back. */
static struct timer *meld_siblings(struct timer *first)
{
	struct timer *pairs = NULL, *heap = NULL;

	while (first) {
		struct timer *a = first, *b = a->next, *pair;

		first = b ? b->next : NULL;
		a->next = a->prev = NULL;
		if (b)
			b->next = b->prev = NULL;
		pair = meld(a, b);
		pair->next = pairs;
		pairs = pair;
	}
	while (pairs) {
		struct timer *rest = pairs->next;

		pairs->next = NULL;
		heap = meld(heap, pairs);
		pairs = rest;
	}
	return heap;
}

void timer_stop(struct timer *t)
{
	struct timer **root, *rest;

	if (!t->set)
		return;
	root = &t->set->roots[t->lazy];
	rest = meld_siblings(t->child);
	if (*root == t) {
		*root = rest;
	} else {
		assert(t->prev);
		if (t->prev->child == t)
			t->prev->child = t->next;
		else
			t->prev->next = t->next;
		if (t->next)
			t->next->prev = t->prev;
		*root = meld(*root, rest);
	}
	t->set = NULL;
	t->child = t->next = t->prev = NULL;
}

static void start(struct timers *set, struct timer *t, bool lazy, uint64_t in_ms,
                  void (*fn)(void *), void *arg)
{
	timer_stop(t);
	t->due_ms = clock_mono_ms() + in_ms;
	t->fn = fn;
	t->arg = arg;
	t->set = set;
	t->lazy = lazy;
	t->child = t->next = t->prev = NULL;
	set->roots[lazy] = meld(set->roots[lazy], t);
}

void timer_start(struct timers *set, struct timer *t, uint64_t in_ms, void (*fn)(void *), void *arg)
{
	start(set, t, false, in_ms ? in_ms : 1, fn, arg);
}

void timer_start_lazy(struct timers *set, struct timer *t, uint64_t in_ms, void (*fn)(void *),
                      void *arg)
{
	start(set, t, true, in_ms ? in_ms : 1, fn, arg);
}

void timer_start_next(struct timers *set, struct timer *t, void (*fn)(void *), void *arg)
{
	start(set, t, false, 0, fn, arg);
}

bool timer_running(const struct timer *t)
{
	return t->set != NULL;
}

/* NULL: there is none. */
static struct timer *earliest(const struct timers *set)
{
	struct timer *a = set->roots[0], *b = set->roots[1];

	if (!a || !b)
		return a ? a : b;
	return b->due_ms < a->due_ms ? b : a;
}

void timers_run(struct timers *set)
{
	uint64_t now_ms = clock_mono_ms();
	struct timer *t;

	while ((t = earliest(set)) && t->due_ms <= now_ms) {
		void (*fn)(void *) = t->fn;
		void *arg = t->arg;

		timer_stop(t);
		fn(arg);
	}
}

uint64_t timers_next_ms(const struct timers *set)
{
	const struct timer *exact = set->roots[0], *lazy = set->roots[1];
	uint64_t due_ms = exact ? exact->due_ms : UINT64_MAX, now_ms;

	if (lazy && lazy->due_ms + TIMER_LAZY_MS < due_ms)
		due_ms = lazy->due_ms + TIMER_LAZY_MS;
	if (due_ms == UINT64_MAX)
		return UINT64_MAX;
	now_ms = clock_mono_ms();
	return due_ms <= now_ms ? 0 : due_ms - now_ms;
}
