/* What the tables of the header policy (headers.c, headers_event.c) have in common. */
#ifndef SBC_B2BUA_HEADERS_INTERNAL_H
#define SBC_B2BUA_HEADERS_INTERNAL_H

#include "sbc/b2bua/headers.h"

/* How one header crosses. */
struct policy {
	const char *name, *compact; /* compact: where the parser does not know it */
	unsigned out, in;           /* kinds of messages; headers.c has them */
	/* Of the signature, which has the caller's number in it (RFC 8225 5.2.1). */
	bool signs;
	/* The value as it crosses; false: it does not. NULL: as it is. */
	bool (*write)(const char *value, enum crossing way, char out[HEADER_LINE_MAX]);
};

/* Adds the values of one header; none that has a word of the inside in it goes outward. */
void passage_cross(const struct passage *p, const struct policy *policy);

#endif
