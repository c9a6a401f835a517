/* Our own descriptions towards one side: their origin, and the version that rises by one with each
 * that is another than the last (RFC 3264 8). Signalling thread. */
#ifndef SBC_B2BUA_OFFER_VOICE_H
#define SBC_B2BUA_OFFER_VOICE_H

#include <stdbool.h>
#include <stdint.h>
#include "base/buf.h"
#include "base/err.h"
#include "sbc/sip/sdp.h"

/* Zeroed: closed. */
struct voice {
	uint64_t session_id, version;
	char *told;   /* the last one; NULL: none yet */
	char *before; /* the one before it, where told is another one */
	bool news;    /* told is another one than before it */
};

/* Another party hears it: under an origin of its own. */
void voice_open(struct voice *v);
void voice_close(struct voice *v); /* wipes what was told */
/* v goes on where another one stands. */
MUST_USE enum err voice_continue(struct voice *v, const struct voice *from);
/* Appends in as it is told with the rest of with; fills in with's origin. */
MUST_USE enum err voice_say(struct voice *v, const struct sdp *in, struct sdp_out *with,
                            struct buf *out);
/* Nobody heard what was said last: its version serves again. */
void voice_take_back(struct voice *v);

#endif
