/* ECB on counters that are written side by side, so that OpenSSL encrypts many of them at once. */
#include "media/srtp_aes.h"

#include <openssl/evp.h>
#include <string.h>
#include "base/mem.h"

#define AT_ONCE 16 /* blocks: a packet of G.711 has 11 */

/* Fetched once: a fetch for every key would cost more than the packets. */
static EVP_CIPHER *aes_128, *aes_256;

struct srtp_aes {
	EVP_CIPHER_CTX *ctx;
};

enum err srtp_aes_open(void)
{
	aes_128 = EVP_CIPHER_fetch(NULL, "AES-128-ECB", NULL);
	aes_256 = EVP_CIPHER_fetch(NULL, "AES-256-ECB", NULL);
	return aes_128 && aes_256 ? OK : ERR_UNSUPPORTED;
}

void srtp_aes_close(void)
{
	EVP_CIPHER_free(aes_128);
	EVP_CIPHER_free(aes_256);
	aes_128 = aes_256 = NULL;
}

enum err srtp_aes_new(struct srtp_aes **out, bool is_128)
{
	struct srtp_aes *aes = mem_zalloc(sizeof(*aes));

	if (!aes)
		return ERR_NOMEM;
	aes->ctx = EVP_CIPHER_CTX_new();
	if (!aes->ctx ||
	    EVP_EncryptInit_ex2(aes->ctx, is_128 ? aes_128 : aes_256, NULL, NULL, NULL) != 1 ||
	    EVP_CIPHER_CTX_set_padding(aes->ctx, 0) != 1) {
		srtp_aes_free(&aes);
		return ERR_NOMEM;
	}
	*out = aes;
	return OK;
}

void srtp_aes_free(struct srtp_aes **aesp)
{
	if (!*aesp)
		return;
	EVP_CIPHER_CTX_free((*aesp)->ctx);
	mem_free(*aesp);
	*aesp = NULL;
}

bool srtp_aes_set_key(struct srtp_aes *aes, const uint8_t *key)
{
	return EVP_EncryptInit_ex2(aes->ctx, NULL, key, NULL, NULL) == 1;
}

static bool encrypt(struct srtp_aes *aes, const uint8_t *in, uint8_t *out, size_t blocks)
{
	int n = 0, len = (int)(blocks * SRTP_AES_BLOCK);

	return EVP_EncryptUpdate(aes->ctx, out, &n, in, len) == 1 && n == len;
}

bool srtp_aes_block(struct srtp_aes *aes, const uint8_t in[SRTP_AES_BLOCK],
                    uint8_t out[SRTP_AES_BLOCK])
{
	return encrypt(aes, in, out, 1);
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void write_counters(uint8_t *out, const uint8_t *first, size_t skip, size_t blocks)
{
	uint32_t count = get32(first + 12) + (uint32_t)skip;

	for (size_t i = 0; i < blocks; i++, count++, out += SRTP_AES_BLOCK) {
		memcpy(out, first, 12);
		out[12] = (uint8_t)(count >> 24);
		out[13] = (uint8_t)(count >> 16);
		out[14] = (uint8_t)(count >> 8);
		out[15] = (uint8_t)count;
	}
}

static void xor
    (uint8_t * out, const uint8_t *in, const uint8_t *stream, size_t len) {
	    size_t i = 0;

	    for (; i + 8 <= len; i += 8) {
		    uint64_t a, b;

		    memcpy(&a, in + i, 8);
		    memcpy(&b, stream + i, 8);
		    a ^= b;
		    memcpy(out + i, &a, 8);
	    }
	    for (; i < len; i++)
		    out[i] = in[i] ^ stream[i];
    }

    bool srtp_aes_stream(struct srtp_aes *aes, const uint8_t counter[SRTP_AES_BLOCK],
                         const uint8_t *in, uint8_t *out, size_t len)
{
	uint8_t stream[AT_ONCE * SRTP_AES_BLOCK];

	for (size_t at = 0; at < len; at += sizeof(stream)) {
		size_t n = len - at < sizeof(stream) ? len - at : sizeof(stream);
		size_t blocks = (n + SRTP_AES_BLOCK - 1) / SRTP_AES_BLOCK;

		write_counters(stream, counter, at / SRTP_AES_BLOCK, blocks);
		if (!encrypt(aes, stream, stream, blocks))
			return false;
		xor(out + at, in + at, stream, n);
	}
	return true;
}
