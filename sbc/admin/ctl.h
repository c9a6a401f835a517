/* The control socket: a local Unix socket that answers questions about the running server.
 * Signalling thread. */
#ifndef SBC_ADMIN_CTL_H
#define SBC_ADMIN_CTL_H

#include "base/err.h"
#include "base/loop.h"
#include "config/config.h"
#include "media/media.h"
#include "sbc/b2bua/border.h"
#include "sbc/trunk/reload.h"

struct ctl;

/* All borrowed. */
struct ctl_cfg {
	struct loop *loop;
	const struct config *cfg;
	struct stack *stack;
	struct dialogs *dialogs;
	struct media_realm *const *media_realms; /* as cfg->realms */
	struct trunks *trunks;
	struct locations *locations;
	struct border *border;
	struct reload *reload; /* NULL: nothing can be read anew */
};

/* Listens on cfg->control_socket (mode 0600). On failure why (CERT_WHY_MAX bytes) says what is in
 * the way. */
MUST_USE enum err ctl_open(struct ctl **out, const struct ctl_cfg *cfg, char *why);
void ctl_close(struct ctl **cp); /* removes the socket; NULL is fine */

/* The asking side: `trunkgate show WHAT [--json]`. Prints to stdout, errors in words to stderr;
 * gives the exit status. socket: of the server. */
int ctl_show(const char *socket, const char *what, const char *which, int json);
/* `trunkgate reload`. */
int ctl_reload(const char *socket);

#endif
