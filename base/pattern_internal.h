/* A regular expression as a program (pattern_code.c makes it, pattern.c runs it). */
#ifndef BASE_PATTERN_INTERNAL_H
#define BASE_PATTERN_INTERNAL_H

#include <stdint.h>
#include "base/pattern.h"

enum step_kind {
	STEP_CHAR,  /* the octet a, and on */
	STEP_SET,   /* one octet of set a, and on */
	STEP_SPLIT, /* at a, else at b */
	STEP_JUMP,  /* at a */
	STEP_SAVE,  /* where we are becomes mark a */
	STEP_BEGIN, /* of the text alone */
	STEP_END,
	STEP_MATCH,
};

struct step {
	uint16_t kind, a, b;
};

#define PATTERN_SETS_MAX  256
#define PATTERN_MARKS_MAX (2 * (PATTERN_GROUPS_MAX + 1))

struct octet_set {
	uint32_t bits[8];
};

struct program {
	struct step steps[PATTERN_STEPS_MAX];
	size_t n;
	struct octet_set sets[PATTERN_SETS_MAX];
	size_t nsets;
	unsigned groups;
};

static inline bool set_has(const struct octet_set *set, unsigned char c)
{
	return set->bits[c / 32] >> c % 32 & 1;
}

/* NULL, or what is wrong with text, for people. */
const char *program_compile(struct program *out, const char *text);

#endif
