/* The asking side, with its output where a test wants it. */
#ifndef SBC_ADMIN_CTL_CLIENT_H
#define SBC_ADMIN_CTL_CLIENT_H

#include <stdio.h>

struct ctl_question {
	const char *socket; /* of the server */
	const char *what;
	const char *which; /* NULL: none */
	int json;
	int timeout_ms; /* without a word from the server */
};

/* As ctl_show. */
int ctl_ask(const struct ctl_question *q, FILE *out, FILE *errors);

#endif
