/* SRTP written down once more from the text of RFC 3711 on OpenSSL's EVP, to compare octets with.
 * AES_CM_128_HMAC_SHA1_80, key derivation rate 0. */
#ifndef TESTS_UNIT_MEDIA_SRTP_PEER_H
#define TESTS_UNIT_MEDIA_SRTP_PEER_H

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdint.h>
#include <string.h>

#define PEER_TAG_LEN 10

struct peer_keys {
	uint8_t cipher[16], auth[20], salt[14];
};

/* Key stream from iv, added to data (RFC 3711 4.1.1). */
static inline void peer_aes_cm(const uint8_t *key, const uint8_t *iv, uint8_t *data, size_t len)
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	int n;

	assert_non_null(c);
	assert_int_equal(EVP_EncryptInit_ex(c, EVP_aes_128_ctr(), NULL, key, iv), 1);
	assert_int_equal(EVP_EncryptUpdate(c, data, &n, data, (int)len), 1);
	EVP_CIPHER_CTX_free(c);
}

/* RFC 3711 4.3.1 and 4.3.3 */
static inline void peer_derive(const uint8_t *master, uint8_t label, uint8_t *out, size_t len)
{
	uint8_t iv[16] = { 0 };

	memcpy(iv, master + 16, 14);
	iv[7] ^= label;
	memset(out, 0, len);
	peer_aes_cm(master, iv, out, len);
}

static inline struct peer_keys peer_keys_of(const uint8_t *master, bool rtcp)
{
	const uint8_t first = rtcp ? 3 : 0;
	struct peer_keys k;

	peer_derive(master, first, k.cipher, sizeof(k.cipher));
	peer_derive(master, (uint8_t)(first + 1), k.auth, sizeof(k.auth));
	peer_derive(master, (uint8_t)(first + 2), k.salt, sizeof(k.salt));
	return k;
}

/* IV = (salt * 2^16) XOR (SSRC * 2^64) XOR (index * 2^16) */
static inline void peer_iv(uint8_t *iv, const struct peer_keys *k, const uint8_t *ssrc,
                           uint64_t index)
{
	memset(iv, 0, 16);
	memcpy(iv, k->salt, 14);
	for (unsigned i = 0; i < 4; i++)
		iv[4 + i] ^= ssrc[i];
	for (unsigned i = 0; i < 6; i++)
		iv[8 + i] ^= (uint8_t)(index >> (40 - 8 * i));
}

static inline void peer_tag(const struct peer_keys *k, const uint8_t *data, size_t len,
                            uint8_t *tag)
{
	uint8_t mac[EVP_MAX_MD_SIZE];
	unsigned n = sizeof(mac);

	assert_non_null(HMAC(EVP_sha1(), k->auth, sizeof(k->auth), data, len, mac, &n));
	memcpy(tag, mac, PEER_TAG_LEN);
}

/* A packet without CSRCs and extension. Gives the new length. */
static inline size_t peer_protect_rtp(const uint8_t *master, uint32_t roc, uint8_t *packet,
                                      size_t len)
{
	struct peer_keys k = peer_keys_of(master, false);
	uint64_t index = (uint64_t)roc << 16 | (uint64_t)packet[2] << 8 | packet[3];
	uint8_t iv[16], tag[PEER_TAG_LEN];
	const uint8_t rocs[4] = { (uint8_t)(roc >> 24), (uint8_t)(roc >> 16), (uint8_t)(roc >> 8),
		                  (uint8_t)roc };

	peer_iv(iv, &k, packet + 8, index);
	peer_aes_cm(k.cipher, iv, packet + 12, len - 12);
	memcpy(packet + len, rocs, 4); /* M = packet || ROC (4.2) */
	peer_tag(&k, packet, len + 4, tag);
	memcpy(packet + len, tag, sizeof(tag));
	return len + sizeof(tag);
}

static inline size_t peer_protect_rtcp(const uint8_t *master, uint32_t index, uint8_t *packet,
                                       size_t len)
{
	struct peer_keys k = peer_keys_of(master, true);
	uint8_t iv[16];
	const uint32_t word = index | 0x80000000U; /* E: encrypted (3.4) */

	peer_iv(iv, &k, packet + 4, index);
	peer_aes_cm(k.cipher, iv, packet + 8, len - 8);
	for (unsigned i = 0; i < 4; i++)
		packet[len++] = (uint8_t)(word >> (24 - 8 * i));
	peer_tag(&k, packet, len, packet + len);
	return len + PEER_TAG_LEN;
}

#endif
