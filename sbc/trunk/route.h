/* Where a call goes. Signalling thread. */
#ifndef SBC_TRUNK_ROUTE_H
#define SBC_TRUNK_ROUTE_H

#include "config/config.h"

/* The first route that fits a call of `from` to number; NULL: none. from is the phone or the trunk
 * itself; a route for a realm fits all of its phones. */
const struct config_route *route_pick(const struct config *cfg, const struct config_party *from,
                                      const char *number);

#endif
