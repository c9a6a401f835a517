/* Asks DNS: of our name and of the provider's domain SRV, A of what it leads to, and the way back;
 * and each name server once over UDP and once over TCP. All at once where one does not lead to the
 * other. */
#include <stdio.h>
#include <string.h>
#include <arpa/inet.h>
#include "base/mem.h"
#include "sbc/doctor/check_dns.h"
#include "sbc/sip/dns_conf.h"

#define SERVER_MS   3000
#define TARGETS_MAX 8 /* of one service that are looked at */

enum whose { OURS, OURS_OVER_THERE, THEIRS };

static void ask(struct patient *p, enum whose whose, enum dns_type type, const char *name);

static enum whose whose_is(const struct dns_fact *f)
{
	return !f->ours ? THEIRS : f->over_there ? OURS_OVER_THERE : OURS;
}

const char *dns_reverse_name(const struct addr *a, char *buf)
{
	static const char hex[] = "0123456789abcdef";
	const uint8_t *octets = a->v6.sin6_addr.s6_addr;
	char *to = buf;

	if (a->sa.sa_family == AF_INET) {
		uint32_t v4 = ntohl(a->v4.sin_addr.s_addr);

		snprintf(buf, DNS_TEXT_MAX, "%u.%u.%u.%u.in-addr.arpa", v4 & 255, v4 >> 8 & 255,
		         v4 >> 16 & 255, v4 >> 24);
		return buf;
	}
	for (int i = 15; i >= 0; i--) {
		*to++ = hex[octets[i] & 15];
		*to++ = '.';
		*to++ = hex[octets[i] >> 4];
		*to++ = '.';
	}
	snprintf(to, 16, "ip6.arpa");
	return buf;
}

const char *dns_service_name(const char *name, char *buf)
{
	int n = snprintf(buf, DNS_TEXT_MAX, "_sips._tcp.%s", name);

	if (n >= DNS_TEXT_MAX)
		buf[0] = '\0';
	return buf;
}

static bool is_asked(const struct patient *p, enum whose whose, enum dns_type type,
                     const char *name)
{
	for (size_t i = 0; i < p->ndns; i++) {
		const struct dns_fact *f = p->dns[i];

		if (whose_is(f) == whose && f->type == type && strcmp(f->name, name) == 0)
			return true;
	}
	return false;
}

static void ask_back(struct patient *p, enum whose whose, const struct addr *a)
{
	char name[DNS_TEXT_MAX];

	ask(p, whose, DNS_TYPE_PTR, dns_reverse_name(a, name));
}

/* Where there is no service the host itself counts (RFC 3263 4.2). */
static void follow_srv(struct patient *p, const struct dns_fact *f)
{
	const char *host = f->name + strlen("_sips._tcp.");

	for (size_t i = 0; i < f->reply.nrecords && i < TARGETS_MAX; i++) {
		if (f->reply.records[i].srv.target[0])
			ask(p, whose_is(f), DNS_TYPE_A, f->reply.records[i].srv.target);
	}
	if (f->reply.nrecords == 0 &&
	    (f->reply.status == DNS_NO_RECORD || f->reply.status == DNS_NO_NAME))
		ask(p, whose_is(f), DNS_TYPE_A, host);
}

static void follow(struct patient *p, const struct dns_fact *f)
{
	if (f->over_there)
		return;
	if (f->type == DNS_TYPE_SRV)
		follow_srv(p, f);
	for (size_t i = 0; f->type == DNS_TYPE_A && i < f->reply.nrecords; i++)
		ask_back(p, whose_is(f), &f->reply.records[i].addr);
}

static void on_reply(void *arg, const struct dns_reply *reply)
{
	struct dns_fact *f = arg;
	struct patient *p = f->patient;

	f->ask = NULL;
	f->reply = *reply;
	follow(p, f);
	patient_release(p);
}

static void ask(struct patient *p, enum whose whose, enum dns_type type, const char *name)
{
	struct resolver *r = whose != OURS && p->own ? p->own : p->system;
	struct dns_fact *f;
	enum err err;

	if (p->ndns == DNS_FACTS_MAX || is_asked(p, whose, type, name))
		return;
	f = mem_zalloc(sizeof(*f));
	if (!f) {
		p->starved = true;
		return;
	}
	*f = (struct dns_fact){ .patient = p,
		                .ours = whose != THEIRS,
		                .over_there = whose == OURS_OVER_THERE,
		                .type = type };
	f->reply.status = DNS_SILENT;
	snprintf(f->name, sizeof(f->name), "%s", name);
	p->dns[p->ndns++] = f;
	err = resolver_ask(&f->ask, r, type, name, &f->reply, on_reply, f);
	if (err == ERR_NOMEM)
		p->starved = true;
	else if (err == ERR_SYNTAX)
		f->reply.status = DNS_NO_NAME;
	if (!err && f->ask)
		patient_hold(p);
	else if (!err)
		follow(p, f);
}

static void on_exchange(void *arg, enum err err, const struct dns_reply *reply)
{
	struct server_fact *s = arg;

	s->err = err;
	s->status = err ? DNS_SILENT : reply->status;
	dns_exchange_free(&s->exchange);
	patient_release(s->patient);
}

static void try_server(struct patient *p, const struct addr *server, bool tcp,
                       const struct dns_question *question)
{
	struct server_fact *s = p->nservers < SERVER_FACTS_MAX ? mem_zalloc(sizeof(*s)) : NULL;
	struct dns_exchange_cfg cfg = { .loop = p->loop,
		                        .server = *server,
		                        .tcp = tcp,
		                        .timeout_ms = SERVER_MS,
		                        .question = question,
		                        .fn = on_exchange,
		                        .arg = s };

	if (!s) {
		p->starved = p->starved || p->nservers < SERVER_FACTS_MAX;
		return;
	}
	if (!addr_port(&cfg.server))
		addr_set_port(&cfg.server, DNS_PORT);
	*s = (struct server_fact){
		.patient = p, .server = cfg.server, .tcp = tcp, .status = DNS_SILENT
	};
	p->servers[p->nservers++] = s;
	s->err = dns_exchange_start(&s->exchange, &cfg);
	if (s->err)
		return;
	s->err = ERR_TIMEOUT;
	patient_hold(p);
}

/* What the provider's domain is looked up with: the trunk's own servers, else the system's. */
static void try_servers(struct patient *p)
{
	struct dns_conf system = { .path = "/etc/resolv.conf" };
	const struct addr *servers = p->trunk->resolvers;
	size_t n = p->trunk->nresolvers;
	struct dns_question question;
	struct addr numeric;

	if (addr_parse(&numeric, patient_domain(p)) == OK)
		return;
	if (n == 0 || patient_is_limited(p)) {
		dns_conf_update(&system);
		servers = system.servers;
		n = system.nservers;
	}
	if (dns_question_set(&question, DNS_TYPE_A, patient_domain(p)))
		return;
	for (size_t i = 0; i < n; i++) {
		try_server(p, &servers[i], false, &question);
		try_server(p, &servers[i], true, &question);
	}
}

static void ask_about_us(struct patient *p)
{
	char host[256], service[DNS_TEXT_MAX];
	struct addr numeric;

	if (!patient_listens(p, 0))
		return;
	patient_host(p, host, sizeof(host));
	if (addr_parse(&numeric, host) == OK) {
		if (!addr_is_any(&numeric))
			ask_back(p, OURS, &numeric);
		return;
	}
	ask(p, OURS, DNS_TYPE_A, host);
	if (p->own)
		ask(p, OURS_OVER_THERE, DNS_TYPE_A, host);
	if (dns_service_name(host, service)[0])
		ask(p, OURS, DNS_TYPE_SRV, service);
}

static void ask_about_them(struct patient *p)
{
	char service[DNS_TEXT_MAX];
	struct addr numeric;

	if (addr_parse(&numeric, patient_domain(p)) == OK)
		return;
	if (p->trunk->port)
		ask(p, THEIRS, DNS_TYPE_A, patient_domain(p));
	else if (dns_service_name(patient_domain(p), service)[0])
		ask(p, THEIRS, DNS_TYPE_SRV, service);
}

void dns_examine(struct patient *p)
{
	ask_about_us(p);
	ask_about_them(p);
	try_servers(p);
}

void dns_dismiss(struct patient *p)
{
	for (size_t i = 0; i < p->ndns; i++) {
		dns_ask_cancel(&p->dns[i]->ask);
		mem_free(p->dns[i]);
	}
	for (size_t i = 0; i < p->nservers; i++) {
		dns_exchange_free(&p->servers[i]->exchange);
		mem_free(p->servers[i]);
	}
	p->ndns = p->nservers = 0;
}
