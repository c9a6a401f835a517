/* The certificates of all trunks and realms, loaded from what the configuration names. Signalling
 * thread. */
#ifndef SBC_TRUNK_TRUNK_TLS_H
#define SBC_TRUNK_TRUNK_TLS_H

#include <stdbool.h>
#include "base/err.h"
#include "base/loop.h"
#include "certs/tls_context.h"
#include "certs/identity.h"
#include "certs/peer_check.h"
#include "config/config.h"

struct trunk_tls;

/* loop: for those who ask OCSP responders; NULL: nobody does. */
MUST_USE enum err trunk_tls_new(struct trunk_tls **out, const struct config *cfg, struct loop *loop,
                                char *why);
void trunk_tls_free(struct trunk_tls **tp);
/* To connect to a trunk; by its place in the configuration. */
struct tls_context *trunk_tls_client(const struct trunk_tls *t, size_t trunk);
/* To accept in a realm, by its place; mutual: only with a certificate. NULL: the realm has no TLS
 * listener. */
struct tls_context *trunk_tls_server(const struct trunk_tls *t, size_t realm, bool mutual);

/* By their places: ours as it is in force, until the next reload; what a trunk's peer showed last,
 * never NULL. */
const struct identity *trunk_tls_identity(const struct trunk_tls *t, size_t identity);
const struct peer_seen *trunk_tls_peer(const struct trunk_tls *t, size_t trunk);

/* Reads all files again. The contexts above stay valid; handshakes that begin from now on go by
 * what was read. On failure all stays as it was, and why (CERT_WHY_MAX bytes) says which file is at
 * fault. */
MUST_USE enum err trunk_tls_reload(struct trunk_tls *t, char *why);

#endif
