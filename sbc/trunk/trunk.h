/* Trunks: the connection to a provider, its TLS, its limits and how it fares. Signalling thread. */
#ifndef SBC_TRUNK_TRUNK_H
#define SBC_TRUNK_TRUNK_H

#include <stdint.h>
#include "base/err.h"
#include "base/loop.h"
#include "config/config.h"
#include "sbc/sip/request.h"
#include "sbc/sip/stack.h"

struct trunks;
struct trunk;
struct trunk_tls;

enum trunk_state {
	TRUNK_UNKNOWN, /* nothing was tried yet */
	TRUNK_UP,      /* the last request was answered */
	TRUNK_DOWN,    /* the last request found no way */
};

struct trunk_stats {
	enum trunk_state state;
	int64_t since_s;           /* wall clock; of state */
	unsigned calls, max_calls; /* now; at most */
	uint64_t calls_out, calls_in, failed;
	uint64_t refused;       /* over its limits */
	const char *last_error; /* NULL: none */
};

const char *trunk_state_name(enum trunk_state state);

/* Loads identities and trust stores and makes the TLS contexts of trunks and realms. Borrows cfg.
 * On failure why (CERT_WHY_MAX bytes) says whose file and what is wrong. */
MUST_USE enum err trunks_new(struct trunks **out, const struct config *cfg, struct loop *loop,
                             char *why);
void trunks_free(struct trunks **tp); /* the stack must be gone */

/* What a realm's TLS listeners show and demand. */
struct realm_tls trunks_realm_tls(struct trunks *ts, const struct config_realm *realm);
struct trunk_tls *trunks_tls(struct trunks *ts);
/* Reads certificates, keys, trust and CRLs again; see trunk_tls_reload. */
MUST_USE enum err trunks_reload(struct trunks *ts, char *why);
/* For all who ask the system's DNS. */
struct resolver *trunks_system_resolver(struct trunks *ts);

size_t trunks_count(const struct trunks *ts);
struct trunk *trunks_at(struct trunks *ts, size_t i);
struct trunk *trunk_find(struct trunks *ts, const char *name); /* NULL: none */
const struct config_trunk *trunk_config(const struct trunk *t);
void trunk_stats(const struct trunk *t, struct trunk_stats *out);

/* Where requests to the trunk go: `lookup`, or its domain. Borrows the trunk. */
void trunk_target(const struct trunk *t, struct stack *stack, struct target *out);

/* One of the trunk's calls; ERR_LIMIT when all are taken, or too many began in a second. always: it
 * is never refused. */
MUST_USE enum err trunk_take_slot(struct trunk *t, bool outgoing, bool always);
/* A request that is none of a call; ERR_LIMIT: they come too often. */
MUST_USE enum err trunk_take_request(struct trunk *t);
void trunk_free_slot(struct trunk *t);
/* What became of a request: why NULL is an answer, else the reason that none came. */
void trunk_report(struct trunk *t, const char *why);

#endif
