/* What the lab's provider and phone are both built on. Signalling thread. Owner: they. */
#include "sbc/lab/kit.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include "base/mem.h"
#include "media/srtp.h"

#define CONNECT_MS 5000

static enum err open_media(struct kit *kit, const struct kit_cfg *cfg, char *why)
{
	char what[80];
	enum err err = srtp_library_open();

	if (err)
		return err_explain(err, "SRTP", why, CERT_WHY_MAX);
	kit->has_srtp = true;
	snprintf(what, sizeof(what), "media ports %u to %u", cfg->media_low, cfg->media_high);
	return err_explain(port_pool_new(&kit->ports, &cfg->listener.addr, cfg->media_low,
	                                 cfg->media_high, DSCP_EF),
	                   what, why, CERT_WHY_MAX);
}

static enum err open_realm(struct kit *kit, struct tls_context *tls, char *why)
{
	const struct conn *udp;
	const struct realm_tls contexts = { .standard = tls, .mutual = tls };
	enum err err = stack_add_realm(kit->stack, &kit->realm_cfg, &contexts, &kit->realm, why);

	if (err)
		return err;
	udp = sip_realm_udp(kit->realm, &kit->listener.addr);
	if (udp)
		kit->listener.addr = udp->local;
	return OK;
}

static enum err open_sip(struct kit *kit, const struct kit_cfg *cfg, char *why)
{
	const struct stack_limits limits = { .transactions = (size_t)8 * KIT_CALLS_MAX,
		                             .connections = KIT_CALLS_MAX };
	bool own = addr_is_set(&cfg->resolver);
	enum err err;

	message_library_open();
	err = err_explain(stack_new(&kit->stack, kit->loop, loop_timers(kit->loop), &limits), "SIP",
	                  why, CERT_WHY_MAX);
	if (!err)
		err = err_explain(resolver_new(&kit->resolver, kit->loop,
		                               own ? &cfg->resolver : NULL, own ? 1 : 0),
		                  "DNS", why, CERT_WHY_MAX);
	if (!err)
		err = err_explain(dialogs_new(&kit->dialogs, KIT_CALLS_MAX), "SIP", why,
		                  CERT_WHY_MAX);
	return err ? err : open_realm(kit, cfg->tls, why);
}

enum err kit_open(struct kit *kit, struct loop *loop, const struct kit_cfg *cfg, char *why)
{
	enum err err;

	memset(kit, 0, sizeof(*kit));
	snprintf(why, CERT_WHY_MAX, "%s", err_text(ERR_NOMEM));
	kit->loop = loop;
	kit->listener = cfg->listener;
	snprintf(kit->name, sizeof(kit->name), "lab");
	kit->realm_cfg = (struct config_realm){ .name = kit->name,
		                                .listeners = &kit->listener,
		                                .nlisteners = 1,
		                                .advertise = cfg->advertise };
	err = open_media(kit, cfg, why);
	if (!err)
		err = open_sip(kit, cfg, why);
	if (err) {
		kit_close(kit);
		return err;
	}
	kit->legs = (struct leg_env){ .stack = kit->stack, .dialogs = kit->dialogs };
	return OK;
}

void kit_close(struct kit *kit)
{
	stack_free(&kit->stack);
	dialogs_free(&kit->dialogs);
	resolver_free(&kit->resolver);
	port_pool_free(&kit->ports);
	if (kit->has_srtp)
		srtp_library_close();
	kit->has_srtp = false;
}

void kit_target(const struct kit *kit, const struct addr *peer, char *host, struct target *out)
{
	*out = (struct target){ .realm = kit->realm,
		                .transport = kit->listener.transport,
		                .host = addr_host(peer, host, ADDR_TEXT_MAX),
		                .port = addr_port(peer),
		                .resolver = kit->resolver,
		                .connect_timeout_ms = CONNECT_MS };
}

void kit_contact(const struct kit *kit, enum uri_form form, const char *user, char *buf,
                 size_t size)
{
	sip_realm_uri(kit->realm, &kit->listener, form, user, buf, size);
}

enum err kit_on_stop(struct loop *loop, void (*fn)(void *), void *arg)
{
	enum err err;

	signal(SIGPIPE, SIG_IGN);
	err = loop_on_signal(loop, SIGTERM, fn, arg);
	return err ? err : loop_on_signal(loop, SIGINT, fn, arg);
}
