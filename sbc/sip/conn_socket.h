/* Sockets as all connections want them. Signalling thread. */
#ifndef SBC_SIP_CONN_SOCKET_H
#define SBC_SIP_CONN_SOCKET_H

#include <stdint.h>
#include "base/addr.h"
#include "base/err.h"

/* A non-blocking socket bound to local; bound (NULL is fine) is where it is then, with its port.
 * Signalling's DSCP is AF31, 26 (E8-08). *fd is -1 on failure; errno says why. */
MUST_USE enum err socket_open(int *fd, int type, const struct addr *local, struct addr *bound);
/* What every open socket of ours has: DSCP, and for TCP no delay, and a path that is dead without a
 * word noticed within half a minute. */
void socket_tune(int fd, int type, const struct addr *local);

#endif
