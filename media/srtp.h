/* SRTP and SRTCP (RFC 3711) with keys from SDP (RFC 4568); the only user of libsrtp2
 * (with srtp_evp.c).
 * One session per stream and direction; one thread at a time. */
#ifndef MEDIA_SRTP_H
#define MEDIA_SRTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"

/* As RFC 4568, 6188 and 7714 have them; AES_CM_256 is how others spell AES_256_CM. */
enum srtp_suite {
	SRTP_NONE,
	SRTP_AES_CM_128_HMAC_SHA1_80,
	SRTP_AES_CM_128_HMAC_SHA1_32,
	SRTP_AES_256_CM_HMAC_SHA1_80,
	SRTP_AES_256_CM_HMAC_SHA1_32,
	SRTP_AES_CM_256_HMAC_SHA1_80,
	SRTP_AES_CM_256_HMAC_SHA1_32,
	SRTP_GCM_128,
	SRTP_GCM_256,
	SRTP_NSUITES,
};

#define SRTP_KEY_MAX     46 /* master key and master salt */
#define SRTP_MKI_MAX     8
#define SRTP_TRAILER_MAX 64   /* what protecting adds at most: tag, SRTCP index, MKI */
#define SRTP_SSRCS_MAX   64   /* sources of a session at a time; each costs memory */
#define SRTP_SPENT_MAX   1024 /* that we sent for before those, and never will again */

struct srtp_key {
	uint8_t bytes[SRTP_KEY_MAX];
	uint8_t mki[SRTP_MKI_MAX]; /* stands in each packet (RFC 3711 3.1) */
	uint8_t mki_len;           /* 0: does not */
};

struct srtp_session;

const char *srtp_suite_name(enum srtp_suite suite);     /* as in SDP; "none" */
enum srtp_suite srtp_suite_from_name(const char *name); /* SRTP_NONE: unknown */
size_t srtp_key_len(enum srtp_suite suite);             /* octets of key and salt: 30 */
/* False: 32 bits, and a key with an MKI is no use. */
bool srtp_suite_has_long_tags(enum srtp_suite suite);
void srtp_key_generate(struct srtp_key *key);
/* The key that belongs to seed for a suite: each suite has another one, always the same. */
void srtp_key_derive(const struct srtp_key *seed, enum srtp_suite suite, struct srtp_key *out);

/* Before the first session; srtp_library_close after the last. Counted: every open wants its close.
 * Signalling thread. media_new and media_free do it for what they carry. */
MUST_USE enum err srtp_library_open(void);
void srtp_library_close(void);

/* outbound: we protect with it; else we unprotect. Any SSRC. Copies the key. */
MUST_USE enum err srtp_session_new(struct srtp_session **out, enum srtp_suite suite,
                                   const struct srtp_key *key, bool outbound);
void srtp_session_free(struct srtp_session **sp); /* wipes the key */

/* In place; *len in octets, before and after; size is what packet has room for. rtcp: SRTCP.
 * ERR_AUTH: the tag is wrong. ERR_EXISTS: replayed. ERR_SYNTAX, ERR_LIMIT (no room, key worn out;
 * protecting, a source that made room for others, or too many of those), ERR_NOMEM. A repeated
 * sequence number is ERR_EXISTS when protecting, too: another payload under the same key stream
 * would give both away (RFC 3711 9.1). A source whose roll-over counter is ahead of what we think
 * is found after a few failures (RFC 3711 3.3.1). */
MUST_USE enum err srtp_session_protect(struct srtp_session *s, uint8_t *packet, size_t *len,
                                       size_t size, bool rtcp);
MUST_USE enum err srtp_session_unprotect(struct srtp_session *s, uint8_t *packet, size_t *len,
                                         bool rtcp);

/* libsrtp2 exports functions of these short names; ours must not stand in for them when linked. */
#define srtp_protect   srtp_session_protect
#define srtp_unprotect srtp_session_unprotect

#endif
