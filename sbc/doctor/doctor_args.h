/* The doctor's command line. Any thread. */
#ifndef SBC_DOCTOR_DOCTOR_ARGS_H
#define SBC_DOCTOR_DOCTOR_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "base/err.h"

#define DOCTOR_TRUNKS_MAX 100

struct doctor_args {
	const char *config;
	const char *trunks[DOCTOR_TRUNKS_MAX]; /* none: all */
	size_t ntrunks;
	char server[256];     /* a peer that is not configured; "": none */
	unsigned server_port; /* 0: by SRV */
	bool json, without_client_auth, help;
	int64_t when_s; /* the end of --date's day; else now */
};

/* ERR_SYNTAX, and errors has a line that says why. config: where none is named. */
MUST_USE enum err doctor_args_read(struct doctor_args *out, int argc, char **argv,
                                   const char *config, FILE *errors);

#endif
