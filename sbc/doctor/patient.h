/* A trunk under examination: what is asked of it, and what was found out. Facts come first, by
 * asking the network; then judges turn them into findings. Signalling thread. Owner: the doctor. */
#ifndef SBC_DOCTOR_PATIENT_H
#define SBC_DOCTOR_PATIENT_H

#include <stdbool.h>
#include <stdint.h>
#include "base/loop.h"
#include "certs/identity.h"
#include "certs/peer_check.h"
#include "certs/trust.h"
#include "config/config.h"
#include "sbc/doctor/report.h"
#include "sbc/sip/stun.h"
#include "sbc/sip/dns_exchange.h"
#include "sbc/sip/conn.h"
#include "sbc/sip/request.h"
#include "sbc/sip/resolver.h"
#include "sbc/sip/stack.h"
#include "sbc/trunk/trunk.h"
#include "sbc/trunk/trunk_files.h"

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
	bool over_there;     /* about us as well, but asked of the trunk's own resolvers */
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

#define PROBES_MAX         64 /* of one trunk */
#define PROBED_TARGETS_MAX 8  /* addresses of the provider */

enum probe_kind {
	PROBE_REACH,  /* TCP alone */
	PROBE_CLIENT, /* TLS as we shake hands with the provider */
	PROBE_OWN,    /* TLS as a peer shakes hands with our listener */
};

/* One connection, and how it fared. */
struct probe {
	struct patient *patient;
	enum probe_kind kind;
	bool aside; /* of other-ports, or ours by its outer address: not where calls go */
	struct addr peer;
	struct conn_handler handler;
	struct conn *conn; /* under way; NULL: not any more */
	struct timer settle;
	uint64_t begun_ms;
	unsigned took_ms;
	bool open;             /* it stood */
	bool refused;          /* it stood, and the peer closed it at once */
	enum err err;          /* ERR_TIMEOUT until it is known; OK when open */
	enum peer_fault fault; /* of the peer's, for which the handshake failed; PEER_OK: none */
	char why[CERT_WHY_MAX];
	char version[16], name[256];
	const char *cipher;
	int64_t until_s; /* the peer's certificate */
};

/* The one question in SIP, and what came of it. */
struct options {
	struct probe *over; /* the connection; NULL: it was not asked */
	void (*fn)(struct probe *b);
	struct message *message;
	struct request *request;
	struct timer patience;
	uint64_t begun_ms;
	unsigned took_ms;
	unsigned status; /* 0: no answer, for why */
	char phrase[64];
	char why[CERT_WHY_MAX];
};

#define PACKET_OCTETS 1500 /* that an Ethernet carries, IP header and all; E8-10 */

/* One question in a datagram, sent again until there is an answer. */
struct udp_probe {
	struct patient *patient;
	int fd; /* -1: none */
	struct io *io;
	struct timer timer;
	char question[PACKET_OCTETS];
	size_t question_len;
	unsigned copies;
	/* True: it is the answer. data ends with a NUL. */
	bool (*take)(struct udp_probe *u, const char *data, size_t len);
	bool answered;
	char why[CERT_WHY_MAX];
};

struct media_facts {
	unsigned ports, taken; /* of media-ports: tried; in use by somebody */
	int error;             /* errno of a port that cannot be bound at all; 0: none */
	uint16_t free_port;
	struct lookup *shown_lookup;
	struct addr shown; /* our address that peers are told; unset: shown_why, or STUN knows */
	char shown_why[256];
	bool is_ours; /* it is of this machine */
	struct lookup *stun_lookup;
	struct udp_probe stun;
	uint8_t stun_id[STUN_ID_LEN];
	struct addr mapped; /* that STUN saw */
	bool wants_alg;     /* somebody demands that one is looked for */
	struct udp_probe alg;
	char alg_sent_by[100], alg_from[100], alg_call_id[100];
	bool alg_changed_via, alg_changed_from, alg_changed_call_id;
	bool wants_mtu;
	struct udp_probe packet;
	unsigned mtu; /* octets; 0: unknown */
};

/* Our listeners while we look at them. */
enum own_state {
	OWN_NONE,    /* the realm has none for TLS */
	OWN_OPENED,  /* the daemon does not run: we opened them */
	OWN_RUNNING, /* the daemon has them */
	OWN_FAILED,  /* they cannot be opened; own_why */
};

#define SHOWN_MAX 4 /* as client and as server, each with one of another type of key */

/* A certificate of ours that this provider gets to see. */
struct shown {
	const struct config_identity *cfg; /* NULL: there is none */
	const struct identity *identity;   /* NULL: why */
	const char *why;
	bool as_client, as_server;
};

struct patient {
	struct doctor *doctor;
	struct loop *loop;
	const struct examination *exam;
	const struct config_trunk *trunk;
	unsigned pending;                /* things under way */
	void (*next)(struct patient *p); /* once there are none */
	bool starved;                    /* memory ran out on the way */

	const struct trunk_files *files;
	struct shown shown[SHOWN_MAX];
	size_t nshown;
	struct trust *provider_roots; /* NULL: roots_why */
	char roots_why[CERT_WHY_MAX];

	struct resolver *system, *own; /* own NULL: the trunk has none */
	struct dns_fact *dns[DNS_FACTS_MAX];
	size_t ndns;
	struct server_fact *servers[SERVER_FACTS_MAX];
	size_t nservers;

	const struct trunk *connections; /* NULL: unfit says why Trunkgate would not start */
	const char *unfit;
	struct stack *stack;
	struct sip_realm *realm; /* what we send is of it; without sockets. NULL: nothing is sent */
	struct options options;
	struct media_facts media;
	struct lookup *lookup;
	struct lookup_result found; /* addresses to connect to */
	struct probe *probes[PROBES_MAX];
	size_t nprobes;
	enum own_state own_state;
	const char *own_why;
	struct tls_context *own_tls; /* as a peer of ours */
	struct trust *own_trust;
	char seen_why[CERT_WHY_MAX]; /* why nobody can look at our listener; empty: somebody can */
};

/* Before anything is started, and when it has ended. */
void patient_hold(struct patient *p);
/* The last one goes on to p->next. */
void patient_release(struct patient *p);

/* The host that we give peers: what the realm advertises, else the first TLS listener's address.
 * Returns buf (256 bytes). */
const char *patient_host(const struct patient *p, char *buf, size_t size);
/* Who is asked where we are seen, and on which port: the trunk's STUN server, else the realm's.
 * NULL: nobody. */
const char *patient_stun(const struct patient *p, unsigned *port);
/* The provider's name that DNS is asked for. */
const char *patient_domain(const struct patient *p);
/* Whether the trunk's own resolvers are not asked for that name. */
bool patient_is_limited(const struct patient *p);
/* Whether the realm has a TLS listener on that port; 0: on any. */
bool patient_listens(const struct patient *p, unsigned port);

#endif
