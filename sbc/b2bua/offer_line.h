/* One m-line of a session: what each side said of it, and the keys that we gave them. Signalling
 * thread. */
#ifndef SBC_B2BUA_OFFER_LINE_H
#define SBC_B2BUA_OFFER_LINE_H

#include "sbc/b2bua/offer.h"
#include "sbc/sip/sdp.h"

/* A secret. suite SRTP_NONE: none yet. */
struct offer_key {
	unsigned tag;
	enum srtp_suite suite;
	struct srtp_key key;
};

/* What a side said; compared octet by octet. */
struct line_place {
	struct addr rtp, rtcp, host;     /* as in struct stream_remote */
	uint8_t primer_type, event_type; /* as in struct stream_remote, all three */
	uint8_t clock_khz[RTP_NDYNAMIC]; /* as there */
	bool idle;
	bool mux;    /* RTCP on RTP's port (RFC 5761) */
	bool opaque; /* no RTP */
	bool avp;    /* it speaks of SRTP under RTP's profile (RFC 8643) */
	struct offer_key key;
};

struct line_side {
	struct line_place place;
	bool placed;           /* the anchor knows */
	bool mux;              /* we offered it, or took the side's offer of it */
	struct offer_key ours; /* what we protect with, towards that side; its key is the seed */
	bool seeded;           /* there is one */
	/* What has been agreed on: it stays, when the others have a new seed. */
	struct offer_key agreed;
	struct sdp_formats said, told; /* of RTP, by it and to it, the last ones */
	unsigned used; /* a bit for each suite whose key has served since the seed was made */
};

struct line {
	bool carried;         /* it has a stream */
	bool taken;           /* by the newest answer */
	unsigned stream;      /* of the anchor */
	bool opaque;          /* the stream carries no RTP */
	enum sdp_proto proto; /* the offer's: its answer has the same (RFC 3264 6) */
	bool feedback;
	bool nests;  /* its packets have payload types in them */
	bool turned; /* one side has G.711's one law, the other side the other one */
	struct line_side sides[MEDIA_NSIDES];
};

/* Whether a side's description of a line fits the side's rule; fills in where it is. NULL: it fits;
 * else why not. */
const char *line_judge(const struct offer_side *side, const struct sdp_media *m,
                       struct line_place *place);
/* Whether a side may have a line of an offer of the other's; as above. */
const char *line_may_go(const struct offer_side *side, const struct sdp_media *m);
/* The clocks of a side's formats, over what stands there. */
void line_clocks(const struct sdp_formats *formats, uint8_t clock_khz[RTP_NDYNAMIC]);
/* What the side said last. */
void line_place(struct line *line, enum media_side side, const struct line_place *place);
/* Whether our description to a side has keys. offered: the side offers, and its offer says it. */
bool line_wants_key(const struct line *line, enum media_side side, const struct offer_side *cfg,
                    bool offered);
void line_drop_key(struct line *line, enum media_side side);
/* Whether RTP is offered to a side beside SRTP. */
bool line_is_twofold(const struct line *line, enum media_side side, const struct offer_side *cfg);
/* Our keys towards a side, made once; tag and suite are the peer's where it said them. */
void line_make_key(struct line *line, enum media_side side);
/* Tells the anchor what the side said, if it does not know. */
MUST_USE enum err line_apply(struct line *line, enum media_side side, struct anchor *anchor);
/* Whether we offered the side a suite. */
bool line_offered(const struct line *line, enum media_side side, const struct offer_side *cfg,
                  enum srtp_suite suite);
/* How the line is written towards a side, which is offered all suites that it may have, or hears
 * the one that was chosen of its own. */
void line_write(const struct line *line, enum media_side side, const struct offer_side *cfg,
                bool offers, const struct anchor *anchor, struct sdp_crypto *crypto,
                struct sdp_out_media *out);
/* The exchange is over, and this line is what came out of it. tried: as it was in the exchange,
 * NULL: the same. A key of ours that has served and does not now is never made again. */
void line_settle(struct line *line, const struct line *tried);
/* Another party is that side. */
void line_forget(struct line *line, enum media_side side);

#endif
