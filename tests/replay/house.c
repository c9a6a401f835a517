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
#include "media/media.h"
#include "sbc/b2bua/border.h"
#include "sbc/b2bua/realm_media.h"
#include "sbc/phone/auth.h"
#include "sbc/phone/location.h"
#include "sbc/sip/dialog.h"
#include "sbc/sip/stack.h"
#include "sbc/trunk/reload.h"
#include "sbc/trunk/trunk.h"
#include "tests/replay/net.h"

#define PORTS_BACK_MS 2000 /* of real time, for the media workers */

struct house {
	struct config *cfg;
	struct loop *loop; /* borrowed */
	struct io *nudge;
	int nudge_fd;
	struct media *media;
	struct media_realm *media_realms[8];
	struct trunks *trunks;
	struct stack *stack;
	struct dialogs *dialogs;
	struct locations *locations;
	struct phone_auth *auth;
	struct border *border;
	struct reload *reload;
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

/* The media ports are the kernel's own: scenarios that run beside each other have different ones.
 */
static uint16_t own_port(unsigned port)
{
	return (uint16_t)(port + (unsigned)getpid() % 48 * 20);
}

static enum err open_media(struct house *h)
{
	enum err err = media_new(&h->media, h->loop, h->cfg->media_workers, 0);

	for (size_t i = 0; !err && i < h->cfg->nrealms && i < ARRAY_LEN(h->media_realms); i++) {
		const struct config_realm *r = &h->cfg->realms[i];
		struct media_realm_cfg m = realm_media(r);

		m.port_low = own_port(r->media_port_low);
		m.port_high = own_port(r->media_port_high);

		err = media_add_realm(h->media, &m, &h->media_realms[i]);
	}
	return err;
}

static enum err open_sip(struct house *h)
{
	const struct stack_limits limits = { .transactions = h->cfg->max_transactions,
		                             .connections = 20 };
	struct sip_realm *realm;
	enum err err = trunks_new(&h->trunks, h->cfg, h->loop, h->why);

	if (!err)
		err = stack_new(&h->stack, h->loop, loop_timers(h->loop), &limits);
	if (!err)
		stack_set_opener(h->stack, net_opener());
	for (size_t i = 0; !err && i < h->cfg->nrealms; i++) {
		struct realm_tls tls = trunks_realm_tls(h->trunks, &h->cfg->realms[i]);

		err = stack_add_realm(h->stack, &h->cfg->realms[i], &tls, &realm, h->why);
	}
	if (!err)
		err = stack_watch_addresses(h->stack, trunks_system_resolver(h->trunks));
	if (!err)
		err = dialogs_new(&h->dialogs, 1000);
	return err;
}

static enum err open_border(struct house *h)
{
	struct stack_handler handler = { .on_request = border_on_request, .on_ack = border_on_ack };
	struct border_cfg border;
	enum err err = locations_new(&h->locations, h->cfg, loop_timers(h->loop));

	if (!err)
		err = phone_auth_new(&h->auth, h->cfg);
	border = (struct border_cfg){ .cfg = h->cfg,
		                      .stack = h->stack,
		                      .dialogs = h->dialogs,
		                      .media = h->media,
		                      .media_realms = h->media_realms,
		                      .trunks = h->trunks,
		                      .locations = h->locations,
		                      .auth = h->auth };
	if (!err)
		err = border_new(&h->border, &border);
	if (err)
		return err;
	handler.arg = h->border;
	stack_set_handler(h->stack, &handler);
	return OK;
}

static enum err open_reload(struct house *h)
{
	const struct reload_cfg cfg = {
		.cfg = h->cfg, .loop = h->loop, .trunks = h->trunks, .stack = h->stack
	};

	return reload_open(&h->reload, &cfg);
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
	if (!err)
		err = open_media(h);
	if (!err)
		err = open_sip(h);
	if (!err)
		err = open_border(h);
	if (!err)
		err = open_reload(h);
	if (!err)
		return h;
	fprintf(stderr, "the house does not stand: %s: %s\n", err_text(err), h->why);
	house_close(h);
	return NULL;
}

void house_close(struct house *h)
{
	reload_close(&h->reload);
	border_free(&h->border);
	phone_auth_free(&h->auth);
	locations_free(&h->locations);
	stack_free(&h->stack);
	dialogs_free(&h->dialogs);
	trunks_free(&h->trunks);
	media_free(&h->media);
	io_free(&h->nudge);
	close(h->nudge_fd);
	config_free(&h->cfg);
	free(h);
}

void house_advance(struct house *h, uint64_t ms)
{
	struct timers *timers = loop_timers(h->loop);

	for (;;) {
		uint64_t next_ms = timers_next_ms(timers);
		uint64_t step_ms = next_ms < ms ? next_ms : ms;

		clock_fake_advance(step_ms);
		ms -= step_ms;
		timers_run(timers);
		while (net_turn())
			;
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
	border_shut(h->border, on_empty, h);
}

enum err house_reload(struct house *h, char *why)
{
	return reload_now(h->reload, "script", why);
}

bool house_is_empty(const struct house *h)
{
	return h->is_empty;
}

static size_t used_ports(const struct house *h)
{
	size_t used = 0;

	for (size_t i = 0; i < h->cfg->nrealms; i++)
		used += media_realm_used(h->media_realms[i]);
	return used;
}

void house_count(struct house *h, struct house_counts *out)
{
	const struct timespec ms = { .tv_nsec = 1000000 };
	struct stack_counts counts;

	memset(out, 0, sizeof(*out));
	stack_counts(h->stack, &counts);
	out->calls = border_ncalls(h->border);
	out->subscriptions = border_nsubscriptions(h->border);
	out->dialogs = dialogs_count(h->dialogs);
	out->clients = counts.client_txns;
	out->servers = counts.server_txns;
	for (size_t i = 0; i < trunks_count(h->trunks); i++) {
		struct trunk_stats stats;

		trunk_stats(trunks_at(h->trunks, i), &stats);
		out->slots += stats.calls;
	}
	/* The workers let go of ports in their own time, which no clock of ours turns. */
	pump(h);
	for (int i = 0; out->calls == 0 && used_ports(h) > 0 && i < PORTS_BACK_MS; i++) {
		nanosleep(&ms, NULL);
		media_sweep(h->media);
	}
	out->ports = used_ports(h);
}
