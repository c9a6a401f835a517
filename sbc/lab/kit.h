/* What the lab's provider and phone are both built on: a loop, a SIP stack with one realm and one
 * listener, ports for media. Signalling thread. */
#ifndef SBC_LAB_KIT_H
#define SBC_LAB_KIT_H

#include <stdbool.h>
#include "base/err.h"
#include "base/loop.h"
#include "certs/tls_context.h"
#include "config/config.h"
#include "media/port_pool.h"
#include "sbc/b2bua/leg.h"
#include "sbc/sip/resolver.h"
#include "sbc/sip/stack.h"

#define KIT_CALLS_MAX 1000

struct kit_cfg {
	struct config_listener listener; /* port 0: any that is free */
	char *advertise;                 /* borrowed; NULL: the listener's address */
	struct tls_context *tls;         /* borrowed; NULL: the listener is not TLS */
	struct addr resolver;            /* unset: the system's */
	uint16_t media_low, media_high;
};

struct kit {
	struct loop *loop;
	struct stack *stack;
	struct dialogs *dialogs;
	struct resolver *resolver;
	struct port_pool *ports;
	struct config_listener listener; /* with the port that it got */
	char name[4];                    /* the realm's */
	struct config_realm realm_cfg;
	struct sip_realm *realm;
	struct leg_env legs;
	bool has_srtp; /* the library is open */
};

/* In place: the stack keeps pointers into it. loop is the caller's. On failure kit is closed, and
 * why (CERT_WHY_MAX bytes) says what is in the way. */
MUST_USE enum err kit_open(struct kit *kit, struct loop *loop, const struct kit_cfg *cfg,
                           char *why);
void kit_close(struct kit *kit);
/* A peer at an address, by the listener's transport. host (ADDR_TEXT_MAX) must outlive the target.
 */
void kit_target(const struct kit *kit, const struct addr *peer, char *host, struct target *out);
/* Our URI, as Contact has it. */
void kit_contact(const struct kit *kit, enum uri_form form, const char *user, char *buf,
                 size_t size);
/* Calls fn(arg) when the user or the system wants us to end. */
MUST_USE enum err kit_on_stop(struct loop *loop, void (*fn)(void *arg), void *arg);

#endif
