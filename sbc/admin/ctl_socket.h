/* Where the two sides of the control socket meet. Any thread. */
#ifndef SBC_ADMIN_CTL_SOCKET_H
#define SBC_ADMIN_CTL_SOCKET_H

#include "base/err.h"

/* A question is one line of at most so many octets, its line feed not counted. */
#define CTL_QUESTION_MAX 128

/* A non-blocking socket that listens at path, which nobody but its owner may connect to. Makes
 * path's directory when only that is missing; takes the place of a socket that nobody listens at.
 * ERR_EXISTS: somebody does, or the file is no socket. On failure why (CERT_WHY_MAX bytes) says
 * what is in the way. */
MUST_USE enum err ctl_listen(int *fd, const char *path, char *why);

#endif
