/* The engine: realms and workers, and what comes back from these. Signalling thread. */
#include "media/media.h"

#include <assert.h>
#include "base/log.h"
#include "base/mem.h"
#include "media/engine.h"
#include "media/srtp.h"

#define SWEEP_MS 50

static void take_back(struct media *media)
{
	struct queue_link *link = queue_take(&media->back), *next;

	for (; link; link = next) {
		struct worker_msg *msg = CONTAINER_OF(link, struct worker_msg, link);

		next = link->next;
		media->out--;
		switch (msg->what) {
		case WORKER_CHANGE:
			anchor_changed(msg);
			break;
		case WORKER_CLOSE:
			anchor_let_go(msg);
			break;
		case WORKER_STOP:
			assert(0 && "a stop does not come back");
		}
	}
}

/* A message waits in the worker's queue until packets come or this does: to wake the worker and be
 * woken for each would be most of what a short call costs here. */
static void on_sweep(void *arg)
{
	struct media *media = arg;

	if (media_sweep(media))
		timer_start_lazy(media->timers, &media->sweep, SWEEP_MS, on_sweep, media);
}

bool media_sweep(struct media *media)
{
	take_back(media);
	for (unsigned i = 0; media->out && i < media->nworkers; i++)
		worker_wake(media->workers[i].worker);
	return media->out > 0;
}

void media_send(struct media *media, struct media_worker *to, struct worker_msg *msg)
{
	worker_send(to->worker, msg);
	media->out++;
	if (!timer_running(&media->sweep))
		timer_start_lazy(media->timers, &media->sweep, SWEEP_MS, on_sweep, media);
}

enum err media_new(struct media **out, struct loop *loop, unsigned workers, unsigned gather_ms)
{
	struct media *media = mem_zalloc(sizeof(*media));
	enum err err;

	if (!media)
		return ERR_NOMEM;
	media->timers = loop_timers(loop);
	workers = workers ? workers : 1;
	media->workers = mem_zalloc(workers * sizeof(*media->workers));
	err = media->workers ? srtp_library_open() : ERR_NOMEM;
	if (err)
		goto fail;
	media->srtp_open = true;
	for (; !err && media->nworkers < workers; media->nworkers++)
		err = worker_new(&media->workers[media->nworkers].worker, &media->back,
		                 media->nworkers, gather_ms * 1000);
	if (err)
		goto fail;
	*out = media;
	return OK;
fail:
	media_free(&media);
	return err;
}

static void realm_free(struct media_realm *realm)
{
	port_pool_free(&realm->ports);
	mem_free(realm->name);
	mem_free(realm);
}

void media_free(struct media **mediap)
{
	struct media *media = *mediap;
	struct media_realm *realm;

	if (!media)
		return;
	for (unsigned i = 0; i < media->nworkers; i++)
		worker_free(&media->workers[i].worker);
	if (media->nworkers)
		take_back(media); /* the anchors that were still on their way */
	for (unsigned i = 0; i < media->nworkers; i++)
		assert(media->workers[i].streams == 0);
	timer_stop(&media->sweep);
	while ((realm = SLIST_FIRST(&media->realms))) {
		SLIST_REMOVE_HEAD(&media->realms, link);
		realm_free(realm);
	}
	if (media->srtp_open)
		srtp_library_close();
	mem_free(media->workers);
	mem_free(media);
	*mediap = NULL;
}

enum err media_add_realm(struct media *media, const struct media_realm_cfg *cfg,
                         struct media_realm **out)
{
	struct media_realm *realm = mem_zalloc(sizeof(*realm));
	enum err err = ERR_NOMEM;

	if (!realm)
		return ERR_NOMEM;
	realm->address = cfg->address;
	realm->latch = cfg->latch;
	realm->timeout_ms = cfg->timeout_ms;
	realm->keepalive_ms = cfg->keepalive_ms;
	realm->name = mem_strdup(cfg->name);
	if (realm->name)
		err = port_pool_new(&realm->ports, &cfg->address, cfg->port_low, cfg->port_high,
		                    cfg->dscp);
	if (err) {
		realm_free(realm);
		return err;
	}
	SLIST_INSERT_HEAD(&media->realms, realm, link);
	*out = realm;
	return OK;
}

bool media_realm_is_nearly_full(const struct media_realm *realm)
{
	return port_pool_used(realm->ports) * 100 >=
	       port_pool_size(realm->ports) * MEDIA_FULL_PERCENT;
}

/* Said again only after it was at half of that. */
enum err media_take_ports(struct media_realm *realm, struct port_pair *out)
{
	size_t size = port_pool_size(realm->ports);
	enum err err = port_pool_take(realm->ports, out);

	if (port_pool_used(realm->ports) * 200 < size * MEDIA_FULL_PERCENT)
		realm->nearly_full = false;
	if (realm->nearly_full || !media_realm_is_nearly_full(realm))
		return err;
	realm->nearly_full = true;
	LOG(LOG_WARN, KV("event", "media-ports"), KV("realm", realm->name),
	    KVN("used", port_pool_used(realm->ports)), KVN("of", size),
	    KV("result", "few are left; calls without get 503"));
	return err;
}

size_t media_realm_used(const struct media_realm *realm)
{
	return port_pool_used(realm->ports);
}

size_t media_realm_size(const struct media_realm *realm)
{
	return port_pool_size(realm->ports);
}
