/* STUN messages. Every octet of an answer is a stranger's: each length is checked before it is
 * used. */
#include "sbc/sip/stun.h"

#include <string.h>

#define COOKIE           0x2112a442U
#define BINDING_REQUEST  0x0001
#define BINDING_RESPONSE 0x0101
#define MAPPED           0x0001
#define XOR_MAPPED       0x0020
#define FAMILY_V4        1
#define FAMILY_V6        2

static void put16(uint8_t *to, unsigned value)
{
	to[0] = (uint8_t)(value >> 8);
	to[1] = (uint8_t)value;
}

static unsigned get16(const uint8_t *from)
{
	return (unsigned)from[0] << 8 | from[1];
}

static void put_cookie(uint8_t *to)
{
	put16(to, COOKIE >> 16);
	put16(to + 2, COOKIE & 0xffff);
}

void stun_write_request(uint8_t out[STUN_REQUEST_LEN], const uint8_t id[STUN_ID_LEN])
{
	put16(out, BINDING_REQUEST);
	put16(out + 2, 0);
	put_cookie(out + 4);
	memcpy(out + 8, id, STUN_ID_LEN);
}

/* value: len octets of the attribute. mask: the cookie and id, or zeros. */
static enum err read_address(struct addr *out, const uint8_t *value, size_t len,
                             const uint8_t mask[4 + STUN_ID_LEN])
{
	size_t octets = len >= 4 && value[1] == FAMILY_V4   ? 4
	                : len >= 4 && value[1] == FAMILY_V6 ? 16
	                                                    : 0;
	uint8_t host[16];

	if (octets == 0 || len < 4 + octets)
		return ERR_SYNTAX;
	for (size_t i = 0; i < octets; i++)
		host[i] = value[4 + i] ^ mask[i];
	memset(out, 0, sizeof(*out));
	if (octets == 4) {
		out->v4.sin_family = AF_INET;
		memcpy(&out->v4.sin_addr, host, 4);
	} else {
		out->v6.sin6_family = AF_INET6;
		memcpy(&out->v6.sin6_addr, host, 16);
	}
	addr_set_port(out, (uint16_t)(get16(value + 2) ^ get16(mask)));
	return OK;
}

enum err stun_read_response(struct addr *out, const uint8_t id[STUN_ID_LEN], const uint8_t *data,
                            size_t len)
{
	static const uint8_t clear[4 + STUN_ID_LEN];
	uint8_t mask[4 + STUN_ID_LEN];
	enum err err = ERR_NOT_FOUND;
	size_t at = STUN_REQUEST_LEN;

	put_cookie(mask);
	memcpy(mask + 4, id, STUN_ID_LEN);
	if (len < STUN_REQUEST_LEN || memcmp(data + 4, mask, sizeof(mask)) != 0)
		return ERR_REFUSED;
	if (get16(data) != BINDING_RESPONSE)
		return ERR_NOT_FOUND;
	if (get16(data + 2) + (size_t)STUN_REQUEST_LEN != len)
		return ERR_SYNTAX;
	while (at + 4 <= len) {
		unsigned type = get16(data + at);
		size_t size = get16(data + at + 2);

		at += 4;
		if (size > len - at)
			return ERR_SYNTAX;
		if (type == XOR_MAPPED)
			return read_address(out, data + at, size, mask);
		/* Old servers have this alone; a NAT may have changed it. */
		if (type == MAPPED && err)
			err = read_address(out, data + at, size, clear);
		at += (size + 3) & ~(size_t)3;
	}
	return err;
}
