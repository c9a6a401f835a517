/* Where a request goes: the first route that fits. Reads the configuration only: what runs and what
 * explains ask the same. Any thread. */
#ifndef SBC_TRUNK_ROUTE_H
#define SBC_TRUNK_ROUTE_H

#include <stdbool.h>
#include <stdint.h>
#include "config/config.h"

/* What is to be routed. from is the phone or the trunk itself; a route for a realm fits all of its
 * phones. */
struct route_query {
	const struct config_party *from;
	const char *called, *caller; /* user parts; "" for none */
	const char *method;          /* NULL: INVITE */
	int64_t at_s;                /* wall clock */
	bool handed_on;              /* from was called, and sends the call on (REFER, 3xx) */
};

/* The first thing of a route that does not fit. */
enum route_miss {
	ROUTE_FITS,
	MISS_FROM,
	MISS_METHOD,
	MISS_NUMBER,
	MISS_CALLER,
	MISS_HOURS,
	MISS_CIRCLE, /* it leads back to from, which does not hand it on */
};

enum route_miss route_judge(const struct config_route *route, const struct route_query *q);
/* NULL: none fits. */
const struct config_route *route_pick(const struct config *cfg, const struct route_query *q);

#define ROUTE_TARGETS_MAX 8

/* The order in which the targets of a route are tried: indices of to, into order. By chance where
 * they have shares, so each call asks anew. Gives their number. */
size_t route_order(const struct config_route *route, size_t order[ROUTE_TARGETS_MAX]);

#endif
