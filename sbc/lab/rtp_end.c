/* One end of an RTP stream (RFC 3550, 3711). RTCP is received and not read. Signalling thread.
 * Owner: the call. */
#include "sbc/lab/rtp_end.h"

#include <stdalign.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/mem.h"
#include "base/random.h"

#define BATCH 32 /* datagrams in one go */

struct rtp_end {
	struct rtp_end_cfg cfg;
	struct port_pair pair;
	struct io *io;
	struct addr peer;              /* unset: none yet */
	struct srtp_session *in, *out; /* NULL: plain RTP */
	uint32_t ssrc;
	uint64_t sent, received, refused;
	struct quality quality;
};

static void on_packet(struct rtp_end *e, uint8_t *packet, size_t len, const struct addr *from)
{
	struct rtp_header header;

	if (rtp_is_rtcp(packet, len))
		return;
	if (e->in ? srtp_session_unprotect(e->in, packet, &len, false) != OK
	          : !addr_equal(from, &e->peer))
		goto refuse;
	if (rtp_parse(&header, packet, len))
		goto refuse;
	e->peer = *from;
	e->received++;
	quality_received(&e->quality, &header, clock_mono_us());
	e->cfg.on_rtp(e->cfg.arg, &header, packet + header.payload_at);
	return;
refuse:
	e->refused++;
}

static void on_readable(void *arg, int events)
{
	struct rtp_end *e = arg;
	alignas(8) uint8_t packet[RTP_PACKET_MAX + 1];

	(void)events;
	for (int i = 0; i < BATCH; i++) {
		struct addr from;
		socklen_t from_len = sizeof(from);
		ssize_t n = recvfrom(e->pair.rtp_fd, packet, sizeof(packet), MSG_DONTWAIT, &from.sa,
		                     &from_len);

		if (n < 0)
			return;
		if (n > RTP_PACKET_MAX || !addr_is_set(&e->peer))
			e->refused++;
		else
			on_packet(e, packet, (size_t)n, &from);
	}
}

enum err rtp_end_new(struct rtp_end **out, const struct rtp_end_cfg *cfg)
{
	struct rtp_end *e = mem_zalloc(sizeof(*e));
	enum err err;

	if (!e)
		return ERR_NOMEM;
	e->cfg = *cfg;
	random_bytes(&e->ssrc, sizeof(e->ssrc));
	err = port_pool_take(cfg->ports, &e->pair);
	if (err) {
		mem_free(e);
		return err;
	}
	err = io_new(&e->io, cfg->loop, e->pair.rtp_fd, IO_READ, on_readable, e);
	if (err)
		rtp_end_free(&e);
	else
		*out = e;
	return err;
}

void rtp_end_free(struct rtp_end **ep)
{
	struct rtp_end *e = *ep;

	if (!e)
		return;
	io_free(&e->io);
	close(e->pair.rtp_fd);
	close(e->pair.rtcp_fd);
	port_pool_release(e->cfg.ports, e->pair.port);
	srtp_session_free(&e->in);
	srtp_session_free(&e->out);
	mem_free(e);
	*ep = NULL;
}

void rtp_end_address(const struct rtp_end *e, struct addr *out)
{
	*out = e->cfg.address;
	addr_set_port(out, e->pair.port);
}

void rtp_end_aim(struct rtp_end *e, const struct addr *peer)
{
	e->peer = *peer;
}

enum err rtp_end_protect(struct rtp_end *e, enum srtp_suite suite, const struct srtp_key *in,
                         const struct srtp_key *out)
{
	struct srtp_session *session_in, *session_out;
	enum err err = srtp_session_new(&session_in, suite, in, false);

	if (err)
		return err;
	err = srtp_session_new(&session_out, suite, out, true);
	if (err) {
		srtp_session_free(&session_in);
		return err;
	}
	srtp_session_free(&e->in);
	srtp_session_free(&e->out);
	e->in = session_in;
	e->out = session_out;
	return OK;
}

void rtp_end_send(struct rtp_end *e, const struct rtp_header *header, const uint8_t *payload,
                  size_t len)
{
	alignas(8) uint8_t packet[RTP_PACKET_MAX + SRTP_TRAILER_MAX];
	struct rtp_header ours = *header;

	if (!addr_is_set(&e->peer) || len > RTP_PACKET_MAX - RTP_HEADER_LEN)
		return;
	ours.ssrc ^= e->ssrc;
	rtp_write(packet, &ours);
	memcpy(packet + RTP_HEADER_LEN, payload, len);
	len += RTP_HEADER_LEN;
	if (e->out && srtp_session_protect(e->out, packet, &len, sizeof(packet), false) != OK)
		return;
	if (sendto(e->pair.rtp_fd, packet, len, MSG_DONTWAIT, &e->peer.sa, addr_len(&e->peer)) >= 0)
		e->sent++;
}

void rtp_end_stats(const struct rtp_end *e, struct rtp_end_stats *out)
{
	*out = (struct rtp_end_stats){ .sent = e->sent,
		                       .received = e->received,
		                       .refused = e->refused,
		                       .lost = quality_lost(&e->quality),
		                       .jitter_us = quality_jitter_us(&e->quality) };
}
