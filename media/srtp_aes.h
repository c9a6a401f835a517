/* AES (FIPS 197) in blocks, and a key stream of counted blocks: what srtp_evp.c and srtp_gcm.c make
 * their modes of. OpenSSL's own modes take a new IV with each packet, and look up its length by
 * name for that, which costs more than the packet's blocks. For these two alone. */
#ifndef MEDIA_SRTP_AES_H
#define MEDIA_SRTP_AES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"

#define SRTP_AES_BLOCK 16

/* A key, in one thread at a time. */
struct srtp_aes;

/* Signalling thread. ERR_UNSUPPORTED: OpenSSL has none. */
MUST_USE enum err srtp_aes_open(void);
void srtp_aes_close(void);

MUST_USE enum err srtp_aes_new(struct srtp_aes **out, bool is_128);
void srtp_aes_free(struct srtp_aes **aesp); /* wipes the key */
/* key: 16 or 32 octets. False: OpenSSL refuses. */
bool srtp_aes_set_key(struct srtp_aes *aes, const uint8_t *key);
/* From here on false: OpenSSL failed, and out is not to be used. */
bool srtp_aes_block(struct srtp_aes *aes, const uint8_t in[SRTP_AES_BLOCK],
                    uint8_t out[SRTP_AES_BLOCK]);
/* in XOR the key stream that begins with the block counter, of which the last 32 bits count. in may
 * be out. */
bool srtp_aes_stream(struct srtp_aes *aes, const uint8_t counter[SRTP_AES_BLOCK], const uint8_t *in,
                     uint8_t *out, size_t len);

#endif
