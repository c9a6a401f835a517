/* Our identity as the provider will judge it: as a client with the trunk's, as a server with the
 * realm's, which are one and the same in most configurations. */
#include "sbc/doctor/check_identity.h"

#include <stdio.h>
#include <string.h>
#include "certs/cert_text.h"

#define DAY_S     INT64_C(86400)
#define WARN_DAYS 30

/* As the daemon loads it, with every place where an issuer may be. */
static struct identity *load(const struct patient *p, const struct config_identity *cfg, char *why)
{
	struct trust *stores[2] = { 0 };
	const struct trust_cfg trunk = { .roots = p->trunk->trust },
	                       machine = { .roots = "system" };
	char unused[CERT_WHY_MAX];
	struct identity_cfg id = { .stores = stores };
	struct identity *loaded = NULL;

	snprintf(why, CERT_WHY_MAX, "there is none");
	if (!cfg)
		return NULL;
	if (trust_load(&stores[id.nstores], &trunk, unused) == OK)
		id.nstores++;
	if (trust_load(&stores[id.nstores], &machine, unused) == OK)
		id.nstores++;
	id.name = cfg->name;
	id.certificate = cfg->certificate;
	id.key = cfg->key;
	id.passphrase = cfg->passphrase_file;
	if (identity_load(&loaded, &id, why) != OK)
		loaded = NULL;
	trust_free(&stores[0]);
	trust_free(&stores[1]);
	return loaded;
}

static const struct config_identity *as_client(const struct patient *p)
{
	return p->trunk->identity ? p->trunk->identity : p->trunk->realm->identity;
}

static const struct config_identity *as_server(const struct patient *p)
{
	return p->trunk->server_identity ? p->trunk->server_identity : p->trunk->realm->identity;
}

const struct config_identity *identity_as_server(const struct patient *p)
{
	return p->trunk->server_identity ? p->trunk->server_identity : p->trunk->realm->identity;
}

void identity_examine(struct patient *p)
{
	const struct trust_cfg provider = { .roots = p->trunk->provider_roots };

	p->client = load(p, as_client(p), p->client_why);
	p->server = load(p, as_server(p), p->server_why);
	if (trust_load(&p->provider_roots, &provider, p->roots_why) != OK)
		p->provider_roots = NULL;
}

void identity_dismiss(struct patient *p)
{
	identity_free(&p->client);
	identity_free(&p->server);
	trust_free(&p->provider_roots);
}

static bool is_one(const struct patient *p)
{
	return as_client(p) == as_server(p);
}

/* False: one of the two is not there, which is the finding. */
static bool are_there(const struct patient *p, struct finding *f)
{
	if (p->client && p->server)
		return true;
	if (!p->client)
		finding_say(f, VERDICT_FAIL, "what we show as client cannot be loaded: %s",
		            p->client_why);
	else
		finding_say(f, VERDICT_FAIL, "what we show as server cannot be loaded: %s",
		            p->server_why);
	finding_advise(f, "Trunkgate would not start with it");
	return false;
}

/* Calls fn for each identity, once where they are one, and begins with "ok". */
static void each(const struct patient *p, struct finding *f,
                 void (*fn)(const struct patient *, const struct identity *, const char *as,
                            struct finding *))
{
	finding_say(f, VERDICT_OK, "%s", "");
	if (is_one(p)) {
		fn(p, p->client, "", f);
		return;
	}
	fn(p, p->client, "as client: ", f);
	fn(p, p->server, "as server: ", f);
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

static void judge_without_client_auth(const struct patient *p, struct finding *f)
{
	if (!identity_serves_as_server(p->client)) {
		finding_say(f, VERDICT_OK,
		            "%s is for clients alone: its authority goes on with that",
		            identity_subject(p->client));
		return;
	}
	finding_say(f, VERDICT_FAIL,
	            "%s is a server's certificate too: renewed by a public authority it lacks the "
	            "clientAuth usage, and the provider refuses our connections",
	            identity_subject(p->client));
	finding_advise(f, "have an authority that still issues clientAuth make a second "
	                  "certificate, and name it as identity of the trunk");
}

void judge_usage(const struct patient *p, struct finding *f)
{
	if (!are_there(p, f))
		return;
	finding_say(f, VERDICT_OK, "%s", "");
	if (!identity_serves_as_client(p->client)) {
		finding_add(f, VERDICT_FAIL,
		            "%s may not be used as a client (clientAuth): the provider refuses our "
		            "connections",
		            identity_subject(p->client));
		finding_advise(f, "get one with clientAuth, and name it as identity of the trunk");
	}
	if (!identity_serves_as_server(p->server)) {
		finding_add(
		    f, VERDICT_FAIL,
		    "%s may not be used as a server (serverAuth): the provider refuses what "
		    "our listener shows, so no call comes in",
		    identity_subject(p->server));
		finding_advise(f, "get one with serverAuth, and name it as identity of realm %s",
		               p->trunk->realm->name);
	}
	if (f->verdict == VERDICT_FAIL)
		return;
	if (p->exam->without_client_auth)
		judge_without_client_auth(p, f);
	else if (is_one(p))
		finding_add(f, VERDICT_OK, "%s serves as client and as server",
		            identity_subject(p->client));
	else
		finding_add(f, VERDICT_OK, "%s serves as client, %s as server",
		            identity_subject(p->client), identity_subject(p->server));
}
