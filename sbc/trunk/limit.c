/* Limits of calls. Signalling thread. */
#include "sbc/trunk/limit.h"

#include <assert.h>
#include "base/clock.h"

#define CALL 1000 /* what is spent for one; a millisecond gives per_s back */

bool rate_take(struct rate *r, bool always)
{
	uint64_t now = clock_mono_ms(), most = (uint64_t)r->per_s * CALL, back;

	if (!r->per_s)
		return true;
	back = (now - r->filled_ms) * r->per_s;
	r->spent -= back < r->spent ? back : r->spent;
	r->filled_ms = now;
	if (r->spent + CALL > most && !always)
		return false;
	r->spent = r->spent + CALL < most ? r->spent + CALL : most;
	return true;
}

struct limit limit_of(unsigned max_calls, unsigned per_s)
{
	return (struct limit){ .max_calls = max_calls,
		               .rate = { .per_s = per_s },
		               .requests = { .per_s = per_s } };
}

enum err limit_take(struct limit *l, bool always)
{
	bool full = l->max_calls && l->calls >= l->max_calls;

	if ((full && !always) || !rate_take(&l->rate, always)) {
		l->refused++;
		return ERR_LIMIT;
	}
	l->calls++;
	return OK;
}

enum err limit_take_request(struct limit *l)
{
	if (rate_take(&l->requests, false))
		return OK;
	l->refused++;
	return ERR_LIMIT;
}

void limit_give(struct limit *l)
{
	assert(l->calls > 0);
	l->calls--;
}
