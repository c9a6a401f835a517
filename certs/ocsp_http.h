/* One question to a responder over HTTP, and its answer; blocks. For ocsp_ask's worker, which must
 * use nothing of OpenSSL: the process may end while it waits for the look-up. */
#ifndef CERTS_OCSP_HTTP_H
#define CERTS_OCSP_HTTP_H

#include <stddef.h>
#include "base/err.h"

struct ocsp_http {
	const char *host, *port, *path; /* printable, without spaces */
	const unsigned char *question;
	size_t question_len;
	int stop_fd; /* readable: give up */
};

/* mem_free *out. On failure why gets a few words. */
MUST_USE enum err ocsp_http_post(unsigned char **out, size_t *len, const struct ocsp_http *ask,
                                 char *why, size_t why_size);

#endif
