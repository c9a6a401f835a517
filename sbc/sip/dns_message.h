/* DNS messages: a question written, its answer read (RFC 1035 4, 2308, 2782, 3403, 3596). Of EDNS
 * (RFC 6891) the size that we take over UDP. Nothing here keeps state; any thread. */
#ifndef SBC_SIP_DNS_MESSAGE_H
#define SBC_SIP_DNS_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/addr.h"
#include "base/err.h"

enum dns_type {
	DNS_TYPE_A = 1,
	DNS_TYPE_CNAME = 5,
	DNS_TYPE_SOA = 6,
	DNS_TYPE_PTR = 12,
	DNS_TYPE_AAAA = 28,
	DNS_TYPE_SRV = 33,
	DNS_TYPE_NAPTR = 35,
};

#define DNS_TEXT_MAX       254  /* characters of a name, with the NUL; RFC 1035 2.3.4 */
#define DNS_QUERY_MAX      300  /* octets of a question */
#define DNS_UDP_MAX        4096 /* octets of a datagram that we read */
#define DNS_UDP_SIZE       1232 /* that we ask for: no fragments on any path of IPv6 */
#define DNS_RECORDS_MAX    32   /* of the type asked for; more are left out */
#define DNS_ALIASES_MAX    8    /* CNAMEs in a row */
#define DNS_TTL_MAX_S      86400
#define DNS_NEGATIVE_MAX_S 300 /* RFC 2308 5: a ceiling */

struct dns_question {
	uint16_t id;
	enum dns_type type;
	bool edns;
	char name[DNS_TEXT_MAX]; /* lower case, without the last dot */
};

struct dns_srv {
	uint16_t priority, weight, port;
	char target[DNS_TEXT_MAX]; /* "": there is no such service */
};

struct dns_naptr {
	uint16_t order, preference;
	char flags[8], service[32]; /* longer ones are none that we know: "" */
	char replacement[DNS_TEXT_MAX];
};

/* One record, of the type that was asked for. */
struct dns_rr {
	union {
		struct addr addr; /* A, AAAA; no port */
		struct dns_srv srv;
		struct dns_naptr naptr;
		char name[DNS_TEXT_MAX]; /* PTR */
	};
};

enum dns_status {
	DNS_FOUND,
	DNS_ALIAS,     /* the name is one for `alias`, of which nothing is said */
	DNS_NO_RECORD, /* the name has none of that type */
	DNS_NO_NAME,   /* it does not exist */
	DNS_FAILED,    /* the server failed */
	DNS_REFUSED,   /* it does not answer us */
	DNS_SILENT,    /* no answer in time, or nobody to ask */
};

struct dns_reply {
	enum dns_status status;
	bool truncated;      /* ask over TCP; the rest says nothing */
	bool not_understood; /* what an old server says to EDNS; RFC 6891 7 */
	uint32_t ttl_s;      /* how long it may be believed; 0: for this once */
	char alias[DNS_TEXT_MAX];
	size_t nrecords;
	struct dns_rr records[DNS_RECORDS_MAX];
};

/* For people: "the name does not exist". */
const char *dns_status_text(enum dns_status status);

/* Sets type, name (lower case), an id of chance, and no EDNS. ERR_SYNTAX: no name that DNS can
 * hold.
 */
MUST_USE enum err dns_question_set(struct dns_question *q, enum dns_type type, const char *name);
/* Writes the question and gives its length. */
size_t dns_question_write(const struct dns_question *q, uint8_t out[DNS_QUERY_MAX]);
/* Reads the answer to q. ERR_REFUSED: it is not one (another id, another question): wait on.
 * ERR_SYNTAX: it is, and it is broken. */
MUST_USE enum err dns_reply_read(struct dns_reply *out, const struct dns_question *q,
                                 const uint8_t *data, size_t len);

#endif
