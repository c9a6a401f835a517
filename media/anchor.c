/* Anchors, as signalling sees them: it opens sockets and makes SRTP sessions, a worker has them
 * until the anchor is closed and the worker has let go. Signalling thread. */
#include "media/anchor.h"

#include <assert.h>
#include <string.h>
#include <unistd.h>
#include "base/mem.h"
#include "media/engine.h"

/* What signalling remembers of a side; the worker never looks here. */
struct anchor_side {
	struct media_realm *realm;
	struct addr local;
	bool bound; /* local's port is the pool's */
	enum srtp_suite suite;
	struct srtp_key recv_key, send_key;
};

struct anchor_stream {
	struct relay_stream relay; /* the worker's after the hand-over */
	struct anchor_side sides[MEDIA_NSIDES];
};

struct anchor {
	struct media *media;
	struct media_worker *worker;
	char *id;
	bool handed_over;
	struct worker_msg close;
	unsigned nstreams;
	struct anchor_stream streams[];
};

/* The worker has let go, or never had it. */
static void anchor_free(struct anchor *a)
{
	for (unsigned i = 0; i < a->nstreams; i++) {
		for (unsigned j = 0; j < MEDIA_NSIDES; j++) {
			struct anchor_side *side = &a->streams[i].sides[j];

			srtp_session_free(&a->streams[i].relay.sides[j].in);
			srtp_session_free(&a->streams[i].relay.sides[j].out);
			if (side->bound)
				port_pool_release(side->realm->ports, addr_port(&side->local));
			mem_wipe(&side->recv_key, sizeof(side->recv_key));
			mem_wipe(&side->send_key, sizeof(side->send_key));
		}
	}
	mem_free(a->id);
	mem_free(a);
}

void anchor_let_go(struct worker_msg *msg)
{
	struct anchor *a = CONTAINER_OF(msg, struct anchor, close);

	a->worker->anchors--;
	anchor_free(a);
}

static enum err bind_side(struct anchor_stream *s, enum media_side which, struct media_realm *realm)
{
	struct anchor_side *side = &s->sides[which];
	struct port_pair pair;
	enum err err = port_pool_take(realm->ports, &pair);

	if (err)
		return err;
	side->realm = realm;
	side->local = realm->address;
	addr_set_port(&side->local, pair.port);
	side->bound = true;
	relay_init_side(&s->relay, which, pair.rtp_fd, pair.rtcp_fd, realm->latch);
	return OK;
}

static enum err bind_streams(struct anchor *a, struct media_realm *caller,
                             struct media_realm *callee)
{
	for (unsigned i = 0; i < a->nstreams; i++) {
		struct anchor_stream *s = &a->streams[i];
		enum err err = bind_side(s, SIDE_CALLER, caller);

		if (!err)
			err = bind_side(s, SIDE_CALLEE, callee);
		if (err)
			return err;
	}
	return OK;
}

static struct media_worker *least_loaded(struct media *media)
{
	struct media_worker *best = &media->workers[0];

	for (unsigned i = 1; i < media->nworkers; i++) {
		if (media->workers[i].anchors < best->anchors)
			best = &media->workers[i];
	}
	return best;
}

static enum err hand_over(struct anchor *a)
{
	a->worker = least_loaded(a->media);
	a->worker->anchors++;
	a->handed_over = true;
	for (unsigned i = 0; i < a->nstreams; i++) {
		if (worker_take_stream(a->worker->worker, &a->streams[i].relay))
			return ERR_IO;
	}
	return OK;
}

enum err anchor_open(struct anchor **out, struct media *media, const char *id,
                     struct media_realm *caller, struct media_realm *callee, unsigned nstreams)
{
	struct anchor *a;
	enum err err = ERR_NOMEM;

	if (nstreams == 0 || nstreams > ANCHOR_STREAMS_MAX)
		return ERR_LIMIT;
	a = mem_zalloc(sizeof(*a) + nstreams * sizeof(a->streams[0]));
	if (!a)
		return ERR_NOMEM;
	a->media = media;
	a->nstreams = nstreams;
	a->id = mem_strdup(id);
	for (unsigned i = 0; i < nstreams; i++) {
		relay_init(&a->streams[i].relay, a->id, i);
		if (i + 1 < nstreams)
			a->streams[i].relay.next = &a->streams[i + 1].relay;
	}
	if (a->id)
		err = bind_streams(a, caller, callee);
	if (!err)
		err = hand_over(a);
	if (err) {
		anchor_close(&a);
		return err;
	}
	*out = a;
	return OK;
}

static void close_port(struct relay_port *port)
{
	if (port->fd >= 0)
		close(port->fd);
	port->fd = -1;
}

/* An anchor that no worker has seen. */
static void close_streams(struct anchor *a)
{
	for (unsigned i = 0; i < a->nstreams; i++) {
		for (unsigned j = 0; j < MEDIA_NSIDES; j++) {
			close_port(&a->streams[i].relay.sides[j].rtp);
			close_port(&a->streams[i].relay.sides[j].rtcp);
		}
	}
}

void anchor_close(struct anchor **ap)
{
	struct anchor *a = *ap;

	if (!a)
		return;
	*ap = NULL;
	if (!a->handed_over) {
		close_streams(a);
		anchor_free(a);
		return;
	}
	a->close.what = WORKER_CLOSE;
	a->close.stream = &a->streams[0].relay;
	media_send(a->media, a->worker, &a->close);
}

const struct addr *anchor_local(const struct anchor *a, unsigned stream, enum media_side side)
{
	assert(stream < a->nstreams);
	return &a->streams[stream].sides[side].local;
}

void anchor_changed(struct worker_msg *msg)
{
	srtp_session_free(&msg->change.in);
	srtp_session_free(&msg->change.out);
	mem_free(msg);
}

/* Whether a side keeps its session for one direction. */
static bool same_key(const struct anchor_side *side, const struct stream_remote *remote,
                     const struct srtp_key *have, const struct srtp_key *wanted)
{
	return side->suite == remote->suite &&
	       memcmp(have->bytes, wanted->bytes, srtp_key_len(remote->suite)) == 0;
}

/* Where RTCP goes when SDP does not say (RFC 3605 2.1). */
static void fill_addresses(struct relay_change *change, const struct stream_remote *remote)
{
	uint16_t port = addr_port(&remote->rtp);

	change->mux = remote->rtcp_mux;
	change->rtp = remote->rtp;
	change->rtcp = remote->rtcp;
	if (addr_is_set(&remote->rtcp))
		return;
	change->rtcp = remote->rtp;
	if (!remote->rtcp_mux)
		addr_set_port(&change->rtcp, port && port < UINT16_MAX ? (uint16_t)(port + 1) : 0);
}

static enum err fill_sessions(struct relay_change *change, const struct anchor_side *side,
                              const struct stream_remote *remote)
{
	enum err err = OK;

	change->replace_in = !same_key(side, remote, &side->recv_key, &remote->recv_key);
	change->replace_out = !same_key(side, remote, &side->send_key, &remote->send_key);
	if (remote->suite == SRTP_NONE)
		return OK;
	if (change->replace_in)
		err = srtp_session_new(&change->in, remote->suite, &remote->recv_key, false);
	if (!err && change->replace_out)
		err = srtp_session_new(&change->out, remote->suite, &remote->send_key, true);
	return err;
}

static bool reachable(const struct addr *local, const struct addr *to)
{
	return !addr_port(to) || addr_is_any(to) || to->sa.sa_family == local->sa.sa_family;
}

enum err anchor_set_remote(struct anchor *a, unsigned stream, enum media_side which,
                           const struct stream_remote *remote)
{
	struct anchor_side *side;
	struct worker_msg *msg;
	enum err err;

	if (stream >= a->nstreams)
		return ERR_NOT_FOUND;
	side = &a->streams[stream].sides[which];
	if (!reachable(&side->local, &remote->rtp) || !reachable(&side->local, &remote->rtcp))
		return ERR_UNSUPPORTED;
	msg = mem_zalloc(sizeof(*msg));
	if (!msg)
		return ERR_NOMEM;
	msg->what = WORKER_CHANGE;
	msg->stream = &a->streams[stream].relay;
	msg->change.side = which;
	fill_addresses(&msg->change, remote);
	err = fill_sessions(&msg->change, side, remote);
	if (err) {
		anchor_changed(msg);
		return err;
	}
	side->suite = remote->suite;
	side->recv_key = remote->recv_key;
	side->send_key = remote->send_key;
	media_send(a->media, a->worker, msg);
	return OK;
}

void anchor_stats(const struct anchor *a, unsigned stream, enum media_side side,
                  struct stream_stats *out)
{
	assert(stream < a->nstreams);
	relay_stats(&a->streams[stream].relay, side, out);
}

unsigned anchor_nstreams(const struct anchor *a)
{
	return a->nstreams;
}
