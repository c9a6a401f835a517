/* The address at which a realm is seen from outside, where the configuration has a name or a STUN
 * server for it: looked for at the start and then again and again, for a line that fails over or a
 * provider that gives out another one. Signalling thread. */
#ifndef SBC_SIP_OUTER_H
#define SBC_SIP_OUTER_H

#include "config/config.h"
#include "sbc/sip/resolver.h"

/* Between two looks: DNS has an answer at hand until its TTL is over; a STUN server is asked each
 * time. */
#define OUTER_NAME_MS 10000
#define OUTER_STUN_MS 30000

struct outer;

struct outer_cfg {
	const struct config_realm *realm; /* outer.host is set; borrowed, as the rest */
	struct loop *loop;
	struct resolver *resolver;
	void (*on_change)(void *arg); /* another address is seen than before */
	void *arg;
};

/* Begins to look. */
MUST_USE enum err outer_new(struct outer **out, const struct outer_cfg *cfg);
void outer_free(struct outer **op); /* NULL is fine */
/* Without a port; unset: not known yet. What was known stays while nobody answers. */
const struct addr *outer_address(const struct outer *o);
/* Why the last look failed; NULL: it did not. */
const char *outer_problem(const struct outer *o);

#endif
