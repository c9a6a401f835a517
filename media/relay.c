/* The packet path, top to bottom in relay_treat. The worker that owns the stream. RFC 3550, 3711,
 * 5761, 7983. */
#include "media/relay.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include "base/clock.h"
#include "base/log.h"
#include "media/rtcp.h"
#include "media/rtp.h"

#define REPEATED_TOLD 50 /* a second of speech */

static const char *const side_names[MEDIA_NSIDES] = { "caller", "callee" };

void relay_init(struct relay_stream *s, const char *call, unsigned index)
{
	s->call = call;
	s->index = index;
	for (unsigned i = 0; i < MEDIA_NSIDES; i++)
		s->sides[i].rtp.fd = s->sides[i].rtcp.fd = -1;
}

static void init_port(struct relay_port *port, struct relay_stream *s, enum media_side side,
                      bool rtcp, int fd, const struct latch_cfg *latch)
{
	port->fd = fd;
	port->rtcp = rtcp;
	port->side = side;
	port->stream = s;
	latch_init(&port->latch, latch, rtcp ? NULL : s->sides[side].doubted);
}

void relay_init_side(struct relay_stream *s, enum media_side side, int rtp_fd, int rtcp_fd,
                     const struct latch_cfg *latch)
{
	init_port(&s->sides[side].rtp, s, side, false, rtp_fd, latch);
	init_port(&s->sides[side].rtcp, s, side, true, rtcp_fd, latch);
}

static int renew_port(struct relay_port *port, int fd, const struct latch_cfg *latch)
{
	int old = port->fd;

	memset(&port->latch, 0, sizeof(port->latch));
	memset(port->stream->sides[port->side].doubted, 0, sizeof(port->stream->sides->doubted));
	init_port(port, port->stream, port->side, port->rtcp, fd, latch);
	return old;
}

static void renew(struct relay_side *side, struct relay_change *change)
{
	change->rtp_fd = renew_port(&side->rtp, change->rtp_fd, change->latch);
	change->rtcp_fd = renew_port(&side->rtcp, change->rtcp_fd, change->latch);
	sessions_renew(&side->in, &change->in);
	sessions_renew(&side->out, &change->out);
	change->map = side->map;
	side->map = NULL;
	side->told = side->mux = side->opaque = false;
	side->warned_auth = side->warned_stranger = side->warned_unsent = false;
	side->repeated = 0;
	memset(&side->primer, 0, sizeof(side->primer));
	memset(&side->reports, 0, sizeof(side->reports));
	memset(&side->quality, 0, sizeof(side->quality));
	memset(&side->shift, 0, sizeof(side->shift));
	counters_forget(&side->count);
}

void relay_apply(struct relay_stream *s, struct relay_change *change)
{
	struct relay_side *side = &s->sides[change->side];
	const struct addr was = side->rtp.latch.told;
	uint64_t now_ms = clock_mono_ms();
	bool moved;

	if (change->remap) {
		struct payload_map *map = side->map;

		side->map = change->map;
		change->map = map;
		return;
	}
	if (change->renew) {
		renew(side, change);
		primer_stop(s);
		return;
	}
	if (latch_tell(&side->rtp.latch, &change->rtp, now_ms))
		counters_show(&side->count.latched, &side->rtp.latch.source);
	latch_tell(&side->rtcp.latch, &change->rtcp, now_ms);
	latch_know(&side->rtp.latch, change->opaque, &change->host);
	latch_know(&side->rtcp.latch, change->opaque, &change->host);
	moved = !addr_equal(&was, &side->rtp.latch.told);
	side->mux = change->mux;
	side->quality.event_type = change->event_type;
	side->quality.clock_khz = side->clock_khz;
	memcpy(side->clock_khz, change->clock_khz, sizeof(side->clock_khz));
	if (sessions_apply(&side->in, &change->in, now_ms))
		side->warned_auth = false;
	if (sessions_apply(&side->out, &change->out, now_ms)) {
		side->warned_unsent = false;
		side->repeated = 0;
	}
	side->opaque = change->opaque;
	side->told = true;
	primer_tell(s, change, moved);
}

static bool send_to(struct relay_side *side, int fd, const struct addr *to, const uint8_t *packet,
                    size_t len)
{
	/* The error of an earlier packet shows here once, and this one may well arrive. */
	for (unsigned i = 0; i < 2; i++) {
		if (sendto(fd, packet, len, 0, &to->sa, addr_len(to)) >= 0)
			return true;
	}
	counters_add(&side->count.send_errors, 1);
	return false;
}

enum err relay_send_own(struct relay_side *side, uint8_t *packet, size_t len, size_t size,
                        bool rtcp)
{
	const struct relay_port *through = rtcp && !side->mux ? &side->rtcp : &side->rtp;
	const struct addr *to = latch_way(&through->latch);
	enum err err = OK;

	if (!to)
		return ERR_NOT_FOUND;
	if (side->out.now)
		err = srtp_session_protect(side->out.now, packet, &len, size, rtcp);
	if (!err && send_to(side, through->fd, to, packet, len))
		counters_add(&side->count.primers_out, 1);
	return err;
}

bool relay_heard(const struct relay_side *side, uint64_t since_ms)
{
	uint64_t heard_ms = atomic_load_explicit(&side->count.heard_ms, memory_order_relaxed);

	return heard_ms && heard_ms >= since_ms;
}

/* Off the packet path: once for a latch. */
static void on_latched(struct relay_port *port)
{
	struct relay_side *side = &port->stream->sides[port->side];
	const struct addr *source = &port->latch.source;
	char text[ADDR_TEXT_MAX];

	if (!port->rtcp) {
		counters_show(&side->count.latched, source);
		/* RTCP that came first, from elsewhere, was not the peer's. */
		if (!addr_same_host(&side->rtcp.latch.source, source))
			latch_forget(&side->rtcp.latch);
	}
	LOG(LOG_DEBUG, KV("call", port->stream->call), KV("event", "latched"),
	    KVN("stream", port->stream->index), KV("side", side_names[port->side]),
	    KV("port", port->rtcp ? "rtcp" : "rtp"),
	    KV("address", addr_text(source, text, sizeof(text))));
}

/* Off the packet path: once for a key. */
static void on_bad_auth(struct relay_port *port)
{
	struct relay_side *side = &port->stream->sides[port->side];

	if (side->warned_auth)
		return;
	side->warned_auth = true;
	LOG(LOG_WARN, KV("call", port->stream->call), KV("event", "srtp"),
	    KVN("stream", port->stream->index), KV("side", side_names[port->side]),
	    KV("reason", "arrives but fails authentication"));
}

/* Off the packet path: once for a side. */
static void on_stranger(struct relay_port *port, const struct addr *from)
{
	struct relay_side *side = &port->stream->sides[port->side];
	char text[ADDR_TEXT_MAX];

	counters_add(&side->count.bad_source, 1);
	if (side->warned_stranger)
		return;
	side->warned_stranger = true;
	LOG(LOG_WARN, KV("call", port->stream->call), KV("event", "stranger"),
	    KVN("stream", port->stream->index), KV("side", side_names[port->side]),
	    KV("address", addr_text(from, text, sizeof(text))),
	    KV("result", "its packets are dropped"));
}

/* Off the packet path: once for a key. A packet that the network doubled is none to tell of; of
 * many in a row somebody is the sender, and no key stream is used twice (RFC 3711 9.1). */
static void on_unsent(struct relay_stream *s, enum media_side to, enum err err)
{
	struct relay_side *side = &s->sides[to];

	counters_add(&side->count.send_errors, 1);
	if (side->warned_unsent || (err == ERR_EXISTS && ++side->repeated < REPEATED_TOLD))
		return;
	side->warned_unsent = true;
	LOG(LOG_WARN, KV("call", s->call), KV("event", "srtp"), KVN("stream", s->index),
	    KV("side", side_names[to]),
	    KV("reason", err == ERR_EXISTS  ? "the other side sends numbers that it has used"
	                 : err == ERR_LIMIT ? "more SSRCs of the other side than a key has room for"
	                                    : err_text(err)),
	    KV("result", "its packets are dropped"));
}

/* A key of before comes from where the peer was before: no place to send to, and nobody is heard
 * where the peer is now. */
static bool is_from_before(const struct relay_port *port, const struct addr *from)
{
	const struct sessions *in = &port->stream->sides[port->side].in;

	return in->now && in->late && !addr_equal(from, &port->latch.source);
}

/* header: NULL: RTCP. RTCP beside RTP tells RTP's source only when SRTP vouches for it. */
static bool is_the_peers(struct relay_port *port, const struct addr *from,
                         const struct rtp_header *header, uint64_t now_ms)
{
	bool vouched = port->stream->sides[port->side].in.now;
	enum latch_verdict verdict;

	if (!header && !port->rtcp && !vouched)
		return latch_expects(&port->latch, from);
	verdict = latch_learn(&port->latch, from, vouched, header, now_ms);
	if (verdict == LATCH_LEARNED)
		on_latched(port);
	return verdict != LATCH_REFUSED;
}

static void count_rtp_in(struct relay_side *side, const struct rtp_header *header, size_t len,
                         uint64_t arrival_us)
{
	counters_add(&side->count.packets_in, 1);
	counters_add(&side->count.octets_in, len);
	quality_received(&side->quality, header, arrival_us);
	atomic_store_explicit(&side->count.reordered, side->quality.reordered,
	                      memory_order_relaxed);
	atomic_store_explicit(&side->count.events, side->quality.events, memory_order_relaxed);
	atomic_store_explicit(&side->count.payload_type, side->quality.payload_type,
	                      memory_order_relaxed);
	atomic_store_explicit(&side->count.lost, quality_lost(&side->quality),
	                      memory_order_relaxed);
	atomic_store_explicit(&side->count.jitter_us, quality_jitter_us(&side->quality),
	                      memory_order_relaxed);
}

static void count_rtcp_in(struct relay_side *side, const struct rtcp_said *said, uint64_t now_us)
{
	uint32_t round_trip_us = reports_came(&side->reports, said, now_us);

	counters_add(&side->count.rtcp_in, 1);
	if (round_trip_us)
		atomic_store_explicit(&side->count.round_trip_us, round_trip_us,
		                      memory_order_relaxed);
}

static void set_way(struct relay_packet *p, struct relay_side *out,
                    const struct relay_port *through, const struct addr *to, size_t octets)
{
	p->octets = octets;
	p->out = out;
	p->out_fd = through->fd;
	p->to = *to;
}

/* What is no RTP. Only the even port is a party to it. */
static void treat_datagram(struct relay_packet *p, struct relay_side *in, struct relay_side *out,
                           uint64_t now_ms)
{
	struct relay_port *port = p->port;
	const struct addr *to = latch_target(&out->rtp.latch);

	if (p->len == 0) /* holds the way open, as our own do */
		return;
	if (p->len > RTP_PACKET_MAX || port->rtcp) {
		counters_add(&in->count.malformed, 1);
		return;
	}
	if (!latch_admits(&port->latch, &p->from, NULL, false, now_ms)) {
		on_stranger(port, &p->from);
		return;
	}
	if (latch_learn(&port->latch, &p->from, false, NULL, now_ms) == LATCH_LEARNED)
		on_latched(port);
	atomic_store_explicit(&in->count.heard_ms, now_ms, memory_order_relaxed);
	counters_add(&in->count.packets_in, 1);
	counters_add(&in->count.octets_in, p->len);
	if (!out->told || !out->opaque || !to)
		return;
	primer_sent(&out->primer, false, now_ms);
	set_way(p, out, &out->rtp, to, p->len);
}

static struct relay_side *other_side(const struct relay_port *port)
{
	return &port->stream->sides[port->side == SIDE_CALLER ? SIDE_CALLEE : SIDE_CALLER];
}

/* A good packet, whose header is read, or what it says as RTCP: to the other side, as that is to
 * have it. */
static void go_on(struct relay_packet *p, struct relay_stream *s, struct rtp_header *header,
                  const struct rtcp_said *said, uint64_t now_us)
{
	const struct relay_side *in = &s->sides[p->port->side];
	struct relay_side *out = other_side(p->port);
	const struct relay_port *through = p->rtcp && !out->mux ? &out->rtcp : &out->rtp;
	const struct addr *to = latch_target(&through->latch);
	size_t octets = p->len;
	enum err err = OK;

	if (!out->told || !to)
		return;
	if (p->rtcp)
		rtcp_hide_names(p->data, p->len, s->name_key, &out->reports.name);
	else if (in->map)
		payload_map_apply(in->map, header, p->data);
	if (out->out.now)
		err =
		    srtp_session_protect(out->out.now, p->data, &p->len, sizeof(p->data), p->rtcp);
	if (err) {
		on_unsent(s, through->side, err);
		return;
	}
	out->repeated = 0;
	primer_sent(&out->primer, p->rtcp, now_us / 1000);
	if (p->rtcp)
		reports_go(&out->reports, said, now_us);
	else
		reports_rtp_goes(&out->reports, header, in->quality.clock_hz, now_us / 1000);
	set_way(p, out, through, to, octets);
}

/* False: it does not go on. */
static bool set_number(struct relay_packet *p, const struct rtp_header *header)
{
	struct relay_side *in = &p->port->stream->sides[p->port->side], *out = other_side(p->port);
	uint16_t seq;

	if (!out->out.now)
		return true;
	if (!seq_shift(&in->shift, header, &seq)) {
		counters_add(&out->count.send_errors, 1);
		return false;
	}
	p->data[2] = (uint8_t)(seq >> 8);
	p->data[3] = (uint8_t)seq;
	return true;
}

void relay_treat(struct relay_packet *p, uint64_t now_us)
{
	struct relay_port *port = p->port;
	struct relay_stream *s = port->stream;
	struct relay_side *in = &s->sides[port->side];
	struct rtp_header header;
	struct rtcp_said said;
	enum err err;

	p->out = NULL;
	p->rtcp = !in->opaque && rtp_is_rtcp(p->data, p->len);
	/* Before an answer nobody can tell what it is; and what came to a side's old sockets is
	 * not its new peer's. */
	if (!in->told || p->fd != port->fd)
		return;
	if (in->opaque) {
		treat_datagram(p, in, other_side(port), now_us / 1000);
		return;
	}
	/* RTP, RTCP, or STUN, DTLS and the like (RFC 7983 7). RTCP's port takes no RTP. */
	if (p->len == 0 || p->len > RTP_PACKET_MAX || p->data[0] >> 6 != 2 ||
	    (port->rtcp && !p->rtcp)) {
		counters_add(&in->count.malformed, 1);
		return;
	}
	/* A known stranger goes before SRTP: it costs us no arithmetic, and a copy that it captured
	 * and sent first must not make the true packet look replayed. */
	if (!latch_admits(&port->latch, &p->from, port->rtcp ? &in->rtp.latch.source : NULL,
	                  in->in.now, now_us / 1000)) {
		on_stranger(port, &p->from);
		return;
	}
	/* SRTP in */
	if (in->in.now) {
		err = sessions_unprotect(&in->in, p->data, &p->len, p->rtcp, now_us / 1000);
		if (err == ERR_AUTH)
			on_bad_auth(port);
		if (err) {
			counters_add(err == ERR_SYNTAX ? &in->count.malformed : &in->count.bad_auth,
			             1);
			return;
		}
	}
	if (p->rtcp ? rtcp_read(&said, p->data, p->len) : rtp_parse(&header, p->data, p->len)) {
		counters_add(&in->count.malformed, 1);
		return;
	}
	if (!is_from_before(port, &p->from)) {
		if (!is_the_peers(port, &p->from, p->rtcp ? NULL : &header, now_us / 1000)) {
			counters_add(&in->count.bad_source, 1);
			return;
		}
		atomic_store_explicit(&in->count.heard_ms, now_us / 1000, memory_order_relaxed);
	}
	if (p->rtcp)
		count_rtcp_in(in, &said, now_us);
	else
		count_rtp_in(in, &header, p->len, now_us);
	if (!p->rtcp && !set_number(p, &header))
		return;
	go_on(p, s, &header, &said, now_us);
}

bool relay_receive(struct relay_packet *p, struct relay_port *port)
{
	struct sockaddr_storage sa;
	socklen_t sa_len = sizeof(sa);
	/* MSG_TRUNC: the true length of what did not fit. */
	ssize_t n = recvfrom(port->fd, p->data, sizeof(p->data), MSG_TRUNC, (struct sockaddr *)&sa,
	                     &sa_len);

	/* Nothing, or an ICMP error was pending. */
	if (n < 0 || addr_from_sockaddr(&p->from, (struct sockaddr *)&sa, sa_len))
		return false;
	p->port = port;
	p->fd = port->fd;
	p->len = (size_t)n;
	return true;
}

void relay_send(struct relay_packet *p)
{
	struct counters *count;

	if (!p->out || !send_to(p->out, p->out_fd, &p->to, p->data, p->len))
		return;
	count = &p->out->count;
	if (p->rtcp) {
		counters_add(&count->rtcp_out, 1);
		return;
	}
	counters_add(&count->packets_out, 1);
	counters_add(&count->octets_out, p->octets);
}

void relay_read_errors(struct relay_port *port)
{
	struct relay_side *side = &port->stream->sides[port->side];
	struct sockaddr_storage sa;
	struct msghdr msg = { .msg_name = &sa, .msg_namelen = sizeof(sa) };
	const struct addr *to = latch_target(&port->latch);
	struct addr from;

	/* Each comes with the address that our packet went to. */
	while (recvmsg(port->fd, &msg, MSG_ERRQUEUE | MSG_DONTWAIT) >= 0) {
		if (to &&
		    addr_from_sockaddr(&from, (struct sockaddr *)&sa, msg.msg_namelen) == OK &&
		    addr_equal(&from, to))
			counters_add(&side->count.unreachable, 1);
		msg.msg_namelen = sizeof(sa);
	}
}

void relay_stats(const struct relay_stream *s, enum media_side side, struct stream_stats *out)
{
	counters_read(&s->sides[side].count, out);
}
