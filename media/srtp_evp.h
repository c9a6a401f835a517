/* OpenSSL's AES and HMAC-SHA1 for libsrtp2, through its own door for replacements. Where libsrtp2
 * is built on NSS (Debian) that makes a packet several times cheaper; the octets are the same.
 * Signalling thread. For srtp.c alone. */
#ifndef MEDIA_SRTP_EVP_H
#define MEDIA_SRTP_EVP_H

#include <stddef.h>
#include <stdint.h>
#include "base/err.h"

#define SRTP_EVP_HASH_LEN 64

/* HMAC-SHA512 (RFC 2104, RFC 4231). For lack of memory alone it gives random octets. Any thread. */
void srtp_evp_hash(const uint8_t *key, size_t key_len, const char *text,
                   uint8_t out[SRTP_EVP_HASH_LEN]);

/* After srtp_init. ERR_UNSUPPORTED: OpenSSL lacks them, or what they gave did not pass the
 * library's self tests; the library's own remain then. */
MUST_USE enum err srtp_evp_install(void);
/* After srtp_shutdown. */
void srtp_evp_remove(void);

#endif
