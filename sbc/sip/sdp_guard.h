/* What must not come before Sofia-SIP's parser. Any thread. */
#ifndef SBC_SIP_SDP_GUARD_H
#define SBC_SIP_SDP_GUARD_H

#include <stdbool.h>
#include <stddef.h>

/* Whether all m-lines of a description are well formed. */
bool sdp_guard(const char *text, size_t len);

#endif
