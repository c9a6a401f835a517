/* Refusing a call for a fraction of what reading it costs: its head is cut into lines, and those
 * that an answer needs are copied (RFC 3261 8.2.6, 8.2.7). Signalling thread. */
#ifndef SBC_SIP_SHED_H
#define SBC_SIP_SHED_H

#include <stdbool.h>
#include <stddef.h>
#include "base/addr.h"
#include "base/buf.h"

#define SHED_VIAS_MAX 8
#define SHED_TEXT_MAX 200

struct shed_text {
	const char *at;
	size_t len;
};

/* Borrows what it was read from. */
struct shed_invite {
	struct shed_text vias[SHED_VIAS_MAX]; /* values; the first is ours to stamp */
	size_t nvias;
	struct shed_text from, to, call_id, cseq;
	struct shed_text rport; /* the bare word in the first Via, or empty */
	char branch[SHED_TEXT_MAX], sent_by[SHED_TEXT_MAX]; /* of the first Via */
};

/* False: it is no INVITE without a To tag, or not a plain one; the parser knows. */
bool shed_read(struct shed_invite *out, const char *data, size_t len);
/* Adds the 503 to answer (RFC 3261 21.5.4), and says where it goes (18.2.2, RFC 3581 4). */
void shed_answer(const struct shed_invite *invite, const struct addr *peer, unsigned retry_after_s,
                 struct buf *answer, struct addr *to);
/* The ACK for such an answer, which nobody waits for: it has the tag that no other answer has. */
bool shed_is_ack(const char *data, size_t len);

#endif
