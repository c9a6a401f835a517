/* The two tables that libsrtp2 asks for: a cipher (AES-CM, RFC 3711 4.1.1, RFC 6188) and a MAC
 * (HMAC-SHA1, RFC 2104). The library makes them in the signalling thread and uses each in one
 * thread at a time.
 */
#include "media/srtp_evp.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <srtp2/auth.h>
#include <srtp2/cipher.h>
#include <srtp2/srtp.h>
#include <stdbool.h>
#include <string.h>
#include "base/mem.h"
#include "base/random.h"
#include "media/srtp_gcm.h"

#define BLOCK_LEN 16
#define SHA1_LEN  20

/* Fetched once: a fetch for every key would cost more than the packets. */
static EVP_CIPHER *aes_128, *aes_256;
static EVP_MAC *hmac;

struct cipher {
	srtp_cipher_t base; /* first: the library frees by it */
	EVP_CIPHER_CTX *ctx;
	uint8_t salt[BLOCK_LEN]; /* 14 octets, and 2 for the block counter */
};

struct mac {
	srtp_auth_t base;
	EVP_MAC_CTX *ctx;
};

static const srtp_cipher_type_t type_128, type_256;
static const srtp_auth_type_t mac_type;

static srtp_err_status_t status_of(bool good, srtp_err_status_t bad)
{
	return good ? srtp_err_status_ok : bad;
}

static srtp_err_status_t cipher_free(srtp_cipher_t *base)
{
	struct cipher *c = base->state;

	EVP_CIPHER_CTX_free(c->ctx); /* wipes its key */
	mem_wipe(c, sizeof(*c));
	mem_free(c);
	return srtp_err_status_ok;
}

static srtp_err_status_t cipher_new(srtp_cipher_t **out, int key_len, int tag_len)
{
	bool is_128 = key_len == SRTP_AES_ICM_128_KEY_LEN_WSALT;
	struct cipher *c;

	(void)tag_len;
	if (!is_128 && key_len != SRTP_AES_ICM_256_KEY_LEN_WSALT)
		return srtp_err_status_bad_param;
	c = mem_zalloc(sizeof(*c));
	if (!c)
		return srtp_err_status_alloc_fail;
	c->base = (srtp_cipher_t){ .type = is_128 ? &type_128 : &type_256,
		                   .state = c,
		                   .key_len = key_len,
		                   .algorithm = is_128 ? SRTP_AES_ICM_128 : SRTP_AES_ICM_256 };
	c->ctx = EVP_CIPHER_CTX_new();
	if (!c->ctx ||
	    EVP_EncryptInit_ex2(c->ctx, is_128 ? aes_128 : aes_256, NULL, NULL, NULL) != 1) {
		cipher_free(&c->base);
		return srtp_err_status_alloc_fail;
	}
	*out = &c->base;
	return srtp_err_status_ok;
}

static srtp_err_status_t cipher_init(void *state, const uint8_t *key)
{
	struct cipher *c = state;

	memset(c->salt, 0, sizeof(c->salt));
	memcpy(c->salt, key + c->base.key_len - SRTP_SALT_LEN, SRTP_SALT_LEN);
	return status_of(EVP_EncryptInit_ex2(c->ctx, NULL, key, c->salt, NULL) == 1,
	                 srtp_err_status_init_fail);
}

/* iv: what RFC 3711 4.1.1 adds to the salt. */
static srtp_err_status_t cipher_set_iv(void *state, uint8_t *iv, srtp_cipher_direction_t direction)
{
	struct cipher *c = state;
	uint8_t counter[BLOCK_LEN];

	(void)direction; /* it is the same */
	for (unsigned i = 0; i < BLOCK_LEN; i++)
		counter[i] = c->salt[i] ^ iv[i];
	return status_of(EVP_EncryptInit_ex2(c->ctx, NULL, NULL, counter, NULL) == 1,
	                 srtp_err_status_cipher_fail);
}

static srtp_err_status_t cipher_crypt(void *state, uint8_t *data, unsigned *len)
{
	struct cipher *c = state;
	int n = 0;

	if (EVP_EncryptUpdate(c->ctx, data, &n, data, (int)*len) != 1)
		return srtp_err_status_cipher_fail;
	*len = (unsigned)n;
	return srtp_err_status_ok;
}

static srtp_err_status_t mac_free(srtp_auth_t *base)
{
	struct mac *m = base->state;

	EVP_MAC_CTX_free(m->ctx);
	mem_free(m);
	return srtp_err_status_ok;
}

static srtp_err_status_t mac_new(srtp_auth_t **out, int key_len, int tag_len)
{
	struct mac *m;

	if (key_len > SHA1_LEN || tag_len > SHA1_LEN)
		return srtp_err_status_bad_param;
	m = mem_zalloc(sizeof(*m));
	if (!m)
		return srtp_err_status_alloc_fail;
	m->base =
	    (srtp_auth_t){ .type = &mac_type, .state = m, .out_len = tag_len, .key_len = key_len };
	m->ctx = EVP_MAC_CTX_new(hmac);
	if (!m->ctx) {
		mac_free(&m->base);
		return srtp_err_status_alloc_fail;
	}
	*out = &m->base;
	return srtp_err_status_ok;
}

static srtp_err_status_t mac_init(void *state, const uint8_t *key, int key_len)
{
	struct mac *m = state;
	char digest[] = "SHA1";
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_end(),
	};

	return status_of(EVP_MAC_init(m->ctx, key, (size_t)key_len, params) == 1,
	                 srtp_err_status_init_fail);
}

static srtp_err_status_t mac_start(void *state)
{
	struct mac *m = state;

	return status_of(EVP_MAC_init(m->ctx, NULL, 0, NULL) == 1, srtp_err_status_auth_fail);
}

static srtp_err_status_t mac_update(void *state, const uint8_t *data, int len)
{
	struct mac *m = state;

	return status_of(EVP_MAC_update(m->ctx, data, (size_t)len) == 1, srtp_err_status_auth_fail);
}

static srtp_err_status_t mac_compute(void *state, const uint8_t *data, int len, int tag_len,
                                     uint8_t *tag)
{
	struct mac *m = state;
	uint8_t full[SHA1_LEN];
	size_t n = 0;

	if (tag_len < 0 || tag_len > SHA1_LEN)
		return srtp_err_status_bad_param;
	if (EVP_MAC_update(m->ctx, data, (size_t)len) != 1 ||
	    EVP_MAC_final(m->ctx, full, &n, sizeof(full)) != 1 || n != SHA1_LEN)
		return srtp_err_status_auth_fail;
	memcpy(tag, full, (size_t)tag_len);
	return srtp_err_status_ok;
}

/* RFC 3711 B.2 */
static const uint8_t cipher_test_key[SRTP_AES_ICM_128_KEY_LEN_WSALT] = {
	0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6, 0xab, 0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f,
	0x3c, 0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa, 0xfb, 0xfc, 0xfd
};
static uint8_t cipher_test_iv[BLOCK_LEN]; /* the library's type is not const */
static const uint8_t cipher_test_zeros[32];
static const uint8_t cipher_test_stream[32] = { 0xe0, 0x3e, 0xad, 0x09, 0x35, 0xc9, 0x5e, 0x80,
	                                        0xe1, 0x66, 0xb1, 0x6d, 0xd9, 0x2b, 0x4e, 0xb4,
	                                        0xd2, 0x35, 0x13, 0x16, 0x2b, 0x02, 0xd0, 0xf7,
	                                        0x2a, 0x43, 0xa2, 0xfe, 0x4a, 0x5f, 0x97, 0xab };
/* RFC 6188 7.1 */
static const uint8_t cipher_test_key_256[SRTP_AES_ICM_256_KEY_LEN_WSALT] = {
	0x57, 0xf8, 0x2f, 0xe3, 0x61, 0x3f, 0xd1, 0x70, 0xa8, 0x5e, 0xc9, 0x3c,
	0x40, 0xb1, 0xf0, 0x92, 0x2e, 0xc4, 0xcb, 0x0d, 0xc0, 0x25, 0xb5, 0x82,
	0x72, 0x14, 0x7c, 0xc4, 0x38, 0x94, 0x4a, 0x98, 0xf0, 0xf1, 0xf2, 0xf3,
	0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa, 0xfb, 0xfc, 0xfd
};
static const uint8_t cipher_test_stream_256[32] = {
	0x92, 0xbd, 0xd2, 0x8a, 0x93, 0xc3, 0xf5, 0x25, 0x11, 0xc6, 0x77,
	0xd0, 0x8b, 0x55, 0x15, 0xa4, 0x9d, 0xa7, 0x1b, 0x23, 0x78, 0xa8,
	0x54, 0xf6, 0x70, 0x50, 0x75, 0x6d, 0xed, 0x16, 0x5b, 0xac
};
static const srtp_cipher_test_case_t cipher_test_256 = {
	.key_length_octets = sizeof(cipher_test_key_256),
	.key = cipher_test_key_256,
	.idx = cipher_test_iv,
	.plaintext_length_octets = sizeof(cipher_test_zeros),
	.plaintext = cipher_test_zeros,
	.ciphertext_length_octets = sizeof(cipher_test_stream_256),
	.ciphertext = cipher_test_stream_256,
};
static const srtp_cipher_test_case_t cipher_test = {
	.key_length_octets = sizeof(cipher_test_key),
	.key = cipher_test_key,
	.idx = cipher_test_iv,
	.plaintext_length_octets = sizeof(cipher_test_zeros),
	.plaintext = cipher_test_zeros,
	.ciphertext_length_octets = sizeof(cipher_test_stream),
	.ciphertext = cipher_test_stream,
};

/* RFC 2202 3, case 1 */
static const uint8_t mac_test_key[SHA1_LEN] = { 11, 11, 11, 11, 11, 11, 11, 11, 11, 11,
	                                        11, 11, 11, 11, 11, 11, 11, 11, 11, 11 };
static const uint8_t mac_test_data[8] = { 'H', 'i', ' ', 'T', 'h', 'e', 'r', 'e' };
static const uint8_t mac_test_tag[SHA1_LEN] = { 0xb6, 0x17, 0x31, 0x86, 0x55, 0x05, 0x72,
	                                        0x64, 0xe2, 0x8b, 0xc0, 0xb6, 0xfb, 0x37,
	                                        0x8c, 0x8e, 0xf1, 0x46, 0xbe, 0x00 };
static const srtp_auth_test_case_t mac_test = {
	.key_length_octets = sizeof(mac_test_key),
	.key = mac_test_key,
	.data_length_octets = sizeof(mac_test_data),
	.data = mac_test_data,
	.tag_length_octets = sizeof(mac_test_tag),
	.tag = mac_test_tag,
};

/* A key stream is its own inverse. */
#define TYPE(bits, test)                                                                     \
	{                                                                                    \
		.alloc = cipher_new, .dealloc = cipher_free, .init = cipher_init,            \
		.encrypt = cipher_crypt, .decrypt = cipher_crypt, .set_iv = cipher_set_iv,   \
		.description = "AES-" #bits " counter mode (OpenSSL)", .test_data = &(test), \
		.id = SRTP_AES_ICM_##bits,                                                   \
	}

static const srtp_cipher_type_t type_128 = TYPE(128, cipher_test),
                                type_256 = TYPE(256, cipher_test_256);

static const srtp_auth_type_t mac_type = {
	.alloc = mac_new,
	.dealloc = mac_free,
	.init = mac_init,
	.compute = mac_compute,
	.update = mac_update,
	.start = mac_start,
	.description = "HMAC-SHA1 (OpenSSL)",
	.test_data = &mac_test,
	.id = SRTP_HMAC_SHA1,
};

void srtp_evp_hash(const uint8_t *key, size_t key_len, const char *text,
                   uint8_t out[SRTP_EVP_HASH_LEN])
{
	unsigned len = SRTP_EVP_HASH_LEN;

	/* Nobody hears anything then, but no key is weak. */
	if (!HMAC(EVP_sha512(), key, (int)key_len, (const uint8_t *)text, strlen(text), out, &len))
		random_bytes(out, SRTP_EVP_HASH_LEN);
}

enum err srtp_evp_install(void)
{
	aes_128 = EVP_CIPHER_fetch(NULL, "AES-128-CTR", NULL);
	aes_256 = EVP_CIPHER_fetch(NULL, "AES-256-CTR", NULL);
	hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	if (!aes_128 || !aes_256 || !hmac)
		return ERR_UNSUPPORTED;
	/* All run the vectors above and the library's own before they take over. */
	if (srtp_replace_cipher_type(&type_128, type_128.id) != srtp_err_status_ok ||
	    srtp_replace_cipher_type(&type_256, type_256.id) != srtp_err_status_ok ||
	    srtp_replace_auth_type(&mac_type, mac_type.id) != srtp_err_status_ok)
		return ERR_UNSUPPORTED;
	return srtp_gcm_install();
}

void srtp_evp_remove(void)
{
	srtp_gcm_remove();
	EVP_CIPHER_free(aes_128);
	EVP_CIPHER_free(aes_256);
	EVP_MAC_free(hmac);
	aes_128 = aes_256 = NULL;
	hmac = NULL;
}
