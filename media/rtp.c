/* RTP and RTCP headers (RFC 3550 5.1, 6.4; RFC 5761 4). Any thread. */
#include "media/rtp.h"

#define RTP_VERSION     2
#define RTCP_HEADER_LEN 4

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void put32(uint8_t *p, uint32_t value)
{
	p[0] = (uint8_t)(value >> 24);
	p[1] = (uint8_t)(value >> 16);
	p[2] = (uint8_t)(value >> 8);
	p[3] = (uint8_t)value;
}

enum err rtp_parse(struct rtp_header *out, const uint8_t *packet, size_t len)
{
	size_t at = RTP_HEADER_LEN, padding = 0;

	if (len < RTP_HEADER_LEN || len > RTP_PACKET_MAX || packet[0] >> 6 != RTP_VERSION)
		return ERR_SYNTAX;
	at += (packet[0] & 0x0fU) * 4U; /* CSRCs */
	if (packet[0] & 0x10) {         /* an extension: profile, length in words, words */
		if (at + 4 > len)
			return ERR_SYNTAX;
		at += 4 + get16(packet + at + 2) * (size_t)4;
	}
	if (at > len)
		return ERR_SYNTAX;
	if (packet[0] & 0x20) { /* the last octet counts the padding, itself included */
		padding = packet[len - 1];
		if (padding == 0 || padding > len - at)
			return ERR_SYNTAX;
	}
	*out = (struct rtp_header){
		.payload_type = packet[1] & 0x7f,
		.marker = packet[1] >> 7,
		.seq = get16(packet + 2),
		.timestamp = get32(packet + 4),
		.ssrc = get32(packet + 8),
		.payload_at = at,
		.payload_len = len - at - padding,
	};
	return OK;
}

void rtp_write(uint8_t *packet, const struct rtp_header *header)
{
	packet[0] = RTP_VERSION << 6;
	packet[1] = (uint8_t)((header->marker ? 0x80 : 0) | (header->payload_type & 0x7f));
	packet[2] = (uint8_t)(header->seq >> 8);
	packet[3] = (uint8_t)header->seq;
	put32(packet + 4, header->timestamp);
	put32(packet + 8, header->ssrc);
}

bool rtp_is_rtcp(const uint8_t *packet, size_t len)
{
	uint8_t type;

	if (len < 2 || packet[0] >> 6 != RTP_VERSION)
		return false;
	type = packet[1] & 0x7f;
	return type >= 64 && type <= 95;
}

bool rtcp_is_valid(const uint8_t *packet, size_t len)
{
	size_t at = 0;

	if (len < 2 * RTCP_HEADER_LEN || len > RTP_PACKET_MAX)
		return false;
	while (at < len) {
		if (len - at < RTCP_HEADER_LEN || !rtp_is_rtcp(packet + at, len - at))
			return false;
		at += (get16(packet + at + 2) + (size_t)1) * 4;
	}
	return at == len;
}
