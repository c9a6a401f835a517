/* Where a REFER wants a call to go (RFC 3515 2.1). Signalling thread. */
#ifndef SBC_B2BUA_REFER_TO_H
#define SBC_B2BUA_REFER_TO_H

#include <stdbool.h>
#include "sbc/b2bua/numbers.h"
#include "sbc/b2bua/replaces.h"
#include "sbc/sip/message.h"

struct refer_to {
	char user[NUMBER_MAX]; /* as written in the URI */
	bool has_replaces;
	bool says_who; /* it does, and may be told (caller_id_refers) */
	struct replaces replaces;
};

/* The status that answers a REFER whose Refer-To cannot be followed; 0: it can. */
unsigned refer_to_read(const struct message *refer, struct refer_to *out);

#endif
