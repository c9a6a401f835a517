/* Session descriptions (RFC 4566, 3264, 4568): reads one, and writes it anew for the other side of
 * the border. On Sofia-SIP's SDP parser. Signalling thread. */
#ifndef SBC_SIP_SDP_H
#define SBC_SIP_SDP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/addr.h"
#include "base/buf.h"
#include "base/err.h"

#define SDP_MEDIA_MAX   8
#define SDP_CRYPTO_MAX  8
#define SDP_KEY_MAX     46 /* octets of master key and salt; AES_256_CM: 32 + 14 */
#define SDP_MKI_MAX     8  /* octets */
#define SDP_SUITE_MAX   40
#define SDP_FORMATS_MAX 24   /* of a line, that we know apart */
#define SDP_TYPES       128  /* payload types */
#define SDP_DROPPED     0xff /* no payload type */

enum sdp_proto {
	SDP_RTP,      /* RTP/AVP, RTP/AVPF */
	SDP_SRTP,     /* RTP/SAVP, RTP/SAVPF */
	SDP_DATAGRAM, /* other things in UDP: udptl, UDP/BFCP, UDP/UDT/IX, and what is not known */
	SDP_OTHER,    /* all that we do not carry: TCP, DTLS */
};

/* One usable a=crypto line with an inline key (RFC 4568). A secret. */
struct sdp_crypto {
	unsigned tag;
	char suite[SDP_SUITE_MAX];
	uint8_t key[SDP_KEY_MAX];
	size_t key_len;
	uint8_t mki[SDP_MKI_MAX]; /* as it stands in packets */
	size_t mki_len;           /* 0: it does not */
};

enum sdp_format_kind { SDP_FORMAT_OTHER, SDP_FORMAT_EVENTS, SDP_FORMAT_PCMU, SDP_FORMAT_PCMA };

/* A format of RTP. codec stands for name, clock rate and channels, and is the same under whatever
 * payload type. */
struct sdp_format {
	uint8_t type;
	uint8_t clock_khz; /* 0: it is no whole number of them */
	enum sdp_format_kind kind;
	uint32_t codec;
};

struct sdp_formats {
	struct sdp_format list[SDP_FORMATS_MAX];
	size_t n;
	bool cut; /* there are more */
};

/* What becomes of each payload type. turned: what is G.711 under it is called by its other law. */
struct sdp_types {
	uint8_t to[SDP_TYPES];         /* SDP_DROPPED: is left out */
	bool turned[SDP_TYPES], turns; /* one of them is */
};

struct sdp_media {
	const char *kind;      /* "audio", "video", ...; lives as long as the sdp */
	const char *transport; /* "RTP/AVP", "UDP/BFCP", ...; as kind */
	enum sdp_proto proto;
	bool feedback;              /* the F of AVPF and SAVPF */
	bool rejected;              /* port 0 */
	bool has_keys_elsewhere;    /* a=fingerprint: DTLS-SRTP */
	bool mux;                   /* RTCP on RTP's port (RFC 5761) */
	struct addr rtp;            /* unset when the address is none of ours to reach (a name) */
	struct addr rtcp;           /* unset: the port above RTP's */
	bool sends;                 /* a=sendrecv or sendonly */
	bool comfort_noise;         /* payload type 13 (RFC 3389) is among its formats */
	uint8_t event_type;         /* of telephone-events (RFC 4733); 0: none */
	uint8_t unused_type;        /* the highest payload type that is not; 0: none is left */
	struct sdp_formats formats; /* of RTP */
	bool nests; /* payload types stand in packets, too (RFC 2198): they are to stay */
	struct sdp_crypto crypto[SDP_CRYPTO_MAX]; /* those that we can read; the rest is left out */
	size_t ncrypto;
};

/* Names of formats, as in rtpmap, in order of preference; borrowed. */
struct sdp_codecs {
	char *const *names;
	size_t n;
};

/* What replaces it on the other side. */
struct sdp_out_media {
	bool rejected;
	uint16_t port;                   /* ours */
	enum sdp_proto proto;            /* SDP_DATAGRAM, SDP_OTHER: as it is; so are these in in */
	bool feedback;                   /* the F of its profile */
	const struct sdp_crypto *crypto; /* one line each; NULL for RTP */
	size_t ncrypto;
	bool mux;                      /* a=rtcp-mux */
	struct sdp_codecs codecs[2];   /* of RTP audio: those that are in both, in the last one's
	                                  order; none: all */
	unsigned ptime_ms;             /* of RTP audio; 0: as it is */
	bool both_laws;                /* of RTP audio with G.711: the other law, too, behind it */
	const struct sdp_types *types; /* of RTP; NULL: as they are */
	struct sdp_formats *written;   /* of RTP: what is there at last; NULL: does not matter */
	/* Whose kind and protocol a line has that in has not; NULL: RTP audio. */
	const struct sdp_media *like;
};

struct sdp_out {
	uint64_t session_id, version;      /* of our o= line (RFC 3264 5, 8) */
	struct addr addr;                  /* ours, as advertised, of all streams */
	const struct sdp_out_media *media; /* one per m-line */
	size_t nmedia; /* those of in beyond them are left out; those that in has not are rejected
	                  audio: a slot that the reader knows and in's sender does not */
	const uint8_t *of; /* in's m-line that each one is; NULL: the same */
};

struct sdp;

/* ERR_SYNTAX; ERR_LIMIT: more m-lines than SDP_MEDIA_MAX. */
MUST_USE enum err sdp_read(struct sdp **out, const char *text, size_t len);
void sdp_free(struct sdp **sdpp); /* wipes the keys */
size_t sdp_nmedia(const struct sdp *sdp);
const struct sdp_media *sdp_media_at(const struct sdp *sdp, size_t i);
/* Has these n of its m-lines from now on, each once, in that order. */
void sdp_pick(struct sdp *sdp, const uint8_t *pick, size_t n);
/* Whether a line is no RTP audio, or has speech in one of the codecs; with n 0: all are. */
bool sdp_media_speaks(const struct sdp *sdp, size_t i, const struct sdp_codecs *codecs);
/* Appends in, made ours: own origin, address, ports, protocol and keys; m-lines, formats,
 * directions and bandwidth stay, and those attributes that cross (sdp_attr.h). */
MUST_USE enum err sdp_write(const struct sdp *in, const struct sdp_out *with, struct buf *out);

#endif
