/* One source at a time; who is not it is refused. A source that SDP speaks of is believed at once,
 * any other only when it sends as a stream does: what falls on a port by chance does not. What is
 * no RTP has no form that could tell the two apart, so it comes from where SDP or signalling is,
 * and from nobody else, however long those are silent. The worker of the stream. RFC 4961, RFC
 * 7362. */
#include "media/latch.h"

#include <string.h>

#define SUBNET_V4_BITS 24
#define SUBNET_V6_BITS 64

void latch_init(struct latch *l, const struct latch_cfg *cfg, struct latch_doubt *doubted)
{
	l->cfg = cfg;
	l->doubted = doubted;
	l->rtcp = !doubted;
	l->mute = l->off = true;
}

bool latch_tell(struct latch *l, const struct addr *told, uint64_t now_ms)
{
	l->off = !addr_is_set(told) || !addr_port(told);
	l->mute = l->off || addr_is_any(told);
	/* Held and taken up again at the same place is not a move. */
	if (l->mute || addr_equal(&l->told, told))
		return false;
	l->told = *told;
	if (!addr_is_set(&l->source))
		return false;
	l->previous = l->source;
	l->settle_until_ms = now_ms + LATCH_SETTLE_MS;
	memset(&l->source, 0, sizeof(l->source));
	return true;
}

void latch_know(struct latch *l, bool opaque, const struct addr *host)
{
	l->opaque = opaque;
	l->host = *host;
}

/* How much speaks for a source. 0: nothing. */
static unsigned rank(const struct latch *l, const struct addr *from)
{
	if (addr_equal(from, &l->told))
		return 3;
	if (addr_same_host(from, &l->told))
		return 2;
	return addr_is_set(&l->previous) && addr_same_host(from, &l->previous);
}

/* A host that we heard of before it sent. */
static bool is_named(const struct latch *l, const struct addr *from)
{
	return rank(l, from) || (addr_is_set(&l->host) && addr_same_host(from, &l->host));
}

static bool is_in_networks(const struct latch *l, const struct addr *from)
{
	for (size_t i = 0; i < l->cfg->nnetworks; i++) {
		if (addr_in_net(from, &l->cfg->networks[i]))
			return true;
	}
	return false;
}

static bool is_near(const struct latch *l, const struct addr *from)
{
	const struct addr_net subnet = { .base = l->told,
		                         .bits = l->told.sa.sa_family == AF_INET6
		                                     ? SUBNET_V6_BITS
		                                     : SUBNET_V4_BITS };

	return addr_is_set(&l->told) && addr_in_net(from, &subnet);
}

/* Of a realm that learns: whether somebody may be learned. Whom nobody vouches for, not before SDP
 * said where the peer is (held from the start): there is nothing to be learned against. */
static bool may_be_a_peer(const struct latch *l, const struct addr *from, bool rtp_known,
                          bool vouched)
{
	if (is_named(l, from))
		return true;
	if (l->cfg->nnetworks && !is_in_networks(l, from))
		return false;
	/* Reports prove nothing of who sends them. */
	return vouched || (addr_is_set(&l->told) && !l->opaque && (!l->rtcp || rtp_known));
}

/* Another one than the source that we have. */
static bool may_follow(const struct latch *l, const struct addr *from, bool vouched,
                       uint64_t now_ms)
{
	if (rank(l, from) > rank(l, &l->source))
		return true;
	if (now_ms < l->settle_until_ms && addr_equal(&l->source, &l->previous))
		return true;
	return (vouched || l->cfg->rule == SOURCE_NETWORK) && now_ms >= l->good_ms + LATCH_QUIET_MS;
}

bool latch_admits(const struct latch *l, const struct addr *from, const struct addr *rtp_source,
                  bool vouched, uint64_t now_ms)
{
	bool rtp_known = rtp_source && addr_is_set(rtp_source);

	if (rtp_known && !addr_same_host(from, rtp_source))
		return false;
	if (addr_equal(from, &l->source))
		return true;
	if (l->cfg->rule == SOURCE_STRICT)
		return l->rtcp ? addr_same_host(from, &l->told) : addr_equal(from, &l->told);
	if (l->cfg->rule == SOURCE_NETWORK && !is_in_networks(l, from) && !is_near(l, from))
		return false;
	if (l->cfg->rule == SOURCE_LATCH && !may_be_a_peer(l, from, rtp_known, vouched))
		return false;
	return !addr_is_set(&l->source) || may_follow(l, from, vouched, now_ms);
}

static struct latch_doubt *doubt_of(struct latch *l, const struct addr *from)
{
	struct latch_doubt *oldest = &l->doubted[0];

	for (unsigned i = 0; i < LATCH_DOUBTED; i++) {
		if (addr_equal(&l->doubted[i].from, from))
			return &l->doubted[i];
		if (l->doubted[i].at_ms < oldest->at_ms)
			oldest = &l->doubted[i];
	}
	*oldest = (struct latch_doubt){ .from = *from };
	return oldest;
}

static bool proves_itself(struct latch *l, const struct addr *from, const struct rtp_header *h,
                          uint64_t now_ms)
{
	struct latch_doubt *d = doubt_of(l, from);
	uint16_t ahead = (uint16_t)(h->seq - d->seq);

	if (d->proofs && (d->ssrc != h->ssrc || ahead == 0 || ahead > LATCH_PROOF_GAP + 1))
		d->proofs = 0;
	d->proofs++;
	d->ssrc = h->ssrc;
	d->seq = h->seq;
	d->at_ms = now_ms;
	return d->proofs >= LATCH_PROOF;
}

enum latch_verdict latch_learn(struct latch *l, const struct addr *from, bool vouched,
                               const struct rtp_header *header, uint64_t now_ms)
{
	if (addr_equal(from, &l->source)) {
		l->good_ms = now_ms;
		return LATCH_KNOWN;
	}
	if (l->cfg->rule == SOURCE_STRICT && addr_is_set(&l->source))
		return LATCH_KNOWN;
	if (l->cfg->rule == SOURCE_LATCH && !vouched && header && rank(l, from) == 0 &&
	    !proves_itself(l, from, header, now_ms))
		return LATCH_REFUSED;
	l->source = *from;
	l->good_ms = now_ms;
	if (l->doubted)
		memset(l->doubted, 0, LATCH_DOUBTED * sizeof(*l->doubted));
	return LATCH_LEARNED;
}

bool latch_expects(const struct latch *l, const struct addr *from)
{
	return addr_is_set(&l->source) ? addr_equal(from, &l->source) : rank(l, from) > 0;
}

void latch_forget(struct latch *l)
{
	memset(&l->source, 0, sizeof(l->source));
}

const struct addr *latch_way(const struct latch *l)
{
	if (l->off || !addr_is_set(&l->told))
		return NULL;
	return l->cfg->rule != SOURCE_STRICT && addr_is_set(&l->source) ? &l->source : &l->told;
}

const struct addr *latch_target(const struct latch *l)
{
	return l->mute ? NULL : latch_way(l);
}
