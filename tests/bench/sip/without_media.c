/* The media part switched off when the bench's binary is linked: these doors in place of media.c's
 * and anchor.c's. Ports are numbers that nobody listens on. Signalling thread. */
#include <assert.h>
#include "base/mem.h"
#include "media/anchor.h"
#include "media/media.h"

struct media_realm {
	struct media_realm *next;
	struct addr address;
};

struct media {
	struct media_realm *realms;
};

struct anchor {
	unsigned nstreams;
	struct addr local[MEDIA_NSIDES];
};

enum err media_new(struct media **out, struct loop *loop, unsigned workers, unsigned gather_ms)
{
	(void)loop;
	(void)workers;
	(void)gather_ms;
	*out = mem_zalloc(sizeof(**out));
	return *out ? OK : ERR_NOMEM;
}

void media_free(struct media **mediap)
{
	struct media_realm *realm;

	if (!*mediap)
		return;
	while ((realm = (*mediap)->realms)) {
		(*mediap)->realms = realm->next;
		mem_free(realm);
	}
	mem_free(*mediap);
	*mediap = NULL;
}

enum err media_add_realm(struct media *media, const struct media_realm_cfg *cfg,
                         struct media_realm **out)
{
	struct media_realm *realm = mem_zalloc(sizeof(*realm));

	if (!realm)
		return ERR_NOMEM;
	realm->address = cfg->address;
	addr_set_port(&realm->address, cfg->port_low);
	realm->next = media->realms;
	media->realms = realm;
	*out = realm;
	return OK;
}

bool media_sweep(struct media *media)
{
	(void)media;
	return false;
}

size_t media_realm_used(const struct media_realm *realm)
{
	(void)realm;
	return 0;
}

bool media_realm_is_nearly_full(const struct media_realm *realm)
{
	(void)realm;
	return false;
}

size_t media_realm_size(const struct media_realm *realm)
{
	(void)realm;
	return 0;
}

enum err anchor_open(struct anchor **out, struct media *media, const char *id,
                     struct media_realm *caller, struct media_realm *callee)
{
	struct anchor *a = mem_zalloc(sizeof(*a));

	(void)media;
	(void)id;
	if (!a)
		return ERR_NOMEM;
	a->local[SIDE_CALLER] = caller->address;
	a->local[SIDE_CALLEE] = callee->address;
	*out = a;
	return OK;
}

enum err anchor_add(struct anchor *a, unsigned *stream)
{
	if (a->nstreams == ANCHOR_STREAMS_MAX)
		return ERR_LIMIT;
	*stream = a->nstreams++;
	return OK;
}

void anchor_drop(struct anchor *a, unsigned stream)
{
	(void)a;
	(void)stream;
}

enum err anchor_renew(struct anchor *a, enum media_side side, struct media_realm *realm)
{
	a->local[side] = realm->address;
	return OK;
}

const struct addr *anchor_local(const struct anchor *a, unsigned stream, enum media_side side)
{
	assert(stream < a->nstreams);
	return &a->local[side];
}

enum err anchor_set_remote(struct anchor *a, unsigned stream, enum media_side side,
                           const struct stream_remote *remote)
{
	(void)a;
	(void)stream;
	(void)side;
	(void)remote;
	return OK;
}

enum err anchor_map(struct anchor *a, unsigned stream, enum media_side side,
                    const struct payload_map *map)
{
	(void)a;
	(void)stream;
	(void)side;
	(void)map;
	return OK;
}

void anchor_settle(struct anchor *a)
{
	(void)a;
}

struct watch_side *anchor_watched(struct anchor *a, unsigned stream, enum media_side side)
{
	static struct watch_side none;

	(void)a;
	(void)stream;
	(void)side;
	return &none;
}

void anchor_stats(const struct anchor *a, unsigned stream, enum media_side side,
                  struct stream_stats *out)
{
	(void)a;
	(void)stream;
	(void)side;
	*out = (struct stream_stats){ 0 };
}

bool anchor_expects(const struct anchor *a, unsigned stream, enum media_side side, bool *pauses)
{
	(void)a;
	(void)stream;
	(void)side;
	*pauses = false;
	return false;
}

uint64_t anchor_timeout_ms(const struct anchor *a, enum media_side side)
{
	(void)a;
	(void)side;
	return 0;
}

unsigned anchor_nstreams(const struct anchor *a)
{
	return a->nstreams;
}

void anchor_close(struct anchor **ap)
{
	mem_free(*ap);
	*ap = NULL;
}
