/* A trunk's header-rules at work, last before a message goes. What they may touch was judged when
 * the configuration was read. Signalling thread. */
#ifndef SBC_B2BUA_HEADER_RULES_H
#define SBC_B2BUA_HEADER_RULES_H

#include "sbc/b2bua/headers.h"

/* Applies the rules of a trunk for one direction to what goes. No value that a rule takes from what
 * came goes along when it has a word of the inside in it. */
void header_rules_apply(const struct config_trunk *trunk, enum trunk_way way,
                        const struct passage *p);

#endif
