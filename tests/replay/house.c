/* The whole house without its doors; see server.c for the one with. */
#include "tests/replay/house.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/mem.h"
#include "config/config.h"
#include "sbc/app/layers.h"
#include "tests/replay/net.h"

#define SETTLE_US  50
#define SETTLE_MAX 40000 /* times */

#define PORTS_EACH 20 /* of a realm */

static unsigned ports_offset;

struct house {
	struct config *cfg;
	struct loop *loop; /* borrowed */
	struct io *nudge;
	int nudge_fd;
	struct layers layers;
	bool is_empty;
	char why[CERT_WHY_MAX];
};

static void on_nudge(void *arg, int events)
{
	struct house *h = arg;

	(void)events;
	loop_stop(h->loop);
}

/* What is ready now, and no more: the loop finds its own event at once. */
static void pump(struct house *h)
{
	loop_run(h->loop);
}

void house_set_place(unsigned place)
{
	ports_offset = place * PORTS_EACH;
}

/* The workers let go of ports in their own time, which no clock of ours turns: it is waited for. */
static void settle(struct house *h)
{
	const struct timespec pause = { .tv_nsec = SETTLE_US * 1000 };

	for (int i = 0; media_sweep(h->layers.media) && i < SETTLE_MAX; i++)
		nanosleep(&pause, NULL);
}

static void bound(struct config *cfg)
{
	cfg->max_connections = 20;
	cfg->media_gather_ms = 0;
	for (size_t i = 0; i < cfg->nrealms; i++) {
		cfg->realms[i].media_port_low =
		    (uint16_t)(cfg->realms[i].media_port_low + ports_offset);
		cfg->realms[i].media_port_high =
		    (uint16_t)(cfg->realms[i].media_port_high + ports_offset);
	}
}

struct house *house_open(const char *yaml, const char *folder, struct loop *loop)
{
	struct house *h = calloc(1, sizeof(*h));
	char *file = mem_printf("%s/border.yaml", folder);
	enum err err;

	h->loop = loop;
	h->nudge_fd = eventfd(1, 0);
	err = config_parse(&h->cfg, file, yaml, strlen(yaml), 0600, stderr);
	if (!err)
		clock_set_zone(h->cfg->time_zone ? h->cfg->time_zone : "UTC");
	mem_free(file);
	if (!err)
		err = io_new(&h->nudge, loop, h->nudge_fd, IO_READ, on_nudge, h);
	if (!err) {
		bound(h->cfg);
		h->layers = (struct layers){ .cfg = h->cfg, .loop = loop, .opener = net_opener() };
		err = layers_open(&h->layers, h->why);
	}
	if (!err)
		return h;
	fprintf(stderr, "the house does not stand: %s: %s\n", err_text(err), h->why);
	house_close(h);
	return NULL;
}

void house_close(struct house *h)
{
	layers_close(&h->layers);
	io_free(&h->nudge);
	close(h->nudge_fd);
	config_free(&h->cfg);
	free(h);
}

void house_advance(struct house *h, uint64_t ms)
{
	struct timers *timers = loop_timers(h->loop);

	settle(h);
	for (;;) {
		uint64_t next_ms = timers_next_ms(timers);
		uint64_t step_ms = next_ms < ms ? next_ms : ms;

		clock_fake_advance(step_ms);
		ms -= step_ms;
		timers_run(timers);
		while (net_turn())
			;
		settle(h);
		if (ms == 0)
			break;
	}
	pump(h);
}

static void on_empty(void *arg)
{
	struct house *h = arg;

	h->is_empty = true;
}

void house_shut(struct house *h)
{
	border_shut(h->layers.border, on_empty, h);
}

enum err house_reload(struct house *h, char *why)
{
	return reload_now(h->layers.reload, "script", why);
}

bool house_is_empty(const struct house *h)
{
	return h->is_empty;
}

static size_t used_ports(const struct house *h)
{
	size_t used = 0;

	for (size_t i = 0; i < h->cfg->nrealms; i++)
		used += media_realm_used(h->layers.media_realms[i]);
	return used;
}

void house_count(struct house *h, struct house_counts *out)
{
	struct stack_counts counts;

	memset(out, 0, sizeof(*out));
	stack_counts(h->layers.stack, &counts);
	out->calls = border_ncalls(h->layers.border);
	out->subscriptions = border_nsubscriptions(h->layers.border);
	out->dialogs = dialogs_count(h->layers.dialogs);
	out->clients = counts.client_txns;
	out->servers = counts.server_txns;
	for (size_t i = 0; i < trunks_count(h->layers.trunks); i++) {
		struct trunk_stats stats;

		trunk_stats(trunks_at(h->layers.trunks, i), &stats);
		out->slots += stats.calls;
	}
	pump(h);
	settle(h);
	out->ports = used_ports(h);
}
