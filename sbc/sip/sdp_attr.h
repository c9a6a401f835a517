/* Which attributes of a session description cross the border. Any thread. */
#ifndef SBC_SIP_SDP_ATTR_H
#define SBC_SIP_SDP_ATTR_H

#include <stdbool.h>

/* value NULL: the attribute has none. An attribute that is unknown crosses when it cannot name
 * anything of the sender's network. */
bool sdp_attribute_crosses(const char *name, const char *value);

#endif
