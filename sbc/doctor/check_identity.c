/* Our identities as the provider will judge them: as a client the trunk's, as a server the realm's,
 * which are one and the same in most configurations; each with one of another type of key beside
 * it, of which a peer may choose. */
#include "sbc/doctor/check_identity.h"

#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "certs/cert_text.h"

#define WARN_DAYS 30

const struct config_identity *identity_as_server(const struct patient *p)
{
	return p->trunk->server_identity ? p->trunk->server_identity : p->trunk->realm->identity;
}

const struct config_identity *identity_as_client(const struct patient *p)
{
	return p->trunk->identity ? p->trunk->identity : p->trunk->realm->identity;
}

/* One that serves as both is judged once. */
static struct shown *shown_of(struct patient *p, const struct config_identity *cfg)
{
	struct shown *s = p->shown;

	while (s < p->shown + p->nshown && s->cfg != cfg)
		s++;
	if (s < p->shown + p->nshown)
		return s;
	p->nshown++;
	*s = (struct shown){ .cfg = cfg,
		             .identity = trunk_files_identity(p->files, cfg),
		             .why = "there is none" };
	if (cfg)
		s->why = p->files->whys[cfg - p->files->cfg->identities];
	return s;
}

void identity_examine(struct patient *p)
{
	const struct trust_cfg provider = { .roots = p->trunk->provider_roots };
	const struct config_identity *client = identity_as_client(p),
	                             *server = identity_as_server(p);

	shown_of(p, client)->as_client = true;
	if (client && client->also)
		shown_of(p, client->also)->as_client = true;
	shown_of(p, server)->as_server = true;
	if (server && server->also)
		shown_of(p, server->also)->as_server = true;
	if (trust_load(&p->provider_roots, &provider, p->roots_why) != OK)
		p->provider_roots = NULL;
}

void identity_dismiss(struct patient *p)
{
	p->nshown = 0;
	trust_free(&p->provider_roots);
}

static const char *role_of(const struct shown *s)
{
	if (s->as_client && s->as_server)
		return "client and server";
	return s->as_client ? "client" : "server";
}

/* False: one of them is not there, which is the finding. */
static bool are_there(const struct patient *p, struct finding *f)
{
	for (size_t i = 0; i < p->nshown; i++) {
		const struct shown *s = &p->shown[i];

		if (s->identity)
			continue;
		finding_say(f, VERDICT_FAIL, "what we show as %s cannot be loaded: %s", role_of(s),
		            s->why);
		finding_advise(f, "Trunkgate would not start with it");
		return false;
	}
	return true;
}

/* Calls fn for each identity that we show, and begins with "ok". */
static void each(const struct patient *p, struct finding *f,
                 void (*fn)(const struct patient *, const struct identity *, const char *as,
                            struct finding *))
{
	finding_say(f, VERDICT_OK, "%s", "");
	for (size_t i = 0; i < p->nshown; i++) {
		char as[32] = "";

		if (p->nshown > 1)
			snprintf(as, sizeof(as), "as %s: ", role_of(&p->shown[i]));
		fn(p, p->shown[i].identity, as, f);
	}
}

static void say_expiry(const struct patient *p, const struct identity *id, const char *as,
                       struct finding *f)
{
	int64_t when_s = p->exam->when_s, left = (identity_not_after_s(id) - when_s) / DAY_S;
	char why[CERT_WHY_MAX], day[CERT_DAY_MAX], until[CERT_DAY_MAX];

	cert_day_text(when_s, day);
	if (!identity_is_valid_at(id, when_s, why)) {
		finding_add(f, VERDICT_FAIL, "%son %s it fails: %s", as, day, why);
		finding_advise(f, "renew it, with its whole chain");
	} else if (!identity_is_valid_at(id, when_s + WARN_DAYS * DAY_S, why)) {
		finding_add(f, VERDICT_WARN, "%s%s, less than %d days after %s", as, why, WARN_DAYS,
		            day);
		finding_advise(f, "renew it now");
	} else {
		finding_add(f, VERDICT_OK, "%s%s is valid until %s, %lld days after %s", as,
		            identity_subject(id), cert_day_text(identity_not_after_s(id), until),
		            (long long)left, day);
	}
}

void judge_expiry(const struct patient *p, struct finding *f)
{
	if (are_there(p, f))
		each(p, f, say_expiry);
}

static void say_name(const struct patient *p, const struct identity *id, const char *as,
                     struct finding *f)
{
	const char *name = p->trunk->realm->advertise;

	if (identity_is_for(id, name)) {
		finding_add(f, VERDICT_OK, "%s%s is for %s, which we advertise", as,
		            identity_subject(id), name);
		return;
	}
	finding_add(f, VERDICT_FAIL, "%s%s is not for %s, which we advertise", as,
	            identity_subject(id), name);
	finding_advise(
	    f, "get a certificate with DNS:%s in its subjectAltName, or advertise its name", name);
}

void judge_name(const struct patient *p, struct finding *f)
{
	const struct config_realm *realm = p->trunk->realm;
	struct addr numeric;

	if (!are_there(p, f))
		return;
	if (realm->advertise && addr_parse(&numeric, realm->advertise) != OK) {
		each(p, f, say_name);
		return;
	}
	finding_say(f, VERDICT_FAIL, "realm %s advertises no name that a certificate could have",
	            realm->name);
	finding_advise(f, "write advertise: NAME, as it stands in the certificate");
}

static void say_chain(const struct patient *p, const struct identity *id, const char *as,
                      struct finding *f)
{
	if (identity_has_root(id)) {
		finding_add(f, VERDICT_OK, "%sthe chain is whole, its root %s included", as,
		            identity_chain_end(id));
	} else if (p->trunk->send_root == YES) {
		finding_add(f, VERDICT_OK,
		            "%sthe chain is sent with its root %s, as send-root says", as,
		            identity_chain_end(id));
	} else {
		finding_add(f, VERDICT_FAIL, "%sthe chain is sent without its root %s", as,
		            identity_chain_end(id));
		finding_advise(f, "write send-root: yes at the trunk, or put the root into the "
		                  "certificate's file");
	}
}

void judge_chain(const struct patient *p, struct finding *f)
{
	if (are_there(p, f))
		each(p, f, say_chain);
}

static void say_root(const struct patient *p, const struct identity *id, const char *as,
                     struct finding *f)
{
	if (identity_ends_at(id, p->provider_roots)) {
		finding_add(f, VERDICT_OK, "%sthe chain ends at %s, which is among the roots in %s",
		            as, identity_chain_end(id), p->trunk->provider_roots);
		return;
	}
	finding_add(f, VERDICT_WARN,
	            "%sthe chain ends at %s, which is not among the roots that the provider is "
	            "known to trust (%s)",
	            as, identity_chain_end(id), p->trunk->provider_roots);
	finding_advise(f, "have one of them sign it, or ask the provider to trust yours");
}

void judge_root(const struct patient *p, struct finding *f)
{
	if (!are_there(p, f))
		return;
	if (p->provider_roots)
		each(p, f, say_root);
	else
		finding_say(f, VERDICT_SKIP, "the provider's roots cannot be loaded: %s",
		            p->roots_why);
}

static void say_without_client_auth(const struct shown *s, struct finding *f)
{
	if (!identity_serves_as_server(s->identity)) {
		finding_add(f, VERDICT_OK,
		            "%s is for clients alone: its authority goes on with that",
		            identity_subject(s->identity));
		return;
	}
	finding_add(f, VERDICT_FAIL,
	            "%s is a server's certificate too: renewed by a public authority it lacks the "
	            "clientAuth usage, and the provider refuses our connections",
	            identity_subject(s->identity));
	finding_advise(f, "have an authority that still issues clientAuth make a second "
	                  "certificate, and name it as identity of the trunk");
}

static void say_usage(const struct patient *p, const struct shown *s, struct finding *f)
{
	bool client = s->as_client && !identity_serves_as_client(s->identity);
	bool server = s->as_server && !identity_serves_as_server(s->identity);

	if (client) {
		finding_add(f, VERDICT_FAIL,
		            "%s may not be used as a client (clientAuth): the provider refuses our "
		            "connections",
		            identity_subject(s->identity));
		finding_advise(f, "get one with clientAuth, and name it as identity of the trunk");
	}
	if (server) {
		finding_add(
		    f, VERDICT_FAIL,
		    "%s may not be used as a server (serverAuth): the provider refuses what "
		    "our listener shows, so no call comes in",
		    identity_subject(s->identity));
		finding_advise(f, "get one with serverAuth, and name it as identity of realm %s",
		               p->trunk->realm->name);
	}
	if (client || server)
		return;
	if (p->exam->without_client_auth && s->as_client)
		say_without_client_auth(s, f);
	else
		finding_add(f, VERDICT_OK, "%s serves as %s", identity_subject(s->identity),
		            role_of(s));
}

void judge_usage(const struct patient *p, struct finding *f)
{
	if (!are_there(p, f))
		return;
	finding_say(f, VERDICT_OK, "%s", "");
	for (size_t i = 0; i < p->nshown; i++)
		say_usage(p, &p->shown[i], f);
}
