/* From a name to addresses (RFC 3263 4.1 and 4.2, RFC 2782). A look-up walks: NAPTR, SRV, then A
 * and AAAA of all targets at the same time, of those families that can be sent from. The transport
 * is the trunk's and never changes: of NAPTR only what names that very transport counts. Signalling
 * thread. */
#include "sbc/sip/resolver.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "base/mem.h"
#include "sbc/sip/dns_client.h"
#include "sbc/sip/dns_hosts.h"
#include "sbc/sip/srv_order.h"

#define TARGETS_MAX 16

/* What is not known that long after the first address is left out: the call does not wait for a
 * name server that says nothing of a second target, or of the other family. */
#define GRACE_MS 1000

struct resolver {
	struct loop *loop;
	struct dns_client *client;
	struct dns_hosts *hosts; /* the system's; NULL where the servers are not the system's */
	char *const *domains;    /* none: all names */
	size_t ndomains;
	struct resolver *others;
};

enum lookup_step { STEP_NAPTR, STEP_SRV };

/* The question for a target's addresses of one family. */
struct part {
	struct lookup *lookup;
	size_t target;
	struct dns_ask *ask; /* under way; NULL: answered, or not asked */
	struct addr addrs[LOOKUP_ADDRS_MAX];
	size_t naddrs;
};

struct lookup {
	struct resolver *r;
	struct dns_ask *ask; /* for NAPTR or SRV, under way; NULL: none */
	enum lookup_step step;
	enum lookup_families families;
	enum transport transport;
	bool sips, is_host;                      /* is_host: the one target is the host itself */
	struct dns_srv targets[DNS_RECORDS_MAX]; /* in the order of their use */
	size_t ntargets;
	struct part parts[TARGETS_MAX][2]; /* the family that comes first, and the other */
	size_t waiting;                    /* parts under way */
	struct timer enough;
	enum dns_status worst; /* that a part got, */
	size_t worst_target;   /* and of whom */
	char host[DNS_TEXT_MAX];
	char service[DNS_TEXT_MAX + 32]; /* that SRV is asked for */
	uint16_t default_port;
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
	r->loop = loop;
	err = dns_client_new(&r->client, loop, servers, nservers);
	if (!err && nservers == 0)
		err = dns_hosts_new(&r->hosts);
	if (err)
		resolver_free(&r);
	else
		*out = r;
	return err;
}

void resolver_free(struct resolver **rp)
{
	if (!*rp)
		return;
	dns_hosts_free(&(*rp)->hosts);
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

bool resolver_is_limited(char *const *domains, size_t ndomains, const char *name)
{
	for (size_t i = 0; i < ndomains; i++) {
		if (is_in(name, domains[i]))
			return false;
	}
	return ndomains > 0;
}

/* Whose servers know the name. */
static const struct resolver *resolver_for(const struct resolver *r, const char *name)
{
	return resolver_is_limited(r->domains, r->ndomains, name) ? r->others : r;
}

enum err resolver_ask(struct dns_ask **out, struct resolver *r, enum dns_type type,
                      const char *name, struct dns_reply *known,
                      void (*fn)(void *, const struct dns_reply *), void *arg)
{
	return dns_client_ask(out, resolver_for(r, name)->client, type, name, known, fn, arg);
}

static void explain(struct lookup *l, const char *name, const char *why)
{
	snprintf(l->result.why, sizeof(l->result.why), "DNS: %.150s: %s", name, why);
}

/* Two names may lead to one address; it is tried once. */
static void add_addr(struct lookup *l, struct addr a, uint16_t port)
{
	addr_set_port(&a, port);
	for (size_t i = 0; i < l->result.naddrs; i++) {
		if (addr_equal(&l->result.addrs[i], &a))
			return;
	}
	if (l->result.naddrs < LOOKUP_ADDRS_MAX)
		l->result.addrs[l->result.naddrs++] = a;
}

/* In the order of the targets, whichever was answered first. */
static void collect(struct lookup *l)
{
	struct addr numeric;

	for (size_t i = 0; i < l->ntargets; i++) {
		if (addr_parse(&numeric, l->targets[i].target) == OK)
			add_addr(l, numeric, l->targets[i].port);
		for (size_t k = 0; k < 2; k++) {
			const struct part *p = &l->parts[i][k];

			for (size_t n = 0; n < p->naddrs; n++)
				add_addr(l, p->addrs[n], l->targets[i].port);
		}
	}
}

static void lookup_free(struct lookup *l)
{
	timer_stop(&l->enough);
	dns_ask_cancel(&l->ask);
	for (size_t i = 0; i < l->ntargets; i++) {
		dns_ask_cancel(&l->parts[i][0].ask);
		dns_ask_cancel(&l->parts[i][1].ask);
	}
	mem_free(l);
}

/* Tells the asker, at last. The look-up is gone. */
static void finish(struct lookup *l)
{
	struct lookup_result result;
	void (*fn)(void *, const struct lookup_result *) = l->fn;
	void *arg = l->arg;

	collect(l);
	if (l->result.naddrs == 0) {
		l->result.err = ERR_DNS;
		if (l->worst != DNS_FOUND)
			explain(l, l->targets[l->worst_target].target, dns_status_text(l->worst));
		else if (!l->result.why[0])
			snprintf(l->result.why, sizeof(l->result.why),
			         "no address found for %.120s", l->host);
	}
	result = l->result;
	lookup_free(l);
	fn(arg, &result);
}

/* RFC 3263 4.1: the one that comes first of those for our transport. Others would change it, and
 * are as if they were not there. False: the look-up ends, since nobody answers. */
static bool take_naptr(struct lookup *l, const struct dns_reply *reply)
{
	const char *service = l->sips                         ? "SIPS+D2T"
	                      : l->transport == TRANSPORT_UDP ? "SIP+D2U"
	                                                      : "SIP+D2T";
	const struct dns_naptr *best = NULL;

	for (size_t i = 0; i < reply->nrecords; i++) {
		const struct dns_naptr *n = &reply->records[i].naptr;

		if (strcasecmp(n->flags, "s") != 0 || strcasecmp(n->service, service) != 0 ||
		    !n->replacement[0])
			continue;
		if (!best || n->order < best->order ||
		    (n->order == best->order && n->preference < best->preference))
			best = n;
	}
	if (reply->status == DNS_SILENT) {
		explain(l, l->host, dns_status_text(DNS_SILENT));
		return false;
	}
	if (best)
		snprintf(l->service, sizeof(l->service), "%s", best->replacement);
	l->step = STEP_SRV;
	return true;
}

static void on_enough(void *arg)
{
	finish(arg);
}

/* Of one target's denials and failures the gravest is told, should there be no address at all. */
static void take_addrs(struct part *p, const struct dns_reply *reply)
{
	struct lookup *l = p->lookup;

	for (size_t i = 0; i < reply->nrecords && i < LOOKUP_ADDRS_MAX; i++)
		p->addrs[p->naddrs++] = reply->records[i].addr;
	if (reply->status > l->worst) {
		l->worst = reply->status;
		l->worst_target = p->target;
	}
	if (p->naddrs > 0 && !timer_running(&l->enough))
		timer_start(loop_timers(l->r->loop), &l->enough, GRACE_MS, on_enough, l);
}

static void on_addrs(void *arg, const struct dns_reply *reply)
{
	struct part *p = arg;

	p->ask = NULL;
	take_addrs(p, reply);
	if (--p->lookup->waiting == 0)
		finish(p->lookup);
}

/* What DNS cannot be asked for. */
static void take_refusal(struct dns_reply *out, enum err err)
{
	memset(out, 0, offsetof(struct dns_reply, records));
	out->status = err == ERR_SYNTAX ? DNS_NO_NAME : DNS_SILENT;
}

static void ask_part(struct lookup *l, size_t target, size_t k, enum dns_type type)
{
	const char *name = l->targets[target].target;
	struct part *p = &l->parts[target][k];
	struct dns_reply known;
	enum err err;

	*p = (struct part){ .lookup = l, .target = target };
	err = dns_client_ask(&p->ask, resolver_for(l->r, name)->client, type, name, &known,
	                     on_addrs, p);
	if (err)
		take_refusal(&known, err);
	if (p->ask)
		l->waiting++;
	else
		take_addrs(p, &known);
}

/* hosts(5) goes before DNS, for the host itself alone: the targets of a service are DNS's own. */
static bool ask_own_file(struct lookup *l, const int families[2])
{
	struct dns_hosts *hosts = resolver_for(l->r, l->host)->hosts;
	bool known = false;

	for (size_t k = 0; hosts && l->is_host && k < 2; k++) {
		struct part *p = &l->parts[0][k];

		if (families[k] != AF_UNSPEC)
			p->naddrs =
			    dns_hosts_find(hosts, l->host, families[k], p->addrs, LOOKUP_ADDRS_MAX);
		known = known || p->naddrs > 0;
	}
	return known;
}

static void find_addrs(struct lookup *l)
{
	static const int all[][2] = { [LOOKUP_V4_FIRST] = { AF_INET, AF_INET6 },
		                      [LOOKUP_V6_FIRST] = { AF_INET6, AF_INET },
		                      [LOOKUP_V4] = { AF_INET, AF_UNSPEC },
		                      [LOOKUP_V6] = { AF_INET6, AF_UNSPEC } };
	const int *families = all[l->families];
	struct addr numeric;
	bool known = ask_own_file(l, families);

	for (size_t i = 0; i < l->ntargets && !known; i++) {
		if (addr_parse(&numeric, l->targets[i].target) == OK)
			continue;
		for (size_t k = 0; k < 2; k++) {
			if (families[k] != AF_UNSPEC)
				ask_part(l, i, k,
				         families[k] == AF_INET ? DNS_TYPE_A : DNS_TYPE_AAAA);
		}
	}
	if (l->waiting == 0)
		finish(l);
}

static void aim_at_host(struct lookup *l)
{
	memcpy(l->targets[0].target, l->host, DNS_TEXT_MAX);
	l->targets[0].port = l->default_port;
	l->ntargets = 1;
	l->is_host = true;
	find_addrs(l);
}

/* The look-up goes on with the targets' addresses, or ends. */
static void take_srv(struct lookup *l, const struct dns_reply *reply)
{
	bool refused = false;

	/* Without a port nobody can be called there. */
	for (size_t i = 0; i < reply->nrecords; i++) {
		const struct dns_srv *srv = &reply->records[i].srv;

		if (!srv->target[0] || srv->port == 0)
			refused = true;
		else
			l->targets[l->ntargets++] = *srv;
	}
	srv_order(l->targets, l->ntargets);
	if (l->ntargets > TARGETS_MAX)
		l->ntargets = TARGETS_MAX;
	if (l->ntargets > 0) {
		find_addrs(l);
	} else if (refused) {
		explain(l, l->service, "it says that there is no such service");
		finish(l);
	} else if (reply->status != DNS_FOUND && reply->status != DNS_NO_RECORD &&
	           reply->status != DNS_NO_NAME) {
		/* Nobody knows whether there is one: the host itself would be a guess. */
		explain(l, l->service, dns_status_text(reply->status));
		finish(l);
	} else {
		aim_at_host(l); /* RFC 3263 4.2: no SRV, then the host itself */
	}
}

static void on_reply(void *arg, const struct dns_reply *reply);

/* Asks for NAPTR or SRV. True: known is the answer. */
static bool ask(struct lookup *l, enum dns_type type, const char *name, struct dns_reply *known)
{
	enum err err = dns_client_ask(&l->ask, resolver_for(l->r, name)->client, type, name, known,
	                              on_reply, l);

	if (err)
		take_refusal(known, err);
	return !l->ask;
}

static void walk(struct lookup *l)
{
	struct dns_reply known;

	if (l->step == STEP_NAPTR) {
		if (!ask(l, DNS_TYPE_NAPTR, l->host, &known))
			return;
		if (!take_naptr(l, &known)) {
			finish(l);
			return;
		}
	}
	if (ask(l, DNS_TYPE_SRV, l->service, &known))
		take_srv(l, &known);
}

static void on_reply(void *arg, const struct dns_reply *reply)
{
	struct lookup *l = arg;

	l->ask = NULL;
	if (l->step == STEP_SRV)
		take_srv(l, reply);
	else if (take_naptr(l, reply))
		walk(l);
	else
		finish(l);
}

static uint16_t default_port(const struct lookup_query *q)
{
	return q->transport == TRANSPORT_TLS ? 5061 : 5060;
}

/* RFC 3263 4.2: nothing is to be asked. */
static void give_numeric(const struct addr *numeric, const struct lookup_query *q,
                         void (*fn)(void *, const struct lookup_result *), void *arg)
{
	struct lookup_result result = { .addrs = { *numeric }, .naddrs = 1 };

	addr_set_port(&result.addrs[0], q->port ? (uint16_t)q->port : default_port(q));
	fn(arg, &result);
}

enum err lookup_start(struct lookup **out, struct resolver *r, const struct lookup_query *q,
                      void (*fn)(void *, const struct lookup_result *), void *arg)
{
	struct lookup *l;
	struct addr numeric;

	*out = NULL;
	if (strlen(q->host) >= DNS_TEXT_MAX)
		return ERR_SYNTAX;
	if (addr_parse(&numeric, q->host) == OK) {
		give_numeric(&numeric, q, fn, arg);
		return OK;
	}
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
	if (q->srv && q->port == 0) {
		snprintf(l->service, sizeof(l->service), "_%s._%s.%s", q->sips ? "sips" : "sip",
		         q->transport == TRANSPORT_UDP ? "udp" : "tcp", q->host);
		l->step = q->naptr ? STEP_NAPTR : STEP_SRV;
		walk(l);
		return OK;
	}
	aim_at_host(l);
	return OK;
}

void lookup_cancel(struct lookup **lp)
{
	struct lookup *l = *lp;

	*lp = NULL;
	if (!l)
		return;
	lookup_free(l);
}
