/* Wires the layers together and takes them apart again. What travels upward is one handler per
 * layer, set here. The signalling thread is the one that calls server_run. */
#include "sbc/app/server.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "certs/tls_context.h"
#include "media/anchor.h"
#include "media/media.h"
#include "sbc/admin/ctl.h"
#include "sbc/b2bua/border.h"
#include "sbc/b2bua/realm_media.h"
#include "sbc/phone/auth.h"
#include "sbc/phone/location.h"
#include "sbc/sip/dialog.h"
#include "sbc/sip/stack.h"
#include "sbc/trunk/expiry.h"
#include "sbc/trunk/reload.h"
#include "sbc/trunk/trunk.h"

/* Calls that do not end when asked to are left behind after this. */
#define SHUT_MS 4000
#define TIDY_MS 5000

struct server {
	const struct config *cfg;
	struct loop *loop;
	struct media *media;
	struct media_realm **media_realms;
	struct trunks *trunks;
	struct stack *stack;
	struct dialogs *dialogs;
	struct locations *locations;
	struct phone_auth *auth;
	struct border *border;
	struct reload *reload;
	struct expiry *expiry;
	struct ctl *ctl;
	struct timer shut_timer, tidy_timer;
	bool busy_before; /* something was going on when tidy_timer last looked */
	bool shutting;
	char why[CERT_WHY_MAX];
};

static enum err because(struct server *s, enum err err, const char *what)
{
	if (err)
		snprintf(s->why, sizeof(s->why), "%s: %s", what, err_text(err));
	return err;
}

static enum err open_media(struct server *s)
{
	const struct config *cfg = s->cfg;
	enum err err = media_new(&s->media, s->loop, cfg->media_workers, cfg->media_gather_ms);

	if (err)
		return because(s, err, "media workers");
	s->media_realms = mem_zalloc(cfg->nrealms * sizeof(struct media_realm *));
	if (!s->media_realms)
		return because(s, ERR_NOMEM, "media");
	for (size_t i = 0; !err && i < cfg->nrealms; i++) {
		const struct config_realm *r = &cfg->realms[i];
		struct media_realm_cfg m = realm_media(r);

		err = because(s, media_add_realm(s->media, &m, &s->media_realms[i]), r->name);
	}
	return err;
}

static enum err open_sip(struct server *s)
{
	const struct stack_limits limits = { .transactions = s->cfg->max_transactions,
		                             .connections = s->cfg->max_connections,
		                             .connections_per_source =
		                                 s->cfg->max_connections_per_source };
	struct sip_realm *realm;
	enum err err = trunks_new(&s->trunks, s->cfg, s->loop, s->why);

	if (!err)
		err =
		    because(s, stack_new(&s->stack, s->loop, loop_timers(s->loop), &limits), "SIP");
	for (size_t i = 0; !err && i < s->cfg->nrealms; i++) {
		struct realm_tls tls = trunks_realm_tls(s->trunks, &s->cfg->realms[i]);

		err = stack_add_realm(s->stack, &s->cfg->realms[i], &tls, &realm, s->why);
	}
	if (!err)
		err = because(s, stack_watch_addresses(s->stack, trunks_system_resolver(s->trunks)),
		              "SIP");
	if (!err)
		err = because(s, dialogs_new(&s->dialogs, 2 * (size_t)s->cfg->max_calls + 1000),
		              "SIP");
	return err;
}

static enum err open_border(struct server *s)
{
	struct border_cfg border;
	struct stack_handler handler = { .on_request = border_on_request, .on_ack = border_on_ack };
	enum err err = locations_new(&s->locations, s->cfg, loop_timers(s->loop));

	if (!err)
		err = phone_auth_new(&s->auth, s->cfg);
	border = (struct border_cfg){ .cfg = s->cfg,
		                      .stack = s->stack,
		                      .dialogs = s->dialogs,
		                      .media = s->media,
		                      .media_realms = s->media_realms,
		                      .trunks = s->trunks,
		                      .locations = s->locations,
		                      .auth = s->auth };
	if (!err)
		err = border_new(&s->border, &border);
	if (err)
		return because(s, err, "border");
	handler.arg = s->border;
	stack_set_handler(s->stack, &handler);
	return OK;
}

static enum err open_reload(struct server *s)
{
	const struct reload_cfg cfg = { .cfg = s->cfg,
		                        .loop = s->loop,
		                        .trunks = s->trunks,
		                        .stack = s->stack,
		                        .expiry = s->expiry };

	return reload_open(&s->reload, &cfg);
}

static enum err open_certificate_care(struct server *s)
{
	enum err err = expiry_open(&s->expiry, s->cfg, loop_timers(s->loop), trunks_tls(s->trunks));

	if (!err)
		err = open_reload(s);
	return because(s, err, "certificates");
}

static enum err open_ctl(struct server *s)
{
	const struct ctl_cfg ctl = { .loop = s->loop,
		                     .cfg = s->cfg,
		                     .stack = s->stack,
		                     .dialogs = s->dialogs,
		                     .media_realms = s->media_realms,
		                     .trunks = s->trunks,
		                     .locations = s->locations,
		                     .border = s->border,
		                     .reload = s->reload };

	return ctl_open(&s->ctl, &ctl, s->why);
}

/* The memory of a busy hour goes back to the system once nothing goes on: the allocator by itself
 * keeps what lies between two pieces that stay. Not while it is busy, for the walk takes the loop's
 * time. */
static void on_tidy(void *arg)
{
	struct server *s = arg;
	struct stack_counts counts;
	bool busy;

	stack_counts(s->stack, &counts);
	busy = border_ncalls(s->border) + counts.client_txns + counts.server_txns > 0;
	if (!busy && s->busy_before)
		mem_tidy();
	s->busy_before = busy;
	timer_start(loop_timers(s->loop), &s->tidy_timer, TIDY_MS, on_tidy, s);
}

static void on_empty(void *arg)
{
	struct server *s = arg;

	loop_stop(s->loop);
}

static void on_shut_late(void *arg)
{
	struct server *s = arg;

	LOG(LOG_WARN, KV("event", "stopped"), KVN("calls_left", border_ncalls(s->border)));
	loop_stop(s->loop);
}

static void on_terminate(void *arg)
{
	struct server *s = arg;

	if (s->shutting)
		return;
	s->shutting = true;
	LOG(LOG_INFO, KV("event", "stopping"), KVN("calls", border_ncalls(s->border)));
	timer_start(loop_timers(s->loop), &s->shut_timer, SHUT_MS, on_shut_late, s);
	border_shut(s->border, on_empty, s);
}

static void on_hangup(void *arg)
{
	struct server *s = arg;
	char why[CERT_WHY_MAX];

	if (reload_now(s->reload, "SIGHUP", why))
		return; /* the log has it */
}

/* Descriptors for all calls that may come: each has a stream or more with RTP and RTCP on two
 * sides. */
static void raise_descriptor_limit(const struct config *cfg)
{
	rlim_t want = (rlim_t)cfg->max_calls * 2 * MEDIA_NSIDES + cfg->max_connections;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_max != RLIM_INFINITY && limit.rlim_max < want)
		LOG(LOG_WARN, KV("event", "descriptors"), KVN("limit", limit.rlim_max),
		    KVN("wanted", want), KV("do", "raise LimitNOFILE, or lower max-calls"));
}

static enum err open_signals(struct server *s)
{
	enum err err;

	/* A peer that goes away is an error of a write, not the end of us. */
	signal(SIGPIPE, SIG_IGN);
	err = loop_on_signal(s->loop, SIGTERM, on_terminate, s);
	if (!err)
		err = loop_on_signal(s->loop, SIGINT, on_terminate, s);
	return err ? err : loop_on_signal(s->loop, SIGHUP, on_hangup, s);
}

/* Upside down. */
static void server_close(struct server *s)
{
	timer_stop(&s->shut_timer);
	timer_stop(&s->tidy_timer);
	ctl_close(&s->ctl);
	reload_close(&s->reload);
	expiry_close(&s->expiry);
	border_free(&s->border);
	phone_auth_free(&s->auth);
	locations_free(&s->locations);
	stack_free(&s->stack);
	dialogs_free(&s->dialogs);
	trunks_free(&s->trunks);
	media_free(&s->media);
	mem_free(s->media_realms);
	loop_free(&s->loop);
	tls_keylog_close();
}

static enum err server_open(struct server *s)
{
	const char *keylog = getenv("SSLKEYLOGFILE");
	enum err err = loop_new(&s->loop);

	if (err)
		return because(s, err, "event loop");
	if (keylog && tls_keylog_open(keylog))
		return because(s, ERR_IO, "SSLKEYLOGFILE");
	raise_descriptor_limit(s->cfg);
	message_library_open();
	err = open_media(s);
	if (!err)
		err = open_sip(s);
	if (!err)
		err = open_border(s);
	if (!err)
		err = open_certificate_care(s);
	if (!err)
		err = open_ctl(s);
	if (!err)
		err = because(s, open_signals(s), "signals");
	if (!err)
		on_tidy(s);
	return err;
}

enum err server_run(const struct config *cfg)
{
	struct server s = { .cfg = cfg };
	enum err err;

	mem_tidy();
	clock_set_zone(cfg->time_zone);
	log_set_level(cfg->log_level);
	err = log_start(cfg->log_target);
	if (err) {
		fprintf(stderr, "trunkgate: the log cannot be started: %s\n", err_text(err));
		return err;
	}
	err = server_open(&s);
	if (!err) {
		LOG(LOG_INFO, KV("event", "ready"), KV("version", TRUNKGATE_VERSION),
		    KV("config", cfg->file));
		loop_run(s.loop);
	}
	server_close(&s);
	if (!err)
		LOG(LOG_INFO, KV("event", "stopped"));
	log_stop();
	if (err)
		fprintf(stderr, "trunkgate: cannot start: %s\n", s.why);
	return err;
}
