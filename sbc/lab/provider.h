/* `trunkgate lab provider`: DNS, mutual TLS, SRTP, and an echo for every call. */
#ifndef SBC_LAB_PROVIDER_H
#define SBC_LAB_PROVIDER_H

#include <stdint.h>
#include "base/addr.h"
#include "base/err.h"
#include "base/loop.h"

struct provider;

struct provider_cfg {
	const char *domain;      /* that it is the provider of */
	struct addr listen, dns; /* TLS; port 0: any that is free, for DNS */
	const char *identity;    /* PEM file: key, certificate, chain */
	const char *trust;       /* of the peer's certificate: PEM file or directory */
	const char *peer_name;   /* that must be in it */
	uint16_t media_low, media_high;
};

/* Opens all; borrows cfg's texts. On failure why (CERT_WHY_MAX bytes) says what is in the way. */
MUST_USE enum err provider_new(struct provider **out, struct loop *loop,
                               const struct provider_cfg *cfg, char *why);
/* Hangs up on everybody; then, or when that takes too long, calls fn(arg). */
void provider_stop(struct provider *p, void (*fn)(void *arg), void *arg);
void provider_free(struct provider **pp); /* NULL is fine */

int provider_main(int argc, char **argv); /* gives the exit status */

#endif
