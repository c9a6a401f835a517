/* The server: everything that `trunkgate run` sets up, in the order of the layers. */
#ifndef SBC_APP_SERVER_H
#define SBC_APP_SERVER_H

#include "base/err.h"
#include "config/config.h"

/* Runs until SIGTERM or SIGINT, then hangs up the calls and comes back. cfg must outlive it. What
 * keeps it from starting goes to stderr in words. */
MUST_USE enum err server_run(const struct config *cfg);

#endif
