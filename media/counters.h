/* What is counted of a side of a stream: one thread writes, any reads, and none waits. */
#ifndef MEDIA_COUNTERS_H
#define MEDIA_COUNTERS_H

#include <stdatomic.h>
#include <stdint.h>
#include "base/addr.h"
#include "media/anchor.h"

/* An address that one thread writes and others read: the version is odd while it is written. */
struct counters_shown {
	_Atomic uint32_t version;
	_Atomic uint64_t words[3]; /* 16 octets of address; family << 16 | port */
};

/* Written by the worker alone, relaxed. */
struct counters {
	_Atomic uint64_t packets_in, octets_in, packets_out, octets_out, rtcp_in, rtcp_out;
	_Atomic uint64_t primers_out, unreachable;
	_Atomic uint64_t heard_ms; /* when the last good packet came; 0: none yet */
	_Atomic uint64_t lost, bad_source, bad_auth, malformed, send_errors;
	_Atomic uint64_t reordered, events;
	_Atomic uint32_t jitter_us, round_trip_us;
	_Atomic uint8_t payload_type;
	struct counters_shown latched;
};

/* One writer: no locked instruction needed. */
static inline void counters_add(_Atomic uint64_t *counter, uint64_t n)
{
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n,
	                      memory_order_relaxed);
}

/* The writer. Readers see the old address or this one, never parts of both. Copies a. */
void counters_show(struct counters_shown *shown, const struct addr *a);
/* The writer. All begin at 0 again, and no address is shown. */
void counters_forget(struct counters *c);
/* Any thread. Each number is right, though not all are of the same packet; alive_ms is when the
 * last good one came. */
void counters_read(const struct counters *c, struct stream_stats *out);

#endif
