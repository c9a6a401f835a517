/* RTP headers (RFC 3550, 5761). Any thread. */
#ifndef MEDIA_RTP_H
#define MEDIA_RTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"

#define RTP_HEADER_LEN 12
/* From here on signalling says what a payload type is (RFC 3551 3), for so many. */
#define RTP_DYNAMIC       96
#define RTP_NDYNAMIC      32
#define RTP_COMFORT_NOISE 13   /* payload type; RFC 3389 4 */
#define RTP_PACKET_MAX    2048 /* octets; a longer datagram is malformed */
/* Sequence numbers so far ahead, or behind, are a jump. RFC 3550 A.1. */
#define RTP_MAX_DROPOUT  3000
#define RTP_MAX_MISORDER 100

struct rtp_header {
	uint8_t payload_type; /* 0-127 */
	bool marker;
	uint16_t seq;
	uint32_t timestamp, ssrc;
	size_t payload_at, payload_len; /* behind CSRCs and extension, without padding */
};

/* ERR_SYNTAX: not version 2, or its lengths lie. */
MUST_USE enum err rtp_parse(struct rtp_header *out, const uint8_t *packet, size_t len);
/* Writes RTP_HEADER_LEN octets from payload_type, marker, seq, timestamp and ssrc. */
void rtp_write(uint8_t *packet, const struct rtp_header *header);
/* Payload types 64 to 95 are RTCP's (RFC 5761 4). */
bool rtp_is_rtcp(const uint8_t *packet, size_t len);

#endif
