/* All layers of the border, one on the other, without its doors: no signals, no control socket.
 * `trunkgate run` opens it on the system's network, tests/replay on a scripted one. Signalling
 * thread. */
#ifndef SBC_APP_LAYERS_H
#define SBC_APP_LAYERS_H

#include "base/err.h"
#include "base/loop.h"
#include "config/config.h"
#include "media/media.h"
#include "sbc/b2bua/border.h"
#include "sbc/phone/auth.h"
#include "sbc/phone/location.h"
#include "sbc/sip/dialog.h"
#include "sbc/sip/stack.h"
#include "sbc/trunk/expiry.h"
#include "sbc/trunk/reload.h"
#include "sbc/trunk/trunk.h"

/* Zeroed before it is opened; owns all but cfg, loop and opener. */
struct layers {
	const struct config *cfg;
	struct loop *loop;
	const struct conn_opener *opener; /* NULL: the system's sockets */
	struct media *media;
	struct media_realm **media_realms; /* as cfg->realms */
	struct trunks *trunks;
	struct stack *stack;
	struct dialogs *dialogs;
	struct locations *locations;
	struct phone_auth *auth;
	struct border *border;
	struct expiry *expiry;
	struct reload *reload;
};

/* Where it fails, why (CERT_WHY_MAX bytes) says what, and layers_close takes down what stands. */
MUST_USE enum err layers_open(struct layers *l, char *why);
void layers_close(struct layers *l);

#endif
