/* A trunk under examination: what is asked of it, and what was found out. Facts come first, by
 * asking the network; then judges turn them into findings. Signalling thread. Owner: the doctor. */
#ifndef SBC_DOCTOR_PATIENT_H
#define SBC_DOCTOR_PATIENT_H

#include <stdbool.h>
#include <stdint.h>
#include "base/loop.h"
#include "certs/identity.h"
#include "certs/trust.h"
#include "config/config.h"
#include "sbc/doctor/report.h"
#include "sbc/sip/dns_exchange.h"
#include "sbc/sip/resolver.h"

struct doctor;
struct patient;

/* What the operator wants to know. */
struct examination {
	int64_t when_s;           /* the moment that certificates are judged for */
	bool without_client_auth; /* as if public authorities issued none for clients any more */
};

#define DNS_FACTS_MAX    48 /* questions about one trunk */
#define SERVER_FACTS_MAX 8  /* name servers, over UDP and TCP */

/* One question, and what came of it. */
struct dns_fact {
	struct patient *patient;
	struct dns_ask *ask; /* under way; NULL: not any more */
	bool ours;           /* about us, not about the provider */
	enum dns_type type;
	char name[DNS_TEXT_MAX];
	struct dns_reply reply; /* DNS_SILENT until there is one */
};

/* How one name server answers by one transport. */
struct server_fact {
	struct patient *patient;
	struct dns_exchange *exchange; /* under way; NULL: not any more */
	struct addr server;
	bool tcp;
	enum err err; /* of the exchange; ERR_TIMEOUT until there is one */
	enum dns_status status;
};

struct patient {
	struct doctor *doctor;
	struct loop *loop;
	const struct examination *exam;
	const struct config_trunk *trunk;
	unsigned pending;                /* things under way */
	void (*next)(struct patient *p); /* once there are none */
	bool starved;                    /* memory ran out on the way */

	struct identity *client, *server; /* NULL: there is none, or it cannot be loaded */
	char client_why[CERT_WHY_MAX], server_why[CERT_WHY_MAX];
	struct trust *provider_roots; /* NULL: roots_why */
	char roots_why[CERT_WHY_MAX];

	struct resolver *system, *own; /* own NULL: the trunk has none */
	struct dns_fact *dns[DNS_FACTS_MAX];
	size_t ndns;
	struct server_fact *servers[SERVER_FACTS_MAX];
	size_t nservers;
};

/* Before anything is started, and when it has ended. */
void patient_hold(struct patient *p);
/* The last one goes on to p->next. */
void patient_release(struct patient *p);

/* The host that we give peers: what the realm advertises, else the first TLS listener's address.
 * Returns buf (256 bytes). */
const char *patient_host(const struct patient *p, char *buf, size_t size);
/* Whether the realm has a TLS listener on that port; 0: on any. */
bool patient_listens(const struct patient *p, unsigned port);

#endif
