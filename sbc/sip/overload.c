/* The queue's delay decides, as in CoDel (RFC 8289): a burst makes it long for a moment, an
 * overload makes it stay long. While it stays, each call that waited too long is refused and each
 * that did not is taken, so the queue settles at that length, whatever a call costs and the machine
 * can do. Signalling thread. */
#include "sbc/sip/overload.h"

#include "base/clock.h"

static enum overload_change in_time(struct overload *o)
{
	o->all_late_ms = 0;
	if (!o->on || clock_mono_ms() - o->last_late_ms < OVERLOAD_CALM_MS)
		return OVERLOAD_SAME;
	o->on = false;
	return OVERLOAD_ENDS;
}

enum overload_change overload_note(struct overload *o, uint64_t waited_ms)
{
	uint64_t now_ms;

	o->late = waited_ms >= OVERLOAD_LATE_MS;
	if (!o->late)
		return in_time(o);
	now_ms = clock_mono_ms();
	o->last_late_ms = now_ms;
	if (!o->all_late_ms)
		o->all_late_ms = now_ms;
	if (o->on || now_ms - o->all_late_ms < OVERLOAD_PATIENCE_MS)
		return OVERLOAD_SAME;
	o->on = true;
	o->shed = 0;
	return OVERLOAD_BEGINS;
}

bool overload_sheds(const struct overload *o)
{
	return o->on && o->late;
}
