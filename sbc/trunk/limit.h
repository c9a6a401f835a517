/* How many calls somebody may have at the same time, and how many may begin in a second.
 * Signalling thread. */
#ifndef SBC_TRUNK_LIMIT_H
#define SBC_TRUNK_LIMIT_H

#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"

/* A bucket that holds the calls of one second and fills as time goes by. Zeroed: any number. */
struct rate {
	unsigned per_s; /* 0: any number */
	uint64_t filled_ms;
	uint64_t spent; /* thousandths of a call; less as time goes by */
};

/* Takes one call out of the bucket. False: there is none; always: takes it all the same. */
bool rate_take(struct rate *r, bool always);

/* Zeroed: no limit. */
struct limit {
	unsigned max_calls; /* 0: any number */
	unsigned calls;     /* now */
	uint64_t refused;   /* ever */
	struct rate rate;
	struct rate requests; /* out of calls */
};

/* 0: any number. */
struct limit limit_of(unsigned max_calls, unsigned per_s);
/* One call more; ERR_LIMIT: there are enough. always: what comes is counted and never refused. */
MUST_USE enum err limit_take(struct limit *l, bool always);
/* One request more that is none of a call. ERR_LIMIT: they come too often. */
MUST_USE enum err limit_take_request(struct limit *l);
void limit_give(struct limit *l);

#endif
