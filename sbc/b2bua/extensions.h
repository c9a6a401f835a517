/* Option tags (RFC 3261 19.2): what peers support, and what they require of us. Signalling thread.
 */
#ifndef SBC_B2BUA_EXTENSIONS_H
#define SBC_B2BUA_EXTENSIONS_H

#include <stdbool.h>
#include "sbc/sip/message.h"
#include "sbc/sip/txn.h"

/* Whether a list header (Require, Supported, Allow) has a word, in any case. */
bool extension_in(const struct message *m, const char *header, const char *word);
/* Answers 420 with what we do not have to a request that requires it (8.2.2.3). False: all is well.
 */
bool extensions_refuse(struct server_txn *txn, const struct message *request);

#endif
