/* Where phones are: the one place that each registered from last, and the flow that leads there
 * (RFC 5626). Signalling thread. */
#ifndef SBC_PHONE_LOCATION_H
#define SBC_PHONE_LOCATION_H

#include <stdint.h>
#include "base/err.h"
#include "base/timer.h"
#include "config/config.h"
#include "sbc/sip/conn.h"

struct locations;

/* Where a phone registered. Owned by locations. */
struct location {
	const struct config_phone *phone;
	char *contact; /* its URI, which calls to it go to */
	struct flow flow;
	uint64_t since_ms, expires_ms; /* clock_mono_ms() */
	char *user_agent;              /* NULL: it does not say */
	char *call_id; /* of the REGISTER, and its CSeq: what came before it is older */
	uint32_t cseq;
	struct timer timer; /* its end */
	struct timer ping;  /* of a flow over UDP */
	struct locations *all;
};

/* Borrows cfg. */
MUST_USE enum err locations_new(struct locations **out, const struct config *cfg,
                                struct timers *timers);
void locations_free(struct locations **lp);

struct location_cfg {
	const char *contact;
	const struct flow *flow;
	unsigned expires_s;
	const char *user_agent; /* NULL: it does not say */
	const char *call_id;    /* of the REGISTER */
	uint32_t cseq;
};
/* In place of the one before. Copies what cfg has. */
MUST_USE enum err location_set(struct locations *ls, const struct config_phone *phone,
                               const struct location_cfg *cfg);
void location_clear(struct locations *ls, const struct config_phone *phone, const char *why);
const struct location *location_get(const struct locations *ls, const struct config_phone *phone);

#endif
