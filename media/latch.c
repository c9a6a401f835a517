/* One source at a time; who is not it is refused. The worker of the stream. RFC 4961, RFC 7362. */
#include "media/latch.h"

#include <string.h>

void latch_init(struct latch *l, bool learns, bool rtcp)
{
	l->learns = learns;
	l->rtcp = rtcp;
	l->mute = l->off = true;
}

bool latch_tell(struct latch *l, const struct addr *told, uint64_t now_ms)
{
	l->off = !addr_is_set(told) || !addr_port(told);
	l->mute = l->off || addr_is_any(told);
	/* Held and taken up again at the same place is not a move. */
	if (l->mute || addr_equal(&l->told, told))
		return false;
	l->told = *told;
	if (!addr_is_set(&l->source))
		return false;
	l->previous = l->source;
	l->settle_until_ms = now_ms + LATCH_SETTLE_MS;
	memset(&l->source, 0, sizeof(l->source));
	return true;
}

/* A source from before the move, which another may still replace. */
static bool is_provisional(const struct latch *l, uint64_t now_ms)
{
	return now_ms < l->settle_until_ms && addr_equal(&l->source, &l->previous);
}

bool latch_admits(const struct latch *l, const struct addr *from, const struct addr *rtp_source,
                  uint64_t now_ms)
{
	if (rtp_source && addr_is_set(rtp_source) && !addr_same_host(from, rtp_source))
		return false;
	if (!l->learns)
		return l->rtcp ? addr_same_host(from, &l->told) : addr_equal(from, &l->told);
	return !addr_is_set(&l->source) || addr_equal(from, &l->source) ||
	       is_provisional(l, now_ms);
}

bool latch_learn(struct latch *l, const struct addr *from)
{
	if (addr_equal(from, &l->source) || (!l->learns && addr_is_set(&l->source)))
		return false;
	l->source = *from;
	return true;
}

void latch_forget(struct latch *l)
{
	memset(&l->source, 0, sizeof(l->source));
}

const struct addr *latch_way(const struct latch *l)
{
	if (l->off || !addr_is_set(&l->told))
		return NULL;
	return l->learns && addr_is_set(&l->source) ? &l->source : &l->told;
}

const struct addr *latch_target(const struct latch *l)
{
	return l->mute ? NULL : latch_way(l);
}
