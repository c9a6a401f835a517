/* The lab's command lines. */
#include "sbc/lab/args.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Digits and nothing else, from low to high. end: behind them. */
static bool read_number(const char *text, unsigned low, unsigned high, unsigned *out,
                        const char **end)
{
	unsigned long value;
	char *after;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	value = strtoul(text, &after, 10);
	if (errno || value < low || value > high)
		return false;
	*out = (unsigned)value;
	*end = after;
	return true;
}

static bool read_range(const char *text, struct arg_range *out)
{
	unsigned low, high;
	const char *end;

	if (!read_number(text, 1024, 65535, &low, &end) || *end != '-' ||
	    !read_number(end + 1, 1024, 65535, &high, &end) || *end || low >= high)
		return false;
	*out = (struct arg_range){ (uint16_t)low, (uint16_t)high };
	return true;
}

static const char *expected(enum arg_kind kind)
{
	switch (kind) {
	case ARG_FLAG:
		return "nothing behind it";
	case ARG_TEXT:
		return "a text";
	case ARG_ADDR:
		return "an address, such as 127.0.0.3:5061";
	case ARG_RANGE:
		return "a range of ports from 1024 up, such as 40000-40999";
	case ARG_COUNT:
		return "a number from 1 to 3600";
	}
	return "something else";
}

static bool take(const struct arg *arg, const char *value)
{
	const char *end;

	switch (arg->kind) {
	case ARG_FLAG:
		*(bool *)arg->out = true;
		return true;
	case ARG_TEXT:
		*(const char **)arg->out = value;
		return *value != '\0';
	case ARG_ADDR:
		return addr_parse(arg->out, value) == OK;
	case ARG_RANGE:
		return read_range(value, arg->out);
	case ARG_COUNT:
		return read_number(value, 1, ARG_COUNT_MAX, arg->out, &end) && !*end;
	}
	return false;
}

static const struct arg *find(const struct arg *table, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(table[i].name, name) == 0)
			return &table[i];
	}
	return NULL;
}

static enum err bad(const char *word, const char *what)
{
	fprintf(stderr, "trunkgate lab: %s: %s (see trunkgate lab --help)\n", word, what);
	return ERR_SYNTAX;
}

enum err args_read(int argc, char **argv, int first, const struct arg *table, size_t n,
                   const char **rest)
{
	for (int i = first; i < argc; i++) {
		const struct arg *arg = find(table, n, argv[i]);
		char what[100];

		if (!arg && argv[i][0] == '-')
			return bad(argv[i], "there is no such option");
		if (!arg && (!rest || *rest))
			return bad(argv[i], "that is one word too many");
		if (!arg) {
			*rest = argv[i];
			continue;
		}
		snprintf(what, sizeof(what), "it takes %s", expected(arg->kind));
		if (arg->kind != ARG_FLAG && ++i == argc)
			return bad(arg->name, what);
		if (!take(arg, argv[i]))
			return bad(arg->name, what);
	}
	return OK;
}
