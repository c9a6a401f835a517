/* The parts of a body: of one that is several (RFC 2046 5.1, RFC 5621) those at its leaves, else it
 * itself. Any thread. */
#ifndef SBC_B2BUA_BODY_PARTS_H
#define SBC_B2BUA_BODY_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include "sbc/sip/message.h"

#define BODY_PARTS_MAX 16
#define BODY_DEPTH_MAX 3 /* of one within the other */

struct body_part {
	char type[64];        /* "application/sdp" */
	char params[128];     /* behind it: ";charset=utf-8"; "" for none, or for more */
	char disposition[32]; /* "session"; "" where it says nothing */
	char coding[24],
	    transfer[24]; /* Content-Encoding, Content-Transfer-Encoding; "" for none */
	char id[128];     /* Content-ID without its < >; "" for none */
	bool optional;    /* whoever does not know it may leave it out (RFC 3261 20.11) */
	bool encoded;     /* its octets are not the text itself */
	const char *data; /* of the message */
	size_t len;
};

struct body_parts {
	struct body_part part[BODY_PARTS_MAX];
	size_t n;
};

/* ERR_SYNTAX: it is said to be several, and cannot be taken apart; ERR_LIMIT: it has more parts, or
 * deeper ones, than we look at. A message without a body has none. */
MUST_USE enum err body_parts_read(struct body_parts *out, const struct message *m);
/* Whether it is a session description that we read. */
bool body_part_is_session(const struct body_part *part);
/* What the body of nearly every message of a call is: a session description and nothing else, as it
 * is. */
bool body_is_session(const struct message *m);
/* The session description that a body or one of its parts is; NULL: there is none. One for early
 * media alone (RFC 3959) is none. */
const char *body_parts_sdp(const struct message *m, size_t *len);

#endif
