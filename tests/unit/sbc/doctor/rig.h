/* A patient with facts made by hand, and what a judge says of it. */
#ifndef TESTS_UNIT_SBC_DOCTOR_RIG_H
#define TESTS_UNIT_SBC_DOCTOR_RIG_H

#include "tests/unit/certs/lab.h"
#include "sbc/doctor/patient.h"

static struct {
	struct examination exam;
	struct config_listener listener;
	struct config_realm realm;
	struct config_trunk trunk;
	struct patient patient;
	struct dns_fact dns[DNS_FACTS_MAX];
	struct server_fact servers[SERVER_FACTS_MAX];
	struct probe probes[PROBES_MAX];
	struct finding finding;
} rig;

static inline struct addr rig_addr(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(&a, text), OK);
	return a;
}

/* sbc.lab listens on 5061 towards provider.lab; nothing is known yet. */
static inline int rig_begin(void **state)
{
	static char name[] = "acme", realm[] = "outside", host[] = "sbc.lab",
	            domain[] = "provider.lab", trust[] = "system";

	(void)state;
	memset(&rig, 0, sizeof(rig));
	rig.listener = (struct config_listener){ .transport = TRANSPORT_TLS,
		                                 .addr = rig_addr("192.0.2.1:5061") };
	rig.realm = (struct config_realm){
		.name = realm, .listeners = &rig.listener, .nlisteners = 1, .advertise = host
	};
	rig.trunk = (struct config_trunk){ .name = name,
		                           .realm = &rig.realm,
		                           .domain = domain,
		                           .trust = trust,
		                           .provider_roots = trust };
	rig.realm.media_address = rig.realm.media_advertise = rig_addr("127.0.0.1");
	rig.realm.media_port_low = 43000;
	rig.realm.media_port_high = 43099;
	rig.patient = (struct patient){ .exam = &rig.exam, .trunk = &rig.trunk };
	return 0;
}

static inline struct dns_reply *rig_said(bool ours, enum dns_type type, const char *name,
                                         enum dns_status status)
{
	struct patient *p = &rig.patient;
	struct dns_fact *f = &rig.dns[p->ndns];

	*f = (struct dns_fact){ .patient = p, .ours = ours, .type = type };
	snprintf(f->name, sizeof(f->name), "%s", name);
	f->reply.status = status;
	p->dns[p->ndns++] = f;
	return &f->reply;
}

static inline void rig_a(bool ours, const char *name, const char *address)
{
	struct dns_reply *r = rig_said(ours, DNS_TYPE_A, name, DNS_FOUND);

	r->records[r->nrecords++].addr = rig_addr(address);
}

static inline void rig_srv(bool ours, const char *name, const char *target, uint16_t port)
{
	struct dns_reply *r = rig_said(ours, DNS_TYPE_SRV, name, DNS_FOUND);
	struct dns_srv *srv = &r->records[r->nrecords++].srv;

	srv->port = port;
	snprintf(srv->target, sizeof(srv->target), "%s", target);
}

static inline void rig_ptr(bool ours, const char *name, const char *target)
{
	struct dns_reply *r = rig_said(ours, DNS_TYPE_PTR, name, DNS_FOUND);

	snprintf(r->records[r->nrecords++].name, DNS_TEXT_MAX, "%s", target);
}

static inline void rig_server(const char *address, bool tcp, enum err err)
{
	struct patient *p = &rig.patient;
	struct server_fact *s = &rig.servers[p->nservers];

	*s = (struct server_fact){
		.patient = p, .server = rig_addr(address), .tcp = tcp, .err = err
	};
	p->servers[p->nservers++] = s;
}

static inline struct probe *rig_probe(enum probe_kind kind, const char *peer, enum err err,
                                      const char *why)
{
	struct patient *p = &rig.patient;
	struct probe *b = &rig.probes[p->nprobes];

	*b = (struct probe){ .patient = p, .kind = kind, .peer = rig_addr(peer), .err = err };
	b->open = err == OK;
	snprintf(b->why, sizeof(b->why), "%s", why);
	snprintf(b->name, sizeof(b->name), "provider.lab");
	snprintf(b->version, sizeof(b->version), "TLSv1.3");
	p->probes[p->nprobes++] = b;
	return b;
}

/* What the judge finds, and that its words have part in them. */
static inline void rig_judges(void (*judge)(const struct patient *, struct finding *),
                              enum verdict verdict, const char *part)
{
	char line[1024];

	memset(&rig.finding, 0, sizeof(rig.finding));
	judge(&rig.patient, &rig.finding);
	snprintf(line, sizeof(line), "%s; %s", rig.finding.what, rig.finding.todo);
	if (rig.finding.verdict != verdict)
		fail_msg("%s, not %s: %s", verdict_name(rig.finding.verdict), verdict_name(verdict),
		         line);
	assert_has(line, part);
	/* Who is warned is told what to do. */
	assert_int_equal(rig.finding.todo[0] != '\0', verdict >= VERDICT_WARN);
}

#endif
