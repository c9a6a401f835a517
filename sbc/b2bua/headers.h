/* What of a message crosses the border, and in what form: the one policy. What is not in its table
 * stays behind, both ways, unless a trunk lists it. Nothing of the inside is seen outside.
 * Signalling thread. */
#ifndef SBC_B2BUA_HEADERS_H
#define SBC_B2BUA_HEADERS_H

#include <stdbool.h>
#include "base/err.h"
#include "sbc/b2bua/inside_words.h"
#include "sbc/sip/message.h"

#define HEADER_VALUE_MAX 512
#define HEADER_LINE_MAX                                                                        \
	2000               /* octets of a value that crosses; Identity (RFC 8224) has some 800 \
	                    */
#define HEADER_EACH_MAX 16 /* values of one header that cross */

/* The direction that a message takes across the border. */
enum crossing { CROSSING_OUT /* to a trunk */, CROSSING_IN /* to a phone */ };

/* Who sent a message, and who gets what is made of it. */
struct crossing_ends {
	const struct config_party *from, *to;
};
enum crossing crossing_way(const struct crossing_ends *ends);

/* A message on its way across, and what guards it. */
struct passage {
	const struct message *from; /* what came; NULL: what goes is made of nothing */
	struct message *to;         /* what goes */
	const struct crossing_ends *ends;
	enum crossing way;
	struct inside_words words; /* of the sender; inward there are none */
};
/* Borrows all of them for as long as the passage is used. */
void passage_open(struct passage *p, const struct message *from, struct message *to,
                  const struct crossing_ends *ends);

/* Adds to what goes what may cross of what came, and does what the trunks' header rules say. */
void headers_cross(const struct passage *p);

/* The first Reason of a message as it crosses; false: it has none that does. */
bool headers_reason(const struct message *from, const struct crossing_ends *ends,
                    char out[HEADER_LINE_MAX]);

/* The next value of a header, from the n-th on, on one line (RFC 3261 7.3.1); *n is then the one
 * behind it. One that is longer than out, or has something in it that no header may have, is passed
 * over. compact: the short form of a name that the parser does not know, NULL: none. False: there
 * are no more. */
bool header_next(const struct message *m, const char *name, const char *compact, unsigned *n,
                 char *out, size_t size);

/* A day. */
#define EXPIRES_MOST_S 86400
/* What RFC 6665 and RFC 3903 have, Expires as headers_expires_s reads it. */
void headers_cross_event(const struct passage *p);
/* Of the NOTIFY to a REFER that we passed on with cseq (RFC 3515 2.4.6). */
void headers_cross_refer(const struct passage *p, uint32_t cseq);
/* A day at most; an hour where nothing is said. */
unsigned headers_expires_s(const struct message *m);

#endif
