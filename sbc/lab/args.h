/* The lab's command lines: one table of options a command. */
#ifndef SBC_LAB_ARGS_H
#define SBC_LAB_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/addr.h"
#include "base/err.h"

enum arg_kind {
	ARG_FLAG,  /* bool */
	ARG_TEXT,  /* const char *, not empty */
	ARG_ADDR,  /* struct addr */
	ARG_RANGE, /* struct arg_range */
	ARG_COUNT, /* unsigned, from 1 to 3600 */
};

struct arg_range {
	uint16_t low, high;
};

struct arg {
	const char *name; /* "--listen" */
	enum arg_kind kind;
	void *out; /* as kind says; holds the default before */
};

#define ARG_COUNT_MAX 3600

/* Reads argv[first] and on. rest: where the one word without dashes goes; NULL: none is taken. On
 * ERR_SYNTAX stderr was told. */
MUST_USE enum err args_read(int argc, char **argv, int first, const struct arg *table, size_t n,
                            const char **rest);

#endif
