/* One bridged call, and what is told of it. Signalling thread. Owner: the border. */
#ifndef SBC_B2BUA_CALL_H
#define SBC_B2BUA_CALL_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/queue.h>
#include "base/err.h"
#include "media/anchor.h"
#include "sbc/b2bua/missed.h"
#include "sbc/b2bua/border.h"

#define CALL_ID_LEN 8

/* One leg as shown to people. Texts live as long as the call. */
struct call_leg_info {
	const char *party; /* name of the phone or trunk */
	bool is_trunk;
	const char *number;   /* the caller's, or the dialled one */
	const char *call_id;  /* of its SIP dialog; NULL: none yet */
	const char *tls;      /* "TLSv1.3"; NULL: no TLS */
	const char *verified; /* the name that the peer's certificate proved; NULL: none */
	const char *srtp;     /* the suite; NULL: plain RTP */
	struct addr peer;     /* of its signalling; unset: none yet */
	const char
	    *silent_because; /* the first time that it sent nothing when it should; NULL: never */
	char missed[MISSED_MAX]; /* of what the trunk promised; "": nothing */
	unsigned nstreams;
	struct stream_stats streams[ANCHOR_STREAMS_MAX]; /* from the leg's side */
};

struct call_info {
	const char *id; /* ours, short */
	const char *state;
	uint64_t started_us, answered_us, ended_us; /* wall clock; 0: not yet */
	unsigned code;   /* how it ended: the status; 0: not yet, 200: it was answered */
	const char *why; /* how it ended, in words; "" while it goes on */
	struct call_leg_info caller, callee;
};

void call_get_info(const struct call *call, struct call_info *out);
/* Walks the border's calls; NULL: the first; NULL comes back at the end. */
const struct call *call_next(const struct border *b, const struct call *call);

/* The same for a walk that takes its time: calls may end meanwhile, and those that begin come last.
 * Closed by its owner, before the border. */
struct call_cursor {
	TAILQ_ENTRY(call_cursor) link;
	struct border *border; /* NULL: not open */
	const struct call *next;
};
void call_cursor_open(struct call_cursor *c, struct border *b);
const struct call *call_cursor_next(struct call_cursor *c); /* NULL: that was the last */
void call_cursor_close(struct call_cursor *c);              /* one that is not open is fine */

/* Tells of every call that ended, once; info lives for the call of fn. */
void border_on_call_end(struct border *b, void (*fn)(void *arg, const struct call_info *info),
                        void *arg);

/* The tables behind a call, for people. */
void call_print_states(FILE *out);

#endif
