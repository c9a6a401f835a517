/* The certificates of all trunks and realms, loaded from what the configuration names. Signalling
 * thread. */
#ifndef SBC_TRUNK_TRUNK_TLS_H
#define SBC_TRUNK_TRUNK_TLS_H

#include "base/err.h"
#include "certs/tls_context.h"
#include "config/config.h"

struct trunk_tls;

MUST_USE enum err trunk_tls_new(struct trunk_tls **out, const struct config *cfg, char *why);
void trunk_tls_free(struct trunk_tls **tp);
/* To connect to a trunk; by its place in the configuration. */
struct tls_context *trunk_tls_client(const struct trunk_tls *t, size_t trunk);
/* To accept in a realm; by its place. NULL: the realm has no TLS listener. */
struct tls_context *trunk_tls_server(const struct trunk_tls *t, size_t realm);

#endif
