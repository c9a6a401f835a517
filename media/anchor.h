/* An anchor: the relayed media of one call, one stream per m-line, each with two sides. Signalling
 * thread; the packets are carried by a worker. */
#ifndef MEDIA_ANCHOR_H
#define MEDIA_ANCHOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/addr.h"
#include "base/err.h"
#include "media/media.h"
#include "media/payload.h"
#include "media/rtp.h"
#include "media/srtp.h"

struct anchor;

enum media_side { SIDE_CALLER, SIDE_CALLEE, MEDIA_NSIDES };

/* In the life of an anchor, those that it carries at a time and those whose counters it still has.
 */
#define ANCHOR_STREAMS_MAX 16

/* Where one side of a stream sends from and wants to receive, and its keys. */
struct stream_remote {
	struct addr rtp;          /* port 0: it receives nothing */
	struct addr rtcp;         /* unset: the port above RTP's, or RTP's own with mux */
	struct addr host;         /* where its signalling comes from; unset: not known */
	bool rtcp_mux;            /* RTCP on RTP's port (RFC 5761) */
	bool opaque;              /* no RTP: datagrams that go as they are; on both sides or none */
	enum srtp_suite suite;    /* SRTP_NONE: plain RTP on this side */
	struct srtp_key recv_key; /* what the peer protects with */
	struct srtp_key send_key; /* what we protect with */
	/* Of the empty packets that we send to it where nothing else goes (RFC 6263): a payload
	 * type that it does not use, or 13 where it takes comfort noise (RFC 3389). 0: no RTP of
	 * our own, RTCP alone. */
	uint8_t primer_type;
	bool idle;                       /* by its own word it sends nothing now */
	uint8_t event_type;              /* of telephone-events (RFC 4733); 0: none */
	uint8_t clock_khz[RTP_NDYNAMIC]; /* of the types that it sends, from RTP_DYNAMIC on; 0: not
	                                    known */
};

/* One side of one stream, since it began, or since anchor_renew gave the side to another peer.
 * Octets are those of the RTP packets, with their headers, without SRTP's trailer. */
struct stream_stats {
	uint64_t packets_in, octets_in;   /* RTP that the side sent us and that was good */
	uint64_t packets_out, octets_out; /* RTP that we sent to the side */
	uint64_t rtcp_in, rtcp_out;
	uint64_t primers_out;   /* packets of our own, RTP and RTCP */
	uint64_t reordered;     /* of what the side sent */
	uint64_t events;        /* telephone-events that the side sent */
	uint8_t payload_type;   /* of the last packet that the side sent and that was none */
	uint32_t round_trip_us; /* between the side and us, by its reports; 0: not known */
	uint64_t lost;          /* by sequence number, of what the side sent */
	uint32_t
	    jitter_us; /* RFC 3550 A.8; 0 as well where the payload type's clock is not known */
	uint64_t bad_source; /* packets from where the side is not */
	uint64_t bad_auth;   /* refused by SRTP: wrong tag, replayed */
	uint64_t malformed;
	uint64_t
	    send_errors; /* packets to the side that the system or SRTP refused, ICMP errors too */
	uint64_t unreachable; /* ICMP errors from where we send */
	uint64_t alive_ms;    /* clock_mono_ms() of the last good packet, or of the last change of
	                         what it was told or told us */
	struct addr latched;  /* where the side's packets come from; unset: none yet */
};

/* What the watch (watch.h) remembers of a side of a stream: what had come, and how much of it was
 * refused, when it was last heard. */
struct watch_side {
	uint64_t packets, bad_auth, bad_source, unreachable;
	uint64_t heard_ms; /* 0: nothing is expected of it */
	bool silent;       /* that was said */
};

/* Between these realms, without a stream yet. id is the call's, for the log; it is copied. */
MUST_USE enum err anchor_open(struct anchor **out, struct media *media, const char *id,
                              struct media_realm *caller, struct media_realm *callee);
/* Opens a stream, with a port pair on both realms; at any time. ERR_LIMIT: ports or streams are
 * exhausted; ERR_IO: the realm's address cannot be bound. */
MUST_USE enum err anchor_add(struct anchor *a, unsigned *stream);
/* Closes a stream: its ports come back as soon as the worker has let go. Its counters stay until
 * the anchor closes, or another stream needs its number. */
void anchor_drop(struct anchor *a, unsigned stream);
/* Another peer takes that side over: every open stream has a new port pair there, of that realm,
 * and nothing of what the old peer said, sent or knew. ERR_LIMIT and ERR_IO as above: some streams
 * may have been renewed then. */
MUST_USE enum err anchor_renew(struct anchor *a, enum media_side side, struct media_realm *realm);
/* Our RTP address towards that side (RTCP: the port above). */
const struct addr *anchor_local(const struct anchor *a, unsigned stream, enum media_side side);
/* Says where a side is, and starts to carry; again when it moves. The same keys keep their
 * roll-over counters, those of before anchor_settle too; new ones start fresh. What comes under the
 * key of before is good until the new one has been in use for a while. A changed address lets the
 * side latch anew; held (port 0, 0.0.0.0) and taken up again at the same address it stays. Borrows
 * remote. ERR_NOT_FOUND: no such stream; ERR_UNSUPPORTED: an address of the other family than ours;
 * ERR_LIMIT: too many keys of ours since anchor_settle; ERR_NOMEM. Nothing has changed then. */
MUST_USE enum err anchor_set_remote(struct anchor *a, unsigned stream, enum media_side side,
                                    const struct stream_remote *remote);
/* What becomes of the payload types of what a side sends. Copies map. ERR_NOT_FOUND, ERR_NOMEM: it
 * stays as it was. */
MUST_USE enum err anchor_map(struct anchor *a, unsigned stream, enum media_side side,
                             const struct payload_map *map);
/* The keys that were said last have been agreed on: those of before need not serve again. */
void anchor_settle(struct anchor *a);
/* Of a stream that was dropped, too. */
void anchor_stats(const struct anchor *a, unsigned stream, enum media_side side,
                  struct stream_stats *out);
/* Whether the side should be sending now: both are known, and neither is held. pauses: it may stop
 * for a while (comfort noise). */
bool anchor_expects(const struct anchor *a, unsigned stream, enum media_side side, bool *pauses);
/* The watch's own; zeroed when the stream begins. */
struct watch_side *anchor_watched(struct anchor *a, unsigned stream, enum media_side side);
/* The media time-out of the side's realm; 0: none. */
uint64_t anchor_timeout_ms(const struct anchor *a, enum media_side side);
/* One more than the highest number of a stream. */
unsigned anchor_nstreams(const struct anchor *a);
/* Stops the streams; ports and memory come back as soon as the worker has let go. NULL is fine. */
void anchor_close(struct anchor **ap);

#endif
