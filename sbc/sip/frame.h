/* Cuts a byte stream into SIP messages (RFC 3261 18.3, RFC 5626 3.5.1). One stream, one thread. */
#ifndef SBC_SIP_FRAME_H
#define SBC_SIP_FRAME_H

#include <stddef.h>
#include "base/err.h"

enum frame_kind {
	FRAME_MORE,    /* nothing whole yet */
	FRAME_MESSAGE, /* len octets are one message */
	FRAME_PING,    /* len octets are a CRLFCRLF to answer with CRLF */
	FRAME_SKIP,    /* len octets are a lone CRLF: a pong, or padding between messages */
	FRAME_BAD,     /* no SIP, too long, or no Content-Length: the stream cannot be read on */
};

struct frame {
	enum frame_kind kind;
	size_t len;
	const char *why; /* FRAME_BAD: in words */
	/* FRAME_BAD: the status that says it to a request, and the octets of its head that can be
	 * read, whole lines without the empty one. 0: no answer is possible. */
	unsigned status;
	size_t head;
};

/* Octets up to and with the empty line, and after it; at most HEAD_MOST and BODY_MOST. */
struct frame_limits {
	size_t head, body;
};

/* What is known of a frame that is not whole: nothing is read twice. All 0 before the first octet,
 * and again behind a whole one. */
struct frame_part {
	size_t sought; /* octets that have no end of a head in them */
	size_t needs;  /* octets of head and body; 0: its head is not whole */
};

/* Looks at what has come so far, which begins with a frame: the one of part. */
struct frame frame_next(const char *data, size_t len, struct frame_limits limits,
                        struct frame_part *part);
/* The same of a datagram, which is one message or FRAME_BAD for its length alone (RFC 3261 18.3).
 */
struct frame frame_of_datagram(const char *data, size_t len, struct frame_limits limits);

#endif
