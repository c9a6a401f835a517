/* Anchors, as signalling sees them: it opens sockets and makes SRTP sessions, a worker has them
 * until the anchor is closed and the worker has let go. Signalling thread. */
#include "media/anchor.h"

#include <assert.h>
#include <string.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/mem.h"
#include "base/random.h"
#include "media/engine.h"

#define AUDIO_LOAD 100 /* packets of 20 ms, both ways */

/* What signalling remembers of a side; the worker never looks here. */
struct anchor_side {
	struct media_realm *realm;
	struct addr local;
	bool bound; /* local's port is the pool's */
	struct session_keys in, out;
	bool told, idle, held, pauses; /* by its SDP */
	bool mapped;                   /* the worker has a map */
	uint64_t changed_ms;
	struct watch_side watched;
};

enum stream_state {
	STREAM_OPEN,
	STREAM_CLOSING, /* the worker has not let go yet */
	STREAM_CLOSED,  /* only its counters are left */
};

struct anchor_stream {
	struct relay_stream relay; /* the worker's after the hand-over */
	struct anchor *anchor;
	struct media_worker *worker;
	struct worker_msg close;
	enum stream_state state;
	struct anchor_side sides[MEDIA_NSIDES];
};

struct anchor {
	struct media *media;
	char *id;
	bool closed;       /* gone with its last stream */
	uint64_t name_key; /* of all streams, for they may be of one source */
	struct media_realm *realms[MEDIA_NSIDES];
	unsigned nstreams;
	struct anchor_stream *streams[ANCHOR_STREAMS_MAX];
};

/* A change of one side, and the port that it took out of use (0: none). */
struct change_msg {
	struct worker_msg msg;
	struct media_realm *realm;
	uint16_t port;
};

enum err anchor_open(struct anchor **out, struct media *media, const char *id,
                     struct media_realm *caller, struct media_realm *callee)
{
	struct anchor *a = mem_zalloc(sizeof(*a));

	if (!a)
		return ERR_NOMEM;
	a->media = media;
	a->realms[SIDE_CALLER] = caller;
	a->realms[SIDE_CALLEE] = callee;
	random_bytes(&a->name_key, sizeof(a->name_key));
	a->id = mem_strdup(id);
	if (!a->id) {
		mem_free(a);
		return ERR_NOMEM;
	}
	*out = a;
	return OK;
}

/* The last stream has been let go. */
static void free_when_gone(struct anchor *a)
{
	for (unsigned i = 0; i < a->nstreams; i++) {
		if (a->streams[i]->state != STREAM_CLOSED)
			return;
	}
	for (unsigned i = 0; i < a->nstreams; i++)
		mem_free(a->streams[i]);
	mem_free(a->id);
	mem_free(a);
}

/* The worker has let go, or never had it. */
static void release(struct anchor_stream *s)
{
	for (unsigned i = 0; i < MEDIA_NSIDES; i++) {
		struct anchor_side *side = &s->sides[i];

		sessions_free(s->relay.sides[i].in.all);
		sessions_free(s->relay.sides[i].out.all);
		mem_free(s->relay.sides[i].map);
		if (side->bound)
			port_pool_release(side->realm->ports, addr_port(&side->local));
		mem_wipe(side, sizeof(*side));
	}
	s->state = STREAM_CLOSED;
}

void anchor_let_go(struct worker_msg *msg)
{
	struct anchor_stream *s = CONTAINER_OF(msg, struct anchor_stream, close);

	s->worker->streams--;
	release(s);
	if (s->anchor->closed)
		free_when_gone(s->anchor);
}

static enum err bind_side(struct anchor_stream *s, enum media_side which)
{
	struct media_realm *realm = s->anchor->realms[which];
	struct anchor_side *side = &s->sides[which];
	struct port_pair pair;
	enum err err = media_take_ports(realm, &pair);

	if (err)
		return err;
	side->realm = realm;
	side->local = realm->address;
	addr_set_port(&side->local, pair.port);
	side->bound = true;
	session_keys_init(&side->in);
	session_keys_init(&side->out);
	relay_init_side(&s->relay, which, pair.rtp_fd, pair.rtcp_fd, &realm->latch);
	return OK;
}

/* In packets a second. A stream that does not run yet counts as audio, which it most likely is; one
 * that brings more, as video does, by what it brings. */
static size_t load_of(const struct media_worker *w)
{
	size_t carried = w->streams ? worker_load(w->worker) : 0;
	size_t expected = w->streams * AUDIO_LOAD;

	return carried > expected ? carried : expected;
}

static struct media_worker *least_loaded(struct media *media)
{
	struct media_worker *best = &media->workers[0];

	for (unsigned i = 1; i < media->nworkers; i++) {
		if (load_of(&media->workers[i]) < load_of(best))
			best = &media->workers[i];
	}
	return best;
}

/* The number of the next stream: a new one, or that of one that is closed. */
static enum err find_room(struct anchor *a, unsigned *stream)
{
	struct anchor_stream *s;
	unsigned i;

	if (a->nstreams < ANCHOR_STREAMS_MAX) {
		s = mem_zalloc(sizeof(*s));
		if (!s)
			return ERR_NOMEM;
		s->state = STREAM_CLOSED;
		*stream = a->nstreams;
		a->streams[a->nstreams++] = s;
		return OK;
	}
	for (i = 0; i < a->nstreams && a->streams[i]->state != STREAM_CLOSED; i++)
		;
	*stream = i;
	return i < a->nstreams ? OK : ERR_LIMIT;
}

static void close_port(struct relay_port *port)
{
	if (port->fd >= 0)
		close(port->fd);
	port->fd = -1;
}

/* A stream that no worker has seen. */
static void abandon(struct anchor_stream *s)
{
	for (unsigned i = 0; i < MEDIA_NSIDES; i++) {
		close_port(&s->relay.sides[i].rtp);
		close_port(&s->relay.sides[i].rtcp);
	}
	release(s);
}

enum err anchor_add(struct anchor *a, unsigned *stream)
{
	struct anchor_stream *s;
	enum err err = find_room(a, stream);

	if (err)
		return err;
	s = a->streams[*stream];
	memset(s, 0, sizeof(*s));
	s->anchor = a;
	relay_init(&s->relay, a->id, *stream);
	s->relay.name_key = a->name_key;
	err = bind_side(s, SIDE_CALLER);
	if (!err)
		err = bind_side(s, SIDE_CALLEE);
	if (err) {
		abandon(s);
		return err;
	}
	s->worker = least_loaded(a->media);
	s->worker->streams++;
	err = worker_take_stream(s->worker->worker, &s->relay);
	if (err)
		anchor_drop(a, *stream);
	return err;
}

void anchor_drop(struct anchor *a, unsigned stream)
{
	struct anchor_stream *s;

	assert(stream < a->nstreams);
	s = a->streams[stream];
	if (s->state != STREAM_OPEN)
		return;
	s->state = STREAM_CLOSING;
	s->close.what = WORKER_CLOSE;
	s->close.stream = &s->relay;
	media_send(a->media, s->worker, &s->close);
}

void anchor_close(struct anchor **ap)
{
	struct anchor *a = *ap;

	if (!a)
		return;
	*ap = NULL;
	a->closed = true;
	for (unsigned i = 0; i < a->nstreams; i++)
		anchor_drop(a, i);
	free_when_gone(a);
}

const struct addr *anchor_local(const struct anchor *a, unsigned stream, enum media_side side)
{
	assert(stream < a->nstreams);
	return &a->streams[stream]->sides[side].local;
}

void anchor_changed(struct worker_msg *msg)
{
	struct change_msg *change = CONTAINER_OF(msg, struct change_msg, msg);

	sessions_free(msg->change.in.all);
	sessions_free(msg->change.out.all);
	mem_free(msg->change.map);
	if (change->port)
		port_pool_release(change->realm->ports, change->port);
	mem_free(change);
}

static struct change_msg *new_change(struct anchor_stream *s, enum media_side side)
{
	struct change_msg *change = mem_zalloc(sizeof(*change));

	if (!change)
		return NULL;
	change->msg.what = WORKER_CHANGE;
	change->msg.stream = &s->relay;
	change->msg.change.side = side;
	return change;
}

/* Our new sockets are watched before the worker has heard of them; they wait for it. */
static enum err renew(struct anchor_stream *s, enum media_side which, struct media_realm *realm)
{
	struct anchor_side *side = &s->sides[which];
	struct change_msg *change = new_change(s, which);
	struct port_pair pair;
	enum err err = change ? media_take_ports(realm, &pair) : ERR_NOMEM;

	if (err) {
		mem_free(change);
		return err;
	}
	change->msg.change.renew = true;
	change->msg.change.latch = &realm->latch;
	change->msg.change.rtp_fd = pair.rtp_fd;
	change->msg.change.rtcp_fd = pair.rtcp_fd;
	err = worker_watch(s->worker->worker, &s->relay, &change->msg.change);
	if (err) {
		close(pair.rtp_fd);
		close(pair.rtcp_fd);
		change->realm = realm;
		change->port = pair.port;
		anchor_changed(&change->msg);
		return err;
	}
	change->realm = side->realm;
	change->port = addr_port(&side->local);
	mem_wipe(side, sizeof(*side));
	side->realm = realm;
	side->local = realm->address;
	addr_set_port(&side->local, pair.port);
	side->bound = true;
	session_keys_init(&side->in);
	session_keys_init(&side->out);
	media_send(s->anchor->media, s->worker, &change->msg);
	return OK;
}

enum err anchor_renew(struct anchor *a, enum media_side side, struct media_realm *realm)
{
	a->realms[side] = realm;
	for (unsigned i = 0; i < a->nstreams; i++) {
		enum err err =
		    a->streams[i]->state == STREAM_OPEN ? renew(a->streams[i], side, realm) : OK;

		if (err)
			return err;
	}
	return OK;
}

/* Where RTCP goes when SDP does not say (RFC 3605 2.1). */
static void fill_addresses(struct relay_change *change, const struct media_realm *realm,
                           const struct stream_remote *remote)
{
	uint16_t port = addr_port(&remote->rtp);

	change->mux = remote->rtcp_mux;
	change->opaque = remote->opaque;
	change->primer_type = remote->primer_type;
	change->idle = remote->idle;
	change->keepalive_ms = realm->keepalive_ms;
	change->event_type = remote->event_type;
	memcpy(change->clock_khz, remote->clock_khz, sizeof(change->clock_khz));
	change->rtp = remote->rtp;
	change->rtcp = remote->rtcp;
	change->host = remote->host;
	if (addr_is_set(&remote->rtcp))
		return;
	change->rtcp = remote->rtp;
	if (!remote->rtcp_mux)
		addr_set_port(&change->rtcp, port && port < UINT16_MAX ? (uint16_t)(port + 1) : 0);
}

static enum err fill_sessions(struct relay_change *change, struct anchor_side *side,
                              const struct stream_remote *remote)
{
	struct session_keys in = side->in, out = side->out;
	enum err err = session_keys_use(&in, remote->suite, &remote->recv_key, false, &change->in);

	if (!err)
		err = session_keys_use(&out, remote->suite, &remote->send_key, true, &change->out);
	if (!err) {
		side->in = in;
		side->out = out;
	}
	mem_wipe(&in, sizeof(in));
	mem_wipe(&out, sizeof(out));
	return err;
}

static bool reachable(const struct addr *local, const struct addr *to)
{
	return !addr_port(to) || addr_is_any(to) || to->sa.sa_family == local->sa.sa_family;
}

static void note_expectation(struct anchor_side *side, const struct stream_remote *remote)
{
	side->told = true;
	side->idle = remote->idle || remote->opaque;
	side->held = !addr_port(&remote->rtp) || addr_is_any(&remote->rtp);
	side->pauses = remote->primer_type == RTP_COMFORT_NOISE;
	side->changed_ms = clock_mono_ms();
}

enum err anchor_set_remote(struct anchor *a, unsigned stream, enum media_side which,
                           const struct stream_remote *remote)
{
	struct anchor_side *side;
	struct change_msg *change;
	enum err err;

	if (stream >= a->nstreams || a->streams[stream]->state != STREAM_OPEN)
		return ERR_NOT_FOUND;
	side = &a->streams[stream]->sides[which];
	if (!reachable(&side->local, &remote->rtp) || !reachable(&side->local, &remote->rtcp))
		return ERR_UNSUPPORTED;
	change = new_change(a->streams[stream], which);
	if (!change)
		return ERR_NOMEM;
	fill_addresses(&change->msg.change, side->realm, remote);
	err = fill_sessions(&change->msg.change, side, remote);
	if (err) {
		anchor_changed(&change->msg);
		return err;
	}
	note_expectation(side, remote);
	media_send(a->media, a->streams[stream]->worker, &change->msg);
	return OK;
}

enum err anchor_map(struct anchor *a, unsigned stream, enum media_side which,
                    const struct payload_map *map)
{
	bool changes = payload_map_changes(map);
	struct anchor_stream *s;
	struct change_msg *change;

	if (stream >= a->nstreams || a->streams[stream]->state != STREAM_OPEN)
		return ERR_NOT_FOUND;
	s = a->streams[stream];
	if (!changes && !s->sides[which].mapped)
		return OK;
	change = new_change(s, which);
	if (!change)
		return ERR_NOMEM;
	change->msg.change.remap = true;
	if (changes) {
		change->msg.change.map = mem_zalloc(sizeof(*map));
		if (!change->msg.change.map) {
			mem_free(change);
			return ERR_NOMEM;
		}
		*change->msg.change.map = *map;
	}
	s->sides[which].mapped = changes;
	media_send(a->media, s->worker, &change->msg);
	return OK;
}

void anchor_settle(struct anchor *a)
{
	for (unsigned i = 0; i < a->nstreams; i++) {
		for (unsigned side = 0; side < MEDIA_NSIDES; side++) {
			session_keys_settle(&a->streams[i]->sides[side].in);
			session_keys_settle(&a->streams[i]->sides[side].out);
		}
	}
}

void anchor_stats(const struct anchor *a, unsigned stream, enum media_side side,
                  struct stream_stats *out)
{
	assert(stream < a->nstreams);
	relay_stats(&a->streams[stream]->relay, side, out);
	for (int i = 0; i < MEDIA_NSIDES; i++) {
		if (a->streams[stream]->sides[i].changed_ms > out->alive_ms)
			out->alive_ms = a->streams[stream]->sides[i].changed_ms;
	}
}

bool anchor_expects(const struct anchor *a, unsigned stream, enum media_side side, bool *pauses)
{
	const struct anchor_stream *s = a->streams[stream];
	const struct anchor_side *one = &s->sides[side], *other = &s->sides[!side];

	*pauses = one->pauses;
	return s->state == STREAM_OPEN && one->told && other->told && !one->idle && !one->held &&
	       !other->held;
}

struct watch_side *anchor_watched(struct anchor *a, unsigned stream, enum media_side side)
{
	return &a->streams[stream]->sides[side].watched;
}

uint64_t anchor_timeout_ms(const struct anchor *a, enum media_side side)
{
	return a->realms[side]->timeout_ms;
}

unsigned anchor_nstreams(const struct anchor *a)
{
	return a->nstreams;
}
