/* Relaxed atomics. The worker of the stream writes. */
#include "media/counters.h"

#include <string.h>
#include "base/err.h"

static uint64_t get(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

void counters_show(struct counters_shown *shown, const struct addr *a)
{
	uint32_t version = atomic_load_explicit(&shown->version, memory_order_relaxed);
	uint64_t words[3] = { 0 };

	if (a->sa.sa_family == AF_INET6)
		memcpy(words, &a->v6.sin6_addr, 16);
	else
		memcpy(words, &a->v4.sin_addr, 4);
	words[2] = (uint64_t)a->sa.sa_family << 16 | addr_port(a);
	/* Each word is released after the odd version: who sees one of them sees that. */
	atomic_store_explicit(&shown->version, version + 1, memory_order_relaxed);
	for (unsigned i = 0; i < 3; i++)
		atomic_store_explicit(&shown->words[i], words[i], memory_order_release);
	atomic_store_explicit(&shown->version, version + 2, memory_order_release);
}

static void look(const struct counters_shown *shown, struct addr *out)
{
	uint32_t before, after;
	uint64_t words[3];

	do {
		before = atomic_load_explicit(&shown->version, memory_order_acquire);
		for (unsigned i = 0; i < 3; i++)
			words[i] = atomic_load_explicit(&shown->words[i], memory_order_acquire);
		after = atomic_load_explicit(&shown->version, memory_order_relaxed);
	} while (before != after || (before & 1));
	memset(out, 0, sizeof(*out));
	out->sa.sa_family = (sa_family_t)(words[2] >> 16);
	if (out->sa.sa_family == AF_INET6)
		memcpy(&out->v6.sin6_addr, words, 16);
	else if (out->sa.sa_family == AF_INET)
		memcpy(&out->v4.sin_addr, words, 4);
	addr_set_port(out, (uint16_t)words[2]);
}

void counters_forget(struct counters *c)
{
	_Atomic uint64_t *const all[] = { &c->packets_in,  &c->octets_in,   &c->packets_out,
		                          &c->octets_out,  &c->rtcp_in,     &c->rtcp_out,
		                          &c->primers_out, &c->unreachable, &c->heard_ms,
		                          &c->lost,        &c->bad_source,  &c->bad_auth,
		                          &c->malformed,   &c->send_errors, &c->reordered,
		                          &c->events };
	const struct addr nowhere = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		atomic_store_explicit(all[i], 0, memory_order_relaxed);
	atomic_store_explicit(&c->jitter_us, 0, memory_order_relaxed);
	atomic_store_explicit(&c->round_trip_us, 0, memory_order_relaxed);
	atomic_store_explicit(&c->payload_type, 0, memory_order_relaxed);
	counters_show(&c->latched, &nowhere);
}

void counters_read(const struct counters *c, struct stream_stats *out)
{
	*out = (struct stream_stats){
		.packets_in = get(&c->packets_in),
		.octets_in = get(&c->octets_in),
		.packets_out = get(&c->packets_out),
		.octets_out = get(&c->octets_out),
		.rtcp_in = get(&c->rtcp_in),
		.rtcp_out = get(&c->rtcp_out),
		.primers_out = get(&c->primers_out),
		.unreachable = get(&c->unreachable),
		.alive_ms = get(&c->heard_ms),
		.lost = get(&c->lost),
		.payload_type = atomic_load_explicit(&c->payload_type, memory_order_relaxed),
		.reordered = get(&c->reordered),
		.events = get(&c->events),
		.round_trip_us = atomic_load_explicit(&c->round_trip_us, memory_order_relaxed),
		.jitter_us = atomic_load_explicit(&c->jitter_us, memory_order_relaxed),
		.bad_source = get(&c->bad_source),
		.bad_auth = get(&c->bad_auth),
		.malformed = get(&c->malformed),
		.send_errors = get(&c->send_errors),
	};
	look(&c->latched, &out->latched);
}
