/* A session description as if nobody were on hold. Any thread. */
#ifndef SBC_B2BUA_TRANSFER_SDP_H
#define SBC_B2BUA_TRANSFER_SDP_H

#include "base/buf.h"

/* Appends sdp with every direction in both ways. Who transfers has put the other end on hold
 * before, and that was what it said last. */
void transfer_sdp_live(const char *sdp, struct buf *out);

#endif
