/* Sockets as all connections want them. Signalling thread. */
#ifndef SBC_SIP_CONN_SOCKET_H
#define SBC_SIP_CONN_SOCKET_H

#include <stdint.h>
#include "base/addr.h"
#include "base/err.h"

struct sip_realm;

/* A non-blocking socket bound to local for a connection of realm's (NULL is fine); bound (NULL is
 * fine) is where it is then, with its port. *fd is -1 on failure; errno says why. */
MUST_USE enum err socket_open(int *fd, int type, const struct addr *local,
                              const struct sip_realm *realm, struct addr *bound);
/* What every open socket of ours has: the realm's DSCP (without one AF31, 26; E8-08), and for TCP
 * no delay, and a path that is dead without a word noticed within half a minute. */
void socket_tune(int fd, int type, const struct addr *local, const struct sip_realm *realm);

#endif
