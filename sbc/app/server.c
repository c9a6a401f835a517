/* The layers with their doors: signals, the control socket. The signalling thread is the one that
 * calls server_run. */
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
#include "sbc/admin/ctl.h"
#include "sbc/app/layers.h"
#include "sbc/sip/stack.h"
#include "sbc/trunk/reload.h"

/* Calls that do not end when asked to are left behind after this. */
#define SHUT_MS 4000
#define TIDY_MS 5000

struct server {
	struct layers layers; /* owns its loop */
	struct ctl *ctl;
	struct timer shut_timer, tidy_timer;
	bool busy_before; /* something was going on when tidy_timer last looked */
	bool shutting;
	char why[CERT_WHY_MAX];
};

static enum err open_ctl(struct server *s)
{
	const struct ctl_cfg ctl = { .loop = s->layers.loop,
		                     .cfg = s->layers.cfg,
		                     .stack = s->layers.stack,
		                     .dialogs = s->layers.dialogs,
		                     .media_realms = s->layers.media_realms,
		                     .trunks = s->layers.trunks,
		                     .locations = s->layers.locations,
		                     .border = s->layers.border,
		                     .reload = s->layers.reload };

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

	stack_counts(s->layers.stack, &counts);
	busy = border_ncalls(s->layers.border) + counts.client_txns + counts.server_txns > 0;
	if (!busy && s->busy_before)
		mem_tidy();
	s->busy_before = busy;
	timer_start(loop_timers(s->layers.loop), &s->tidy_timer, TIDY_MS, on_tidy, s);
}

static void on_empty(void *arg)
{
	struct server *s = arg;

	loop_stop(s->layers.loop);
}

static void on_shut_late(void *arg)
{
	struct server *s = arg;

	LOG(LOG_WARN, KV("event", "stopped"), KVN("calls_left", border_ncalls(s->layers.border)));
	loop_stop(s->layers.loop);
}

static void on_terminate(void *arg)
{
	struct server *s = arg;

	if (s->shutting)
		return;
	s->shutting = true;
	LOG(LOG_INFO, KV("event", "stopping"), KVN("calls", border_ncalls(s->layers.border)));
	timer_start(loop_timers(s->layers.loop), &s->shut_timer, SHUT_MS, on_shut_late, s);
	border_shut(s->layers.border, on_empty, s);
}

static void on_hangup(void *arg)
{
	struct server *s = arg;
	char why[CERT_WHY_MAX];

	if (reload_now(s->layers.reload, "SIGHUP", why))
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
	err = loop_on_signal(s->layers.loop, SIGTERM, on_terminate, s);
	if (!err)
		err = loop_on_signal(s->layers.loop, SIGINT, on_terminate, s);
	return err ? err : loop_on_signal(s->layers.loop, SIGHUP, on_hangup, s);
}

/* Upside down. */
static void server_close(struct server *s)
{
	timer_stop(&s->shut_timer);
	timer_stop(&s->tidy_timer);
	ctl_close(&s->ctl);
	layers_close(&s->layers);
	loop_free(&s->layers.loop);
	tls_keylog_close();
}

static enum err server_open(struct server *s)
{
	const char *keylog = getenv("SSLKEYLOGFILE");
	enum err err = loop_new(&s->layers.loop);

	if (err)
		return err_explain(err, "event loop", s->why, sizeof(s->why));
	if (keylog && tls_keylog_open(keylog))
		return err_explain(ERR_IO, "SSLKEYLOGFILE", s->why, sizeof(s->why));
	raise_descriptor_limit(s->layers.cfg);
	err = layers_open(&s->layers, s->why);
	if (!err)
		err = open_ctl(s);
	if (!err)
		err = err_explain(open_signals(s), "signals", s->why, sizeof(s->why));
	if (!err)
		on_tidy(s);
	return err;
}

enum err server_run(const struct config *cfg)
{
	struct server s = { .layers.cfg = cfg };
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
		loop_run(s.layers.loop);
	}
	server_close(&s);
	if (!err)
		LOG(LOG_INFO, KV("event", "stopped"));
	log_stop();
	if (err)
		fprintf(stderr, "trunkgate: cannot start: %s\n", s.why);
	return err;
}
