/* What the doctor found, a line for each requirement, in words or as JSON. Signalling thread. */
#ifndef SBC_DOCTOR_REPORT_H
#define SBC_DOCTOR_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include "base/err.h"

/* From the best to the worst; VERDICT_SKIP says nothing either way. */
enum verdict { VERDICT_SKIP, VERDICT_OK, VERDICT_WARN, VERDICT_FAIL };

struct finding {
	const char *id;
	enum verdict verdict;
	char what[512]; /* was found */
	char todo[256]; /* to do about it; empty: nothing */
};

/* All that was found of one trunk. */
struct report {
	const char *name, *domain;
	const char *profile; /* NULL: none */
	struct finding *findings;
	size_t nfindings;
};

const char *verdict_name(enum verdict verdict);

/* The verdict with its sentence, and without anything to do. */
void finding_say(struct finding *f, enum verdict verdict, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* More of the sentence, behind "; " where there is one; the worse verdict counts. */
void finding_add(struct finding *f, enum verdict verdict, const char *fmt, ...) PRINTF_LIKE(3, 4);
void finding_advise(struct finding *f, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* 0: all is well, or was skipped; 1: there is a warning; 2: something fails. */
int reports_status(const struct report *reports, size_t n);
/* ERR_IO, ERR_NOMEM. */
MUST_USE enum err reports_print(FILE *out, const struct report *reports, size_t n);
MUST_USE enum err reports_print_json(FILE *out, const struct report *reports, size_t n);

#endif
