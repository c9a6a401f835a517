/* A trunk's header-rules at work, last before a message goes. What they may touch was judged when
 * the configuration was read. Signalling thread. */
#ifndef SBC_B2BUA_HEADER_RULES_H
#define SBC_B2BUA_HEADER_RULES_H

#include "sbc/b2bua/headers.h"
#include "sbc/b2bua/inside_words.h"

/* Applies the rules of a trunk for one direction to a message that is about to go. received: what
 * it is made of; NULL: it is ours alone. No value that a rule takes from received goes along when
 * it has one of words; NULL: any does. */
void header_rules_apply(const struct config_trunk *trunk, enum trunk_way way,
                        const struct message *received, struct message *m,
                        const struct inside_words *words);

#endif
