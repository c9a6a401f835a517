/* Which route a call would take, and why the others do not: for people. One thread. */
#ifndef SBC_ADMIN_EXPLAIN_ROUTE_H
#define SBC_ADMIN_EXPLAIN_ROUTE_H

#include <stdio.h>
#include "sbc/trunk/route.h"

/* A line for each route up to the one that fits, then its targets in order. 0: one fits; 1: none
 * does. */
int explain_route(FILE *out, const struct config *cfg, const struct route_query *q);

/* `trunkgate explain-route ...`; 2: the question is wrong. */
int explain_route_main(int argc, char **argv, const char *standard_config);

#endif
