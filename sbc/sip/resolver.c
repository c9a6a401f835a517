/* From a name to addresses (RFC 3263 4.1 and 4.2, RFC 2782). A look-up walks: NAPTR, SRV, then each
 * target's A and AAAA, those families that can be sent from. The transport is the trunk's and never
 * changes: of NAPTR only what names that very transport counts. Signalling thread. */
#include "sbc/sip/resolver.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "base/mem.h"
#include "sbc/sip/dns_client.h"
#include "sbc/sip/srv_order.h"

#define TARGETS_MAX  16
#define NAME_LEN_MAX 255

struct resolver {
	struct dns_client *client;
	char *const *domains; /* none: all names */
	size_t ndomains;
	struct resolver *others;
};

enum lookup_step { STEP_NAPTR, STEP_SRV, STEP_FIRST, STEP_SECOND };

struct lookup {
	struct resolver *r;
	struct dns_ask *ask; /* under way; NULL: none */
	enum lookup_step step;
	enum lookup_families families;
	enum transport transport;
	bool sips;
	struct dns_srv targets[TARGETS_MAX]; /* the host itself where there is no SRV */
	size_t ntargets, at;
	char host[NAME_LEN_MAX + 1];
	char service[NAME_LEN_MAX + 32]; /* that SRV is asked for */
	uint16_t default_port;
	struct dns_reply reply;
	struct lookup_result result;
	void (*fn)(void *, const struct lookup_result *);
	void *arg;
};

enum err resolver_new(struct resolver **out, struct loop *loop, const struct addr *servers,
                      size_t nservers)
{
	struct resolver *r = mem_zalloc(sizeof(*r));
	enum err err;

	if (!r)
		return ERR_NOMEM;
	err = dns_client_new(&r->client, loop, servers, nservers);
	if (err)
		mem_free(r);
	else
		*out = r;
	return err;
}

void resolver_free(struct resolver **rp)
{
	if (!*rp)
		return;
	dns_client_free(&(*rp)->client);
	mem_free(*rp);
	*rp = NULL;
}

void resolver_limit(struct resolver *r, char *const *domains, size_t ndomains,
                    struct resolver *others)
{
	r->domains = domains;
	r->ndomains = ndomains;
	r->others = others;
}

static bool is_in(const char *name, const char *domain)
{
	size_t len = strlen(name), domain_len = strlen(domain);

	if (len < domain_len || strcasecmp(name + len - domain_len, domain) != 0)
		return false;
	return len == domain_len || name[len - domain_len - 1] == '.';
}

static struct dns_client *client_for(const struct resolver *r, const char *name)
{
	for (size_t i = 0; i < r->ndomains; i++) {
		if (is_in(name, r->domains[i]))
			return r->client;
	}
	return r->ndomains == 0 ? r->client : r->others->client;
}

/* Tells the asker, at last. The look-up is gone. */
static void finish(struct lookup *l)
{
	struct lookup_result result = l->result;
	void (*fn)(void *, const struct lookup_result *) = l->fn;
	void *arg = l->arg;

	if (result.naddrs == 0) {
		result.err = ERR_DNS;
		if (!result.why[0])
			snprintf(result.why, sizeof(result.why), "no address found for %.120s",
			         l->host);
	}
	dns_ask_cancel(&l->ask);
	mem_free(l);
	fn(arg, &result);
}

/* Two names may lead to one address; it is tried once. */
static void add_addr(struct lookup *l, struct addr a)
{
	addr_set_port(&a, l->targets[l->at].port);
	for (size_t i = 0; i < l->result.naddrs; i++) {
		if (addr_equal(&l->result.addrs[i], &a))
			return;
	}
	if (l->result.naddrs < LOOKUP_ADDRS_MAX)
		l->result.addrs[l->result.naddrs++] = a;
}

/* The next target whose addresses must be asked for; false: there is none. */
static bool next_target(struct lookup *l)
{
	struct addr numeric;

	for (; l->at < l->ntargets; l->at++) {
		if (addr_parse(&numeric, l->targets[l->at].target) != OK) {
			l->step = STEP_FIRST;
			return true;
		}
		add_addr(l, numeric);
	}
	return false;
}

static const char *name_asked(const struct lookup *l)
{
	switch (l->step) {
	case STEP_NAPTR:
		return l->host;
	case STEP_SRV:
		return l->service;
	case STEP_FIRST:
	case STEP_SECOND:
		return l->targets[l->at].target;
	}
	return l->host;
}

static enum dns_type type_asked(const struct lookup *l)
{
	bool six = l->families == LOOKUP_V6 || l->families == LOOKUP_V6_FIRST;

	switch (l->step) {
	case STEP_NAPTR:
		return DNS_TYPE_NAPTR;
	case STEP_SRV:
		return DNS_TYPE_SRV;
	case STEP_FIRST:
		return six ? DNS_TYPE_AAAA : DNS_TYPE_A;
	case STEP_SECOND:
		return six ? DNS_TYPE_A : DNS_TYPE_AAAA;
	}
	return DNS_TYPE_A;
}

static void explain(struct lookup *l, const char *why)
{
	snprintf(l->result.why, sizeof(l->result.why), "DNS: %.150s: %s", name_asked(l), why);
}

/* RFC 3263 4.1: the one that comes first of those for our transport. Others would change it, and
 * are as if they were not there. False: the look-up ends, since nobody answers. */
static bool take_naptr(struct lookup *l)
{
	const char *service = l->sips                         ? "SIPS+D2T"
	                      : l->transport == TRANSPORT_UDP ? "SIP+D2U"
	                                                      : "SIP+D2T";
	const struct dns_naptr *best = NULL;

	for (size_t i = 0; i < l->reply.nrecords; i++) {
		const struct dns_naptr *n = &l->reply.records[i].naptr;

		if (strcasecmp(n->flags, "s") != 0 || strcasecmp(n->service, service) != 0 ||
		    !n->replacement[0])
			continue;
		if (!best || n->order < best->order ||
		    (n->order == best->order && n->preference < best->preference))
			best = n;
	}
	if (l->reply.status == DNS_SILENT) {
		explain(l, dns_status_text(DNS_SILENT));
		return false;
	}
	if (best)
		snprintf(l->service, sizeof(l->service), "%s", best->replacement);
	l->step = STEP_SRV;
	return true;
}

/* One that is longer than DNS allows fails there. */
static void aim_at_host(struct lookup *l)
{
	memcpy(l->targets[0].target, l->host, DNS_TEXT_MAX - 1);
	l->targets[0].port = l->default_port;
	l->ntargets = 1;
}

/* False: the look-up ends. */
static bool take_srv(struct lookup *l)
{
	bool refused = false;

	for (size_t i = 0; i < l->reply.nrecords; i++) {
		const struct dns_srv *srv = &l->reply.records[i].srv;

		if (!srv->target[0])
			refused = true;
		else if (l->ntargets < TARGETS_MAX)
			l->targets[l->ntargets++] = *srv;
	}
	srv_order(l->targets, l->ntargets);
	if (l->ntargets > 0)
		return next_target(l);
	if (refused) {
		explain(l, "it says that there is no such service");
		return false;
	}
	if (l->reply.status != DNS_FOUND && l->reply.status != DNS_NO_RECORD &&
	    l->reply.status != DNS_NO_NAME) {
		/* Nobody knows whether there is one: the host itself would be a guess. */
		explain(l, dns_status_text(l->reply.status));
		return false;
	}
	/* RFC 3263 4.2: no SRV, then the host itself. */
	aim_at_host(l);
	return next_target(l);
}

static bool take_addrs(struct lookup *l)
{
	bool both = l->families == LOOKUP_V4_FIRST || l->families == LOOKUP_V6_FIRST;

	for (size_t i = 0; i < l->reply.nrecords; i++)
		add_addr(l, l->reply.records[i].addr);
	if (l->reply.nrecords == 0)
		explain(l, dns_status_text(l->reply.status));
	if (l->step == STEP_FIRST && both && l->reply.status != DNS_NO_NAME) {
		l->step = STEP_SECOND;
		return true;
	}
	l->at++;
	return next_target(l);
}

/* Takes the answer and says what is next; false: all is known. */
static bool take(struct lookup *l)
{
	switch (l->step) {
	case STEP_NAPTR:
		return take_naptr(l);
	case STEP_SRV:
		return take_srv(l);
	case STEP_FIRST:
	case STEP_SECOND:
		return take_addrs(l);
	}
	return false;
}

static void on_reply(void *arg, const struct dns_reply *reply);

static void walk(struct lookup *l)
{
	do {
		const char *name = name_asked(l);
		enum err err = dns_client_ask(&l->ask, client_for(l->r, name), type_asked(l), name,
		                              &l->reply, on_reply, l);

		if (err) {
			memset(&l->reply, 0, offsetof(struct dns_reply, records));
			l->reply.status = err == ERR_SYNTAX ? DNS_NO_NAME : DNS_SILENT;
		}
		if (l->ask)
			return;
	} while (take(l));
	finish(l);
}

static void on_reply(void *arg, const struct dns_reply *reply)
{
	struct lookup *l = arg;

	l->ask = NULL;
	l->reply = *reply;
	if (take(l))
		walk(l);
	else
		finish(l);
}

static uint16_t default_port(const struct lookup_query *q)
{
	return q->transport == TRANSPORT_TLS ? 5061 : 5060;
}

enum err lookup_start(struct lookup **out, struct resolver *r, const struct lookup_query *q,
                      void (*fn)(void *, const struct lookup_result *), void *arg)
{
	struct lookup *l;
	struct addr numeric;
	bool is_name = addr_parse(&numeric, q->host) != OK;

	*out = NULL;
	if (strlen(q->host) > NAME_LEN_MAX)
		return ERR_SYNTAX;
	l = mem_zalloc(sizeof(*l));
	if (!l)
		return ERR_NOMEM;
	l->r = r;
	l->fn = fn;
	l->arg = arg;
	l->families = q->families;
	l->transport = q->transport;
	l->sips = q->sips;
	l->default_port = q->port ? (uint16_t)q->port : default_port(q);
	snprintf(l->host, sizeof(l->host), "%s", q->host);
	/* Before anything calls back: a caller that is told at once finds NULL. */
	*out = l;
	if (q->srv && q->port == 0 && is_name) {
		snprintf(l->service, sizeof(l->service), "_%s._%s.%s", q->sips ? "sips" : "sip",
		         q->transport == TRANSPORT_UDP ? "udp" : "tcp", q->host);
		l->step = q->naptr ? STEP_NAPTR : STEP_SRV;
		walk(l);
		return OK;
	}
	aim_at_host(l);
	if (next_target(l))
		walk(l);
	else
		finish(l);
	return OK;
}

void lookup_cancel(struct lookup **lp)
{
	struct lookup *l = *lp;

	*lp = NULL;
	if (!l)
		return;
	dns_ask_cancel(&l->ask);
	mem_free(l);
}
