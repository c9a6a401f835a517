/* AES-GCM as libsrtp2 asks for it: the IV is the library's doing, the tag stands behind the text.
 * RFC 7714, RFC 5116 5.1. */
#include "media/srtp_gcm.h"

#include <openssl/modes.h>
#include <srtp2/cipher.h>
#include <srtp2/srtp.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include "base/mem.h"
#include "media/srtp_aes.h"

#define IV_LEN  12
#define TAG_LEN 16

struct cipher {
	srtp_cipher_t base; /* first: the library frees by it */
	struct srtp_aes *aes;
	GCM128_CONTEXT *gcm;
	bool broken;    /* AES failed, which OpenSSL's GCM cannot be told */
	size_t tag_len; /* 16; the library's own tests want 8, too */
};

static const srtp_cipher_type_t type_128, type_256;

static srtp_err_status_t status_of(bool good, srtp_err_status_t bad)
{
	return good ? srtp_err_status_ok : bad;
}

static void encrypt_block(const uint8_t in[SRTP_AES_BLOCK], uint8_t out[SRTP_AES_BLOCK],
                          const void *key)
{
	/* The door has it const, but its owner gave it as it is. */
	struct cipher *c = (struct cipher *)(uintptr_t)key;

	c->broken |= !srtp_aes_block(c->aes, in, out);
}

static void encrypt_stream(const uint8_t *in, uint8_t *out, size_t blocks, const void *key,
                           const uint8_t counter[SRTP_AES_BLOCK])
{
	struct cipher *c = (struct cipher *)(uintptr_t)key;

	c->broken |= !srtp_aes_stream(c->aes, counter, in, out, blocks * SRTP_AES_BLOCK);
}

static srtp_err_status_t cipher_free(srtp_cipher_t *base)
{
	struct cipher *c = base->state;

	CRYPTO_gcm128_release(c->gcm); /* wipes what it made of the key */
	srtp_aes_free(&c->aes);
	mem_free(c);
	return srtp_err_status_ok;
}

static srtp_err_status_t cipher_new(srtp_cipher_t **out, int key_len, int tag_len)
{
	bool is_128 = key_len == SRTP_AES_GCM_128_KEY_LEN_WSALT;
	struct cipher *c;

	if ((!is_128 && key_len != SRTP_AES_GCM_256_KEY_LEN_WSALT) ||
	    (tag_len != TAG_LEN && tag_len != TAG_LEN / 2))
		return srtp_err_status_bad_param;
	c = mem_zalloc(sizeof(*c));
	if (!c)
		return srtp_err_status_alloc_fail;
	c->base = (srtp_cipher_t){ .type = is_128 ? &type_128 : &type_256,
		                   .state = c,
		                   .key_len = key_len,
		                   .algorithm = is_128 ? SRTP_AES_GCM_128 : SRTP_AES_GCM_256 };
	c->tag_len = (size_t)tag_len;
	if (srtp_aes_new(&c->aes, is_128)) {
		cipher_free(&c->base);
		return srtp_err_status_alloc_fail;
	}
	*out = &c->base;
	return srtp_err_status_ok;
}

static srtp_err_status_t cipher_init(void *state, const uint8_t *key)
{
	struct cipher *c = state;

	if (!srtp_aes_set_key(c->aes, key))
		return srtp_err_status_init_fail;
	CRYPTO_gcm128_release(c->gcm);
	c->gcm = CRYPTO_gcm128_new(c, encrypt_block);
	return status_of(c->gcm && !c->broken, srtp_err_status_init_fail);
}

static srtp_err_status_t cipher_set_iv(void *state, uint8_t *iv, srtp_cipher_direction_t direction)
{
	struct cipher *c = state;

	(void)direction; /* it is told again by what follows */
	CRYPTO_gcm128_setiv(c->gcm, iv, IV_LEN);
	return status_of(!c->broken, srtp_err_status_cipher_fail);
}

static srtp_err_status_t cipher_set_aad(void *state, const uint8_t *aad, uint32_t len)
{
	struct cipher *c = state;

	return status_of(CRYPTO_gcm128_aad(c->gcm, aad, len) == 0, srtp_err_status_algo_fail);
}

static srtp_err_status_t cipher_encrypt(void *state, uint8_t *data, unsigned *len)
{
	struct cipher *c = state;

	return status_of(CRYPTO_gcm128_encrypt_ctr32(c->gcm, data, data, *len, encrypt_stream) ==
	                         0 &&
	                     !c->broken,
	                 srtp_err_status_cipher_fail);
}

static srtp_err_status_t cipher_get_tag(void *state, uint8_t *tag, uint32_t *len)
{
	struct cipher *c = state;

	*len = (uint32_t)c->tag_len;
	CRYPTO_gcm128_tag(c->gcm, tag, c->tag_len);
	return srtp_err_status_ok;
}

static srtp_err_status_t cipher_decrypt(void *state, uint8_t *data, unsigned *len)
{
	struct cipher *c = state;
	size_t text_len;

	if (*len < c->tag_len)
		return srtp_err_status_bad_param;
	text_len = *len - c->tag_len;
	if (CRYPTO_gcm128_decrypt_ctr32(c->gcm, data, data, text_len, encrypt_stream) != 0 ||
	    c->broken)
		return srtp_err_status_algo_fail;
	if (CRYPTO_gcm128_finish(c->gcm, data + text_len, c->tag_len) != 0)
		return srtp_err_status_auth_fail;
	*len = (unsigned)text_len;
	return srtp_err_status_ok;
}

/* RFC 7714 16.1.1 and 16.2.1; the salt behind the key is not the cipher's. */
static const uint8_t test_key[SRTP_AES_GCM_256_KEY_LEN_WSALT] = {
	0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a,
	0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15,
	0x16, 0x17, 0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f
};
static uint8_t test_iv[IV_LEN] = { 0x51, 0x75, 0x3c, 0x65, 0x80, 0xc2,
	                           0x72, 0x6f, 0x20, 0x71, 0x84, 0x14 };
static const uint8_t test_aad[] = { 0x80, 0x40, 0xf1, 0x7b, 0x80, 0x41,
	                            0xf8, 0xd3, 0x55, 0x01, 0xa0, 0xb2 };
static const uint8_t test_plain[] = { 0x47, 0x61, 0x6c, 0x6c, 0x69, 0x61, 0x20, 0x65, 0x73, 0x74,
	                              0x20, 0x6f, 0x6d, 0x6e, 0x69, 0x73, 0x20, 0x64, 0x69, 0x76,
	                              0x69, 0x73, 0x61, 0x20, 0x69, 0x6e, 0x20, 0x70, 0x61, 0x72,
	                              0x74, 0x65, 0x73, 0x20, 0x74, 0x72, 0x65, 0x73 };
static const uint8_t test_128[] = { 0xf2, 0x4d, 0xe3, 0xa3, 0xfb, 0x34, 0xde, 0x6c, 0xac,
	                            0xba, 0x86, 0x1c, 0x9d, 0x7e, 0x4b, 0xca, 0xbe, 0x63,
	                            0x3b, 0xd5, 0x0d, 0x29, 0x4e, 0x6f, 0x42, 0xa5, 0xf4,
	                            0x7a, 0x51, 0xc7, 0xd1, 0x9b, 0x36, 0xde, 0x3a, 0xdf,
	                            0x88, 0x33, 0x89, 0x9d, 0x7f, 0x27, 0xbe, 0xb1, 0x6a,
	                            0x91, 0x52, 0xcf, 0x76, 0x5e, 0xe4, 0x39, 0x0c, 0xce };
static const uint8_t test_256[] = { 0x32, 0xb1, 0xde, 0x78, 0xa8, 0x22, 0xfe, 0x12, 0xef,
	                            0x9f, 0x78, 0xfa, 0x33, 0x2e, 0x33, 0xaa, 0xb1, 0x80,
	                            0x12, 0x38, 0x9a, 0x58, 0xe2, 0xf3, 0xb5, 0x0b, 0x2a,
	                            0x02, 0x76, 0xff, 0xae, 0x0f, 0x1b, 0xa6, 0x37, 0x99,
	                            0xb8, 0x7b, 0x7a, 0xa3, 0xdb, 0x36, 0xdf, 0xff, 0xd6,
	                            0xb0, 0xf9, 0xbb, 0x78, 0x78, 0xd7, 0xa7, 0x6c, 0x13 };

#define TEST(bits)                                                                                 \
	{                                                                                          \
		.key_length_octets = SRTP_AES_GCM_##bits##_KEY_LEN_WSALT, .key = test_key,         \
		.idx = test_iv, .plaintext_length_octets = sizeof(test_plain),                     \
		.plaintext = test_plain, .ciphertext_length_octets = sizeof(test_##bits),          \
		.ciphertext = test_##bits, .aad_length_octets = sizeof(test_aad), .aad = test_aad, \
		.tag_length_octets = TAG_LEN,                                                      \
	}

static const srtp_cipher_test_case_t case_128 = TEST(128), case_256 = TEST(256);

#define TYPE(bits)                                                                               \
	{                                                                                        \
		.alloc = cipher_new, .dealloc = cipher_free, .init = cipher_init,                \
		.set_aad = cipher_set_aad, .encrypt = cipher_encrypt, .decrypt = cipher_decrypt, \
		.set_iv = cipher_set_iv, .get_tag = cipher_get_tag,                              \
		.description = "AES-" #bits "-GCM (OpenSSL)", .test_data = &case_##bits,         \
		.id = SRTP_AES_GCM_##bits,                                                       \
	}

static const srtp_cipher_type_t type_128 = TYPE(128), type_256 = TYPE(256);

enum err srtp_gcm_install(void)
{
	if (srtp_replace_cipher_type(&type_128, type_128.id) != srtp_err_status_ok ||
	    srtp_replace_cipher_type(&type_256, type_256.id) != srtp_err_status_ok)
		return ERR_UNSUPPORTED;
	return OK;
}
