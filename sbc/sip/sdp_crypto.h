/* The keys of an m-line in its a=crypto lines (RFC 4568): sdp.c's room for them. Secrets.
 * Signalling thread. */
#ifndef SBC_SIP_SDP_CRYPTO_H
#define SBC_SIP_SDP_CRYPTO_H

#include <stdbool.h>
#include "base/buf.h"
#include "sbc/sip/sdp.h"

/* False: a line that we cannot honour whole. */
bool sdp_crypto_read(const char *value, struct sdp_crypto *out);
/* A whole line of ours. */
void sdp_crypto_write(const struct sdp_crypto *crypto, struct buf *out);

#endif
