/* The two tables that libsrtp2 asks for: a cipher (AES-CM, RFC 3711 4.1.1, RFC 6188) and a MAC
 * (HMAC-SHA1, RFC 2104). The library makes them in the signalling thread and uses each in one
 * thread at a time.
 */
/* SHA1_Init and the like are deprecated in OpenSSL 3.0, whose EVP_MAC allocates twice and frees
 * twice for each packet. */
#define OPENSSL_API_COMPAT 10101

#include "media/srtp_evp.h"

#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <srtp2/auth.h>
#include <srtp2/cipher.h>
#include <srtp2/srtp.h>
#include <stdbool.h>
#include <string.h>
#include "base/mem.h"
#include "base/random.h"
#include "media/srtp_aes.h"
#include "media/srtp_gcm.h"

#define SHA1_LEN 20

struct cipher {
	srtp_cipher_t base; /* first: the library frees by it */
	struct srtp_aes *aes;
	uint8_t salt[SRTP_AES_BLOCK]; /* 14 octets, and 2 for the block counter */
	uint8_t counter[SRTP_AES_BLOCK];
	bool has_iv; /* that was not used yet */
};

/* The hash after the first block, which is the key's (RFC 2104 4). */
struct mac {
	srtp_auth_t base;
	SHA_CTX inner, outer, now;
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

	srtp_aes_free(&c->aes);
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

	memset(c->salt, 0, sizeof(c->salt));
	memcpy(c->salt, key + c->base.key_len - SRTP_SALT_LEN, SRTP_SALT_LEN);
	return status_of(srtp_aes_set_key(c->aes, key), srtp_err_status_init_fail);
}

/* iv: what RFC 3711 4.1.1 adds to the salt. */
static srtp_err_status_t cipher_set_iv(void *state, uint8_t *iv, srtp_cipher_direction_t direction)
{
	struct cipher *c = state;

	(void)direction; /* it is the same */
	for (unsigned i = 0; i < SRTP_AES_BLOCK; i++)
		c->counter[i] = c->salt[i] ^ iv[i];
	c->has_iv = true;
	return srtp_err_status_ok;
}

/* Once for an IV, since the key stream would begin anew; for SRTCP the library asks for none of it
 * before. */
static srtp_err_status_t cipher_crypt(void *state, uint8_t *data, unsigned *len)
{
	struct cipher *c = state;

	if (*len == 0)
		return srtp_err_status_ok;
	if (!c->has_iv)
		return srtp_err_status_cipher_fail;
	c->has_iv = false;
	return status_of(srtp_aes_stream(c->aes, c->counter, data, data, *len),
	                 srtp_err_status_cipher_fail);
}

static srtp_err_status_t mac_free(srtp_auth_t *base)
{
	struct mac *m = base->state;

	mem_wipe(m, sizeof(*m));
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
	*out = &m->base;
	return srtp_err_status_ok;
}

static bool begin(SHA_CTX *hash, const uint8_t *key, int key_len, uint8_t pad)
{
	uint8_t block[SHA_CBLOCK];
	bool good;

	memset(block, pad, sizeof(block));
	for (int i = 0; i < key_len; i++)
		block[i] ^= key[i];
	good = SHA1_Init(hash) == 1 && SHA1_Update(hash, block, sizeof(block)) == 1;
	mem_wipe(block, sizeof(block));
	return good;
}

static srtp_err_status_t mac_init(void *state, const uint8_t *key, int key_len)
{
	struct mac *m = state;

	if (key_len > SHA1_LEN)
		return srtp_err_status_bad_param;
	return status_of(begin(&m->inner, key, key_len, 0x36) &&
	                     begin(&m->outer, key, key_len, 0x5c),
	                 srtp_err_status_init_fail);
}

static srtp_err_status_t mac_start(void *state)
{
	struct mac *m = state;

	m->now = m->inner;
	return srtp_err_status_ok;
}

static srtp_err_status_t mac_update(void *state, const uint8_t *data, int len)
{
	struct mac *m = state;

	return status_of(SHA1_Update(&m->now, data, (size_t)len) == 1, srtp_err_status_auth_fail);
}

static srtp_err_status_t mac_compute(void *state, const uint8_t *data, int len, int tag_len,
                                     uint8_t *tag)
{
	struct mac *m = state;
	uint8_t full[SHA1_LEN];

	if (tag_len < 0 || tag_len > SHA1_LEN)
		return srtp_err_status_bad_param;
	if (SHA1_Update(&m->now, data, (size_t)len) != 1 || SHA1_Final(full, &m->now) != 1)
		return srtp_err_status_auth_fail;
	m->now = m->outer;
	if (SHA1_Update(&m->now, full, sizeof(full)) != 1 || SHA1_Final(full, &m->now) != 1)
		return srtp_err_status_auth_fail;
	memcpy(tag, full, (size_t)tag_len);
	return srtp_err_status_ok;
}

/* RFC 3711 B.2 */
static const uint8_t cipher_test_key[SRTP_AES_ICM_128_KEY_LEN_WSALT] = {
	0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6, 0xab, 0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f,
	0x3c, 0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa, 0xfb, 0xfc, 0xfd
};
static uint8_t cipher_test_iv[SRTP_AES_BLOCK]; /* the library's type is not const */
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
	if (srtp_aes_open())
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
	srtp_aes_close();
}
