/* A pairing heap of embedded timers: start O(1), stop and run O(log n), no allocation.
 * The thread of the set's loop only. */
#include "base/timer.h"

#include <assert.h>
#include <stddef.h>
#include "base/clock.h"
#include "base/mem.h"

struct timers {
	struct timer *root;
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
	while ((*setp)->root)
		timer_stop((*setp)->root);
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
	struct timers *set = t->set;
	struct timer *rest;

	if (!set)
		return;
	rest = meld_siblings(t->child);
	if (set->root == t) {
		set->root = rest;
	} else {
		assert(t->prev);
		if (t->prev->child == t)
			t->prev->child = t->next;
		else
			t->prev->next = t->next;
		if (t->next)
			t->next->prev = t->prev;
		set->root = meld(set->root, rest);
	}
	t->set = NULL;
	t->child = t->next = t->prev = NULL;
}

void timer_start(struct timers *set, struct timer *t, uint64_t in_ms, void (*fn)(void *), void *arg)
{
	timer_stop(t);
	t->due_ms = clock_mono_ms() + (in_ms ? in_ms : 1);
	t->fn = fn;
	t->arg = arg;
	t->set = set;
	t->child = t->next = t->prev = NULL;
	set->root = meld(set->root, t);
}

bool timer_running(const struct timer *t)
{
	return t->set != NULL;
}

void timers_run(struct timers *set)
{
	uint64_t now_ms = clock_mono_ms();
	struct timer *t;

	while ((t = set->root) && t->due_ms <= now_ms) {
		void (*fn)(void *) = t->fn;
		void *arg = t->arg;

		timer_stop(t);
		fn(arg);
	}
}

uint64_t timers_next_ms(const struct timers *set)
{
	uint64_t now_ms;

	if (!set->root)
		return UINT64_MAX;
	now_ms = clock_mono_ms();
	return set->root->due_ms <= now_ms ? 0 : set->root->due_ms - now_ms;
}
