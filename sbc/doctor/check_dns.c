/* What DNS says of us and of the provider, judged. Nothing is asked here. RFC 3263 4, RFC 2782. */
#include "sbc/doctor/check_dns.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "base/mem.h"
#include "sbc/doctor/check_tls.h"

#define SIPS_PORT 5061

static const struct dns_reply *said_by(const struct patient *p, bool ours, bool over_there,
                                       enum dns_type type, const char *name)
{
	for (size_t i = 0; i < p->ndns; i++) {
		const struct dns_fact *f = p->dns[i];

		if (f->ours == ours && f->over_there == over_there && f->type == type &&
		    strcasecmp(f->name, name) == 0)
			return &f->reply;
	}
	return NULL;
}

/* NULL: that was not asked. */
static const struct dns_reply *said(const struct patient *p, bool ours, enum dns_type type,
                                    const char *name)
{
	return said_by(p, ours, false, type, name);
}

static bool has_records(const struct dns_reply *r)
{
	return r && r->status == DNS_FOUND && r->nrecords > 0;
}

/* Nobody could say: neither yes nor no. */
static bool is_unknown(const struct dns_reply *r)
{
	return !r ||
	       (r->status != DNS_FOUND && r->status != DNS_NO_RECORD && r->status != DNS_NO_NAME);
}

static const struct dns_reply *service_of(const struct patient *p, bool ours, const char *host)
{
	char service[DNS_TEXT_MAX];

	return said(p, ours, DNS_TYPE_SRV, dns_service_name(host, service));
}

static const char *first_addr(const struct dns_reply *r, char *buf, size_t size)
{
	return addr_host(&r->records[0].addr, buf, size);
}

static bool is_numeric(const char *host)
{
	struct addr a;

	return addr_parse(&a, host) == OK;
}

static void say_silence(struct finding *f, const char *name, const struct dns_reply *r)
{
	finding_say(f, VERDICT_FAIL, "DNS: %s: %s", name,
	            dns_status_text(r ? r->status : DNS_SILENT));
	finding_advise(f, "check the resolvers, and that UDP and TCP port 53 lead to them");
}

/* --- the way in, WBX-03 --- */

static void judge_port(const struct patient *p, struct finding *f, const char *host, const char *by)
{
	if (patient_listens(p, SIPS_PORT)) {
		finding_say(f, VERDICT_OK,
		            "calls come to %s port 5061 (%s), where realm %s listens", host, by,
		            p->trunk->realm->name);
		return;
	}
	finding_say(
	    f, VERDICT_FAIL,
	    "calls come to %s port 5061 (%s), and realm %s has no tls listener on that port", host,
	    by, p->trunk->realm->name);
	finding_advise(f, "listen on 5061, or add an SRV record of _sips._tcp with our port");
}

static void judge_service(const struct patient *p, struct finding *f, const char *host,
                          const struct dns_reply *srv)
{
	unsigned wrong = 0;

	for (size_t i = 0; i < srv->nrecords; i++) {
		if (!patient_listens(p, srv->records[i].srv.port))
			wrong = srv->records[i].srv.port;
	}
	if (!wrong) {
		finding_say(f, VERDICT_OK,
		            "the SRV record of _sips._tcp.%s leads to %s port %u, where realm %s "
		            "listens",
		            host, srv->records[0].srv.target, srv->records[0].srv.port,
		            p->trunk->realm->name);
		return;
	}
	finding_say(f, VERDICT_FAIL,
	            "the SRV record of _sips._tcp.%s leads to port %u, and realm %s has no tls "
	            "listener on that port",
	            host, wrong, p->trunk->realm->name);
	finding_advise(f, "listen there, or correct the record");
}

static void judge_names_of_ours(const struct patient *p, struct finding *f)
{
	const struct dns_reply *srv, *a;
	char host[256];

	patient_host(p, host, sizeof(host));
	if (is_numeric(host)) {
		judge_port(p, f, host, "an address");
		return;
	}
	srv = service_of(p, true, host);
	a = said(p, true, DNS_TYPE_A, host);
	if (has_records(srv))
		judge_service(p, f, host, srv);
	else if (is_unknown(srv))
		say_silence(f, host, srv);
	else if (has_records(a))
		judge_port(p, f, host, "its A record; there is no SRV record");
	else if (is_unknown(a))
		say_silence(f, host, a);
	else {
		finding_say(f, VERDICT_FAIL,
		            "DNS has neither an SRV record of _sips._tcp.%s nor an A record of it: "
		            "nobody finds us",
		            host);
		finding_advise(f, "add an A record with our outer address");
	}
}

void judge_way_in(const struct patient *p, struct finding *f)
{
	judge_names_of_ours(p, f);
	if (f->verdict == VERDICT_OK)
		judge_listener(p, f);
}

/* --- every name has an address, WBX-04 --- */

/* An SRV target, or a host that stands for itself; not ours that only Contact has. */
static bool is_target(const struct patient *p, const struct dns_fact *f)
{
	char host[256];

	if (f->type != DNS_TYPE_A || f->over_there)
		return false;
	if (!f->ours || strcasecmp(f->name, patient_host(p, host, sizeof(host))) != 0)
		return true;
	return !has_records(service_of(p, true, host));
}

void judge_addresses(const struct patient *p, struct finding *f)
{
	unsigned good = 0;

	finding_say(f, VERDICT_OK, "%s", "");
	for (size_t i = 0; i < p->ndns; i++) {
		const struct dns_fact *fact = p->dns[i];

		if (!is_target(p, fact))
			continue;
		if (has_records(&fact->reply)) {
			good++;
			continue;
		}
		finding_add(f, VERDICT_FAIL, "%s (%s) has no A record: %s", fact->name,
		            fact->ours ? "ours" : "the provider's",
		            dns_status_text(fact->reply.status));
		if (fact->ours)
			finding_advise(f, "add it");
	}
	if (f->verdict == VERDICT_FAIL && !f->todo[0])
		finding_advise(f, "tell the provider, or check domain and resolvers of the trunk");
	else if (f->verdict == VERDICT_OK && good == 0)
		finding_say(f, VERDICT_SKIP, "no name leads anywhere: see the other lines of DNS");
	else if (f->verdict == VERDICT_OK)
		finding_say(f, VERDICT_OK, "all %u names that calls go to have A records", good);
}

/* --- the way back, WBX-09 --- */

/* Whether the name is one that peers know us by. */
static bool is_our_name(const struct patient *p, const char *name)
{
	const struct dns_reply *srv;
	char host[256];

	patient_host(p, host, sizeof(host));
	if (strcasecmp(name, host) == 0)
		return true;
	srv = service_of(p, true, host);
	for (size_t i = 0; has_records(srv) && i < srv->nrecords; i++) {
		if (strcasecmp(srv->records[i].srv.target, name) == 0)
			return true;
	}
	return false;
}

static void judge_back(const struct patient *p, struct finding *f, const struct dns_fact *fact)
{
	const struct dns_reply *r = &fact->reply;
	char host[256];

	patient_host(p, host, sizeof(host));
	for (size_t i = 0; has_records(r) && i < r->nrecords; i++) {
		if (is_our_name(p, r->records[i].name)) {
			finding_add(f, VERDICT_OK, "%s leads back to %s", fact->name,
			            r->records[i].name);
			return;
		}
	}
	if (has_records(r))
		finding_add(f, VERDICT_FAIL, "%s leads back to %s, not to %s", fact->name,
		            r->records[0].name, host);
	else
		finding_add(f, is_unknown(r) ? VERDICT_WARN : VERDICT_FAIL,
		            "%s has no PTR record: %s", fact->name, dns_status_text(r->status));
	finding_advise(f,
	               "have the owner of the address (your provider of internet access) set "
	               "its PTR record to %s",
	               host);
}

void judge_reverse(const struct patient *p, struct finding *f)
{
	bool asked = false;

	finding_say(f, VERDICT_OK, "%s", "");
	for (size_t i = 0; i < p->ndns; i++) {
		if (p->dns[i]->type != DNS_TYPE_PTR || !p->dns[i]->ours)
			continue;
		asked = true;
		judge_back(p, f, p->dns[i]);
	}
	if (!asked)
		finding_say(f, VERDICT_SKIP,
		            "no address of ours is known to DNS, so none can lead back");
}

/* --- the way out, WBX-10 --- */

static void judge_names_of_theirs(const struct patient *p, struct finding *f)
{
	const char *domain = patient_domain(p);
	const struct dns_reply *srv, *a;
	char text[ADDR_TEXT_MAX];

	if (is_numeric(domain)) {
		finding_say(f, VERDICT_SKIP, "%s is an address: DNS is not asked", domain);
		return;
	}
	srv = service_of(p, false, domain);
	a = said(p, false, DNS_TYPE_A, domain);
	if (p->trunk->port && has_records(a)) {
		finding_say(f, VERDICT_OK, "%s is %s; no SRV record is asked for, since port is %u",
		            domain, first_addr(a, text, sizeof(text)), p->trunk->port);
		return;
	}
	if (has_records(srv)) {
		finding_say(f, VERDICT_OK, "_sips._tcp.%s leads to %s port %u%s", domain,
		            srv->records[0].srv.target, srv->records[0].srv.port,
		            srv->nrecords > 1 ? " and others" : "");
		return;
	}
	if (is_unknown(p->trunk->port ? a : srv)) {
		say_silence(f, domain, p->trunk->port ? a : srv);
		return;
	}
	if (has_records(a)) {
		finding_say(f, VERDICT_WARN,
		            "there is no SRV record of _sips._tcp.%s, so calls go to its A record "
		            "%s, port 5061",
		            domain, first_addr(a, text, sizeof(text)));
		finding_advise(f, "check that domain is what the provider gave you");
		return;
	}
	if (p->found.naddrs > 0) {
		finding_say(f, VERDICT_WARN, "%s stands in /etc/hosts, and DNS does not know it",
		            domain);
		finding_advise(f, "take it out of there once the test is over");
		return;
	}
	finding_say(f, VERDICT_FAIL,
	            "DNS has neither an SRV record of _sips._tcp.%s nor an A record", domain);
	finding_advise(f, "check domain of the trunk; a provider's own resolvers belong into "
	                  "resolvers");
}

/* Where their addresses lead back to: nothing hangs on it, but it tells an operator whose they are.
 */
static void say_who_is_there(const struct patient *p, struct finding *f)
{
	for (size_t i = 0; i < p->ndns; i++) {
		const struct dns_fact *fact = p->dns[i];

		if (fact->type == DNS_TYPE_PTR && !fact->ours && has_records(&fact->reply))
			finding_add(f, VERDICT_OK, "%s leads back to %s", fact->name,
			            fact->reply.records[0].name);
	}
}

void judge_way_out(const struct patient *p, struct finding *f)
{
	judge_names_of_theirs(p, f);
	if (f->verdict == VERDICT_OK)
		say_who_is_there(p, f);
}

/* --- our Contact, WBX-12 --- */

static bool is_private(const struct addr *a)
{
	static const char *const nets[] = { "10.0.0.0/8",    "172.16.0.0/12",  "192.168.0.0/16",
		                            "100.64.0.0/10", "169.254.0.0/16", "127.0.0.0/8" };
	struct addr_net net;

	for (size_t i = 0; i < ARRAY_LEN(nets); i++) {
		if (addr_net_parse(&net, nets[i]) == OK && addr_in_net(a, &net))
			return true;
	}
	return false;
}

/* The provider is in a private network as we are: a line of its own, or a lab. */
static bool is_provider_private(const struct patient *p)
{
	for (size_t i = 0; i < p->ndns; i++) {
		const struct dns_fact *f = p->dns[i];

		if (!f->ours && f->type == DNS_TYPE_A && has_records(&f->reply) &&
		    is_private(&f->reply.records[0].addr))
			return true;
	}
	return false;
}

static bool have_one_in_common(const struct dns_reply *a, const struct dns_reply *b)
{
	for (size_t i = 0; i < a->nrecords; i++) {
		for (size_t k = 0; k < b->nrecords; k++) {
			if (addr_same_host(&a->records[i].addr, &b->records[k].addr))
				return true;
		}
	}
	return false;
}

/* The trunk's own resolvers know another address of ours than the system's: what they say is nearer
 * to what the provider is told. */
static void judge_split(const struct patient *p, struct finding *f, const char *host,
                        const struct dns_reply *here, const struct dns_reply *there)
{
	bool outer = !is_private(&there->records[0].addr) || is_provider_private(p);
	bool inner = is_private(&here->records[0].addr);
	char ours[ADDR_TEXT_MAX], theirs[ADDR_TEXT_MAX];

	finding_say(f, inner && outer ? VERDICT_OK : VERDICT_WARN,
	            "%s in our Contact is %s for the trunk's resolvers, and %s for the system's",
	            host, first_addr(there, theirs, sizeof(theirs)),
	            first_addr(here, ours, sizeof(ours)));
	if (f->verdict == VERDICT_WARN)
		finding_advise(f, "find out which of them the provider is told, and have it be our "
		                  "outer address");
}

void judge_contact(const struct patient *p, struct finding *f)
{
	char host[256], text[ADDR_TEXT_MAX];
	const struct dns_reply *a, *there;

	patient_host(p, host, sizeof(host));
	if (is_numeric(host)) {
		finding_say(f, VERDICT_OK, "our Contact has the address %s, no name", host);
		return;
	}
	a = said(p, true, DNS_TYPE_A, host);
	there = said_by(p, true, true, DNS_TYPE_A, host);
	if (is_unknown(a)) {
		say_silence(f, host, a);
	} else if (!has_records(a)) {
		finding_say(f, VERDICT_FAIL, "%s stands in our Contact and has no A record: %s",
		            host, dns_status_text(a->status));
		finding_advise(f, "add one with our outer address");
	} else if (has_records(there) && !have_one_in_common(a, there)) {
		judge_split(p, f, host, a, there);
	} else if (is_private(&a->records[0].addr) && !is_provider_private(p)) {
		finding_say(f, VERDICT_WARN,
		            "%s is %s here, an inner address that the provider cannot reach: does "
		            "this resolver tell the inside something else than the outside?",
		            host, first_addr(a, text, sizeof(text)));
		finding_advise(f, "ask a resolver outside for %s", host);
	} else {
		finding_say(f, VERDICT_OK, "%s in our Contact is %s", host,
		            first_addr(a, text, sizeof(text)));
	}
}

/* --- name servers, E8-07 and CLO-06 --- */

/* Resolvers for everybody that answer at many places: a provider's answer may be for another one.
 */
static bool is_anycast(const struct addr *server)
{
	static const char *const known[] = { "1.1.1.1",        "1.0.0.1",        "8.8.8.8",
		                             "8.8.4.4",        "9.9.9.9",        "149.112.112.112",
		                             "208.67.222.222", "208.67.220.220", "4.2.2.1",
		                             "4.2.2.2" };
	struct addr a;

	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (addr_parse(&a, known[i]) == OK && addr_same_host(server, &a))
			return true;
	}
	return false;
}

static bool answers(const struct server_fact *s)
{
	return !s->err && s->status != DNS_REFUSED && s->status != DNS_FAILED;
}

void judge_own_resolver(const struct patient *p, struct finding *f)
{
	unsigned good = 0;
	char text[ADDR_TEXT_MAX];

	if (p->nservers == 0) {
		finding_say(f, VERDICT_SKIP, "DNS is not asked for this trunk");
		return;
	}
	finding_say(f, VERDICT_OK, "%s", "");
	for (size_t i = 0; i < p->nservers; i++) {
		const struct server_fact *s = p->servers[i];

		addr_host(&s->server, text, sizeof(text));
		if (s->tcp)
			continue;
		good += answers(s);
		if (is_anycast(&s->server))
			finding_add(f, VERDICT_FAIL,
			            "%s is a resolver for everybody (anycast), whose answers may "
			            "be those for another place",
			            text);
		else if (!answers(s))
			finding_add(f, VERDICT_WARN, "%s does not answer for %s: %s", text,
			            patient_domain(p),
			            s->err ? err_text(s->err) : dns_status_text(s->status));
	}
	if (good == 0)
		f->verdict = VERDICT_FAIL;
	if (f->verdict != VERDICT_OK)
		finding_advise(f, "write the provider's name servers, or your own, into resolvers "
		                  "of the trunk");
	else if (patient_is_limited(p))
		finding_say(f, VERDICT_WARN,
		            "%s is in none of the resolver-domains, so the system's are asked",
		            patient_domain(p));
	else
		finding_say(f, VERDICT_OK, "%s resolvers answer for %s",
		            p->trunk->nresolvers ? "the trunk's own" : "the system's",
		            patient_domain(p));
}

void judge_resolvers(const struct patient *p, struct finding *f)
{
	unsigned udp = 0, tcp = 0;
	char text[ADDR_TEXT_MAX];

	if (p->nservers == 0) {
		finding_say(f, VERDICT_SKIP, "DNS is not asked for this trunk");
		return;
	}
	finding_say(f, VERDICT_OK, "%s", "");
	for (size_t i = 0; i < p->nservers; i++) {
		const struct server_fact *s = p->servers[i];

		if (answers(s)) {
			*(s->tcp ? &tcp : &udp) += 1;
			continue;
		}
		finding_add(f, VERDICT_WARN, "%s does not answer over %s: %s",
		            addr_text(&s->server, text, sizeof(text)), s->tcp ? "TCP" : "UDP",
		            s->err ? err_text(s->err) : dns_status_text(s->status));
	}
	if (udp == 0 || tcp == 0)
		f->verdict = VERDICT_FAIL;
	if (f->verdict == VERDICT_OK)
		finding_say(f, VERDICT_OK, "%u resolver%s over UDP and TCP", udp,
		            udp == 1 ? " answers" : "s answer");
	else
		finding_advise(f, "open port 53 to it, TCP as well: answers too long for UDP come "
		                  "over TCP");
}
