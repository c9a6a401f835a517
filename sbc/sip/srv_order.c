/* RFC 2782, "Usage rules". Any thread. */
#include "sbc/sip/srv_order.h"

#include <string.h>
#include "base/random.h"

/* Moves list[from] forward to list[to]; what was between follows it in its order. */
static void move(struct dns_srv *list, size_t from, size_t to)
{
	struct dns_srv moved = list[from];

	memmove(&list[to + 1], &list[to], (from - to) * sizeof(*list));
	list[to] = moved;
}

/* Of a priority those without weight come first, so that they have a small chance. */
static bool before(const struct dns_srv *a, const struct dns_srv *b)
{
	if (a->priority != b->priority)
		return a->priority < b->priority;
	return a->weight == 0 && b->weight > 0;
}

static void sort(struct dns_srv *list, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		size_t to = i;

		while (to > 0 && before(&list[i], &list[to - 1]))
			to--;
		move(list, i, to);
	}
}

/* Draws the first of list[0] to list[n - 1], all of one priority. */
static size_t draw(const struct dns_srv *list, size_t n)
{
	uint32_t sum = 0, chance, running = 0;
	size_t i;

	for (i = 0; i < n; i++)
		sum += list[i].weight;
	chance = random_below(sum + 1);
	for (i = 0; i + 1 < n; i++) {
		running += list[i].weight;
		if (running >= chance)
			break;
	}
	return i;
}

void srv_order(struct dns_srv *list, size_t n)
{
	sort(list, n);
	for (size_t i = 0; i < n; i++) {
		size_t same = 1;

		while (i + same < n && list[i + same].priority == list[i].priority)
			same++;
		move(list, i + draw(list + i, same), i);
	}
}
