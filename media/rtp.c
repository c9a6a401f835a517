/* RTP headers (RFC 3550 5.1; RFC 5761 4). Any thread. */
#include "media/rtp.h"

#include "media/octets.h"

#define RTP_VERSION 2

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
