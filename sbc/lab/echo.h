/* The provider's calls: each is answered, over SRTP alone, and hears what it says. Signalling
 * thread. */
#ifndef SBC_LAB_ECHO_H
#define SBC_LAB_ECHO_H

#include <stddef.h>
#include "base/err.h"
#include "sbc/lab/kit.h"

struct echoes;

struct echoes_cfg {
	struct kit *kit;         /* borrowed; its stack's handler is set */
	struct tls_context *tls; /* borrowed: for a connection to a peer whose own is gone */
	const char *sni;
};

MUST_USE enum err echoes_new(struct echoes **out, const struct echoes_cfg *cfg);
void echoes_free(struct echoes **ep); /* says nothing to the peers; NULL is fine */
/* Takes no more calls, hangs up, and calls fn(arg) when the last one is gone. */
void echoes_stop(struct echoes *e, void (*fn)(void *arg), void *arg);

#endif
