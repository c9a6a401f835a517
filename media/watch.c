/* One look at the counters in half a second, for each call that stands. Signalling thread. */
#include "media/watch.h"

#include "base/clock.h"
#include "base/log.h"

static const char *cause_of(const struct watch_side *s, const struct stream_stats *now)
{
	if (now->bad_auth > s->bad_auth)
		return "arrives but fails authentication, or its numbers were used before";
	if (now->bad_source > s->bad_source)
		return "arrives from an address that latching refuses";
	if (now->unreachable > s->unreachable)
		return "its ICMP says that it is unreachable";
	return "nothing arrives";
}

static void hear(struct watch_side *s, const struct stream_stats *now, uint64_t now_ms)
{
	s->packets = now->packets_in;
	s->bad_auth = now->bad_auth;
	s->bad_source = now->bad_source;
	s->unreachable = now->unreachable;
	s->heard_ms = now_ms;
}

static void say(struct watch *w, unsigned stream, enum media_side side, const char *result,
                const char *cause)
{
	LOG(LOG_WARN, KV("call", w->cfg.id), KV("event", "one-way"), KVN("stream", stream),
	    KV("from", w->cfg.parties[side]), KV("result", result), KV("cause", cause));
}

/* Gives whether it is to send now. */
static bool look_at(struct watch *w, unsigned stream, enum media_side side,
                    const struct stream_stats *now, uint64_t now_ms)
{
	struct watch_side *s = anchor_watched(w->cfg.anchor, stream, side);
	bool pauses, expected = anchor_expects(w->cfg.anchor, stream, side, &pauses);

	if (!expected || !s->heard_ms || now->packets_in != s->packets) {
		if (s->silent && expected)
			say(w, stream, side, "heard", "-");
		s->silent = false;
		hear(s, now, expected ? now_ms : 0);
		return expected;
	}
	/* Who has comfort noise may pause, once begun. */
	if (s->silent || now_ms - s->heard_ms < WATCH_SILENT_MS || (pauses && s->packets))
		return true;
	s->silent = true;
	if (!w->silent_because[side])
		w->silent_because[side] = cause_of(s, now);
	say(w, stream, side, "silent", cause_of(s, now));
	return true;
}

static void keep_worst(struct watch_worst *worst, const struct stream_stats *now)
{
	if (now->jitter_us > worst->jitter_us)
		worst->jitter_us = now->jitter_us;
	if (now->round_trip_us > worst->round_trip_us)
		worst->round_trip_us = now->round_trip_us;
}

/* True when its time is over. */
static bool look_at_side(struct watch *w, enum media_side side, uint64_t now_ms)
{
	uint64_t alive_ms = 0, timeout_ms = anchor_timeout_ms(w->cfg.anchor, side);
	bool expected = false;

	for (unsigned i = 0; i < anchor_nstreams(w->cfg.anchor); i++) {
		struct stream_stats now;

		anchor_stats(w->cfg.anchor, i, side, &now);
		keep_worst(&w->worst[side], &now);
		if (!look_at(w, i, side, &now, now_ms))
			continue;
		expected = true;
		alive_ms = now.alive_ms > alive_ms ? now.alive_ms : alive_ms;
	}
	return timeout_ms && expected && now_ms >= alive_ms + timeout_ms;
}

static void on_tick(void *arg)
{
	struct watch *w = arg;
	uint64_t now_ms = clock_mono_ms();

	timer_start_lazy(w->cfg.timers, &w->tick, WATCH_TICK_MS, on_tick, w);
	for (int side = 0; side < MEDIA_NSIDES; side++) {
		if (!look_at_side(w, (enum media_side)side, now_ms))
			continue;
		watch_stop(w);
		w->cfg.on_dead(w->cfg.arg, (enum media_side)side);
		return;
	}
}

void watch_start(struct watch *w, const struct watch_cfg *cfg)
{
	w->cfg = *cfg;
	on_tick(w);
}

void watch_stop(struct watch *w)
{
	timer_stop(&w->tick);
}
