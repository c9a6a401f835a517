/* The keys of an m-line in its a=crypto lines (RFC 4568): sdp.c's room for them. Secrets.
 * Signalling thread. */
#ifndef SBC_SIP_SDP_CRYPTO_H
#define SBC_SIP_SDP_CRYPTO_H

#include <sofia-sip/su_alloc.h>
#include "sbc/sip/sdp.h"

/* False: a line that we cannot honour whole. */
bool sdp_crypto_read(const char *value, struct sdp_crypto *out);
/* The value of ours, in home; NULL: no memory. */
const char *sdp_crypto_text(su_home_t *home, const struct sdp_crypto *crypto);

#endif
