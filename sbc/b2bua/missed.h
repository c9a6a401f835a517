/* What a provider promised of its media and a call did not get (E8-11, IPW-06). Signalling thread.
 */
#ifndef SBC_B2BUA_MISSED_H
#define SBC_B2BUA_MISSED_H

#include <stddef.h>
#include "config/config.h"
#include "media/anchor.h"
#include "media/watch.h"

#define MISSED_MAX 128

/* Writes what of the trunk's limits was missed, as "loss 2.1 %, jitter 61 ms"; "" for nothing.
 * streams are those of the trunk's side, worst what was seen of it while the call stood. */
void missed_write(const struct config_trunk *trunk, const struct stream_stats *streams, size_t n,
                  const struct watch_worst *worst, char out[MISSED_MAX]);

#endif
