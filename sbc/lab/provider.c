/* A provider of our own: what it takes to be found, to be trusted, and to be called. Signalling
 * thread. Every call is answered and hears itself. */
#include "sbc/lab/provider.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/queue.h>
#include "base/log.h"
#include "base/mem.h"
#include "certs/identity.h"
#include "certs/trust.h"
#include "sbc/lab/args.h"
#include "sbc/lab/dns.h"
#include "sbc/lab/echo.h"
#include "sbc/lab/kit.h"

#define STOP_MS 2000

struct provider {
	struct provider_cfg cfg;
	struct identity *identity;
	struct trust *trust;
	const char *names[1];
	struct tls_context *server, *client;
	char host[DNS_DOMAIN_MAX + 8];
	struct dns *dns;
	struct kit kit;
	bool has_kit;
	struct echoes *echoes;
	struct timer stop_timer;
	void (*on_stopped)(void *arg);
	void *on_stopped_arg;
};

/* The peer is known by the name in its certificate alone. */
static enum err open_tls(struct provider *p, char *why)
{
	struct peer_policy policy = { .trunk = "sbc", .names = p->names, .nnames = 1 };
	struct tls_context_cfg cfg = { .policies = &policy, .npolicies = 1 };
	const struct trust_cfg trust = { .roots = p->cfg.trust };
	const struct identity_cfg id = { .name = "provider", .certificate = p->cfg.identity };
	enum err err = identity_load(&p->identity, &id, why);

	if (!err)
		err = trust_load(&p->trust, &trust, why);
	if (err)
		return err;
	p->names[0] = p->cfg.peer_name;
	policy.trust = p->trust;
	cfg.identity = p->identity;
	cfg.peer_role = CERT_ROLE_CLIENT;
	err = tls_context_new(&p->server, &cfg, why);
	if (err)
		return err;
	cfg.peer_role = CERT_ROLE_SERVER;
	return tls_context_new(&p->client, &cfg, why);
}

static enum err open_dns(struct provider *p, struct loop *loop, char *why)
{
	struct dns_zone zone;
	char text[ADDR_TEXT_MAX];
	enum err err = dns_zone_init(&zone, p->cfg.domain, &p->cfg.listen);

	if (err) {
		snprintf(why, CERT_WHY_MAX, "'%s' is no domain name", p->cfg.domain);
		return err;
	}
	err = dns_open(&p->dns, loop, &p->cfg.dns, &zone);
	if (err)
		snprintf(why, CERT_WHY_MAX, "DNS: cannot listen on udp:%s: %s",
		         addr_text(&p->cfg.dns, text, sizeof(text)),
		         err == ERR_IO ? strerror(errno) : err_text(err));
	return err;
}

static enum err open_kit(struct provider *p, struct loop *loop, char *why)
{
	struct kit_cfg cfg = { .listener = { .transport = TRANSPORT_TLS, .addr = p->cfg.listen },
		               .advertise = p->host,
		               .tls = p->server,
		               .media_low = p->cfg.media_low,
		               .media_high = p->cfg.media_high };
	enum err err;

	snprintf(p->host, sizeof(p->host), "sip.%s", p->cfg.domain);
	dns_address(p->dns, &cfg.resolver);
	err = kit_open(&p->kit, loop, &cfg, why);
	p->has_kit = !err;
	return err;
}

static enum err open_echoes(struct provider *p, char *why)
{
	struct echoes_cfg cfg = { .kit = &p->kit, .tls = p->client, .sni = p->cfg.peer_name };
	enum err err = echoes_new(&p->echoes, &cfg);

	if (err)
		snprintf(why, CERT_WHY_MAX, "%s", err_text(err));
	return err;
}

enum err provider_new(struct provider **out, struct loop *loop, const struct provider_cfg *cfg,
                      char *why)
{
	struct provider *p = mem_zalloc(sizeof(*p));
	enum err err;

	snprintf(why, CERT_WHY_MAX, "%s", err_text(ERR_NOMEM));
	if (!p)
		return ERR_NOMEM;
	p->cfg = *cfg;
	err = open_tls(p, why);
	if (!err)
		err = open_dns(p, loop, why);
	if (!err)
		err = open_kit(p, loop, why);
	if (!err)
		err = open_echoes(p, why);
	if (err)
		provider_free(&p);
	else
		*out = p;
	return err;
}

void provider_free(struct provider **pp)
{
	struct provider *p = *pp;

	if (!p)
		return;
	timer_stop(&p->stop_timer);
	echoes_free(&p->echoes);
	if (p->has_kit)
		kit_close(&p->kit);
	dns_close(&p->dns);
	tls_context_free(&p->server);
	tls_context_free(&p->client);
	trust_free(&p->trust);
	identity_free(&p->identity);
	mem_free(p);
	*pp = NULL;
}

static void on_stopped(void *arg)
{
	struct provider *p = arg;

	timer_stop(&p->stop_timer);
	p->on_stopped(p->on_stopped_arg);
}

void provider_stop(struct provider *p, void (*fn)(void *), void *arg)
{
	if (p->on_stopped)
		return;
	p->on_stopped = fn;
	p->on_stopped_arg = arg;
	timer_start(loop_timers(p->kit.loop), &p->stop_timer, STOP_MS, on_stopped, p);
	echoes_stop(p->echoes, on_stopped, p);
}

/* --- the command --- */

struct running {
	struct loop *loop;
	struct provider *provider;
};

static void on_all_over(void *arg)
{
	loop_stop(arg);
}

static void on_signal(void *arg)
{
	struct running *r = arg;

	provider_stop(r->provider, on_all_over, r->loop);
}

static enum err run(struct running *r, const struct provider_cfg *cfg, char *why)
{
	char sip[ADDR_TEXT_MAX], dns[ADDR_TEXT_MAX];
	enum err err = loop_new(&r->loop);

	snprintf(why, CERT_WHY_MAX, "%s", err_text(ERR_NOMEM));
	if (!err)
		err = provider_new(&r->provider, r->loop, cfg, why);
	if (!err)
		err = kit_on_stop(r->loop, on_signal, r);
	if (!err) {
		printf("provider %s is ready: SIP over TLS at %s, DNS at %s\n", cfg->domain,
		       addr_text(&cfg->listen, sip, sizeof(sip)),
		       addr_text(&cfg->dns, dns, sizeof(dns)));
		loop_run(r->loop);
	}
	provider_free(&r->provider);
	loop_free(&r->loop);
	return err;
}

int provider_main(int argc, char **argv)
{
	struct provider_cfg cfg = { .domain = "provider.lab", .peer_name = "sbc.lab" };
	struct arg_range ports = { 42000, 42999 };
	const struct arg table[] = {
		{ "--domain", ARG_TEXT, &cfg.domain }, { "--listen", ARG_ADDR, &cfg.listen },
		{ "--dns", ARG_ADDR, &cfg.dns },       { "--identity", ARG_TEXT, &cfg.identity },
		{ "--trust", ARG_TEXT, &cfg.trust },   { "--peer-name", ARG_TEXT, &cfg.peer_name },
		{ "--media-ports", ARG_RANGE, &ports }
	};
	struct running running = { 0 };
	char why[CERT_WHY_MAX];

	if (addr_parse(&cfg.listen, "127.0.0.3:5061") || addr_parse(&cfg.dns, "127.0.0.3:5300") ||
	    args_read(argc, argv, 3, table, ARRAY_LEN(table), NULL))
		return 2;
	if (!cfg.identity || !cfg.trust) {
		fputs("trunkgate lab provider: it needs --identity and --trust (certs/lab-ca makes "
		      "both)\n",
		      stderr);
		return 2;
	}
	cfg.media_low = ports.low;
	cfg.media_high = ports.high;
	if (run(&running, &cfg, why) == OK)
		return 0;
	fprintf(stderr, "trunkgate lab provider: %s\n", why);
	return 1;
}
