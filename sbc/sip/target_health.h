/* How the addresses of a target fare (RFC 3263 4.3): one that failed rests for a while, and the
 * others are tried before it. Each owner (a trunk) has one of its own: what fails for one says
 * nothing about another. Bounded. Signalling thread. */
#ifndef SBC_SIP_TARGET_HEALTH_H
#define SBC_SIP_TARGET_HEALTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/addr.h"
#include "base/err.h"

#define TARGET_HEALTH_ADDRS 64   /* that failed lately; the one that did longest ago is forgotten */
#define TARGET_REST_MS      5000 /* after the first failure, then twice as long each time */
#define TARGET_REST_MAX_MS  300000

struct target_health;

/* name: of the owner, for the log; borrowed. */
MUST_USE enum err target_health_new(struct target_health **out, const char *name);
void target_health_free(struct target_health **hp); /* NULL is fine */

/* It rests, a quarter more or less by chance, and at least least_s (Retry-After; 0: none). */
void target_health_failed(struct target_health *h, const struct addr *a, unsigned least_s,
                          const char *why);
void target_health_well(struct target_health *h, const struct addr *a);
bool target_health_rests(const struct target_health *h, const struct addr *a);

/* Which of addrs to try next: the first that is not in tried (a bit each) and does not rest; else
 * the one that has rested longest, once: with rested_tried, or when all are tried, n. h NULL: none
 * rests. */
size_t target_health_pick(const struct target_health *h, const struct addr *addrs, size_t n,
                          uint32_t tried, bool rested_tried);

#endif
