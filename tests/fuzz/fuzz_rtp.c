/* Arbitrary octets where RTP, RTCP, SRTP and SRTCP are expected. What parses is held to its
 * promises.
 *
 * The first octet of the input says how to read the rest: bit 0 RTCP, bit 1 a tag is put behind it,
 * so that what is inside gets through authentication; the others are the arrival, in milliseconds.
 */
#include <assert.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>
#include "media/quality.h"
#include "media/rtcp.h"
#include "media/rtp.h"
#include "media/srtp.h"

#define ROOM (RTP_PACKET_MAX + SRTP_TRAILER_MAX)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct srtp_key key = { .bytes = { 1, 2, 3, 4, 5, 6, 7, 8 } };

static struct srtp_session *session(bool outbound)
{
	struct srtp_session *s;

	if (srtp_session_new(&s, SRTP_AES_CM_128_HMAC_SHA1_80, &key, outbound) != OK)
		abort();
	return s;
}

static void check_rtp(const uint8_t *packet, size_t len, uint64_t arrival_us)
{
	struct quality q = { 0 };
	struct rtp_header h;
	uint8_t again[RTP_HEADER_LEN];

	if (rtp_parse(&h, packet, len) != OK)
		return;
	assert(h.payload_at >= RTP_HEADER_LEN && h.payload_at <= len);
	assert(h.payload_len <= len - h.payload_at);
	rtp_write(again, &h);
	assert(memcmp(again + 1, packet + 1, RTP_HEADER_LEN - 1) == 0);
	/* The octets of the payload are the sequence numbers and timestamps that follow. */
	for (size_t i = 0; i + 8 <= h.payload_len; i += 8) {
		const uint8_t *p = packet + h.payload_at + i;

		quality_received(&q, &h, arrival_us);
		h.seq = (uint16_t)(p[0] << 8 | p[1]);
		h.timestamp += (uint32_t)p[2] << 24 | (uint32_t)p[3] << 16 | (uint32_t)p[4] << 8;
		h.ssrc ^= p[5] & 1U;
		arrival_us += p[6] * 1000U + p[7];
		(void)quality_lost(&q);
		(void)quality_jitter_us(&q);
	}
}

static void check_rtcp(const uint8_t *packet, size_t len)
{
	uint8_t copy[RTP_PACKET_MAX];
	struct rtcp_name name = { 0 };
	struct rtcp_said said;

	if (rtcp_read(&said, packet, len))
		return;
	memcpy(copy, packet, len);
	rtcp_hide_names(copy, len, 1, &name);
}

static void check_srtp(const uint8_t *packet, size_t len, bool rtcp, bool valid)
{
	alignas(8) uint8_t copy[ROOM];
	struct srtp_session *in = session(false), *out;

	memcpy(copy, packet, len);
	if (valid) {
		out = session(true);
		valid = srtp_session_protect(out, copy, &len, sizeof(copy), rtcp) == OK;
		srtp_session_free(&out);
	}
	if (srtp_session_unprotect(in, copy, &len, rtcp) == OK) {
		assert(valid);
		assert(memcmp(copy, packet, len) == 0);
	}
	assert(len <= sizeof(copy));
	srtp_session_free(&in);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool is_open; /* for as long as the process lives */
	const uint8_t *packet = data + 1;
	size_t len = size - 1;

	if (!is_open && srtp_library_open() != OK)
		abort();
	is_open = true;
	if (size == 0 || len > RTP_PACKET_MAX)
		return 0;
	(void)rtp_is_rtcp(packet, len);
	check_rtcp(packet, len);
	check_rtp(packet, len, (uint64_t)(data[0] >> 2) * 1000);
	check_srtp(packet, len, data[0] & 1, data[0] & 2);
	return 0;
}
